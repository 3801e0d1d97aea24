# SPDX-License-Identifier: ISC
# Copyright (c) 2026 The mailferry authors
"""iCalendar to JSCalendar and vCard to JSContact, in the dialect of archives.
What has no member here is kept as a property of the old format, as Vandelay
keeps what it does not map."""
import datetime
import re
import zoneinfo

LINE = re.compile(r'([A-Za-z0-9.-]+)((?:;[^=:;]+=(?:"[^"]*"|[^":;])*)*):(.*)',
                  re.S)
PARAM = re.compile(r';([^=:;]+)=((?:"[^"]*"|[^":;])*)')


class Component:
    def __init__(self, name):
        self.name, self.lines, self.children = name, [], []

    def all(self, name):
        return [line for line in self.lines if line[0] == name]

    def first(self, name):
        return next(iter(self.all(name)), None)


def parse(text):
    """The outermost component. A line is (NAME, parameters, value)."""
    stack = [Component('')]
    for line in re.sub(r'\r?\n[ \t]', '', text).splitlines():
        m = LINE.match(line)
        if not m:
            continue
        name = m[1].upper().rpartition('.')[2]
        if name == 'BEGIN':
            stack.append(Component(m[3].upper()))
            stack[-2].children.append(stack[-1])
        elif name == 'END':
            stack.pop()
        else:
            stack[-1].lines.append((name, {
                k.lower(): v.strip('"') for k, v in PARAM.findall(m[2])},
                m[3]))
    return stack[0].children[0]


def plain(value):
    return re.sub(r'\\(.)', lambda m: '\n' if m[1] in 'nN' else m[1], value)


def parts(value, at):
    return [plain(p) for p in re.split(r'(?<!\\)' + at, value)]


def left(line):
    return [line[0].lower(), line[1], 'unknown', line[2]]


# --- events ---

TEXTS = {'SUMMARY': 'title', 'DESCRIPTION': 'description', 'COLOR': 'color'}
NUMBERS = {'PRIORITY': 'priority', 'SEQUENCE': 'sequence',
           'PERCENT-COMPLETE': 'percentComplete'}
STAMPS = {'CREATED': 'created', 'DTSTAMP': 'updated'}
WORDS = {'CLASS': ('privacy', {'PUBLIC': 'public', 'PRIVATE': 'private',
                               'CONFIDENTIAL': 'secret'}),
         'TRANSP': ('freeBusyStatus', {'TRANSPARENT': 'free',
                                       'OPAQUE': 'busy'}),
         'STATUS': ('status', {w: w.lower() for w in (
             'CONFIRMED', 'TENTATIVE', 'CANCELLED')})}
PROGRESS = ('progress', {w: w.lower() for w in (
    'NEEDS-ACTION', 'IN-PROCESS', 'COMPLETED', 'CANCELLED')})


DATE_MARKS = {ord('-'): None, ord(':'): None}


def moment(value):
    if len(value) == 8:
        return datetime.datetime.strptime(value, '%Y%m%d')
    return datetime.datetime.strptime(value.rstrip('Z'), '%Y%m%dT%H%M%S')


def stamp(value):
    return moment(value.translate(DATE_MARKS)).isoformat() + 'Z'


def zone(line):
    """Of a time; one that is not known is none, and the time floats."""
    if line[2].endswith('Z'):
        return 'Etc/UTC'
    name = line[1].get('tzid')
    return name if name in zoneinfo.available_timezones() else None


