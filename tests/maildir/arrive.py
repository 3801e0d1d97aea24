# SPDX-License-Identifier: ISC
# Copyright (c) 2026 The mailferry authors
"""Stops a merge at each call that changes the file system, delivers one of the
messages that it is about to add, and lets it go on: the message must not be
added beside it.

usage: arrive.py SHIM"""
import os
import shutil
import signal
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import maildirs as md  # noqa: E402

COMMAND = ['maildir-merge', '-q', '-j', '1', '--state-dir', 'state', 'source',
           'target']
LAST = 520  # in the second batch


def message(number, top=''):
    return ('%sMessage-ID: <m%d@example.org>\nFrom: a@example.org\n'
            'Subject: %d\n\nhello\n' % (top, number, number)).encode()


def copies():
    return [name for _, _, name, _, _, data, _ in md.messages('target')
            if data.endswith(message(LAST))]


def run(number):
    for name in ('target', 'state'):
        shutil.rmtree(name, ignore_errors=True)
    md.make_folder('target')
    md.put('target', '', '1.old:2,', message(9999))
    env = dict(os.environ, LD_PRELOAD=sys.argv[1], FSCALL_COUNT='calls',
               FSCALL_DO='stop', FSCALL_AT=str(number))
    process = subprocess.Popen(COMMAND, env=env)
    _, status = os.waitpid(process.pid, os.WUNTRACED)
    if not os.WIFSTOPPED(status):
        assert number == 0 and status == 0, (number, status)
        return None
    visible = len(copies())
    md.put('target', '', '2.live', message(LAST, 'Received: x\n'), part='new')
    os.kill(process.pid, signal.SIGCONT)
    _, status = os.waitpid(process.pid, 0)
    assert status == 0, (number, status)
    return visible, len(copies())


md.make_folder('source')
for i in range(LAST + 1):
    md.put('source', '', '%d.x:2,S' % i, message(i), i)
run(0)
calls = int(open('calls').read())
single = late = 0
# The calls of the copying are all alike: some of them will do.
for n in list(range(1, calls, 211)) + \
        list(range(calls - 40, calls + 1)):
    visible, found = run(n)
    if visible:
        continue  # delivered after it was added: a second copy, rightly
    if found == 1:
        single += 1
    else:
        late += 1
print('%d calls: %d in time, %d too late' % (calls, single, late))
# Too late would be: after the last look, and before ours is visible.
assert single > 20 and late == 0, (single, late)
