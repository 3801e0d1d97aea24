# SPDX-License-Identifier: ISC
# Copyright (c) 2026 The mailferry authors
"""Archives that somebody made to do harm, or that a disk has harmed: whatever is
in them, nothing is written outside the target, what is wrong is said in plain
characters, and the rest comes out.

usage: hostile.py --list hostile|damaged
       hostile.py CASE"""
import os
import resource
import shutil
import struct
import sys

import account
import extracted as tree
import vandelay
from odd import entry, message, person

CASES = {}


def case(fill, group='hostile'):
    CASES[fill.__name__.replace('_', '-')] = group, fill
    return fill


def damage(fill):
    return case(fill, 'damaged')


class Run:
    """What archive2maildir did with an archive."""

    def __init__(self, archive='a.sqlite', target='tree', memory=None):
        before = outside(target)
        limits = None
        if memory is not None and os.environ.get('SANITIZED') != 'yes':
            def limits():
                resource.setrlimit(resource.RLIMIT_DATA, (memory, memory))
        self.done = tree.run(archive, target, preexec_fn=limits, timeout=120)
        self.status = self.done.returncode
        self.said = self.done.stderr
        self.target = target
        self.wrong = []
        if outside(target) != before:
            self.wrong.append('changed outside the target: %r' % (
                set(outside(target).items()) ^ set(before.items())))
        if self.status not in (0, 1, 2):
            self.wrong.append('exit %d' % self.status)
        if self.status and not self.said:
            self.wrong.append('not a word on stderr')
        odd = [c for c in self.said.decode('utf-8', 'replace')
               if (ord(c) < 32 and c != '\n') or 127 <= ord(c) < 160 or
               c in '\ufffd\u202e\u2028']
        if odd:
            self.wrong.append('raw on stderr: %r' % odd)
        self.inside()

    def inside(self):
        """Links only where the archive has them, and no odd kinds of file."""
        for at, dirs, names in os.walk(self.target):
            for name in dirs + names:
                path = os.path.join(at, name)
                if os.path.islink(path) and not path.startswith(
                        self.target + '/files/'):
                    self.wrong.append('a link: %r' % path)

    def says(self, *texts):
        self.wrong += ['stderr lacks %r' % t for t in texts
                       if t.encode() not in self.said]
        return self

    def ends(self, *statuses):
        if self.status not in statuses:
            self.wrong.append('exit %d, not %r' % (self.status, statuses))
        return self

    def adds_up(self):
        """All that the rows refer to is there."""
        self.wrong += account.check('a.sqlite', self.target, self.done)
        return self

    def bodies(self, *wanted):
        got = [m[0] for f in tree.mail(self.target).values() for m in f]
        for data in wanted:
            if data not in got:
                self.wrong.append('not extracted: %.60r' % data)
        return self

    def files(self, *wanted):
        got = list(tree.flat(self.target, 'files').values())
        for data in wanted:
            if data not in got:
                self.wrong.append('no file of: %.60r' % data)
        return self


def outside(target):
    """{path: what it is} of all below this folder, less the target."""
    found = {}
    for at, dirs, names in os.walk('.'):
        dirs[:] = [d for d in dirs if os.path.join(at, d) != './' + target]
        for name in dirs + names:
            path = os.path.join(at, name)
            st = os.lstat(path)
            found[path] = (st.st_mode, st.st_size, st.st_mtime_ns)
    return found


def archive(**options):
    a = vandelay.Archive('a.sqlite', **options)
    a.loose()
    return a


NAMES = ['..', '.', '', '/', '//', '../../outside', '/etc/passwd', 'a/../../b',
         '../outside/canary', '..\\..', 'a\0b', '\0', 'a\nb', '\n', '\r\n',
         '-rf', '--', 'x' * 300, 'ü' * 200, '😀' * 100, '\x1b[2J', '\x7f',
         '\u2028', 'cur', 'new', 'tmp', 'con', '.', ' ', '\t', '...',
         '_orphans', '_unnamed', 'active', '%s%n', '&', '&-', '&AAA', '&AC8-',
         '&AAAAAA-', '.INBOX', 'INBOX', 'inbox.', '~', '~root', 'a..b', '.a.',
         'x' * 255, 'y' * 251 + '.ics']


