# SPDX-License-Identifier: ISC
# Copyright (c) 2026 The mailferry authors
"""Accounting: whatever an archive refers to is in the tree, or was counted as
what it is instead."""
import collections
import json
import re
import sqlite3

import extracted as tree


def ids_of(text):
    """The ids of an array, each once; none where it is no array."""
    try:
        ids = json.loads(text)
    except ValueError:
        return []
    return list(dict.fromkeys(i for i in ids if type(i) is int)) \
        if isinstance(ids, list) else []


def words_of(text):
    """The keywords of an array; none where it is no array."""
    try:
        words = json.loads(text)
    except ValueError:
        return []
    return [w for w in words if isinstance(w, str)] \
        if isinstance(words, list) else []


def counts(stdout):
    """{part: (written, total, skipped, failed)} of a summary."""
    return {m[0]: tuple(map(int, m[1:])) for m in re.findall(
        r'^(\w+): (\d+) of (\d+) written, (\d+) skipped, (\d+) failed',
        stdout.decode(), re.M)}


class Archive:
    """What must come out, by the rows alone."""

    def __init__(self, path):
        db = sqlite3.connect('file:%s?mode=ro' % path, uri=True)
        db.text_factory = lambda b: b.decode('utf-8', 'surrogateescape')
        self.boxes = {r[0] for r in db.execute('SELECT id FROM mailboxes')}
        self.bodies = collections.Counter()
        self.references = 0
        for ids, data in db.execute(
                'SELECT mailbox_ids, data FROM emails e '
                'JOIN blobs b ON b.id = blob_id'):
            known = [i for i in ids_of(ids) if i in self.boxes]
            self.bodies[bytes(data)] += max(1, len(known))
            self.references += max(1, len(known))
        self.items = [self.collect(db, *names) for names in (
            ('calendar_events', 'calendar_ids', 'calendars'),
            ('contact_cards', 'address_book_ids', 'address_books'))]
        self.scripts = collections.Counter(bytes(d) for d, in db.execute(
            'SELECT data FROM sieve_scripts s JOIN blobs b ON b.id = blob_id'))
        self.files = collections.Counter(
            bytes(d) if d is not None else b'' for d, in db.execute(
                'SELECT data FROM file_nodes f LEFT JOIN blobs b '
                "ON b.id = blob_id WHERE node_type = 'file'"))
        db.close()

    @staticmethod
    def collect(db, table, column, containers):
        """(how many files, how many of the rows are shells)"""
        known = {r[0] for r in db.execute('SELECT id FROM ' + containers)}
        total = shells = 0
        for ids, data in db.execute('SELECT %s, data FROM %s' % (column,
                                                                 table)):
            if '"Group"' in data and '"entries"' not in data:
                shells += 1
                continue
            total += max(1, sum(i in known for i in ids_of(ids)))
        return total, shells


def check(path, root, ran):
    """A list of what does not add up. ran: the run of which the summary is
    looked at, or None."""
    wrong, want = [], Archive(path)

    def same(what, wanted, got):
        if wanted != got:
            wrong.append('%s: %r in the archive, %r in the tree' %
                         (what, wanted, got))

    bodies = collections.Counter(
        m[0] for folder in tree.mail(root).values() for m in folder)
    same('bodies lost', {}, {k[:80]: v for k, v in
                             (want.bodies - bodies).items()})
    same('bodies too many', {}, {k[:80]: v for k, v in
                                 (bodies - want.bodies).items()})
    for part, (total, _) in zip(('calendars', 'contacts'), want.items):
        got = sum(len(d) for d in tree.collections(root, part).values())
        same(part, total, got)
    scripts = [s[1] for s in tree.scripts(root).values()
               if isinstance(s, tuple)]
    same('scripts', want.scripts, collections.Counter(scripts))
    nodes = [d for d in tree.flat(root, 'files').values()
             if isinstance(d, bytes)]
    same('files', want.files, collections.Counter(nodes))
    said = {} if ran is None else counts(ran.stdout)
    there = {'emails': sum(bodies.values()), 'events': want.items[0][0],
             'contacts': want.items[1][0], 'sieve': want.scripts.total()}
    for name, (written, total, skipped, failed) in said.items():
        same(name + ' in all', total, written + skipped + failed)
        same(name + ' by the summary', written, there.get(name, written))
    if ran is not None and len(said) != 5:
        wrong.append('no summary: %r' % ran.stdout)
    if 'emails' in said and said['emails'][1] < want.references:
        wrong.append('%d references, the summary has %r' % (
            want.references, said['emails']))
    return wrong
