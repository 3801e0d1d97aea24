# SPDX-License-Identifier: ISC
# Copyright (c) 2026 The mailferry authors
"""Stops a merge into a tree with LAYOUT=fs at its calls, puts a link to another
place where a folder is to be made or was made this moment, as the owner of the
mail could, and lets it go on: nothing is made or changed in that place.

usage: links.py SHIM"""
import os
import shutil
import signal
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import maildirs as md  # noqa: E402

SHIM = sys.argv[1]
COMMAND = ['maildir-merge', '-q', '-j', '1', '--target-layout', 'fs',
           '--state-dir', 'state', 'source', 'target']
LEVELS = ('A', 'A/B', 'A/B/new')


def put_link(level):
    """A level that is there is taken away first."""
    path = 'target/' + level
    if os.path.isdir(path):
        os.rename(path, 'moved')
    try:
        os.symlink(os.path.abspath('victim'), path)
    except FileNotFoundError:
        pass  # it is not its turn yet


def run(number, level):
    for name in ('target', 'state', 'victim', 'moved'):
        shutil.rmtree(name, ignore_errors=True)
    md.make_folder('target')
    os.mkdir('victim', 0o700)
    before = os.stat('victim')
    env = dict(os.environ, LD_PRELOAD=SHIM, FSCALL_COUNT='calls',
               FSCALL_DO='stop', FSCALL_AT=str(number))
    process = subprocess.Popen(COMMAND, env=env, stderr=subprocess.DEVNULL)
    _, status = os.waitpid(process.pid, os.WUNTRACED)
    if os.WIFSTOPPED(status):
        put_link(level)
        os.kill(process.pid, signal.SIGCONT)
        _, status = os.waitpid(process.pid, 0)
    what = 'a link for %s at call %d' % (level, number)
    code = os.WEXITSTATUS(status) if os.WIFEXITED(status) else -1
    assert code in (0, 1, 2, 75), (what, status)
    after = os.stat('victim')
    assert os.listdir('victim') == [], (what, os.listdir('victim'))
    assert (before.st_mtime_ns, before.st_mode, before.st_uid) == \
        (after.st_mtime_ns, after.st_mode, after.st_uid), what
    return code


md.make_folder('source')
md.make_folder('source', '.A.B')
md.put('source', '.A.B', '1.s:2,S', b'Message-ID: <1@x>\n\nx\n')
assert run(0, 'A') == 0
calls = int(open('calls').read())
ends = [run(n, level) for level in LEVELS for n in range(1, calls + 1)]
assert len(set(ends)) > 1, 'no link was in the way'
print('%d calls: %s' % (calls, {e: ends.count(e) for e in set(ends)}))
