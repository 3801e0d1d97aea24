# SPDX-License-Identifier: ISC
# Copyright (c) 2026 The mailferry authors
"""Ends archive2maildir at each call that changes the file system, or lets the
call fail, and looks at what is left, before and after it is run again.

usage: crash.py SHIM kill|ENOSPC|EIO"""
import os
import shutil
import stat
import subprocess
import sys

import account
import extracted as tree
import vandelay
from odd import entry, message, person

SHIM, WHAT = sys.argv[1:3]
REASONS = {'ENOSPC': b'No space left on device', 'EIO': b'Input/output error'}


def make():
    """A little of everything. A body of several pieces."""
    a = vandelay.Archive('a.sqlite')
    inbox = a.mailbox('Inbox', role='inbox')
    box = a.mailbox('Ärger')
    a.mailbox('Leer', subscribed=0)
    a.email(message(1), [inbox], keywords=['$seen'])
    a.email(message(2), [inbox, box], keywords=['$flagged', 'Wort'])
    a.email(message(3) + b'x' * 700000, [box])
    a.email(message(4), [])
    a.event(entry('a@x', links={'l': {
        '@type': 'Link', '@blob': a.blob(b'attached'),
        'contentType': 'text/plain'}}), [a.calendar('Kal')])
    a.card('a@x', person('Anna'), [a.book('Buch')])
    a.script('Regeln', b'keep;', 1)
    a.node('f', parent=a.node('d', 'directory'), data=b'file' * 30000)
    a.node('l', 'symlink', target=['d', 'f'])
    a.close()


def snapshot():
    """{path: what it is}. The time is that of mail alone."""
    found = {}
    for at, dirs, names in os.walk('tree'):
        for name in dirs + names:
            path = os.path.join(at, name)
            st = os.lstat(path)
            if stat.S_ISLNK(st.st_mode):
                found[path] = os.readlink(path)
            elif stat.S_ISDIR(st.st_mode):
                found[path] = stat.S_IMODE(st.st_mode)
            else:
                with open(path, 'rb') as f:
                    found[path] = (stat.S_IMODE(st.st_mode), f.read(),
                                   int(st.st_mtime) if '/cur/' in path
                                   else None)
    return found


def run(number=0):
    env = dict(os.environ, LD_PRELOAD=SHIM, FSCALL_COUNT='calls',
               FSCALL_DO=WHAT, FSCALL_AT=str(number))
    return subprocess.run(['archive2maildir', '-j', '1', 'a.sqlite', 'tree'],
                          env=env, capture_output=True)


def fail(number, text, result=None):
    print('%s at call %d: %s' % (WHAT, number, text))
    if result is not None:
        print(result.stdout.decode() + result.stderr.decode())
    sys.exit(1)


def visible_are_whole(number, wanted, result):
    """What stands under its final name is as it will be."""
    for path, what in snapshot().items():
        if '/tmp/' in path or not isinstance(what, tuple):
            continue
        if path in wanted and what[1] != wanted[path][1]:
            fail(number, 'half of %s' % path, result)
        if '/cur/' in path and path not in wanted:
            fail(number, 'a message that is none: %s' % path, result)


def differences(wanted):
    got = snapshot()
    return [p for p in sorted(set(got) | set(wanted))
            if got.get(p) != wanted.get(p)]


def main():
    make()
    first = run()
    calls = int(open('calls').read())
    if first.returncode not in (0, 1):
        fail(0, 'the run itself fails', first)
    wanted = snapshot()
    wrong = account.check('a.sqlite', 'tree', first)
    if wrong or calls < 60 or tree.leftovers('tree'):
        fail(0, 'the run itself: %d calls, %r' % (calls, wrong), first)
    again = run()
    if again.returncode != first.returncode or differences(wanted):
        fail(0, 'a second run changes %r' % differences(wanted), again)
    harmless = []
    for number in range(1, calls + 1):
        shutil.rmtree('tree', ignore_errors=True)
        result = run(number)
        if WHAT == 'kill':
            if result.returncode != -9:
                fail(number, 'was not killed: %d' % result.returncode, result)
        elif result.returncode == first.returncode and \
                not differences(wanted) and REASONS[WHAT] not in result.stderr:
            harmless.append(number)
        elif result.returncode not in (1, 2):
            fail(number, 'exit %d, and the tree lacks %r' % (
                result.returncode, differences(wanted)), result)
        elif REASONS[WHAT] not in result.stderr:
            fail(number, 'the reason is not said', result)
        visible_are_whole(number, wanted, result)
        result = run()
        if result.returncode != first.returncode:
            fail(number, 'the rerun fails: %d' % result.returncode, result)
        if differences(wanted):
            fail(number, 'another tree after the rerun: %r' %
                 differences(wanted), result)
    print('%d calls, without consequence: %r' % (calls, harmless))
    if len(harmless) > calls // 20:
        fail(0, 'too many failures go unsaid')


main()
