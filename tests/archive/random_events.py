# SPDX-License-Identifier: ISC
# Copyright (c) 2026 The mailferry authors
"""Random events and tasks in JSCalendar, in the forms that servers give, and
what each of them means (RFC 8984, and its successor as calcard writes it)."""
import base64
import copy
import datetime
import re
import zoneinfo

from dateutil import rrule

from texts import shown
try:
    from icalendar.windows_to_olson import WINDOWS_TO_OLSON
except ImportError:
    from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON

UTC = datetime.timezone.utc
DT, TD = datetime.datetime, datetime.timedelta
DAYS = ['mo', 'tu', 'we', 'th', 'fr', 'sa', 'su']
FREQ = {'yearly': rrule.YEARLY, 'monthly': rrule.MONTHLY,
        'weekly': rrule.WEEKLY, 'daily': rrule.DAILY}
ZONES = sorted(n for n in zoneinfo.available_timezones() if '/' in n and
               not n.startswith(('posix/', 'right/', 'Etc/')))
WINDOWS = sorted(WINDOWS_TO_OLSON)
UNKNOWN = ['Mars/Base', 'Middle Earth Standard Time', '/x/y',
           '../../etc/passwd']
# A zone as Outlook and others describe it, for RFC 8984's timeZones.
OWN = {'@type': 'TimeZone', 'tzId': 'Own zone', 'standard': [
    {'start': '1970-10-25T03:00:00', 'offsetFrom': '+04:30',
     'offsetTo': '+03:30', 'recurrenceRules': [
         {'frequency': 'yearly', 'byMonth': ['10'],
          'byDay': [{'day': 'su', 'nthOfPeriod': -1}]}]}],
    'daylight': [
    {'start': '1970-03-29T02:00:00', 'offsetFrom': '+03:30',
     'offsetTo': '+04:30', 'recurrenceRules': [
         {'frequency': 'yearly', 'byMonth': ['3'],
          'byDay': [{'day': 'su', 'nthOfPeriod': -1}]}]}]}
MANY = 30


class OwnZone(datetime.tzinfo):
    """OWN, counted out without it."""

    def utcoffset(self, dt):
        def last(month, hour):
            day = DT(dt.year, month, 31)
            return day - TD(days=(day.weekday() + 1) % 7) + TD(hours=hour)
        local = dt.replace(tzinfo=None)
        summer = last(3, 3) <= local < last(10, 3)
        # What the clock skips is read as before the change.
        return TD(hours=4.5 if summer else 3.5)

    def dst(self, dt):
        return TD(0)


def zone_of(name):
    """None: floating."""
    if not name or name in UNKNOWN:
        return None
    if name == '/own' or name == 'Own zone':
        return OwnZone()
    if name in WINDOWS_TO_OLSON:
        name = WINDOWS_TO_OLSON[name]
    if name.startswith('/free'):
        name = 'Europe/Vienna'
    return zoneinfo.ZoneInfo(name)


# --- made ---

def iso(at):
    return at.replace(tzinfo=None).isoformat()


def utc_text(s):
    r = s.random
    at = DT(2024, 1, 1) + TD(seconds=r.randrange(10 ** 8))
    return iso(at) + 'Z'


def address(s):
    return s.random.choice(['mailto:%s@example.org', 'MAILTO:%s@Example.ORG',
                            'mailto:%s@example.org', 'urn:uuid:%s',
                            'tel:+43-%s']) % s.word()


def participant(s):
    r = s.random
    p = s.some([
        ('@type', .5, lambda: 'Participant'),
        ('name', .7, lambda: s.text('^')),
        ('description', .1, s.text),
        ('kind', .3, lambda: r.choice(['individual', 'group', 'resource',
                                       'location', 'mine'])),
        ('roles', .7, lambda: {w: True for w in r.sample(
            ['owner', 'attendee', 'optional', 'required', 'chair',
             'informational'], r.randrange(1, 3))}),
        ('participationStatus', .5, lambda: r.choice(
            ['needs-action', 'accepted', 'declined', 'tentative',
             'delegated'])),
        ('expectReply', .3, lambda: r.random() < .7),
        ('scheduleAgent', .1, lambda: r.choice(['server', 'client', 'none'])),
        ('scheduleStatus', .1, lambda: ['1.2', '2.0']),
        ('sentBy', .1, lambda: address(s)),
        ('delegatedTo', .1, lambda: {address(s): True}),
        ('delegatedFrom', .1, lambda: address(s)),
        ('memberOf', .1, lambda: {address(s): True, address(s): True}),
        ('language', .1, lambda: 'de-AT'),
        ('links', .1, lambda: {'l': {'href': 'https://x/' + s.word()}}),
        ('participationComment', .1, s.text)])
    how = r.random()
    if how < .6:
        p['calendarAddress'] = address(s)
    elif how < .75:
        p['sendTo'] = {'imip': address(s)}
    elif how < .9:
        p['email'] = s.word() + '@example.org'
    return s.odd(p)


