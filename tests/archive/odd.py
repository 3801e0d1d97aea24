# SPDX-License-Identifier: ISC
# Copyright (c) 2026 The mailferry authors
"""Odd archives, each with the tree that must come of it. What a case expects is
written by hand from the rules of Vandelay's export script and of Dovecot's
Maildir, not taken from what archive2maildir does.

usage: odd.py --list
       odd.py --all DIRECTORY   writes every archive
       odd.py --killed CASE FILE    as a killed vandelay leaves it
       odd.py --hold CASE FILE  as one that runs: says "held", and holds the
                                lock until its standard input ends
       odd.py --compare CASE TREE   the tree is the one of the case
       odd.py --check CASE      writes it, runs archive2maildir, compares
       odd.py --tap             does so with each case, and prints TAP"""
import base64
import os
import sys
import tempfile

import account
import vandelay
from extracted import Any, Tree, compare, run

CASES = {}
# 2026-01-02T03:04:05Z, the time of a message that states no other.
T = 1767323045


def case(**options):
    """Marks a function that fills an archive and returns the tree; options are
    for vandelay.Archive."""
    def mark(fill):
        CASES[fill.__name__.replace('_', '-')] = fill, options
        return fill
    return mark


def message(n, end='\r\n'):
    return ('From: a@example.org%sMessage-ID: <%s@example.org>%s'
            'Subject: %s%s%sText %s.%s' % (
                end, n, end, n, end, end, n, end)).encode()


def plain(n, flags='', *words):
    return message(n), T, flags, words


# --- folders ---

@case()
def nothing(a):
    return Tree()


@case(kind=None)
def no_source(a):
    a.email(message(1), [a.mailbox('Inbox', role='inbox')])
    return Tree({'.': [plain(1)]})


@case(old=True)
def first_release(a):
    a.email(message(1), [a.mailbox('Inbox', role='inbox')])
    return Tree({'.': [plain(1)]})


@case()
def levels(a):
    inbox = a.mailbox('Inbox', role='inbox')
    one = a.mailbox('Archiv')
    two = a.mailbox('2023', one)
    a.email(message(1), [inbox])
    a.email(message(2), [two])
    a.email(message(3), [a.mailbox('Unter', inbox)])
    a.mailbox('Leer', subscribed=0)
    return Tree({'.': [plain(1)], '.Archiv': [], '.Archiv.2023': [plain(2)],
                 '.Unter': [plain(3)], '.Leer': []})


@case()
def same_folder_name(a):
    inbox = a.mailbox('Inbox', role='inbox')
    a.email(message(1), [a.mailbox('Work', inbox)])
    root = a.mailbox('Work')
    a.email(message(2), [root])
    a.email(message(3), [a.mailbox('Deep', root)])
    deep = a.mailbox('Deep', 2)
    a.email(message(4), [deep])
    # Which of the two keeps the name is free; their children go with them.
    return Tree({'.': [], Any(): [plain(1)], Any(['Work']): [plain(2)],
                 Any(['Work', 'Deep']): [plain(3)], Any(): [plain(4)]},
                said=('"Work"',))


@case()
def same_root_names(a):
    for n in 1, 2, 3:
        a.email(message(n), [a.mailbox('Dup')])
    return Tree({Any(['Dup']): [plain(1)], Any(['Dup']): [plain(2)],
                 Any(['Dup']): [plain(3)]}, said=('mailbox 2', 'mailbox 3'))


@case()
def same_when_cleaned(a):
    for n, name in enumerate(('a/b', 'a_b', 'a\\b', ' a_b', 'a_b.')):
        a.email(message(n), [a.mailbox(name)])
    return Tree({Any(): [plain(n)] for n in range(5)}, said=('"a_b"',))


