# SPDX-License-Identifier: ISC
# Copyright (c) 2026 The mailferry authors
"""Archives at random: whatever the mailboxes are called and however they hang
together, each has a folder of its own that Dovecot can open, below its parent's,
and every reference is accounted for.

usage: property.py SEED ROUNDS"""
import base64
import os
import random
import re
import shutil
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
    a.close()
    return boxes


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


def check(boxes, root):
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
        if at is None and up != '.' and len(folders[0]) < 200 and \
                len(up) < 150 and not folders[0].startswith(up + '.'):
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
        wrong += check(boxes, 'tree') + account.check('a.sqlite', 'tree', ran)
        if wrong:
            print('seed %d: %r\n%s\n%s' % (seed, boxes, '\n'.join(wrong),
                                           ran.stderr.decode()))
            sys.exit(1)


main()
