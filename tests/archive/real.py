# SPDX-License-Identifier: ISC
# Copyright (c) 2026 The mailferry authors
"""The tree of a real archive: all that the archive has is accounted for, and
each event and card is what the writers make of it, which ics.py and vcf.py
compare with what was put into the server.

usage: real.py CONVERT ARCHIVE TREE VCARD-VERSION"""
import collections
import json
import os
import sqlite3
import subprocess
import sys

import account
import extracted as tree

convert, archive, root, version = sys.argv[1:5]
wrong = []
# What the archive says of its owner, to whom reminders by mail go.
os.environ['CONVERT_OWNER'] = 'mailto:alice@real.test'


def converted(how, rows):
    """What the writers make of each JSON text, with its uid."""
    return [subprocess.run([convert, how] + ([uid] if uid else []),
                           input=data.encode(), capture_output=True).stdout
            for uid, data in rows]


def items(part, containers, rows, made):
    """Each is in the directories of all of its containers, and as made."""
    wanted = collections.Counter()
    for ids, data in zip((r[0] for r in rows), made):
        for ident in json.loads(ids) if data else ():
            wanted[containers[ident], data] += 1
    got = collections.Counter(
        (name, data) for name, files in tree.collections(root, part).items()
        for data in files.values())
    for name, data in (wanted - got) + (got - wanted):
        wrong.append('%s/%s: %d wanted, %d there:\n%s' % (
            part, name, wanted[name, data], got[name, data], data.decode()))
    for name in containers.values():
        if not os.path.isdir(os.path.join(root, part, name)):
            wrong.append('%s/%s is missing' % (part, name))
    return sum(wanted.values())


def main():
    db = sqlite3.connect('file:%s?mode=ro' % archive, uri=True)

    def rows(text):
        return db.execute(text).fetchall()

    cleaned = {'Arbeit & mehr': 'Arbeit & mehr', 'Freunde/Ä': 'Freunde_Ä'}
    calendars = {i: cleaned.get(n, n)
                 for i, n in rows('SELECT id, name FROM calendars')}
    books = {i: cleaned.get(n, n)
             for i, n in rows('SELECT id, name FROM address_books')}
    events = rows('SELECT calendar_ids, data FROM calendar_events')
    cards = rows('SELECT address_book_ids, uid, data FROM contact_cards')
    counts = {
        'events': items('calendars', calendars, events, converted(
            'ics', [(None, d) for _, d in events])),
        'contacts': items('contacts', books, cards, converted(
            'vcf' + version, [(u, d) for _, u, d in cards]))}
    boxes = dict(rows('SELECT id, name FROM mailboxes'))
    notes = tree.notes(root)
    if len(notes) != len(boxes) or set(notes) != set(tree.mail(root)):
        wrong.append('%d mailboxes, %d folders: %r' % (
            len(boxes), len(notes), sorted(notes)))
    roles = sorted(r for r, in rows(
        'SELECT role FROM mailboxes WHERE role IS NOT NULL'))
    if roles != sorted(n['role'] for n in notes.values() if n.get('role')):
        wrong.append('roles')
    if sum(s for s, in rows('SELECT is_subscribed FROM mailboxes')) != sum(
            n['subscribed'] for n in notes.values()):
        wrong.append('subscriptions in folders.ndjson')
    wrong.extend(account.check(archive, root, None))
    counts['emails'] = sum(account.Archive(archive).bodies.values())
    counts['sieve'] = len(rows('SELECT 1 FROM sieve_scripts'))
    counts['files'] = len(rows(
        "SELECT 1 FROM file_nodes WHERE node_type <> 'directory'"))
    said = account.counts(open('out', 'rb').read())
    for name, count in counts.items():
        if said.get(name, [None])[0] != count:
            wrong.append('%s: %d, the summary says %r' % (name, count, said))
    print('\n'.join(wrong))
    print(counts, len(notes))
    sys.exit(bool(wrong))


main()