@case()
def names(a):
    wanted = {}
    for n, (name, directory) in enumerate((
            ('Entwürfe & co', '.Entw&APw-rfe &- co'),
            ('日本語', '.&ZeVnLIqe-'),
            ('😀', '.&2D3eAA-'),
            ('a/b Schrägstrich', '.a_b Schr&AOQ-gstrich'),
            ('v1.2', '.v1\\2e2'),
            ('.punkt', '.\\2epunkt'),
            # The script cuts these, and can make two folders one.
            ('Ende...', '.Ende\\2e\\2e\\2e'),
            ('..', '.\\2e\\2e'),
            (' Rand ', '. Rand '),
            ('x\ty\nz\x01', '.x_y_z_'),
            ('Tilde~', '.Tilde~'),
            ('sent', '.sent'),
            ('Sent', '.Sent'),
            ("it's \"q\" *?%", '.it\'s "q" *?%'))):
        a.email(message(n), [a.mailbox(name)])
        wanted[directory] = [plain(n)]
    return Tree(wanted, said=('"a/b Schrägstrich": its folder is .a_b',))


@case()
def names_dovecot_cannot_open(a):
    """Leading tildes, a folder called as the INBOX, names too long."""
    wanted = {'.': []}
    a.mailbox('Eingang', role='inbox')
    for n, name in enumerate(('~home', 'INBOX', 'inbox', 'x' * 300,
                              'ä' * 120, 'cur', '\u202eRTL')):
        a.email(message(n), [a.mailbox(name)])
        wanted[Any([name])] = [plain(n)]
    return Tree(wanted, said=('"INBOX"', '"inbox"', '"' + 'x' * 300 + '"'))


@case()
def deep_chain(a):
    """Together longer than a file name may be."""
    parent, path = None, []
    wanted = {}
    for n in range(12):
        path.append('Ebene %02d %s' % (n, 'y' * 30))
        parent = a.mailbox(path[-1], parent)
        a.email(message(n), [parent])
        wanted[Any(list(path))] = [plain(n)]
    return Tree(wanted, said=('too long',))


@case()
def inbox_of_no_role(a):
    """As takeout --noautomap leaves it: Dovecot would never show .Inbox."""
    inbox = a.mailbox('Inbox')
    a.email(message(1), [inbox])
    a.email(message(2), [a.mailbox('Kind', inbox)])
    return Tree({'.': [plain(1)], '.Kind': [plain(2)]})


@case()
def nested_inbox(a):
    """Only at the top does the role make the root."""
    a.email(message(1), [a.mailbox('Inbox', a.mailbox('A'), 'inbox')])
    return Tree({'.A': [], '.A.Inbox': [plain(1)]})


@case()
def roles_twice(a):
    a.email(message(1), [a.mailbox('Sent', role='sent')])
    a.email(message(2), [a.mailbox('Sent Items', role='sent')])
    a.email(message(3), [a.mailbox('Eins', role='inbox')])
    a.email(message(4), [a.mailbox('Zwei', role='inbox')])
    return Tree({'.Sent': [plain(1)], '.Sent Items': [plain(2)],
                 '.': [plain(3)], Any(['Zwei']): [plain(4)]})


@case(kind='maildir')
def names_as_on_disk(a):
    """An archive of a Maildir holds the bytes that stood on disk."""
    a.email(message(1), [a.mailbox('INBOX', role='inbox')])
    a.email(message(2), [a.mailbox('Entw&APw-rfe')])
    a.email(message(3), [a.mailbox('A &- B')])
    a.email(message(4), [a.mailbox('Ä roh')])
    a.email(message(5), [a.mailbox('a & b')])
    return Tree({'.': [plain(1)], '.Entw&APw-rfe': [plain(2)],
                 '.A &- B': [plain(3)], '.&AMQ- roh': [plain(4)],
                 '.a &- b': [plain(5)]})


@case()
def names_of_a_server(a):
    """The same names, when a server gave them, are names like any other."""
    a.email(message(1), [a.mailbox('Entw&APw-rfe')])
    a.email(message(2), [a.mailbox('Entwürfe')])
    return Tree({'.Entw&-APw-rfe': [plain(1)], '.Entw&APw-rfe': [plain(2)]})


