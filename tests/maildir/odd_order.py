# SPDX-License-Identifier: ISC
# Copyright (c) 2026 The mailferry authors
"""Merges of several random trees into one Maildir, reruns and undoings in any order,
killed now and then, while its owner removes, moves and flags messages: nothing is
there twice, nothing of the owner's goes, what a run that ended has merged is there,
and when all is undone the folders are those of before.

usage: odd_order.py SHIM ROUNDS [SEED]"""
import collections
import glob
import os
import random
import re
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import maildirs as md  # noqa: E402

SHIM, ROUNDS = sys.argv[1], int(sys.argv[2])
SEED = int(sys.argv[3]) if len(sys.argv) > 3 else 1
FOLDERS = ('', '.A', '.A.B', '.R&APw-ckgabe', '.C.D')
WORDS = ('Work', 'Later', '$Forwarded')
IDENT = re.compile(rb'^Message-ID: <(.*)>', re.M)


def text(ident):
    return ('From: a@x\nDate: Mon, 1 Jan 2024 00:00:00 +0000\nSubject: %s\n'
            'Message-ID: <%s>\n\nhello %s\n' % (ident, ident, ident)).encode()


class Round:
    def __init__(self, seed):
        self.seed, self.rng = seed, random.Random(seed)
        self.log = []
        for name in 't', 'xdg', 'elsewhere', 'calls':
            shutil.rmtree(name, ignore_errors=True)
        for name in glob.glob('s[0-9]'):
            shutil.rmtree(name)
        os.mkdir('elsewhere')
        self.fs = self.rng.random() < 0.3
        self.own = {}  # ident: of the owner
        self.gone = set()  # what the owner removed
        self.kept = set()  # what the owner has touched: an undoing leaves it
        self.folder('t', '')
        for n in range(self.rng.randint(0, 6)):
            self.put('t', 'own%d' % n)
            self.own['own%d' % n] = 1
        self.before = self.folders()
        self.sources = {}
        for n in range(3):
            s = 's%d' % n
            self.folder(s, '')
            self.sources[s] = self.rng.sample(
                ['m%d' % i for i in range(14)] + list(self.own),
                self.rng.randint(1, 10))
            for ident in self.sources[s]:
                self.put(s, ident)
        self.journals = []

    def folder(self, root, name):
        if root == 't' and self.fs and name:
            name = name[1:].replace('.', '/')
        md.make_folder(root, name)
        return name

    def put(self, root, ident):
        folder = self.folder(root, self.rng.choice(FOLDERS))
        letters = ''
        if self.rng.random() < 0.3:
            words = self.rng.sample(WORDS, self.rng.randint(1, 3))
            path = os.path.join(root, folder, 'dovecot-keywords')
            if not os.path.exists(path):
                md.put_keywords(root, folder, words)
                letters = 'a'
        md.put(root, folder, '%d.M1P1.%s:2,%s%s' % (
            1700000000 + self.rng.randint(0, 10 ** 6), ident,
            self.rng.choice(('', 'S', 'FS', 'RS')), letters), text(ident))

    def files(self):
        """{ident: [path]}"""
        found = collections.defaultdict(list)
        for at, _, names in os.walk('t'):
            if os.path.basename(at) in ('cur', 'new'):
                for name in names:
                    path = os.path.join(at, name)
                    with open(path, 'rb') as f:
                        found[IDENT.search(f.read()).group(1).decode()].append(path)
        return found

    def folders(self):
        return {os.path.dirname(p) for p in
                (at for at, dirs, _ in os.walk('t')
                 if os.path.basename(at) == 'cur')}

    def check(self, good, what, result=None):
        if not good:
            print('seed %d: %s' % (self.seed, what))
            for line in self.log:
                print('   ', line)
            if result is not None:
                print(result.stdout.decode(), result.stderr.decode())
            sys.exit(1)

    def call(self, *args):
        env = dict(os.environ, XDG_STATE_HOME=os.getcwd() + '/xdg')
        if self.rng.random() < 0.3:
            env.update(LD_PRELOAD=SHIM, FSCALL_DO=self.rng.choice(
                ('kill', 'EIO', 'ENOSPC')), FSCALL_AT=str(self.rng.randint(1, 120)))
        if self.fs:
            args = ('--target-layout', 'fs') + args
        result = subprocess.run(['maildir-merge', '-j', '1', *args],
                                env=env, capture_output=True)
        self.log.append('%s%s: %d' % (
            'FSCALL_AT=%(FSCALL_AT)s FSCALL_DO=%(FSCALL_DO)s ' % env
            if 'FSCALL_DO' in env else '', ' '.join(args), result.returncode))
        self.check(result.returncode in (0, 1, 2, 75, -9), 'odd status', result)
        return result

    def merge(self):
        s = self.rng.choice(sorted(self.sources))
        args = ['--flags=add'] if self.rng.random() < 0.3 else []
        journal = None
        if self.rng.random() < 0.3:
            journal = 'elsewhere/%d' % len(self.log)
            args += ['-J', journal]
        known = set(glob.glob('xdg/mailferry/*'))
        result = self.call(*args, s, 't')
        for path in sorted(set(glob.glob('xdg/mailferry/*')) - known):
            if not os.path.islink(path):
                self.journals.append(path)
        if journal and os.path.exists(journal):
            self.journals.append(journal)
        found = self.files()
        if result.returncode == 0:
            for ident in self.sources[s]:
                self.check(len(found[ident]) == 1 or ident in self.gone,
                           '%s of %s is not there' % (ident, s), result)

    def undo(self, journal=None):
        if not self.journals:
            return
        journal = journal or self.rng.choice(self.journals)
        result = self.call('--undo', journal, 't')
        if b'undone before' in result.stderr or (
                'FSCALL' not in self.log[-1] and result.returncode == 0):
            self.journals.remove(journal)

    def owner(self):
        found = sorted((i, p) for i, ps in self.files().items() for p in ps)
        if not found:
            return
        ident, path = self.rng.choice(found)
        how = self.rng.choice(('remove', 'move', 'flag'))
        self.log.append('owner: %s %s' % (how, path))
        if how == 'remove':
            os.unlink(path)
            self.gone.add(ident)
            self.own.pop(ident, None)
            self.kept.discard(ident)
        elif how == 'move':
            to = os.path.join('t', self.folder('t', self.rng.choice(FOLDERS)))
            self.before.add(os.path.normpath(to))
            new = os.path.join(to, 'cur', os.path.basename(path))
            if new != path:
                os.rename(path, new)
                self.kept.add(ident)
        else:
            base, _, flags = path.partition(':2,')
            os.rename(path, base + ':2,' + ''.join(
                sorted(set(flags) ^ {self.rng.choice('FRS')})))
            self.kept.add(ident)

    def go(self):
        for _ in range(self.rng.randint(3, 14)):
            self.rng.choice((self.merge, self.merge, self.undo, self.owner))()
            found = self.files()
            for ident, paths in found.items():
                self.check(len(paths) <= 1, '%s is there twice' % paths)
            for ident in self.own:
                self.check(len(found[ident]) == 1, '%s is gone' % ident)
        # All is undone, without faults.
        save, self.rng = self.rng, random.Random(self.seed)
        self.rng.random = lambda: 0.9
        # What a later run has flagged stays until that one is undone.
        for _ in range(len(self.journals)):
            for journal in list(self.journals):
                self.undo(journal)
        found = self.files()
        left = {i for i in found if found[i]}
        self.check(set(self.own) <= left, 'lost')
        self.check(left <= set(self.own) | self.kept,
                   'left after all is undone: %s; journals %s' % (
                       left - set(self.own) - self.kept, self.journals))
        used = {os.path.dirname(os.path.dirname(p)) for ps in found.values()
                for p in ps}
        self.check(self.folders() <= {os.path.normpath(f) for f in self.before} |
                   used | {'t'}, 'folders left: %s, before %s' % (
                       self.folders(), self.before))


for seed in range(SEED, SEED + ROUNDS):
    Round(seed).go()
print('%d rounds' % ROUNDS)
