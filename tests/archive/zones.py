#!/usr/bin/python3
# SPDX-License-Identifier: ISC
# Copyright (c) 2026 The mailferry authors
"""The VTIMEZONEs that the iCalendar writer makes, counted out by dateutil and
compared with the zoneinfo of Python. Prints TAP.

zones.py CONVERT TABLE: TABLE is the source of the names of Windows.
"""
import datetime
import json
import random
import re
import subprocess
import sys
import zoneinfo

from dateutil import rrule

try:
    from icalendar.windows_to_olson import WINDOWS_TO_OLSON
except ImportError:
    from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON

DT, TD = datetime.datetime, datetime.timedelta
UTC = datetime.timezone.utc
FIRST, LAST = DT(1970, 1, 2), DT(2037, 12, 31)
UTC_NAMES = ('Etc/UTC', 'Etc/UCT', 'Etc/Zulu', 'Etc/Universal', 'Etc/GMT')
convert, table = sys.argv[1:3]
count = bad = 0
r = random.Random(5545)


def ok(good, name, why=()):
    global count, bad
    count += 1
    print(('ok' if good else 'not ok'), count, '-', name)
    if not good:
        bad += 1
        for line in list(why)[:5]:
            print('#', line)


def to_ics(objects):
    data = ''.join(json.dumps(o) + '\n' for o in objects)
    done = subprocess.run([convert, '-l', 'ics'], input=data.encode(),
                          capture_output=True, check=True)
    return [t.decode().replace('\r\n ', '').replace('\r\n', '\n')
            for t in done.stdout.split(b'\0')[:-1]], done.stderr.decode()


def event(zone, at, **more):
    return dict({'@type': 'Event', 'uid': 'z', 'timeZone': zone,
                 'start': at.isoformat()}, **more)


def observances(text):
    """The changes of a VTIMEZONE: [(UTC, offset)], sorted."""
    zone = text[text.index('BEGIN:VTIMEZONE'):text.index('END:VTIMEZONE')]
    found, now = [], None

    def seconds(s):
        sign = -1 if s[0] == '-' else 1
        return sign * (int(s[1:3]) * 3600 + int(s[3:5]) * 60 +
                       (int(s[5:7]) if len(s) > 5 else 0))

    for line in zone.split('\n'):
        name, _, value = line.partition(':')
        if name == 'BEGIN' and value != 'VTIMEZONE':
            now = {'RDATE': ''}
        elif name == 'END' and now:
            at = [DT.strptime(t, '%Y%m%dT%H%M%S') for t in
                  [now['DTSTART']] + [t for t in now['RDATE'].split(',') if t]]
            if 'RRULE' in now:
                rule = rrule.rrulestr(now['RRULE'], dtstart=at[0])
                at += rule.between(at[0], DT(2060, 1, 1))
            shift = TD(seconds=seconds(now['TZOFFSETFROM']))
            found += [(t - shift, seconds(now['TZOFFSETTO'])) for t in at]
            now = None
        elif now is not None:
            now[name] = value
    return sorted(found)


def offset(zone, at):
    return int(at.replace(tzinfo=UTC).astimezone(zone).utcoffset()
               .total_seconds())


def wrong_offsets(text, zone, start, last, tries):
    """Moments, from a day after the start on, at which another holds."""
    changes = observances(text)
    start += TD(days=1)
    wrong = []
    for _ in range(tries):
        at = start + TD(seconds=r.randrange(
            int((last - start).total_seconds())))
        before = [o for t, o in changes if t <= at]
        if before[-1:] != [offset(zone, at)]:
            wrong.append('%s from %s at %s: %s' % (zone, start, at, before[-1:]))
    return wrong


def all_zones():
    """From fixed years on, into the time that only rules know; and from any
    year on."""
    names = sorted(n for n in zoneinfo.available_timezones() if '/' in n and
                   not n.startswith(('posix/', 'right/')) and
                   n not in UTC_NAMES)
    asked = [(n, DT(y, m, d, 10)) for n in names for y, m, d in (
        (1972, 5, 1), (1999, 1, 1), (2007, 3, 20), (2026, 3, 1))]
    asked += [(n, FIRST + TD(days=r.randrange(67 * 365))) for n in names]
    wrong = []
    for (name, start), text in zip(asked, to_ics(
            [event(*a) for a in asked])[0]):
        wrong += wrong_offsets(text, zoneinfo.ZoneInfo(name), start,
                               DT(2058, 1, 1), 8)
    ok(len(names) > 400 and not wrong,
       '%d zones, %d starts: each VTIMEZONE is right' % (
           len(names), len(asked)), wrong)