@case
def names():
    """One of everything under each bad name."""
    a = archive()
    cal, book = a.calendar('Gut'), a.book('Gut')
    for n, name in enumerate(NAMES):
        if NAMES.index(name) != n:
            continue
        a.email(message(n), [a.mailbox(name)])
        # JSON with a NUL in a text is a case of its own.
        uid = name.replace('\0', '\1')
        a.event(entry(uid + '@%d' % n), [a.calendar(name)])
        a.event(entry(uid), [cal])
        a.card(name, person('A'), [a.book(name)])
        a.card(name + '/2', person('B'), [book])
        a.script(name, b'# %d' % n)
        a.node(name, data=b'file %d' % n)
        d = a.node(name + '\0', 'directory')
        a.node(name, parent=d, data=b'deep %d' % n)
    a.close()
    return Run().ends(0, 1).adds_up()


@case
def bytes_that_are_no_utf8():
    a = archive()
    for n, raw in enumerate((b'\xff', b'a\xc3', b'\xed\xa0\x80', b'\xc0\xaf',
                             b'..\xff/..')):
        box = a.mailbox('n%d' % n)
        a.db.execute('UPDATE mailboxes SET name = CAST(? AS TEXT) '
                     'WHERE id = ?', (raw, box))
        a.email(message(n), [box])
        node = a.node('n%d' % n, data=b'%d' % n)
        a.db.execute('UPDATE file_nodes SET name = CAST(? AS TEXT) '
                     'WHERE id = ?', (raw, node))
        script = a.script('n%d' % n, b'# %d' % n)
        a.db.execute('UPDATE sieve_scripts SET name = CAST(? AS TEXT) '
                     'WHERE id = ?', (raw, script))
        uid = a.card('n%d' % n, person('A'), [])
        a.db.execute('UPDATE contact_cards SET uid = CAST(? AS TEXT) '
                     'WHERE id = ?', (raw, uid))
    a.close()
    return Run().ends(0, 1).bodies(*map(message, range(5))).files(
        *(b'%d' % n for n in range(5)))


@case
def nul_in_json():
    """What cannot be written is named; what stands beside it is written."""
    a = archive()
    cal, book = a.calendar('Gut'), a.book('Gut')
    a.event(entry('nul@x', 'a\0b'), [cal])
    a.event(entry('a@x'), [cal])
    a.card('nul@x', person('a\0b'), [book])
    a.card('a@x', person('A'), [book])
    a.close()
    ran = Run().ends(0, 1)
    for part, end in (('calendars', '.ics'), ('contacts', '.vcf')):
        found = tree.collections('tree', part)['Gut']
        if 'a@x' + end not in found:
            ran.wrong.append('no a@x' + end)
        if 'nul@x' + end not in found:
            ran.says('event 1' if end == '.ics' else 'card 1').ends(1)
    return ran


@case
def links():
    """The script writes through them: a file called as a link."""
    a = archive()
    here = os.getcwd()
    for n, (name, target) in enumerate((
            ('a_b', ['..', '..', 'outside']), ('e_f', [here, 'outside']),
            ('c_d', ['..', '..', 'outside', 'canary']),
            ('g_h', ['', 'etc', 'passwd']), ('i', ['a\0b']), ('j', []),
            ('k', 'x'), ('l', [1, None, {}]), ('m', ['x' * 5000]),
            ('n', ['../../outside']))):
        link = a.node(name, 'symlink', target=target)
        a.node('below', parent=link, data=b'below %d' % n)
        d = a.node('dir', 'directory', parent=link)
        a.node('canary', parent=d, data=b'deep %d' % n)
    d = a.node('a/b', 'directory')
    a.node('canary', parent=d, data=b'through a directory')
    e = a.node('e\\f', 'directory')
    a.node('new', parent=e, data=b'through another')
    a.node('c/d', data=b'through a file')
    a.node('g\nh', data=b'over')
    a.close()
    return Run().ends(0, 1).files(b'through a directory', b'through another',
                                  b'through a file', b'over',
                                  *(b'below %d' % n for n in range(10)))


