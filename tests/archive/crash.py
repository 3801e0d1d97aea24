# SPDX-License-Identifier: ISC
# Copyright (c) 2026 The mailferry authors
"""Ends archive2maildir at each call that changes the file system, or lets the
call fail, and looks at what is left, before and after it is run again.

usage: crash.py SHIM kill|short|EIO|ENOSPC|EDQUOT|EINTR|EMFILE [all|threads]

With "all" the calls that read count too: open, read, stat, readdir, close, of
the archive and of the tree.

With "threads" four of them copy many messages; which call is hit differs then.

Every third call is tried, with "all" every seventh, with "threads" every
twentieth, others for each fault; all of them with FERRY_EVERY_CALL in the
environment."""
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
ALL = sys.argv[3:] == ['all']
THREADS = sys.argv[3:] == ['threads']
REASONS = {'ENOSPC': b'No space left on device', 'EIO': b'Input/output error',
           'EDQUOT': b'Disk quota exceeded',
           'EINTR': b'Interrupted system call',
           'EMFILE': b'Too many open files', 'short': None}
# The call is made once more, or goes on where it ended.
HARMLESS = ('EINTR', 'short')
STEP = 1 if 'FERRY_EVERY_CALL' in os.environ else 20 if THREADS else \
    7 if ALL else 3
FIRST = 1 + ('kill', 'EIO', 'ENOSPC', 'EDQUOT', 'EINTR', 'EMFILE',
             'short').index(WHAT) % STEP


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
    for n in range(5, 45 if THREADS else 5):
        a.email(message(n), [box], keywords=['$seen'])
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
    if not THREADS:
        env['FSCALL_UNSYNCED'] = 'unsynced'
    if ALL:
        env.update(FSCALL_ALL='1', FSCALL_BELOW=os.getcwd())
    return subprocess.run(['archive2maildir', '-j', '4' if THREADS else '1',
                           'a.sqlite', 'tree'], env=env, capture_output=True)


def fail(number, text, result=None):
    print('%s at call %d: %s' % (WHAT, number, text))
    if result is not None:
        print(result.stdout.decode() + result.stderr.decode())
    sys.exit(1)


def is_said(result):
    """Reading an archive goes through SQLite, which has words of its own."""
    reason = REASONS[WHAT]
    return reason is not None and reason in result.stderr or \
        ALL and b'disk I/O error' in result.stderr


def visible_are_whole(number, wanted, result):
    """What stands under its final name is as it will be."""
    for path, what in snapshot().items():
        if '/tmp/' in path or not isinstance(what, tuple):
            continue
        if path in wanted and what[1] != wanted[path][1]:
            fail(number, 'half of %s' % path, result)
        if '/cur/' in path and path not in wanted:
            fail(number, 'a message that is none: %s' % path, result)


MARK = 'tree/.archive2maildir/unfinished'


def is_marked(number, wanted, result):
    """A tree that lacks something says so, or nothing is in it yet."""
    if differences(wanted) and not os.path.exists(MARK) and \
            any(p for p in snapshot() if not p.startswith(
                'tree/.archive2maildir')):
        # A run that ends with 1 has named what it could not write.
        if result.returncode != 1:
            fail(number, 'a part of the tree without a mark', result)


def differences(wanted):
    got = snapshot()
    got.pop(MARK, None)
    return [p for p in sorted(set(got) | set(wanted))
            if got.get(p) != wanted.get(p)]


def main():
    shutil.rmtree('tree', ignore_errors=True)
    for name in os.listdir('.'):
        if name.startswith('a.sqlite') or name in ('calls', 'unsynced'):
            os.remove(name)
    make()
    first = run()
    calls = int(open('calls').read())
    if first.returncode not in (0, 1):
        fail(0, 'the run itself fails', first)
    if os.path.exists('unsynced'):
        fail(0, 'named before it was on the disk: ' + open('unsynced').read())
    wanted = snapshot()
    wrong = account.check('a.sqlite', 'tree', first)
    if wrong or calls < 60 or tree.leftovers('tree'):
        fail(0, 'the run itself: %d calls, %r' % (calls, wrong), first)
    again = run()
    if again.returncode != first.returncode or differences(wanted):
        fail(0, 'a second run changes %r' % differences(wanted), again)
    harmless = []
    numbers = range(FIRST, calls + 1, STEP)
    for number in numbers:
        shutil.rmtree('tree', ignore_errors=True)
        result = run(number)
        if WHAT == 'kill':
            if result.returncode != -9:
                fail(number, 'was not killed: %d' % result.returncode, result)
        elif result.returncode == first.returncode and \
                not differences(wanted) and not is_said(result):
            harmless.append(number)
        elif result.returncode not in (1, 2):
            fail(number, 'exit %d, and the tree lacks %r' % (
                result.returncode, differences(wanted)), result)
        elif not is_said(result):
            fail(number, 'the reason is not said', result)
        visible_are_whole(number, wanted, result)
        is_marked(number, wanted, result)
        result = run()
        if os.path.exists(MARK):
            fail(number, 'the mark stays', result)
        if result.returncode != first.returncode:
            fail(number, 'the rerun fails: %d' % result.returncode, result)
        if differences(wanted):
            fail(number, 'another tree after the rerun: %r' %
                 differences(wanted), result)
    print('%d of %d calls, without consequence: %r' % (
        len(numbers), calls, harmless))
    # What a failed close or a failed look leaves undone is nothing.
    if WHAT not in HARMLESS and \
            len(harmless) > len(numbers) // (2 if ALL else 20):
        fail(0, 'too many failures go unsaid')


main()
