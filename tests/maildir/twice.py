# SPDX-License-Identifier: ISC
# Copyright (c) 2026 The mailferry authors
"""twice.py STORE: two merges into one store at the same time, each with a state
directory of its own, and as root in another network namespace, as containers are:
one is put off, and every message is there once."""
import collections
import os
import subprocess
import sys

from dovecot import Dovecot, fetch, md, message

STORE, COUNT = sys.argv[1], 300
server = Dovecot('server', STORE + ':~/mail')
os.makedirs('%s/home/u' % server.dir)
os.mkdir(server.dir + '/spool')
os.chmod(server.dir + '/spool', 0o755)
server.start()
with server.imap() as client:
    client.append('INBOX', None, None, message('own'))
for number in range(COUNT):
    folder = ('', '.A', '.B')[number % 3]
    md.make_folder('source', folder)
    md.put('source', folder, '%d.s:2,S' % (1000 + number),
           message('m%d' % number), 1000 + number)
APART = subprocess.run(['unshare', '--net', 'true'],
                       stderr=subprocess.DEVNULL).returncode == 0


def start(state):
    apart = ['unshare', '--net'] if state == 'two' and APART else []
    return subprocess.Popen(
        apart + ['maildir-merge', '-q', '--state-dir', state, '--through-doveadm', 'u',
         '--doveadm', server.doveadm_command(),
         '--stage', '%s=%s' % (server.dir + '/spool',
                               server.inside(server.dir + '/spool')),
         'source'], stderr=subprocess.PIPE)


runs = [start('one'), start('two')]
errors = [run.communicate()[1].decode() for run in runs]
assert sorted(run.returncode for run in runs) == [0, 75], errors
assert any('u: another merge or check is at work in it' in text for text in errors)
for state in ('one', 'two'):  # neither has anything left to do
    again = start(state)
    again.communicate()
    assert again.returncode == 0
    with server.imap() as client:
        seen = collections.Counter(
            v[0] for f in ('INBOX', 'A', 'B') for v in fetch(client, f).values())
    assert len(seen) == COUNT + 1 and set(seen.values()) == {1}, seen
assert server.complaints() == [], server.complaints()
server.stop()