def link(s):
    r = s.random
    data = s.random.choice([b'\x89PNG\r\n\x1a\n', b'%PDF-1.4\n', b'plain ',
                            b'\xff\xd8\xff\xe0']) + bytes(r.sample(
                                range(256), 20))
    b64 = base64.b64encode(data).decode()
    href = r.choice([
        'data:base64,' + b64, 'data:;base64,' + b64,
        'data:image/png;base64,' + b64, 'https://x/' + s.word(),
        'https://x/a ' + s.word() + '.pdf', 'ftp://x/<%s>' % s.word(),
        'CID:' + s.word() + '@x', 'www.example.org/' + s.word(),
        'https://x/ä' + s.word()])
    made = {'href': href}
    if r.random() < .1:
        made = {'@blob': r.choice([7, 8])}
    made.update(s.some([
        ('@type', .5, lambda: 'Link'),
        ('rel', .6, lambda: r.choice(['describedby', 'enclosure', 'icon',
                                      'alternate'])),
        ('contentType', .3, lambda: 'text/x-' + s.word()),
        ('title', .3, lambda: s.text('^')),
        ('size', .2, lambda: r.randrange(10 ** 6))]))
    return s.odd(made)


def location(s):
    r = s.random
    return s.odd(s.some([
        ('@type', .5, lambda: 'Location'), ('name', .8, s.text),
        ('description', .1, s.text),
        ('coordinates', .3, lambda: r.choice(
            ['geo:48.25,16.5', 'geo:-1.5,-2', 'geo:1,2;u=3', '48;16'])),
        ('locationTypes', .1, lambda: {'office': True})]))


def alert(s):
    r = s.random
    trigger = r.choice([
        {'@type': 'OffsetTrigger', 'offset': r.choice(
            ['-PT15M', 'PT0S', '-P1D', '-P1DT12H', 'PT5M', '-P2W'])},
        {'offset': '-PT1H', 'relativeTo': r.choice(['start', 'end'])},
        {'@type': 'AbsoluteTrigger', 'when': utc_text(s)},
        {'@type': 'UnknownTrigger', 'x': s.word()}])
    return s.odd(dict(s.some([
        ('@type', .5, lambda: 'Alert'),
        ('action', .6, lambda: r.choice(['display', 'email'])),
        ('acknowledged', .2, lambda: utc_text(s)),
        ('relatedTo', .1, lambda: {s.word(): {'relation': {
            'parent': True}}})]), trigger=copy.deepcopy(trigger)))


def rule(s, start, date):
    r = s.random
    f = r.choice(sorted(FREQ))
    made = {'frequency': f}
    if r.random() < .4:
        made['interval'] = r.randrange(1, 5)
    if f in ('weekly', 'daily') and r.random() < .5:
        made['byDay'] = [{'day': d} for d in sorted(r.sample(DAYS, 2))]
    elif f == 'monthly' and r.random() < .6:
        made['byDay'] = [{'day': r.choice(DAYS),
                          'nthOfPeriod': r.choice([1, 2, 3, -1, -2])}]
    elif f == 'yearly' and r.random() < .4:
        made['byMonth'] = [str(r.randrange(1, 13))]
        made['byMonthDay'] = [r.choice([1, 15, 29, -1])]
    if r.random() < .3:
        made['firstDayOfWeek'] = r.choice(DAYS)
    if r.random() < .1:
        made['rscale'] = r.choice(['gregorian', 'GREGORIAN'])
        made['skip'] = 'omit'
    how, end = r.random(), start + TD(days=r.randrange(1, 700))
    if how < .3:
        made['count'] = r.randrange(1, 30)
    elif how < .8:
        made['until'] = r.choice([
            iso(end), iso(end), iso(end)[:10],
            iso(end)[:10].replace('-', '')] + ([] if date else [
                iso(end) + 'Z', iso(end) + '+05:30',
                re.sub('[-:]', '', iso(end)) + 'Z']))
    return made


