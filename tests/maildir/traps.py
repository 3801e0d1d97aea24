# SPDX-License-Identifier: ISC
# Copyright (c) 2026 The mailferry authors
"""Each trap of a Maildir that Dovecot serves: what a merge makes of it must be
what an IMAP client can use.

usage: traps.py"""
import glob
import json
import os
import re
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from dovecot import (IS_24, Dovecot, body_sizes, fetch, md,  # noqa: E402
                     merge, message)

QUOTA = '''
plugin {
  quota = maildir:User quota
  quota_rule = *:storage=1G
}
protocol imap {
  mail_plugins = quota imap_quota
}
'''
QUOTA_24 = '''
mail_plugins {
  quota = yes
}
protocol imap {
  mail_plugins {
    imap_quota = yes
  }
}
quota "User quota" {
  driver = maildir
  storage_size = 1G
}
'''
dovecot = Dovecot('dovecot', more=QUOTA_24 if IS_24 else QUOTA)
number = 0


def account():
    """An empty account, and an empty source; (user, target, source)."""
    global number
    number += 1
    user = 'u%d' % number
    md.make_folder(dovecot.maildir(user))
    md.make_folder('source%d' % number)
    dovecot.own()
    return user, dovecot.maildir(user), 'source%d' % number


def check(name, good, text=''):
    print('%s %s%s' % ('ok' if good else 'FAILED', name,
                       ': ' + str(text) if not good else ''))
    if not good:
        dovecot.stop()
        sys.exit(1)


def idents(client, folder):
    return sorted(v[0].strip('<>').split('@')[0]
                  for v in fetch(client, folder).values())


def used(client):
    """KiB of the quota."""
    answer = client.getquota('"User quota"')[1][0]
    return int(re.search(rb'STORAGE (\d+)', answer).group(1))


dovecot.start()

# Sizes that lie, in the source's names: the session would end.
user, target, source = account()
for i, name in enumerate(('1.a,S=1,W=1', '2.b,S=', '3.c,S=99999', '4.d,W=3')):
    md.put(source, '', name + ':2,S', message('m%d' % i, 'long ' * 50), 1000)
merge('-q', source, target)
client = dovecot.imap(user)
sizes = body_sizes(client, 'INBOX')
check('sizes', len(sizes) == 4 and all(a == b for a, b in sizes), sizes)

# The time of the directory: a session that is open sees what comes.
md.put(source, '', '5.e:2,', message('m5'), 1000)
merge('-q', source, target)
client.noop()
check('directory time', len(body_sizes(client, 'INBOX')) == 5)

# maildir-check sees a directory whose time was put back, and mends it.
client.logout()
back = os.stat(target).st_mtime - 100  # Dovecot looks twice at what is new
for part in ('cur', 'new'):
    os.utime('%s/%s' % (target, part), (back, back))
client = dovecot.imap(user)
body_sizes(client, 'INBOX')
client.logout()
path = md.put(target, '', '6.f:2,', message('m6'))
os.chown(path, dovecot.uid, dovecot.gid)
os.utime(target + '/cur', (back, back))
found = subprocess.run(['maildir-check', target], stdout=subprocess.PIPE)
fixed = subprocess.run(['maildir-check', '--fix', target],
                       stdout=subprocess.PIPE)
client = dovecot.imap(user)
check('a time put back', found.returncode == 1 and
      b'"unseen"' in found.stdout and fixed.returncode == 0 and
      len(body_sizes(client, 'INBOX')) == 6, (found, fixed))

# Internal dates, before 1970 too, and a name that was expunged before.
user, target, source = account()
md.put(source, '', '1.a:2,', message('early'), -150000000)
md.put(source, '', '2.b:2,', message('late'), 1700000000)
merge('-q', source, target)
client = dovecot.imap(user)
dates = [v[2][:11].strip() for v in fetch(client, 'INBOX').values()]
client.logout()
client = dovecot.imap(user)  # dates come out of Dovecot's cache now
dates += [v[2][:11].strip() for v in fetch(client, 'INBOX').values()]
check('internal dates', dates == ['01-Jan-1970', '14-Nov-2023'] * 2, dates)
uids = list(fetch(client, 'INBOX'))
client.select('INBOX')
client.store('1:*', '+FLAGS', '\\Deleted')
client.expunge()
merge('-q', '--readd', source, target)
again = fetch(client, 'INBOX')
check('an expunged name again', len(again) == 2 and
      min(again) > max(uids) and 'reappeared' not in dovecot.log(),
      (uids, again))
client.logout()

