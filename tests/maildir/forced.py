# SPDX-License-Identifier: ISC
# Copyright (c) 2026 The mailferry authors
"""forced.py STORE: --undo through doveadm, of messages that their owner has
flagged since and in a folder that the owner uses: without --force they stay;
with it each is named before the first one goes, in a dry run too."""
import os
import subprocess
import sys

from dovecot import Dovecot, message, md, quoted

server = Dovecot('server', sys.argv[1] + ':~/mail')
spool = server.dir + '/spool'
for path in '%s/home/u' % server.dir, spool:
    os.mkdir(path)
    os.chmod(path, 0o755)
server.start()
DOVEADM = server.doveadm_command()
for folder in ('', '.Neu', '.Auch'):
    md.make_folder('source', folder)
for i in range(9):
    md.put('source', ('', '.Neu', '.Auch')[i % 3],
           '%d.M1P1.h:2,S' % (1700000000 + i), message('m%d' % i))


def run(*args, doveadm=DOVEADM, status=0):
    result = subprocess.run(
        ['maildir-merge', *args, '--through-doveadm', 'u', '--doveadm',
         doveadm, '--state-dir', 'state', '--stage',
         '%s=%s' % (spool, server.inside(spool))] +
        ([] if '--undo' in args else ['source']), stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, universal_newlines=True)
    assert result.returncode == status, (args, result)
    return result.stdout, result.stderr


def counts():
    """{folder: messages}"""
    with server.imap() as client:
        names = [line.split()[-1].decode() for line in client.list()[1]]
        return {n: int(client.select(quoted(n), readonly=True)[1][0])
                for n in names}


def refusing(word):
    """A doveadm that fails where it is asked for something."""
    with open('refusing', 'w') as f:
        f.write('#!/bin/sh\nfor word; do [ "$word" != %s ] || exit 75; done\n'
                'exec %s "$@"\n' % (word, DOVEADM))
    os.chmod('refusing', 0o755)
    return os.path.abspath('refusing')


run()
journal, = ('state/' + n for n in os.listdir('state')
            if n.endswith('.journal'))
assert counts() == {'INBOX': 3, 'Neu': 3, 'Auch': 3}, counts()
with server.imap() as owner:
    for folder in ('INBOX', 'Auch'):
        owner.select(folder)
        owner.store('2', '+FLAGS', '(\\Flagged)')
    owner.append('Neu', None, None, message('mine'))
plan, said = run('-n', '--undo', journal, status=1)
assert said.count('changed since it was added, kept') == 2, said
assert counts() == {'INBOX': 3, 'Neu': 4, 'Auch': 3}, counts()
done, again = run('--undo', journal, status=1)
assert (plan, said) == (done, again), (plan, done, said, again)
assert done.count('"in use"') == 2, done
assert counts() == {'INBOX': 1, 'Neu': 1, 'Auch': 1}, counts()

plan, said = run('-n', '--force', '--undo', journal)
assert said.count('changed since it was added; --force removes it') == 2, said
assert counts() == {'INBOX': 1, 'Neu': 1, 'Auch': 1}, counts()
_, again = run('--force', '--undo', journal, doveadm=refusing('expunge'),
               status=75)
foretold = said.splitlines()[:2]
assert again.splitlines()[:2] == foretold, (said, again)
assert again.count('Dovecot did not expunge it') == 2, again
assert counts() == {'INBOX': 1, 'Neu': 1, 'Auch': 1}, counts()
done, again = run('--force', '--undo', journal)
assert (plan, said) == (done, again), (plan, done, said, again)
assert counts() == {'INBOX': 0, 'Neu': 1}, counts()
run('--undo', journal, status=2)
assert server.complaints() == [], server.complaints()
server.stop()
