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
# The folders, as modified UTF-7 has them; and those that UTF-8 spells otherwise.
FOLDERS = ('', '.Archive', '.Archive.2023', '.Entw&APw-rfe', '.Sent',
           '.A &- B', '.&ZeVnLA-', '.Trash', '.Trash.Old')
DRAFTS, TRASH = '.Entw&APw-rfe', ('.Trash', '.Trash.Old')
UTF8 = {'.Entw&APw-rfe': '.Entwürfe', '.A &- B': '.A & B', '.&ZeVnLA-': '.日本'}
WORDS = ('Work', 'Later', '$NotJunk', '$Label1', 'x-y', 'Zero')
FOOTER = '\n_______________________________________________\nlist mailing list\n'

# Forms of one Message-ID field that all mean the same.
ID_FORMS = ('Message-ID: <%s>\n', 'message-id:<%s>\n', 'Message-Id : <%s> \n',
            'Message-ID:\n <%s>\n', 'Message-ID: (a (deep) one) <%s> (c)\n',
            'MESSAGE-ID: \t%s\n', 'Message-ID: <[%s]>\n',
            'Message-ID: <%s\n', 'mEsSaGe-Id:\n\t<%s>\n',
            'Message-ID: < %s >\n', 'Message-ID: "q" <%s>\n',
            'Message-ID: <%s>\nMessage-ID: <other@x>\n')
# Fields that a server puts on top, or leaves out.
TRANSPORT = ('', 'Received: from a by b; today\n', 'Return-Path: <x@y>\n',
             'X-Spam-Status: No\nDelivered-To: u\n', 'Status: RO\n',
             'From someone Mon Jan  1 00:00:00 2024\n',
             'X-Long: ' + 'word ' * 3000 + '\n')

Kind = collections.namedtuple('Kind', 'ident content')
# A file of a tree: its path, folder, name, kind, keywords, time.
File = collections.namedtuple('File', 'path folder name kind words mtime')


def spell(folder, style, side):
    """The directory of a folder. The source's Sent has another name."""
    if side == 'source' and folder == '.Sent':
        return '.Sent Items'
    return UTF8.get(folder, folder) if style == 'utf8' else folder


def render(rng, kind):
    """One of the many forms of a message."""
    ident, content = kind
    lines = rng.choice(TRANSPORT)
    content, _, blind = content.partition('~')
    fields = ['Date: Mon, 1 Jan 2024 00:00:00 +0000\n',
              rng.choice(('From: Anna <a@x>\n', 'From:  Anna\n <a@x>\n')),
              'Subject: same\n']
    if blind:
        fields.append('Bcc: %s@x\n' % blind)
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


def put_words(rng, side, folder):
    """Gives a folder a keyword list of its own; {letter: name}."""
    names = rng.sample(WORDS, rng.randint(0, len(WORDS)))
    names = [rng.choice((n, n.upper())) for n in names]
    md.put_keywords(side, folder, names)
    return {chr(97 + i): n.lower() for i, n in enumerate(names)}


