# SPDX-License-Identifier: ISC
# Copyright (c) 2026 The mailferry authors
"""Random trees, merged, against a model that knows from which message each file
was made, and so needs to read none.

usage: property.py ROUNDS [SEED]"""
import collections
import json
import os
import random
import re
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import maildirs as md  # noqa: E402

ROUNDS = int(sys.argv[1])
SEED = int(sys.argv[2]) if len(sys.argv) > 2 else 1
FOLDERS = ('', '.Archive', '.Archive.2023', '.Entw&APw-rfe', '.Sent')
# The same folders as the source may spell them.
SPELLED = {'.Entw&APw-rfe': '.Entwürfe', '.Sent': '.Sent Items'}
FOOTER = '\n_______________________________________________\nlist mailing list\n'

# Forms of one Message-ID field that all mean the same.
ID_FORMS = ('Message-ID: <%s>\n', 'message-id:<%s>\n', 'Message-Id : <%s> \n',
            'Message-ID:\n <%s>\n', 'Message-ID: (a (deep) one) <%s> (c)\n',
            'MESSAGE-ID: \t%s\n', 'Message-ID: <[%s]>\n',
            'Message-ID: <%s>\nMessage-ID: <other@x>\n')
# Fields that a server puts on top, or leaves out.
TRANSPORT = ('', 'Received: from a by b; today\n', 'Return-Path: <x@y>\n',
             'X-Spam-Status: No\nDelivered-To: u\n', 'Status: RO\n',
             'From someone Mon Jan  1 00:00:00 2024\n',
             'X-Long: ' + 'word ' * 3000 + '\n')

Kind = collections.namedtuple('Kind', 'ident content')


def render(rng, kind):
    """One of the many forms of a message."""
    ident, content = kind
    lines = rng.choice(TRANSPORT)
    fields = ['Date: Mon, 1 Jan 2024 00:00:00 +0000\n',
              rng.choice(('From: Anna <a@x>\n', 'From:  Anna\n <a@x>\n')),
              'Subject: same\n']
    if ident is not None:
        fields.append(rng.choice(ID_FORMS) % ident)
    elif rng.random() < 0.3:
        fields.append(rng.choice(('Message-ID: \n', 'Message-ID: <>\n')))
    if content.endswith('+footer'):
        fields.append('List-Id: <l.x>\n')
    rng.shuffle(fields)
    body = 'text of %s\nÄ\0\n' % content.split('+')[0]
    if content.endswith('+footer'):
        body += FOOTER
    text = lines + ''.join(fields) + '\n' + body
    text += rng.choice(('', '\n', '\n\n\n'))
    if rng.random() < 0.5:
        text = text.replace('\n', '\r\n')
    return text.encode()


def make(rng):
    """(source, target): lists of (file, folder, name, kind)."""
    kinds = [Kind('id%d@x' % i, 'c%d' % i) for i in range(8)]
    kinds += [Kind('id%d@x' % i, 'c%d.other' % i) for i in range(3)]
    kinds += [Kind(None, 'n%d' % i) for i in range(4)]
    sides = []
    for side in ('source', 'target'):
        shutil.rmtree(side, ignore_errors=True)
        md.make_folder(side)
        files = []
        number = 0
        folders = rng.sample(FOLDERS[1:], rng.randint(1, 4)) + ['']
        pool = [k for k in kinds for _ in range(rng.choice((0, 1, 1, 2, 3)))]
        if side == 'target' or rng.random() < 0.5:
            pool.append(Kind('list@x', 'l'))
        if side == 'source' and rng.random() < 0.7:
            pool.append(Kind('list@x', 'l+footer'))
        for kind in pool:
            number += 1
            folder = rng.choice(folders)
            flags = ''.join(sorted(c for c in 'FRS' if rng.random() < 0.4))
            name = '%d.%d:2,%s' % (rng.randint(1, 99), number, flags)
            part = rng.choice(('cur', 'new'))
            spelled = SPELLED.get(folder, folder) if side == 'source' \
                else folder
            md.make_folder(side, spelled)
            md.put(side, spelled, name, render(rng, kind),
                   rng.randint(1, 10**9), part)
            files.append((os.path.join(spelled, part, name).lstrip('/'),
                          folder, name, kind))
        sides.append(files)
    return sides


def kin(a, b):
    return {a.content, b.content} == {'l', 'l+footer'}