@case
def links_made_meanwhile():
    """Between two runs, somebody puts links in the place of what was made."""
    a = archive()
    box = a.mailbox('Eins')
    a.email(message(1), [box], keywords=['Wort'])
    a.event(entry('a@x'), [a.calendar('Kal')])
    a.node('a', data=b'file')
    a.node('in', parent=a.node('d', 'directory'), data=b'deep')
    a.script('s', b'keep;', 1)
    a.close()
    result = Run().ends(0).adds_up()
    for path in ('mail', 'mail/.Eins', 'mail/.Eins/cur', 'mail/cur',
                 'mail/.Eins/tmp', 'calendars', 'calendars/Kal', 'files',
                 'files/d', 'sieve', '.archive2maildir',
                 'files/a', 'sieve/s.sieve', 'sieve/active.sieve',
                 'folders.ndjson', 'mail/subscriptions', 'account.ndjson',
                 'mail/.Eins/dovecot-keywords', '.archive2maildir/label'):
        target = 'tree-' + path.replace('/', '-')
        shutil.copytree('tree', target)
        place = os.path.join(target, path)
        if os.path.isdir(place):
            shutil.rmtree(place)
            os.symlink(os.path.abspath('outside'), place)
        else:
            os.unlink(place)
            os.symlink(os.path.abspath('outside/canary'), place)
        before = outside(target)
        ran = tree.run('a.sqlite', target)
        if outside(target) != before:
            result.wrong.append('written through ' + path)
        if ran.returncode not in (0, 1, 2):
            result.wrong.append('%s: exit %d' % (path, ran.returncode))
    return result


@case
def cycles():
    a = archive()
    a.mailbox('Selbst', 1, ident=1)
    a.mailbox('Eins', 3, ident=2)
    a.mailbox('Zwei', 2, ident=3)
    a.mailbox('Waise', 99, ident=4)
    a.mailbox('Kind', 4, ident=5)
    a.mailbox('Vor dem Ring', 2, ident=6)
    for n in range(1, 7):
        a.email(message(n), [n])
    a.node('s', 'directory', 1, ident=1)
    a.node('in s', parent=1, data=b'1')
    a.node('x', 'directory', 11, ident=10)
    a.node('y', 'directory', 10, ident=11)
    a.node('in x', parent=10, data=b'2')
    a.node('no parent', parent=99, data=b'3')
    d = a.node('no parent', 'directory', 98)
    a.node('deep', parent=d, data=b'4')
    f = a.node('a file', data=b'5')
    a.node('below a file', parent=f, data=b'6')
    a.close()
    return Run().ends(0, 1).adds_up()


@case
def long_chain():
    """More levels than any name or path may have."""
    a = archive()
    a.db.executemany('INSERT INTO mailboxes (id, name, parent_id) '
                     'VALUES (?, ?, ?)',
                     ((n, 'm', n - 1 if n > 1 else None)
                      for n in range(1, 1001)))
    a.db.executemany('INSERT INTO file_nodes (id, parent_id, node_type, name,'
                     " created) VALUES (?, ?, 'directory', 'd', '')",
                     ((n, n - 1 if n > 1 else None)
                      for n in range(1, 1001)))
    a.email(message(1), [1000])
    a.node('deep', parent=1000, data=b'deep')
    a.email(message(2), [1])
    a.close()
    return Run().ends(0, 1).bodies(message(1), message(2)).files(b'deep')


@case
def ids():
    """The ends of what an id can be, and what is none."""
    a = archive()
    top, low = (1 << 63) - 1, -(1 << 63)
    a.mailbox('Oben', ident=top)
    a.mailbox('Unten', ident=low)
    a.mailbox('Null', ident=0)
    a.mailbox('Kind', top, ident=-1)
    a.email(message(1), [top])
    a.email(message(2), [low], ident=top)
    a.email(message(3), [0], ident=low)
    a.email(message(4), [-1], ident=0)
    for n, text in enumerate(('[9223372036854775808]', '[1e400]', '[0.5]',
                              '["0"]', '[null]', '[true]', '[[0]]', '{"0":0}',
                              'null', '"0"', '0', '[-9223372036854775809]',
                              '[99999999999999999999999999]', '[]',
                              '[0.0]', '[-0]')):
        a.email(message(100 + n), text, ident=100 + n)
    a.email(message(200), '[%s]' % ','.join(['7'] * 100000), ident=200)
    a.node('n', ident=top, data=b'top')
    a.node('d', 'directory', ident=low)
    a.node('n', parent=low, data=b'low')
    a.close()
    return Run().ends(0, 1).bodies(*map(message, [1, 2, 3, 4, 200] + list(
        range(100, 116)))).files(b'top', b'low')