def length(delta):
    seconds = int(delta.total_seconds())
    text = 'P%dD' % (seconds // 86400) if seconds >= 86400 else 'P'
    for unit, size in (('H', 3600), ('M', 60), ('S', 1)):
        n = seconds % 86400 // size if unit == 'H' else \
            seconds % 3600 // size if unit == 'M' else seconds % 60
        if n:
            text += ('' if 'T' in text else 'T') + '%d%s' % (n, unit)
    return 'PT0S' if text == 'P' else text


def rule(value, tz):
    """An RRULE; None where it has a part that is not known here."""
    made = {}
    for key, text in (p.split('=', 1) for p in value.upper().split(';')):
        if key == 'FREQ':
            made['frequency'] = text.lower()
        elif key in ('INTERVAL', 'COUNT'):
            made[key.lower()] = int(text)
        elif key == 'WKST':
            made['firstDayOfWeek'] = text.lower()
        elif key == 'UNTIL':
            until = moment(text)
            if text.endswith('Z') and tz:
                until = until.replace(tzinfo=datetime.timezone.utc).astimezone(
                    zoneinfo.ZoneInfo(tz)).replace(tzinfo=None)
            made['until'] = until.isoformat()
        elif key == 'BYDAY':
            made['byDay'] = [dict(
                {'day': d[-2:].lower()},
                **({'nthOfPeriod': int(d[:-2])} if d[:-2] else {}))
                for d in text.split(',')]
        elif key == 'BYMONTH':
            made['byMonth'] = text.split(',')
        elif key in ('BYMONTHDAY', 'BYSETPOS'):
            made['byMonthDay' if key == 'BYMONTHDAY' else
                 'bySetPosition'] = [int(n) for n in text.split(',')]
        else:
            return None
    return made


def times(c, data):
    """Start, end and repetition; the names that were used up."""
    start, end, due = (c.first(n) for n in ('DTSTART', 'DTEND', 'DUE'))
    used = set()
    if due and (not start or zone(due) == zone(start)):
        data['due'] = moment(due[2]).isoformat()
        if zone(due):
            data['timeZone'] = zone(due)
        used.add('DUE')
    if not start:
        return used
    data['start'] = moment(start[2]).isoformat()
    if len(start[2]) == 8:
        data['showWithoutTime'] = True
    if zone(start):
        data['timeZone'] = zone(start)
    used.add('DTSTART')
    if end and zone(end) == zone(start):
        data['duration'] = length(moment(end[2]) - moment(start[2]))
        used.add('DTEND')
    elif c.first('DURATION'):
        data['duration'] = c.first('DURATION')[2]
        used.add('DURATION')
    # Of two rules the last is kept.
    repeat = c.all('RRULE') and rule(c.all('RRULE')[-1][2], zone(start))
    if repeat:
        data['recurrenceRule'] = repeat
        used.add('RRULE')
    for line in c.all('EXDATE') + c.all('RDATE'):
        if zone(line) == zone(start) and '/' not in line[2]:
            used.add(line[0])
            for value in line[2].split(','):
                data.setdefault('recurrenceOverrides', {})[
                    moment(value).isoformat()] = \
                    {'excluded': True} if line[0] == 'EXDATE' else {}
    return used


def entry(c):
    data = {'@type': 'Task' if c.name == 'VTODO' else 'Event'}
    used = times(c, data) | {'UID', 'RECURRENCE-ID'}
    words = dict(WORDS, STATUS=PROGRESS) if c.name == 'VTODO' else WORDS
    kept = []
    for line in c.lines:
        name, _, value = line
        if name in used:
            continue
        if name in TEXTS:
            data[TEXTS[name]] = plain(value)
        elif name in NUMBERS:
            data[NUMBERS[name]] = int(value)
        elif name in STAMPS:
            data[STAMPS[name]] = stamp(value)
        elif value.upper() in words.get(name, ('', ()))[1]:
            data[words[name][0]] = words[name][1][value.upper()]
        elif name == 'CATEGORIES':
            data.setdefault('keywords', {}).update(
                dict.fromkeys(parts(value, ','), True))
        elif name == 'LOCATION':
            data['locations'] = {'1': {'@type': 'Location',
                                       'name': plain(value)}}
        else:
            kept.append(left(line))
    if kept:
        data['iCalendar'] = {'properties': kept}
    return data


def event(text):
    """(data type, data) of a resource: its first entry, and what else it has
    of the same UID are instances of that; None where there is no entry."""
    entries = [c for c in parse(text).children
               if c.name in ('VEVENT', 'VTODO')]
    entries.sort(key=lambda c: c.first('RECURRENCE-ID') is not None)
    if not entries:
        return None
    data = entry(entries[0])
    data['uid'] = entries[0].first('UID')[2]
    for c in entries[1:]:
        if not c.first('RECURRENCE-ID'):
            continue
        other = entry(c)
        del other['@type']
        data.setdefault('recurrenceOverrides', {})[
            moment(c.first('RECURRENCE-ID')[2]).isoformat()] = {
                k: v for k, v in other.items() if k != 'timeZone'}
    return data['@type'], data


# --- cards ---

NAME = ('surname', 'given', 'given2', 'title', 'credential')
ADDRESS = ('postOfficeBox', 'apartment', 'name', 'locality', 'region',
           'postcode', 'country')
CONTEXTS = {'home': 'private', 'work': 'work'}
DAYS = {'BDAY': 'birth', 'ANNIVERSARY': 'wedding', 'DEATHDATE': 'death'}
DAY = re.compile(r'(?:(\d{4})|--)-?(\d\d)(?:-?(\d\d))?$')
FEATURES = {'cell': 'mobile', 'voice': 'voice', 'fax': 'fax', 'pager': 'pager',
            'text': 'text', 'video': 'video'}


def components(kinds, value):
    return [{'kind': kind, 'value': plain(one)}
            for kind, text in zip(kinds, re.split(r'(?<!\\);', value))
            for one in re.split(r'(?<!\\),', text) if one]


def typed(line, data):
    words = line[1].get('type', '').lower().split(',')
    for member, known in (('contexts', CONTEXTS), ('features', FEATURES)):
        found = {known[w]: True for w in words if w in known}
        if found and (member == 'contexts' or line[0] == 'TEL'):
            data[member] = found
    return data


def card(text):
    """(uid or None, data)."""
    c = parse(text)
    data = {'@type': 'Card', 'version': '1.0'}
    kept, uid = [], None

    def add(member, value):
        of = data.setdefault(member, {})
        of['k%d' % (len(of) + 1)] = value
    for line in c.lines:
        name, _, value = line
        if name == 'UID':
            uid = plain(value)
        elif name == 'FN':
            data.setdefault('name', {})['full'] = plain(value)
        elif name == 'N':
            data.setdefault('name', {})['components'] = components(NAME, value)
        elif name == 'EMAIL':
            add('emails', typed(line, {'address': plain(value)}))
        elif name == 'TEL':
            add('phones', typed(line, {'number': plain(value)}))
        elif name == 'ADR':
            add('addresses', typed(line, {'components': components(
                ADDRESS, value)}))
        elif name in DAYS and DAY.match(value):
            add('anniversaries', {'kind': DAYS[name], 'date': dict(
                {'@type': 'PartialDate'},
                **{k: int(v) for k, v in zip(
                    ('year', 'month', 'day'), DAY.match(value).groups())
                    if v})})
        elif name == 'NICKNAME':
            for one in parts(value, ','):
                add('nicknames', {'name': one})
        elif name == 'ORG':
            first, *units = parts(value, ';')
            add('organizations', dict({'name': first}, **(
                {'units': [{'name': u} for u in units]} if units else {})))
        elif name == 'NOTE':
            add('notes', {'note': plain(value)})
        elif name == 'CATEGORIES':
            data.setdefault('keywords', {}).update(
                dict.fromkeys(parts(value, ','), True))
        elif name in ('CREATED', 'REV'):
            data['created' if name == 'CREATED' else 'updated'] = stamp(value)
        elif name == 'KIND':
            data['kind'] = value.lower()
        elif name == 'MEMBER':
            data.setdefault('members', {})[value] = True
        elif name not in ('VERSION', 'PRODID'):
            kept.append(left(line))
    if kept:
        data['vCard'] = {'properties': kept}
    return uid, data
