# SPDX-License-Identifier: ISC
# Copyright (c) 2026 The mailferry authors
"""Random cards in JSContact (RFC 9553, as calcard writes it), and what each of
them means."""
import base64

from texts import shown

NAME_KINDS = ['title', 'given', 'given2', 'surname', 'surname2', 'credential',
              'generation']
ADDRESS_KINDS = ['postOfficeBox', 'apartment', 'name', 'locality', 'region',
                 'postcode', 'country']
DIVIDED = ['room', 'floor', 'number', 'district', 'separator']
PICTURES = [(b'\xff\xd8\xff\xe0', 'image/jpeg'),
            (b'\x89PNG\r\n\x1a\n', 'image/png'), (b'GIF89a', 'image/gif'),
            (b'something', None)]


def common(s, item):
    """What any property can say of itself."""
    r = s.random
    item.update(s.some([
        ('contexts', .5, lambda: {r.choice(['work', 'private', 'billing',
                                            'internet', 'pref']): True}),
        ('pref', .3, lambda: r.choice([1, 1, 2, 50])),
        ('label', .2, s.text),
        ('@type', .3, lambda: 'X')]))
    return s.odd(item)


def listed(s, make):
    r = s.random
    return {k: common(s, make()) for k in r.sample(
        ['k1', 'k2', 'a/b', 'x~y', 'ä', 'work', '1'], r.randrange(1, 4))}


def components(s, kinds):
    r = s.random
    made = []
    for kind in r.sample(kinds, r.randrange(1, len(kinds))):
        part = {'kind': kind, 'value': s.text('\n\r')}
        if r.random() < .1:
            part['phonetic'] = s.word()
        made.append(part)
    return made


def name(s):
    return s.odd(s.some([
        ('full', .6, s.text),
        ('components', .7, lambda: components(s, NAME_KINDS)),
        ('isOrdered', .1, lambda: True),
        ('sortAs', .2, lambda: {'surname': s.word()})]))


def address(s):
    r = s.random
    kinds = ADDRESS_KINDS + (DIVIDED if r.random() < .2 else [])
    return s.some([
        ('components', .7, lambda: components(s, kinds)),
        ('full', .3, lambda: s.text('^')),
        ('coordinates', .3, lambda: r.choice(
            ['geo:48.25,16.5', '48.25;16.5', 'geo:1,2;u=3'])),
        ('timeZone', .2, lambda: r.choice(['Europe/Vienna', 'Etc/GMT+5'])),
        ('countryCode', .2, lambda: 'AT')])


def media(s, kinds):
    r = s.random
    head, kind = r.choice(PICTURES)
    b64 = base64.b64encode(head + bytes(r.sample(range(256), 20))).decode()
    item = {'uri': r.choice(['data:base64,' + b64, 'data:;base64,' + b64,
                             'data:%s;base64,%s' % (kind or 'x/y', b64),
                             'https://x/' + s.word()])}
    if r.random() < .1:
        item = {'@blob': r.choice([7, 8])}
    if kinds:
        item['kind'] = r.choice(kinds)
    if r.random() < .3 and kind:
        item['mediaType'] = kind
    return item


def anniversary(s):
    r = s.random
    date = r.choice([
        {'year': r.randrange(1900, 2030), 'month': r.randrange(1, 13),
         'day': r.randrange(1, 29)},
        {'month': r.randrange(1, 13), 'day': r.randrange(1, 29)},
        {'year': 1604, 'month': 2, 'day': 29}, {'year': 1980},
        {'year': 1980, 'month': 5},
        {'@type': 'Timestamp', 'utc': '1999-12-31T23:59:59Z'}])
    return {'kind': r.choice(['birth', 'death', 'wedding', 'odd']),
            'date': dict(date)}


def hostile_property(s):
    r = s.random
    return [r.choice(['begin', 'END', 'uid', 'version', 'n', 'fn', 'bad name',
                      'x-a\r\nX-EVIL', 'x-odd', 'bday']),
            s.some([('x-p', .3, lambda: s.text('^"\n\r')),
                    ('group', .3, lambda: r.choice(['g1', 'a\r\nX-EVIL']))]),
            r.choice(['text', 'text', 'unknown']), s.text()]


