# SPDX-License-Identifier: ISC
# Copyright (c) 2026 The mailferry authors
"""An owner at work while a merge looks through Dovecot: a message leaves each mailbox
right before that one is asked for, or is expunged while it is. A doveadm between the
two does it, so that it happens each time. Nothing is added that is there."""
import os
import subprocess

from dovecot import Dovecot, fetch, md, message

server = Dovecot('server', 'sdbox:~/mail')
os.makedirs('%s/home/u' % server.dir)
os.mkdir(server.dir + '/spool')
os.chmod(server.dir + '/spool', 0o755)
server.start()
NO_ID = b'Subject: no id\r\n\r\nbody\r\n'
with server.imap() as client:
    for box in 'AB':
        client.create(box)
    client.append('A', None, None, message('other', crlf=True))
    client.append('B', None, None, message('runs', crlf=True))
md.make_folder('source')
md.put('source', '', '1.s:2,S', message('runs'), 1000)

# The first times, as many as the file "count" says, that mailboxes are asked for FIELDS.
# Dovecot opens the mailboxes of one call one after the other: between two of them it
# is another call here.
with open('between.py', 'w') as out:
    out.write('''
import os
import subprocess
import sys
doveadm, words = '%s', sys.argv[1:]
boxes = [words[i + 1] for i, word in enumerate(words) if word == 'mailbox']
count = int(open('count').read())
if count == 0 or not {'A', 'B'} >= set(boxes):
    os.execv(doveadm, [doveadm] + words)
open('count', 'w').write(str(count - 1))
WHAT = ['subject', os.environ['WHAT']]


def call(*words):
    return subprocess.run([doveadm, *words], check=True,
                          stdout=subprocess.PIPE).stdout


if os.environ['DO'] == 'expunge':
    sys.stdout.buffer.write(call(*words))
    for box in boxes:
        call('expunge', '-u', 'u', 'mailbox', box, *WHAT)
    sys.exit(75)
boxes.sort(key=lambda box: call('search', '-u', 'u', 'mailbox', box, *WHAT) != b'')
first = words.index('mailbox') - len(boxes) // 2  # behind a bracket, if there are two
head = words[:first]
said = b''
for box in boxes:
    if box == boxes[-1]:
        call('move', '-u', 'u', 'B' if box == 'A' else 'A', 'mailbox', box, *WHAT)
    at = words.index(box)
    rows = call(*head, *words[at - 1:at + 5])
    said += rows if said == b'' else rows.partition(b'\\n')[2]
sys.stdout.buffer.write(said)
''' % server.doveadm_command())
with open('between', 'w') as out:
    out.write('''#!/bin/sh
case "$*" in
*" fetch "*"$FIELDS"*) exec /usr/bin/python3 '%s' "$@" ;;
esac
exec '%s' "$@"
''' % (os.path.abspath('between.py'), server.doveadm_command()))
os.chmod('between', 0o755)


def merge(status, fields, limit, do, what):
    with open('count', 'w') as out:
        out.write('%d\n' % limit)
    run = subprocess.run(
        ['maildir-merge', '--state-dir', 'state', '--through-doveadm', 'u',
         '--doveadm', os.path.abspath('between'), '--stage', server.dir + '/spool',
         'source'], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        env=dict(os.environ, FIELDS=fields, DO=do, WHAT=what))
    assert run.returncode == status, (run.returncode, run.stderr)
    return run.stderr.decode(), int(open('count').read())


def there():
    with server.imap() as client:
        return sorted(v[0] for f in ('INBOX', 'A', 'B')
                      for v in fetch(client, f).values())


LISTED = 'guid uid flags hdr.message-id guid'
before = there()
said, left = merge(75, LISTED, 100000, 'move', 'runs')
assert 'run this again when its owner does less' in said, said
assert there() == before
said, left = merge(0, LISTED, 12, 'move', 'runs')
assert left == 0 and there() == before, (left, there())

with server.imap() as client:
    client.append('A', None, None, NO_ID)
md.put('source', '', '2.s:2,S', NO_ID.replace(b'\r\n', b'\n'), 1000)
before = there()
said, left = merge(0, 'guid size.physical text guid', 1, 'move', 'no id')
assert left == 0 and there() == before, (left, there())

md.put('source', '', '3.s:2,S', message('new'), 1000)
said, left = merge(0, LISTED, 2, 'expunge', 'other')
assert left == 0 and len(there()) == len(before), (left, there())
assert server.complaints() == [], server.complaints()
server.stop()