@case
def broken_json():
    """Where the CHECKs were dropped."""
    a = archive(checks=False)
    box, cal, book = a.mailbox('Gut'), a.calendar('Gut'), a.book('Gut')
    for n, text in enumerate(('', '[', '[1', '{', '[1,]', 'x', '\0', '[1]x',
                              '"\ud800"'.encode('utf-8', 'ignore').decode(),
                              '[' * 100000, '{"a":' * 100000)):
        a.email(message('m%d' % n), text)
        a.email(message('k%d' % n), [box], keywords=text)
        a.email(message('h%d' % n), [box], match=text)
        a.event(entry('c%d@x' % n), text)
        a.event(text, [cal])
        a.card('c%d@x' % n, person('A'), text)
        a.card('d%d@x' % n, text, [book])
        a.node('l%d' % n, 'symlink', target=text)
    a.email(message('good'), [box], keywords=['$seen'])
    a.event(entry('good@x'), [cal])
    a.card('good@x', person('Good'), [book])
    a.node('good', data=b'good')
    a.close()
    ran = Run().ends(1).files(b'good').bodies(message('good'), *(
        message('%s%d' % (k, n)) for k in 'mkh' for n in range(11)))
    names = tree.collections('tree', 'calendars'), \
        tree.collections('tree', 'contacts')
    for found, end in zip(names, ('.ics', '.vcf')):
        for uid in ['good@x'] + ['c%d@x' % n for n in range(11)]:
            if not any(uid + end in d for d in found.values()):
                ran.wrong.append('no %s%s' % (uid, end))
    return ran


@case
def wrong_types():
    """SQLite lets a column hold anything."""
    a = archive(checks=False)
    box = a.mailbox('Gut')
    a.email(message('good'), [box])
    for n, (table, column) in enumerate((
            ('mailboxes', 'name'), ('mailboxes', 'parent_id'),
            ('mailboxes', 'role'), ('emails', 'received_at'),
            ('emails', 'keywords'), ('emails', 'mailbox_ids'),
            ('file_nodes', 'name'), ('file_nodes', 'parent_id'),
            ('file_nodes', 'node_type'), ('calendars', 'name'),
            ('calendar_events', 'data'), ('calendar_events', 'data_type'),
            ('calendar_events', 'calendar_ids'), ('contact_cards', 'uid'),
            ('contact_cards', 'data'), ('sieve_scripts', 'name'),
            ('sieve_scripts', 'is_active'))):
        for value in (b'\0\1\xff' + b'%d' % n, 3.5 + n, -n, 'Text %d' % n):
            name = '%d-%s' % (n, type(value).__name__)
            row = {'mailboxes': lambda: a.mailbox(name),
                   'emails': lambda: a.email(message('t%d' % n), [box]),
                   'file_nodes': lambda: a.node(name, data=b'f'),
                   'calendars': lambda: a.calendar(name),
                   'calendar_events': lambda: a.event(entry(name), []),
                   'contact_cards': lambda: a.card(name, person('A'), []),
                   'sieve_scripts': lambda: a.script(name, b's')}[table]()
            a.db.execute('UPDATE OR REPLACE %s SET %s = ? WHERE id = ?' % (
                table, column), (value, row))
    a.close()
    return Run().ends(0, 1).bodies(message('good'), message('t3'),
                                   message('t4'), message('t5'))


@case
def bodies_that_are_no_blobs():
    a = archive(checks=False)
    box = a.mailbox('Gut')
    a.email(message('good'), [box])
    for n, value in enumerate(('From: text\n\n', 5, 2.5)):
        ident = a.blob(b'x%d' % n)
        a.db.execute('UPDATE blobs SET data = ? WHERE id = ?', (value, ident))
        a.email(ident, [box])
    # One that is gone, for a message, a script and a file.
    a.email(77, [box])
    a.db.execute("INSERT INTO sieve_scripts (name, blob_id) VALUES ('s', 77)")
    a.db.execute('INSERT INTO file_nodes (name, node_type, blob_id, created) '
                 "VALUES ('f', 'file', 78, '')")
    a.script('good', b'keep;')
    a.close()
    ran = Run().ends(1).bodies(message('good'), b'From: text\n\n')
    if b'keep;' not in tree.flat('tree', 'sieve').values():
        ran.wrong.append('the script is not there')
    return ran


