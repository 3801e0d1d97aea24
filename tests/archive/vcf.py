#!/usr/bin/python3
"""What the vCard writer makes, read by python3-vobject. Prints TAP.

vcf.py CONVERT ARCHIVE SOURCES: the cards of a real archive mean what was put
into the server that it was read from, in version 4 and in version 3.
"""
import gzip
import json
import re
import sqlite3
import subprocess
import sys
import tempfile

import vobject

convert, archive, sources = sys.argv[1:4]
count = bad = 0


def ok(good, name, why=''):
    global count, bad
    count += 1
    print(('ok' if good else 'not ok'), count, '-', name)
    if not good:
        bad += 1
        for line in str(why).splitlines()[:30]:
            print('#', line)


def well_formed(data):
    if not data.endswith(b'\r\n') or b'\n' in data.replace(b'\r\n', b''):
        return 'line ends'
    for line in data[:-2].split(b'\r\n'):
        if len(line) > 75 or not line:
            return 'length of %r' % line
        line.decode()
    return None


def unescape(text):
    return re.sub(r'\\(.)', lambda m: '\n' if m[1] in 'nN' else m[1], text)


def split(text, at):
    """The parts of a text between separators that are not escaped."""
    return re.split(r'(?<!\\)' + at, text)


# Names of one thing in the two versions, and what Apple calls it.
SAME = {'X-ADDRESSBOOKSERVER-KIND': 'KIND',
        'X-ADDRESSBOOKSERVER-MEMBER': 'MEMBER', 'X-DEATHDATE': 'DEATHDATE',
        'X-SOCIALPROFILE': 'SOCIALPROFILE', 'X-LANG': 'LANG',
        'X-EXPERTISE': 'EXPERTISE', 'X-HOBBY': 'HOBBY',
        'X-ORG-DIRECTORY': 'ORG-DIRECTORY', 'X-RELATED': 'RELATED',
        'X-CREATED': 'CREATED', 'X-PRONOUNS': 'PRONOUNS',
        'X-ANNIVERSARY': 'ANNIVERSARY'}
# Where a text holds a list.
LISTS = ('CATEGORIES', 'NICKNAME')


def entries(text):
    """A card as a set of (name, value, types), read line by line."""
    found = set()
    groups = {}
    for line in text.replace('\r\n', '\n').replace('\n ', '').split('\n'):
        m = re.match(r'(?:([\w-]+)\.)?([\w-]+)((?:;[^":;]+'
                     r'(?:"[^"]*"[^":;]*)*)*):(.*)$', line)
        if not m:
            continue
        group, name, params, value = m.groups()
        name = SAME.get(name.upper(), name.upper())
        if name in ('BEGIN', 'END', 'VERSION'):
            continue
        types, rest = set(), {}
        for p in re.findall(r';([\w-]+)=((?:"[^"]*"|[^;"])*)', params):
            # A quoted list of types is a list all the same.
            quoted = p[1].startswith('"') and p[0].upper() != 'TYPE'
            p = p[0], p[1].replace('"', '')
            for v in [p[1]] if quoted else p[1].split(','):
                if p[0].upper() == 'TYPE':
                    types.add(v.lower())
                elif p[0].upper() == 'PREF':
                    types.add('pref')
                else:
                    rest.setdefault(p[0].upper(), v)
        if name in ('PHOTO', 'LOGO', 'SOUND') and not value.startswith('http'):
            # The same bytes inline in version 3, and as a URI.
            value = value.split(',')[-1]
            types = set()
        if name == 'TEL' and value.startswith('tel:'):
            value = value[4:]
        if name == 'KEY':
            types = set()
        if name == 'SOCIALPROFILE':
            types = {rest.get('SERVICE-TYPE', *types).lower()}
        if name in ('BDAY', 'DEATHDATE', 'ANNIVERSARY'):
            value = value.replace('1604-', '--').replace('-', '') \
                if 'X-APPLE-OMIT-YEAR' in rest or name != 'ANNIVERSARY' \
                else value
        if name == 'ADR':
            value = re.sub(';*$', '', value)
            for n in ('GEO', 'TZ', 'LABEL'):
                if n in rest:
                    found.add((n, unescape(rest[n].replace('^n', '\n'))
                               .replace('geo:', '').replace(';', ','), ''))
            found.add((name, value, ' '.join(sorted(types))))
            continue
        if name == 'N':
            value = re.sub(';*$', '', value)
            if not value:
                continue
        if name in ('GEO', 'TZ', 'LABEL'):
            value = unescape(value).replace('geo:', '').replace(';', ',')
            types = set()
        values = split(value, ',') if name in LISTS else [value]
        if name == 'X-ABLABEL':
            groups[group] = unescape(value)
            continue
        for v in values:
            if name not in ('N', 'ADR', 'ORG'):
                v = unescape(v)
            extra = rest.get('LANGUAGE', '') if 'ALTID' in rest else ''
            found.add((name, v, ' '.join(sorted(types | {extra} - {''}))))
    found |= {('X-ABLABEL', v, '') for v in groups.values()}
    return found


