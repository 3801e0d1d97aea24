# SPDX-License-Identifier: ISC
# Copyright (c) 2026 The mailferry authors
"""Journals that are not whole: the disk is full at each byte of it, or it ends at
each byte, or the lines of two runs are mixed in it. The next run and an undoing
find out what became of each message; a model says what that is.

usage: torn.py SHIM full|torn|mixed

Some of the bytes are tried, all of them with FERRY_EVERY_CALL in the
environment."""
import collections
import glob
import json
import os
import random
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import maildirs as md  # noqa: E402

SHIM, WHAT = sys.argv[1:3]
EVERY = 'FERRY_EVERY_CALL' in os.environ
STEP = {'full': 29, 'torn': 41, 'mixed': 1}[WHAT] if not EVERY else 1
HERE = os.getcwd()
MERGE = ['maildir-merge', '-q', '-j', '1', '--state-dir', 'state', 'source',
         'target']


def message(number):
    return ('Message-ID: <m%d@example.org>\nFrom: a@example.org\n'
            'Subject: %d\n\nhello\n' % (number, number)).encode()


def make():
    for root in ('source', 'before'):
        for folder in ('', '.Sent'):
            md.make_folder(root, folder)
    md.make_folder('source', '.Neu')
    md.put_keywords('source', '.Sent', ['Work'])
    for number, folder, info in ((0, '', 'S'), (1, '', ''), (2, '', 'F'),
                                 (3, '.Sent', 'a'), (4, '.Sent', 'Sa'),
                                 (5, '.Neu', 'S')):
        md.put('source', folder, '%d.s:2,%s' % (number, info), message(number),
               1000 + number)
    md.put('before', '', '0.t:2,S', message(0), 1000)


def held(root='target'):
    return collections.Counter(
        (folder, tuple(words), data, date, flags)
        for folder, _, _, flags, words, data, date in md.messages(root))


def texts(messages):
    return collections.Counter(m[2] for m in messages.elements())


def fresh(template='before', state=None):
    for name in ('target', 'state'):
        shutil.rmtree(name, ignore_errors=True)
    shutil.copytree(template, 'target')
    if state:
        shutil.copytree(state, 'state')


def run(command, room=None):
    env = dict(os.environ, LD_PRELOAD=SHIM)
    if room is not None:
        env['FSCALL_FULL'] = '%d:%s/state' % (room, HERE)
    return subprocess.run(command, env=env, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE)


def journal():
    return max(glob.glob('state/*.journal'), key=os.path.getmtime)


def undo(*more):
    return run(['maildir-merge', '-q', *more, '--undo', journal(), 'target'])


def check(good, what, result):
    if not good:
        print('%s: exit %d, the target holds %s\n%s' % (
            what, result.returncode, sorted(texts(held())),
            result.stderr.decode()))
        sys.exit(1)


def full():
    size = os.path.getsize(journal())
    ends = collections.Counter()
    for room in range(1, size + 1, STEP):
        fresh()
        result = run(MERGE, room)
        what = 'room for %d bytes' % room
        ends[result.returncode] += 1
        check(result.returncode == (2 if room < size else 0), what, result)
        check(not held() - wanted, what, result)
        shutil.copytree('target', 'half')
        shutil.copytree('state', 'half-state')
        again = run(MERGE)
        check(again.returncode == 0 and held() == wanted, what + ', rerun',
              again)
        fresh('half', 'half-state')
        if glob.glob('state/*.journal'):
            back = undo()
            check(back.returncode == 0 and held() == held('before'),
                  what + ', undone', back)
        shutil.rmtree('half')
        shutil.rmtree('half-state')
    print('%d bytes: %s' % (size, dict(ends)))


def records(text):
    """The records of the whole lines."""
    return [json.loads(line[9:])
            for line in text.decode().split('\n')[:-1]]


def announced(found, done):
    """{base}: what is announced, or of that what a later line calls done."""
    open_, closed = set(), set()
    for record in found:
        if record['type'] == 'add':
            open_.add(record['name'])
        elif record['type'] == 'done':
            closed |= open_
            open_ = set()
    return closed if done else closed | open_


def without(bases):
    """What of the merged target has none of these names."""
    return collections.Counter(
        (folder, tuple(words), data, date, flags)
        for folder, _, name, flags, words, data, date in md.messages('merged')
        if name.split(':')[0] not in bases)


def torn():
    path = journal()
    with open(path, 'rb') as f:
        whole = f.read()
    for cut in range(1, len(whole) + 1, STEP):
        found = records(whole[:cut])
        what = 'cut at %d' % cut
        for act in ('undo', 'rerun', 'lost'):
            fresh('merged', 'merged-state')
            with open(path, 'wb') as f:
                f.write(whole[:cut])
            if act == 'undo':
                result = undo()
                gone = announced(found, False)
                check(result.returncode == (0 if found else 2) and
                      held() == without(gone), what + ', undone', result)
                continue
            if act == 'lost':  # what was added did not reach the disk
                for at in md.folders('target'):
                    for name in os.listdir('target/%s/cur' % at):
                        if '.mailferry-' in name:
                            os.unlink('target/%s/cur/%s' % (at, name))
            result = run(MERGE)
            check(result.returncode == 0, what + act, result)
            lost = announced(found, True) if act == 'lost' else ()
            check(held() == without(lost), what + ', ' + act, result)
            if act == 'lost':
                result = run(MERGE + ['--readd'])
                check(held() == wanted, what + ', added again', result)


def mixed():
    md.put('source', '', '9.s:2,', message(9), 9)
    run(MERGE)
    both = [open(p, 'rb').read().splitlines(True)
            for p in sorted(glob.glob('state/*.journal'),
                            key=os.path.getmtime)]
    assert len(both) == 2, both
    path, other = [p for p in sorted(glob.glob('state/*.journal'),
                                     key=os.path.getmtime)]
    for name in ('merged', 'merged-state'):
        shutil.rmtree(name)
    shutil.copytree('target', 'merged')
    shutil.copytree('state', 'merged-state')
    everything = held()
    for seed in range(12):
        rng = random.Random(seed)
        left = [list(lines) for lines in both]
        text = [left[0].pop(0)]
        while any(left):
            text.append(rng.choice([x for x in left if x]).pop(0))
        fresh('merged', 'merged-state')
        os.unlink(other)
        with open(path, 'wb') as f:
            f.write(b''.join(text))
        result = undo()
        check(result.returncode == 2 and b'two runs are mixed' in
              result.stderr and held() == everything,
              'mixed %d, undone' % seed, result)
        result = run(MERGE)
        check(result.returncode == 0 and held() == everything,
              'mixed %d, run again' % seed, result)
        for name in os.listdir('target/cur'):
            if '.mailferry-' in name:
                os.unlink('target/cur/' + name)
        result = run(MERGE)
        check(result.returncode == 0 and b'two runs are mixed' in
              result.stderr and held() == everything,
              'mixed %d, lost' % seed, result)


make()
fresh()
result = run(MERGE)
wanted = held()
check(result.returncode == 0 and sum(wanted.values()) == 6, 'merge', result)
shutil.copytree('target', 'merged')
shutil.copytree('state', 'merged-state')
{'full': full, 'torn': torn, 'mixed': mixed}[WHAT]()
