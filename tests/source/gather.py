#!/usr/bin/python3
"""gather.py [-k FOLDER] 2.3|2.4 FROM [COUNT]: random hosts, gathered.

For each seed the databases of chains.py (chains24.py), in files as administrators
name and link them, and the tables of a Postfix are made. dirdump-dovecot reads
them where they are; and, when they are away, from the tar of dirdump-collect: the
records, the messages and the exit status must be the same. No server is started;
doveconf is the one in PATH.

Prints one TAP line for each seed. With -k the hosts of seeds that fail are kept in
a folder.
"""
import os
import random
import shutil
import subprocess
import sys
import tempfile

import chains
import chains24

SHELLS = [['dash'], ['bash', '--posix'], ['busybox', 'sh']]
COLLECT = os.path.join(os.path.dirname(os.path.abspath(__file__)),
                       '../../scripts/dirdump-collect')
POSTFIX = os.path.join(os.path.dirname(os.path.abspath(__file__)), '../postfix')
sys.path.insert(0, POSTFIX)
import property as tables  # noqa: E402


class Files:
    """What a host does with the files of a configuration of chains.py: mixed into
    one, which makes them."""

    def moved(self, path):
        """A file, perhaps in another place and with a link in its own."""
        if self.chance(.3):
            real = self.path(self.r.choice(['real', 'of two words', 'a,b']))
            os.makedirs(real, exist_ok=True)
            os.rename(path, os.path.join(real, os.path.basename(path)))
            target = os.path.join(real, os.path.basename(path))
            if self.chance(.5):
                target = os.path.relpath(target, self.folder)
            os.symlink(target, path)
        return path

    def passwd_file(self):
        path = super().passwd_file()
        if self.chance(.3):
            # One for each domain, whose lines may have it.
            for domain in ['one.test', 'two.test']:
                os.makedirs(self.path(f'dom/{domain}'), exist_ok=True)
                shutil.copy(path, self.path(
                    f'dom/{domain}/{os.path.basename(path)}'))
            os.unlink(path)
            self.in_file[self.split(path)] = self.in_file[path]
            return self.split(path)
        return self.moved(path)

    def split(self, path):
        return os.path.join(self.folder, 'dom', self.domain,
                            os.path.basename(path))

    def table(self):
        path = super().table()
        return self.moved(path)


class Config23(Files, chains.Config):
    domain = '%d'

    def sql_file(self):
        path = super().sql_file()
        with open(path, encoding='ascii') as f:
            lines = f.read().splitlines(keepends=True)
        if self.chance(.4):
            name = self.r.choice(['secret.ext', 'x/secret.ext'])
            os.makedirs(self.path('x'), exist_ok=True)
            with open(self.path(name), 'w', encoding='ascii') as f:
                f.write(lines.pop(1))
            lines.insert(1, '!include ' + self.r.choice(
                [name, self.path(name)]) + '\n')
            if self.chance(.5):
                lines.insert(0, '!include_try nothing.ext\n')
            with open(path, 'w', encoding='ascii') as f:
                f.writelines(lines)
            # Another one would have the database of this one.
            os.rename(self.path(name), self.path(f'{name}{self.count}'))
            with open(path, 'w', encoding='ascii') as f:
                f.writelines(l.replace(name, f'{name}{self.count}')
                             for l in lines)
        return self.moved(path)


class Config24(Files, chains24.Config):
    domain = '%{user | domain}'

    def __init__(self, seed, folder):
        super().__init__(seed, folder, folder)