# --- messages ---

@case()
def in_two_folders(a):
    one, two = a.mailbox('Eins'), a.mailbox('Zwei')
    a.email(message(1), [one, two], keywords=['$seen', 'Wort'])
    return Tree({'.Eins': [plain(1, 'S', 'Wort')],
                 '.Zwei': [plain(1, 'S', 'Wort')]})


@case(kind='imap')
def two_rows_one_blob(a):
    one, two = a.mailbox('Eins'), a.mailbox('Zwei')
    a.email(message(1), [one], keywords=['$seen'])
    a.email(message(1), [two])
    a.email(message(1), [two], keywords=['$flagged'])
    return Tree({'.Eins': [plain(1, 'S')],
                 '.Zwei': [plain(1), plain(1, 'F')]})


@case(kind='imap')
def rows_that_are_equal(a):
    """A folder may hold one message twice."""
    box = a.mailbox('Eins')
    for _ in range(3):
        a.email(message(1), [box], keywords=['$seen', 'Wort'])
    a.email(b'', [box])
    a.email(b'', [box])
    return Tree({'.Eins': [plain(1, 'S', 'Wort')] * 3 + [(b'', T, '', ())] * 2})


@case()
def one_id_twice(a):
    """Not two copies of it."""
    box = a.mailbox('Eins')
    a.email(message(1), [box, box])
    return Tree({'.Eins': [plain(1)]}, said=('email 1',))


@case()
def no_known_folder(a):
    box = a.mailbox('Eins')
    a.email(message(1), [])
    a.email(message(2), [77, 78])
    a.email(message(3), [77, box])
    return Tree({'.Eins': [plain(3)], Any(): [plain(1), plain(2)]},
                said=('mailbox',), status=(0, 1))


@case()
def keywords(a):
    box = a.mailbox('Eins')
    for n, words in enumerate((
            ['$seen', '$answered', '$flagged', '$draft'],
            ['$Seen', '$FLAGGED'], ['$forwarded'], ['$Forwarded', '$deleted'],
            ['$mdnsent', 'Eigenes', 'NonJunk'], ['eigenes', 'EIGENES'],
            ['$seen', '$seen'], [])):
        a.email(message(n), [box], keywords=words)
    return Tree({'.Eins': [
        plain(0, 'DFRS'), plain(1, 'FS'), plain(2, 'P'), plain(3, 'PT'),
        plain(4, '', '$mdnsent', 'Eigenes', 'NonJunk'),
        plain(5, '', 'Eigenes'), plain(6, 'S'), plain(7)]})


@case()
def keywords_that_imap_lacks(a):
    """What cannot be a keyword of IMAP is said, and hurts nothing else."""
    box = a.mailbox('Eins')
    for n, word in enumerate(('\\Foo', 'zwei Worte', 'a\nb', '', 'a)b',
                              'ümlaut', 'x' * 300)):
        a.email(message(n), [box], keywords=['$seen', 'Gut', word])
    return Tree({'.Eins': [plain(n, 'S', 'Gut') for n in range(7)]},
                said=('keyword',), status=(0, 1))


@case()
def keywords_beyond_26(a):
    """A file name has 26 letters for them; of the rest it is said."""
    box = a.mailbox('Eins')
    words = ['k%02d' % n for n in range(30)]
    for n in range(30):
        a.email(message('%02d' % n), [box], keywords=[words[n]])
    wanted = [plain('%02d' % n, '', *words[n:n + 1][:n < 26])
              for n in range(30)]
    return Tree({'.Eins': wanted}, said=('keyword',), status=(0, 1))


