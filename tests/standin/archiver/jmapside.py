# SPDX-License-Identifier: ISC
# Copyright (c) 2026 The mailferry authors
"""import jmap, and export."""
import base64
import http.client
import json
import re
import urllib.parse

import failure
import store
import tls

USING = ['urn:ietf:params:jmap:core', 'urn:ietf:params:jmap:mail',
         'urn:ietf:params:jmap:sieve', 'urn:ietf:params:jmap:blob',
         'urn:stalwart:jmap']
PAGE = 200


class Client:
    def __init__(self, options):
        u = urllib.parse.urlsplit(options.url)
        self.netloc, self.tls = u.netloc, u.scheme == 'https'
        self.context = tls.context(options) if self.tls else None
        user, secret = options.secret
        self.authorization = 'Bearer ' + secret if user is None else \
            'Basic ' + base64.b64encode(('%s:%s' % (user, secret)).encode(
            )).decode()
        self.connection = None
        self.session = self.ask('GET', u.path.rstrip('/') +
                                '/.well-known/jmap')

    def open(self):
        kind = http.client.HTTPSConnection if self.tls else \
            http.client.HTTPConnection
        more = {'context': self.context} if self.tls else {}
        self.connection = kind(self.netloc, timeout=60, **more)

    def raw(self, method, path, body=None, kind=None):
        headers = {'Authorization': self.authorization}
        if kind:
            headers['Content-Type'] = kind
        for attempt in (1, 2):
            if self.connection is None:
                self.open()
            try:
                self.connection.request(method, path, body, headers)
                answer = self.connection.getresponse()
                data = answer.read()
            except (OSError, http.client.HTTPException) as e:
                self.connection = None
                if attempt == 2:
                    raise failure.Failure(failure.CONNECTION,
                                          'connection failed: %s' % e)
                continue
            if answer.status in (301, 302, 307, 308):
                to = urllib.parse.urlsplit(answer.headers['Location'])
                return self.raw(method, to.path, body, kind)
            if answer.status in (401, 403):
                raise failure.Failure(failure.CONNECTION,
                                      'authentication failed')
            if answer.status >= 400:
                raise failure.Failure(failure.CONNECTION,
                                      'HTTP %d' % answer.status)
            return data

    def ask(self, *args):
        return json.loads(self.raw(*args))

    def call(self, method, **arguments):
        """The arguments of the answer; None for an unknown method."""
        body = json.dumps({'using': USING,
                           'methodCalls': [[method, arguments, '0']]})
        path = urllib.parse.urlsplit(self.session['apiUrl']).path
        name, answer, _ = self.ask('POST', path, body.encode(),
                                   'application/json')['methodResponses'][0]
        if name != 'error':
            return answer
        if answer['type'] == 'unknownMethod':
            return None
        raise failure.Failure(failure.ACCOUNT, '%s: %s' % (
            method, answer['type']))

    def upload(self, account, data, kind):
        path = urllib.parse.urlsplit(self.session['uploadUrl'].replace(
            '{accountId}', account)).path
        return self.ask('POST', path, data, kind)['blobId']

    def download(self, account, blob):
        url = self.session['downloadUrl']
        for key, value in (('accountId', account), ('blobId', blob),
                           ('name', 'x'),
                           ('type', 'application/octet-stream')):
            url = url.replace('{%s}' % key, urllib.parse.quote(value, ''))
        u = urllib.parse.urlsplit(url)
        return self.raw('GET', u.path)


def account_of(options, client):
    """The id of the account that is meant."""
    if options.account_id:
        return options.account_id
    accounts = client.session['accounts']
    if not options.account_name:
        return client.session['primaryAccounts']['urn:ietf:params:jmap:mail']
    for ident, account in accounts.items():
        if account['name'] == options.account_name:
            return ident
    local, _, domain = options.account_name.rpartition('@')
    domains = client.call('x:Domain/query', filter={'name': domain})
    found = domains and domains['ids'] and client.call(
        'x:Account/query', filter={'name': local,
                                   'domainId': domains['ids'][0]})
    if not found or not found['ids']:
        raise failure.Failure(failure.ACCOUNT,
                              'no account %s' % options.account_name)
    return found['ids'][0]


