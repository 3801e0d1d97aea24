# SPDX-License-Identifier: ISC
# Copyright (c) 2026 The mailferry authors
"""Archives at random: whatever the mailboxes are called and however they hang
together, each has a folder of its own that Dovecot can open, below its parent's,
and every reference is accounted for; so is every event, card, script and file, and
what could not keep its name is named.

usage: property.py SEED ROUNDS"""
import base64
import os
import random
import re
import shutil
import sqlite3
import sys

import account
import extracted as tree
import vandelay
from odd import message

PIECES = ['Work', 'work', 'Sent', 'INBOX', 'Inbox', 'ä', 'Ä', '日本', '😀', '&',
          '&-', '&AOQ-', '&AMQ', '.', '..', '/', '\\', '~', ' ', '_', '-1',
          '\0', '\n', '\t', '"', '%', '*', 'x' * 60, 'ß' * 40, '\u0308', 'a',
          '\\2e', '2e', '_unnamed', 'cur', 'INBOX.', '-', '\u202e', '\x7f']
ROLES = [None] * 9 + ['inbox', 'sent', 'trash', 'inbox', 'archive']


def name(r):
    return ''.join(r.choice(PIECES) for _ in range(r.choice((1, 1, 2, 2, 3))))


def write(r, path):
    """Returns {id: (parent, name, role)}; each mailbox has a message of its
    own."""
    a = vandelay.Archive(path, kind=r.choice(['jmap', 'maildir', 'imap', None]))
    a.loose()
    boxes = {}
    count = r.randrange(1, 25)
    for ident in range(1, count + 1):
        parent = r.choice([None, None, r.randrange(1, ident + 1),
                           r.randrange(1, count + 3)])
        label, role = name(r), r.choice(ROLES)
        if any(b[:2] == (parent, label) for b in boxes.values()) and \
                parent is not None:
            continue
        a.mailbox(label, parent, role, r.randrange(2), ident=ident)
        boxes[ident] = parent, label, role
        a.email(message('box %d' % ident), [ident])
    for n in range(r.randrange(20)):
        ids = [r.randrange(1, count + 3) for _ in range(r.randrange(4))]
        a.email(message('m %d' % (n % 12)), ids, keywords=r.sample(
            ['$seen', 'Work', 'work', '$Forwarded', '$x', 'y'], 2),
            at='2026-01-%02dT00:00:00Z' % (n % 3 + 1))
    things(r, a)
    a.close()
    return boxes


def things(r, a):
    """Some of everything else."""
    def ids(n):
        return [r.randrange(1, n + 2) for _ in range(r.randrange(3))]

    some = r.randrange(4)
    for _ in range(some):
        a.calendar(name(r))
        a.book(name(r))
    for n in range(r.randrange(6)):
        # A Group without entries is a shell, and no event.
        kind = r.choice(['Event', 'Event', 'Task', 'Group'])
        a.event({'@type': kind, 'uid': name(r), 'title': name(r),
                 'start': '2026-01-02T03:04:05'}, ids(some),
                data_type=kind if kind == 'Task' else 'Event')
        a.card('%d %s' % (n, name(r)), {
            '@type': 'Card', 'version': '1.0', 'name': {'full': name(r)}},
               ids(some))
    scripts = {name(r) for _ in range(r.randrange(4))}
    for n, label in enumerate(sorted(scripts)):
        a.script(label, b'keep; # %d' % n, n == 0)
    directories = [None]
    names = set()
    for n in range(r.randrange(12)):
        up, label = r.choice(directories), name(r)
        if (up, label) in names:
            continue
        names.add((up, label))
        if r.randrange(3) == 0:
            directories.append(a.node(label, 'directory', up))
        else:
            a.node(label, 'file', up, r.choice([b'', b'%d' % n, None]))


