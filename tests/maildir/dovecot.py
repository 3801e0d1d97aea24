# SPDX-License-Identifier: ISC
# Copyright (c) 2026 The mailferry authors
"""A Dovecot of its own for a test: folder, ports and log below one directory.
With FERRY_DOVECOT24, the root folder of a system that has Dovecot 2.4, that one
is run, by chroot(2); "/." is this machine."""
import atexit
import grp
import imaplib
import os
import pwd
import re
import shutil
import smtplib
import socket
import subprocess
import tempfile
import time

import maildirs as md

imaplib._MAXLINE = 100000000

CONF = '''
%(dialect)s
base_dir = %(dir)s/run
state_dir = %(dir)s/state
instance_name = %(dir)s
log_path = %(dir)s/log
ssl = no
protocols = imap lmtp
default_internal_user = %(internal)s
default_internal_group = %(group)s
default_login_user = %(login)s
first_valid_uid = 1
first_valid_gid = 1
namespace inbox {
  inbox = yes
  separator = /
}
service anvil {
  chroot =
}
service stats {
  chroot =
}
service config {
  unix_listener config {
    mode = 0666
  }
}
service imap-login {
  chroot =
  inet_listener imap {
    %(listen)s = 127.0.0.1
    port = %(imap)d
  }
  inet_listener imaps {
    port = 0
  }
}
service lmtp {
  inet_listener lmtp {
    %(listen)s = 127.0.0.1
    port = %(lmtp)d
  }
}
%(more)s
'''

# What 2.3 and 2.4 call by other names.
DIALECT_23 = '''
disable_plaintext_auth = no
mail_location = %(location)s
passdb {
  driver = static
  args = password=secret
}
userdb {
  driver = static
  args = uid=%(uid)d gid=%(gid)d home=%(dir)s/home/%%u %(field)s
}
'''
DIALECT_24 = '''
dovecot_config_version = 2.4.1
dovecot_storage_version = 2.4.1
auth_allow_cleartext = yes
%(location)s
passdb static {
  password = secret
}
userdb static {
  fields {
    uid = %(uid)d
    gid = %(gid)d
    home = %(dir)s/home/%%{user}
    %(field)s
  }
}
'''
# DUMP_CAPABILITY: see t/lib.sh.
WRAPPER = '''#!/bin/sh
export DUMP_CAPABILITY=1
settings=%(socket)s
[ "$1" != config ] || settings=%(conf)s
exec %(enter)s doveadm -c "$settings" "$@"
'''
IS_24 = 'FERRY_DOVECOT24' in os.environ
ROOT_24 = os.path.realpath(os.environ['FERRY_DOVECOT24']).rstrip('/') \
    if IS_24 else ''


def settings_24(location):
    """The settings of 2.4 for a mail_location of 2.3."""
    driver, path, *options = location.split(':')
    names = {'LAYOUT': 'mailbox_list_layout', 'CONTROL': 'mail_control_path',
             'INBOX': 'mail_inbox_path'}
    lines = ['mail_driver = ' + driver, 'mail_path = ' + path]
    for option in options:
        key, value = option.split('=')
        lines.append('%s = %s' % (names[key], value))
    return '\n'.join(lines)


def free_ports(n):
    socks = [socket.socket() for _ in range(n)]
    for s in socks:
        s.bind(('127.0.0.1', 0))
    ports = [s.getsockname()[1] for s in socks]
    for s in socks:
        s.close()
    return ports