@case()
def times(a):
    box = a.mailbox('Eins')
    wanted = []
    for n, (at, time) in enumerate((
            ('2025-05-12T10:00:00+02:00', 1747036800),
            ('2026-03-01T00:30:00-08:00', 1772353800),
            ('2026-01-02T03:04:05.123456789Z', T),
            ('2026-01-02T03:04:05.1+00:00', T),
            ('2038-06-01T00:00:00Z', 2158963200),
            ('1970-01-01T00:00:00Z', 0),
            ('2024-02-29T12:00:00z', 1709208000))):
        a.email(message(n), [box], at=at)
        wanted.append((message(n), time, '', ()))
    return Tree({'.Eins': wanted})


@case()
def times_that_dovecot_cannot_keep(a):
    """It has 32 bits without a sign: 1965 would come out as after 2100."""
    box = a.mailbox('Eins')
    wanted = []
    for n, (at, time) in enumerate((
            ('1965-03-04T05:06:07Z', 0),
            ('1969-12-31T23:59:59Z', 0),
            ('2106-02-07T06:28:15Z', 2 ** 32 - 1),
            ('2106-02-07T06:28:16Z', 2 ** 32 - 1),
            ('9999-12-31T23:59:59Z', 2 ** 32 - 1))):
        a.email(message(n), [box], at=at)
        wanted.append((message(n), time, '', ()))
    return Tree({'.Eins': wanted}, said=('Dovecot cannot keep its date',))


@case()
def times_that_are_none(a):
    """1970, as the script has it; the message is there."""
    box = a.mailbox('Eins')
    for n, at in enumerate(('', 'gestern', '2026-13-01T00:00:00Z',
                            '2026-01-02')):
        a.email(message(n), [box], at=at)
    return Tree({'.Eins': [(message(n), 0 if n < 3 else None, '', ())
                           for n in range(4)]}, status=(0, 1))


@case()
def bytes_of_all_kinds(a):
    """LF, CR, NUL, no newline at the end, nothing at all."""
    box = a.mailbox('Eins')
    kinds = (message(1, '\n'), b'', b'\0\xff\r\r\n\n', b'no newline',
             b'a\r\nb\nc\rd\n', b'\r\n' * 40000)
    for data in kinds:
        a.email(data, [box])
    a.blob(b'no row refers to this')
    return Tree({'.Eins': [(data, T, '', ()) for data in kinds]})


@case()
def same_second(a):
    box = a.mailbox('Eins')
    for n in range(300):
        a.email(message('%03d' % n), [box])
    return Tree({'.Eins': [plain('%03d' % n) for n in range(300)]})


# --- calendars and contacts ---

def entry(uid, title='t', kind='Event', **more):
    return dict({'@type': kind, 'uid': uid, 'title': title,
                 'start': '2026-01-02T10:00:00', 'duration': 'PT1H',
                 'timeZone': 'Europe/Vienna'}, **more)


def encoded(data):
    return base64.b64encode(data).decode()


def person(name, **more):
    return dict({'@type': 'Card', 'version': '1.0',
                 'name': {'full': name}}, **more)


@case()
def events(a):
    one, two = a.calendar('Arbeit & mehr'), a.calendar('Zwei')
    a.event(entry('a@x'), [one])
    a.event(entry('both@x', 'Beide'), [one, two])
    a.event(entry('urn:uuid:1-2', kind='Task'), [two])
    return Tree(calendars={
        'Arbeit & mehr': {'a@x.ics': ('VEVENT', 'a@x', 't'),
                          'both@x.ics': ('VEVENT', 'both@x', 'Beide')},
        'Zwei': {'both@x.ics': ('VEVENT', 'both@x', 'Beide'),
                 'urn:uuid:1-2.ics': ('VTODO', 'urn:uuid:1-2', 't')}})


@case()
def type_in_the_row_alone(a):
    """CalDAV rows: data_type says it, and data need not."""
    one = a.calendar('Eins')
    for kind in 'Event', 'Task':
        data = entry(kind + '@x')
        del data['@type']
        a.event(data, [one], data_type=kind)
    # What data says comes first.
    a.event(entry('both@x', kind='Task'), [one], data_type='Event')
    return Tree(calendars={'Eins': {
        'Event@x.ics': ('VEVENT', 'Event@x', 't'),
        'Task@x.ics': ('VTODO', 'Task@x', 't'),
        'both@x.ics': ('VTODO', 'both@x', 't')}})


