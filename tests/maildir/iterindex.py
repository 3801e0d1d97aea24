# SPDX-License-Identifier: ISC
# Copyright (c) 2026 The mailferry authors
"""ITERINDEX: Dovecot lists what is in its index. Folders that another program put
into the Maildir are found through doveadm all the same, and clients see at once
those that a merge with --user made."""
import os
import subprocess

from dovecot import Dovecot, IS_24, fetch, md, message

if IS_24:
    server = Dovecot('server', more='mail_index_path = ~/index\n'
                     'mailbox_list_iter_from_index_dir = yes\n')
else:
    server = Dovecot('server', 'maildir:~/Maildir:INDEX=~/index:ITERINDEX')
spool = server.dir + '/spool'
os.mkdir(spool)
os.chmod(spool, 0o755)
DOVEADM = server.doveadm_command()
if server.root:  # its paths are of the other root
    with open('doveadm', 'w') as f:
        f.write('#!/bin/sh\n%s "$@" | sed "s,%s,%s,"\n' % (
            DOVEADM, server.inside(server.dir), server.dir))
    os.chmod('doveadm', 0o755)


def merge(*args):
    result = subprocess.run(
        ['maildir-merge', '--state-dir', 'state', *args, 'source'],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert result.returncode == 0, result
    return result.stdout.decode()


def listed():
    with server.imap() as client:
        return {line.split()[-1].decode().strip('"')
                for line in client.list()[1]}


server.start()
subprocess.run(DOVEADM.split() + ['save', '-u', 'u'], check=True,
               input=message('old'))
with server.imap() as c:
    c.create('Known')
home = server.maildir()
for name in '', '.Alt.Tief', '.Neu', '.Known':
    md.make_folder('source', name)
md.make_folder(home, '.Alt.Tief')
for i in range(4):
    for root in 'source', home:
        md.put(root, '.Alt.Tief', '%d.%s:2,S' % (i, os.path.basename(root)),
               message('m%d' % i), 1000 + i)
server.own()
assert 'Alt/Tief' not in listed(), listed()
out = merge('--through-doveadm', 'u', '--doveadm', DOVEADM, '--stage',
            '%s=%s' % (spool, server.inside(spool)))
assert out.count('"present"') == 4, out
md.put('source', '.Neu', '9.s:2,S', message('m9'), 9)
md.make_folder('source', '.Neu.Sub')
md.put('source', '.Neu.Sub', '10.s:2,S', message('m10'), 9)
out = merge('--user', 'u', '--doveadm',
            os.path.abspath('doveadm') if server.root else DOVEADM)
assert out.count('"added"') == 2, out
assert {'Neu', 'Neu/Sub', 'Alt/Tief'} <= listed(), listed()
with server.imap() as c:
    assert len(fetch(c, 'Neu/Sub')) == 1
assert server.complaints() == [], server.complaints()
server.stop()
