# SPDX-License-Identifier: ISC
# Copyright (c) 2026 The mailferry authors
"""import imap."""
import base64
import datetime
import imaplib
import re
import urllib.parse

import failure
import store
import tls

imaplib._MAXLINE = 10000000
FLAGS = {'\\seen': '$seen', '\\flagged': '$flagged',
         '\\answered': '$answered', '\\draft': '$draft'}
SPECIAL = {'\\sent': 'sent', '\\drafts': 'drafts', '\\trash': 'trash',
           '\\junk': 'junk', '\\archive': 'archive', '\\all': 'all',
           '\\flagged': 'flagged'}


def decoded(name):
    """Modified UTF-7 to text."""
    def part(m):
        text = m[1].replace(',', '/')
        if not text:
            return '&'
        return base64.b64decode(text + '=' * (-len(text) % 4)).decode(
            'utf-16-be')
    return re.sub('&([^-]*)-', part, name)


def connect(options):
    u = urllib.parse.urlsplit(options.url)
    failure.check_clear(options, u.scheme, u.hostname)
    try:
        if u.scheme == 'imaps':
            imap = imaplib.IMAP4_SSL(u.hostname, u.port or 993,
                                     ssl_context=tls.context(options))
        else:
            imap = imaplib.IMAP4(u.hostname, u.port or 143)
    except (OSError, imaplib.IMAP4.error) as e:
        raise failure.Failure(failure.CONNECTION, 'connection failed: %s' % e)
    user, password = options.secret
    try:
        imap.authenticate('PLAIN', lambda _: (
            '\0%s\0%s' % (user, password)).encode())
    except imaplib.IMAP4.error:
        raise failure.Failure(failure.CONNECTION, 'authentication failed')
    return imap, u


def folders(options, imap):
    """[(name, separator, attributes)] of those that are wanted."""
    kind, lines = imap._simple_command('LIST', '""', '"*"', 'RETURN',
                                       '(SUBSCRIBED SPECIAL-USE)')
    kind, lines = imap._untagged_response(kind, lines, 'LIST')
    found = []
    at = 0
    while at < len(lines):
        line = lines[at]
        at += 1
        if line is None or line == b'':
            continue
        literal = None
        if isinstance(line, tuple):
            line, literal = line
        m = re.match(rb'\(([^)]*)\) (?:"(\\?.)"|NIL) (.*)$', line, re.S)
        name = literal or m[3]
        if literal is None and name.startswith(b'"'):
            name = re.sub(rb'\\(.)', rb'\1', name[1:-1])
        attributes = m[1].decode().lower().split()
        if '\\noselect' in attributes or '\\nonexistent' in attributes:
            continue
        found.append((name.decode(), (m[2] or b'').decode()[-1:],
                      attributes))
    return [f for f in found if wanted(options, f)]


def wanted(options, folder):
    name, _, attributes = folder
    text = decoded(name)
    if options.subscribed_only and '\\subscribed' not in attributes:
        return False
    if options.folder and text not in options.folder:
        return False
    if options.include and not any(re.search(r, text)
                                   for r in options.include):
        return False
    return not any(re.search(r, text) for r in options.exclude) and not any(
        SPECIAL.get(a) in options.exclude_special for a in attributes)


def role_of(options, folder):
    name, separator, attributes = folder
    if name.upper() == 'INBOX':
        return 'inbox'
    if options.noautomap:
        return None
    for a in attributes:
        if a in SPECIAL:
            return SPECIAL[a]
    leaf = name.split(separator)[-1] if separator else name
    return store.ROLES.get(leaf.lower())


def received(text):
    m = re.search(rb'INTERNALDATE "([^"]*)"', text)
    t = datetime.datetime.strptime(m[1].decode().strip(),
                                   '%d-%b-%Y %H:%M:%S %z')
    return t.isoformat().replace('+00:00', 'Z')


def keywords_of(text):
    m = re.search(rb'FLAGS \(([^)]*)\)', text)
    flags = m[1].decode().split()
    deleted = '\\Deleted' in flags
    return deleted, [FLAGS.get(f.lower(), f) for f in flags
                     if f not in ('\\Recent', '\\Deleted')]


