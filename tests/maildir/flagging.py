# SPDX-License-Identifier: ISC
# Copyright (c) 2026 The mailferry authors
"""flagging.py STORE: --flags with --through-doveadm, in a store that only Dovecot
can open: what report, add and mirror make of the flags of messages on both
sides, where their owner moved them too, and what the undoing makes of them."""
import os
import re
import subprocess
import sys

from dovecot import Dovecot, message, md, quoted

STORE = sys.argv[1]
# (id, mailbox of the target, its flags, of the source, after add, after mirror)
MAIL = [
    ('same', 'INBOX', '\\Seen', 'S', '\\Seen', '\\Seen'),
    ('more', 'INBOX', '', 'RS', '\\Answered \\Seen', '\\Answered \\Seen'),
    ('less', 'INBOX', '\\Flagged \\Seen', '', '\\Flagged \\Seen', ''),
    ('other', 'INBOX', '\\Flagged', 'P', '$Forwarded \\Flagged', '$Forwarded'),
    ('moved', 'A "b" c', '', 'FS', '\\Flagged \\Seen', '\\Flagged \\Seen'),
    ('word', 'INBOX', 'Wort', 'S', '\\Seen Wort', '\\Seen Wort'),
    ('draft', 'INBOX', '\\Draft', 'DS', '\\Draft \\Seen', '\\Draft \\Seen'),
]
server = Dovecot('server', STORE + ':~/mail')
os.makedirs('%s/home/u' % server.dir)
os.mkdir(server.dir + '/spool')
os.chmod(server.dir + '/spool', 0o755)
server.start()
md.make_folder('source')
with server.imap() as c:
    c.create(quoted('A \\"b\\" c'))
    for number, (ident, box, has, wants, _, _) in enumerate(MAIL):
        data = message(ident)
        c.append(quoted(box.replace('"', '\\"')), has, None,
                 data.replace(b'\n', b'\r\n'))
        md.put('source', '', '%d.M1P1.h:2,%s' % (1700000000 + number, wants),
               data)


def run(*args, status=0):
    result = subprocess.run(
        ['maildir-merge', *args, '--through-doveadm', 'u', '--doveadm',
         server.doveadm_command(),
         '--state-dir', 'state', '--stage', '%s=%s' %
         (server.dir + '/spool', server.inside(server.dir + '/spool'))] +
        ([] if '--undo' in args else ['source']), stdout=subprocess.PIPE,
        stderr=subprocess.PIPE)
    assert result.returncode == status, (args, result)
    assert '"added"' not in result.stdout.decode(), result
    return result.stdout.decode(), result.stderr.decode()


def flags():
    """{id: flags}"""
    found = {}
    with server.imap() as client:
        for box in ('INBOX', 'A \\"b\\" c'):
            client.select(quoted(box), readonly=True)
            data = client.fetch('1:*', '(FLAGS BODY.PEEK[HEADER.FIELDS '
                                '(SUBJECT)])')[1]
            for head, text in (p for p in data if isinstance(p, tuple)):
                words = re.search(rb'FLAGS \(([^)]*)\)', head).group(1)
                ident = text.decode().split(':')[1].strip()
                assert ident not in found, ident
                found[ident] = ' '.join(sorted(
                    (w for w in words.decode().split() if w != '\\Recent'),
                    key=lambda w: w.upper()))
    return found


def ordered(column):
    return {m[0]: ' '.join(sorted(m[column].split(),
                                  key=lambda w: w.upper())) for m in MAIL}


def newest():
    return max(('state/' + n for n in os.listdir('state')
                if n.endswith('.journal')), key=os.path.getmtime)


before = ordered(2)
assert flags() == before, flags()
_, err = run()
assert flags() == before and ' with other flags' in err, err
for policy, column in ('add', 4), ('mirror', 5):
    run('-n', '--flags', policy)
    assert flags() == before, policy
    _, err = run('--flags', policy)
    assert flags() == ordered(column), (policy, flags())
    changed = sum(m[2].split() != m[column].split() for m in MAIL)
    assert '%d message%s other flags' % (changed, ' gets' if changed == 1 else 's get') in err, (changed, err)
    _, err = run('--flags', policy)
    assert 'get other flags' not in err, err
    run('--undo', newest(), '-n')
    assert flags() == ordered(column), policy
    run('--undo', newest())
    assert flags() == before, (policy, flags())

# What the owner changed since is the owner's.
run('--flags', 'add')
with server.imap() as client:
    client.select('INBOX')
    number = client.search(None, 'SUBJECT', 'more')[1][0].decode()
    client.store(number, '+FLAGS', '(\\Flagged)')
out, _ = run('--undo', newest())
assert out.count('"changed"') == 1, out
before['more'] = '\\Answered \\Flagged \\Seen'
assert flags() == before, flags()
assert server.complaints() == [], server.complaints()
server.stop()