def wanted(options, kind):
    return not options.objects or kind in options.objects.split(',')


# --- import ---

class Import:
    def __init__(self, options, archive, client, account):
        self.options, self.archive = options, archive
        self.client, self.account = client, account
        self.source = archive.source(
            options, 'jmap', options.url, account, options.account_name,
            options.secret[0] or '(bearer)')
        self.counts = store.Counts('mailbox', 'email', 'sievescript')

    def known(self, kind):
        return dict(self.archive.rows(
            'SELECT jmap_id, local_id FROM sync_id_jmap WHERE source_id = ? '
            'AND type_name = ?', self.source, kind))

    def synced(self, kind, ident, local):
        self.archive.insert('sync_id_jmap', source_id=self.source,
                            type_name=kind, jmap_id=ident, local_id=local)

    def forget(self, kind, ident, table, local):
        self.archive.db.execute('DELETE FROM %s WHERE id = ?' % table,
                                (local,))
        self.archive.db.execute(
            'DELETE FROM sync_id_jmap WHERE source_id = ? AND type_name = ? '
            'AND jmap_id = ?', (self.source, kind, ident))

    def run(self):
        self.archive.begin()
        self.mailboxes()
        if wanted(self.options, 'email'):
            self.emails()
        if wanted(self.options, 'sievescript'):
            self.scripts()
        self.archive.commit()
        return self.counts

    def mailboxes(self):
        self.local = self.known('Mailbox')
        left = self.client.call('Mailbox/get', accountId=self.account,
                                ids=None)['list']
        while left:
            for m in [m for m in left if m.get('parentId') is None or
                      m['parentId'] in self.local]:
                left.remove(m)
                if m['id'] in self.local:
                    self.counts.add('mailbox', 'skipped')
                    continue
                parent = self.local.get(m.get('parentId'))
                self.local[m['id']] = self.archive.mailbox(
                    m['name'], parent, m.get('role'),
                    m.get('isSubscribed', True), m.get('sortOrder', 0))
                self.synced('Mailbox', m['id'], self.local[m['id']])
                self.counts.add('mailbox', 'created')

    def ids(self):
        found = []
        while True:
            page = self.client.call(
                'Email/query', accountId=self.account, position=len(found),
                limit=PAGE, calculateTotal=True)
            found += page['ids']
            if not page['ids'] or len(found) >= page['total']:
                return found

    def emails(self):
        known, ids = self.known('Email'), self.ids()
        for ident in set(known) - set(ids):
            self.forget('Email', ident, 'emails', known[ident])
            self.counts.add('email', 'deleted')
        for start in range(0, len(ids), PAGE):
            for m in self.client.call(
                    'Email/get', accountId=self.account,
                    ids=ids[start:start + PAGE],
                    properties=['id', 'blobId', 'mailboxIds', 'keywords',
                                'receivedAt'])['list']:
                self.email(known, m)

    def email(self, known, m):
        where = [self.local[i] for i in m['mailboxIds'] if i in self.local]
        words = list(m['keywords'])
        if m['id'] in known:
            self.archive.db.execute(
                'UPDATE emails SET mailbox_ids = ?, keywords = ? '
                'WHERE id = ?', (store.vandelay.compact(where),
                                 store.vandelay.compact(words),
                                 known[m['id']]))
            self.counts.add('email', 'updated')
            return
        local = self.archive.email(
            self.client.download(self.account, m['blobId']), where, words,
            m['receivedAt'])
        self.synced('Email', m['id'], local)
        self.counts.add('email', 'created')

    def scripts(self):
        known = self.known('SieveScript')
        for s in self.client.call('SieveScript/get', accountId=self.account,
                                  ids=None)['list']:
            local, new = self.archive.script(
                s['name'], self.client.download(self.account, s['blobId']),
                s['isActive'])
            if s['id'] not in known:
                self.synced('SieveScript', s['id'], local)
            self.counts.add('sievescript', 'created' if new else 'updated')


# --- export ---