@case
def heaps():
    """Much of what is small: deep JSON, many keywords, long texts."""
    a = archive()
    box, cal = a.mailbox('Gut'), a.calendar('Gut')
    a.email(message(1), [box], keywords=['k%d' % n for n in range(100000)])
    a.email(message(2), [box], keywords=['$seen', 'k' * 1000000])
    a.event(entry('long@x', 'x' * 3000000), [cal])
    deep = '[' * 900 + ']' * 900
    a.event('{"@type":"Event","uid":"deep@x","start":"2026-01-01T00:00:00",'
            '"x":%s}' % deep, [cal])
    a.event(entry('many@x', recurrenceOverrides={
        '20%02d-%02d-%02dT%02d:00:00' % (y, m, d, h): {'excluded': True}
        for y in range(20, 25) for m in range(1, 13) for d in range(1, 29)
        for h in (1, 2)}), [cal])
    a.close()
    ran = Run().ends(0, 1).bodies(message(1), message(2))
    for uid in ('long@x', 'many@x'):
        if uid + '.ics' not in tree.collections('tree', 'calendars')['Gut']:
            ran.wrong.append('no ' + uid)
    return ran


@damage
def other_database():
    """A database, but no archive."""
    import sqlite3
    db = sqlite3.connect('a.sqlite')
    db.execute('CREATE TABLE emails (x)')
    db.commit()
    db.close()
    return Run().ends(2).says('a.sqlite')


@case
def views():
    """A table that is a view could run anything; it is no archive."""
    a = archive()
    a.email(message(1), [a.mailbox('Gut')])
    a.db.execute('ALTER TABLE emails RENAME TO real_emails')
    a.db.execute('CREATE VIEW emails AS SELECT id, blob_id, '
                 "received_at || load_extension('/tmp/x') AS received_at, "
                 'mailbox_ids, keywords, message_match FROM real_emails')
    a.close()
    return Run().ends(1, 2)


@damage
def no_archive():
    ran = None
    wrong = []
    open('empty', 'w').close()
    with open('text', 'w') as f:
        f.write('From: a\n' * 1000)
    with open('header', 'wb') as f:
        f.write(b'SQLite format 3\0')
    os.mkdir('directory')
    os.mkfifo('fifo')
    os.symlink('loop', 'loop')
    for name in ('empty', 'text', 'header', 'directory', 'fifo', 'loop',
                 'missing', '/dev/null'):
        ran = Run(name, 'tree-' + os.path.basename(name)).ends(2).says(name)
        wrong += ['%s: %s (%r)' % (name, w, ran.said) for w in ran.wrong]
        if os.path.exists('tree-' + name):
            wrong.append('%s: a target was made' % name)
    ran.wrong = wrong
    return ran


def small_archive():
    a = vandelay.Archive('whole')
    for n in range(8):
        a.email(message(n) + b'x' * 3000 * n, [a.mailbox('Box %d' % n)],
                keywords=['$seen', 'Wort'])
    a.event(entry('a@x'), [a.calendar('Kal')])
    a.card('a@x', person('A'), [a.book('Buch')])
    a.script('s', b'keep;', 1)
    a.node('f', data=b'file' * 3000)
    a.close()
    with open('whole', 'rb') as f:
        return f.read()


@damage
def truncated():
    """At pages, and in the midst of one: what is whole comes out whole."""
    whole = small_archive()
    good = {message(n) + b'x' * 3000 * n for n in range(8)}
    wrong, least = [], 0
    sizes = list(range(len(whole) - 4096, 0, -4096 * 4))
    for size in sizes + [len(whole) - 100, 5000, 99, 1]:
        with open('a.sqlite', 'wb') as f:
            f.write(whole[:size])
        target = 'tree-%d' % size
        ran = Run('a.sqlite', target).ends(1, 2)
        wrong += ['%d bytes: %s (%.200r)' % (size, w, ran.said)
                  for w in ran.wrong]
        if os.path.isdir(target):
            got = {m[0] for f in tree.mail(target).values() for m in f}
            least += len(got)
            if got - good:
                wrong.append('%d: half a message' % size)
    ran.wrong = wrong
    if least == 0:
        ran.wrong.append('not one message out of any')
    return ran


