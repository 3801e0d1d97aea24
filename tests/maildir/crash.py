# SPDX-License-Identifier: ISC
# Copyright (c) 2026 The mailferry authors
"""Ends a merge at each call that changes the file system, or lets the call fail,
and looks at what is left, before and after it is run again, and when it is
taken back; then the same with the taking back of a whole run. Every third call,
others for each fault; all of them with FERRY_EVERY_CALL in the environment.

usage: crash.py SHIM kill|ENOSPC|EIO"""
import glob
import os
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import maildirs as md  # noqa: E402

SHIM, WHAT = sys.argv[1:3]
STEP = 1 if 'FERRY_EVERY_CALL' in os.environ else 3
FIRST = 1 + ('kill', 'ENOSPC', 'EIO').index(WHAT) % STEP
COMMAND = ['maildir-merge', '-q', '-j', '1', '--flags', 'add', '--state-dir',
           'state']


def message(number, body='hello'):
    return ('Message-ID: <m%d@example.org>\r\nFrom: a@example.org\r\n'
            'Subject: %d\r\n\r\n%s\n' % (number, number, body)).encode()


def make(root, source):
    md.make_folder(root)
    md.make_folder(root, '.Sent')
    for number in range(4 if source else 2):
        md.put(root, '', '%d.x:2,%s' % (number, 'S' if source else 'F'),
               message(number), 1000 + number)
    if not source:
        with open(os.path.join(root, 'maildirsize'), 'w') as f:
            f.write('100000S\n200 2\n')
        md.put_keywords(root, '.Sent', ['$NotJunk'])
        return
    md.put_keywords(root, '.Sent', ['Work', '$NotJunk'])
    md.put(root, '.Sent', '10.x:2,Sab', message(10), 2000)
    md.make_folder(root, '.Neu.Sub')
    md.put(root, '.Neu.Sub', '11.x:2,P', message(11), 3000)
    md.put(root, '.Neu.Sub', '12.x:2,', message(12, 'x' * 200000), 3001)


def contents(root):
    return sorted((f, flags, words, data, mtime)
                  for f, _, _, flags, words, data, mtime in md.messages(root))


def run(number=0, command=COMMAND + ['source', 'target']):
    """The merge; at the call of that number something happens."""
    env = dict(os.environ, LD_PRELOAD=SHIM, FSCALL_COUNT='calls',
               FSCALL_DO=WHAT, FSCALL_AT=str(number),
               FSCALL_UNSYNCED='unsynced')
    return subprocess.run(command, env=env, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE)


def undo(number=0):
    """Takes back the newest run; None if it had no journal that says so."""
    journals = glob.glob('state/*.journal')
    if not journals or os.path.getsize(journals[0]) == 0:
        return None
    assert len(journals) == 1, journals
    return run(number, ['maildir-merge', '-q', '--undo', journals[0], 'target'])


def fresh(template='before'):
    for name in ('target', 'state'):
        shutil.rmtree(name, ignore_errors=True)
    shutil.copytree(template, 'target')


def layout(root):
    """What is there beside the messages."""
    found = {name: open(os.path.join(root, name), 'rb').read()
             for name in ('subscriptions',)
             if os.path.exists(os.path.join(root, name))}
    if found.get('subscriptions') == b'V\t2\n\n':
        del found['subscriptions']  # an empty list that was made
    words = {f: md.keywords(root, f) for f in md.folders(root)}
    return md.folders(root), found, words


def check_synced():
    """What got its name in a run that nothing happened to was on the disk by
    then; a lock need not be."""
    names = set(open('unsynced').read().split())
    os.remove('unsynced')
    if any(not name.endswith('.lock') for name in names):
        fail(0, 'named before it was on the disk: %s' % names)


def fail(number, text, result=None):
    print('%s at call %d: %s' % (WHAT, number, text))
    if result is not None:
        print(result.stderr.decode())
    sys.exit(1)


make('source', True)
make('before', False)
fresh()
result = run()
if result.returncode != 0:
    fail(0, 'the merge itself fails', result)
check_synced()
calls = int(open('calls').read())
wanted = contents('target')
whole = set(data for _, _, _, data, _ in wanted)
if calls < 60 or len(wanted) != 7:
    fail(0, 'too little happens: %d calls, %d messages' % (calls, len(wanted)))

unharmed = 0
for number in range(FIRST, calls + 1, STEP):
    fresh()
    result = run(number)
    if WHAT == 'kill' and result.returncode != -9:
        fail(number, 'was not killed', result)
    if result.returncode not in (-9, 0, 1, 2, 75):
        fail(number, 'exit %d' % result.returncode, result)
    unharmed += result.returncode == 0
    seen = list(md.messages('target'))
    for _, part, name, _, _, data, _ in seen:
        if data not in whole:
            fail(number, 'half a message: %s/%s' % (part, name), result)
        if not md.sizes_are_right(name, data):
            fail(number, 'wrong sizes: %s' % name, result)
    for data in (message(0), message(1)):
        if data not in [m[5] for m in seen]:
            fail(number, 'a message of the target is lost', result)
    if WHAT != 'kill' and result.returncode == 0 and \
            sorted(m[5] for m in seen) != sorted(m[3] for m in wanted):
        fail(number, 'exit 0, but not all messages are there', result)
    result = undo()
    if result is not None:
        if result.returncode != 0:
            fail(number, 'undo fails', result)
        if contents('target') != contents('before'):
            fail(number, 'undo leaves other messages', result)
        if layout('target') != layout('before'):
            fail(number, 'undo leaves %s, not %s' % (
                layout('target'), layout('before')), result)
        fresh()
        run(number)
    result = run()
    if result.returncode != 0:
        fail(number, 'the rerun fails', result)
    if contents('target') != wanted:
        fail(number, 'another outcome after the rerun', result)
    for folder in md.folders('target'):
        left = [f for part in ('tmp', '') for f in
                os.listdir(os.path.join('target', folder, part))
                if f.startswith('mailferry') and f != 'mailferry-merges' or
                f.endswith('.lock')]
        if left:
            fail(number, 'left over in %s: %s' % (folder, left), result)
    names = sorted(os.listdir('target/cur'))
    result = run()
    if result.returncode != 0 or sorted(os.listdir('target/cur')) != names:
        fail(number, 'a third run changes something', result)
print('%d calls, %d of them without consequence' % (calls, unharmed))

fresh()
os.remove('unsynced')
run()
check_synced()
result = undo()
check_synced()
if result.returncode != 0 or contents('target') != contents('before'):
    fail(0, 'undo itself fails', result)
calls = int(open('calls').read())
for number in range(FIRST, calls + 1, STEP):
    fresh()
    run()
    result = undo(number)
    if WHAT == 'kill' and result.returncode != -9:
        fail(number, 'undo was not killed', result)
    for data in (message(0), message(1)):
        if data not in [m[5] for m in md.messages('target')]:
            fail(number, 'undo loses a message of the target', result)
    if result.returncode != 0:
        result = undo()
        if result.returncode != 0:
            fail(number, 'the second undo fails', result)
    if contents('target') != contents('before') or \
            layout('target') != layout('before'):
        fail(number, 'undo leaves %s, not %s' % (
            layout('target'), layout('before')), result)
print('%d calls of undo' % calls)
