# SPDX-License-Identifier: ISC
# Copyright (c) 2026 The mailferry authors
"""Compares a tree that archive2maildir wrote with the archive, which Python's
own sqlite3 reads: every message with its bytes, flags, keywords and date, every
file, script, event and card.

usage: tree.py ARCHIVE TREE"""
import calendar
import collections
import json
import os
import re
import sqlite3
import sys
import time

LETTERS = {'$seen': 'S', '$answered': 'R', '$flagged': 'F', '$draft': 'D',
           '$forwarded': 'P', '$deleted': 'T'}

archive, tree = sys.argv[1:3]
db = sqlite3.connect('file:%s?mode=ro&immutable=1' % archive, uri=True)


def read(*path):
    with open(os.path.join(tree, *path), 'rb') as f:
        return f.read()


def folders():
    """The directory of each mailbox: folders.ndjson has them in the order of
    their ids."""
    notes = [json.loads(line) for line in read('folders.ndjson').splitlines()]
    ids = [i for i, in db.execute('SELECT id FROM mailboxes ORDER BY id')]
    assert len(ids) == len(notes)
    rows = db.execute('SELECT name, role, is_subscribed FROM mailboxes '
                      'ORDER BY id')
    for note, (name, role, subscribed) in zip(notes, rows):
        assert note['path'][-1] == name, (note, name)
        assert note.get('role') == role, (note, role)
        assert note['subscribed'] == bool(subscribed), note
    lines = ['INBOX' if n['dir'] == '.' else n['dir'][1:].replace('.', '\t')
             for n in notes if n['subscribed']]
    assert read('mail', 'subscriptions').decode().split('\n') == \
        ['V\t2', ''] + lines + ['']
    dirs = [note['dir'] for note in notes]
    assert len(set(dirs)) == len(dirs)
    return dict(zip(ids, dirs))


def keywords(directory):
    try:
        text = read('mail', directory, 'dovecot-keywords').decode()
    except FileNotFoundError:
        return {}
    return {chr(97 + int(n)): word for n, word in
            (line.split(' ', 1) for line in text.splitlines())}


def messages():
    """What is there: (directory, date, flags, keywords, bytes)."""
    for name in ['.'] + [d for d in os.listdir(os.path.join(tree, 'mail'))
                         if d.startswith('.')]:
        words = keywords(name)
        for part in ('new', 'tmp'):
            assert os.listdir(os.path.join(tree, 'mail', name, part)) == []
        for f in os.listdir(os.path.join(tree, 'mail', name, 'cur')):
            data = read('mail', name, 'cur', f)
            status = os.stat(os.path.join(tree, 'mail', name, 'cur', f))
            size, lines, info = re.search(
                ',S=(\\d+),W=(\\d+):2,([A-Za-z]*)$', f).groups()
            assert int(size) == len(data), f
            assert int(lines) == len(data) + len(
                re.findall(b'(?<!\r)\n', data)), f
            assert status.st_mode & 0o7777 == 0o600, f
            assert info == ''.join(sorted(info)), f
            yield (name, int(status.st_mtime),
                   ''.join(c for c in info if c.isupper()),
                   tuple(sorted(words[c] for c in info if c.islower())), data)


def wanted_messages(dirs):
    for at, ids, words, data in db.execute(
            'SELECT received_at, mailbox_ids, keywords, data FROM emails e '
            'JOIN blobs b ON b.id = blob_id'):
        date = calendar.timegm(time.strptime(at, '%Y-%m-%dT%H:%M:%SZ'))
        words = json.loads(words)
        flags = ''.join(sorted(LETTERS[w] for w in words if w in LETTERS))
        rest = tuple(sorted(w for w in words if w not in LETTERS))
        for box in json.loads(ids):
            yield dirs[box], date, flags, rest, data


def files():
    nodes = {i: (parent, kind, name, data) for i, parent, kind, name, data in
             db.execute('SELECT n.id, parent_id, node_type, name, data '
                        'FROM file_nodes n LEFT JOIN blobs b '
                        'ON b.id = blob_id')}
    for _, (parent, kind, name, data) in nodes.items():
        path = [name]
        while parent is not None:
            parent, _, name, _ = nodes[parent]
            path.insert(0, name)
        full = os.path.join(tree, 'files', *path)
        if kind == 'directory':
            assert os.path.isdir(full), full
        else:
            assert read('files', *path) == data, full


def uids(part, ending, folder):
    return collections.Counter(
        re.search(b'^UID:(.*)\r$', read(part, folder, f), re.M).group(1)
        for f in os.listdir(os.path.join(tree, part, folder))
        if f.endswith(ending))


def collection(part, ending, type_name, rows):
    wanted = collections.defaultdict(collections.Counter)
    for ids, uid in rows:
        for i in json.loads(ids):
            wanted[i][uid.encode()] += 1
    for line in read('account.ndjson').splitlines():
        record = json.loads(line)
        if record['type'] != type_name:
            continue
        there = uids(part, ending, os.path.basename(record['dir']))
        assert there == wanted[record['id']], (record, there)


dirs = folders()
there = collections.Counter(messages())
wanted = collections.Counter(wanted_messages(dirs))
assert there == wanted, ((there - wanted), (wanted - there))
files()
has_scripts = db.execute('SELECT count(*) FROM sieve_scripts').fetchone()[0]
assert os.path.isdir(os.path.join(tree, 'sieve')) == bool(has_scripts)
scripts = {json.loads(line)['file']: json.loads(line) for line in
           (read('sieve', 'scripts.ndjson') if has_scripts else b'')
           .splitlines()}
for name, active, data in db.execute(
        'SELECT name, is_active, data FROM sieve_scripts s JOIN blobs b '
        'ON b.id = blob_id'):
    found, = [s for s in scripts.values() if s.get('name') == name]
    assert read('sieve', found['file']) == data
    assert found['active'] == bool(active)
collection('calendars', '.ics', 'calendar',
           [(ids, json.loads(data)['uid']) for ids, data in db.execute(
               'SELECT calendar_ids, data FROM calendar_events')
            if 'uid' in json.loads(data)])
collection('contacts', '.vcf', 'address-book', db.execute(
    'SELECT address_book_ids, uid FROM contact_cards').fetchall())
print('%d messages' % sum(there.values()))