def windows():
    """The whole table, and another copy of CLDR's where it has the name."""
    with open(table) as f:
        names = re.findall(r'\{ "([^"]+)", "([^"]+)" \}', f.read())
    wrong = [w for w in WINDOWS_TO_OLSON if w not in dict(names)]
    ok(len(names) > 130 and not wrong, '%d names of Windows' % len(names),
       wrong)
    starts = [FIRST + TD(days=r.randrange(60 * 365)) for _ in names]
    texts, told = to_ics([event(w, s) for (w, _), s in zip(names, starts)])
    ok(not told, 'each is known to the tzdata of this machine', [told])
    wrong = []
    for (name, iana), start, text in zip(names, starts, texts):
        got = re.search(r'^DTSTART;TZID=([^:]+):', text, re.M)
        if iana in UTC_NAMES:
            wrong += [] if re.search(r'^DTSTART:\S+Z$', text, re.M) else [name]
            continue
        zone = zoneinfo.ZoneInfo(WINDOWS_TO_OLSON.get(name, iana))
        if got is None:
            wrong.append(name)
            continue
        wrong += wrong_offsets(text, zone, start, LAST, 12)
    ok(not wrong, 'each VTIMEZONE is right', wrong)


def changes_of(zone):
    """[(UTC, offset before, after, whether it is summer time)]"""
    found, at = [], FIRST
    while at < LAST:
        then = at + TD(days=7)
        if offset(zone, at) != offset(zone, then):
            low, high = at, then
            while high - low > TD(seconds=1):
                middle = low + (high - low) // 2
                middle = middle.replace(microsecond=0)
                if offset(zone, middle) == offset(zone, at):
                    low = middle
                else:
                    high = middle
            dst = bool(high.replace(tzinfo=UTC).astimezone(zone).dst())
            found.append((high, offset(zone, low), offset(zone, high), dst))
            at = high
        else:
            at = then
    return found


def text_of(seconds):
    sign, n = '-' if seconds < 0 else '+', abs(seconds)
    return '%s%02d:%02d' % (sign, n // 3600, n // 60 % 60) + (
        ':%02d' % (n % 60) if n % 60 else '')


def described(zone):
    """A zone as RFC 8984, 4.7.2 has it, each change of it written out."""
    made = {}
    changes = changes_of(zone)
    first = offset(zone, FIRST)
    # What holds at the beginning, and each change.
    for at, before, after, dst in [
            (FIRST - TD(days=1), first, first, False)] + changes:
        local = (at + TD(seconds=before)).isoformat()
        key = (before, after, dst)
        if key not in made:
            made[key] = {'@type': 'TimeZoneRule', 'start': local,
                         'offsetFrom': text_of(before),
                         'offsetTo': text_of(after), 'recurrenceOverrides': {}}
        else:
            made[key]['recurrenceOverrides'][local] = {}
    return {'@type': 'TimeZone', 'tzId': 'Own',
            'standard': [v for k, v in made.items() if not k[2]],
            'daylight': [v for k, v in made.items() if k[2]]}


def custom():
    names = r.sample([n for n in sorted(zoneinfo.available_timezones())
                      if n.startswith(('Africa/', 'America/', 'Asia/',
                                       'Australia/', 'Europe/', 'Pacific/'))],
                     40)
    objects, asked = [], []
    for name in names:
        zone = described(zoneinfo.ZoneInfo(name))
        for _ in range(2):
            start = FIRST + TD(days=r.randrange(60 * 365))
            asked.append((name, start))
            objects.append(event('/own', start, timeZones={'/own': zone}))
    texts, told = to_ics(objects)
    wrong = [told] if told else []
    for (name, start), text in zip(asked, texts):
        if not re.search(r'^DTSTART;TZID=Own:', text, re.M):
            wrong.append(name)
        wrong += wrong_offsets(text, zoneinfo.ZoneInfo(name), start, LAST, 20)
    ok(not wrong, '%d zones that the object describes: each VTIMEZONE is '
       'right' % len(names), wrong)


all_zones()
windows()
custom()
print('1..%d' % count)
sys.exit(bad != 0)
