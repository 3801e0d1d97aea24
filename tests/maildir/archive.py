# SPDX-License-Identifier: ISC
# Copyright (c) 2026 The mailferry authors
"""A rollback of a real account: the Maildir that it came from, and the tree of
what the new server held, both written out of Vandelay's archives.

usage: archive.py MAILDIR-ARCHIVE JMAP-ARCHIVE [TREE]

TREE is one that archive2maildir wrote; without it, the tree is written here as
export_archive.py writes it."""
import calendar
import collections
import gzip
import json
import os
import re
import sqlite3
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import maildirs as md  # noqa: E402

LETTERS = {'$seen': 'S', '$answered': 'R', '$flagged': 'F', '$draft': 'D',
           '$forwarded': 'P'}


def load(path):
    """(mailboxes, messages) of an archive."""
    plain = os.path.basename(path)[:-3]
    with open(plain, 'wb') as f:
        f.write(gzip.open(path).read())
    db = sqlite3.connect(plain)
    boxes = {i: (name, parent, role) for i, name, parent, role in
             db.execute('SELECT id, name, parent_id, role FROM mailboxes')}
    rows = db.execute('SELECT e.id, received_at, mailbox_ids, keywords, data '
                      'FROM emails e JOIN blobs b ON b.id = blob_id '
                      'ORDER BY e.id')
    return boxes, [(i, calendar.timegm(time.strptime(
        at[:19], '%Y-%m-%dT%H:%M:%S')), json.loads(ids), json.loads(words),
        data) for i, at, ids, words, data in rows]


def chain(boxes, box):
    names = []
    while box is not None:
        name, parent, role = boxes[box]
        if parent is None and role == 'inbox':
            break
        names.insert(0, re.sub('[/\\\\\0-\x1f]', '_', name).strip()
                     .rstrip('.') or '_unnamed')
        box = parent
    return ''.join('.' + n for n in names)


def flags(words):
    return ''.join(sorted(LETTERS[w.lower()] for w in words
                          if w.lower() in LETTERS and w != '$forwarded'))


def same_bytes(data):
    return data.replace(b'\r\n', b'\n').rstrip(b'\n')


def write(root, boxes, messages, mark):
    number = 0
    for box in boxes:
        md.make_folder(root, chain(boxes, box))
    md.make_folder(root)
    for ident, date, ids, words, data in messages:
        for box in ids:
            number += 1
            md.put(root, chain(boxes, box), '%d.M%dP%d.%s:2,%s' % (
                date, ident, number, mark, flags(words)), data,
                date if mark == 'host' else None)


old_boxes, old = load(sys.argv[1])
new_boxes, new = load(sys.argv[2])
write('Maildir', old_boxes, old, 'host')
source = sys.argv[3] if len(sys.argv) > 3 else 'rollback/mail'
if len(sys.argv) <= 3:
    write(source, new_boxes, new, 'vandelay')
before = {(f, n) for f, _, n, _, _, _, _ in md.messages('Maildir')}
known = collections.Counter(same_bytes(m[4]) for m in old)
fresh = [m for m in new if same_bytes(m[4]) not in known]
wanted_added = sum(len(m[2]) for m in fresh)
wanted_present = sum(len(m[2]) for m in new) - wanted_added

out = subprocess.check_output(['maildir-merge', '--state-dir', 'state',
                               source, 'Maildir'])
status = collections.Counter(json.loads(line)['status']
                             for line in out.decode().splitlines())
assert status == {'present': wanted_present, 'added': wanted_added}, status
assert wanted_added == 6 and wanted_present == 68

names = md.folders('Maildir')
for folder in ('.Sent Items', '.Junk Mail', '.Deleted Items', '.Entwürfe',
               '.Entw&-APw-rfe', '.A &-- B', '.Entw&APw-rfe.1'):
    assert folder not in names, 'made beside the true one: ' + folder
for folder in ('.&ZeVnLIqe-', '.a_b Schr&AOQ-gstrich'):
    assert folder in names, (folder, names)
after = {(f, n): (d, t, fl) for f, _, n, fl, _, d, t in
         md.messages('Maildir')}
assert before <= set(after), 'an old message was touched'
added = {k: v for k, v in after.items() if k not in before}
assert len(added) == 6
dates = {same_bytes(m[4]): (m[1], flags(m[3])) for m in fresh}
for (folder, name), (data, mtime, letters) in added.items():
    date, wanted = dates[same_bytes(data)]
    assert mtime == date, (name, mtime, date)
    assert letters.replace('P', '') == wanted, (name, wanted)
again = subprocess.check_output(['maildir-merge', '--state-dir', 'state',
                                 source, 'Maildir'])
assert b'"added"' not in again
assert {(f, n) for f, _, n, _, _, _, _ in md.messages('Maildir')} == set(after)
print('%d present, %d added' % (wanted_present, wanted_added))
