#!/usr/bin/python3
"""What the iCalendar writer makes, read by others: python3-icalendar,
libical, dateutil and the zoneinfo of Python. Prints TAP.

ics.py CONVERT ARCHIVE SOURCES: the events of a real archive mean what was put
into the server that it was read from; local times; recurrences.
"""
import ctypes
import datetime
import gzip
import json
import os
import random
import re
import sqlite3
import subprocess
import sys
import tempfile
import zoneinfo

import icalendar
from dateutil import rrule

UTC = datetime.timezone.utc
os.environ['CONVERT_OWNER'] = 'mailto:alice@real.test'
convert, archive, sources = sys.argv[1:4]
count = bad = 0


def ok(good, name, why=''):
    global count, bad
    count += 1
    print(('ok' if good else 'not ok'), count, '-', name)
    if not good:
        bad += 1
        for line in str(why).splitlines()[:20]:
            print('#', line)


def to_ics(objects):
    """Each object's calendar as text with CRLF; '' where there was none."""
    data = ''.join(json.dumps(o, ensure_ascii=False) + '\n' for o in objects)
    done = subprocess.run([convert, '-l', 'ics'], input=data.encode(),
                          capture_output=True)
    if done.returncode not in (0, 3):
        raise SystemExit('convert: %d %s' % (done.returncode, done.stderr))
    return [t.decode() for t in done.stdout.split(b'\0')[:-1]]


def raw(value):
    """A value as it stands in a file."""
    text = value.to_ical()
    return text.decode() if isinstance(text, bytes) else text


def well_formed(text):
    """Lines end in CRLF, hold at most 75 octets, and are whole characters."""
    data = text.encode()
    if not data.endswith(b'\r\n') or b'\n' in data.replace(b'\r\n', b''):
        return 'line ends'
    for line in data[:-2].split(b'\r\n'):
        if len(line) > 75 or not line:
            return 'length of %r' % line
        line.decode()
    return None


# --- libical ---

lib = ctypes.CDLL('libical.so.3')
lib.icalparser_parse_string.restype = ctypes.c_void_p
lib.icalparser_parse_string.argtypes = [ctypes.c_char_p]
lib.icalcomponent_count_errors.argtypes = [ctypes.c_void_p]
lib.icalcomponent_free.argtypes = [ctypes.c_void_p]


def libical_errors(text):
    c = lib.icalparser_parse_string(text.encode())
    if not c:
        return -1
    errors = lib.icalcomponent_count_errors(c)
    lib.icalcomponent_free(c)
    return errors


# --- what a calendar means ---

def zone_of(tz):
    """None for floating times, and for a zone that only its VTIMEZONE
    describes: the server made such times floating."""
    try:
        return zoneinfo.ZoneInfo(tz) if tz else None
    except zoneinfo.ZoneInfoNotFoundError:
        return None


def times(component, name):
    """The times of a property as (time or date, zone name), in a list."""
    value = component.get(name)
    if value is None:
        return []
    found = []
    for v in value if isinstance(value, list) else [value]:
        tz = v.params.get('TZID')
        for d in getattr(v, 'dts', [v]):
            d = d.dt
            if isinstance(d, tuple):
                d = d[0]
            if isinstance(d, datetime.datetime):
                if d.utcoffset() is not None and not tz:
                    d = d.astimezone(UTC)
                elif tz:
                    d = d.replace(tzinfo=zone_of(tz))
            found.append(d)
    return found


def plain(d):
    """A time of a zone as UTC; floating ones and dates as they are."""
    if isinstance(d, datetime.datetime) and d.tzinfo is not None:
        return d.astimezone(UTC)
    return d


def length(c):
    start = times(c, 'DTSTART')
    for name in ('DTEND', 'DUE'):
        end = times(c, name)
        if end:
            return plain(end[0]) - plain(start[0]) if start \
                else plain(end[0])
    d = c['DURATION'].dt if 'DURATION' in c else None
    # RFC 5545, 3.8.2.5: no event lasts less than no time.
    return None if d is not None and d < datetime.timedelta(0) else d


