# SPDX-License-Identifier: ISC
# Copyright (c) 2026 The mailferry authors
"""Stops a merge with --flags=add at each call that changes the file system,
gives a message of the target another flag, as a client would, and lets it go
on: the message must end up with the flags of both.

usage: flip.py SHIM"""
import glob
import os
import shutil
import signal
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import maildirs as md  # noqa: E402

COMMAND = ['maildir-merge', '-q', '-j', '1', '--flags', 'add', '-J', 'journal',
           'source', 'target']
DATA = b'Message-ID: <m@x>\nFrom: a@x\nSubject: s\n\nhello\n'


def prepare():
    shutil.rmtree('target', ignore_errors=True)
    if os.path.exists('journal'):
        os.unlink('journal')
    md.make_folder('target')
    md.put('target', '', '1.old:2,R', DATA)


def name():
    path, = glob.glob('target/cur/*')
    return path


def run(number):
    """At the call of that number, the client's change."""
    prepare()
    env = dict(os.environ, LD_PRELOAD=sys.argv[1], FSCALL_COUNT='calls',
               FSCALL_DO='stop', FSCALL_AT=str(number),
               XDG_STATE_HOME=os.path.abspath('state'))
    process = subprocess.Popen(COMMAND, env=env)
    _, status = os.waitpid(process.pid, os.WUNTRACED)
    if os.WIFSTOPPED(status):
        old = name()
        flags = ''.join(sorted(old.split(':2,')[1] + 'F'))
        os.rename(old, old.split(':2,')[0] + ':2,' + flags)
        os.kill(process.pid, signal.SIGCONT)
        _, status = os.waitpid(process.pid, 0)
    assert status == 0, (number, status)
    return name().split(':2,')[1]


md.make_folder('source')
md.put('source', '', '1.new:2,S', DATA)
run(0)  # makes the folders of the state, which later runs find
assert run(0) == 'RS'
calls = int(open('calls').read())
for n in range(1, calls + 1):
    flags = run(n)
    assert flags == 'FRS', 'call %d: %s' % (n, flags)
    subprocess.check_call(['maildir-merge', '-q', '--undo', 'journal', 'target'])
    flags = name().split(':2,')[1]
    # What the client did after the run stays; before it, the run is undone.
    assert flags in ('FR', 'FRS'), 'call %d, undo: %s' % (n, flags)
print('%d calls' % calls)
assert calls > 5
