# SPDX-License-Identifier: ISC
# Copyright (c) 2026 The mailferry authors
"""A calendar as python3-icalendar reads it, in the words of random_events."""
import base64
import datetime
import re

import icalendar
import vobject
from dateutil import rrule

import random_events as events
from texts import leftovers, lost_words, param, shown, unescaped, \
    unfolded, well_formed, wrong_leftovers

FORMS = 'ics',
make = events.make
UTC = datetime.timezone.utc


def several(c, name):
    value = c.get(name, [])
    return value if isinstance(value, list) else [value]


def when(value):
    """A date, a floating time or an instant. The zone is looked up by its
    name, not by what the parser made of it."""
    if not isinstance(value, datetime.datetime) or value.tzinfo is None:
        return value
    zone = value.tzinfo  # of pytz, zoneinfo, dateutil, or datetime.timezone
    name = getattr(zone, 'zone', None) or getattr(zone, 'key', None) or \
        getattr(zone, '_tzid', None) or str(zone)
    local = value.replace(tzinfo=None)
    if name in ('UTC', 'Etc/UTC'):
        return local.replace(tzinfo=UTC)
    return events.moment(local, events.zone_of(name))


def one(c, name):
    return when(c[name].dt) if name in c else None


def lines_of(block, name):
    """[(parameters, value)] of the lines of one component."""
    return re.findall(r'^%s((?:;[^:"\n]*(?:"[^"\n]*"[^:"\n]*)*)?):(.*)$'
                      % name, block, re.M)


def end_of(c, block):
    for name in 'DTEND', 'DUE':
        if name in c:
            return one(c, name)
    found = lines_of(block, 'DURATION')
    if not found or 'DTSTART' not in c:
        return None
    # Days are nominal, which the parser does not keep.
    days, rest = events.span(found[0][1])
    start = c['DTSTART'].dt
    if not isinstance(start, datetime.datetime):
        return start + days + rest
    local = start.replace(tzinfo=None)
    first = when(start)
    if first.tzinfo is None:
        return local + days + rest
    name = lines_of(block, 'DTSTART')[0][0]
    zone = re.search(r'TZID="?([^:;"]*)', name)
    zone = events.zone_of(zone[1]) if zone else UTC
    return events.moment(local + days, zone) + rest


def attendees(c):
    def p(a, name):
        return param(a.params.get(name, ''))
    return sorted((events.bare(str(a)), p(a, 'CN'), p(a, 'PARTSTAT'),
                   p(a, 'ROLE'), p(a, 'CUTYPE'), p(a, 'RSVP'))
                  for a in several(c, 'ATTENDEE'))


def alarms(c):
    found = []
    for a in c.subcomponents:
        if a.name != 'VALARM':
            continue
        t = a['TRIGGER']
        if isinstance(t.dt, datetime.timedelta):
            found.append((str(t.params.get('RELATED', 'START')), str(t.dt)))
        else:
            found.append(('AT', str(t.dt.replace(tzinfo=None))))
    return sorted(found)


def text(block, name):
    found = lines_of(block, name)
    return unescaped(found[0][1]) if found else ''


def naive(value):
    return value.replace(tzinfo=None) if value else None


def meaning(c, block):
    """As random_events.meaning."""
    def word(name):
        return str(c[name]) if name in c else ''
    boss = c.get('ORGANIZER')
    return {
        'start': one(c, 'DTSTART'), 'end': end_of(c, block),
        'title': text(block, 'SUMMARY'),
        'description': text(block, 'DESCRIPTION'),
        'location': text(block, 'LOCATION'),
        'geo': (c['GEO'].latitude, c['GEO'].longitude)
        if 'GEO' in c else None,
        'categories': sorted(str(w) for v in several(c, 'CATEGORIES')
                             for w in v.cats),
        'color': word('COLOR'), 'priority': word('PRIORITY'),
        'sequence': word('SEQUENCE'), 'class': word('CLASS'),
        'transp': word('TRANSP'), 'status': word('STATUS'),
        'stamp': naive(one(c, 'DTSTAMP')),
        'created': naive(one(c, 'CREATED')),
        'organizer': (events.bare(str(boss)), param(boss.params.get('CN', '')))
        if boss is not None else None,
        'attendees': attendees(c), 'alarms': alarms(c),
        'conference': sorted((str(v), param(v.params.get('LABEL', '')))
                             for v in several(c, 'CONFERENCE')),
        'bytes': sorted(base64.b64decode(value)
                        for name in ('ATTACH', 'IMAGE')
                        for p, value in lines_of(block, name)
                        if 'ENCODING=BASE64' in p)}