def instances(calendar, many=40):
    """The first starts of a series, its overrides applied: start -> length."""
    main, overrides = None, {}
    for c in calendar.walk():
        if c.name not in ('VEVENT', 'VTODO'):
            continue
        if 'RECURRENCE-ID' in c:
            overrides[plain(times(c, 'RECURRENCE-ID')[0])] = c
        else:
            main = c
    if main is None or 'DTSTART' not in main:
        return {}
    start = times(main, 'DTSTART')[0]
    found = {plain(start)}
    rules = main.get('RRULE', [])
    exact = isinstance(start, datetime.datetime)
    for rule in rules if isinstance(rules, list) else [rules]:
        text = raw(rule)
        base = start if exact else datetime.datetime.combine(
            start, datetime.time())
        zone = base.tzinfo
        until = re.search(r';?UNTIL=(\w+)', text)
        limit = None
        if until:
            text = text.replace(until.group(0), '').lstrip(';')
            limit = until.group(1)
        n = 0
        for at in rrule.rrulestr(text, dtstart=base.replace(tzinfo=None)):
            # COUNT counts the start, too, where the rule gives it.
            real = plain(at.replace(tzinfo=zone)) if exact else at.date()
            if limit:
                if len(limit) == 8:
                    last = datetime.datetime.strptime(limit, '%Y%m%d').date()
                    here = at.date()
                elif limit.endswith('Z'):
                    last = datetime.datetime.strptime(
                        limit, '%Y%m%dT%H%M%SZ').replace(tzinfo=UTC)
                    here = real
                else:
                    last = datetime.datetime.strptime(limit, '%Y%m%dT%H%M%S')
                    here = at
                if here > last:
                    break
            found.add(real)
            n += 1
            if n >= many:
                break
    for at in times(main, 'RDATE'):
        found.add(plain(at))
    for at in times(main, 'EXDATE'):
        found.discard(plain(at))
    periods = {}
    value = main.get('RDATE', [])
    for v in value if isinstance(value, list) else [value]:
        for d in v.dts:
            if isinstance(d.dt, tuple):
                end = d.dt[1]
                periods[plain(d.dt[0])] = end if isinstance(
                    end, datetime.timedelta) else plain(end) - plain(d.dt[0])
    result = {}
    for at in sorted(found, key=str)[:many]:
        c = overrides.get(at)
        if c is not None:
            if str(c.get('STATUS', '')) == 'CANCELLED':
                result[plain(times(c, 'DTSTART')[0])] = 'cancelled'
            else:
                result[plain(times(c, 'DTSTART')[0])] = (
                    length(c), str(c.get('SUMMARY')),
                    str(c.get('LOCATION', '')))
        else:
            result[at] = (periods.get(at, length(main)),
                          str(main.get('SUMMARY')),
                          str(main.get('LOCATION', '')))
    return result


TEXTS = ('UID', 'SUMMARY', 'DESCRIPTION', 'LOCATION', 'CLASS', 'PRIORITY',
         'URL', 'TRANSP', 'STATUS', 'COLOR', 'SEQUENCE', 'PERCENT-COMPLETE',
         'DTSTAMP', 'CREATED', 'ORGANIZER', 'GEO')


def several(c, name):
    value = c.get(name, [])
    return value if isinstance(value, list) else [value]


def meaning(calendar):
    """All that is compared of the main object."""
    c = [x for x in calendar.walk() if x.name in ('VEVENT', 'VTODO')][0]
    m = {'kind': c.name}
    for name in TEXTS:
        if name in c:
            m[name] = raw(c[name])
    m['start'] = [plain(d) for d in times(c, 'DTSTART')]
    m['due'] = [plain(d) for d in times(c, 'DUE')]
    m['length'] = length(c)
    words = [w for v in several(c, 'CATEGORIES') for w in v.cats]
    m['categories'] = sorted(str(w) for w in words)
    for name in ('ATTENDEE', 'ATTACH', 'CONFERENCE', 'IMAGE', 'RELATED-TO'):
        m[name] = sorted(
            (raw(v),
             sorted((k, str(w)) for k, w in v.params.items()
                    if (k, w) != ('VALUE', 'URI')))
            for v in several(c, name))
    if 'ORGANIZER' in c:
        m['organizer'] = sorted(
            (k, str(v)) for k, v in c['ORGANIZER'].params.items())
    m['alarms'] = [
        (str(a['ACTION']), raw(a['TRIGGER']),
         sorted((k, str(v)) for k, v in a['TRIGGER'].params.items()))
        for a in c.subcomponents if a.name == 'VALARM']
    return m