@damage
def scrambled():
    """Every third page overwritten with noise, one at a time."""
    whole = bytearray(small_archive())
    wrong = []
    for page in range(1, len(whole) // 4096, 3):
        bad = bytearray(whole)
        noise = bytes((page * 31 + i * 7 + (i >> 3)) & 255
                      for i in range(4096))
        bad[page * 4096:page * 4096 + 4096] = noise
        with open('a.sqlite', 'wb') as f:
            f.write(bad)
        ran = Run('a.sqlite', 'tree-%d' % page).ends(0, 1, 2)
        wrong += ['page %d: %s (%.200r)' % (page, w, ran.said)
                  for w in ran.wrong]
    ran.wrong = wrong
    return ran


@damage
def two_gib():
    """A row that says it has 2 GiB, which SQLite itself would refuse."""
    a = archive()
    box = a.mailbox('Gut')
    for n in range(3):
        a.email(message(n), [box])
    big = a.blob(b'BIG' * 1000)
    a.email(big, [box])
    a.email(message(3), [box])
    a.close()
    with open('a.sqlite', 'rb') as f:
        data = bytearray(f.read())
    at = data.index(b'BIG' * 20)
    # Before the 32 bytes of the hash: the sizes of the payload and of its
    # header, the row's id, the types (NULL for the id, the hash, the data).
    def cell(length):
        kind = varint(2 * length + 12)
        header = bytes([3 + len(kind), 0, 76]) + kind
        return varint(len(header) + 32 + length) + bytes([big]) + header

    start = at - 32 - len(cell(3000))
    assert data[start:at - 32] == cell(3000)
    data[start:start + len(cell(1 << 31))] = cell(1 << 31)
    with open('a.sqlite', 'wb') as f:
        f.write(data)
    return Run(memory=256 << 20).ends(1).bodies(*map(message, range(4)))


def varint(n):
    """A number as SQLite's records have it: 7 bits a byte, high ones first."""
    out = [n & 127]
    while n > 127:
        n >>= 7
        out.insert(0, n & 127 | 128)
    return bytes(out)


@damage
def huge():
    """A message of 300 MB takes no more memory than a small one. (Skipped
    under a sanitizer, whose own memory is counted.)"""
    a = vandelay.Archive('a.sqlite')
    size = 300000000
    box = a.mailbox('Gut')
    a.email(message(1), [box])
    a.db.execute('INSERT INTO blobs (hash, data) VALUES (?, zeroblob(?))',
                 (b'h' * 32, size))
    a.email(a.db.execute('SELECT max(id) FROM blobs').fetchone()[0], [box])
    a.email(message(2), [box])
    a.close()
    ran = Run.__new__(Run)
    ran.wrong, ran.target = [], 'tree'
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    ran.done = tree.run('a.sqlite', 'tree')
    ran.status, ran.said = ran.done.returncode, ran.done.stderr
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    print('peak memory: %d KiB (before: %d)' % (peak, before))
    if peak > 64 * 1024 and os.environ.get('SANITIZED') != 'yes':
        ran.wrong.append('%d KiB of memory' % peak)
    cur = 'tree/mail/.Gut/cur'
    sizes = sorted(os.stat(os.path.join(cur, f)).st_size
                   for f in os.listdir(cur))
    if sizes[-1] != size or len(sizes) != 3:
        ran.wrong.append('sizes: %r' % sizes)
    name = [f for f in os.listdir(cur) if ',S=%d,W=%d:' % (size, size) in f]
    if not name:
        ran.wrong.append('no right S= and W=: %r' % os.listdir(cur))
    return ran.ends(0)


def main():
    if sys.argv[1] == '--list':
        print('\n'.join(n for n in CASES if CASES[n][0] == sys.argv[2]))
        return
    os.mkdir('outside')
    with open('outside/canary', 'w') as f:
        f.write('untouched')
    ran = CASES[sys.argv[1]][1]()
    print('exit %d\n%s\n%s' % (ran.status, '\n'.join(ran.wrong),
                               ran.said.decode('utf-8', 'replace')[:3000]))
    with open('outside/canary') as f:
        assert f.read() == 'untouched'
    sys.exit(bool(ran.wrong))


if __name__ == '__main__':
    main()