def hostile_property(s):
    r = s.random
    return [r.choice(['begin', 'END', 'uid', 'dtstart', 'recurrence-id',
                      'bad name', 'x-a\r\nX-EVIL', 'x-odd', 'comment',
                      'contact', 'summary', 'rrule']),
            s.some([('x-p', .3, lambda: s.text('^')),
                    ('x-q\n:', .1, lambda: '1'),
                    ('group', .1, lambda: 'g1')]),
            r.choice(['text', 'text', 'unknown']), s.text()]


def extras(s):
    """Members that have no part in when it is."""
    r = s.random
    return s.some([
        ('title', .8, s.text), ('description', .5, s.text),
        ('keywords', .3, lambda: {s.text(',\\^'): True for _ in range(2)}),
        ('color', .2, lambda: 'x' + s.word()),
        ('priority', .3, lambda: r.randrange(10)),
        ('sequence', .3, lambda: r.randrange(100)),
        ('privacy', .3, lambda: r.choice(['public', 'private', 'secret',
                                          'x-odd', 'not; a word'])),
        ('freeBusyStatus', .3, lambda: r.choice(['free', 'busy'])),
        ('status', .3, lambda: r.choice(['confirmed', 'tentative',
                                         'cancelled', 'odd'])),
        ('created', .4, lambda: utc_text(s)),
        ('updated', .7, lambda: utc_text(s)),
        ('locale', .1, lambda: 'de'),
        ('locations', .4, lambda: {k: location(s) for k in r.sample(
            ['1', 'a/b', 'x~y', 'ä'], r.randrange(1, 3))}),
        ('virtualLocations', .2, lambda: {'v': s.odd({
            'uri': 'https://meet/' + s.word(), 'name': s.text('^'),
            'features': {'audio': True, 'video': True}})}),
        ('links', .4, lambda: {k: link(s) for k in r.sample(
            ['1', 'a/b', 'x~y'], r.randrange(1, 4))}),
        ('relatedTo', .2, lambda: {s.word(): r.choice([
            {}, {'@type': 'Relation', 'relation': {'parent': True}},
            {'relation': {'next': True, 'odd': True}}])}),
        ('participants', .5, lambda: {k: participant(s) for k in r.sample(
            ['p', 'a/b', 'x~y', 'q'], r.randrange(1, 4))}),
        ('alerts', .4, lambda: {k: alert(s) for k in r.sample(
            ['1', 'a/b', 'ä'], r.randrange(1, 3))}),
        ('useDefaultAlerts', .1, lambda: True),
        ('localizations', .1, lambda: {'de': {'title': s.text()}}),
        ('iCalendar', .3, lambda: s.some([
            ('name', .5, lambda: 'vevent'),
            ('properties', .8, lambda: [hostile_property(s)
                                        for _ in range(2)]),
            ('components', .3, lambda: [[
                r.choice(['vevent', 'x-part', 'VTIMEZONE', 'vlocation']),
                [[r.choice(['uid', 'end', 'x-a']), {}, 'text', s.text()]],
                []]])]))])


def overrides(s, o, start, date):
    r = s.random
    made = {}
    step = TD(days=1)
    for k in r.sample(range(-3, 40), r.randrange(1, 5)):
        at = start + step * k
        if r.random() < .2 and not date:
            at += TD(hours=1)
        key = iso(at)
        how = r.random()
        if how < .3:
            made[key] = {'excluded': True}
        elif how < .5:
            made[key] = {}
        else:
            patch = s.some([
                ('title', .5, s.text), ('description', .2, lambda: None),
                ('start', .5, lambda: iso(at + TD(days=r.randrange(1, 3)))),
                ('duration', .3, lambda: 'P2D' if date else 'PT90M'),
                ('status', .3, lambda: 'cancelled'),
                ('timeZone', 0 if date else .1, lambda: 'America/Denver'),
                ('nowhere/at/all', .1, s.word)])
            for id, p in o.get('participants', {}).items():
                if r.random() < .5:
                    patch['participants/%s/participationStatus' % id.replace(
                        '~', '~0').replace('/', '~1')] = 'declined'
            made[key] = patch or {'title': s.text()}
    return made


