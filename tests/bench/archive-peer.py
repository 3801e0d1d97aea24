# SPDX-License-Identifier: ISC
# Copyright (c) 2026 The mailferry authors
"""What archive2maildir is measured against: archive-peer.py ARCHIVE TARGET
does with the mail, the calendars, the contacts, the scripts and the files of an
archive what Vandelay's export_archive.py does, in the same way: all rows of the
mail with their bodies in memory at once, each file written in place, nothing
synced."""
import calendar
import datetime
import json
import os
import sqlite3
import sys

FLAGS = {'$seen': 'S', '$answered': 'R', '$flagged': 'F', '$draft': 'D',
         '$deleted': 'T'}


def clean(name):
    name = ''.join('_' if c in '/\\\0' or ord(c) < 32 else c for c in name)
    return name.strip().rstrip('.') or '_unnamed'


def seconds(text):
    try:
        when = datetime.datetime.fromisoformat(text.replace('Z', '+00:00'))
        return calendar.timegm(when.utctimetuple())
    except ValueError:
        return 0


def free_name(directory, label, ending=''):
    name, number = label + ending, 0
    while os.path.exists(os.path.join(directory, name)):
        number += 1
        name = '%s-%d%s' % (label, number, ending)
    return os.path.join(directory, name)


def write(path, data):
    with open(path, 'wb') as f:
        f.write(data)


def maildir(path):
    for part in ('cur', 'new', 'tmp'):
        os.makedirs(os.path.join(path, part), exist_ok=True)
    return path


def mail(db, target):
    boxes = {row['id']: row for row in db.execute('SELECT * FROM mailboxes')}
    root = maildir(os.path.join(target, 'mail'))
    paths = {}
    for ident in boxes:
        names, box, seen = [], boxes.get(ident), set()
        while box is not None and box['id'] not in seen:
            seen.add(box['id'])
            if not (box['parent_id'] is None and box['role'] == 'inbox'):
                names.insert(0, clean(box['name']))
            box = boxes.get(box['parent_id'])
        paths[ident] = maildir(os.path.join(root, '.' + '.'.join(names))
                               if names else root)
    count = 0
    for row in db.execute('SELECT e.id, e.received_at, e.mailbox_ids, '
                          'e.keywords, b.data FROM emails e JOIN blobs b ON '
                          'b.id = e.blob_id').fetchall():
        flags = ''.join(sorted({FLAGS[k.lower()] for k in
                                json.loads(row['keywords'])
                                if k.lower() in FLAGS}))
        for ident in json.loads(row['mailbox_ids']):
            if ident not in paths:
                continue
            count += 1
            write(os.path.join(paths[ident], 'cur',
                               '%d.M%dP%d.vandelay:2,%s' % (
                                   seconds(row['received_at']), row['id'],
                                   count, flags)), row['data'])
    return count


def collection(db, target, boxes, rows, ids):
    os.makedirs(target, exist_ok=True)
    paths, count = {}, 0
    for ident, name in db.execute(boxes):
        paths[ident] = free_name(target, clean(name))
        os.makedirs(paths[ident])
    for row in db.execute(rows).fetchall():
        data = json.loads(row['data'])
        label = clean(str(data.get('uid') or row['uid'] or row['id']))
        for ident in json.loads(row[ids]):
            if ident in paths:
                count += 1
                write(free_name(paths[ident], label, '.json'),
                      json.dumps(data, indent=2,
                                 ensure_ascii=False).encode())
    return count


archive, target = sys.argv[1:]
os.makedirs(target)
connection = sqlite3.connect('file:%s?mode=ro&immutable=1' % archive, uri=True)
connection.row_factory = sqlite3.Row
print('emails:', mail(connection, target))
print('events:', collection(
    connection, os.path.join(target, 'calendars'),
    'SELECT id, name FROM calendars',
    'SELECT id, NULL AS uid, calendar_ids, data FROM calendar_events',
    'calendar_ids'))
print('contacts:', collection(
    connection, os.path.join(target, 'contacts'),
    'SELECT id, name FROM address_books',
    'SELECT id, uid, address_book_ids, data FROM contact_cards',
    'address_book_ids'))
