# SPDX-License-Identifier: ISC
# Copyright (c) 2026 The mailferry authors
"""Lets system calls of a merge, and of its undoing, fail with each error that
they can have, reading ones too, and runs the same again: every message must be
there exactly once then, with its flags, keywords and date, whatever the first
run thought. The judge is MESSAGES, what was put into the two trees.

usage: faults.py SHIM [fs] [ERROR...]

With "fs" the trees have LAYOUT=fs, and the target nothing but its INBOX.

Every 41st call is tried, others for each error; all of them with
FERRY_EVERY_CALL in the environment."""
import collections
import glob
import os
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import maildirs as md  # noqa: E402

SHIM = sys.argv[1]
FS = sys.argv[2:3] == ['fs']
KNOWN = ['EIO', 'ENOSPC', 'EDQUOT', 'EINTR', 'EMFILE', 'short']
ERRORS = sys.argv[3 if FS else 2:] or KNOWN
STEP = 1 if 'FERRY_EVERY_CALL' in os.environ else 41
HERE = os.getcwd()
MERGE = ['maildir-merge', '-q', '-j', '1', '--flags', 'add', '--state-dir',
         'state', 'source', 'target'] + FS * ['--target-layout=fs']
GOOD = (0, 1, 2, 75)
LISTED = md.nested if FS else md.folders
SENT, NEU = ('Sent', 'A/Neu') if FS else ('.Sent', '.Neu')


def message(number, body='hello'):
    return ('Message-ID: <m%d@example.org>\nFrom: a@example.org\n'
            'Subject: %d\n\n%s\n' % (number, number, body)).encode()


# (folder, keyword names, data, date, in the target already)
MESSAGES = [
    ('', (), message(0), 1000, True),
    ('', (), message(1, 'x' * 9000), 1001, True),
    ('', (), message(2), 1002, False),
    ('', (), message(3, 'y' * 150000), 1003, False),
    (SENT, ('Work',), message(4), 1002, False),
    (SENT, ('$NotJunk',), message(5), 1002, not FS),
    (SENT, (), b'Subject: no id\nFrom: a@x\n\nbody\n', 7, False),
    (NEU, ('Work',), message(6), 1, False),
    # One id, another content: both are wanted.
    ('', (), message(0, 'another'), 1000, False),
]
SOURCE_WORDS, TARGET_WORDS = ['Work', '$NotJunk'], ['Old', '$NotJunk']


def make():
    for root, words in (('source', SOURCE_WORDS), ('before', TARGET_WORDS)):
        md.make_folder(root)
        if root == 'source' or not FS:
            md.make_folder(root, SENT)
            md.put_keywords(root, SENT, words)
        with open(os.path.join(root, 'subscriptions'), 'w') as f:
            f.write('V\t2\n\nOld\n')
            if root == 'source':
                f.write('Neu\nA\tNeu\n')
    md.make_folder('source', NEU)
    md.put_keywords('source', NEU, SOURCE_WORDS)
    for number, (folder, words, data, date, there) in enumerate(MESSAGES):
        for root in ('source', 'before') if there else ('source',):
            known = SOURCE_WORDS if root == 'source' else TARGET_WORDS
            letters = ''.join(chr(97 + known.index(w)) for w in words)
            md.put(root, folder, '%d.%s:2,%s%s' % (
                number, root, 'S' if root == 'source' else '', letters),
                data, date)
    with open('before/maildirsize', 'w') as f:
        f.write('10000000S\n20000 3\n')


def held(root):
    """What is in a tree, but for file names; what the target had keeps its
    flags or gets the source's."""
    return collections.Counter(
        (folder, tuple(words), data, date, flags)
        for folder, _, _, flags, words, data, date in
        md.messages(root, LISTED))


def model(merged):
    """What held() has to be of the target, before and after the merge."""
    return collections.Counter(
        (folder, tuple(sorted(words)), data, date, 'S' if merged else '')
        for folder, words, data, date, there in MESSAGES if merged or there)


def outside(root):
    """The directories of a tree, and its subscriptions."""
    with open(os.path.join(root, 'subscriptions')) as f:
        return sorted(at[len(root):] for at, _, _ in os.walk(root)), f.read()