def make(s):
    r = s.random
    task = r.random() < .15
    date = r.random() < .25
    o = extras(s)
    if task or r.random() < .7:
        o['@type'] = 'Task' if task else 'Event'
    start = DT(1970, 1, 2) + TD(days=r.randrange(67 * 365), seconds=60 *
                                r.choice([0, 90, 150, 600, 1439]))
    if date:
        start = start.replace(hour=0, minute=0)
    zone = r.choice([None, '', 'Etc/UTC', r.choice(ZONES), r.choice(ZONES),
                     r.choice(ZONES), r.choice(WINDOWS), '/own',
                     r.choice(UNKNOWN), 'Europe/Vienna',
                     '/freeassociation.sourceforge.net/Europe/Vienna'])
    if zone is not None or r.random() < .3:
        o['timeZone'] = zone
    if zone == '/own':
        o['timeZones'] = {'/own': copy.deepcopy(OWN)}
    o['start'] = iso(start)
    if date:
        o['showWithoutTime'] = True
        o['start'] = r.choice([o['start'], o['start'][:10],
                               o['start'][:10].replace('-', '')])
    elif r.random() < .2:
        o['start'] = r.choice([iso(start) + 'Z', iso(start) + '+02:00',
                               iso(start) + '-0330',
                               re.sub('[-:]', '', iso(start)),
                               iso(start) + '.000'])
    how = r.random()
    if how < .6:
        o['duration'] = r.choice(['P1D', 'PT24H', 'P1W', 'PT1440M', 'P2DT24H',
                                  'PT0S'] if date else [
            'PT1H', 'PT90M', 'P1DT2H', 'P1D', 'PT36H', 'P1W', 'PT30S',
            '-PT1H'])
        if not date and r.random() < .2:
            o['endTimeZone'] = r.choice(['Asia/Kolkata', 'Etc/UTC'])
    elif task:
        o['due'] = iso(start + TD(days=3))
    if r.random() < .5:
        made = rule(s, start, date)
        if r.random() < .2:
            o['recurrenceRules'] = [made]
        else:
            o['recurrenceRule'] = made
        if r.random() < .1:
            # What an override puts back, iCalendar cannot say.
            o['excludedRecurrenceRules'] = [
                {'frequency': 'weekly', 'count': 5}]
        elif r.random() < .6 and ('T' not in o['start'] or
                                len(o['start']) == 19):
            o['recurrenceOverrides'] = overrides(s, o, start, date)
    if r.random() < .4:
        if r.random() < .7:
            o['organizerCalendarAddress'] = address(s)
            if r.random() < .2:
                o['sentBy'] = address(s)
        else:
            o['replyTo'] = {'imip': address(s)}
        people = list(o.get('participants', {}).values())
        if people and r.random() < .6:
            p = r.choice(people)
            a = p.get('calendarAddress')
            if a:
                o.pop('replyTo', None)
                o['organizerCalendarAddress'] = a.replace('mailto', 'MAILTO')
    for p in o.get('iCalendar', {}).get('properties', []):
        # The title where there is no other.
        if p[0] == 'summary' and 'title' not in o:
            p[0] = 'x-odd'
    if not task and r.random() < .03:
        del o['start']
    return dict(s.odd(o), uid=s.word() + r.choice(
        ['', '@x', '/..', '\r\nX-EVIL:1', '; ,']))


# --- understood ---

def parsed(text):
    """(time, form) of a text: local, utc or date."""
    m = re.match(r'(\d{4})-?(\d\d)-?(\d\d)(?:T(\d\d):?(\d\d):?(\d\d)'
                 r'(?:\.0+)?(Z|[-+]\d\d:?\d\d)?)?$', text or '')
    if not m:
        return None, None
    n = [int(x) for x in m.groups()[:6] if x is not None]
    at = DT(*n)
    if len(n) == 3:
        return at, 'date'
    if not m[7]:
        return at, 'local'
    if m[7] != 'Z':
        sign = -1 if m[7][0] == '-' else 1
        at -= sign * TD(hours=int(m[7][1:3]), minutes=int(m[7][-2:]))
    return at, 'utc'


def span(text):
    """(days, the rest) of a duration."""
    m = re.match(r'(-)?P(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?'
                 r'(?:(\d+)S)?)?$', text)
    n = [int(x or 0) for x in m.groups()[1:]]
    sign = -1 if m[1] else 1
    return (sign * TD(days=n[0] * 7 + n[1]),
            sign * TD(hours=n[2], minutes=n[3], seconds=n[4]))


def moment(at, zone):
    return at if zone is None else \
        at.replace(tzinfo=zone).astimezone(UTC)