class Postfix:
    """The tables of a seed, in files of many kinds."""

    def __init__(self, folder, seed):
        self.r = random.Random(seed)
        self.folder = folder
        self.tables = tables.Tables(seed)
        os.mkdir(folder)
        for name in ['/etc/postfix/dynamicmaps.cf']:
            if os.path.exists(name):
                shutil.copy(name, folder)
        self.write('master.cf', '')
        self.write('main.cf', 'compatibility_level = 3.6\n')
        self.main()

    def write(self, name, text):
        path = os.path.join(self.folder, name)
        with open(path, 'w', encoding='utf-8') as f:
            f.write(text)
        return path

    def table(self, name, entries, kinds=('hash', 'btree', 'lmdb', 'texthash')):
        """A table of some kind, as main.cf names it."""
        kind = self.r.choice(kinds)
        path = self.write(name, ''.join(f'{k} {v}\n' for k, v in entries))
        if kind != 'texthash':
            subprocess.run(['postmap', '-c', self.folder, f'{kind}:{path}'],
                           check=True)
            if self.r.random() < .3:
                os.unlink(path)  # nothing asks for it any more
        return self.r.choice(['', 'proxy:']) + f'{kind}:{path}'

    def domains(self, name, domains):
        """A list of domains."""
        form = self.r.randrange(4)
        if form == 0:
            return ', '.join(domains)
        if form == 1:
            return self.table(name, [(d, 'x') for d in domains])
        path = self.write(name, '# a list\n' + '\n'.join(domains[1:]) + '\n')
        if form == 2:
            return f'{domains[0]} {path}'
        return self.write(name + '.outer', f'{domains[0]}\n{path}\n')

    def aliases(self):
        out = []
        for name, value in self.tables.aliases:
            if self.r.random() < .4:
                path = self.write(
                    self.r.choice([f'list.{name}', f'a list of {name}']),
                    '# those\n' + value + '\n')
                value = f'":include:{path}"'
            out.append((name, value))
        kind = self.r.choice(['hash', 'lmdb', 'texthash'])
        colon = '' if kind == 'texthash' else ':'
        path = self.write('aliases', ''.join(
            f'{k}{colon} {v}\n' for k, v in out))
        if kind != 'texthash':
            subprocess.run(['postalias', '-c', self.folder, f'{kind}:{path}'],
                           check=True)
        return f'{kind}:{path}'

    def main(self):
        t = self.tables
        half = self.r.randrange(len(t.virtual) + 1)
        virtual = self.table('virtual', t.virtual[:half])
        if self.r.random() < .6:
            virtual += ', ' + self.table('virtual2', t.virtual[half:])
        if self.r.random() < .3:
            virtual += ' regexp:' + self.write('re', '/^x/ ann@one.test\n')
        origin = self.write('mailname', 'one.test\n')
        boxes = [line.split() for line in t.boxes]
        text = [
            'compatibility_level = 3.6', 'mydestination = one.test, localhost',
            f'myorigin = {self.r.choice(["one.test", origin])}',
            f'virtual_alias_maps = {virtual}',
            f'virtual_alias_domains = {self.domains("names", tables.VIRTUAL)}',
            f'virtual_mailbox_domains = {self.domains("doms", tables.BOXES)}',
            f'virtual_mailbox_maps = {self.table("boxes", boxes)}',
            f'alias_maps = {self.aliases()}']
        if self.r.random() < .5:
            text.append('recipient_delimiter = +')
        if self.r.random() < .3:
            text.append('sender_bcc_maps = hash:/nowhere')
        self.r.shuffle(text)
        self.write('main.cf', '\n'.join(text) + '\n')


def dump(folder, *options):
    r = subprocess.run(
        ['dirdump-dovecot', '-v', '-d', 'one.test', '-c', folder + '/conf',
         '--postfix', folder + '/pf', *options], check=False,
        capture_output=True, text=True)
    return {'status': r.returncode, 'records': r.stdout, 'messages': r.stderr}


def differ(here, there):
    """What one has and the other has not."""
    bad = []
    for key, value in here.items():
        if value != there[key]:
            lines = [str(v).splitlines() for v in (value, there[key])]
            bad.append(f'{key} differ')
            bad += ['here: ' + x for x in lines[0] if x not in lines[1]][:5]
            bad += ['there: ' + x for x in lines[1] if x not in lines[0]][:5]
    return bad


def prepare(make, folder, seed):
    config = make(seed, folder)
    settings = config.make()
    with open(config.path('conf'), 'w', encoding='ascii') as f:
        if make is Config24:
            f.write('dovecot_config_version = 2.4.1\n'
                    'dovecot_storage_version = 2.4.1\n'
                    'mail_driver = maildir\nmail_path = ~/Maildir\n')
        f.write('ssl = no\n' + settings)
    Postfix(folder + '/pf', seed)
    return config.r.choice(SHELLS)


def check(make, seed, keep):
    folder = tempfile.mkdtemp(prefix='gather.')
    away, tar = folder + '.away', folder + '.tar'
    try:
        shell = prepare(make, folder, seed)
        subprocess.run(['chmod', '-R', 'a+rX', folder], check=True)
        here = dump(folder)
        with open(tar, 'wb') as f:
            gathered = subprocess.run(
                [*shell, COLLECT, '-c', folder + '/conf', '-P', folder + '/pf'],
                check=False, stdout=f, stderr=subprocess.PIPE, text=True)
        os.rename(folder, away)
        bad = differ(here, dump(folder, '--root', tar))
        if gathered.returncode != 0:
            bad.append(gathered.stderr)
        if here['status'] not in (0, 1):
            bad.append('no host to speak of: ' + here['messages'])
        if bad and keep:
            shutil.copytree(away, os.path.join(keep, str(seed)), symlinks=True,
                            dirs_exist_ok=True)
    finally:
        for path in folder, away:
            shutil.rmtree(path, ignore_errors=True)
        if os.path.exists(tar):
            os.unlink(tar)
    return bad


def main(args):
    keep = args[1] if args[0] == '-k' else None
    make, first, *count = args[2 if keep else 0:]
    make = {'2.3': Config23, '2.4': Config24}[make]
    seeds = range(int(first), int(first) + int(count[0] if count else 1))
    failed = 0
    for i, seed in enumerate(seeds):
        bad = check(make, seed, keep)
        print(('not ' if bad else '') + f'ok {i + 1} - the host of seed {seed}')
        print(''.join(f'# {part}\n' for b in bad for part in b.splitlines()),
              end='', flush=True)
        failed += bool(bad)
    print(f'1..{len(seeds)}')
    return failed != 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
