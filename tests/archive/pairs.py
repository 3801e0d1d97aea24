#!/usr/bin/python3
# SPDX-License-Identifier: ISC
# Copyright (c) 2026 The mailferry authors
"""Texts that were put into a server, and what its library made of them: what is
written of that means what the text meant, all of it, as python3-icalendar and
vobject read both. Prints TAP.

pairs.py CONVERT FOLDER: NAME.json and NAME-VERSION.json are made of NAME.ics or
NAME.vcf.
"""
import glob
import json
import os
import re
import sys

import icalendar
import vobject

import random_objects
import read_card
import read_event
from texts import unfolded

convert, folder = sys.argv[1:3]
# What the library itself had lost: without a start there is no event.
UPSTREAM = 'upstream-ambiguous-start',
count = bad = 0


def ok(good, name, why=()):
    global count, bad
    count += 1
    print(('ok' if good else 'not ok'), count, '-', name)
    if not good:
        bad += 1
        for line in why:
            print('#', line)


def read(path):
    with open(path, 'rb') as f:
        return f.read()


def events(data):
    """The meaning and the instances of each object of a calendar."""
    calendar = icalendar.Calendar.from_ical(data)
    whole = unfolded(data.decode().replace('\r\n', '\n').replace('\n', '\r\n'))
    found = []
    for kind in 'VEVENT', 'VTODO':
        objects = [c for c in calendar.walk() if c.name == kind]
        for c, b in zip(objects, read_event.blocks_of(whole, kind)):
            b = re.sub(r'BEGIN:VALARM\n.*?END:VALARM\n', '', b, flags=re.S)
            m = read_event.meaning(c, b)
            m['instances'] = read_event.occurrences(c, b)
            for name in 'URL', 'ATTACH', 'CATEGORIES', 'RECURRENCE-ID':
                # A blank in a URI is %20.
                m[name] = sorted(v.replace(' ', '%20')
                                 for _, v in read_event.lines_of(b, name))
            found.append(m)
    return found


def card(data):
    text = data.decode()
    return [read_card.meaning(vobject.readOne(text), unfolded(text))]


def differences(was, now):
    if len(was) != len(now):
        return ['%d objects, now %d' % (len(was), len(now))]
    return ['%s: was %r, is %r' % (k, a[k], b[k])
            for a, b in zip(was, now) for k in a if a[k] != b[k]]


for path in sorted(glob.glob(folder + '/*.json')):
    made = os.path.basename(path)[:-5]
    name = re.sub(r'-\d+\.\d+\.\d+$', '', made)
    [text] = [p for p in (folder + '/' + name + e for e in ('.ics', '.vcf'))
              if os.path.exists(p)]
    for how in ('ics',) if text.endswith('.ics') else ('vcf3', 'vcf4'):
        data = random_objects.convert(
            convert, how, [json.loads(read(path))])
        if name in UPSTREAM:
            ok(data == [b''], made + ': refused, for it has no start')
            continue
        reader = events if how == 'ics' else card
        wrong = differences(reader(read(text)), reader(data[0]))
        ok(not wrong, '%s as %s means what was put in' % (made, how), wrong)
print('1..%d' % count)
sys.exit(bad != 0)