def untold(path, root, said):
    """What has another name than in the archive, and no word says so."""
    db = sqlite3.connect(path)
    there = {os.path.basename(at) for at in tree.flat(root, 'files')}
    wrong = ['file %d %r' % row for row in
             db.execute('SELECT id, name FROM file_nodes')
             if row[1] not in there and 'file %d: ' % row[0] not in said]
    inboxes = [n for n in tree.notes(root).values() if n['dir'] == '.']
    for ident, label, parent in db.execute(
            'SELECT id, name, parent_id FROM mailboxes'):
        if re.search('[\0-\x1f\x7f/]', label) and \
                'mailbox %d: ' % ident not in said and \
                (not inboxes or parent is not None or
                 clean(label) != inboxes[0]['path'][-1]):
            wrong.append('mailbox %d %r' % (ident, label))
    db.close()
    return ['nothing is said of ' + w for w in wrong]


def clean(label):
    return re.sub('[\0-\x1f\x7f]', '_', label)


def level_is_good(text):
    """One level of a folder's name, as Dovecot opens it: ASCII, modified UTF-7
    in the one way that it can be written."""
    if not text or text[0] == '~' or not re.fullmatch(r'[ -~]+', text) or \
            '/' in text:
        return False
    for part in re.findall(r'&([^-]*)(?:-|$)', text):
        if part == '':
            continue
        try:
            plain = base64.b64decode(part.replace(',', '/') +
                                     '=' * (-len(part) % 4), validate=True)
            again = base64.b64encode(plain).decode().rstrip('=').replace(
                '/', ',')
            shown = plain.decode('utf-16-be')
        except ValueError:
            return False
        if again != part or re.search('[ -~]', shown) or not shown:
            return False
    return '&' not in re.sub('&[^-]*-', '', text)


def folder_is_good(folder):
    return folder == '.' or (
        folder[0] == '.' and len(folder) < 256 and
        folder.upper() != '.INBOX' and
        all(level_is_good(t) for t in folder[1:].split('.')))


def check(boxes, root, said):
    wrong = []
    where = {}
    found = tree.mail(root)
    for folder, messages in found.items():
        if not folder_is_good(folder):
            wrong.append('Dovecot cannot open %r' % folder)
        for m in messages:
            at = re.match(rb'.*<box (\d+)@', m[0], re.S)
            if at:
                where.setdefault(int(at[1]), []).append(folder)
    for ident, (parent, label, role) in boxes.items():
        folders = where.get(ident, [])
        if len(folders) != 1:
            wrong.append('%d %r is in %r' % (ident, label, folders))
            continue
        up = where.get(parent, ['.'])[0]
        # Where a chain goes in circles it is cut somewhere.
        seen, at = set(), ident
        while at in boxes and at not in seen:
            seen.add(at)
            at = boxes[at][0]
        if at is None and up != '.' and 'mailbox %d: ' % ident not in said \
                and not folders[0].startswith(up + '.'):
            wrong.append('%r of %r is not below %r' % (folders[0], label, up))
    homes = [f[0] for f in where.values()]
    if len(set(homes)) != len(homes):
        wrong.append('two mailboxes in one folder: %r' % sorted(homes))
    notes = tree.notes(root)
    if not set(homes) <= set(notes) or not set(notes) <= set(found):
        wrong.append('folders.ndjson has %r' % (set(homes) ^ set(notes)))
    return wrong


def main():
    first, rounds = int(sys.argv[1]), int(sys.argv[2])
    for seed in range(first, first + rounds):
        for path in ('a.sqlite', 'tree'):
            if os.path.isdir(path):
                shutil.rmtree(path)
            elif os.path.exists(path):
                os.unlink(path)
        boxes = write(random.Random(seed), 'a.sqlite')
        ran = tree.run('a.sqlite', 'tree')
        wrong = [] if ran.returncode in (0, 1) else ['exit %d' %
                                                     ran.returncode]
        said = ran.stderr.decode()
        wrong += check(boxes, 'tree', said) + account.check(
            'a.sqlite', 'tree', ran) + untold('a.sqlite', 'tree', said)
        if wrong:
            print('seed %d: %r\n%s\n%s' % (seed, boxes, '\n'.join(wrong),
                                           ran.stderr.decode()))
            sys.exit(1)


main()
