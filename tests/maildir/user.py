# SPDX-License-Identifier: ISC
# Copyright (c) 2026 The mailferry authors
"""maildir-merge --user: Dovecot says where the Maildir is, how its folders lie
and which is the Sent folder; it shows afterwards what was merged."""
import json
import os
import subprocess

from dovecot import Dovecot, IS_24, fetch, md, message

ROLES = '''
namespace inbox {
  mailbox "Gesendete Objekte" {
    special_use = \\Sent \\Flagged
    auto = create
  }
}
namespace shared {
  type = shared
  prefix = shared/%s/
  separator = /
  %s
}
''' % (('$user', 'mail_path = %{owner_home}/Maildir') if IS_24 else
       ('%%u', 'location = maildir:%%h/Maildir'))
LOCATIONS = ['maildir:~/Maildir', 'maildir:~/mail:LAYOUT=fs',
             'maildir:~/mail:CONTROL=~/control',
             'maildir:~/mail:LAYOUT=fs:INBOX=~/Maildir']
# Settings that only the namespace of the INBOX has.
OWN = [''] * len(LOCATIONS)
if IS_24:
    OWN += ['mailbox_list_utf8 = yes\n  mail_control_path = ~/own\n  '
            'mailbox_subscriptions_filename = ../subs',
            'mailbox_list_layout = fs\n  '
            'mailbox_list_storage_escape_char = "^"']
    LOCATIONS += ['maildir:~/Maildir'] * 2
else:
    LOCATIONS += ['maildir:~/mail:INBOX=~/mail/.INBOX',
                  'maildir:~/mail:LAYOUT=fs:DIRNAME=mAildir',
                  'maildir:~/mail:UTF-8:SUBSCRIPTIONS=../subs',
                  'maildir:~/mail:LAYOUT=fs:UTF-8']
    OWN += [''] * 4


def tree():
    """A source with two messages in INBOX, one Sent, one in a new folder, two in
    folders that modified UTF-7 and UTF-8 spell differently."""
    for name, folder in (('1.a', ''), ('2.b', ''), ('3.c', '.Sent Items'),
                         ('4.d', '.Neu.Unter'), ('5.e', '.Entw&APw-rfe'),
                         ('6.f', '.A &- B')):
        for sub in ('cur', 'new', 'tmp'):
            os.makedirs(os.path.join('tree', folder, sub), exist_ok=True)
        with open(os.path.join('tree', folder, 'cur', name + ':2,S'),
                  'wb') as f:
            f.write(message(name))


