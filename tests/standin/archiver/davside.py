# SPDX-License-Identifier: ISC
# Copyright (c) 2026 The mailferry authors
"""import caldav and carddav."""
import base64
import http.client
import urllib.parse
import xml.etree.ElementTree as xml

import blake3
import davtext
import failure
import store
import tls

DAV = '{DAV:}'
ASK = '<?xml version="1.0"?><propfind xmlns="DAV:"><prop>%s</prop></propfind>'
GET = ('<?xml version="1.0"?><C:%s xmlns="DAV:" xmlns:C="%s"><prop><getetag/>'
       '<C:%s/></prop>%s</C:%s>')


class Kind:
    def __init__(self, space, home, collection, report, data, tables, types):
        self.space, self.home, self.collection = space, home, collection
        self.report, self.data = report, data
        self.places, self.items, self.ids = tables
        self.place_type, self.item_type = types


KINDS = {
    'caldav': Kind('urn:ietf:params:xml:ns:caldav', 'calendar-home-set',
                   'calendar', 'calendar-multiget', 'calendar-data',
                   ('calendars', 'calendar_events', 'calendar_ids'),
                   ('calendar', 'calendarevent')),
    'carddav': Kind('urn:ietf:params:xml:ns:carddav', 'addressbook-home-set',
                    'addressbook', 'addressbook-multiget', 'address-data',
                    ('address_books', 'contact_cards', 'address_book_ids'),
                    ('addressbook', 'contactcard'))}


class Client:
    def __init__(self, options):
        u = urllib.parse.urlsplit(options.url)
        failure.check_clear(options, u.scheme, u.hostname)
        self.connection = http.client.HTTPSConnection(
            u.netloc, timeout=60, context=tls.context(options)) if u.scheme == 'https' \
            else http.client.HTTPConnection(u.netloc, timeout=60)
        user, secret = options.secret
        self.authorization = 'Bearer ' + secret if user is None else \
            'Basic ' + base64.b64encode(
                ('%s:%s' % (user, secret)).encode()).decode()

    def ask(self, method, path, body, depth):
        """The responses of a multistatus: [(href, its element)]."""
        try:
            self.connection.request(method, path, body.encode(), {
                'Authorization': self.authorization, 'Depth': depth,
                'Content-Type': 'application/xml; charset=utf-8'})
            answer = self.connection.getresponse()
            data = answer.read()
        except (OSError, http.client.HTTPException) as e:
            raise failure.Failure(failure.CONNECTION,
                                  'connection failed: %s' % e)
        if answer.status in (301, 302, 307, 308):
            to = urllib.parse.urlsplit(answer.headers['Location'])
            return self.ask(method, to.path, body, depth)
        self.judge(answer, 207, method, path)
        return [(urllib.parse.urlsplit(r.findtext(DAV + 'href')).path, r)
                for r in xml.fromstring(data).iter(DAV + 'response')]

    def judge(self, answer, wanted, method, path):
        if answer.status != wanted:
            raise failure.Failure(failure.CONNECTION, '%s %s: %s' % (
                method, path, 'authentication failed'
                if answer.status in (401, 403)
                else 'HTTP %d' % answer.status))

    def get(self, path):
        try:
            self.connection.request('GET', path, headers={
                'Authorization': self.authorization})
            answer = self.connection.getresponse()
            data = answer.read()
        except (OSError, http.client.HTTPException) as e:
            raise failure.Failure(failure.CONNECTION,
                                  'connection failed: %s' % e)
        self.judge(answer, 200, 'GET', path)
        return data

    def href(self, path, space, name):
        """That of a property; the path itself where there is none."""
        prop = '<current-user-principal/>' if space == 'DAV:' else \
            '<C:%s xmlns:C="%s"/>' % (name, space)
        for _, r in self.ask('PROPFIND', path, ASK % prop, '0'):
            found = r.find('.//{%s}%s/%shref' % (space, name, DAV))
            if found is not None:
                return urllib.parse.urlsplit(found.text).path
        return path