def make(s):
    r = s.random
    o = s.some([
        ('@type', .9, lambda: 'Card'), ('version', .9, lambda: '1.0'),
        ('kind', .3, lambda: r.choice(['individual', 'org', 'group', 'odd x',
                                       'location'])),
        ('language', .2, lambda: 'de'),
        ('created', .3, lambda: '2024-01-02T03:04:05Z'),
        ('updated', .5, lambda: '2025-01-02T03:04:05Z'),
        ('name', .8, lambda: name(s)),
        ('nicknames', .3, lambda: listed(s, lambda: {'name': s.text(',')})),
        ('emails', .6, lambda: listed(s, lambda: {
            'address': s.word() + '@example.org'})),
        ('phones', .6, lambda: listed(s, lambda: dict(s.some([
            ('features', .5, lambda: {r.choice(
                ['mobile', 'fax', 'voice', 'text-x']): True})]),
            number=r.choice(['+43 ', 'tel:+43-', '0']) + s.word()))),
        ('addresses', .5, lambda: listed(s, lambda: address(s))),
        ('organizations', .4, lambda: listed(s, lambda: s.some([
            ('name', .8, s.text), ('sortAs', .1, s.word),
            ('units', .4, lambda: [s.odd({'name': s.text('\n\r')})])]))),
        ('titles', .4, lambda: listed(s, lambda: {
            'name': s.text(), 'kind': r.choice(['title', 'role', 'odd']),
            'organizationId': r.choice(['k1', 'work', 'ä', 'none'])})),
        ('notes', .4, lambda: listed(s, lambda: {'note': s.text()})),
        ('links', .4, lambda: listed(s, lambda: dict(s.some([
            ('kind', .3, lambda: r.choice(['contact', 'odd']))]),
            uri='https://x/' + s.word()))),
        ('onlineServices', .3, lambda: listed(s, lambda: s.some([
            ('service', .6, s.word), ('user', .6, s.word),
            ('uri', .6, lambda: r.choice(['xmpp:', 'https://x/']) + s.word()),
            ('vCardName', .2, lambda: r.choice(['impp', 'socialprofile']))]))),
        ('media', .4, lambda: listed(s, lambda: media(
            s, ['photo', 'logo', 'sound', 'odd']))),
        ('cryptoKeys', .2, lambda: listed(s, lambda: media(s, None))),
        ('anniversaries', .4, lambda: {k: anniversary(s) for k in r.sample(
            ['k1', 'a/b'], r.randrange(1, 3))}),
        ('keywords', .3, lambda: {s.text(',\\'): True for _ in range(2)}),
        ('members', .2, lambda: {'urn:uuid:' + s.word(): True}),
        ('relatedTo', .2, lambda: {r.choice(['urn:uuid:', 'A ']) + s.word():
                                   {'relation': {'friend': True}}}),
        ('preferredLanguages', .2, lambda: listed(s, lambda: {
            'language': 'x-' + s.word()})),
        ('personalInfo', .2, lambda: listed(s, lambda: {
            'kind': r.choice(['hobby', 'expertise', 'odd']),
            'value': s.text(), 'level': r.choice(['high', 'odd'])})),
        ('calendars', .2, lambda: listed(s, lambda: {
            'kind': r.choice(['calendar', 'freeBusy']),
            'uri': 'https://cal/' + s.word()})),
        ('speakToAs', .1, lambda: {'grammaticalGender': 'feminine',
                                   'pronouns': listed(s, lambda: {
                                       'pronouns': s.text()})}),
        ('localizations', .2, lambda: {'fr': {
            'name/full': s.text(), 'titles/k1/name': s.text(),
            'notes/k1/note': s.text(), 'no/such': s.text()}}),
        ('vCard', .3, lambda: {'properties': [hostile_property(s)
                                              for _ in range(2)]}),
        ('vCardProps', .2, lambda: [hostile_property(s)])])
    for p in o.get('vCard', {}).get('properties', []) + \
            o.get('vCardProps', []):
        # The name where there is no other.
        if p[0] == 'n' and not o.get('name', {}).get('components'):
            p[0] = 'x-odd'
    return dict(s.odd(o), uid=s.word() + r.choice(
        ['', '\r\nX-EVIL:1', ';,', '/..']))


