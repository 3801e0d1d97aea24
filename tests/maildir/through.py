# SPDX-License-Identifier: ISC
# Copyright (c) 2026 The mailferry authors
"""through.py STORE ARCHIVE [KILLS]: maildir-merge --through-doveadm into a store
that only Dovecot can open (crypt, sdbox, mdbox, prefix), with the mail of a real
archive: every message is there once, a second run adds nothing, the undoing
leaves what was there before; and so after KILLS runs that were killed."""
import collections
import hashlib
import json
import os
import random
import re
import signal
import subprocess
import sys
import time

from dovecot import Dovecot, IS_24

KEYS = '''
plugin {
  mail_crypt_global_private_key = <%(dir)s/private.pem
  mail_crypt_global_public_key = <%(dir)s/public.pem
  mail_crypt_save_version = 2
  zlib_save = gz
}
mail_plugins = mail_crypt zlib
'''
KEYS_24 = '''
mail_plugins {
  mail_crypt = yes
  mail_compress = yes
}
crypt_global_private_key main {
  crypt_private_key_file = %(dir)s/private.pem
}
crypt_global_public_key_file = %(dir)s/public.pem
crypt_write_algorithm = aes-256-gcm-sha256
mail_compress_write_method = gz
'''
# Special-use folders of unusual names, and a namespace with a prefix.
ROLES = '''
namespace inbox {
  mailbox "Gesendete Objekte" {
    special_use = \\Sent
    auto = create
  }
}
'''
PREFIX = '''
namespace inbox {
  prefix = INBOX.
  separator = .
}
'''
STORES = {
    'crypt': ('maildir:~/Maildir', True, ROLES),
    'sdbox': ('sdbox:~/sdbox', False, ROLES),
    'mdbox': ('mdbox:~/mdbox', False, ROLES),
    'prefix': ('maildir:~/Maildir', True, PREFIX),
}


class Server(Dovecot):
    def __init__(self, store):
        location, crypt, more = STORES[store]
        super().__init__('server', location, more)
        if crypt:
            subprocess.check_call(
                'openssl ecparam -name prime256v1 -genkey 2>/dev/null |'
                'openssl pkey -out private.pem &&'
                'openssl pkey -in private.pem -pubout -out public.pem &&'
                'chmod 644 *.pem', shell=True, cwd=self.dir)
            with open(self.conf, 'a') as f:
                f.write((KEYS_24 if IS_24 else KEYS) %
                        {'dir': self.inside(self.dir)})
        if store == 'prefix':
            with open(self.conf) as f:
                text = f.read().replace('  separator = /\n', '')
            with open(self.conf, 'w') as f:
                f.write(text)
        os.mkdir(self.dir + '/spool')
        os.chmod(self.dir + '/spool', 0o755)
        self.command = self.doveadm_command()
        self.own()
        self.start()

    def doveadm(self, *args, data=None, check=True):
        result = subprocess.run(self.command.split() + list(args), input=data,
                                stdout=subprocess.PIPE)
        if check and result.returncode != 0:
            raise AssertionError('%r: %d' % (args, result.returncode))
        return result.stdout

    def options(self):
        spool = self.dir + '/spool'
        return ['--through-doveadm', 'u', '--doveadm', self.command,
                '--state-dir', 'state',
                '--stage', '%s=%s' % (spool, self.inside(spool))]

    def merge(self, *args, status=0):
        result = subprocess.run(['maildir-merge', *self.options(), *args],
                                stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE)
        if result.returncode != status:
            raise AssertionError('exit %d: %s' % (result.returncode,
                                                  result.stderr.decode()))
        leftover = os.listdir(self.dir + '/spool')
        assert leftover == [], leftover
        return result.stdout.decode(), result.stderr.decode()

    def mail(self):
        """{folder: sorted [(digest of the text, flags, date)]}"""
        with self.imap() as client:
            found = {}
            for line in client.list()[1]:
                name = re.search(rb'"." "?([^"]*)"?$', line).group(1).decode()
                status, data = client.select('"%s"' % name, readonly=True)
                if name == 'INBOX.INBOX':  # the INBOX again
                    continue
                if status != 'OK':
                    continue
                found[name] = []
                if int(data[0]) == 0:
                    continue
                _, data = client.fetch(
                    '1:*', '(FLAGS INTERNALDATE BODY.PEEK[])')
                for head, text in (p for p in data if isinstance(p, tuple)):
                    flags = re.search(rb'FLAGS \(([^)]*)\)', head).group(1)
                    found[name].append((
                        hashlib.sha256(text).hexdigest(),
                        tuple(sorted(f for f in flags.decode().split()
                                     if f != '\\Recent')),
                        re.search(rb'DATE "([^"]*)"', head).group(1).decode()))
                found[name].sort()
            return found


def as_sent(data):
    """A message as IMAP hands it out."""
    return re.sub(rb'\r?\n', b'\r\n', data).replace(b'\0', b'\x80')