@case(data_type=False)
def no_data_type(a):
    one = a.calendar('Eins')
    a.event(entry('a@x'), [one])
    data = entry('b@x')
    del data['@type']
    a.event(data, [one])
    return Tree(calendars={'Eins': {'a@x.ics': ('VEVENT', 'a@x', 't'),
                                    'b@x.ics': ('VEVENT', 'b@x', 't')}})


@case()
def empty_shell(a):
    one = a.calendar('Eins')
    a.event({'@type': 'Group', 'prodId': 'x'}, [one])
    a.event(entry('a@x'), [one])
    return Tree(calendars={'Eins': {'a@x.ics': ('VEVENT', 'a@x', 't')}},
                said=('group',), status=(0, 1))


@case()
def no_calendar(a):
    a.calendar('Eins')
    a.event(entry('a@x'), [])
    a.event(entry('b@x'), [9])
    return Tree(calendars={'Eins': {}, '_orphans': {
        'a@x.ics': ('VEVENT', 'a@x', 't'),
        'b@x.ics': ('VEVENT', 'b@x', 't')}}, status=(0, 1))


@case()
def a_calendar_called_orphans(a):
    one = a.calendar('_orphans')
    a.event(entry('a@x'), [one])
    a.event(entry('b@x'), [])
    return Tree(calendars={'_orphans': {'a@x.ics': ('VEVENT', 'a@x', 't')},
                           '_orphans-1': {
                               'b@x.ics': ('VEVENT', 'b@x', 't')}},
                status=(0, 1))


@case()
def collection_names(a):
    wanted = {}
    for n, (name, directory) in enumerate((
            ('Gleich', 'Gleich'), ('Gleich', 'Gleich-1'),
            ('Gleich', 'Gleich-2'), ('', 'calendar-4'),
            ('a/b', 'a_b'), ('..', 'calendar-6'), ('Ä. ', 'Ä'))):
        a.event(entry('%d@x' % n), [a.calendar(name)])
        wanted[directory] = {'%d@x.ics' % n: ('VEVENT', '%d@x' % n, 't')}
    a.calendar('y' * 300)
    wanted[Any()] = {}
    return Tree(calendars=wanted)


@case()
def event_names(a):
    """A uid is never trusted as a file name."""
    one = a.calendar('Eins')
    wanted = {}
    for n, (uid, name) in enumerate((
            ('same@x', 'same@x.ics'), ('same@x', 'same@x-1.ics'),
            ('a/b\\c:d', 'a_b_c:d.ics'), ('a_b_c:d', 'a_b_c:d-1.ics'),
            ('..', 'event-5.ics'), ('😀@x', '😀@x.ics'))):
        a.event(entry(uid, str(n)), [one])
        wanted[name] = ('VEVENT', uid, str(n))
    for uid in 'z' * 300, 'ß' * 130:
        a.event(entry(uid, 'lang'), [one])
        wanted[Any()] = ('VEVENT', uid, 'lang')
    data = entry('')
    del data['uid']
    a.event(data, [one])
    # A UID of its own, which no event of another archive has.
    wanted['event-9.ics'] = ('VEVENT', 'event-9-DIGEST', 't')
    return Tree(calendars={'Eins': wanted})


@case()
def cards(a):
    one, two = a.book('Freunde/Ä'), a.book('Zwei')
    a.book('')
    a.card('a@x', person('Anna'), [one])
    a.card('urn:uuid:1', person('Beide'), [one, two])
    a.card('u/v', person('Schräg'), [two])
    a.card('lost', person('Verloren'), [9])
    return Tree(contacts={
        'Freunde_Ä': {'a@x.vcf': ('a@x', 'Anna'),
                      'urn:uuid:1.vcf': ('urn:uuid:1', 'Beide')},
        'Zwei': {'urn:uuid:1.vcf': ('urn:uuid:1', 'Beide'),
                 'u_v.vcf': ('u/v', 'Schräg')},
        'addressbook-3': {}, '_orphans': {'lost.vcf': ('lost', 'Verloren')}},
        status=(0, 1))