# What the server or the archive's maker lost, by object: what of it is not
# compared.
LOST = {
    # Of two rules only the last came back.
    'tworules@x': ('instances',),
    # EXRULE is gone.
    'exrule@x': ('instances',),
}
GONE = ('journal',)


def real_events():
    with tempfile.NamedTemporaryFile() as f:
        f.write(gzip.open(archive).read())
        f.flush()
        db = sqlite3.connect('file:%s?mode=ro&immutable=1' % f.name, uri=True)
        rows = [json.loads(r[0])
                for r in db.execute('select data from calendar_events')]
        db.close()
    texts = to_ics(rows)
    put = {}
    for name, text in json.load(open(sources))['ics'].items():
        if name in GONE:
            continue
        calendar = icalendar.Calendar.from_ical(text)
        put[str(meaning(calendar)['UID']).replace('\\', '')] = calendar
    shells = [r for r, t in zip(rows, texts) if not t]
    ok(len(shells) == 1 and shells[0]['@type'] == 'Group',
       'the shell of a group gives nothing')
    seen = set()
    for row, text in zip(rows, texts):
        if not text:
            continue
        wrong = well_formed(text)
        uid = row['uid']
        ok(wrong is None, '%s: well-formed' % uid, wrong)
        ok(libical_errors(text) == 0, '%s: libical reads it' % uid, text)
        got = icalendar.Calendar.from_ical(text)
        want = put.get(uid.replace('\\', ''))
        if want is None:
            # Put into the default calendar by hand: not in the sources.
            ok(uid == 'def@x', '%s: known' % uid)
            continue
        seen.add(uid.replace('\\', ''))
        lost = LOST.get(uid, ())
        a, b = meaning(want), meaning(got)
        for m in (a, b):
            m.pop('UID')
        for attach in a['ATTACH'] + b['ATTACH']:
            # The server says ENCODING and VALUE in its own way.
            attach[1][:] = [p for p in attach[1]
                            if p[0] not in ('ENCODING', 'VALUE')]
        if uid == 'orphanrid@x':
            # A series of one instance, which the instance replaces.
            over = [c for c in got.walk('VEVENT') if 'RECURRENCE-ID' in c]
            ok(len(over) == 1 and over[0]['RECURRENCE-ID'].dt ==
               datetime.datetime(2026, 3, 18, 8, tzinfo=UTC) and
               len(instances(got)) == 1 and
               plain(over[0]['DTSTART'].dt) ==
               datetime.datetime(2026, 3, 18, 9, tzinfo=UTC),
               '%s: its one instance' % uid, text)
            continue
        for key in sorted(set(a) | set(b)):
            if key in lost:
                continue
            ok(a.get(key) == b.get(key), '%s: %s' % (uid, key),
               'put in: %s\ncame out: %s' % (a.get(key), b.get(key)))
        if 'instances' not in lost:
            x, y = instances(want), instances(got)
            ok(x == y, '%s: instances' % uid,
               'put in: %s\ncame out: %s' % (x, y))
    ok(set(put) == seen, 'every event came out', set(put) ^ seen)


# --- local times ---