class Import:
    def __init__(self, options, archive, imap, source):
        self.options, self.archive = options, archive
        self.imap, self.source = imap, source
        self.counts = store.Counts('mailbox', 'email')

    def mailbox(self, folder, names):
        """The local mailbox of a folder; its parents are, where they can be
        selected."""
        name, separator, attributes = folder
        parts = name.split(separator) if separator else [name]
        parent = None
        for n in range(1, len(parts)):
            above = separator.join(parts[:n])
            if above in names:
                parent = self.local.get(above)
        before = self.archive.total('mailboxes')
        ident = self.archive.mailbox(
            decoded(parts[-1]), parent, role_of(self.options, folder),
            '\\subscribed' in attributes)
        if self.archive.total('mailboxes') > before:
            self.counts.add('mailbox', 'created')
        else:
            self.counts.add('mailbox', 'skipped')
        self.local[name] = ident
        return ident

    def run(self):
        found = sorted(folders(self.options, self.imap),
                       key=lambda f: (f[0].upper() != 'INBOX', f[0]))
        names = {f[0] for f in found}
        self.local = {}
        for folder in found:
            self.archive.begin()
            self.folder(folder, self.mailbox(folder, names))
            self.archive.commit()
        return self.counts

    def folder(self, folder, mailbox):
        quoted = '"%s"' % re.sub(r'(["\\])', r'\\\1', folder[0])
        kind, _ = self.imap.select(quoted, readonly=True)
        if kind != 'OK':
            self.counts.add('mailbox', 'failed')
            return
        validity = int(self.imap.response('UIDVALIDITY')[1][0])
        known = {uid: local for uid, local in self.archive.rows(
            "SELECT uid, local_id FROM sync_id_imap WHERE source_id = ? AND "
            "type_name = 'email' AND folder = ? AND uidvalidity = ?",
            self.source, folder[0], validity)}
        there = self.flags()
        for uid in sorted(set(known) - set(there)):
            self.gone(folder[0], uid, known[uid])
        new = sorted(u for u in there if u not in known)
        for uid in sorted(set(known) & set(there)):
            self.again(known[uid], there[uid][1])
        for start in range(0, len(new), self.options.fetch_batch):
            self.fetch(folder[0], validity, mailbox,
                       new[start:start + self.options.fetch_batch], there)

    def flags(self):
        """{uid: (deleted, keywords)}"""
        found = {}
        kind, lines = self.imap.uid('FETCH', '1:*', '(FLAGS)')
        for line in lines:
            m = line and re.search(rb'UID (\d+)', line)
            if m:
                found[int(m[1])] = keywords_of(line)
        return {u: f for u, f in found.items()
                if not f[0] or self.options.include_deleted}

    def gone(self, folder, uid, local):
        self.archive.db.execute('DELETE FROM emails WHERE id = ?', (local,))
        self.archive.db.execute(
            "DELETE FROM sync_id_imap WHERE source_id = ? AND type_name = "
            "'email' AND folder = ? AND uid = ?", (self.source, folder, uid))
        self.counts.add('email', 'deleted')

    def again(self, local, keywords):
        text = store.vandelay.compact(keywords)
        if self.archive.one('SELECT keywords FROM emails WHERE id = ?',
                            local)[0] == text:
            self.counts.add('email', 'skipped')
            return
        self.archive.db.execute('UPDATE emails SET keywords = ? WHERE id = ?',
                                (text, local))
        self.counts.add('email', 'updated')

    def fetch(self, folder, validity, mailbox, uids, there):
        kind, lines = self.imap.uid(
            'FETCH', ','.join(map(str, uids)),
            '(UID INTERNALDATE BODY.PEEK[])')
        for n, line in enumerate(lines):
            if not isinstance(line, tuple):
                continue
            head = line[0] + (lines[n + 1] if n + 1 < len(lines) and
                              isinstance(lines[n + 1], bytes) else b'')
            uid = int(re.search(rb'UID (\d+)', head)[1])
            keywords = there[uid][1] + (['$deleted'] if there[uid][0] else [])
            local = self.archive.email(line[1], [mailbox], keywords,
                                       received(head))
            self.archive.insert(
                'sync_id_imap', source_id=self.source, type_name='email',
                folder=folder, uidvalidity=validity, uid=uid, local_id=local)
            self.counts.add('email', 'created')


def run(options, archive):
    imap, u = connect(options)
    source = archive.source(
        options, 'imap', '%s://%s:%d' % (
            u.scheme, u.hostname, u.port or {'imap': 143}.get(u.scheme, 993)),
        options.secret[0], None, options.secret[0])
    try:
        return Import(options, archive, imap, source).run()
    except (OSError, imaplib.IMAP4.error) as e:
        raise failure.Failure(failure.CONNECTION, 'connection lost: %s' % e)
