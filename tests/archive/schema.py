# SPDX-License-Identifier: ISC
# Copyright (c) 2026 The mailferry authors
"""The generator's tables, indexes and hashes against those of a real archive.

usage: schema.py ARCHIVE"""
import re
import sqlite3
import sys

import blake3
import vandelay


def shape(path):
    """{name: text} of tables and indexes, the order of lists put aside."""
    db = sqlite3.connect('file:%s?mode=ro&immutable=1' % path, uri=True)
    found = {}
    for name, sql in db.execute(
            'SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL'):
        text = re.sub(r'\s*([(),])\s*', r'\1', re.sub(r'\s+', ' ', sql))
        # Release 1.0.10 has this one more.
        text = text.replace(",'filenode'", '')
        found[name] = re.sub(
            r"\(('\w+'(?:,'\w+')*)\)",
            lambda m: '(%s)' % ','.join(sorted(m[1].split(','))), text)
    db.close()
    return found


vandelay.Archive('made').close()
made, real = shape('made'), shape(sys.argv[1])
for name in sorted(set(made) | set(real)):
    if made.get(name) != real.get(name):
        print('%s:\nmade: %s\nreal: %s' % (name, made.get(name),
                                           real.get(name)))
with open('made', 'rb') as f:
    modes = f.read(20)[18:]
db = sqlite3.connect('file:%s?mode=ro&immutable=1' % sys.argv[1], uri=True)
hashes = [(h, blake3.digest(d)) for h, d in
          db.execute('SELECT hash, data FROM blobs WHERE length(data) < 3000')]
db.close()
print('%d hashes, %d tables, %d indexes' % (
    len(hashes), len(vandelay.TABLES), len(vandelay.INDEXES)))
sys.exit(len(hashes) < 20 or any(h != b for h, b in hashes) or
         made != real or modes != b'\2\2' or
         len(vandelay.TABLES) != 22 or len(vandelay.INDEXES) != 12)
