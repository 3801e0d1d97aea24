# SPDX-License-Identifier: ISC
# Copyright (c) 2026 The mailferry authors
"""throughfaults.py STORE SHIM [ERROR...]: system calls of a merge through doveadm,
and of its undoing, fail; what doveadm itself calls does not. After a second run
every message is there once, with its flags; undone, what was there before. With
"pipe:EIO" the calls are those that read what doveadm says, with "stage:EIO" those
that look at what it is to import.

A few calls are tried for each error; every Nth with FERRY_EVERY_CALL=N in the
environment."""
import collections
import glob
import os
import re
import shutil
import subprocess
import sys

from dovecot import Dovecot, message, md, quoted

STORE, SHIM = sys.argv[1:3]
KNOWN = ['EIO', 'ENOSPC', 'EDQUOT', 'EINTR', 'EMFILE', 'short']
PIPES = ['pipe:EIO', 'pipe:short']
STAGES = ['stage:EIO']
ERRORS = sys.argv[3:] or KNOWN + PIPES + STAGES
STEP = int(os.environ.get('FERRY_EVERY_CALL', 401))
HERE = os.getcwd()
server = Dovecot('server', STORE + ':~/mail')
spool = server.dir + '/spool'
os.mkdir(spool)
os.chmod(spool, 0o755)
server.start()
DOVEADM = server.doveadm_command()
WANTED = collections.Counter({
    ('INBOX', '<m0@example.org>', ''): 1,
    ('INBOX', '<m1@example.org>', '\\Seen'): 1,
    ('INBOX', '<m2@example.org>', '\\Flagged'): 1,
    ('Neu', '<m3@example.org>', '\\Seen'): 1,
    ('Neu', '<m4@example.org>', ''): 1})
BEFORE = collections.Counter({('INBOX', '<m0@example.org>', ''): 1})
for folder in '', '.Neu':
    md.make_folder('source', folder)
for box, ident, flags in WANTED:
    number = int(ident[2])
    md.put('source', '' if box == 'INBOX' else '.Neu', '%d.M1P1.h:2,%s' % (
        1700000000 + number, flags[1:2]), message('m%d' % number))


def account(user):
    """A user who has the first message."""
    home = '%s/home/%s' % (server.dir, user)
    os.mkdir(home)
    os.chown(home, server.uid, server.gid)
    subprocess.run(DOVEADM.split() + ['save', '-u', user], check=True,
                   input=message('m0'))
    shutil.rmtree('state', ignore_errors=True)


def held(user):
    found = collections.Counter()
    with server.imap(user) as client:
        for line in client.list()[1]:
            name = line.split()[-1].decode()
            if int(client.select(quoted(name), readonly=True)[1][0]) == 0:
                continue
            for part in client.fetch('1:*', '(FLAGS BODY.PEEK[HEADER.FIELDS '
                                     '(MESSAGE-ID)])')[1]:
                if isinstance(part, tuple):
                    flags = re.search(rb'FLAGS \(([^)]*)\)', part[0]).group(1)
                    found[name, part[1].decode().split(':')[1].strip(),
                          ' '.join(f for f in flags.decode().split()
                                   if f != '\\Recent')] += 1
    return found


def run(user, *args, error='none', number=0):
    env = dict(os.environ, LD_PRELOAD=SHIM, FSCALL_ALL='1', FSCALL_BELOW=HERE,
               FSCALL_COUNT=HERE + '/calls', FSCALL_AT=str(number),
               FSCALL_DO=error.rpartition(':')[2])
    if ':' in error:
        env['FSCALL_BELOW'] = env['FSCALL_FILES'] = \
            'pipe:' if error in PIPES + ['pipe:none'] else spool
    return subprocess.run(
        ['maildir-merge', '-q', '-j', '1', *args, '--through-doveadm', user,
         '--doveadm', 'env -u LD_PRELOAD ' + DOVEADM, '--state-dir', 'state',
         '--stage', '%s=%s' % (spool, server.inside(spool))] +
        ([] if '--undo' in args else ['source']), env=env,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def check(good, what, result, user):
    assert good, '%s: exit %d, has %s\n%s' % (
        what, result.returncode, held(user), result.stderr.decode())


def calls():
    return int(open('calls').read())


def attempt(error, number, undo_number):
    user = 'u%s%d' % (error.lower().replace(':', ''), number)
    what = '%s at call %d' % (error, number)
    account(user)
    first = run(user, error=error, number=number)
    check(first.returncode in (0, 1, 2, 75), what, first, user)
    check(not held(user) - WANTED, what, first, user)
    again = run(user)
    check(again.returncode == 0 and held(user) == WANTED, what + ', rerun',
          again, user)
    for journal in sorted(glob.glob('state/*.journal'),
                          key=os.path.getmtime, reverse=True):
        back = run(user, '--undo', journal, error=error, number=undo_number)
        check(back.returncode in (0, 1, 2, 75), what + ', undo', back, user)
        if back.returncode != 0:
            back = run(user, '--undo', journal)
        check(back.returncode == 0 or b'undone before' in back.stderr,
              what + ', undo', back, user)
    check(held(user) == BEFORE, what + ', undone', back, user)
    return first.returncode


def measure(user, error):
    """How many calls a merge has, and an undoing."""
    account(user)
    result = run(user, error=error)
    merging = calls()
    check(result.returncode == 0 and held(user) == WANTED, 'merge', result, user)
    result = run(user, '--undo', glob.glob('state/*.journal')[0], error=error)
    check(result.returncode == 0 and held(user) == BEFORE, 'undo', result, user)
    return merging, calls()


counts = {}
if set(ERRORS) & set(KNOWN):
    counts.update(dict.fromkeys(KNOWN, measure('u', 'none')))
if set(ERRORS) & set(PIPES):
    counts.update(dict.fromkeys(PIPES, measure('p', 'pipe:none')))
if set(ERRORS) & set(STAGES):
    counts.update(dict.fromkeys(STAGES, measure('s', 'stage:none')))
ends = collections.Counter()
for name in ERRORS:
    merging, undoing = counts[name]
    step = STEP if name in KNOWN else max(1, STEP // 10)
    first = 1 if name in STAGES else \
        1 + 67 * (KNOWN + PIPES).index(name) % step
    assert merging > 10, counts
    for n in range(first, merging + 1, step):
        ends[name, attempt(name, n, 1 + n % max(undoing, 1))] += 1
print('%s calls of a merge, and of an undoing: %s' % (counts, dict(ends)))
assert os.listdir(spool) == [], os.listdir(spool)
assert not [c for c in server.complaints() if 'Panic' in c], \
    server.complaints()
server.stop()
