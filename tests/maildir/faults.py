# SPDX-License-Identifier: ISC
# Copyright (c) 2026 The mailferry authors
"""Lets system calls of a merge, and of its undoing, fail with each error that
they can have, reading ones too, and runs the same again: every message must be
there exactly once then, with its flags, keywords and date, whatever the first
run thought. The judge is MESSAGES, what was put into the two trees.

usage: faults.py SHIM [fs|again] [ERROR...]

With "fs" the trees have LAYOUT=fs, and the target nothing but its INBOX. With
"again" it is a second run that fails, with an index, on a file system without
RENAME_NOREPLACE: the owner has removed a message of the first one, which must
not come back, and moved another.

With "EIO+", "ENOSPC+" and the like, each call that changes something fails from
there on, as with a file system that became read-only.

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
MODE = ''.join(sys.argv[2:3]) if sys.argv[2:3] in (['fs'], ['again']) else ''
FS, AGAIN = MODE == 'fs', MODE == 'again'
KNOWN = ['EIO', 'ENOSPC', 'EDQUOT', 'EINTR', 'EMFILE', 'short', 'EIO+',
         'ENOSPC+', 'EDQUOT+']
ERRORS = sys.argv[3 if MODE else 2:] or KNOWN
STEP = 1 if 'FERRY_EVERY_CALL' in os.environ else 41
HERE = os.getcwd()
MERGE = ['maildir-merge', '-q', '-j', '1', '--flags', 'add', '--state-dir',
         'state', 'source', 'target'] + FS * ['--target-layout=fs'] + \
    AGAIN * ['-i', 'state/index']
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
# What "again" adds to the source, and what the owner did with some of the others.
LATER = [
    ('', (), message(20), 1000, False),
    ('.Spaet', ('Work',), message(21, 'z' * 150000), 1002, False),
]
UNSEEN, REMOVED, MOVED = MESSAGES[1], MESSAGES[2], MESSAGES[4]


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


def make_again():
    """A merge has been, and the owner was at work since."""
    fresh()
    result = run(MERGE)
    if result.returncode != 0:
        fail('the first merge', 'fails by itself', result)
    for folder, part, name, _, _, data, _ in list(md.messages('target')):
        path = os.path.join('target', folder, part, name)
        if data == REMOVED[2]:
            os.remove(path)
        elif data == UNSEEN[2]:
            os.rename(path, path.replace(':2,S', ':2,'))
        elif data == MOVED[2]:
            os.rename(path, os.path.join('target', 'cur', '4.x:2,S'))
    md.make_folder('source', LATER[1][0])
    md.put_keywords('source', LATER[1][0], SOURCE_WORDS)
    for number, (folder, words, data, date, _) in enumerate(LATER):
        md.put('source', folder, '2%d.s:2,S%s' % (number, 'a' * len(words)),
               data, date)
    shutil.rmtree('before')
    os.rename('target', 'before')
    os.rename('state', 'before-state')


def held(root):
    """What is in a tree, but for file names; what the target had keeps its
    flags or gets the source's."""
    return collections.Counter(
        (folder, tuple(words), data, date, flags)
        for folder, _, _, flags, words, data, date in
        md.messages(root, LISTED))


def model(merged):
    """What held() has to be of the target, before and after the merge."""
    if AGAIN:
        return collections.Counter(
            ('' if m is MOVED else m[0],
             () if m is MOVED else tuple(sorted(m[1])), m[2], m[3],
             '' if m is UNSEEN and not merged else 'S')
            for m in MESSAGES + LATER * merged if m is not REMOVED)
    return collections.Counter(
        (folder, tuple(sorted(words)), data, date, 'S' if merged else '')
        for folder, words, data, date, there in MESSAGES if merged or there)


def outside(root):
    """The directories of a tree, and its subscriptions."""
    with open(os.path.join(root, 'subscriptions')) as f:
        return sorted(at[len(root):] for at, _, _ in os.walk(root)), f.read()


def run(command, error='none', number=0):
    env = dict(os.environ, LD_PRELOAD=SHIM, FSCALL_BELOW=HERE,
               FSCALL_COUNT='calls', FSCALL_AT=str(number),
               FSCALL_DO=error.rstrip('+'))
    env['FSCALL_LASTING' if error.endswith('+') else 'FSCALL_ALL'] = '1'
    if AGAIN:
        env['FSCALL_NOREPLACE'] = 'EINVAL'
    return subprocess.run(command, env=env, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE)


def fresh(template='before', state='before-state'):
    for name in ('target', 'state'):
        shutil.rmtree(name, ignore_errors=True)
    shutil.copytree(template, 'target')
    if os.path.exists(state):
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
    more = seen - collections.Counter((m[0], m[2]) for m in model(True))
    if more:
        fail(what, 'twice, or again: %s' % list(more), result)
    if any((m[0], m[2]) not in seen for m in model(False)):
        fail(what, 'a message of the target is lost', result)


def try_merge(error, number):
    what = 'merge, %s at call %d' % (error, number)
    fresh()
    first = run(MERGE, error, number)
    if first.returncode not in (GOOD if error != 'short' else (0,)):
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
    first = run(UNDO, error, number)
    if first.returncode not in (GOOD if error != 'short' else (0,)):
        fail(what, 'exit %d' % first.returncode, first)
    if first.returncode != 0:
        again = run(UNDO)
        if again.returncode != 0 and b'undone before' not in again.stderr:
            fail(what, 'the second one fails', again)
    if held('target') != before:
        fail(what, 'leaves %s, lacks %s' % (
            [k for k in held('target') - before],
            [k for k in before - held('target')]), first)
    if outside('target') != outside('before'):
        fail(what, 'leaves %r' % (outside('target'),), first)
    if not AGAIN and 'mailferry-merges' in os.listdir('target'):
        fail(what, 'leaves its mark', first)
    return first.returncode


make()
if AGAIN:
    make_again()
fresh()
result = run(MERGE)
wanted, before = model(True), model(False)
if result.returncode != 0 or held('target') != wanted or \
        held('before') != before:
    fail('merge', 'fails by itself', result)
shutil.copytree('target', 'merged', symlinks=True)
shutil.copytree('state', 'merged-state')
journal, = set(glob.glob('state/*.journal')) - set(
    name.replace('before-', '') for name in glob.glob('before-state/*'))
UNDO = ['maildir-merge', '-q', '--undo', journal, 'target']
result = run(UNDO)
if result.returncode != 0 or held('target') != before:
    fail('undo', 'fails by itself', result)
ends = collections.Counter()
for name in ERRORS:
    first = 1 + 7 * KNOWN.index(name) % STEP
    for what, templates, command in (
            (try_merge, (), MERGE),
            (try_undo, ('merged', 'merged-state'), UNDO)):
        fresh(*templates)
        run(command, name)
        for n in range(first, int(open('calls').read()) + 1, STEP):
            attempt(what, name, n)
print(dict(ends))
sys.exit(ends['wrong'] != 0)
