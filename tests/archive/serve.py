# SPDX-License-Identifier: ISC
# Copyright (c) 2026 The mailferry authors
"""The mail tree of archives, opened by a real Dovecot: folders, flags, keywords,
INTERNALDATE, bytes and subscriptions over IMAP are those of the archive.

usage: serve.py plain|listescape|utf8 ARCHIVE...

With its listescape plugin, Dovecot shows the names as the archive has them;
without, names with a dot are shown escaped, and are there all the same. With
utf8 they are UTF-8 on disk, too."""
import base64
import datetime
import os
import re
import shutil
import sqlite3
import sys

import account
import extracted

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                '..', 'maildir'))
import dovecot  # noqa: E402

FLAGS = {'$seen': '\\Seen', '$answered': '\\Answered', '$draft': '\\Draft',
         '$flagged': '\\Flagged', '$deleted': '\\Deleted'}


def decoded(name):
    """Modified UTF-7 as text (RFC 3501, section 5.1.3)."""
    return re.sub('&([^-]*)-', lambda m: '&' if not m[1] else base64.b64decode(
        m[1].replace(',', '/') + '=' * (-len(m[1]) % 4)).decode('utf-16-be'),
        name)


def seconds(text):
    """A received_at of the archive, in whole seconds."""
    m = re.match(r'(\d{4}-\d\d-\d\d)[Tt](\d\d:\d\d:\d\d)(?:\.\d+)?'
                 r'([Zz]|[+-]\d\d:\d\d)$', text)
    at = datetime.datetime.fromisoformat('%sT%s+00:00' % (m[1], m[2]))
    shift = 0 if m[3] in 'Zz' else int(m[3][0] + '1') * (
        int(m[3][1:3]) * 3600 + int(m[3][4:]) * 60)
    return int((at - datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
                ).total_seconds()) - shift


def body(data):
    """As IMAP gives it: lines end in CRLF, and there is no NUL."""
    return re.sub(rb'\r?\n', b'\r\n', data).replace(b'\0', b'\x80')


def cleaned(name):
    return re.sub('[/\\\\\0-\x1f]', '_', name)


def wanted(path):
    """[(name over IMAP, subscribed, messages)] by the archive's rows."""
    db = sqlite3.connect('file:%s?mode=ro' % path, uri=True)
    boxes = {r[0]: r[1:] for r in db.execute(
        'SELECT id, name, parent_id, role, is_subscribed FROM mailboxes')}
    disk = [k for k, in db.execute('SELECT kind FROM sources')] == ['maildir']

    def name(ident):
        levels = []
        while ident is not None:
            text, parent, role, _ = boxes[ident]
            if parent is None and role == 'inbox':
                return '/'.join(levels) or 'INBOX'
            # What a Maildir's archive holds is what its folder was called.
            levels.insert(0, decoded(cleaned(text)) if disk
                          else cleaned(text))
            ident = parent
        return '/'.join(levels)

    found = {i: (name(i), boxes[i][3], []) for i in boxes}
    for ids, words, at, data in db.execute(
            'SELECT mailbox_ids, keywords, received_at, data FROM emails '
            'JOIN blobs b ON b.id = blob_id'):
        words = {w.lower() for w in account.words_of(words)} - {'$forwarded'}
        words = tuple(sorted(FLAGS.get(w, w) for w in words))
        for i in account.ids_of(ids):
            found[i][2].append((body(data), seconds(at), words))
    db.close()
    return [(n, s, sorted(m)) for n, s, m in found.values()]


def listed(client, how):
    """The names of a LIST or LSUB, that can be selected."""
    status, lines = getattr(client, how)()
    assert status == 'OK'
    names = []
    for line in lines:
        if isinstance(line, tuple):  # as a literal
            flags, name = line[0].split(b') ')[0], line[1]
        elif not line:
            continue
        else:
            m = re.match(rb'\((.*?)\) "/" (?:"((?:\\.|[^"])*)"|(.*))$', line)
            flags = m[1]
            name = m[3] if m[3] else re.sub(rb'\\(.)', rb'\1', m[2])
        if b'oselect' not in flags and b'NonExistent' not in flags:
            names.append(name.decode())
    return names


