# SPDX-License-Identifier: ISC
# Copyright (c) 2026 The mailferry authors
"""strange.py: mail that doveadm prints, or Dovecot saves, in another way than most,
and folders named like an option of doveadm's, or by what only an escape on the disk
makes a name, merged through doveadm by way of a directory of an odd name: a second
run adds nothing, and no other user's mail is touched."""
import json
import os
import subprocess

from dovecot import Dovecot, IS_24, message, md


def without_end(ident, body):
    return message(ident, body)[:-1]


MAIL = [b'', without_end('long', 'x' * 300000), without_end('short', 'x'),
        without_end('blank', '\n\nx'), message('tabs', '\t\n\t'),
        message('cr', 'a\r\r\nb\r\r\r\n\r\nc\r'), message('nul\0', 'x\0'),
        b'Subject: crs\r\r\nFrom: a\r\r\n\r\r\nbody\r\r\n']
LIKE_OPTIONS = ['-ub', '-A', '-z']
# As archive2maildir writes them.
FOLDERS = dict(zip(LIKE_OPTIONS, LIKE_OPTIONS),
               **{'\\7etilde': '~tilde', 'v1\\2e2': 'v1.2'})

server = Dovecot('server', 'mdbox:~/mdbox', '''
namespace inbox {
  mailbox_list_storage_escape_char = "^"
}
''' if IS_24 else 'mail_plugins = listescape')
spool = server.dir + '/sp%sool %%n {user}' % (' ' if IS_24 else ':')
for user in ('u', 'b'):
    os.makedirs('%s/home/%s' % (server.dir, user))
os.mkdir(spool)
os.chmod(spool, 0o755)
server.start()
for user in ('u', 'b'):
    with server.imap(user) as client:
        client.append('INBOX', None, None,
                      message(user).replace(b'\n', b'\r\n'))
with server.imap() as client:
    assert client.create(LIKE_OPTIONS[0])[0] == 'OK'
md.make_folder('source')
for number, data in enumerate(MAIL):
    md.put('source', '', '%d.M1P1.h:2,S' % (1700000000 + number), data)
for folder in FOLDERS:
    md.make_folder('source', '.' + folder)
    md.put('source', '.' + folder, '1700000000.M1P1.h:2,', message(folder))


def run(*args, status=0, spool=spool):
    result = subprocess.run(
        ['maildir-merge', *args, '--through-doveadm', 'u', '--doveadm',
         server.doveadm_command(),
         '--state-dir', 'state', '--stage', '%s=%s' %
         (spool, server.inside(spool))] +
        ([] if '--undo' in args else ['source']), stdout=subprocess.PIPE)
    assert result.returncode == status, (args, result)
    return [json.loads(line)['status']
            for line in result.stdout.decode().splitlines()]


def count(user):
    """{mailbox: messages}, of those that have some."""
    found = {}
    with server.imap(user) as client:
        for line in client.list()[1]:
            name = line.decode().rsplit(' ', 1)[1].strip('"')
            status, data = client.select('"%s"' % name, readonly=True)
            assert status == 'OK', (name, data)
            if int(data[0]) > 0:
                found[name] = int(data[0])
    return found


if IS_24:
    os.mkdir(server.dir + '/a:b')
    run(status=2, spool=server.dir + '/a:b')
n = len(MAIL) + len(FOLDERS)
assert run() == ['added'] * n
there = dict.fromkeys(FOLDERS.values(), 1)
there['INBOX'] = 1 + len(MAIL)
assert count('u') == there, count('u')
again = run()
assert again == ['present'] * n, again
assert count('u') == there, count('u')
(journal,) = [f for f in os.listdir('state') if f.endswith('.journal')]
run('--undo', 'state/' + journal)
assert count('u') == {'INBOX': 1}, count('u')
assert count('b') == {'INBOX': 1}, count('b')
server.stop()