class Dovecot:
    def __init__(self, directory, location='maildir:~/Maildir', more='',
                 field=''):
        self.root = ROOT_24
        if ROOT_24:  # the only place that both sides can see
            self.dir = tempfile.mkdtemp(prefix=directory + '.',
                                        dir=ROOT_24 + '/srv')
            atexit.register(shutil.rmtree, self.dir, ignore_errors=True)
        else:
            self.dir = os.path.abspath(directory)
        os.makedirs(self.dir + '/home')
        owner = pwd.getpwuid(os.getuid())
        root = os.getuid() == 0
        if root:  # Dovecot serves no mail as root
            owner = pwd.getpwnam('nobody')
            os.chmod(self.dir, 0o755)
            for parent in (os.path.dirname(self.dir),
                           os.path.dirname(os.path.dirname(self.dir))):
                if os.stat(parent).st_mode & 0o001 == 0:
                    os.chmod(parent, 0o711)
        self.uid, self.gid = owner.pw_uid, owner.pw_gid
        self.imap_port, self.lmtp_port = free_ports(2)
        self.conf = self.dir + '/dovecot.conf'
        values = {
            'dir': self.inside(self.dir),
            'location': settings_24(location) if IS_24 else location,
            'listen': 'listen' if IS_24 else 'address',
            'more': more, 'uid': self.uid, 'gid': self.gid,
            'field': field,
            'imap': self.imap_port, 'lmtp': self.lmtp_port,
            'internal': 'dovecot' if root else owner.pw_name,
            'group': 'dovecot' if root else grp.getgrgid(self.gid).gr_name,
            'login': 'dovenull' if root else owner.pw_name}
        values['dialect'] = (DIALECT_24 if IS_24 else DIALECT_23) % values
        with open(self.conf, 'w') as f:
            f.write(CONF % values)
        self.process = None

    def inside(self, path):
        """The path as Dovecot sees it."""
        return path[len(self.root):]

    def doveadm_command(self):
        """A doveadm that asks the running Dovecot for its settings, as one without
        -c does. With a file it starts doveconf first, which takes longer than all
        that it does itself; only "config" is to have the file."""
        path = self.dir + '/doveadm'
        with open(path, 'w') as f:
            f.write(WRAPPER % {
                'socket': self.inside(self.dir) + '/run/config',
                'conf': self.inside(self.conf),
                'enter': 'chroot ' + self.root if self.root else ''})
        os.chmod(path, 0o755)
        return path

    def maildir(self, user='u'):
        return '%s/home/%s/Maildir' % (self.dir, user)

    def own(self):
        """Gives the homes to the user that Dovecot serves mail as."""
        if os.getuid() == 0:
            subprocess.check_call(['chown', '-R', '%d:%d' %
                                   (self.uid, self.gid), self.dir + '/home'])
            os.chmod(self.dir + '/home', 0o755)

    def start(self):
        self.own()
        enter = ['chroot', self.root] if self.root else []
        self.process = subprocess.Popen(enter + ['dovecot', '-F', '-c',
                                                 self.inside(self.conf)],
                                        stdout=subprocess.DEVNULL,
                                        stderr=subprocess.PIPE)
        for _ in range(200):
            try:
                socket.create_connection(('127.0.0.1', self.imap_port)).close()
                return
            except OSError:
                if self.process.poll() is not None:
                    break
                time.sleep(0.05)
        raise SystemExit('dovecot did not start: %s' % self.log())

    def stop(self):
        if self.process is not None:
            self.process.terminate()
            self.process.wait()
            self.process = None

    def log(self):
        try:
            with open(self.dir + '/log') as f:
                return f.read()
        except FileNotFoundError:
            return ''

    def complaints(self):
        return [line for line in self.log().splitlines()
                if re.search(r'(Error|Warning|Fatal|Panic):', line) and
                'master: Warning: Killed with' not in line and
                # Of the clock of a busy machine.
                ': Warning: Time moved ' not in line]

    def imap(self, user='u'):
        client = imaplib.IMAP4('127.0.0.1', self.imap_port)
        client.login(user, 'secret')
        return client

    def deliver(self, data, user='u'):
        with smtplib.LMTP('127.0.0.1', self.lmtp_port) as lmtp:
            lmtp.sendmail('a@example.org', [user], data)


def quoted(folder):
    return '"%s"' % folder


def fetch(client, folder, items='(UID FLAGS INTERNALDATE RFC822.SIZE '
          'BODY.PEEK[HEADER.FIELDS (MESSAGE-ID)])'):
    """{uid: (message id, flags, date, size)} of a folder."""
    status, data = client.select(quoted(folder), readonly=True)
    if status != 'OK':
        raise AssertionError('%s cannot be selected: %s' % (folder, data))
    found = {}
    if int(data[0]) == 0:
        return found
    status, data = client.fetch('1:*', items)
    assert status == 'OK', data
    for part in data:
        if not isinstance(part, tuple):
            continue
        head = part[0].decode()
        uid = int(re.search(r'UID (\d+)', head).group(1))
        flags = set(re.search(r'FLAGS \(([^)]*)\)', head).group(1).split())
        date = re.search(r'INTERNALDATE "([^"]+)"', head).group(1)
        size = int(re.search(r'RFC822.SIZE (\d+)', head).group(1))
        ident = part[1].decode('latin-1').split(':', 1)[-1].strip()
        found[uid] = (ident, flags - {'\\Recent'}, date, size)
    return found


def body_sizes(client, folder):
    """[(RFC822.SIZE, octets of BODY[])]: they differ where S= or W= lie."""
    status, data = client.select(quoted(folder), readonly=True)
    assert status == 'OK', data
    if int(data[0]) == 0:
        return []
    status, data = client.fetch('1:*', '(RFC822.SIZE BODY.PEEK[])')
    assert status == 'OK', data
    return [(int(re.search(rb'RFC822.SIZE (\d+)', p[0]).group(1)), len(p[1]))
            for p in data if isinstance(p, tuple)]


def message(ident, body='hello', crlf=False):
    text = ('From: Anna <a@example.org>\nTo: b@example.org\n'
            'Date: Mon, 1 Jan 2024 00:00:00 +0000\nSubject: %s\n'
            'Message-ID: <%s@example.org>\n\n%s\n' % (ident, ident, body))
    return (text.replace('\n', '\r\n') if crlf else text).encode()


def merge(*args, status=0):
    """Runs maildir-merge, as the owner of the target."""
    result = subprocess.run(['maildir-merge', '--state-dir', 'state'] +
                            list(args), stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE)
    if result.returncode != status:
        raise AssertionError('exit %d: %s' % (result.returncode,
                                              result.stderr.decode()))
    return result.stdout.decode()


__all__ = ['Dovecot', 'fetch', 'body_sizes', 'message', 'merge', 'md',
           'quoted', 'shutil']