@case()
def blobs_in_items(a):
    """Bytes that stand in the archive beside the event or card, or in it."""
    cal, book = a.calendar('Kal'), a.book('Buch')
    text, photo = b'attached\0text', bytes(range(256)) * 300
    a.event(entry('a@x', links={'l': {
        '@type': 'Link', '@blob': a.blob(text), 'rel': 'enclosure',
        'contentType': 'text/plain'}}), [cal])
    a.event(entry('draft@x'), [cal], is_draft=1, use_default_alerts=1)
    a.card('a@x', person('Anna', media={'m': {
        '@type': 'Media', 'kind': 'photo', '@blob': a.blob(photo),
        'mediaType': 'image/jpeg'}}), [book])
    a.card('b@x', person('Berta', media={'m': {
        '@type': 'Media', 'kind': 'photo',
        'uri': 'data:image/png;base64,AAEC'}}), [book])
    return Tree(
        calendars={'Kal': {'a@x.ics': ('VEVENT', 'a@x', 't'),
                           'draft@x.ics': ('VEVENT', 'draft@x', 't')}},
        contacts={'Buch': {'a@x.vcf': ('a@x', 'Anna'),
                           'b@x.vcf': ('b@x', 'Berta')}},
        holds={'calendars/Kal/a@x.ics': [
                   'FMTTYPE=text/plain', ':' + encoded(text) + '\r\n'],
               'calendars/Kal/draft@x.ics': ['isDraft', 'useDefaultAlerts'],
               'contacts/Buch/a@x.vcf': [
                   'data:image/jpeg;base64,' + encoded(photo) + '\r\n'],
               'contacts/Buch/b@x.vcf': ['data:image/png;base64,AAEC\r\n']})


# --- scripts ---

@case()
def scripts(a):
    a.script('Regeln Ä/1', b'keep;\r\n', 1)
    a.script('vacation', b'stop;')
    a.script(None, b'discard;')
    a.script(None, b'')
    return Tree(sieve={'Regeln Ä_1.sieve': ('Regeln Ä/1', b'keep;\r\n', True),
                       'active.sieve': b'keep;\r\n',
                       'vacation.sieve': ('vacation', b'stop;', False),
                       'script-3.sieve': (None, b'discard;', False),
                       'script-4.sieve': (None, b'', False)})


@case()
def script_called_active(a):
    """It is not the active one, and neither is lost."""
    a.script('active', b'# not me\n')
    a.script('Regeln', b'# me\n', 1)
    return Tree(sieve={'active.sieve': b'# me\n',
                       'Regeln.sieve': ('Regeln', b'# me\n', True),
                       'active-1.sieve': ('active', b'# not me\n', False)})


@case()
def script_called_active_that_is(a):
    a.script('active', b'# me\n', 1)
    a.script('Regeln', b'# not me\n')
    return Tree(sieve={'active.sieve': b'# me\n',
                       'Regeln.sieve': ('Regeln', b'# not me\n', False),
                       'active-1.sieve': ('active', b'# me\n', True)})


@case()
def scripts_of_one_name(a):
    a.script('a/b', b'# 1')
    a.script('a_b', b'# 2')
    a.script('a\\b', b'# 3')
    return Tree(sieve={'a_b.sieve': ('a/b', b'# 1', False),
                       'a_b-1.sieve': ('a_b', b'# 2', False),
                       'a_b-2.sieve': ('a\\b', b'# 3', False)})


# --- files ---

