# SPDX-License-Identifier: ISC
# Copyright (c) 2026 The mailferry authors
"""import maildir: Maildir++ only."""
import datetime
import os
import re

import failure
import store

LETTERS = {'P': '$forwarded', 'R': '$answered', 'S': '$seen', 'D': '$draft',
           'F': '$flagged'}


def flags_of(name):
    _, found, letters = name.rpartition('2,')
    letters = re.match('[0-9A-Za-z]*', letters)[0] if found else ''
    return letters


def received(path, name):
    digits = re.match(r'(\d{1,12})(?!\d)', name)
    when = int(digits[1]) if digits and int(digits[1]) else \
        int(os.stat(path).st_mtime)
    return datetime.datetime.fromtimestamp(
        when, datetime.timezone.utc).strftime('%Y-%m-%dT%H:%M:%SZ')


class Import:
    def __init__(self, options, archive):
        self.options, self.archive = options, archive
        self.root = os.path.realpath(options.maildir)
        if not os.path.isdir(os.path.join(self.root, 'cur')):
            raise failure.Failure(failure.USAGE, '%s: not a Maildir' %
                                  options.maildir)
        self.source = archive.source(
            options, 'maildir', 'file://' + self.root, self.root,
            os.path.basename(self.root), '')
        self.counts = store.Counts('mailbox', 'email')

    def run(self):
        self.archive.begin()
        self.folder('', self.archive.mailbox('INBOX', None, 'inbox'))
        for name in sorted(os.listdir(self.root)):
            cur = os.path.join(self.root, name, 'cur')
            if not os.path.isdir(cur):
                continue
            if not name.startswith('.'):
                raise failure.Failure(failure.USAGE, '%s: LAYOUT=fs is not '
                                      'supported' % name)
            parent = None
            parts = name[1:].split('.')
            for n, part in enumerate(parts):
                leaf = n == len(parts) - 1
                parent = self.archive.mailbox(
                    part, parent, store.ROLES.get(part.lower())
                    if leaf and not self.options.noautomap else None, leaf)
            self.counts.add('mailbox', 'created')
            self.folder(name, parent)
        self.archive.commit()
        return self.counts

    def folder(self, folder, mailbox):
        known = {u for u, in self.archive.rows(
            "SELECT unique_id FROM sync_id_maildir WHERE source_id = ? AND "
            "type_name = 'email' AND folder = ?", self.source, folder)}
        for sub in ('cur', 'new'):
            where = os.path.join(self.root, folder, sub)
            for name in sorted(os.listdir(where)
                               if os.path.isdir(where) else ()):
                self.message(folder, mailbox, known,
                             os.path.join(where, name), name)

    def message(self, folder, mailbox, known, path, name):
        unique = name.split(':')[0]
        letters = flags_of(name)
        if name.startswith('.') or os.path.islink(path) or \
                not os.path.isfile(path) or unique in known or \
                'T' in letters and not self.options.include_deleted:
            self.counts.add('email', 'skipped')
            return
        known.add(unique)
        with open(path, 'rb') as f:
            local = self.archive.email(
                f.read(), [mailbox],
                sorted(LETTERS[x] for x in letters if x in LETTERS),
                received(path, name))
        self.archive.insert(
            'sync_id_maildir', source_id=self.source, type_name='email',
            folder=folder, unique_id=unique, local_id=local)
        self.counts.add('email', 'created')


def run(options, archive):
    return Import(options, archive).run()