def make(rng, styles):
    """(source, target): lists of File."""
    kinds = [Kind('id%d@x' % i, 'c%d' % i) for i in range(8)]
    kinds += [Kind('id%d@x' % i, 'c%d.other' % i) for i in range(3)]
    kinds += [Kind(None, 'n%d' % i) for i in range(4)]
    kinds += [Kind(k.ident, k.content + '~' + b) for k in
              (kinds[0], kinds[1], kinds[-1]) for b in ('b1', 'b2')]
    sides = []
    for side in ('source', 'target'):
        shutil.rmtree(side, ignore_errors=True)
        md.make_folder(side)
        files = []
        number = 0
        folders = rng.sample(FOLDERS[1:], rng.randint(1, 5)) + ['']
        lists = {}
        for folder in folders:
            md.make_folder(side, spell(folder, styles[side], side))
            lists[folder] = put_words(rng, side,
                                      spell(folder, styles[side], side))
        pool = [k for k in kinds for _ in range(rng.choice((0, 1, 1, 2, 3)))]
        if side == 'target' or rng.random() < 0.5:
            pool.append(Kind('list@x', 'l'))
        if side == 'source' and rng.random() < 0.7:
            pool.append(Kind('list@x', 'l+footer'))
        for kind in pool:
            number += 1
            folder = rng.choice(folders)
            flags = ''.join(c for c in 'DFPRST' if rng.random() <
                            (0.1 if c in 'DT' else 0.4))
            letters = ''.join(c for c in sorted(lists[folder])
                              if rng.random() < 0.3)
            name = '%d.%d:2,%s%s' % (rng.randint(1, 99), number, flags,
                                     letters)
            part = rng.choice(('cur', 'new'))
            spelled = spell(folder, styles[side], side)
            mtime = rng.randint(1, 10**9)
            md.put(side, spelled, name, render(rng, kind), mtime, part)
            words = {lists[folder][c] for c in letters}
            files.append(File(os.path.join(spelled, part, name).lstrip('/'),
                              folder, name, kind, words, mtime))
        sides.append(files)
    return sides


def kin(a, b):
    return {a.content, b.content} == {'l', 'l+footer'}


def is_draft(f):
    return f.folder == DRAFTS or 'D' in info(f)


def info(f):
    return f.name.split(':2,')[1].split(',')[0]


Copy = collections.namedtuple('Copy', 'kind place draft rank')


def model(source, target, order, options):
    """Counter of (kind, folder, status); and what the target then holds. order:
    the target's folders."""
    outcome = collections.Counter()
    held = collections.Counter((f.kind, f.folder) for f in target)
    trust, account = options['same_id'] == 'trust', options['scope'] == 'account'

    def plain(kind):
        return kind.content.split('~')[0]

    def group(kind):
        return kind.ident or plain(kind)

    def settle(s, status):
        outcome[s.kind, order[s.place], status] += 1
        if status == 'added':
            held[s.kind, order[s.place]] += 1

    def exact(s, t):
        return trust or s.kind == t.kind

    def loose(s, t):
        return '~' not in s.kind.content and plain(s.kind) == plain(t.kind)

    left_s, left_t = {}, {}
    for side, left in ((source, left_s), (target, left_t)):
        for f in side:
            place = order.index(f.folder)
            rank = (() if trust else (f.kind.content,)) + \
                (place, f.name.encode(), f.path)
            c = Copy(f.kind, place, is_draft(f), rank)
            if 'T' not in info(f):
                left.setdefault(group(f.kind), []).append(c)
            elif side is source:
                settle(c, 'skipped')

    for key, copies in left_s.items():
        twins = sorted(left_t.get(key, []), key=lambda c: c.rank)
        copies.sort(key=lambda c: c.rank)
        if options['collapse']:
            seen, kept = [], []
            for s in copies:
                if any(exact(s, o) and (account or s.place == o.place)
                       for o in seen):
                    settle(s, 'skipped')
                else:
                    seen.append(s)
                    kept.append(s)
            copies = kept

        def pair(related, there, mine, theirs):
            """One pass over what is left of both sides."""
            for s in [s for s in copies if s.draft == mine]:
                for t in [t for t in twins if t.draft == theirs]:
                    if (s.place == t.place if there else
                            order[t.place] not in TRASH or
                            options['count_trash']) and related(s, t):
                        settle(s, 'present' if there else 'elsewhere')
                        copies.remove(s)
                        twins.remove(t)
                        break

        for related in (exact, loose):
            if related is loose and trust:
                continue
            for there in (True, False) if account else (True,):
                pair(related, there, False, False)
                pair(related, there, True, True)
                pair(related, there, True, False)
        if options['same_id'] == 'compare':
            for s in list(copies):
                # Two versions of a draft are two messages.
                for there in (True, False) if account else (True,):
                    twin = [t for t in twins if kin(s.kind, t.kind) and
                            not s.draft and not t.draft and
                            (s.place == t.place if there else
                             order[t.place] not in TRASH or
                             options['count_trash'])]
                    if twin:
                        settle(s, 'present' if there else 'elsewhere')
                        copies.remove(s)
                        twins.remove(twin[0])
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
    blind = re.search(rb'(?m)^Bcc: (.*)@x$', text)
    if blind:
        content += '~' + blind.group(1).decode()
    return content


