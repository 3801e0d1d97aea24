# SPDX-License-Identifier: ISC
# Copyright (c) 2026 The mailferry authors
"""A tree that archive2maildir wrote, read without mailferry's code, and the
tree that it should be."""
import json
import os
import re
import stat
import subprocess
import sys

import icalendar
import vobject

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                '..', 'maildir'))
import maildirs as md  # noqa: E402


SCRIPTS = 'scripts.ndjson'


class Any:
    """A name of which the rules say only what it must not be. path: the levels
    that folders.ndjson must give for such a folder."""

    def __init__(self, path=None):
        self.path = path

    def __repr__(self):
        return 'Any(%r)' % (self.path,)


class Tree:
    """What shall be there. mail: {directory: [(body, time, flags, keywords)]},
    a time of None is free; calendars, contacts: {directory: {file: what}};
    sieve: {file: (name, bytes, whether it is active)}, bytes alone for the copy
    of the active one; files: {path: bytes, None a directory}. said: texts of
    which stderr must have each. status: the exit codes that will do."""

    def __init__(self, mail=None, calendars=None, contacts=None, sieve=None,
                 files=None, said=(), status=(0,)):
        self.mail = mail or {}
        self.calendars, self.contacts = calendars or {}, contacts or {}
        self.sieve, self.files = sieve or {}, files or {}
        self.said, self.status = said, status


def run(*args, **more):
    """Runs archive2maildir. NOSYNC, the fault shim, saves the time of its
    syncs, which nothing here can tell from none."""
    env = dict(os.environ)
    if env.get('NOSYNC'):
        env['LD_PRELOAD'] = env['NOSYNC']
    return subprocess.run(['archive2maildir', *args], capture_output=True,
                          env=env, **more)


def notes(root):
    """{directory: record} of folders.ndjson."""
    for place in ('folders.ndjson', 'mail/folders.ndjson'):
        path = os.path.join(root, place)
        if os.path.exists(path):
            with open(path, encoding='utf-8') as f:
                found = [json.loads(line) for line in f]
            assert all(n['v'] == 1 and n['type'] == 'folder' for n in found)
            known = {n['dir']: n for n in found}
            assert len(known) == len(found), 'one directory twice'
            return known
    return {}


def mail(root):
    """{directory: [(body, time, flags, keywords)]}, sorted; '.' the INBOX."""
    where = os.path.join(root, 'mail')
    found = {f or '.': [] for f in md.folders(where)} \
        if os.path.isdir(where) else {}
    bases = set()
    for folder, part, name, flags, words, data, mtime in md.messages(where) \
            if found else ():
        where = '%s/%s/%s' % (folder, part, name)
        assert part == 'cur', where + ' is not in cur/'
        assert md.sizes_are_right(name, data), where + ': S= or W='
        assert re.search(r',S=\d+.*:2,[A-Za-z]*$', name), where
        assert ',W=' in name and len(os.fsencode(name)) < 250, where
        letters = name.rsplit(':2,', 1)[1]
        assert letters == ''.join(sorted(set(letters))), where
        base = folder, name.split(':')[0]
        assert base not in bases, where + ': one base name twice'
        bases.add(base)
        found[folder or '.'].append((data, mtime, flags,
                                     tuple(sorted(words))))
    return {f: sorted(m) for f, m in found.items()}


def leftovers(root):
    """What a finished run must not leave."""
    found = []
    for at, dirs, files in os.walk(root):
        if at.endswith('/tmp'):
            found += [os.path.join(at, f) for f in files + dirs]
        if at.endswith('/.archive2maildir'):
            found += [os.path.join(at, f) for f in files if f != 'label']
        found += [os.path.join(at, f) for f in files
                  if f.endswith(('.tmp', '.lock', '.part'))]
    return found


def collections(root, part):
    """{directory: {file: bytes}} of calendars/ or contacts/."""
    base = os.path.join(root, part)
    found = {}
    for name in sorted(os.listdir(base)) if os.path.isdir(base) else ():
        where = os.path.join(base, name)
        assert os.path.isdir(where), where
        found[name] = {}
        for f in sorted(os.listdir(where)):
            with open(os.path.join(where, f), 'rb') as data:
                found[name][f] = data.read()
    return found


