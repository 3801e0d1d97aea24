# SPDX-License-Identifier: ISC
# Copyright (c) 2026 The mailferry authors
"""Archives of Vandelay for tests, made without mailferry's code: the tables and
indexes of release 1.0.10, and what differs in older ones."""
import functools
import json
import os
import sqlite3

import blake3



def json_column(name, more='NOT NULL', nullable=False):
    return '%s TEXT %s CHECK (%sjson_valid(%s))' % (
        name, '' if nullable else more,
        name + ' IS NULL OR ' if nullable else '', name)


def words(*names):
    return '(%s)' % ','.join("'%s'" % n for n in names)


def sync(name, types, columns, key):
    """A table of bookkeeping: which row came from where."""
    check = ' CHECK (type_name IN %s)' % words(*types) if types else ''
    return (name, ['source_id INTEGER NOT NULL REFERENCES sources(id) '
                   'ON DELETE CASCADE'] +
            ['type_name TEXT NOT NULL' + check] + columns +
            ['local_id INTEGER NOT NULL',
             'PRIMARY KEY (source_id, type_name, %s)' % key,
             'UNIQUE (source_id, type_name, local_id)'])


PLACES = ('calendar', 'calendarevent', 'addressbook', 'contactcard')
SOURCE = 'source_id INTEGER NOT NULL REFERENCES sources(id) ON DELETE CASCADE'
# Each table with its columns and constraints.
TABLES = [
    ('sources', [
        'id INTEGER PRIMARY KEY',
        'kind TEXT NOT NULL CHECK (kind IN %s)' % words(
            'jmap', 'imap', 'caldav', 'carddav', 'webdav', 'managesieve',
            'maildir', 'exchange_ews', 'exchange_graph', 'takeout'),
        'session_url TEXT NOT NULL', 'account_id TEXT NOT NULL',
        'account_name TEXT', 'username TEXT NOT NULL',
        'UNIQUE (kind, session_url, account_id)']),
    ('blobs', ['id INTEGER PRIMARY KEY', 'hash BLOB NOT NULL UNIQUE',
               'data BLOB NOT NULL']),
    sync('sync_id_jmap', (), ['jmap_id TEXT NOT NULL'], 'jmap_id'),
    ('sync_state_jmap', [SOURCE, 'type_name TEXT NOT NULL',
                         'state TEXT NOT NULL',
                         'PRIMARY KEY (source_id, type_name)']),
    sync('sync_id_imap', ('mailbox', 'email'),
         ['folder TEXT NOT NULL', 'uidvalidity INTEGER NOT NULL',
          'uid INTEGER NOT NULL'], 'folder, uidvalidity, uid'),
    ('imap_folder_state', [SOURCE, 'folder TEXT NOT NULL',
                           'uidvalidity INTEGER NOT NULL',
                           'uidnext INTEGER NOT NULL',
                           'last_seen TEXT NOT NULL',
                           'PRIMARY KEY (source_id, folder)']),
    sync('sync_id_dav', PLACES + ('filenode',),
         ['collection_href TEXT NOT NULL', 'item_href TEXT NOT NULL',
          "etag TEXT NOT NULL DEFAULT ''"], 'item_href'),
    ('sync_id_managesieve', [SOURCE, 'name TEXT NOT NULL',
                             'local_id INTEGER NOT NULL',
                             'PRIMARY KEY (source_id, name)',
                             'UNIQUE (source_id, local_id)']),
    sync('sync_id_maildir', ('mailbox', 'email'),
         ['folder TEXT NOT NULL', 'unique_id TEXT NOT NULL'],
         'folder, unique_id'),
    sync('sync_id_exchange_ews', ('mailbox', 'email') + PLACES,
         ["folder_id TEXT NOT NULL DEFAULT ''", 'item_id TEXT NOT NULL',
          "change_key TEXT NOT NULL DEFAULT ''",
          "sync_state TEXT NOT NULL DEFAULT ''"], 'item_id'),
    sync('sync_id_exchange_graph', ('mailbox', 'email') + PLACES +
         ('filenode',), ['graph_id TEXT NOT NULL'], 'graph_id'),
    ('mailboxes', [
        'id INTEGER PRIMARY KEY', 'name TEXT NOT NULL',
        'parent_id INTEGER REFERENCES mailboxes(id) ON DELETE RESTRICT',
        'role TEXT', 'sort_order INTEGER NOT NULL DEFAULT 0',
        'is_subscribed INTEGER NOT NULL DEFAULT 1',
        'UNIQUE (parent_id, name)']),
    ('emails', [
        'id INTEGER PRIMARY KEY',
        'blob_id INTEGER NOT NULL REFERENCES blobs(id)',
        'received_at TEXT NOT NULL', json_column('mailbox_ids'),
        json_column('keywords', "NOT NULL DEFAULT '[]'"),
        json_column('message_match', "NOT NULL DEFAULT '{}'")]),
    ('identities', [
        'id INTEGER PRIMARY KEY', "name TEXT NOT NULL DEFAULT ''",
        'email TEXT NOT NULL', json_column('reply_to', nullable=True),
        json_column('bcc', nullable=True),
        "text_signature TEXT NOT NULL DEFAULT ''",
        "html_signature TEXT NOT NULL DEFAULT ''"]),
    ('sieve_scripts', [
        'id INTEGER PRIMARY KEY', 'name TEXT',
        'is_active INTEGER NOT NULL DEFAULT 0',
        'blob_id INTEGER NOT NULL REFERENCES blobs(id)', 'UNIQUE (name)']),
    ('address_books', [
        'id INTEGER PRIMARY KEY', 'name TEXT NOT NULL', 'description TEXT',
        'sort_order INTEGER NOT NULL DEFAULT 0',
        'is_default INTEGER NOT NULL DEFAULT 0',
        'is_subscribed INTEGER NOT NULL DEFAULT 1']),
    ('contact_cards', [
        'id INTEGER PRIMARY KEY', 'uid TEXT NOT NULL UNIQUE',
        json_column('address_book_ids'), json_column('data')]),
    ('calendars', [
        'id INTEGER PRIMARY KEY', 'name TEXT NOT NULL', 'description TEXT',
        'color TEXT', 'sort_order INTEGER NOT NULL DEFAULT 0',
        'is_subscribed INTEGER NOT NULL DEFAULT 1',
        'is_visible INTEGER NOT NULL DEFAULT 1',
        'is_default INTEGER NOT NULL DEFAULT 0',
        "include_in_availability TEXT NOT NULL DEFAULT 'all' "
        'CHECK (include_in_availability IN %s)' % words(
            'all', 'attending', 'none'),
        json_column('default_alerts_with_time', nullable=True),
        json_column('default_alerts_without_time', nullable=True),
        'time_zone TEXT']),
    ('calendar_events', [
        'id INTEGER PRIMARY KEY', json_column('calendar_ids'),
        'is_draft INTEGER NOT NULL DEFAULT 0',
        'use_default_alerts INTEGER NOT NULL DEFAULT 0', json_column('data'),
        "data_type TEXT NOT NULL DEFAULT 'Event' CHECK (data_type IN %s)" %
        words('Event', 'Task', 'Note', 'Group')]),
    ('participant_identities', [
        'id INTEGER PRIMARY KEY', "name TEXT NOT NULL DEFAULT ''",
        'calendar_address TEXT NOT NULL',
        'is_default INTEGER NOT NULL DEFAULT 0']),
    ('file_nodes', [
        'id INTEGER PRIMARY KEY',
        'parent_id INTEGER REFERENCES file_nodes(id) ON DELETE RESTRICT',
        'node_type TEXT NOT NULL CHECK (node_type IN %s)' % words(
            'file', 'directory', 'symlink'),
        'blob_id INTEGER REFERENCES blobs(id)',
        json_column('target', nullable=True), 'name TEXT NOT NULL',
        'media_type TEXT', 'created TEXT NOT NULL', 'modified TEXT',
        'is_subscribed INTEGER NOT NULL DEFAULT 1', 'role TEXT',
        'UNIQUE (parent_id, name)']),
    sync('sync_id_takeout', ('mailbox', 'email') + PLACES,
         ['source_obj_id TEXT NOT NULL'], 'source_obj_id'),
]
INDEXES = [
    'blobs_hash_idx ON blobs (hash)',
    'sync_id_jmap_local_idx ON sync_id_jmap (type_name, local_id)',
    'sync_id_imap_folder_idx ON sync_id_imap (source_id, type_name, folder)',
    'sync_id_dav_collection_idx ON sync_id_dav '
    '(source_id, type_name, collection_href)',
    'sync_id_maildir_folder_idx ON sync_id_maildir '
    '(source_id, type_name, folder)',
    'sync_id_exchange_ews_folder_idx ON sync_id_exchange_ews '
    '(source_id, type_name, folder_id)',
    'sync_id_exchange_graph_type_idx ON sync_id_exchange_graph '
    '(source_id, type_name)',
    'emails_blob_idx ON emails (blob_id)',
    'sieve_scripts_one_active_idx ON sieve_scripts (is_active) '
    'WHERE is_active = 1',
    'file_nodes_parent_idx ON file_nodes (parent_id)',
    'file_nodes_blob_idx ON file_nodes (blob_id)',
    'sync_id_takeout_type_idx ON sync_id_takeout (source_id, type_name)',
]
UNIQUE_INDEX = 'sieve_scripts_one_active_idx'
# Since 1.0.0; since 1.0.10.
FIRST_RELEASE_LACKS = ('sync_state_jmap',)
BEFORE_1_0_10 = {'sync_id_exchange_graph': ",'filenode'"}


