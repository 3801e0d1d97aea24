# SPDX-License-Identifier: ISC
# Copyright (c) 2026 The mailferry authors
"""What random_events and random_cards share: odd texts that can be found
again, objects read back, and the check that nothing of one is lost unsaid."""
import base64
import json
import re

PIECES = ['', '', '', '; ', ', ', '\\ ', '"x" ', 'ä😀 ', ': ', "' ", '% ',
          '\nEND:VEVENT\nEND:VCARD\n', '\r\nX-EVIL:1\r\n', '\t', 'y' * 80,
          'ü' * 60, '=; x=', '\x01', '\x7f', '\rX-EVIL:1', '<b>&amp;']
NAMES = ['odd', 'a/b', 'a~b', '~1', 'end', 'BEGIN', 'uid', 'dtstart', 'x:y',
         'x;y="z"', '\r\nX-EVIL:1', 'ä😀', ' ', '@odd', 'X-EVIL:1\n', '0']


class Source:
    """Random choices, and texts each of which has a word of its own."""

    def __init__(self, random, seed):
        self.random = random
        self.seed = seed
        self.words = 0

    def word(self):
        self.words += 1
        return 'w%dq%dz' % (self.seed, self.words)

    def text(self, avoid=''):
        r = self.random
        parts = [r.choice(PIECES), self.word(), r.choice(PIECES)]
        text = ''.join(parts)
        for c in avoid:
            text = text.replace(c, '')
        return text

    def maybe(self, chance, value):
        return value() if self.random.random() < chance else None

    def some(self, pairs):
        """An object of those members that luck gives: (name, chance, f)."""
        found = {}
        for name, chance, make in pairs:
            if self.random.random() < chance:
                found[name] = make()
        return found

    def odd(self, obj):
        """Sometimes a member that nobody knows, of any type."""
        r = self.random
        if r.random() < .15:
            obj[r.choice(NAMES)] = r.choice([
                lambda: self.text(), lambda: [self.text(), 1],
                lambda: {r.choice(NAMES): {'x': self.text()}},
                lambda: {'@type': self.text()}, lambda: 17,
                lambda: True])()
        return obj


def shown(text):
    """A text as a line can hold it."""
    text = text.replace('\r\n', '\n')
    return re.sub('[\x00-\x08\x0b-\x1f\x7f]', '', text)


def unfolded(text):
    return text.replace('\r\n ', '').replace('\r\n', '\n')


def unescaped(text):
    return re.sub(r'\\(.)', lambda m: '\n' if m[1] in 'nN' else m[1], text)


def param(text):
    """RFC 6868, where the reader has not taken it apart."""
    return str(text).replace('^n', '\n').replace("^'", '"')


def well_formed(data):
    if not data.endswith(b'\r\n') or b'\n' in data.replace(b'\r\n', b''):
        return 'line ends'
    for line in data[:-2].split(b'\r\n'):
        if len(line) > 75 or not line:
            return 'length of %r' % line
        if not line.strip() and len(line) < 75:
            return 'only white space in %r' % line
        if re.search(rb'[\x00-\x08\x0a-\x1f\x7f]', line):
            return 'control character in %r' % line
        line.decode()
    if re.search(rb'^X-EVIL', data, re.M):
        return 'a text has become a line'
    return None


def lost_words(o, text):
    """Those of an object that stand nowhere in a file."""
    whole = unfolded(text)
    for line in re.findall(
            r'ENCODING=BASE64(?:[^:"\n]|"[^"\n]*")*:(.*)', whole):
        whole += base64.b64decode(line).decode('latin-1')
    return sorted(w for w in set(re.findall(r'w\d+q\d+z', json.dumps(o)))
                  if w not in whole)


def leftovers(name, block):
    """[(pointer, JSON)] of what had no place."""
    return [(param(p.strip('"')), unescaped(value)) for p, value in re.findall(
        r'^%s=("[^"\n]*"|[^":\n]*):(.*)$' % name, block, re.M)]


def as_param(name):
    """Version 3 has no way to write the last two."""
    return shown(name).replace('\n', ' ').replace('"', "'")


def at_pointer(value, pointer):
    """What is there; a name in a pointer lacks what a line cannot hold."""
    for part in pointer.split('/'):
        part = part.replace('~1', '/').replace('~0', '~')
        if not isinstance(value, dict):
            return None
        names = [k for k in value if as_param(k) == as_param(part)]
        if not names:
            return None
        value = value[names[0]]
    return value


def is_part(value, whole):
    """Whether a value is all of another, or what is left of it."""
    if isinstance(value, dict) and isinstance(whole, dict):
        return all(k in whole and is_part(v, whole[k])
                   for k, v in value.items())
    if isinstance(value, list) and isinstance(whole, list):
        return all(v in whole for v in value)
    return value == whole


def wrong_leftovers(lines, original):
    """Of [(pointer, text)]: those that the object did not say."""
    wrong = []
    for pointer, text in lines:
        value = json.loads(text)
        there = at_pointer(original, pointer)
        if there is None or not is_part(value, there):
            wrong.append((pointer, text))
    return wrong
