# SPDX-License-Identifier: ISC
# Copyright (c) 2026 The mailferry authors
"""An archive that is opened, or made, and written to."""
import json
import re
import sqlite3

import blake3
import failure
import vandelay

TOKENS = ('mailbox', 'email', 'identity', 'sievescript', 'addressbook',
          'contactcard', 'calendar', 'calendarevent', 'participantidentity',
          'filenode')
COUNTS = ('created', 'fetched', 'updated', 'deleted', 'skipped', 'failed')
# The roles that a name tells, lower case.
ROLES = {'sent': 'sent', 'sent mail': 'sent', 'sent items': 'sent',
         'sent messages': 'sent', 'sent-mail': 'sent', 'drafts': 'drafts',
         'draft': 'drafts', 'brouillons': 'drafts', 'trash': 'trash',
         'deleted': 'trash', 'deleted items': 'trash',
         'deleted messages': 'trash', 'junk': 'junk', 'spam': 'junk',
         'junk e-mail': 'junk', 'junk email': 'junk', 'archive': 'archive',
         'archives': 'archive'}


class Counts:
    """What was done, by type."""

    def __init__(self, *types):
        self.of = {t: dict.fromkeys(COUNTS, 0) for t in types}

    def add(self, kind, what):
        self.of[kind][what] += 1

    def failed(self):
        return any(c['failed'] for c in self.of.values())


def match_of(data):
    """What an export compares messages by."""
    import email.utils  # which not each run needs
    m = email.message_from_bytes(data)
    ids = sorted({str(v).strip().strip('<>').lower()
                  for v in m.get_all('Message-ID', [])} - {''})
    when = email.utils.parsedate_to_datetime(str(m['Date'])) \
        if m['Date'] and re.search(r'\d', str(m['Date'])) else None

    def addresses(name):
        return ','.join(a.lower() for _, a in email.utils.getaddresses(
            [str(v) for v in m.get_all(name, [])]))
    text = '\x1f'.join((addresses('From'), str(m['Subject'] or ''),
                        when.isoformat() if when else '', addresses('To')))
    return {'f': blake3.digest(text.encode('utf-8', 'replace')).hex(),
            'm': ids}


def match_key(match):
    return '\x1f'.join(match.get('m') or ()) or match.get('f', '')


class Store:
    def __init__(self, path):
        try:
            self.db = sqlite3.connect(path, isolation_level=None, timeout=0)
            self.db.execute('PRAGMA journal_mode = WAL')
            self.db.execute('PRAGMA synchronous = OFF')
            self.db.execute('PRAGMA foreign_keys = ON')
            self.db.execute('PRAGMA locking_mode = EXCLUSIVE')
            self.db.execute('BEGIN EXCLUSIVE')
            for name, columns in vandelay.TABLES:
                self.db.execute('CREATE TABLE IF NOT EXISTS %s (%s)' % (
                    name, ', '.join(columns)))
            for text in vandelay.INDEXES:
                self.db.execute('CREATE %sINDEX IF NOT EXISTS %s' % (
                    'UNIQUE ' if text.startswith(vandelay.UNIQUE_INDEX)
                    else '', text))
            self.db.execute('COMMIT')
        except sqlite3.Error as e:
            raise failure.Failure(failure.ARCHIVE, '%s: %s' % (path, e))

    def begin(self):
        self.db.execute('BEGIN')

    def commit(self):
        self.db.execute('COMMIT')

    def close(self):
        self.db.close()

    def rows(self, text, *values):
        return self.db.execute(text, values).fetchall()

    def one(self, text, *values):
        return self.db.execute(text, values).fetchone()

    def insert(self, table, **columns):
        return self.db.execute('INSERT INTO %s (%s) VALUES (%s)' % (
            table, ', '.join(columns), ', '.join('?' * len(columns))),
            list(columns.values())).lastrowid

    def source(self, options, kind, url, account, name, user):
        """The id of the source's row; another account than before is
        refused."""
        others = self.rows('SELECT id, session_url, account_id FROM sources '
                           'WHERE kind = ?', kind)
        for ident, its_url, its_account in others:
            if (its_url, its_account) == (url, account):
                return ident
        if others and not options.allow_source_change:
            raise failure.Failure(
                failure.SOURCE_CHANGE, 'this archive was filled from %s '
                '(account %s)' % others[0][1:])
        return self.insert('sources', kind=kind, session_url=url,
                           account_id=account, account_name=name,
                           username=user)

    def blob(self, data):
        key = vandelay.digest(data)
        self.db.execute('INSERT OR IGNORE INTO blobs (hash, data) '
                        'VALUES (?, ?)', (key, data))
        return self.one('SELECT id FROM blobs WHERE hash = ?', key)[0]

    def blob_data(self, ident):
        return bytes(self.one('SELECT data FROM blobs WHERE id = ?',
                              ident)[0])

    def mailbox(self, name, parent, role, subscribed=1, order=0):
        """A mailbox with this name and parent: found, or made. A role is
        given once in an archive."""
        found = self.one('SELECT id FROM mailboxes WHERE name = ? AND '
                         'parent_id IS ?', name, parent)
        if found:
            return found[0]
        if role and self.one('SELECT 1 FROM mailboxes WHERE role = ?', role):
            role = None
        return self.insert('mailboxes', name=name, parent_id=parent,
                           role=role, is_subscribed=int(subscribed),
                           sort_order=order)

    def email(self, data, mailboxes, keywords, at):
        return self.insert(
            'emails', blob_id=self.blob(data), received_at=at,
            mailbox_ids=vandelay.compact(mailboxes),
            keywords=vandelay.compact(keywords),
            message_match=vandelay.compact(match_of(data)))

    def script(self, name, data, active):
        """True where there is a new one."""
        old = self.one('SELECT id FROM sieve_scripts WHERE name = ?', name)
        if active:
            self.db.execute('UPDATE sieve_scripts SET is_active = 0')
        if old:
            self.db.execute(
                'UPDATE sieve_scripts SET blob_id = ?, is_active = ? '
                'WHERE id = ?', (self.blob(data), int(active), old[0]))
            return old[0], False
        return self.insert('sieve_scripts', name=name, is_active=int(active),
                           blob_id=self.blob(data)), True

    def total(self, table):
        return self.one('SELECT count(*) FROM ' + table)[0]

    def json(self, text):
        return json.loads(text)
