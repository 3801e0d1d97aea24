# SPDX-License-Identifier: ISC
# Copyright (c) 2026 The mailferry authors
"""Runs the commands of a section of a manual page, in order, on an account of a
real Dovecot.

usage: manual.py PAGE SECTION"""
import glob
import os
import re
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from dovecot import Dovecot, fetch, md, message  # noqa: E402

QUOTA = '''
mail_plugins = quota
plugin {
  quota = count:User quota
  quota_vsizes = yes
}
'''


def commands(page, section):
    text = open(page).read().split('\n.Sh %s\n' % section)[1]
    text = text.split('\n.Sh ')[0].replace(' \\e\n', ' ')
    return [line[2:] for line in re.findall(r'^(?:\.Dl )?([#$] .*)$', text,
                                            re.M)]


dovecot = Dovecot('dovecot', more=QUOTA)
target = dovecot.maildir('alice')
md.make_folder(target)
md.make_folder(target, '.Sent')
md.make_folder('alice-rollback/mail')
md.make_folder('alice-rollback/mail', '.Sent Items')
md.make_folder('alice-rollback/mail', '.Neu')
for i in range(4):
    for root, folder, flags in ((target, '.Sent', ''),
                                ('alice-rollback/mail', '.Sent Items', 'S')):
        if root != target or i < 2:
            md.put(root, folder, '%d.x%d:2,%s' % (i, i, flags),
                   message('m%d' % i), 1000 + i)
md.put('alice-rollback/mail', '.Neu', '1.y:2,', message('neu'), 2000)
# A page may name the account by its address.
os.symlink('alice', os.path.dirname(os.path.dirname(target)) +
           '/alice@example.org')
os.mkdir('bin')
with open('bin/doveadm', 'w') as f:
    f.write('#!/bin/sh\nexec %s -c %s "$@"\n' % (
        subprocess.check_output(['which', 'doveadm'], text=True).strip(),
        dovecot.conf))
os.chmod('bin/doveadm', 0o755)
os.environ['PATH'] = os.getcwd() + '/bin:' + os.environ['PATH']
os.environ['HOME'] = os.getcwd()
os.environ.pop('XDG_STATE_HOME', None)
dovecot.start()
ran, held = [], []
for command in commands(*sys.argv[1:]):
    tool = command.split()[0]
    if tool in ('vandelay', 'archive2maildir', 'davmerge', 'remap'):
        continue  # how the tree is made; its own tests show that
    journal = (glob.glob('.local/state/mailferry/*.journal') + ['none'])[0]
    line = command.replace('~alice/Maildir', target)
    line = re.sub(r'JOURNAL|~/\.local\S*journal', journal, line)
    result = subprocess.run(['sh', '-c', line], stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT, text=True)
    print('$ %s\n%s' % (line, result.stdout))
    assert result.returncode == 0, 'exit %d' % result.returncode
    ran.append(tool)
    if tool == 'maildir-merge':
        client = dovecot.imap('alice')
        held.append((len(fetch(client, 'Sent')), client.select('Neu')[0]))
        client.logout()
# A look, the merge, a second look, the undo.
assert held == [(2, 'NO'), (4, 'OK'), (4, 'OK'), (2, 'NO')], held
assert ran.count('doveadm') >= 5 and 'maildir-check' in ran, ran
dovecot.stop()
assert not dovecot.complaints(), dovecot.complaints()
