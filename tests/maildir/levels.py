# SPDX-License-Identifier: ISC
# Copyright (c) 2026 The mailferry authors
"""LAYOUT=fs: mail is merged into a folder that was only the level above another
one, and taken back. What clients see that were connected all the while, and new
ones: with --user at once, otherwise when what the warning says was done. No folder is
made where Dovecot has the list of subscriptions."""
import os
import re
import subprocess

from dovecot import Dovecot, fetch, md, message

server = Dovecot('server', 'maildir:~/Maildir:LAYOUT=fs')
doveadm = server.doveadm_command().split()
with open('doveadm', 'w') as f:  # tells the paths as they are on this side
    f.write('#!/bin/sh\n%s "$@" | sed "s,%s/,%s/,"\n' % (
        ' '.join(doveadm), server.inside(server.dir), server.dir))
os.chmod('doveadm', 0o755)
USER = ['--user', 'u', '--doveadm', os.path.abspath('doveadm')]
md.make_folder('source', '.A')
md.put('source', '.A', '1.a:2,S', message('deep'), 1000)
md.make_folder('source')
md.make_folder('lists', '.subscriptions')
md.put('lists', '.subscriptions', '2.b:2,S', message('news'), 1000)
md.make_folder('lists', '.subscriptions.Old')
md.make_folder('lists')


def run(*args, status=0):
    result = subprocess.run(['maildir-merge', '-q', '--state-dir', 'state',
                             *args], stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE)
    assert result.returncode == status, result.stderr.decode()
    return result.stderr.decode()


def journal():
    return max(('state/' + n for n in os.listdir('state')
                if n.endswith('.journal')), key=os.path.getmtime)


def selectable(client):
    found = dict((m.group(2), '\\Noselect' not in m.group(1)) for m in
                 (re.match(r'\((.*)\) "/" "?([^"]*)"?$', line.decode())
                  for line in client.list()[1]))
    assert sorted(found) == ['A', 'A/B', 'INBOX'], found
    return found['A']


def seen():
    with server.imap() as new:
        return selectable(old), selectable(new)


def heed(err):
    """Does what the warning says."""
    assert ': A: clients see what it was before' in err, err
    words = re.findall(r'doveadm (mailbox \w+ -u) USER (\w+)', err)
    assert len(words) == 2, err
    for command, name in words:
        subprocess.run(doveadm + command.split() + ['u', name], check=True)


server.own()
server.start()
old = server.imap()
old.append('INBOX', None, None, message('own'))
old.create('A/B')
old.append('A/B', None, None, message('below'))
assert seen() == (False, False)
for options in [server.maildir()], USER:
    told = run('source', *options)
    if options != USER:
        assert seen() == (False, False)  # or the warning could go
        heed(told)
    else:
        assert 'clients see' not in told, told
    assert seen() == (True, True), options
    with server.imap() as new:
        assert len(fetch(new, 'A')) == 1
    told = run('--undo', journal(), *options)
    if options != USER:
        heed(told)
    assert seen() == (False, False), options
    os.unlink(journal())
for options in [server.maildir()], USER, ['--through-doveadm', *USER[1:]]:
    told = run('lists', *options, '--map', 'subscriptions/Old=Old', status=1)
    assert 'Dovecot has the list of subscriptions there' in told, told
    with server.imap() as new:
        assert new.subscribe('Old')[0] == 'OK' and new.lsub()[0] == 'OK', options
    run('--undo', journal(), *options)
    os.unlink(journal())
assert server.complaints() == [], server.complaints()
old.logout()
server.stop()