def source_mail(tree):
    """[(folder as folders.ndjson says, digest, flags, date)]"""
    result = []
    for line in open(tree + '/folders.ndjson'):
        note = json.loads(line)
        box = os.path.join(tree, 'mail', note['dir'])
        letters = {}
        if os.path.exists(box + '/dovecot-keywords'):
            for row in open(box + '/dovecot-keywords'):
                number, name = row.split()
                letters[chr(ord('a') + int(number))] = name
        for name in os.listdir(box + '/cur'):
            path = box + '/cur/' + name
            flags = {'S': '\\Seen', 'R': '\\Answered', 'F': '\\Flagged',
                     'D': '\\Draft', 'P': '$Forwarded', 'T': '\\Deleted'}
            flags.update(letters)
            digest = hashlib.sha256(as_sent(open(path, 'rb').read()))
            result.append(('/'.join(note['path']), digest.hexdigest(),
                           tuple(sorted(flags[c] for c in
                                        name.rpartition(',')[2])),
                           max(0, int(os.stat(path).st_mtime))))
    return result


def texts(mail):
    return collections.Counter(m[0] for f in mail.values() for m in f)


def seed(server, source, tree):
    """The old server has every seventh message already, in its INBOX, and mail of
    its own."""
    for path in subprocess.check_output(
            ['find', tree + '/mail', '-path', '*/cur/*', '-type', 'f'],
            text=True).splitlines()[::7]:
        with open(path, 'rb') as f:
            server.doveadm('save', '-u', 'u', data=f.read())
    for i in range(2):
        server.doveadm('save', '-u', 'u', data=b'Subject: own %d\n'
                       b'Message-ID: <own%d@old>\n\nmine\n' % (i, i))
    return server.mail()


def check_merged(server, source, before):
    """Every message of the source is in the account as often as in the source,
    or as the account had it before; nothing else came or went."""
    after = server.mail()
    had, have = texts(before), texts(after)
    want = collections.Counter(s[1] for s in source)
    for digest in set(had) | set(have) | set(want):
        expected = max(had[digest], want[digest])
        assert have[digest] == expected, (
            digest, have[digest], expected,
            [f for f in after if any(m[0] == digest for m in after[f])])
    for folder, messages in before.items():
        missing = collections.Counter(messages) - \
            collections.Counter(after[folder])
        assert not missing, (folder, missing)
    return after


def check_details(source, before, after):
    """What was added has its flags and its date."""
    old = texts(before)
    kept = {}
    for folder in after.values():
        for digest, flags, date in folder:
            kept.setdefault(digest, []).append((flags, date))
    for _, digest, flags, date in source:
        if digest in old:
            continue
        when = time.strftime('%d-%b-%Y %H:%M:%S +0000', time.gmtime(date))
        assert any(set(flags) == set(f) and d.strip() == when.lstrip('0')
                   or set(flags) == set(f) and d.strip() == when
                   for f, d in kept[digest]), (flags, when, kept[digest])


def check_encrypted(server):
    """Dovecot has stored all mail itself: none is a link to what was imported."""
    files = subprocess.check_output(
        ['find', server.dir + '/home', '(', '-path', '*/cur/*', '-o', '-path',
         '*/new/*', ')', '-type', 'f'], text=True).splitlines()
    assert files
    for path in files:
        with open(path, 'rb') as f:
            assert f.read(7) == b'CRYPTED', path


def journals():
    return sorted(os.path.join('state', n) for n in os.listdir('state')
                  if n.endswith('.journal'))


def kill_runs(server, tree, times):
    """Runs that are killed, each a little later; -9 ends us and not the doveadm
    that we started."""
    for i in range(times):
        process = subprocess.Popen(
            ['maildir-merge', *server.options(), '-q', tree + '/mail'],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(0.1 + i * 0.15 + random.random() * 0.1)
        process.send_signal(signal.SIGKILL)
        process.wait()


def merge_at_last(server, tree):
    """Another run may have to wait for what a killed one left at work."""
    for _ in range(100):
        result = subprocess.run(
            ['maildir-merge', *server.options(), '-q', tree + '/mail'],
            stderr=subprocess.PIPE)
        if result.returncode != 75:
            break
        time.sleep(0.2)
    assert result.returncode == 0, result.stderr.decode()


def main():
    store, archive, kills = sys.argv[1], sys.argv[2], sys.argv[3:]
    with open('back.sqlite', 'wb') as f:
        f.write(subprocess.check_output(['gzip', '-dc', archive]))
    subprocess.run(['archive2maildir', '-q', 'back.sqlite', 'tree'],
                   stdout=subprocess.DEVNULL, check=False)
    server = Server(store)
    source = source_mail('tree')
    before = seed(server, source, 'tree')
    if kills:
        kill_runs(server, 'tree', int(kills[0]))
        merge_at_last(server, 'tree')
        check_merged(server, source, before)
    else:
        plan, _ = server.merge('-n', 'tree/mail')
        assert server.mail() == before
        out, _ = server.merge('tree/mail')
        assert sorted(plan.replace('"planned"', '"added"').splitlines()) \
            == sorted(out.splitlines())
        after = check_merged(server, source, before)
        check_details(source, before, after)
        if STORES[store][1]:
            check_encrypted(server)
        if store != 'prefix':
            sent = {s[1] for s in source if s[0].startswith('Sent')}
            assert 'Sent Items' not in after, list(after)
            assert sent - set(texts(before)) <= \
                {m[0] for m in after['Gesendete Objekte']}
    out, _ = server.merge('tree/mail')
    assert '"added"' not in out and '"failed"' not in out, out
    for journal in reversed(journals()):
        server.merge('-q', '--undo', journal)
    assert server.mail() == before, (server.mail(), before)
    for journal in journals():
        server.merge('--undo', journal, status=2)
    assert server.complaints() == [], server.complaints()
    server.stop()


main()
