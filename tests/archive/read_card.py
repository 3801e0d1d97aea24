# SPDX-License-Identifier: ISC
# Copyright (c) 2026 The mailferry authors
"""A card as vobject reads it, in the words of random_cards."""
import base64
import re

import vobject

import random_cards as cards
from texts import leftovers, lost_words, unfolded, well_formed, \
    wrong_leftovers

FORMS = 'vcf3', 'vcf4'
make = cards.make


def untranslated(v, name):
    """Translations are compared by their words alone."""
    return [c for c in v.contents.get(name, [])
            if 'LANGUAGE' not in c.params or
            c.params['LANGUAGE'] != ['fr']]


def flat(value):
    return value if isinstance(value, list) else [value]


def texts_of(v, name):
    return sorted(x for c in untranslated(v, name) for x in flat(c.value) if x)


def bytes_of(whole, name):
    """From the lines: in version 4 they are in a URI, which vobject cuts."""
    found = []
    for params, value in re.findall(
            r'^(?:[\w-]+\.)?%s((?:;[^:"\n]*(?:"[^"\n]*")?)*):(.*)$' % name,
            whole, re.M):
        if 'ENCODING=b' in params:
            found.append(base64.b64decode(value))
        elif value.startswith('data:'):
            found.append(base64.b64decode(value.split('base64,')[1]))
    return sorted(found)


def birthday(c):
    text = c.value.replace('-', '') if not c.value.startswith('--') \
        else c.value
    if text.startswith('--'):
        return '', text[2:4], text[4:6]
    if 'X-APPLE-OMIT-YEAR' in c.params:
        return '', text[4:6], text[6:8]
    return text[:4], text[4:6], text[6:8]


def meaning(v, whole):
    names = untranslated(v, 'n')
    n = names[0].value if names else vobject.vcard.Name()
    places = [c.value for c in v.contents.get('adr', [])]
    return {
        'uid': v.uid.value,
        'surnames': sorted(x for x in flat(n.family) if x),
        'given': sorted(x for x in flat(n.given) if x),
        'nick': texts_of(v, 'nickname'), 'email': texts_of(v, 'email'),
        'tel': sorted(map(cards.number, texts_of(v, 'tel'))),
        'title': texts_of(v, 'title'), 'role': texts_of(v, 'role'),
        'note': texts_of(v, 'note'), 'url': texts_of(v, 'url'),
        'org': sorted(c.value for c in v.contents.get('org', [])),
        'city': sorted(x for p in places for x in flat(p.city) if x),
        'code': sorted(x for p in places for x in flat(p.code) if x),
        'country': sorted(x for p in places for x in flat(p.country) if x),
        'photo': bytes_of(whole, 'PHOTO'), 'logo': bytes_of(whole, 'LOGO'),
        'key': bytes_of(whole, 'KEY'),
        'bday': sorted(birthday(c) for c in v.contents.get('bday', [])
                       if c.params.get('VALUE') != ['text']),
        'members': sorted(
            c.value for n in ('member', 'x-addressbookserver-member')
            for c in v.contents.get(n, []))}


def compare(o, data, how, ours=True):
    """What is wrong with what a card became."""
    version = int(how[-1])
    wrong = [w for w in [ours and well_formed(data)] if w]
    found = list(vobject.readComponents(data.decode()))
    if len(found) != 1 or found[0].name != 'VCARD':
        return wrong + ['not one card']
    v, whole = found[0], unfolded(data.decode())
    want, got = cards.meaning(o, version), meaning(v, whole)
    wrong += ['%s: wanted %r, got %r' % (k, want[k], got[k])
              for k in want if want[k] != got[k]]
    names = [c.value for c in v.contents['fn']]
    if names[0] not in cards.any_name(o):
        wrong.append('FN: %r' % names)
    if len(v.contents.get('n', [])) > 1 or len(v.contents['uid']) != 1:
        wrong.append('N or UID twice')
    lost = lost_words(o, data.decode())
    if lost:
        wrong.append('lost: %s' % lost)
    left = leftovers('(?:X-)?JSPROP;(?:X-)?JSPTR', whole)
    wrong += ['not said by the card: %s %s' % w
              for w in wrong_leftovers(left, o)]
    return wrong
