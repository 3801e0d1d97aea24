# SPDX-License-Identifier: ISC
# Copyright (c) 2026 The mailferry authors
"""import webdav: folders by their displayname, files by the end of their URL."""
import datetime
import email.utils
import urllib.parse

import davside
import store

ASK = davside.ASK % ('<resourcetype/><displayname/><getetag/>'
                     '<getcontenttype/><getlastmodified/><creationdate/>')


def text(r, name):
    return r.findtext('.//%s%s' % (davside.DAV, name)) or None


def utc(at):
    return at.strftime('%Y-%m-%dT%H:%M:%SZ')


class Import(davside.Synced):
    def __init__(self, options, archive):
        self.archive, self.client = archive, davside.Client(options)
        self.root = urllib.parse.urlsplit(options.url).path or '/'
        self.source = archive.source(
            options, 'webdav', options.url, options.url, None,
            options.secret[0] or '(bearer)')
        self.counts = store.Counts('filenode')

    def run(self):
        self.archive.begin()
        self.known_nodes = self.known('filenode')
        self.seen = set()
        # The root itself is not stored.
        self.folder(self.root, None)
        gone = set(self.known_nodes) - self.seen
        # Children before their parents.
        for href in sorted(gone, key=len, reverse=True):
            self.forget('filenode', 'file_nodes', href,
                        self.known_nodes[href][0])
        self.archive.commit()
        return self.counts

    def folder(self, path, parent):
        for href, r in self.client.ask('PROPFIND', path, ASK, '1'):
            if href.rstrip('/') == path.rstrip('/'):
                continue
            self.seen.add(href)
            if r.find('.//%scollection' % davside.DAV) is None:
                self.file(path, href, r, parent)
                continue
            local = self.known_nodes.get(href, (None,))[0]
            if local:
                self.counts.add('filenode', 'skipped')
            else:
                local = self.node('directory', parent, r, text(
                    r, 'displayname') or href.rstrip('/').rpartition('/')[2])
                self.synced('filenode', path, href, local)
            self.folder(href, local)

    def file(self, path, href, r, parent):
        etag = text(r, 'getetag') or ''
        local, was = self.known_nodes.get(href, (None, None))
        if local and was == etag:
            self.counts.add('filenode', 'skipped')
            return
        blob = self.archive.blob(self.client.get(href))
        if local:
            self.archive.db.execute('UPDATE file_nodes SET blob_id = ? WHERE '
                                    'id = ?', (blob, local))
            self.counts.add('filenode', 'updated')
        else:
            local = self.node('file', parent, r, href.rpartition('/')[2],
                              blob, text(r, 'getcontenttype'))
        self.synced('filenode', path, href, local, etag)

    def node(self, kind, parent, r, name, blob=None, media_type=None):
        changed = text(r, 'getlastmodified')
        changed = changed and utc(email.utils.parsedate_to_datetime(changed))
        made = text(r, 'creationdate') or changed or utc(
            datetime.datetime.now(datetime.timezone.utc))
        self.counts.add('filenode', 'created')
        return self.archive.insert(
            'file_nodes', parent_id=parent, node_type=kind, blob_id=blob,
            name=name, media_type=media_type, created=made, modified=changed)


def run(options, archive):
    return Import(options, archive).run()