def messages(client, name):
    quoted = name.replace('\\', '\\\\').replace('"', '\\"')
    status, data = client.select('"%s"' % quoted, readonly=True)
    assert status == 'OK', (name, data)
    found = []
    if int(data[0]) == 0:
        return found
    status, data = client.fetch(
        '1:*', '(UID FLAGS INTERNALDATE RFC822.SIZE BODY.PEEK[])')
    assert status == 'OK', (name, data)
    for part in data:
        if not isinstance(part, tuple):
            part = (part, b'') if b'BODY[] ""' in part else None
        if part is None:
            continue
        head = part[0].decode()
        flags = set(re.search(r'FLAGS \(([^)]*)\)', head)[1].split())
        at = datetime.datetime.strptime(
            re.search(r'INTERNALDATE "([^"]+)"', head)[1].strip(),
            '%d-%b-%Y %H:%M:%S %z')
        size = int(re.search(r'RFC822.SIZE (\d+)', head)[1])
        assert size == len(part[1]), (name, size, len(part[1]))
        epoch = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
        found.append((part[1], int((at - epoch).total_seconds()),
                      tuple(sorted(f if f[0] == '\\' else f.lower()
                                   for f in flags - {'\\Recent'}))))
    return sorted(found)


def compare(want, client, escaped):
    """What differs; names are compared where the plugin shows them."""
    wrong = []
    names = {n: decoded(n) for n in listed(client, 'list')}
    have = [(names[n], messages(client, n)) for n in names]
    subscribed = {decoded(n) for n in listed(client, 'lsub')}
    left, lost = list(have), []
    for name, sub, mail in want:
        if escaped and (name, mail) in left:
            left.remove((name, mail))
            if (name in subscribed) != bool(sub):
                wrong.append('%r is %ssubscribed' % (
                    name, '' if name in subscribed else 'not '))
        else:
            lost.append((name, sub, mail))
    # Those that shared a name, and without the plugin all.
    for name, sub, mail in lost:
        same = [h for h in left if h[1] == mail and
                (h[0] in subscribed) == bool(sub)]
        if not same:
            wrong.append('%r (subscribed: %d, %d messages: %.300r) is not '
                         'among %.2000r' % (name, sub, len(mail), mail, left))
        else:
            left.remove(same[0])
    for name, mail in left:
        if name != 'INBOX' or mail:
            wrong.append('%r should not be there' % name)
    shared = [n for n, _, _ in want if [w[0] for w in want].count(n) > 1]
    if escaped and len(lost) > len(shared):
        wrong.append('other names: %r' % [n for n, _, _ in lost])
    return wrong


def main():
    how, bad = sys.argv[1], False
    escaped = how != 'plain'
    server = dovecot.Dovecot(
        'd', 'maildir:~/Maildir' + (':UTF-8' if how == 'utf8' else ''),
        'mail_plugins = listescape' if escaped else '')
    users = {}
    for number, path in enumerate(sys.argv[2:]):
        user = 'u%d' % number
        done = extracted.run(*['--utf8'][:how == 'utf8'], path, user)
        assert done.returncode in (0, 1), done
        os.makedirs(os.path.dirname(server.maildir(user)))
        shutil.copytree(user + '/mail', server.maildir(user))
        users[user] = path
    server.start()
    try:
        for user, path in users.items():
            client = server.imap(user)
            for line in compare(wanted(path), client, escaped):
                print('%s: %s' % (path, line))
                bad = True
            client.logout()
    finally:
        server.stop()
    for line in server.complaints():
        print(line)
        bad = True
    sys.exit(bad)


main()