def folder_order(styles, source):
    """The target's folders in the order of their directories, then the new ones
    in the order of the source's; and those that it has."""
    back = {spell(f, styles['target'], 'target'): f for f in FOLDERS}
    existing = [back[d] for d in md.folders('target')]
    order = sorted(existing, key=lambda f: (
        spell(f, styles['target'], 'target') or '.').encode())
    there = {spell(f, styles['source'], 'source'): f for f in FOLDERS}
    new = sorted((d for d in md.folders('source')
                  if there[d] not in order), key=lambda d: (d or '.').encode())
    return order + [there[d] for d in new], existing


def as_added(f):
    """What a file of the source must be in the target."""
    info = f.name.split(':2,')[1]
    words = set(f.words) | ({'$forwarded'} if 'P' in info else set())
    return (f.kind.content, f.folder, ''.join(c for c in info if c.isupper()),
            tuple(sorted(words)), f.mtime)


def added_messages(styles):
    """The same of the files that the merge added to the target."""
    back = {spell(f, styles['target'], 'target'): f for f in FOLDERS}
    back['.Sent Items'] = '.Sent Items'
    for folder, _, name, flags, words, data, mtime in md.messages('target'):
        if '.mailferry' in name:
            yield (kind_of(data), back[folder], flags,
                   tuple(sorted({w.lower() for w in words})), mtime)


def one_round(number):
    rng = random.Random(SEED * 100000 + number)
    styles = {s: rng.choice(('utf8', 'mutf7')) for s in ('source', 'target')}
    source, target = make(rng, styles)
    options = {'scope': rng.choice(('account', 'account', 'folder')),
               'same_id': rng.choice(('compare', 'compare', 'add', 'trust')),
               'collapse': rng.random() < 0.25,
               'count_trash': rng.random() < 0.25}
    command = ['maildir-merge', '--state-dir', 'state', '--scope',
               options['scope'], '--same-id', options['same_id'],
               '--source-names', styles['source'],
               '--target-names', styles['target']]
    if options['collapse']:
        command.append('--collapse')
    if options['count_trash']:
        command.append('--count-trash')
    order, existing = folder_order(styles, source)
    # Sent Items is Sent where there is one, and itself where there is not.
    if '.Sent' not in existing:
        rename = {'.Sent': '.Sent Items'}
        source = [f._replace(folder=rename.get(f.folder, f.folder))
                  for f in source]
        order = [rename.get(f, f) for f in order]
    outcome, held = model(source, target, order, options)
    run = subprocess.run(command + ['source', 'target'],
                         stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert run.returncode == 0, run.stderr.decode()
    by_file = {f.path: f for f in source}
    seen, wanted = collections.Counter(), []
    for line in run.stdout.decode().splitlines():
        record = json.loads(line)
        f = by_file[record['file']]
        seen[f.kind, f.folder, record['status']] += 1
        if record['status'] == 'added':
            wanted.append(as_added(f))
    assert sum(seen.values()) == len(source), 'not one result for each'
    assert seen == outcome, 'got %s, the model has %s, options %s' % (
        sorted((seen - outcome).items(), key=str),
        sorted((outcome - seen).items(), key=str), options)
    got = sorted(added_messages(styles))
    assert got == sorted(wanted), 'added: %s, wanted: %s' % (
        [g for g in got if g not in wanted],
        [w for w in wanted if w not in got])
    back = {spell(f, styles['target'], 'target'): f for f in FOLDERS}
    have = collections.Counter(
        (kind_of(data), back.get(folder, folder))
        for folder, _, _, _, _, data, _ in md.messages('target'))
    expected = collections.Counter()
    for (k, f), n in held.items():
        expected[k.content, f] += n
    assert have == expected, 'the target holds others'
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
