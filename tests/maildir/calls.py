# SPDX-License-Identifier: ISC
# Copyright (c) 2026 The mailferry authors
"""calls.py STORE: how often a merge through doveadm starts it. Each start costs more
than what it does, and each look at all mailboxes grows with them: so neither may come
again for each folder. The counts are of a first merge, of a second one that finds
all messages there, of a plan, and of the undoing."""
import collections
import os
import subprocess
import sys

from dovecot import Dovecot, fetch, md, message

STORE = sys.argv[1]
FEW, SOME, MANY = 3, 12, 60
server = Dovecot('server', STORE + ':~/mail')
spool = server.dir + '/spool'
os.mkdir(spool)
os.chmod(spool, 0o755)
DOVEADM = server.doveadm_command()
COUNTED = os.path.abspath('counted')
with open(COUNTED, 'w') as f:
    f.write('#!/bin/sh\necho "$*" >>\'%s\'\nexec %s "$@"\n' %
            (os.path.abspath('calls'), DOVEADM))
os.chmod(COUNTED, 0o755)
server.start()


def run(user, *args):
    """What it was asked for how often: {'mailbox list': 4}"""
    with open('calls', 'w'):
        pass
    result = subprocess.run(
        ['maildir-merge', '-q', '--state-dir', 'state', '--through-doveadm',
         user, '--doveadm', COUNTED,
         '--stage', '%s=%s' % (spool, server.inside(spool)), *args],
        stderr=subprocess.PIPE)
    assert result.returncode == 0, (args, result)
    found = collections.Counter()
    with open('calls') as calls:
        for line in calls:
            words = line.split()
            while words[0] in ('-f', '-o'):
                del words[:2]
            found[' '.join(words[:2 if words[0] == 'mailbox' else 1])] += 1
    return found


def folders(n):
    """Every third is below the one before it."""
    return [''] + ['.F%d' % i if i % 3 else '.F%d.Sub' % (i + 1)
                   for i in range(1, n)]


def held(user):
    """How often the account has each message."""
    found = collections.Counter()
    with server.imap(user) as client:
        for line in client.list()[1]:
            if b'\\Noselect' in line or b'\\NonExistent' in line:
                continue
            name = line.split()[-1].decode().strip('"')
            for ident, flags, _, _ in fetch(client, name).values():
                found[name, ident, ' '.join(sorted(flags))] += 1
    return found


def count(n):
    user, source = 'u%d' % n, 'source%d' % n
    home = '%s/home/%s' % (server.dir, user)
    os.mkdir(home)
    os.chown(home, server.uid, server.gid)
    subprocess.run(DOVEADM.split() + ['save', '-u', user], check=True,
                   input=message('own'))
    before = held(user)
    want = before.copy()
    for i, box in enumerate(folders(n)):
        md.make_folder(source, box)
        for j in range(2):
            ident = 'm%d.%d' % (i, j)
            md.put(source, box, '%d.%d.s:2,%s' % (1000 + i, j, 'S' * j),
                   message(ident), 1000 + i)
            want[box[1:].replace('.', '/') or 'INBOX',
                 '<%s@example.org>' % ident, '\\Seen' * j] += 1
    found = {'plan': run(user, '-n', source), 'merge': run(user, source)}
    assert held(user) == want, (held(user), want)
    found['again'] = run(user, source)
    assert held(user) == want, (held(user), want)
    journal, = [name for name in os.listdir('state')
                if name.endswith('.journal') and name not in journals]
    journals.add(journal)
    found['undo'] = run(user, '--undo', 'state/' + journal)
    assert held(user) == before, (held(user), before)
    return found


journals = set()
few, some, many = count(FEW), count(SOME), count(MANY)
for what in few:
    print('%s: %s' % (what, [(sum(c[what].values()), dict(c[what]))
                             for c in (few, some, many)]))
for what in few:
    assert some[what] == few[what], what
    # What names mailboxes names so many at most with one call.
    assert sum(many[what].values()) <= sum(few[what].values()) + 8, what
    assert many[what]['mailbox list'] <= few[what]['mailbox list'] + 1, what
assert sum(few['merge'].values()) <= 25, few
assert server.complaints() == [], server.complaints()
server.stop()