class Export:
    def __init__(self, options, archive, client, account):
        self.options, self.archive = options, archive
        self.client, self.account = client, account
        self.counts = store.Counts('mailbox', 'email', 'sievescript')

    def run(self):
        self.mailboxes()
        if wanted(self.options, 'email'):
            self.emails()
        if wanted(self.options, 'sievescript'):
            self.scripts()
        return self.counts

    def mailboxes(self):
        there = self.client.call('Mailbox/get', accountId=self.account,
                                 ids=None)['list']
        roles = {m['role']: m['id'] for m in there if m.get('role')}
        names = {(m.get('parentId'), m['name'].strip().lower()): m['id']
                 for m in there}
        self.remote = {}
        left = self.archive.rows(
            'SELECT id, name, parent_id, role, is_subscribed FROM mailboxes '
            'ORDER BY id')
        while left:
            for row in [r for r in left if r[2] is None or
                        r[2] in self.remote]:
                left.remove(row)
                self.mailbox(row, roles, names)

    def mailbox(self, row, roles, names):
        ident, name, parent, role, subscribed = row
        above = self.remote.get(parent)
        found = roles.get(role) if role else None
        found = found or names.get((above, name.strip().lower()))
        if found:
            self.remote[ident] = found
            self.counts.add('mailbox', 'skipped')
            return
        body = {'name': name, 'parentId': above,
                'isSubscribed': bool(subscribed)}
        if role:
            body['role'] = role
        answer = self.client.call('Mailbox/set', accountId=self.account,
                                  create={'m': body})
        made = answer.get('created', {}).get('m')
        error = answer.get('notCreated', {}).get('m', {})
        self.remote[ident] = made['id'] if made else error.get('existingId')
        self.counts.add('mailbox', 'created' if made else 'skipped'
                        if error.get('existingId') else 'failed')

    def there(self):
        """The keys of the account's messages."""
        keys, at = set(), 0
        while True:
            page = self.client.call(
                'Email/query', accountId=self.account, position=at,
                limit=PAGE, calculateTotal=True)
            for m in page['ids'] and self.client.call(
                    'Email/get', accountId=self.account, ids=page['ids'],
                    properties=['blobId'])['list']:
                keys.add(store.match_key(store.match_of(
                    self.client.download(self.account, m['blobId']))))
            at += len(page['ids'])
            if not page['ids'] or at >= page['total']:
                return keys

    def emails(self):
        keys = self.there()
        for blob, at, where, words, match in self.archive.rows(
                'SELECT blob_id, received_at, mailbox_ids, keywords, '
                'message_match FROM emails ORDER BY id'):
            if store.match_key(json.loads(match)) in keys:
                self.counts.add('email', 'skipped')
                continue
            self.email(blob, at, json.loads(where), json.loads(words))

    def email(self, blob, at, where, words):
        remote = self.client.upload(
            self.account, self.archive.blob_data(blob), 'message/rfc822')
        answer = self.client.call('Email/import', accountId=self.account,
                                  emails={'m': {
                                      'blobId': remote,
                                      'mailboxIds': {self.remote[w]: True
                                                     for w in where
                                                     if w in self.remote},
                                      'keywords': {w: True for w in words},
                                      'receivedAt': at}})
        good = 'm' in answer.get('created', {})
        self.counts.add('email', 'created' if good else 'failed')

    def scripts(self):
        names = {s['name'] for s in self.client.call(
            'SieveScript/get', accountId=self.account, ids=None)['list']}
        for ident, name, active, blob in self.archive.rows(
                'SELECT id, name, is_active, blob_id FROM sieve_scripts '
                'ORDER BY id'):
            if name in names:
                self.counts.add('sievescript', 'skipped')
                continue
            remote = self.client.upload(self.account,
                                        self.archive.blob_data(blob),
                                        'application/sieve')
            more = {'onSuccessActivateScript': '#s'} if active else {}
            answer = self.client.call(
                'SieveScript/set', accountId=self.account,
                create={'s': {'name': name, 'blobId': remote}}, **more)
            good = 's' in answer.get('created', {})
            self.counts.add('sievescript', 'created' if good else 'failed')


def run(options, archive):
    u = urllib.parse.urlsplit(options.url)
    if not re.match('https?$', u.scheme):
        raise failure.Failure(failure.USAGE, 'not an http URL')
    client = Client(options)
    account = account_of(options, client)
    if options.verb == 'export' and options.dry_run:
        return None
    kind = Export if options.verb == 'export' else Import
    return kind(options, archive, client, account).run()