def flat(root, part):
    """{path: bytes, None for a directory, text for a symlink}."""
    base = os.path.join(root, part)
    found = {}
    for at, dirs, names in os.walk(base):
        for name in dirs + names:
            path = os.path.join(at, name)
            rel = os.path.relpath(path, base)
            mode = os.lstat(path).st_mode
            if stat.S_ISLNK(mode):
                found[rel] = os.readlink(path)
            elif stat.S_ISDIR(mode):
                found[rel] = None
            else:
                with open(path, 'rb') as f:
                    found[rel] = f.read()
    return found


def scripts(root):
    """{file: bytes, or (name, bytes, active) where scripts.ndjson has it}."""
    found = flat(root, 'sieve')
    for line in (found.pop(SCRIPTS, None) or b'').decode().split('\n')[:-1]:
        note = json.loads(line)
        file = note['file']
        assert isinstance(found[file], bytes), file + ' is listed twice'
        found[file] = note.get('name'), found[file], note['active']
    return found


def event(data):
    """(kind, uid, title) of a file with one event or task."""
    calendar = icalendar.Calendar.from_ical(data)
    main = [c for c in calendar.walk() if c.name in ('VEVENT', 'VTODO') and
            'RECURRENCE-ID' not in c][0]
    uid = re.sub('^(event-[0-9]+)-[0-9a-f]{12,}$', '\\1-DIGEST', main['UID'])
    return main.name, uid, str(main.get('SUMMARY', ''))


def card(data):
    """(uid, name)."""
    got = vobject.readOne(data.decode())
    return got.uid.value, got.fn.value


def assign(wanted, got, fits, what, wrong):
    """Finds for each name of wanted its one in got; Any takes what is left."""
    left = dict(got)
    for name in wanted:
        if isinstance(name, Any):
            continue
        if name not in left:
            wrong.append('%s: %r is missing, there is %r' %
                         (what, name, sorted(got)))
            continue
        fits(name, wanted[name], left.pop(name), None)
    for name in wanted:
        if not isinstance(name, Any):
            continue
        before = len(wrong)
        tries = []
        for other in sorted(left):
            fits(other, wanted[name], left[other], name)
            if len(wrong) == before:
                left.pop(other)
                break
            tries += wrong[before:]
            del wrong[before:]
        else:
            wrong.append('%s: nothing is like %r of %r:\n  %s' % (
                what, wanted[name], name, '\n  '.join(tries)))
    for name in sorted(left):
        wrong.append('%s: %r should not be there' % (what, name))


def compare(wanted, root):
    """A list of what is not as it should be."""
    wrong, known = [], notes(root)

    def same_folder(name, want, have, free):
        if free is not None and free.path is not None and \
                known.get(name, {}).get('path') != free.path:
            wrong.append('%s: not of %r' % (name, free.path))
        want = sorted(want, key=lambda m: m[0])
        have = sorted(have, key=lambda m: m[0])
        if len(want) != len(have):
            wrong.append('%s: %d messages, wanted %d' % (name, len(have),
                                                         len(want)))
        for w, h in zip(want, have):
            if w[0] != h[0] or w[1] not in (None, h[1]) or \
                    w[2] != h[2] or tuple(sorted(w[3])) != h[3]:
                wrong.append('%s: wanted %.300r, got %.300r' % (name, w, h))

    def same_items(reader):
        def fits(name, want, have, free):
            def same(file, w, h, free):
                try:
                    got = reader(h)
                except Exception as e:
                    got = repr(e)
                if got != w:
                    wrong.append('%s/%s: wanted %r, got %r' % (name, file, w,
                                                              got))
            assign(want, have, same, name, wrong)
        return fits

    def same_bytes(name, want, have, free):
        if want != have:
            wrong.append('%s: wanted %.300r, got %.300r' % (name, want, have))

    assign({'.': [], **wanted.mail}, mail(root), same_folder, 'mail', wrong)
    assign(wanted.calendars, collections(root, 'calendars'),
           same_items(event), 'calendars', wrong)
    assign(wanted.contacts, collections(root, 'contacts'), same_items(card),
           'contacts', wrong)
    assign(wanted.sieve, scripts(root), same_bytes, 'sieve', wrong)
    assign(wanted.files, flat(root, 'files'), same_bytes, 'files', wrong)
    wrong += ['left over: ' + f for f in leftovers(root)]
    return wrong