class Synced:
    """What is known of a source from earlier runs."""

    def known(self, kind, collection=None):
        return {href: (local, etag) for href, local, etag in self.archive.rows(
            'SELECT item_href, local_id, etag FROM sync_id_dav WHERE '
            'source_id = ? AND type_name = ? AND collection_href = '
            'coalesce(?, collection_href)', self.source, kind, collection)}

    def synced(self, kind, collection, href, local, etag=''):
        self.archive.db.execute(
            'DELETE FROM sync_id_dav WHERE source_id = ? AND type_name = ? '
            'AND item_href = ?', (self.source, kind, href))
        self.archive.insert('sync_id_dav', source_id=self.source,
                            type_name=kind, collection_href=collection,
                            item_href=href, local_id=local, etag=etag)

    def forget(self, kind, table, href, local):
        self.archive.db.execute('DELETE FROM %s WHERE id = ?' % table,
                                (local,))
        self.archive.db.execute(
            'DELETE FROM sync_id_dav WHERE source_id = ? AND item_href = ?',
            (self.source, href))
        self.counts.add(kind, 'deleted')


class Import(Synced):
    def __init__(self, options, archive, kind):
        self.kind, self.archive = kind, archive
        self.client = Client(options)
        principal = self.client.href(
            urllib.parse.urlsplit(options.url).path or '/', 'DAV:',
            'current-user-principal')
        self.home = self.client.href(principal, kind.space, kind.home)
        self.source = archive.source(options, options.source, options.url,
                                     self.home, None,
                                     options.secret[0] or '(bearer)')
        self.counts = store.Counts(kind.place_type, kind.item_type)

    def run(self):
        self.archive.begin()
        known = self.known(self.kind.place_type)
        for href, r in self.client.ask(
                'PROPFIND', self.home,
                ASK % '<resourcetype/><displayname/>', '1'):
            if r.find('.//{%s}%s' % (self.kind.space,
                                     self.kind.collection)) is None:
                continue
            if href in known:
                self.counts.add(self.kind.place_type, 'skipped')
                place = known[href][0]
            else:
                name = r.findtext('.//%sdisplayname' % DAV)
                place = self.archive.insert(
                    self.kind.places, name=name or urllib.parse.unquote(
                        href.rstrip('/').rpartition('/')[2]))
                self.synced(self.kind.place_type, href, href, place)
                self.counts.add(self.kind.place_type, 'created')
            self.items(href, place)
        self.archive.commit()
        return self.counts

    def items(self, collection, place):
        known = self.known(self.kind.item_type, collection)
        there = {href: r.findtext('.//%sgetetag' % DAV) or ''
                 for href, r in self.client.ask(
                     'PROPFIND', collection, ASK % '<getetag/>', '1')
                 if href.rstrip('/') != collection.rstrip('/')}
        for href in set(known) - set(there):
            self.forget(self.kind.item_type, self.kind.items, href,
                        known[href][0])
        wanted = []
        for href, etag in there.items():
            if known.get(href, (0, None))[1] == etag:
                self.counts.add(self.kind.item_type, 'skipped')
            else:
                wanted.append(href)
        for at in range(0, len(wanted), 50):
            self.fetch(collection, place, known, wanted[at:at + 50])

    def fetch(self, collection, place, known, wanted):
        k = self.kind
        hrefs = ''.join('<href>%s</href>' % h.replace('&', '&amp;')
                        for h in wanted)
        for href, r in self.client.ask('REPORT', collection, GET % (
                k.report, k.space, k.data, hrefs, k.report), '1'):
            text = r.findtext('.//{%s}%s' % (k.space, k.data))
            columns = text and self.columns(href, text)
            if not columns:
                self.counts.add(k.item_type, 'failed')
                continue
            columns[k.ids] = store.vandelay.compact([place])
            local = known.get(href, (None,))[0]
            self.counts.add(k.item_type, 'updated' if local else 'created')
            if local:
                self.archive.db.execute('UPDATE %s SET %s WHERE id = ?' % (
                    k.items, ', '.join(c + ' = ?' for c in columns)),
                    (*columns.values(), local))
            else:
                local = self.archive.insert(k.items, **columns)
            self.synced(k.item_type, collection, href, local,
                        r.findtext('.//%sgetetag' % DAV) or '')

    def columns(self, href, text):
        if self.kind.place_type == 'calendar':
            found = davtext.event(text)
            return found and {'data_type': found[0],
                              'data': store.vandelay.compact(found[1])}
        uid, data = davtext.card(text)
        return {'uid': uid or 'vandelay-syn-' +
                blake3.digest(href.encode()).hex(),
                'data': store.vandelay.compact(data)}


def run(options, archive):
    return Import(options, archive, KINDS[options.source]).run()