def local_times():
    """Local times as UTC, also those that a change of the clock skips or
    repeats: UNTIL is in UTC."""
    objects, wanted = [], []
    for name in ('Europe/Vienna', 'America/New_York', 'Australia/Lord_Howe',
                 'Africa/Cairo', 'Asia/Gaza', 'America/Nuuk', 'Asia/Kathmandu',
                 'Europe/Dublin', 'Pacific/Apia', 'Africa/Casablanca',
                 'America/Santiago', 'America/Caracas', 'Asia/Pyongyang'):
        zone = zoneinfo.ZoneInfo(name)
        at = datetime.datetime(2003, 1, 1)
        before = None
        while at < datetime.datetime(2028, 1, 1):
            offset = at.replace(tzinfo=zone).utcoffset()
            near = offset != before and before is not None
            some = range(-1440, 1440, 45) if near else (0,) * (at.day < 3)
            for minutes in some:
                t = at + datetime.timedelta(minutes=minutes)
                objects.append({
                    'uid': 'l', 'start': '2000-01-01T00:00:00',
                    'timeZone': name, 'recurrenceRule': {
                        'frequency': 'daily', 'until': t.isoformat()}})
                wanted.append(t.replace(tzinfo=zone).astimezone(UTC)
                              .strftime('%Y%m%dT%H%M%SZ'))
            before = offset
            at += datetime.timedelta(days=1 if not near else 2)
            if not near and before == offset:
                at += datetime.timedelta(hours=7)
    wrong = []
    for o, text, want in zip(objects, to_ics(objects), wanted):
        got = re.search(r'UNTIL=(\w+)', text)[1]
        if got != want:
            wrong.append((o['timeZone'], o['recurrenceRule']['until'], got,
                          want))
    ok(len(objects) > 10000 and not wrong,
       '%d local times are the right ones in UTC' % len(objects),
       '%d\n%s' % (len(wrong), '\n'.join(map(str, wrong[:12]))))


# --- recurrences ---

DAYS = ['mo', 'tu', 'we', 'th', 'fr', 'sa', 'su']
FREQ = {'yearly': rrule.YEARLY, 'monthly': rrule.MONTHLY,
        'weekly': rrule.WEEKLY, 'daily': rrule.DAILY,
        'hourly': rrule.HOURLY}


def random_rule(r, start):
    rule = {'frequency': r.choice(['yearly', 'monthly', 'weekly', 'daily',
                                   'daily', 'hourly'])}
    f = rule['frequency']
    if r.random() < .5:
        rule['interval'] = r.randrange(1, 5)
    if f in ('weekly', 'daily') and r.random() < .6 or \
            f == 'monthly' and r.random() < .5:
        rule['byDay'] = [{'day': d} for d in
                         sorted(r.sample(DAYS, r.randrange(1, 4)))]
        if f == 'monthly' and r.random() < .6:
            for d in rule['byDay']:
                d['nthOfPeriod'] = r.choice([1, 2, 3, -1, -2])
        elif f == 'monthly':
            rule['bySetPosition'] = [r.choice([1, 2, -1])]
    elif f in ('monthly', 'yearly') and r.random() < .5:
        rule['byMonthDay'] = sorted(r.sample(
            [1, 2, 13, 28, 29, 30, 31, -1, -2], 2))
    if f in ('yearly', 'daily') and r.random() < .4:
        rule['byMonth'] = [str(m) for m in
                           sorted(r.sample(range(1, 13), 3))]
    if f == 'yearly' and 'byMonthDay' not in rule and \
            'byMonth' not in rule and r.random() < .5:
        rule['byYearDay'] = [1, 100, -1]
    if f == 'daily' and r.random() < .3:
        rule['byHour'] = [6, 18]
    if r.random() < .4:
        rule['firstDayOfWeek'] = r.choice(DAYS)
    if r.random() < .4:
        rule['count'] = r.randrange(1, 30)
    elif r.random() < .6:
        rule['until'] = (start + datetime.timedelta(
            days=r.randrange(1, 900), hours=r.randrange(3))).isoformat()
    return rule


def expand(rule, start, many):
    """The rule by dateutil, from its JSCalendar form."""
    days = None
    if 'byDay' in rule:
        days = []
        for d in rule['byDay']:
            w = rrule.weekdays[DAYS.index(d['day'])]
            days.append(w(d['nthOfPeriod']) if 'nthOfPeriod' in d else w)
    it = rrule.rrule(
        FREQ[rule['frequency']], dtstart=start,
        interval=rule.get('interval', 1), count=rule.get('count'),
        wkst=DAYS.index(rule.get('firstDayOfWeek', 'mo')), byweekday=days,
        bymonthday=rule.get('byMonthDay'), byyearday=rule.get('byYearDay'),
        bymonth=[int(m) for m in rule['byMonth']] if 'byMonth' in rule
        else None, bysetpos=rule.get('bySetPosition'),
        byhour=rule.get('byHour'),
        until=datetime.datetime.fromisoformat(rule['until'])
        if 'until' in rule else None)
    found = []
    for at in it:
        found.append(at)
        if len(found) >= many:
            break
    return found


