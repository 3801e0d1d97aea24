# SPDX-License-Identifier: ISC
# Copyright (c) 2026 The mailferry authors
"""An archive for the measurements: archive-gen.py EMPTY ARCHIVE N MEAN [LARGE].

EMPTY is a real archive, whose tables are emptied. N messages of MEAN bytes in
the mean, in eight folders; and one of LARGE bytes."""
import json
import os
import random
import shutil
import sqlite3
import sys

empty, archive, n, mean = sys.argv[1:5]
n, mean = int(n), int(mean)
large = int(sys.argv[5]) if len(sys.argv) > 5 else 0
rng = random.Random(1)
shutil.copyfile(empty, archive)
db = sqlite3.connect(archive, isolation_level=None)
db.execute('PRAGMA journal_mode=WAL')
db.execute('PRAGMA foreign_keys=OFF')
db.execute('PRAGMA synchronous=OFF')
for table, in db.execute("SELECT name FROM sqlite_master WHERE type = 'table' "
                         "AND name NOT LIKE 'sync%'").fetchall():
    db.execute('DELETE FROM ' + table)
line = ('The quick brown fox jumps over the lazy dog, and says so in a line '
        'of mail.\r\n')
text = ''.join('%d %s' % (rng.randrange(10 ** 9), line)
               for _ in range(40000)).encode()


def message(number, size):
    head = ('From: Anna <a%d@example.org>\r\nTo: b@example.org\r\nMessage-ID: '
            '<m%d.%d@mail.example.org>\r\nDate: Mon, 1 Jan 2024 00:00:00 '
            '+0000\r\nSubject: message %d\r\n\r\n' %
            (number, number, number * 7919, number)).encode()
    body = text[number * 97 % 100000:]
    while len(body) < size:
        body += body
    return head + body[:size]


db.execute('BEGIN')
db.execute("INSERT INTO sources VALUES (1, 'jmap', 'https://x', 'a', 'a', 'a')")
for i in range(1, 9):
    db.execute('INSERT INTO mailboxes (id, name, role) VALUES (?, ?, ?)',
               (i, 'Folder %d' % i, 'inbox' if i == 1 else None))
for i in range(1, n + 1 + (large > 0)):
    # Most mail is short, most bytes are in attachments.
    size = int(rng.expovariate(1 / (mean / 4)) if i % 10 else
               rng.expovariate(1 / (mean * 31 / 4)))
    data = message(i, large if i > n else size)
    db.execute('INSERT INTO blobs VALUES (?, ?, ?)', (i, os.urandom(32), data))
    words = ['$seen'] + (['$flagged'] if i % 7 == 0 else []) + \
        (['Work'] if i % 11 == 0 else [])
    db.execute("INSERT INTO emails VALUES (?, ?, ?, ?, ?, '{}')",
               (i, i, '20%02d-0%d-1%dT10:%02d:00Z' %
                (i % 20 + 5, i % 9 + 1, i % 10, i % 60),
                json.dumps([i % 8 + 1 if i % 3 else 1]), json.dumps(words)))
db.execute('COMMIT')
db.execute('PRAGMA wal_checkpoint(TRUNCATE)')
db.close()
