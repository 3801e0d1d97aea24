# SPDX-License-Identifier: ISC
# Copyright (c) 2026 The mailferry authors
"""Lets system calls of maildir-check --fix fail with each error that they can
have, and runs it again: each message must be there once all the while, with its
flags, and in the end under a name that Dovecot can trust.

usage: checkfaults.py SHIM [ERROR...]

Every 41st call is tried, others for each error; all of them with
FERRY_EVERY_CALL in the environment."""
import collections
import os
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import maildirs as md  # noqa: E402

SHIM = sys.argv[1]
KNOWN = ['kill', 'EIO', 'ENOSPC', 'EDQUOT', 'EINTR', 'EMFILE', 'short', 'EIO+']
ERRORS = sys.argv[2:] or KNOWN
STEP = 1 if 'FERRY_EVERY_CALL' in os.environ else 41
CHECK = ['maildir-check', '--fix', 'target']


def make():
    for folder in '', '.Sent':
        md.make_folder('before', folder)
        for number, name in enumerate((
                '1.a,S=1,W=2:2,FS', '2.a:2,', '3.a:x:2,R', '4.a,S=9:2,T',
                '5.a,S=9:2,', '5.a,S=9:2,S', '6.a,W=3:2,D')):
            md.put('before', folder, name, b'Message-ID: <%d@x>\n\nx\n' %
                   number, 1000 + number)
        md.put('before', folder, '2.a', b'Message-ID: <20@x>\n\nx\n', 7, 'new')
        os.utime(os.path.join('before', folder, 'cur'), (5, 5))


def held():
    return collections.Counter((folder, flags, data, date) for
                               folder, _, _, flags, _, data, date in
                               md.messages('target'))


def wrong_names():
    seen = list(md.messages('target'))
    bases = [(m[0], m[2].split(':')[0]) for m in seen]
    return [m[2] for m in seen if not md.sizes_are_right(m[2], m[5]) or
            m[2].count(':') > 1] + [b for b in set(bases)
                                    if bases.count(b) > 1]


def run(error='none', number=0):
    env = dict(os.environ, LD_PRELOAD=SHIM, FSCALL_BELOW=os.getcwd(),
               FSCALL_COUNT='calls', FSCALL_AT=str(number),
               FSCALL_DO=error.rstrip('+'))
    env['FSCALL_LASTING' if error.endswith('+') else 'FSCALL_ALL'] = '1'
    return subprocess.run(CHECK, env=env, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE)


def fresh():
    shutil.rmtree('target', ignore_errors=True)
    shutil.copytree('before', 'target')


def check(good, what, result):
    if not good:
        print('%s: exit %d\n%s%s\n%s' % (
            what, result.returncode, result.stdout.decode(),
            result.stderr.decode(), wrong_names()))
        sys.exit(1)


make()
fresh()
wanted = held()
ends = collections.Counter()
for name in ERRORS:
    fresh()
    result = run(name)
    check(result.returncode == 0 and not wrong_names() and held() == wanted,
          'by itself', result)
    for n in range(1 + 5 * KNOWN.index(name) % STEP,
                   int(open('calls').read()) + 1, STEP):
        what = '%s at call %d' % (name, n)
        fresh()
        result = run(name, n)
        check(result.returncode in (-9, 0, 1, 2, 75), what, result)
        check(held() == wanted, what, result)
        check(result.returncode != 0 or not wrong_names(), what, result)
        ends[name, result.returncode] += 1
        result = run()
        check(result.returncode == 0 and not wrong_names() and
              held() == wanted, what + ', and again', result)
print(dict(ends))