def run(command, error=None, number=0):
    env = dict(os.environ, LD_PRELOAD=SHIM, FSCALL_ALL='1', FSCALL_BELOW=HERE,
               FSCALL_COUNT='calls', FSCALL_AT=str(number),
               FSCALL_DO=error or 'none')
    return subprocess.run(command, env=env, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE)


def fresh(template='before', state=None):
    for name in ('target', 'state'):
        shutil.rmtree(name, ignore_errors=True)
    shutil.copytree(template, 'target')
    if state:
        shutil.copytree(state, 'state')


class Wrong(Exception):
    pass


def fail(what, text, result):
    raise Wrong('%s: %s\n%s' % (what, text, result.stderr.decode()))


def attempt(what, error, number):
    try:
        ends[error, what(error, number)] += 1
    except Wrong as wrong:
        print(wrong)
        ends['wrong'] += 1


def check_not_doubled(what, result):
    seen = collections.Counter((f, data) for f, _, _, _, _, data, _ in
                               md.messages('target', LISTED))
    wanted = collections.Counter((m[0], m[2]) for m in MESSAGES)
    if seen - wanted:
        fail(what, 'twice: %s' % [k for k in seen - wanted], result)
    lost = [m for m in MESSAGES if m[4] and (m[0], m[2]) not in seen]
    if lost:
        fail(what, 'a message of the target is lost', result)


def try_merge(error, number):
    what = 'merge, %s at call %d' % (error, number)
    fresh()
    first = run(MERGE, error, number)
    if first.returncode not in GOOD:
        fail(what, 'exit %d' % first.returncode, first)
    check_not_doubled(what, first)
    if first.returncode == 0 and held('target') != wanted:
        fail(what, 'exit 0, but the target holds %s, lacks %s' % (
            [k for k in held('target') - wanted],
            [k for k in wanted - held('target')]), first)
    for _ in range(2):
        again = run(MERGE)
        check_not_doubled(what + ', rerun', again)
    if again.returncode != 0 or held('target') != wanted:
        fail(what, 'after a rerun the target holds others:\n%s\n%s' % (
            [k for k in held('target') - wanted],
            [k for k in wanted - held('target')]), first)
    return first.returncode


def try_undo(error, number):
    what = 'undo, %s at call %d' % (error, number)
    fresh('merged', 'merged-state')
    journal, = glob.glob('state/*.journal')
    undo = ['maildir-merge', '-q', '--undo', journal, 'target']
    first = run(undo, error, number)
    if first.returncode not in GOOD:
        fail(what, 'exit %d' % first.returncode, first)
    if first.returncode != 0:
        again = run(undo)
        if again.returncode != 0 and b'undone before' not in again.stderr:
            fail(what, 'the second one fails', again)
    if held('target') != before:
        fail(what, 'leaves %s, lacks %s' % (
            [k for k in held('target') - before],
            [k for k in before - held('target')]), first)
    if outside('target') != outside('before'):
        fail(what, 'leaves %r' % (outside('target'),), first)
    if 'mailferry-merges' in os.listdir('target'):
        fail(what, 'leaves its mark', first)
    return first.returncode


make()
fresh()
result = run(MERGE)
calls, wanted, before = int(open('calls').read()), model(True), model(False)
if result.returncode != 0 or held('target') != wanted or \
        held('before') != before:
    fail('merge', 'fails by itself', result)
shutil.copytree('target', 'merged', symlinks=True)
shutil.copytree('state', 'merged-state')
result = run(['maildir-merge', '-q', '--undo', glob.glob('state/*.journal')[0],
              'target'])
undo_calls = int(open('calls').read())
if result.returncode != 0 or held('target') != before:
    fail('undo', 'fails by itself', result)
ends = collections.Counter()
for name in ERRORS:
    first = 1 + 7 * KNOWN.index(name) % STEP
    for n in range(first, calls + 1, STEP):
        attempt(try_merge, name, n)
    for n in range(first, undo_calls + 1, STEP):
        attempt(try_undo, name, n)
print('%d calls of a merge, %d of an undoing: %s' % (
    calls, undo_calls, dict(ends)))
sys.exit(ends['wrong'] != 0)
