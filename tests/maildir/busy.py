# SPDX-License-Identifier: ISC
# Copyright (c) 2026 The mailferry authors
"""Merges into the Maildir of a running Dovecot while a client, at random,
renames folders, moves messages between them, appends messages that the merge
brings too, and expunges: afterwards every message must be there exactly once.
The judge is a model: what was put into the two trees, and what the client has
done.

usage: busy.py MESSAGES SEED..."""
import atexit
import collections
import os
import random
import re
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from dovecot import Dovecot, md, message, quoted  # noqa: E402

COUNT = int(sys.argv[1])
FOLDERS = ['F%d' % i for i in range(8)]
HEADER = 'BODY.PEEK[HEADER.FIELDS (MESSAGE-ID)]'


class Account:
    """Two trees: of COUNT messages of the source the target has a half. What
    the client appends is of the others, and reserved for that, so that the
    times of its files tell which of two was there first."""

    def __init__(self, dovecot, user, rng):
        self.user, self.target = user, dovecot.maildir(user)
        self.source = 'source.' + user
        self.appendable, self.reserved = [], set()
        for root in (self.source, self.target):
            for name in [''] + ['.' + f for f in FOLDERS]:
                md.make_folder(root, name)
        for i in range(COUNT):
            folder = rng.choice([''] + ['.' + f for f in FOLDERS])
            data = message('m%d' % i, 'x' * rng.randrange(900))
            md.put(self.source, folder, '%d.s%d:2,S' % (1500000000 + i, i),
                   data, 1500000000 + i)
            if i % 2 == 0:
                md.put(self.target, folder, '%d.t%d:2,S' % (1500000000 + i, i),
                       data, 1500000000 + i)
            elif i % 9 == 0:
                self.appendable.append(data)
                self.reserved.add('<m%d@example.org>' % i)
        rng.shuffle(self.appendable)


class Client(threading.Thread):
    def __init__(self, dovecot, account, rng):
        super().__init__(daemon=True)
        self.imap, self.rng = dovecot.imap(account.user), rng
        self.account, self.stop = account, threading.Event()
        self.expunged, self.appended = set(), set()
        self.done = collections.Counter()
        self.trouble = None
        self.renames = 0

    def folders(self):
        _, lines = self.imap.list()
        return [re.search(rb' ("?)([^" ]+)\1$', line).group(2).decode()
                for line in lines]

    def select(self):
        """Some messages of a folder: their UIDs, and their Message-IDs."""
        folder = self.rng.choice(self.folders())
        status, data = self.imap.select(quoted(folder))
        if status != 'OK' or int(data[0]) == 0:
            return folder, {}
        first = self.rng.randrange(1, int(data[0]) + 1)
        status, data = self.imap.fetch(
            '%d:%d' % (first, min(int(data[0]),
                                  first + self.rng.randrange(20))),
            '(UID %s)' % HEADER)
        uids = {re.search(rb'UID (\d+)', p[0]).group(1).decode():
                p[1].decode().split(':', 1)[-1].strip()
                for p in data if isinstance(p, tuple)}
        return folder, {uid: ident for uid, ident in uids.items()
                        if ident not in self.account.reserved}

    def move(self):
        folder, uids = self.select()
        to = self.rng.choice(self.folders())
        if uids and to != folder:
            self.imap.uid('MOVE', ','.join(uids), quoted(to))

    def expunge(self):
        _, uids = self.select()
        for uid in list(uids)[:2]:
            self.expunged.add(uids[uid])
            self.imap.uid('STORE', uid, '+FLAGS', '(\\Deleted)')
            self.imap.uid('EXPUNGE', uid)

    def rename(self):
        folder = self.rng.choice([f for f in self.folders() if f != 'INBOX'])
        self.renames += 1
        self.imap.select('INBOX')
        self.imap.rename(quoted(folder), quoted('R%d%s' % (
            self.renames, self.rng.choice('AZ'))))
        if self.rng.random() < 0.3:
            self.imap.create(quoted(folder))

    def append(self):
        data = self.account.appendable.pop()
        self.appended.add(re.search(rb'<m\d+@[^>]*>', data).group().decode())
        self.imap.append(quoted(self.rng.choice(self.folders())), '(\\Seen)',
                         None, data)

    def flag(self):
        _, uids = self.select()
        if uids:
            self.imap.uid('STORE', ','.join(uids),
                          self.rng.choice(('+FLAGS', '-FLAGS')),
                          '(\\Seen \\Flagged)')

    def run(self):
        acts = [self.move] * 5 + [self.rename, self.append, self.append,
                                  self.expunge, self.flag]
        try:
            while not self.stop.is_set():
                act = self.rng.choice(acts)
                if act == self.append and not self.account.appendable:
                    continue
                act()
                self.done[act.__name__] += 1
                time.sleep(self.rng.random() * 0.02)
            self.imap.logout()
        except Exception as e:  # noqa: B902
            self.trouble = e


def merge(account):
    """Until it is not put off; how often it was."""
    again = 0
    while True:
        result = subprocess.run(
            ['maildir-merge', '-q', '--state-dir', 'state', account.source,
             account.target], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        if result.returncode != 75:
            break
        again += 1
    assert result.returncode == 0, result.stderr.decode()
    return again


def files(account):
    """{Message-ID: [file]}"""
    found = collections.defaultdict(list)
    for folder, part, name, _, _, data, _ in md.messages(account.target):
        ident = re.search(rb'^Message-ID: (<.*>)', data, re.M | re.I).group(1)
        found[ident.decode()].append(
            os.path.join(account.target, folder, part, name))
    return found


def is_late(paths):
    """True if the client appended its copy when ours was there already."""
    ours = [p for p in paths if '.mailferry-' in p]
    others = [p for p in paths if '.mailferry-' not in p]
    return len(paths) == 2 and len(ours) == 1 and \
        os.stat(ours[0]).st_ctime_ns < os.stat(others[0]).st_ctime_ns


def check(account, client):
    found = files(account)
    late = 0
    for i in range(COUNT):
        ident = '<m%d@example.org>' % i
        n = len(found[ident])
        if n == 1 or (n == 0 and ident in client.expunged):
            continue
        if n == 2 and ident in client.appended and is_late(found[ident]):
            late += 1
            continue
        raise AssertionError('%s: %d times: %s' % (ident, n, found[ident]))
    assert not set(found) - {'<m%d@example.org>' % i for i in range(COUNT)}
    return late


dovecot = Dovecot('dovecot')
accounts = []
for seed in sys.argv[2:]:
    accounts.append((Account(dovecot, 'u' + seed, random.Random(seed)),
                     random.Random(seed + 'client')))
atexit.register(dovecot.stop)
dovecot.start()
for account, rng in accounts:
    client = Client(dovecot, account, rng)
    client.start()
    time.sleep(0.1)
    begun = time.time()
    again = merge(account)
    took = time.time() - begun
    client.stop.set()
    client.join()
    assert client.trouble is None, client.trouble
    late = check(account, client)
    print('%s: %.1f s, put off %d times, %s; %d appended after us' % (
        account.user, took, again, dict(client.done), late), flush=True)
dovecot.stop()
assert not [c for c in dovecot.complaints() if 'Panic' in c or 'Fatal' in c], \
    dovecot.complaints()