def dates(c, name):
    found = set()
    for v in several(c, name):
        found.update(when(d.dt) for d in v.dts)
    return found


def expand(c, block, line):
    """A rule's first instances, as instants, by dateutil."""
    start = c['DTSTART'].dt
    exact = isinstance(start, datetime.datetime)
    local = start.replace(tzinfo=None) if exact else \
        datetime.datetime.combine(start, datetime.time())
    zone = re.search(r'TZID="?([^:;"]*)', lines_of(block, 'DTSTART')[0][0])
    zone = events.zone_of(zone[1]) if zone else \
        UTC if exact and start.tzinfo else None
    until = re.search(r';UNTIL=(\w+)', line)
    rule = rrule.rrulestr(line.replace(until[0], '') if until else line,
                          dtstart=local)
    last = None
    if until:
        at, form = events.parsed(until[1])
        last = at.replace(tzinfo=UTC) if form == 'utc' else at
    found = []
    for at in rule:
        real = events.moment(at, zone)
        if last is not None and real > last or len(found) == events.MANY:
            break
        found.append(real if exact else at.date())
    return found


def occurrences(master, block):
    found, last = {one(master, 'DTSTART')}, None
    for _, line in lines_of(block, 'RRULE'):
        times = expand(master, block, line)
        found.update(times)
        if len(times) == events.MANY:
            last = times[-1]
    for _, line in lines_of(block, 'EXRULE'):
        found -= set(expand(master, block, line))
    found |= dates(master, 'RDATE')
    found -= dates(master, 'EXDATE')
    return {at for at in found if last is None or at < last}


def differing(want, got):
    return ['%s: wanted %r, got %r' % (k, want[k], got[k])
            for k in want if want[k] != got[k]]


def blocks_of(whole, name):
    return re.findall(r'BEGIN:%s\n(.*?)END:%s\n' % (name, name), whole, re.S)


def series(o, master, changed, block, blocks):
    """The instances, and what is different in each."""
    want, last = events.occurrences(o)
    got = occurrences(master, block)
    if last is not None:
        got = {at for at in got if at < last}
    wrong = []
    if set(want) != got:
        wrong.append('instances: wanted %s, got %s' % (
            sorted(map(str, set(want) - got)),
            sorted(map(str, got - set(want)))))
    for c, b in zip(changed, blocks):
        at = one(c, 'RECURRENCE-ID')
        if want.get(at) is None:
            if last is None or at < last:
                wrong.append('%s is not different' % at)
            continue
        wrong += ['%s: %s' % (at, w) for w in differing(
            events.meaning(want.pop(at)), meaning(c, b))]
    wrong += ['%s should be different' % at
              for at, o in want.items() if o is not None]
    return wrong


def compare(o, data, how, ours=True):
    """What is wrong with what an object became."""
    if events.parsed(o.get('start'))[0] is None and \
            o.get('@type') != 'Task':
        return ['written without a start'] if data else []
    wrong = [w for w in [ours and well_formed(data)] if w]
    whole = unfolded(data.decode())
    calendar = icalendar.Calendar.from_ical(data)
    objects = [c for c in calendar.subcomponents if c.name != 'VTIMEZONE']
    wrong += ['%s: %s' % (c.name, c.errors) for c in calendar.walk()
              if c.errors]
    kind = 'VTODO' if o.get('@type') == 'Task' else 'VEVENT'
    blocks = blocks_of(whole, kind)
    if {c.name for c in objects} != {kind} or len(blocks) != len(objects):
        return wrong + ['components: %s' % [c.name for c in objects]]
    # The last reader reads less of it, but reads it.
    v = getattr(vobject.readOne(data.decode()), kind.lower())
    if v.uid.value != str(objects[0]['UID']):
        wrong.append('vobject reads the UID %r' % v.uid.value)
    if {text(b, 'UID') for b in blocks} != {shown(o['uid'])}:
        wrong.append('the UID')
    bare = [re.sub(r'BEGIN:VALARM\n.*?END:VALARM\n', '', b, flags=re.S)
            for b in blocks]
    wrong += differing(events.meaning(o), meaning(objects[0], bare[0]))
    if events.parsed(o.get('start'))[0] is not None:
        wrong += series(o, objects[0], objects[1:], bare[0], bare[1:])
    lost = lost_words(o, data.decode())
    if lost:
        wrong.append('lost: %s' % lost)
    left = leftovers('X-JSPROP;X-JSPTR', bare[0])
    wrong += ['not said by the object: %s %s' % w
              for w in wrong_leftovers(left, o)]
    return wrong
