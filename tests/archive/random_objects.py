#!/usr/bin/python3
# SPDX-License-Identifier: ISC
# Copyright (c) 2026 The mailferry authors
"""Random events and cards, each written and read back by python3-icalendar,
dateutil and vobject: what is read means what the object meant, and each text
of it stands somewhere. Prints TAP.

random_objects.py CONVERT FIRST COUNT: the seeds; FERRY_SEEDS is another COUNT.
random_objects.py --tree CONVERT FIRST COUNT: writes them for davmerge, into
    "tree".
random_objects.py --stored FILES FIRST COUNT: the files, one a line, in which a
    server keeps them mean the same.
"""
import json
import os
import random
import re
import subprocess
import sys

import texts

import read_card
import read_event

BATCH = 500


def convert(program, how, objects):
    """For each object what it becomes; '' where it is refused."""
    env = dict(os.environ, CONVERT_OWNER='mailto:owner@example.org')
    data = ''.join(json.dumps(o) + '\n' for o in objects)
    done = subprocess.run([program, '-l', how], input=data.encode(),
                          capture_output=True, env=env)
    if done.returncode not in (0, 1, 3):
        raise SystemExit('convert: %d %s' % (done.returncode, done.stderr))
    found = done.stdout.split(b'\0')[:-1]
    assert len(found) == len(objects)
    return found


MODULES = {'event': read_event, 'card': read_card}


def make(kind, seeds):
    """[(seed, object)]"""
    made = []
    for seed in seeds:
        o = MODULES[kind].make(texts.Source(
            random.Random('%s %d' % (kind, seed)), seed))
        # What a server's JSON can say at all.
        made.append((seed, json.loads(json.dumps(o))))
    return made


def batch(program, kind, seeds):
    """The seeds that went wrong, each with what did."""
    module, made, wrong = MODULES[kind], make(kind, seeds), []
    for how in module.FORMS:
        written = convert(program, how, [o for _, o in made])
        for (seed, o), data in zip(made, written):
            try:
                why = module.compare(o, data, how)
            except Exception as e:
                why = ['%s: %s' % (type(e).__name__, e)]
            if why:
                wrong.append((seed, how, o, data.decode(), why))
    return wrong


def can_be_stored(o):
    """vobject, and so Radicale, cannot write an IMAGE that is inline."""
    return not any(l.get('rel') == 'icon' and
                   l.get('href', 'data:').startswith('data:')
                   for l in o.get('links', {}).values())


def write_tree(program, seeds):
    for kind, how, place in (('event', 'ics', 'tree/calendars/Random'),
                             ('card', 'vcf3', 'tree/contacts/Random')):
        os.makedirs(place)
        made = make(kind, seeds)
        for (seed, o), data in zip(made, convert(
                program, how, [o for _, o in made])):
            if data and can_be_stored(o):
                with open('%s/%d.%s' % (place, seed, how[:3]), 'wb') as f:
                    f.write(data)


def stored(files, seeds):
    """Each object is in one of the files, and means what it meant."""
    found, bad = {}, 0
    for path in open(files):
        with open(path.rstrip('\n'), 'rb') as f:
            data = f.read()
        kind = 'event' if b'BEGIN:VCALENDAR' in data else 'card'
        uid = texts.unescaped(re.search(
            r'^UID:(.*)', texts.unfolded(data.decode()), re.M)[1])
        found[kind, uid] = data
    for kind, how in ('event', 'ics'), ('card', 'vcf3'):
        for seed, o in make(kind, seeds):
            if not can_be_stored(o):
                continue
            data = found.pop((kind, texts.shown(o['uid'])), b'')
            try:
                why = MODULES[kind].compare(o, data, how, False)
            except Exception as e:
                why = ['%s: %s' % (type(e).__name__, e)]
            if why:
                bad += 1
                print('%s of seed %d:' % (kind, seed), *why,
                      json.dumps(o), data.decode(), sep='\n')
    if found:
        print('more than was put:', *found)
    return bool(bad or found)


def main():
    if sys.argv[1].startswith('--'):
        what, place, first, count = sys.argv[1:]
        seeds = range(int(first), int(first) + int(count))
        return write_tree(place, seeds) if what == '--tree' \
            else stored(place, seeds)
    program, first, count = sys.argv[1], *map(int, sys.argv[2:4])
    count = int(os.environ.get('FERRY_SEEDS', count))
    n = bad = 0
    for kind in 'event', 'card':
        for at in range(first, first + count, BATCH):
            seeds = range(at, min(at + BATCH, first + count))
            wrong = batch(program, kind, seeds)
            n += 1
            bad += bool(wrong)
            print('%sok %d - %s of the seeds %d to %d' % (
                'not ' if wrong else '', n, kind, seeds[0], seeds[-1]))
            for seed, how, o, text, why in wrong[:3]:
                print('# seed %d as %s:' % (seed, how))
                for line in why + [json.dumps(o)] + text.split('\r\n'):
                    print('#  ', line)
            if wrong:
                print('# all:', *sorted({w[0] for w in wrong}))
    print('1..%d' % n)
    return bad != 0


if __name__ == '__main__':
    sys.exit(main())