def run(server, command, *args, status=0, way='--user'):
    result = subprocess.run(
        ['maildir-merge', '--state-dir', 'state', way, 'u', '--doveadm',
         command, *args], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert result.returncode == status, (result.returncode,
                                         result.stderr.decode())
    # 2.4 shows where the chroot has it
    return result.stdout.decode(), result.stderr.decode()


def tells_way(server, command, way, obstacle=None, status=0):
    """--way says what a merge would find, and changes nothing."""
    before = sorted(os.listdir('state')) if os.path.exists('state') else None
    out, err = run(server, command, '--way', status=status)
    after = sorted(os.listdir('state')) if os.path.exists('state') else None
    said = json.loads(out) if status == 0 else {}
    assert said.get('way') == way, (out, err)
    assert said.get('obstacle') == obstacle, (out, err)
    assert before == after, (before, after)
    return said


def counts(server):
    with server.imap() as client:
        return [len(fetch(client, f)) for f in
                ('INBOX', 'Gesendete Objekte', 'Neu/Unter', 'Entw&APw-rfe',
                 'A &- B')]


def main():
    tree()
    for number, (location, own) in enumerate(zip(LOCATIONS, OWN)):
        server = Dovecot('server%d' % number, location,
                         ROLES.replace('inbox {', 'inbox {\n  ' + own))
        server.start()
        command = server.doveadm_command()
        for i in range(2):
            subprocess.run(command.split() + ['save', '-u', 'u'], check=True,
                           input=message('1.a' if i else 'old'))
        with server.imap() as client:
            client.create('Sent')  # not the one with the special use
            client.create('Entw&APw-rfe')
        if server.root:  # its paths are of the other root
            tells_way(server, command, 'through-doveadm', 'absent')
            fake(server, command)
            command = os.path.abspath('doveadm%d' % number)
        said = tells_way(server, command, 'user')
        assert os.path.isdir(said['root']), said
        for way in ('--user', '--through-doveadm')[:2 if number == 0 else 0]:
            # not made in the namespace of others
            _, err = run(server, command, '--map', 'Neu/Unter=shared/v/New', '-n',
                         'tree', way=way, status=1)
            assert 'of its own for "shared/v/New"; see --map\n' in err, err
        _, err = run(server, command, 'tree')
        assert counts(server) == [3, 1, 1, 1, 1], (location, counts(server), err)
        with server.imap() as client:
            assert any(b'Neu/Unter' in line for line in client.lsub()[1])
        out, _ = run(server, command, 'tree')
        assert '"added"' not in out, out
        journal = sorted(n for n in os.listdir('state')
                         if n.endswith('.journal'))
        for name in journal:
            run(server, command, '--undo', 'state/' + name)
            os.unlink('state/' + name)
        with server.imap() as client:
            assert len(fetch(client, 'INBOX')) == 2
        assert server.complaints() == [], server.complaints()
        server.stop()
    unused()
    escaped()
    plugins()
    namespaces()
    sessions()
    moved()
    store = Dovecot('dbox', 'mdbox:~/mdbox')
    store.start()
    command = store.doveadm_command()
    tells_way(store, command, 'through-doveadm', 'store')
    with open('locked', 'w') as f:
        f.write('''#!/bin/sh
case " $* " in *" fetch "*) exit 75 ;; esac
exec %s "$@"
''' % command)
    os.chmod('locked', 0o755)
    tells_way(store, './locked', None, status=2)
    _, err = run(store, command, 'tree', status=2)
    assert 'the store is mdbox; see --through-doveadm' in err, err
    store.stop()


def unused():
    """The INBOX lies elsewhere, and nobody has opened it."""
    server = Dovecot('server19', 'maildir:~/mail:INBOX=~/Maildir')
    server.start()
    command = server.doveadm_command()
    subprocess.run(command.split() + ['mailbox', 'create', '-u', 'u', 'Neu'],
                   check=True)
    assert not os.path.exists(server.maildir())
    if server.root:
        fake(server, command)
        command = os.path.abspath('doveadm19')
    run(server, command, 'tree')
    with server.imap() as client:
        assert len(fetch(client, 'INBOX')) == 2
    assert server.complaints() == [], server.complaints()
    server.stop()


def escaped():
    """Names with listescape are the same ones whichever way they come."""
    more = ('mailbox_list_storage_escape_char = "^"\n' if IS_24 else
            'mail_plugins = listescape\nplugin {\n  listescape_char = "^"\n}\n')
    server = Dovecot('server21', more=more)
    server.start()
    command = server.doveadm_command()
    subprocess.run(command.split() + ['save', '-u', 'u'], check=True,
                   input=message('old'))
    for sub in ('cur', 'new', 'tmp'):
        for folder in ('', '.v1\\2e2', '.v1\\2e2.c^5e'):
            os.makedirs(os.path.join('dotted', folder, sub))
    for folder, name in (('.v1\\2e2', '1.a'), ('.v1\\2e2.c^5e', '2.b')):
        with open(os.path.join('dotted', folder, 'cur', name + ':2,'), 'wb') as f:
            f.write(message(name))
    through = command
    if server.root:
        fake(server, command)
        command = os.path.abspath('doveadm21')
    spool = server.dir + '/spool'
    os.mkdir(spool)
    os.chmod(spool, 0o755)
    ways = [('--user', command, []),
            ('--through-doveadm', through,
             ['--stage', '%s=%s' % (spool, server.inside(spool))])]
    known = set(os.listdir('state'))
    for (way, asks, more), (then, asks_then, more_then) in (ways, ways[::-1]):
        out, err = run(server, asks, *more, 'dotted', way=way)
        assert out.count('"added"') == 2, (way, out, err)
        with server.imap() as client:
            found = [len(fetch(client, f)) for f in ('v1.2', 'v1.2/c^5e')]
        assert found == [1, 1], (way, found)
        out, err = run(server, asks_then, *more_then, 'dotted', way=then)
        assert out.count('"present"') == 2, (then, out, err)
        for name in set(os.listdir('state')) - known:
            if name.endswith('.journal'):
                run(server, asks, *more, '--undo', 'state/' + name, way=way)
                os.unlink('state/' + name)
    with server.imap() as client:
        assert not any(b'v1' in line for line in client.list()[1])
    assert server.complaints() == [], server.complaints()
    server.stop()


def plugins():
    """What Dovecot encrypts is not mixed with clear text: refused, with the
    option that helps. What it only reads is no reason."""
    if IS_24:
        crypt = ('mail_plugins {\n  mail_crypt = yes\n}\n',
                 'crypt_write_algorithm =\n')
    else:
        crypt = ('mail_plugins = mail_crypt\nplugin {\n'
                 '  mail_crypt_save_version = 2\n}\n',
                 'plugin {\n  mail_crypt_save_version = 0\n}\n')
    server = Dovecot('server18')
    server.start()
    command = server.doveadm_command()
    subprocess.run(command.split() + ['save', '-u', 'u'], check=True,
                   input=message('old'))
    if server.root:
        fake(server, command)
        command = os.path.abspath('doveadm18')
    for more, status in zip(crypt, (2, 0)):
        with open(server.conf, 'a') as f:
            f.write(more)
        _, err = run(server, command, 'tree', status=status)
        # What was stored before can still be encrypted.
        tells_way(server, command, 'through-doveadm', 'encrypted')
        if status == 2:
            assert 'mail_crypt' in err and '--through-doveadm' in err, err
            assert not os.path.exists(server.maildir() + '/.Neu.Unter')
    server.stop()


# Where mail does not stay: by its age, by its number, because it was expunged; and
# in the Trash, which counts if that is asked for.
EXPIRING = (('Spam', '1.a'), ('Old/Post', '2.b'), ('Gone', '5.e'), ('Bin', '6.f'))


def elsewhere(out):
    """The messages that are said to be in another folder."""
    results = [json.loads(line) for line in out.splitlines()]
    return sorted(r['file'].split('/')[-1][:3] for r in results
                  if r['status'] == 'elsewhere')


def namespaces():
    """Mail in a second namespace is elsewhere, unless it is the same place under
    another name; prefix and separator belong to the Maildir. Mail that Dovecot will remove is no copy."""
    location = 'maildir:~/Maildir'
    more = '''
namespace inbox {
  prefix = INBOX/
  mailbox Sent {
    special_use = \\Archive
  }
  mailbox Post {
    auto = create
    special_use = \\Junk
  }
  mailbox Spam {
    autoexpunge = 30d
  }
  mailbox Old/* {
    autoexpunge_max_mails = 100
  }
  mailbox Bin {
    special_use = \\Trash
    autoexpunge = 30d
  }
}
%s
namespace more {
  prefix = more/
  separator = /
  %s
  mailbox Rest {
    special_use = \\Trash
  }
}
namespace again {
  prefix = again/
  separator = /
}
''' % ('lazy_expunge_mailbox = Gone' if IS_24 else
       'plugin {\n  lazy_expunge = INBOX/Gone\n}',
       'mail_driver = maildir\n  mail_path = ~/more' if IS_24 else
       'location = maildir:~/more')
    # The user database has the last word.
    field = 'namespace/inbox/mailbox/Post/special_use%s\\Sent' % (
        ' = ' if IS_24 else '=')
    server = Dovecot('server20', location, more, field)
    server.start()
    command = server.doveadm_command()
    subprocess.run(command.split() + ['save', '-u', 'u'], check=True,
                   input=message('old'))
    with server.imap() as client:
        client.create('more/Neu')
        client.append('more/Neu', None, None, message('4.d'))
        client.create('more/Rest')
        client.append('more/Rest', None, None, message('3.c'))
        for folder, name in EXPIRING:
            client.create('INBOX/' + folder)
            client.append('INBOX/' + folder, None, None, message(name))
    if server.root:
        fake(server, command)
        command = os.path.abspath('doveadm20')
    for way in '--user', '--through-doveadm':
        out, err = run(server, command, '-n', 'tree', way=way)
        assert elsewhere(out) == ['4.d'], (out, err)
        out, err = run(server, command, '-n', '--count-trash', 'tree', way=way)
        assert elsewhere(out) == ['3.c', '4.d', '6.f'], (out, err)
        out, err = run(server, command, '-n', '--ignore-folders=more/Neu,more/Rest',
                       'tree', way=way)
        assert elsewhere(out) == [], (out, err)
    out, err = run(server, command, 'tree')
    assert out.count('"added"') == 5, (out, err)
    with server.imap() as client:
        found = [len(fetch(client, f)) for f in
                 ('INBOX', 'INBOX/Post', 'INBOX/Neu/Unter', 'more/Neu')]
        subscribed = str(client.lsub()[1])
    assert found == [3, 1, 0, 1], (found, out)
    assert 'INBOX/Post' in subscribed, subscribed
    assert server.complaints() == [], server.complaints()
    with open('broken', 'w') as f:
        f.write('''#!/bin/sh
case " $* " in *" fetch "*) exit 75 ;; esac
exec %s "$@"
''' % command)
    os.chmod('broken', 0o755)
    out, err = run(server, './broken', 'tree', status=2)
    assert 'mail in another namespace' in err and out == '', (out, err)
    out, err = run(server, './broken', '-n', '--ignore-unreadable', 'tree')
    assert 'mail in another namespace' in err, (out, err)
    assert out.count('"planned"') == 1, (out, err)
    server.stop()


def sessions():
    """What removes mail can be set for some sessions alone: doveadm, which has none
    of it, is not asked for its own."""
    waits = ('lazy_expunge_mailbox = Gone' if IS_24 else
             'plugin {\n    lazy_expunge = Gone\n  }')
    server = Dovecot('server31', 'maildir:~/Maildir', '''
namespace inbox {
  mailbox Sent {
    special_use = \\Sent
  }
}
protocol imap {
  %s
  namespace inbox {
    mailbox Spam {
      autoexpunge = 30d
    }
    mailbox Bin {
      special_use = \\Trash
    }
  }
}
protocol pop3 {
  namespace inbox {
    mailbox Old/* {
      autoexpunge_max_mails = 100
    }
    mailbox Kept {
      special_use = \\Trash
    }
  }
}
''' % waits)
    server.start()
    command = server.doveadm_command()
    subprocess.run(command.split() + ['save', '-u', 'u'], check=True,
                   input=message('old'))
    with server.imap() as client:
        for folder, name in (*EXPIRING, ('Kept', '4.d')):
            client.create(folder)
            client.append(folder, None, None, message(name))
    if server.root:
        fake(server, command)
        command = os.path.abspath('doveadm31')
    for way in '--user', '--through-doveadm':
        out, err = run(server, command, '-n', 'tree', way=way)
        assert elsewhere(out) == ['4.d'], (out, err)
        out, err = run(server, command, '-n', '--count-trash', 'tree', way=way)
        assert elsewhere(out) == ['4.d', '6.f'], (out, err)
    server.stop()


def moved():
    """What the owner removed stays away, also where the message was moved to another
    folder on the server where it comes from."""
    server = Dovecot('server32', 'maildir:~/Maildir')
    server.start()
    command = server.doveadm_command()
    subprocess.run(command.split() + ['save', '-u', 'u'], check=True,
                   input=message('old'))
    if server.root:
        fake(server, command)
        command = os.path.abspath('doveadm32')
    for sub in ('cur', 'new', 'tmp'):
        os.makedirs('later/' + sub)
        os.makedirs('later/.Neu.Unter/' + sub)
    with open('later/.Neu.Unter/cur/1.a:2,S', 'wb') as f:
        f.write(message('1.a'))
    for way in '--user', '--through-doveadm':
        state = ['--state-dir=state' + way]
        if way != '--user':
            state += ['--stage', '%s=%s' % (server.dir, server.inside(server.dir))]
        out, err = run(server, command, *state, 'tree', way=way)
        assert out.count('"added"') == 6, (out, err)
        subprocess.run(command.split() + ['expunge', '-u', 'u', 'mailbox', '*',
                                          'all'], check=True)
        out, err = run(server, command, *state, 'later', way=way)
        assert 'into another folder and removed since' in out, (way, out, err)
        assert '"added"' not in out, (way, out, err)
    server.stop()


def fake(server, command):
    """A doveadm that tells the paths as they are on this side."""
    name = 'doveadm' + os.path.basename(server.dir).split('.')[0][6:]
    with open(name, 'w') as f:
        f.write('#!/bin/sh\n%s "$@" | sed "s,%s,%s,"\n' % (
            command, server.inside(server.dir), server.dir))
    os.chmod(name, 0o755)


assert md
main()