def recurrences():
    r = random.Random(5545)
    many = 40
    objects, wanted = [], []
    while len(objects) < 240:
        all_day = r.random() < .15
        zone = None if all_day else r.choice(
            ['Europe/Vienna', 'America/New_York', 'Australia/Sydney',
             'Etc/UTC', 'Asia/Kolkata', 'America/Nuuk', None])
        start = datetime.datetime(
            r.randrange(2019, 2030), r.randrange(1, 13), r.randrange(1, 29),
            0 if all_day else r.choice([4, 9, 10, 23]), 0)
        rule = random_rule(r, start)
        if all_day and (rule['frequency'] == 'hourly' or 'byHour' in rule):
            continue
        if 'until' in rule and all_day:
            rule['until'] = rule['until'][:10] + 'T00:00:00'
        times_ = expand(rule, start, many)
        overrides, result = {}, {t: t for t in [start] + times_}
        for at in r.sample(sorted(result), min(len(result), 2)):
            overrides[at] = {'excluded': True}
            if at in result:
                del result[at]
        rest = sorted(result)
        if rest:
            at = rest[len(rest) // 2]
            moved = at + (datetime.timedelta(days=1) if all_day
                          else datetime.timedelta(minutes=30))
            overrides[at] = {'start': moved.isoformat(), 'title': 'moved'}
            result[at] = moved
        added = start + datetime.timedelta(days=3, hours=0 if all_day else 1)
        if added not in overrides:
            overrides[added] = {}
            result.setdefault(added, added)
        # An instance that the rule does not give, changed.
        other = start + datetime.timedelta(days=5)
        if other not in overrides and other not in result:
            overrides[other] = {'title': 'other'}
            result[other] = other
        o = {'@type': 'Event', 'uid': 'r%d' % len(objects), 'title': 't',
             'start': start.isoformat(),
             'duration': 'P1D' if all_day else 'PT1H',
             'recurrenceRule': rule, 'updated': '2026-01-01T00:00:00Z',
             'recurrenceOverrides': {
                 k.isoformat(): v for k, v in overrides.items()}}
        if zone:
            o['timeZone'] = zone
        if all_day:
            o['showWithoutTime'] = True
        # The dialect of RFC 8984 says the same in a list.
        if r.random() < .2:
            o['recurrenceRules'] = [o.pop('recurrenceRule')]
        objects.append(o)

        def final(t):
            if all_day:
                return t.date()
            return plain(t.replace(tzinfo=zone_of(zone)))
        # Instances after the last one looked at cannot be compared.
        last = times_[-1] if len(times_) == many else datetime.datetime.max
        wanted.append({final(v) for k, v in result.items() if k < last})
    wrong = []
    for o, text, want in zip(objects, to_ics(objects), wanted):
        if libical_errors(text) or well_formed(text):
            wrong.append((o, 'libical'))
        calendar = icalendar.Calendar.from_ical(text)
        got = set(instances(calendar, 2 * many))
        if want - got:
            wrong.append((json.dumps(o), 'lacks', want - got, text))
        extra = {g for g in got - want if g < max(want, default=g)}
        if want and extra:
            wrong.append((json.dumps(o), 'extra', extra, text))
    ok(not wrong, '%d recurrences expand as dateutil expands the JSON'
       % len(objects), '%d wrong\n%s' % (
           len(wrong), '\n'.join(str(x) for x in wrong[0]) if wrong else ''))
    # RDATE is for what the rule does not give. (Hours are not counted out,
    # and libical does not know all days of a month in a year: then there is
    # one too many, which does no harm.)
    noisy = []
    for o, text in zip(objects, to_ics(objects)):
        event = text.replace('\r\n ', '').split('BEGIN:VEVENT', 1)[1]
        dates = re.findall(r'RDATE[^:]*:(\S*)', event)
        if dates and len(dates[0].split(',')) > 2 and \
                not re.search('hourly|yearly|firstDay', json.dumps(o)):
            noisy.append(o['uid'])
    ok(not noisy, 'no RDATE repeats the rule', noisy)


real_events()
local_times()
recurrences()
print('1..%d' % count)
sys.exit(bad != 0)
