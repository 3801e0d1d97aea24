# SPDX-License-Identifier: ISC
# Copyright (c) 2026 The mailferry authors
"""maildir-merge --through-doveadm: a keyword that Dovecot does not take costs no
other one, and is named; what it leaves out for another reason is seen, too."""
import json
import os
import subprocess

from dovecot import Dovecot, message

LONG = 'w' * 51
KEYWORDS = '0 Work\n1 %s\n2 $NotJunk\n' % LONG
LETTERS = {'1.a': 'abc', '2.b': 'ac', '3.c': 'b'}


def tree():
    for sub in ('cur', 'new', 'tmp'):
        os.makedirs('tree/' + sub)
    with open('tree/dovecot-keywords', 'w') as f:
        f.write(KEYWORDS)
    for name, letters in LETTERS.items():
        with open('tree/cur/%s:2,S%s' % (name, letters), 'wb') as f:
            f.write(message(name))


def merge(server, *more):
    """The results by file, and what was said."""
    spool = server.dir + '/spool'
    os.makedirs(spool, exist_ok=True)
    os.chmod(spool, 0o755)
    done = subprocess.run(
        ['maildir-merge', '--through-doveadm', 'u', '--doveadm',
         server.doveadm_command(), '--state-dir', 'state', '--stage',
         '%s=%s' % (spool, server.inside(spool)), *more, 'tree'],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert done.returncode == 0, done
    results = [json.loads(line) for line in done.stdout.splitlines()]
    return ({r['file'][4:7]: r for r in results}, done.stderr.decode())


def keywords(server):
    """Of each message by its number of keywords: Dovecot's order is its own."""
    out = subprocess.run(
        server.doveadm_command().split() +
        ['fetch', '-u', 'u', 'flags', 'mailbox', 'INBOX', 'all'],
        stdout=subprocess.PIPE, check=True).stdout.decode()
    return sorted(sorted(w for w in line.split()[1:] if w[0] != '\\')
                  for line in out.splitlines() if line.startswith('flags:'))


def check(name, more, taken, lost):
    """lost: by message, what its record names."""
    server = Dovecot(name, 'sdbox:~/dbox', more)
    server.start()
    for dry in (['-n'], []):
        results, err = merge(server, *dry)
        if dry and 'protocol' in more:
            continue  # only Dovecot knows
        for key, names in lost.items():
            reason = results[key].get('reason', '')
            assert ('not all keywords could be carried: ' + names in reason
                    if names else reason == ''), (key, results[key])
        assert ('keywords not carried: Dovecot does not take' in err) == \
            any(lost.values()), err
    assert keywords(server) == sorted(taken), keywords(server)
    server.stop()


tree()
BOTH = ['$NotJunk', 'Work']
check('usual', '', [BOTH, BOTH, []], {'1.a': LONG, '2.b': None, '3.c': LONG})
check('longer', 'mail_max_keyword_length = 60\n',
      [BOTH + [LONG], BOTH, [LONG]], {'1.a': None, '2.b': None, '3.c': None})
# doveadm has another limit: all is lost with one keyword, but not in silence.
check('own', 'protocol doveadm {\n  mail_max_keyword_length = 7\n}\n',
      [[], [], []], {'1.a': '$notjunk', '2.b': '$notjunk', '3.c': LONG})