# What only needs another name, mended while a client is connected.
user, target, source = account()
data = message('w', 'long ' * 50)
md.put(target, '', '1.a,S=%d:2,S' % (len(data) + 1), data, 1000)
md.put(target, '', '2.b,S=%d,W=10:2,F' % len(data), data, 1001)
md.put(target, '', '3.c:2,R', data, 1002)
md.put(target, '', '3.c:2,F', data, 1003)
md.put(target, '', '4.d:x:2,D', data, 1004)
md.put(target, '', '5.e,S=%d:2,' % len(data), data, 1005)
dovecot.own()
client = dovecot.imap(user)
fixed = subprocess.run(['maildir-check', '--fix', target], stdout=subprocess.PIPE)
found = sorted(json.loads(line)['finding']
               for line in fixed.stdout.splitlines())
client.select('INBOX')
sizes = body_sizes(client, 'INBOX')
flags = sorted(''.join(sorted(v[1]))
               for v in fetch(client, 'INBOX').values())
again = subprocess.run(['maildir-check', target], stdout=subprocess.PIPE)
check('names mended under the lock', fixed.returncode == 0 and
      found == ['colon', 'size', 'twice', 'vsize'] and
      len(sizes) == 6 and all(a == b for a, b in sizes) and
      flags == ['', '\\Answered', '\\Draft', '\\Flagged', '\\Flagged',
                '\\Seen'] and again.returncode == 0,
      (fixed, sizes, flags, again))
client.logout()

# One base name on both sides, for two messages.
user, target, source = account()
md.put(target, '', '1.same:2,F', message('theirs'), 1000)
md.put(source, '', '1.same:2,S', message('ours'), 1000)
dovecot.own()
merge('-q', source, target)
client = dovecot.imap(user)
seen = fetch(client, 'INBOX')
check('one base name', sorted((v[0], tuple(v[1])) for v in seen.values()) ==
      [('<ours@example.org>', ('\\Seen',)),
       ('<theirs@example.org>', ('\\Flagged',))], seen)

# Courier's .INBOX, and names that nobody could open.
user, target, source = account()
for folder in ('.INBOX', '.Inbox.Sub', '.~x', '.a..b', '.ok'):
    md.make_folder(source, folder)
    md.put(source, folder, '1.x:2,', message('in' + folder), 1000)
out = merge(source, target, status=1)
client = dovecot.imap(user)
check('.INBOX', idents(client, 'INBOX') == ['in.INBOX'] and
      idents(client, 'ok') == ['in.ok'], out)
check('names that cannot be opened', sorted(
    json.loads(line)['file'] for line in out.splitlines()
    if '"failed"' in line) == ['.Inbox.Sub/cur/1.x:2,', '.a..b/cur/1.x:2,',
                               '.~x/cur/1.x:2,'], out)
# Dovecot says so of the one that looks as if it could.
md.make_folder(target, '.Inbox.Sub')
dovecot.own()
check('a folder below Inbox', client.select('Inbox.Sub')[0] == 'NO' and
      client.select('INBOX.Sub')[0] == 'NO', client.list())

# Modified UTF-7 in the target, UTF-8 in the source; the text of a name that
# went through an archive as it stood on disk.
user, target, source = account()
md.make_folder(target, '.Entw&APw-rfe')
md.make_folder(target, '.A &- B')
dovecot.own()
for folder in ('.Entwürfe', '.A & B', '.日本', '.Entw&APw-rfe', '.Ru\u0308ck'):
    md.make_folder(source, folder)
    md.put(source, folder, '1.x:2,', message(
        'm' + str(len(folder.encode()))), 1000)
merge('-q', source, target)
client = dovecot.imap(user)
names = sorted(os.path.basename(p) for p in glob.glob(target + '/.[!.]*'))
check('encodings', names == ['.&ZeVnLA-', '.A &- B', '.Entw&APw-rfe',
                             '.R&APw-ck'], names)
check('encodings in IMAP', len(idents(client, 'Entw&APw-rfe')) == 2 and
      len(idents(client, '&ZeVnLA-')) == 1 and
      len(idents(client, 'A &- B')) == 1)

# Keyword letters mean what each folder's own list says.
user, target, source = account()
md.put_keywords(target, '', ['Zero', 'Work'])
md.put_keywords(source, '', ['Work', 'zero', 'New'])
md.put(target, '', '1.t:2,b', message('theirs'), 1000)
md.put(source, '', '1.s:2,abc', message('ours'), 1000)
md.put(source, '', '2.s:2,SP', message('forwarded'), 1001)
md.put(source, '', '3.s:2,z', message('nameless'), 1002)
dovecot.own()
merge('-q', source, target)
client = dovecot.imap(user)
seen = {v[0]: v[1] for v in fetch(client, 'INBOX').values()}
check('keywords', seen == {
    '<theirs@example.org>': {'Work'},
    '<ours@example.org>': {'Work', 'Zero', 'New'},
    '<forwarded@example.org>': {'\\Seen', '$Forwarded'},
    '<nameless@example.org>': set()}, seen)