@case()
def files(a):
    top = a.node('Ordner%20%C3%84', 'directory')
    deep = a.node('tief', 'directory', top)
    a.node('a.txt', data=b'text')
    a.node('leer', parent=deep, data=b'')
    a.node('ohne', parent=deep)
    a.node('.hidden', data=b'\0\1')
    a.node('con:nul?.txt', parent=top, data=b'x')
    a.node('Leer', 'directory')
    return Tree(files={
        'Ordner%20%C3%84': None, 'Ordner%20%C3%84/tief': None,
        'a.txt': b'text', 'Ordner%20%C3%84/tief/leer': b'',
        'Ordner%20%C3%84/tief/ohne': b'', '.hidden': b'\0\1',
        'Ordner%20%C3%84/con:nul?.txt': b'x', 'Leer': None}, status=(0, 1))


@case()
def files_of_one_name(a):
    """The script overwrites the first."""
    a.node('a/b', data=b'1')
    a.node('a_b', data=b'2')
    one = a.node('c/d', 'directory')
    two = a.node('c_d', 'directory')
    a.node('x', parent=one, data=b'3')
    a.node('x', parent=two, data=b'4')
    a.node('Dup', data=b'5')
    a.node('Dup', data=b'6')
    a.node('..', data=b'7')
    return Tree(files={'a_b': b'1', 'a_b-1': b'2', 'c_d': None,
                       'c_d/x': b'3', 'c_d-1': None, 'c_d-1/x': b'4',
                       'Dup': b'5', 'Dup-1': b'6', Any(): b'7'},
                said=['file 1: "a/b": it is files/a_b: ',
                      'file 2: "a_b": it is files/a_b-1: ',
                      'file 3: "c/d": it is files/c_d: ',
                      'file 4: "c_d": it is files/c_d-1: ',
                      'file 8: "Dup": it is files/Dup-1: ',
                      'file 9: "..": it is files/_unnamed: '])


# --- the run ---

def build(name, path, end=vandelay.Archive.close):
    """Writes the archive; returns the tree that it must give."""
    fill, options = CASES[name]
    a = vandelay.Archive(path, **options)
    tree = fill(a)
    end(a)
    return tree


def hold(archive):
    archive.commit()
    print('held', flush=True)
    sys.stdin.read()


def check(name):
    wanted = build(name, 'a.sqlite')
    ran = run('a.sqlite', 'tree')
    said = ran.stderr.decode('utf-8', 'replace')
    wrong = []
    if ran.returncode not in wanted.status:
        wrong.append('exit %d, wanted %r' % (ran.returncode, wanted.status))
    wrong += ['stderr lacks %r' % t for t in wanted.said if t not in said]
    if not wanted.said and wanted.status == (0,) and said:
        wrong.append('stderr is not empty')
    wrong += compare(wanted, 'tree')
    wrong += account.check('a.sqlite', 'tree', ran)
    if wrong:
        text = '%s:\n%s\nstderr: %s\nstdout: %s' % (
            name, '\n'.join(wrong), said, ran.stdout.decode())
        print(*('# ' + line for line in text.split('\n')), sep='\n')
    return not wrong


def tap():
    bad = 0
    for n, name in enumerate(CASES, 1):
        os.mkdir(name)
        os.chdir(name)
        good = check(name)
        os.chdir('..')
        bad += not good
        print('%sok %d - %s' % ('' if good else 'not ', n, name), flush=True)
    print('1..%d' % len(CASES))
    return bad != 0


def main():
    what, *rest = sys.argv[1:]
    if what == '--list':
        print('\n'.join(CASES))
    elif what == '--check':
        sys.exit(not check(rest[0]))
    elif what == '--tap':
        sys.exit(tap())
    elif what == '--killed':
        build(*rest, vandelay.Archive.kill)
    elif what == '--hold':
        build(*rest, hold)
    elif what == '--compare':
        with tempfile.TemporaryDirectory() as scratch:
            wrong = compare(build(rest[0], scratch + '/a'), rest[1])
        print('\n'.join(wrong))
        sys.exit(bool(wrong))
    else:
        for name in CASES:
            build(name, os.path.join(rest[0], name))


if __name__ == '__main__':
    main()