def model(source, target, existing, options):
    """Counter of (kind, folder, status); and what the target then holds."""
    # The target's folders in the order of their directories, then the new
    # ones in the order of the source's.
    order = [f for f in sorted(existing, key=lambda f: f or '.')]
    spelled = sorted({f for _, f, _, _ in source},
                     key=lambda f: (SPELLED.get(f, f) or '.').encode())
    order += [f for f in spelled if f not in order]
    left_s, left_t = {}, {}
    for side, left in ((source, left_s), (target, left_t)):
        for path, folder, name, kind in side:
            key = kind.ident or kind
            left.setdefault(key, []).append(
                [kind, order.index(folder), name, path])
    outcome = collections.Counter()
    held = collections.Counter((k, f) for _, f, _, k in target)
    trust = options['same_id'] == 'trust'

    def settle(s, status):
        outcome[s[0], order[s[1]], status] += 1
        if status == 'added':
            held[s[0], order[s[1]]] += 1

    for key, copies in left_s.items():
        twins = left_t.get(key, [])
        def same(s, t):
            return s[0] == t[0] or (trust and s[0].ident is not None)
        # With trust, the order of one side does not go by the content.
        def rank(m):
            return (m[1], m[2].encode(), m[3]) if trust else \
                (m[0].content, m[1], m[2].encode(), m[3])
        copies.sort(key=rank)
        twins.sort(key=rank)
        if options['collapse']:
            seen, kept = [], []
            for s in copies:
                if any(same(s, o) and (options['scope'] == 'account' or
                                       s[1] == o[1]) for o in seen):
                    settle(s, 'skipped')
                else:
                    seen.append(s)
                    kept.append(s)
            copies = kept
        for status in ('present', 'elsewhere', 'kin present', 'kin elsewhere'):
            if status.endswith('elsewhere') and options['scope'] == 'folder':
                continue
            if 'kin' in status and options['same_id'] != 'compare':
                continue
            for s in list(copies):
                # Two versions of a draft are two messages.
                draft = order[s[1]] == '.Entw&APw-rfe'
                for t in twins:
                    related = kin(s[0], t[0]) and not draft \
                        if 'kin' in status else same(s, t)
                    if related and (status.endswith('elsewhere') or
                                    s[1] == t[1]):
                        settle(s, status.split()[-1])
                        copies.remove(s)
                        twins.remove(t)
                        break
        for s in copies:
            settle(s, 'added')
    return outcome, held


def kind_of(data):
    """Which message a file of the target is: read by its body alone."""
    text = data.replace(b'\r\n', b'\n')
    content = re.search(rb'\ntext of (.*)\n', text).group(1).decode()
    if b'mailing list' in text:
        content += '+footer'
    return content


def one_round(number):
    rng = random.Random(SEED * 100000 + number)
    source, target = make(rng)
    options = {'scope': rng.choice(('account', 'account', 'folder')),
               'same_id': rng.choice(('compare', 'compare', 'add', 'trust')),
               'collapse': rng.random() < 0.25}
    command = ['maildir-merge', '--state-dir', 'state', '--scope',
               options['scope'], '--same-id', options['same_id'],
               '--source-names', 'utf8', '--target-names', 'mutf7']
    if options['collapse']:
        command.append('--collapse')
    existing = md.folders('target')
    # Sent Items is Sent where there is one, and itself where there is not.
    if '.Sent' not in existing:
        source = [(p, '.Sent Items' if f == '.Sent' else f, n, k)
                  for p, f, n, k in source]
    outcome, held = model(source, target, existing, options)
    run = subprocess.run(command + ['source', 'target'],
                         stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert run.returncode == 0, run.stderr.decode()
    by_file = {p: (k, f) for p, f, _, k in source}
    seen = collections.Counter()
    for line in run.stdout.decode().splitlines():
        record = json.loads(line)
        seen[by_file[record['file']] + (record['status'],)] += 1
    assert sum(seen.values()) == len(source), 'not one result for each'
    assert seen == outcome, 'got %s, the model has %s, options %s' % (
        sorted((seen - outcome).items(), key=str),
        sorted((outcome - seen).items(), key=str), options)
    have = collections.Counter(
        (kind_of(data), folder)
        for folder, _, _, _, _, data, _ in md.messages('target'))
    assert have == collections.Counter(
        {(k.content, f): n for (k, f), n in held.items()}) or \
        have == sum((collections.Counter({(k.content, f): n})
                     for (k, f), n in held.items()), collections.Counter()), \
        'the target holds others'
    for _, _, name, _, _, data, _ in md.messages('target'):
        assert md.sizes_are_right(name, data), name
    again = subprocess.run(command + ['source', 'target'],
                           stdout=subprocess.PIPE)
    assert b'"added"' not in again.stdout or options['collapse'], \
        'the second run adds'
    return outcome


total = collections.Counter()
for n in range(ROUNDS):
    try:
        for (_, _, status), count in one_round(n).items():
            total[status] += count
    except Exception as e:
        print('round %d (seed %d): %s' % (n, SEED, e))
        sys.exit(1)
print(dict(total))
assert set(total) == {'added', 'present', 'elsewhere', 'skipped'}, total