def patched(base, patch):
    made = copy.deepcopy(base)
    for pointer, value in patch.items():
        parts = [p.replace('~1', '/').replace('~0', '~')
                 for p in pointer.split('/')]
        where = made
        for p in parts[:-1]:
            where = where.get(p) if isinstance(where, dict) else None
        if not isinstance(where, dict):
            continue
        if value is None:
            where.pop(parts[-1], None)
        else:
            where[parts[-1]] = value
    return made


def midnight(at):
    return at is None or (at.hour, at.minute, at.second) == (0, 0, 0)


class When:
    """When one object is: a date, a floating time, or an instant."""

    def __init__(self, o):
        start, form = parsed(o.get('start'))
        due = parsed(o.get('due'))[0]
        days, rest = span(o['duration']) if 'duration' in o else (TD(0),) * 2
        keys = [parsed(k)[0] for k in o.get('recurrenceOverrides', {})]
        self.date = (form == 'date' or o.get('showWithoutTime') is True) and \
            all(map(midnight, [start, due] + keys)) and \
            rest % TD(days=1) == TD(0)
        self.zone = None if self.date else zone_of(o.get('timeZone'))
        if form == 'utc' and not self.date:
            if self.zone is None:
                self.zone = UTC
            start = start.replace(tzinfo=UTC).astimezone(
                self.zone).replace(tzinfo=None)
        self.local = start
        self.start = self.at(start)
        self.end = None
        if 'due' in o and o.get('@type') == 'Task':
            self.end = self.at(due)
        elif start is not None and days + rest >= TD(0) and 'duration' in o:
            if self.date:
                length = days + rest
                self.end = self.at(start + length) if length else None
            else:
                self.end = moment(start + days, self.zone) + rest

    def at(self, local):
        if local is None:
            return None
        return local.date() if self.date else moment(local, self.zone)


def expand(rule, when):
    days = None
    if 'byDay' in rule:
        days = [rrule.weekdays[DAYS.index(d['day'])](d['nthOfPeriod'])
                if 'nthOfPeriod' in d else rrule.weekdays[
                    DAYS.index(d['day'])] for d in rule['byDay']]
    until, form = parsed(rule.get('until'))
    if form == 'date' and not when.date:
        until = until.replace(hour=23, minute=59, second=59)
    found = []
    for at in rrule.rrule(
            FREQ[rule['frequency']], dtstart=when.local, byweekday=days,
            interval=rule.get('interval', 1), count=rule.get('count'),
            wkst=DAYS.index(rule.get('firstDayOfWeek', 'mo')),
            bymonth=[int(m) for m in rule['byMonth']]
            if 'byMonth' in rule else None,
            bymonthday=rule.get('byMonthDay')):
        if len(found) == MANY:
            break
        if until is not None:
            if when.date:
                here, last = at.date(), until.date()
            elif form == 'utc':
                here, last = moment(at, when.zone or UTC), \
                    until.replace(tzinfo=UTC)
                if when.zone is None:
                    here, last = at, until
            else:
                here, last = moment(at, when.zone), moment(until, when.zone)
            if here > last:
                break
        found.append(at)
    return found


def occurrences(o):
    """{start of an instance: what is different there}, and up to where."""
    when = When(o)
    rules = o.get('recurrenceRules', [])
    rules = rules + [o['recurrenceRule']] if 'recurrenceRule' in o else rules
    found, last = {when.local}, DT.max
    for rule in rules:
        times = expand(rule, when)
        found.update(times)
        if len(times) == MANY:
            last = times[-1]
    for rule in o.get('excludedRecurrenceRules', []):
        found -= set(expand(rule, when))
    different = {}
    for key, patch in o.get('recurrenceOverrides', {}).items():
        at = parsed(key)[0]
        if patch.get('excluded'):
            found.discard(at)
            continue
        found.add(at)
        if patch:
            different[at] = patch
    base = {k: v for k, v in o.items() if not k.startswith('recurrence') and
            k != 'excludedRecurrenceRules'}
    made = {}
    for at in found:
        if at < last:
            made[when.at(at)] = patched(
                dict(base, start=iso(at)), different[at]) \
                if at in different else None
    return made, when.at(last) if last != DT.max else None


def bare(a):
    return re.sub('^mailto:', '', a, flags=re.I).lower()


def own_address(p):
    a = p.get('calendarAddress') or p.get('sendTo', {}).get('imip')
    if not a and p.get('email'):
        a = 'mailto:' + p['email']
    return a


