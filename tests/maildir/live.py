# SPDX-License-Identifier: ISC
# Copyright (c) 2026 The mailferry authors
"""A merge into the Maildir of a running Dovecot, while mail is delivered and a
client is at work in it.

usage: live.py MESSAGES [very-dirty]"""
import glob
import os
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from dovecot import (Dovecot, body_sizes, fetch, md, merge,  # noqa: E402
                     message)

COUNT = int(sys.argv[1])
OLD = 200
FLAGS = ('', 'S', 'RS', 'FS', 'F')
IMAP = {'S': '\\Seen', 'R': '\\Answered', 'F': '\\Flagged'}
more = ''
if 'very-dirty' in sys.argv:
    more = 'maildir_very_dirty_syncs = yes\n'

dovecot = Dovecot('dovecot', more=more)
target, source = dovecot.maildir(), 'source'
for folder in ('', '.Archive'):
    md.make_folder(target, folder)
    md.make_folder(source, folder)
md.make_folder(source, '.Neu.Sub')
for i in range(OLD):
    md.put(target, '', '%d.old%d.host:2,%s' % (1600000000 + i, i, FLAGS[i % 5]),
           message('old%d' % i), 1600000000 + i)
md.put_keywords(target, '.Archive', ['$NotJunk', 'Work'])
md.put_keywords(source, '.Archive', ['Work', 'Later'])
wanted = {'INBOX': {}, 'Archive': {}, 'Neu/Sub': {}}
DIRS = {'INBOX': '', 'Archive': '.Archive', 'Neu/Sub': '.Neu.Sub'}
for i in range(OLD // 2):  # present already, with CRLF
    md.put(source, '', '%d.m:2,S' % i, message('old%d' % i, crlf=True), 5)
for i in range(COUNT):
    folder = ('INBOX', 'Archive', 'Neu/Sub')[i % 3]
    letters = FLAGS[i % 5] + (('a', 'b', 'ab', '')[i // 3 % 4]
                              if folder == 'Archive' else '')
    date = 1700000000 + (i * 7919) % 1000000
    data = message('new%d' % i, 'x' * (i % 97), crlf=i % 2 == 0)
    md.put(source, DIRS[folder], '%d.s%d.export,S=1,W=1:2,%s' %
           (date, i, letters), data, date)
    flags = {IMAP[c] for c in letters if c in IMAP}
    flags |= {k for c, k in (('a', 'Work'), ('b', 'Later')) if c in letters}
    wanted[folder]['<new%d@example.org>' % i] = (flags, date)

dovecot.start()
client = dovecot.imap()
before = fetch(client, 'INBOX')
assert len(before) == OLD, len(before)
stop = threading.Event()
delivered, trouble = [], []


def deliver():
    try:
        while not stop.is_set() or len(delivered) < 20:
            name = 'live%d' % len(delivered)
            dovecot.deliver(message(name).decode())
            delivered.append('<%s@example.org>' % name)
            time.sleep(0.01)
    except Exception as e:  # noqa: B902
        trouble.append(e)


def flip():
    try:
        c = dovecot.imap()
        c.select('INBOX')
        uids = ','.join(str(u) for u in sorted(before)[:50])
        while not stop.is_set():
            for how in ('+FLAGS', '-FLAGS'):
                status, data = c.uid('STORE', uids, how, '(Flipped)')
                assert status == 'OK', data
            status, data = c.noop()
            assert status == 'OK', data
        c.logout()
    except Exception as e:  # noqa: B902
        trouble.append(e)


threads = [threading.Thread(target=f) for f in (deliver, flip)]
for t in threads:
    t.start()
time.sleep(0.2)
begun = time.time()
try:
    out = merge('--summary', '-q', source, target)
finally:
    stop.set()
    for t in threads:
        t.join()
print('merged in %.2f s' % (time.time() - begun))
assert not trouble, trouble

client.noop()
for folder, expected in wanted.items():
    seen = fetch(client, folder)
    idents = [v[0] for v in seen.values()]
    assert len(set(idents)) == len(idents), 'doubled in %s' % folder
    others = set(idents) - set(expected)
    if folder == 'INBOX':
        assert others == {v[0] for v in before.values()} | set(delivered), \
            'INBOX has others'
        for uid, old in before.items():
            assert seen[uid][0] == old[0], 'UID %d is another message' % uid
            assert seen[uid][2] == old[2], 'date of UID %d' % uid
            assert seen[uid][1] - {'Flipped'} == old[1], \
                'flags of UID %d: %s' % (uid, seen[uid][1])
    else:
        assert not others, others
    missing = set(expected) - set(idents)
    assert not missing, 'missing in %s: %d' % (folder, len(missing))
    dates = []
    for uid in sorted(seen):
        ident, flags, date, _ = seen[uid]
        if ident not in expected:
            continue
        assert flags == expected[ident][0], (ident, flags, expected[ident])
        stamp = int(time.mktime(time.strptime(date[:-6].strip(),
                                              '%d-%b-%Y %H:%M:%S')))
        assert stamp == expected[ident][1], (ident, date, expected[ident])
    sizes = body_sizes(client, folder)
    assert all(a == b for a, b in sizes), 'sizes in %s' % folder
assert client.lsub('""', '*')[1] != [None]
assert b'Neu/Sub' in b''.join(client.lsub('""', '*')[1])

count = sum(len(v) for v in wanted.values())
again = merge(source, target)
statuses = [line.split('"status":"')[1].split('"')[0]
            for line in again.splitlines()]
assert set(statuses) == {'present'} and len(statuses) == count + OLD // 2, \
    'the second run: %s' % set(statuses)

client.select('INBOX')  # not a folder that undo removes
journal, = glob.glob('state/*.journal')
late = 'late'
dovecot.deliver(message(late).decode())
merge('-q', '--undo', journal, target)
client.noop()
rest = fetch(client, 'INBOX')
assert sorted(v[0] for v in rest.values()) == sorted(
    [v[0] for v in before.values()] + delivered + ['<late@example.org>']), \
    'INBOX after undo'
for uid, old in before.items():
    assert rest[uid][0] == old[0], 'UID %d after undo' % uid
assert not fetch(client, 'Archive'), 'Archive after undo'
assert not os.path.exists(target + '/.Neu.Sub'), 'a folder is left by undo'
assert client.select('"Neu/Sub"')[0] == 'NO'
client.logout()
dovecot.stop()
assert not dovecot.complaints(), '\n'.join(dovecot.complaints())
print('%d merged, %d delivered meanwhile' % (count, len(delivered)))