client.select('INBOX')
status, data = client.uid('STORE', '1', '+FLAGS', '(Another)')
check('a keyword added later', status == 'OK' and
      b'Another' in b''.join(client.fetch('1', '(FLAGS)')[1]))
client.logout()

# The quota file counts what came.
user, target, source = account()
client = dovecot.imap(user)
client.create('Keep')
for i in range(5):
    client.append('Keep', None, None, message('a%d' % i))
for i in range(100):
    md.put(source, '', '%d.q:2,' % i, message('q%d' % i, 'x' * 1000), 1000)
merge('-q', source, target)
usage = used(client)
total = sum(len(m[5]) for m in md.messages(target))
check('quota', abs(usage - total // 1024) <= 1, (usage, total))
subprocess.check_output(['maildir-merge', '-q', '--undo'] +
                        [j for j in glob.glob('state/*')
                         if '"%s"' % target in open(j).read()] + [target])
usage = used(client)
check('quota after undo', usage <= 2, usage)

# Flags of what both sides have, with a client that looks on.
user, target, source = account()
for i in range(50):
    md.put(target, '', '%d.t:2,F' % i, message('f%d' % i), 1000 + i)
    md.put(source, '', '%d.s:2,RS' % i, message('f%d' % i), 1000 + i)
dovecot.own()
client = dovecot.imap(user)
uids = {u: v[0] for u, v in fetch(client, 'INBOX').items()}
merge('-q', source, target)
check('flags are left alone', all(v[1] == {'\\Flagged'} for v in
                                  fetch(client, 'INBOX').values()))
merge('-q', '--flags', 'add', source, target)
client.noop()
seen = fetch(client, 'INBOX')
check('flags are added', all(v[1] == {'\\Flagged', '\\Seen', '\\Answered'}
                             for v in seen.values()) and
      {u: v[0] for u, v in seen.items()} == uids, seen)

# A message that was removed after an earlier merge does not come back.
user, target, source = account()
md.put(source, '', '1.s:2,', message('once'), 1000)
merge('-q', source, target)
client = dovecot.imap(user)
client.select('INBOX')
client.store('1', '+FLAGS', '\\Deleted')
client.expunge()
out = merge(source, target)
check('removed since', '"skipped"' in out and
      idents(client, 'INBOX') == [], out)
merge('--readd', source, target)
check('added again on demand', idents(client, 'INBOX') == ['once'])

# LAYOUT=fs, CONTROL= elsewhere.
user, target, source = account()
md.make_folder(source, '.A.B')
md.put(source, '.A.B', '1.s:2,a', message('deep'), 1000)
md.put_keywords(source, '.A.B', ['Work'])
fs = Dovecot('fs', 'maildir:~/Maildir:LAYOUT=fs:CONTROL=~/control')
os.makedirs(os.path.dirname(fs.maildir()))
fs.start()
client2 = fs.imap()
client2.append('INBOX', None, None, message('own'))
client2.create('Other')
client2.append('Other', None, None, message('own'))
control = os.path.dirname(fs.maildir()) + '/control'
merge('-q', '--control-dir', control, source, fs.maildir())
seen = {v[0]: v[1] for v in fetch(client2, 'A/B').values()}
check('LAYOUT=fs with CONTROL', seen == {'<deep@example.org>': {'Work'}} and
      not os.path.exists(fs.maildir() + '/A/B/dovecot-keywords') and
      b'A/B' in b''.join(client2.lsub('""', '*')[1]), seen)
client2.logout()
fs.stop()
check('no complaints of the second', not fs.complaints(), fs.complaints())

# LAYOUT=index cannot be written.
index = Dovecot('index', 'maildir:~/Maildir:LAYOUT=index')
os.makedirs(os.path.dirname(index.maildir()))
index.start()
client2 = index.imap()
client2.create('Box')
client2.append('Box', None, None, message('own'))
client2.logout()
index.stop()
merge('-q', source, index.maildir(), status=2)
check('LAYOUT=index is refused', True)

dovecot.stop()
check('no complaints', not dovecot.complaints(),
      '\n'.join(dovecot.complaints()))