# Left by the server: what it dropped, and what it says otherwise.
DROPPED = ('GENDER', 'X-FOO', 'X-AIM', 'AGENT', 'MAILER', 'SORT-STRING',
           'CLASS')
DROPPED_VALUES = {
    # A text as birthday; of two, the date.
    ('BDAY', 'um 1800', ''),
    # Apple's profile, and the label of an address that vCard 3 has beside it.
    ('SOCIALPROFILE', 'http://t.test/o', 'twitter'),
    ('LABEL', 'Weg 1\n4020 Linz', ''),
}


def main():
    with tempfile.NamedTemporaryFile() as f:
        f.write(gzip.open(archive).read())
        f.flush()
        db = sqlite3.connect('file:%s?mode=ro&immutable=1' % f.name, uri=True)
        rows = db.execute('select uid, data from contact_cards').fetchall()
        db.close()
    put = {}
    for name, text in json.load(open(sources))['vcf'].items():
        e = entries(text)
        put[[v for n, v, _ in e if n == 'UID'][0]] = e
    seen = set()
    for uid, data in rows:
        seen.add(uid)
        for version in 'vcf4', 'vcf3':
            name = '%s, %s' % (uid, version)
            done = subprocess.run([convert, version, uid], input=data.encode(),
                                  capture_output=True)
            ok(done.returncode == 0, '%s: written' % name, done.stderr)
            wrong = well_formed(done.stdout)
            ok(wrong is None, '%s: well-formed' % name, wrong)
            text = done.stdout.decode()
            card = vobject.readOne(text)
            ok(card.fn.value and card.version.value == version[3] + '.0',
               '%s: vobject reads it' % name, text)
            card.serialize()
            want = {e for e in put[uid] if e[0] not in DROPPED and
                    e not in DROPPED_VALUES}
            got = entries(text)
            if version == 'vcf3':
                # What only version 4 has a property for is kept whole.
                kept = [v for n, v, _ in got if n == 'X-JSPROP']
                got = {e for e in got if e[0] != 'X-JSPROP'}
                lost = {e for e in want - got
                        if e[0] in ('ANNIVERSARY', 'LANGUAGE') or
                        (e[2] in ('de', 'fr', 'en') and
                         e[0] in ('FN', 'TITLE'))}
                ok(bool(kept) == bool(lost), '%s: JSPROP' % name,
                   '%s\n%s' % (kept, lost))
                want -= lost
                got -= {e for e in got if e[0] in ('FN', 'TITLE') and
                        uid == 'lang@c'}
                if uid == 'org@c':
                    want = {e for e in want if e[0] != 'KIND'}
                    got = {e for e in got if e[0] != 'X-ABSHOWAS'}
            if uid == 'lang@c':
                # Said once for the whole card, by the server.
                got -= {('LANGUAGE', 'en', '')}
            ok(want == got, '%s: means the same' % name,
               'put in: %s\ncame out: %s' % (sorted(want - got),
                                             sorted(got - want)))
    ok(set(put) == seen, 'every card came out', set(put) ^ seen)
    print('1..%d' % count)


main()
sys.exit(bad != 0)