# --- understood ---

def values(o, member, key, test=lambda i: True):
    """The texts of one property, empty ones left out."""
    return sorted(shown(i[key]) for i in o.get(member, {}).values()
                  if i.get(key) and test(i))


def whole_name(n):
    """As it is put together from its parts; '' where there are none."""
    order = NAME_KINDS[:-2] + ['generation', 'credential']
    parts = [p for p in n.get('components', [])]
    if not n.get('isOrdered'):
        parts.sort(key=lambda p: order.index(p['kind']))
    return ' '.join(p['value'] for p in parts)


def any_name(o):
    n = o.get('name', {})
    if n.get('full') or whole_name(n):
        return {shown(n.get('full') or whole_name(n))}
    for member, key in (('organizations', 'name'), ('nicknames', 'name'),
                        ('emails', 'address'), ('phones', 'number')):
        found = values(o, member, key)
        if found:
            return set(found)
    return {'-'}


def parts(o, kinds, *wanted):
    return sorted(shown(p['value']) for p in o.get('components', [])
                  if p['kind'] in wanted)


def number(text):
    return text[4:] if text.startswith('tel:') else text


def held(item):
    """The bytes that an item holds; None: it leads elsewhere."""
    if '@blob' in item:
        return b'abc' if item['@blob'] == 7 else None
    if item['uri'].startswith('data:'):
        return base64.b64decode(item['uri'].split(',')[1])
    return None


def bytes_of(o, member, kind):
    return sorted(b for b in (
        held(i) for i in o.get(member, {}).values()
        if i.get('kind') == kind) if b is not None)


def birthday(o, version):
    """(year or '', month, day) of each that its version can say."""
    found = []
    for a in o.get('anniversaries', {}).values():
        d = a['date']
        if a['kind'] != 'birth':
            continue
        if 'utc' in d:
            found.append(('1999', '12', '31'))
        elif 'day' in d:
            year = d.get('year', 1604)
            found.append(('' if year == 1604 else '%04d' % year,
                          '%02d' % d['month'], '%02d' % d['day']))
        elif version == 4:
            found.append(('1980', '05' if 'month' in d else '', ''))
    return sorted(found)


def meaning(o, version):
    n = o.get('name', {})
    wide = [a for a in o.get('addresses', {}).values()]
    return {
        'uid': shown(o['uid']),
        'surnames': parts(n, NAME_KINDS, 'surname', 'surname2'),
        'given': parts(n, NAME_KINDS, 'given'),
        'nick': values(o, 'nicknames', 'name'),
        'email': values(o, 'emails', 'address'),
        'tel': sorted(map(number, values(o, 'phones', 'number'))),
        'title': values(o, 'titles', 'name', lambda i: i['kind'] == 'title'),
        'role': values(o, 'titles', 'name', lambda i: i['kind'] == 'role'),
        'note': values(o, 'notes', 'note'),
        'url': values(o, 'links', 'uri', lambda i: 'kind' not in i),
        'org': sorted([shown(i.get('name', ''))] +
                      [shown(u['name']) for u in i.get('units', [])]
                      for i in o.get('organizations', {}).values()
                      if i.get('name') or i.get('units')),
        'city': sorted(x for a in wide
                       for x in parts(a, ADDRESS_KINDS, 'locality', 'district')),
        'code': sorted(x for a in wide
                       for x in parts(a, ADDRESS_KINDS, 'postcode')),
        'country': sorted(x for a in wide
                          for x in parts(a, ADDRESS_KINDS, 'country')),
        'photo': bytes_of(o, 'media', 'photo'),
        'logo': bytes_of(o, 'media', 'logo'),
        'key': bytes_of(o, 'cryptoKeys', None),
        'bday': birthday(o, version),
        'members': sorted(o.get('members', {}))}
