# SPDX-License-Identifier: ISC
# Copyright (c) 2026 The mailferry authors
"""Stops a merge at its calls, those that only read too, does what a client can
do then (renames a folder, and makes another one in its place; moves a message
into another folder), and lets it go on: every message must be there exactly
once, at the latest after a second run.

usage: moves.py SHIM STRIDE"""
import collections
import os
import shutil
import signal
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import maildirs as md  # noqa: E402

SHIM, STRIDE = sys.argv[1], int(sys.argv[2])
FOLDERS = ('', '.A', '.M', '.Y')
COMMAND = ['maildir-merge', '-q', '-j', '1', '--state-dir', 'state', 'source',
           'target']


def message(number):
    return ('Message-ID: <m%d@example.org>\nFrom: a@example.org\n'
            'Subject: %d\n\nhello\n' % (number, number)).encode()


def rename(old, new):
    os.rename('target/' + old, 'target/' + new)


def rename_later():
    rename('.M', '.Z')


def rename_earlier():
    rename('.M', '.0')


def replace():
    rename('.M', '.Z')
    md.make_folder('target', '.M')


def swap():
    rename('.A', 'tmp/swap')
    rename('.Y', '.A')
    rename('tmp/swap', '.Y')


def move(part='cur'):
    """As Dovecot does it: a link of another name, then the old one goes."""
    name = sorted(os.listdir('target/.Y/cur'))[0]
    os.link('target/.Y/cur/' + name, 'target/.A/%s/9.moved:2,S' % part)
    os.unlink('target/.Y/cur/' + name)


def move_to_new():
    md.make_folder('target', '.0')
    name = sorted(os.listdir('target/.Y/cur'))[0]
    os.rename('target/.Y/cur/' + name, 'target/.0/cur/9.moved:2,S')


def copies():
    return collections.Counter(
        data for _, _, _, _, _, data, _ in md.messages('target'))


def make():
    md.make_folder('source')
    for number, folder in enumerate(FOLDERS * 3):
        for root in ('source', 'before'):
            md.make_folder(root, folder)
            if root == 'source' or number < 8:
                md.put(root, folder, '%d.%s:2,S' % (number, root),
                       message(number), number)


def run(number, act):
    for name in ('target', 'state'):
        shutil.rmtree(name, ignore_errors=True)
    shutil.copytree('before', 'target')
    env = dict(os.environ, LD_PRELOAD=SHIM, FSCALL_COUNT='calls',
               FSCALL_ALL='1', FSCALL_BELOW=os.getcwd() + '/target',
               FSCALL_DO='stop', FSCALL_AT=str(number))
    process = subprocess.Popen(COMMAND, env=env, stderr=subprocess.PIPE)
    _, status = os.waitpid(process.pid, os.WUNTRACED)
    if os.WIFSTOPPED(status):
        act()
        os.kill(process.pid, signal.SIGCONT)
        _, status = os.waitpid(process.pid, 0)
    said = process.stderr.read().decode()
    process.stderr.close()
    code = os.WEXITSTATUS(status)
    what = '%s at call %d: exit %d: %s' % (act.__name__, number, code, said)
    twice = [d for d, n in copies().items() if n != 1]
    assert not twice, '%s twice: %s' % (what, twice)
    assert code in (0, 75), what
    if code == 75:
        subprocess.check_call(COMMAND)
    assert copies() == wanted, '%s lacks %s' % (what, wanted - copies())
    return code


make()
wanted = collections.Counter(message(n) for n in range(12))
ends = collections.Counter()
run(0, move)
calls = int(open('calls').read())
for offset, act in enumerate((rename_later, rename_earlier, replace, swap,
                              move, move_to_new)):
    for n in range(1 + offset % STRIDE, calls + 1, STRIDE):
        ends[act.__name__, run(n, act)] += 1
print('%d calls: %s' % (calls, dict(ends)))