ROLES = [('chair', 'CHAIR'), ('informational', 'NON-PARTICIPANT'),
         ('optional', 'OPT-PARTICIPANT'), ('required', 'REQ-PARTICIPANT'),
         ('attendee', 'REQ-PARTICIPANT')]
INVITED = ('participationStatus', 'expectReply', 'kind', 'delegatedTo',
           'delegatedFrom', 'memberOf', 'participationComment', 'progress')


def people(o):
    """(organizer, [(address, name, PARTSTAT, ROLE, CUTYPE, RSVP)])."""
    organizer = o.get('organizerCalendarAddress') or \
        o.get('replyTo', {}).get('imip')
    found, boss = [], None
    for p in o.get('participants', {}).values():
        a = own_address(p)
        if not a:
            continue
        name = shown(p.get('name', ''))
        if organizer and bare(a) == bare(organizer) and boss is None:
            boss = bare(a), name
            if not any(k in p for k in INVITED) and not any(
                    k != 'owner' for k in p.get('roles', {})):
                continue
        role = [w for k, w in ROLES if k in p.get('roles', {})]
        kind = {'location': 'ROOM', 'mine': ''}.get(
            p.get('kind'), p.get('kind', '').upper())
        found.append((bare(a), name,
                      p.get('participationStatus', '').upper(),
                      role[0] if role else '', kind,
                      'TRUE' if p.get('expectReply') else ''))
    if organizer and boss is None:
        boss = bare(organizer), ''
    return boss, sorted(found)


def alarms(o):
    found = []
    for a in o.get('alerts', {}).values():
        t = a['trigger']
        if 'offset' in t:
            days, rest = span(t['offset'])
            found.append((t.get('relativeTo', 'start').upper(),
                          str(days + rest)))
        elif 'when' in t:
            found.append(('AT', str(parsed(t['when'])[0])))
    return sorted(found)


def held(l):
    """The bytes that a link holds. None: it leads somewhere."""
    href = l.get('href', '')
    if '@blob' in l:
        return b'abc' if l['@blob'] == 7 else None
    if href.startswith('data:'):
        return base64.b64decode(href.split(',')[1])
    # What was inline comes as its text (calcard).
    return href.encode() if href.startswith('www.') and \
        l.get('rel') == 'enclosure' else None


PRIVACY = {'secret': 'CONFIDENTIAL', 'private': 'PRIVATE', 'public': 'PUBLIC',
           None: '', 'x-odd': 'x-odd'}


def privacy(word):
    """CLASS: what nobody knows is private."""
    return PRIVACY.get(word, 'PRIVATE')


def meaning(o, title=None):
    """All that is compared of one object, but its recurrence."""
    when = When(o)
    task = o.get('@type') == 'Task'
    places = [l for l in o.get('locations', {}).values()
              if l.get('relativeTo') != 'end']
    geo = re.match(r'geo:(-?[\d.]+),(-?[\d.]+)$',
                   places[0].get('coordinates', '') if places else '')
    stamp = parsed(o.get('updated') or o.get('created') or
                   '1970-01-01T00:00:00Z')[0]
    made = parsed(o.get('created'))[0]
    boss, invited = people(o)
    return {
        'start': when.start, 'end': when.end,
        'title': shown(o.get('title', '')),
        'description': shown(o.get('description', '')),
        'location': shown(places[0].get('name', '')) if places else '',
        'geo': tuple(map(float, geo.groups())) if geo else None,
        'categories': sorted(map(shown, (
            w for w in o.get('keywords', {})
            if not re.search('[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]|\r(?!\n)', w)))),
        'color': o.get('color', ''),
        'priority': str(o.get('priority', '')),
        'sequence': str(o.get('sequence', '')),
        'class': privacy(o.get('privacy')),
        'transp': {'free': 'TRANSPARENT', 'busy': 'OPAQUE'}.get(
            o.get('freeBusyStatus'), '') if not task else '',
        'status': o.get('status', '').upper()
        if not task and o.get('status') != 'odd' else '',
        'stamp': stamp, 'created': made,
        'organizer': boss, 'attendees': invited, 'alarms': alarms(o),
        'conference': sorted(
            (v['uri'], shown(v['name']))
            for v in o.get('virtualLocations', {}).values()),
        'bytes': sorted(
            held(l) for l in o.get('links', {}).values()
            if held(l) is not None)}