def compact(value):
    """JSON as serde_json writes it: no blanks, sorted, UTF-8 as it is."""
    return json.dumps(value, separators=(',', ':'), sort_keys=True,
                      ensure_ascii=False)


@functools.lru_cache(None)
def digest(data):
    return blake3.digest(data)


class Archive:
    """One archive that is being written. Each method that adds a row returns
    its id."""

    def __init__(self, path, kind='jmap', data_type=True, checks=True,
                 old=False):
        """kind: the source's, None for an archive without a source row.
        data_type: the column of calendar_events is there. checks: the CHECKs
        are. old: the first release."""
        self.path, self.kind = path, kind
        self.db = sqlite3.connect(path, isolation_level=None)
        self.db.execute('PRAGMA journal_mode = WAL')
        self.db.execute('PRAGMA foreign_keys = ON')
        self.db.execute('PRAGMA locking_mode = EXCLUSIVE')
        self.db.execute('BEGIN IMMEDIATE')
        for name, columns in TABLES:
            self.make_table(name, columns, data_type, checks, old)
        for text in INDEXES:
            if old and text.split()[2] in FIRST_RELEASE_LACKS:
                continue
            self.db.execute('CREATE %sINDEX %s' % (
                'UNIQUE ' if text.startswith(UNIQUE_INDEX) else '', text))
        if kind is not None:
            self.source(kind)

    def make_table(self, name, columns, data_type, checks, old):
        if old and name in FIRST_RELEASE_LACKS:
            return
        text = 'CREATE TABLE %s (%s)' % (name, ', '.join(
            c for c in columns if data_type or not c.startswith('data_type')))
        if old:
            text = text.replace(BEFORE_1_0_10.get(name, '\0'), '')
        if not checks:
            text = without_checks(text)
        self.db.execute(text)

    def source(self, kind):
        where = {'jmap': ('https://mail.example.org', 'b', None, 'alice'),
                 'maildir': ('file:///srv/mail/alice', '/srv/mail/alice',
                             'alice', '')}
        url, account, name, user = where.get(
            kind, (kind + '://mail.example.org:1', 'alice', None, 'alice'))
        return self.insert('sources', kind=kind, session_url=url,
                           account_id=account, account_name=name,
                           username=user)

    def insert(self, table, **columns):
        given = {k: v for k, v in columns.items() if v is not ...}
        return self.db.execute('INSERT INTO %s (%s) VALUES (%s)' % (
            table, ', '.join(given), ', '.join('?' * len(given))),
            list(given.values())).lastrowid

    def synced(self, capital, local):
        """The bookkeeping of a row that came over JMAP."""
        if self.kind == 'jmap' and abs(local) < 1 << 62:
            self.insert('sync_id_jmap', source_id=1, type_name=capital,
                        jmap_id='%s%d' % (capital[0].lower(), local),
                        local_id=local)
        return local

    def blob(self, data, hash_=None):
        key = hash_ or digest(bytes(data))
        self.db.execute('INSERT OR IGNORE INTO blobs (hash, data) '
                        'VALUES (?, ?)', (key, data))
        return self.db.execute('SELECT id FROM blobs WHERE hash = ?',
                               (key,)).fetchone()[0]

    def mailbox(self, name, parent=None, role=None, subscribed=1, ident=...):
        return self.synced('Mailbox', self.insert(
            'mailboxes', id=ident, name=name, parent_id=parent, role=role,
            is_subscribed=subscribed))

    def email(self, data, mailboxes, at='2026-01-02T03:04:05Z', keywords=(),
              match=None, ident=...):
        """mailboxes, keywords, match: a text is taken as it is."""
        blob = data if isinstance(data, int) else self.blob(data)
        return self.synced('Email', self.insert(
            'emails', id=ident, blob_id=blob, received_at=at,
            mailbox_ids=text_of(mailboxes), keywords=text_of(keywords),
            message_match=text_of({} if match is None else match)))

    def script(self, name, data, active=0):
        return self.synced('SieveScript', self.insert(
            'sieve_scripts', name=name, is_active=active,
            blob_id=self.blob(data)))

    def calendar(self, name, **more):
        return self.synced('Calendar', self.insert('calendars', name=name,
                                                   **more))

    def event(self, data, calendars, **more):
        return self.synced('CalendarEvent', self.insert(
            'calendar_events', data=text_of(data),
            calendar_ids=text_of(calendars), **more))

    def book(self, name, **more):
        return self.synced('AddressBook', self.insert('address_books',
                                                      name=name, **more))

    def card(self, uid, data, books, **more):
        return self.synced('ContactCard', self.insert(
            'contact_cards', uid=uid, data=text_of(data),
            address_book_ids=text_of(books), **more))

    def node(self, name, kind='file', parent=None, data=None, target=None,
             modified='2026-02-03T04:05:06Z', ident=...):
        return self.synced('FileNode', self.insert(
            'file_nodes', id=ident, name=name, node_type=kind,
            parent_id=parent,
            blob_id=None if data is None else self.blob(data),
            target=None if target is None else text_of(target),
            created='2026-02-03T04:05:06Z', modified=modified))

    def loose(self):
        """What foreign keys and CHECKs forbid may be written from now on."""
        self.db.execute('COMMIT')
        self.db.execute('PRAGMA foreign_keys = OFF')
        self.db.execute('PRAGMA ignore_check_constraints = ON')
        self.db.execute('BEGIN IMMEDIATE')

    def close(self):
        """As a clean end of vandelay leaves it: no -wal."""
        self.db.execute('COMMIT')
        self.db.execute('PRAGMA wal_checkpoint(TRUNCATE)')
        self.db.close()
        assert not os.path.exists(self.path + '-wal')

    def kill(self):
        """As a vandelay that was killed leaves it: every row is in the -wal,
        and the file itself has not even a table."""
        self.db.execute('PRAGMA wal_autocheckpoint = 0')
        self.db.execute('COMMIT')
        for end in ('', '-wal'):
            import shutil  # which the stand-in has no use for
            shutil.copy(self.path + end, self.path + '.kept' + end)
        self.db.close()
        for end in ('', '-wal'):
            os.rename(self.path + '.kept' + end, self.path + end)

    def commit(self):
        """Writes, and goes on holding the lock."""
        self.db.execute('COMMIT')


def text_of(value):
    return value if isinstance(value, str) else compact(
        list(value) if isinstance(value, tuple) else value)


def without_checks(text):
    """A CREATE TABLE less its CHECKs."""
    while ' CHECK (' in text:
        start = text.index(' CHECK (')
        depth, at = 1, start + len(' CHECK (')
        while depth:
            depth += {'(': 1, ')': -1}.get(text[at], 0)
            at += 1
        text = text[:start] + text[at:]
    return text
