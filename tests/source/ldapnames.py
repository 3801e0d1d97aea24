#!/usr/bin/python3
"""ldapnames.py ldif FROM COUNT; ldapnames.py judge [-k FOLDER] URI FROM COUNT

Random filters of a Dovecot 2.3 over LDAP, in which the names that people log in
with, those that mail comes for and those that are listed are different
attributes, of entries that have several values of each. The first form prints the
entries of all seeds; the second asks a running Dovecot of each seed, for every
name that an entry has, who may log in and what a delivery finds, and compares that
with the records. Prints one TAP line for each seed.
"""
import os
import random
import shutil
import subprocess
import sys
import tempfile

import chains

BASE = 'dc=example,dc=org'
DOMAINS = ['one.test', 'two.test']
NAMES = ['ann', 'bob', 'cid', 'dora', 'eve', 'fay']
FORMS = {'uid': ['(uid=%u)', '(uid=%n)'],
         'mail': ['(mail=%u)', '(mail=%n@one.test)', '(mail=%n@%d)'],
         'description': ['(description=smtp:%u)']}


class Seed:
    """The entries and the settings of one seed."""

    def __init__(self, seed):
        self.r = r = random.Random(seed)
        self.ou = f'ou=s{seed},{BASE}'
        self.entries = [self.entry(name) for name in NAMES]
        if r.random() < .2:  # one address in two entries
            self.entries[0]['mail'].append(
                r.choice(self.entries[1]['mail'] or ['info@one.test']))
        self.entries[0]['mail'] = sorted(set(self.entries[0]['mail']))
        self.listed = r.choice(['uid', 'uid', 'mail'])
        login = self.filter()
        box = login if r.random() < .4 else self.filter()
        if self.listed not in box and r.random() < .8:
            box = self.alternatives([self.listed, r.choice(list(FORMS))])
        user = r.choice(['', 'uid=user,', 'mail=user,', 'uid=user,'])
        self.settings = f'''default_pass_scheme = PLAIN
base = {self.ou}
pass_filter = {login}
pass_attrs = {user}userPassword=password
user_filter = {box}
user_attrs = homeDirectory=home{r.choice(['', '', ',uid=user'])}
iterate_filter = (objectClass=posixAccount)
iterate_attrs = {self.listed}=user
'''
        self.location = r.choice(
            ['maildir:~/Maildir'] * 4 + ['maildir:/var/mail/%u'])
        # Names without a domain need one.
        self.domain = 'one.test' if self.listed == 'uid' else \
            r.choice(['one.test', None])
        # Unless another name of the entry has one.
        if seed % 5 == 2:
            self.domain = None

    def alternatives(self, attributes):
        forms = [self.r.choice(FORMS[a]) for a in dict.fromkeys(attributes)]
        text = forms[0] if len(forms) == 1 else '(|' + ''.join(forms) + ')'
        return f'(&(objectClass=posixAccount){text})'

    def filter(self):
        n = self.r.choice([1, 1, 2, 2, 3])
        return self.alternatives(self.r.sample(list(FORMS), n))

    def entry(self, name):
        r = self.r
        mails = [name + '@one.test', f'{name}.long@one.test',
                 f'{name}@two.test', f'{name}@private.example']
        return {'uid': [name] + [name + '7'] * (r.random() < .2),
                'mail': r.sample(mails, r.choice([0, 1, 1, 1, 2, 2, 3])),
                'description': [f'smtp:{name}-x@one.test'] * (r.random() < .4)}

    def ldif(self):
        print(f'dn: {self.ou}\nobjectClass: organizationalUnit\n'
              f'ou: {self.ou.split(",")[0][3:]}\n')
        for e in self.entries:
            name = e['uid'][0]
            print(f'dn: cn={name},{self.ou}\nobjectClass: inetOrgPerson\n'
                  f'objectClass: posixAccount\ncn: {name}\nsn: {name}\n'
                  'uidNumber: 1000\ngidNumber: 1000\n'
                  f'homeDirectory: /v/{name}\nuserPassword: {name}-pw')
            for key, values in e.items():
                for value in values:
                    print(f'{key}: {value}')
            print()

    def names(self, e):
        """The names by which an entry may be found, in the domains that its
        names have: in others nobody can list them."""
        found = set()
        for key, forms in FORMS.items():
            for form in forms:
                if form in self.settings:
                    found |= {self.name(form, value) for value in e[key]}
        found.discard(None)
        local = any(f in self.settings for f in
                    ['(uid=%n)', '(mail=%n@one.test)'])
        domains = {n.split('@')[1] for n in found if '@' in n}
        domains |= {self.domain} - {None}
        domains &= set(DOMAINS)
        found |= set(e[self.listed])
        bare = [n for n in found if '@' not in n]
        return sorted(found | ({f'{n}@{d}' for n in bare for d in domains}
                               if local else set()))

    @staticmethod
    def name(form, value):
        """The name with which a form finds a value."""
        before, after = form.strip('()').split('=')[1].replace(
            '%n@%d', '%u').replace('%n', '%u').split('%u')
        if not value.startswith(before) or not value.endswith(after):
            return None
        return value[len(before):len(value) - len(after)]


def blocks(ext):
    return ''.join(f'{kind} {{\n  driver = ldap\n  args = {ext}\n}}\n'
                   for kind in ['passdb', 'userdb'])


def dump(conf, folder, domain):
    r = subprocess.run(
        ['dirdump-dovecot', '-v', '-c', conf, '--postfix', folder] +
        (['-d', domain] if domain else []), check=False, capture_output=True,
        text=True)
    if r.returncode not in (0, 1):
        raise chains.Fail(f'exit {r.returncode}: {r.stderr}')
    records = [chains.json.loads(line) for line in r.stdout.splitlines()]
    return records, r.stderr


def postfix(folder):
    os.mkdir(folder)
    with open(f'{folder}/main.cf', 'w', encoding='ascii') as f:
        f.write('compatibility_level = 3.6\nmyorigin = host.test\n'
                'mydestination =\nalias_maps =\n'
                f'virtual_mailbox_domains = {" ".join(DOMAINS)}\n'
                'virtual_transport = lmtp:unix:private/dovecot-lmtp\n')
    with open(f'{folder}/master.cf', 'w', encoding='ascii') as f:
        f.write('')


def place(seed, fields):
    """Where a mailbox is."""
    if fields is None or 'home' not in fields:
        return None
    return fields['home'] if '~' in seed.location else fields['user']


class Judge:
    """What a server does, beside the records."""

    def __init__(self, seed, server, records, messages):
        self.seed, self.messages, self.bad = seed, messages, []
        self.server = server
        self.accounts = {r['address']: r for r in records
                         if r['type'] == 'account'}
        self.aliases = {r['address']: r['targets'] for r in records
                        if r['type'] == 'alias'}
        self.by_login = {}
        for account in self.accounts.values():
            for name in account.get('logins', []) + [account['address']]:
                self.by_login.setdefault(name, account)
        for alias, targets in self.aliases.items():
            if targets[0] in self.accounts:
                self.by_login.setdefault(alias, self.accounts[targets[0]])

    def said(self, name):
        return name in self.messages or (
            '@' not in name and 'see --domain' in self.messages)

    def login(self, name, password, fields):
        account = self.by_login.get(name)
        if account is None:
            if not self.said(name):
                self.bad.append(f'{name} logs in ({fields}), and is in no '
                                'record and no message')
        elif not account['active']:
            self.bad.append(f'{name} logs in, {account["address"]} is not '
                            'active')
        elif account.get('secret') != password and not (
                'secret' not in account and 'listed names' in self.messages):
            self.bad.append(f'{name} logs in with {password}, '
                            f'{account["address"]} has '
                            f'{account.get("secret")}')
        elif '~' in self.seed.location and account.get('home') != \
                fields.get('home'):
            self.bad.append(f'{name} opens {fields.get("home")}, '
                            f'{account["address"]} has {account.get("home")}')

    def mail(self, name, fields):
        target = self.accounts.get(name)
        if target is None and name in self.aliases:
            target = self.accounts.get(self.aliases[name][0])
        if name.split('@')[1] not in DOMAINS:
            if self.seed.listed != 'mail' and \
                    'mail=user' not in self.seed.settings and \
                    (name in self.aliases or name in self.accounts):
                self.bad.append(f'{name} is of a domain of nobody here')
        elif fields is None:
            if name in self.aliases and name not in self.logged_in:
                self.bad.append(f'{name} is an alias, and no mail comes')
        elif target is None:
            if not self.said(name):
                self.bad.append(f'mail comes for {name} ({fields}), which is '
                                'in no record and no message')
        elif target.get('home') != fields.get('home') and \
                not self.said(name):
            self.bad.append(f'mail for {name} comes to {fields}, the record '
                            f'says {target.get("home")}')

    def all(self):
        names = {}
        for e in self.seed.entries:
            # An entry that has no listed name is said to have none.
            for name in self.seed.names(e) if e[self.seed.listed] else []:
                names.setdefault(name, set()).add(e['uid'][0] + '-pw')
        passwords = sorted({p for ps in names.values() for p in ps})
        logins = self.server.logins(sorted(names), passwords)
        self.logged_in = {n for n in logins if logins[n]}
        for name in sorted(names):
            for password, fields in logins[name].items():
                self.login(name, password, fields)
            if '@' in name:
                self.mail(name, self.server.deliver(name))
        open_ones = {id(self.by_login.get(n)) for n in self.logged_in}
        for address, account in sorted(self.accounts.items()):
            if account['active'] and id(account) not in open_ones and \
                    'listed names' not in self.messages:
                self.bad.append(f'{address} is active, and nobody logs in')
        return self.bad


def judge(uri, number, keep):
    folder = tempfile.mkdtemp(prefix='names.')
    os.chmod(folder, 0o755)
    seed = Seed(number)
    server = None
    try:
        ext = f'{folder}/ldap.ext'
        with open(ext, 'w', encoding='ascii') as f:
            f.write(f'uris = {uri}\ndn = cn=reader,{BASE}\n'
                    f'dnpass = reader-pass\n{seed.settings}')
        postfix(f'{folder}/pf')
        server = chains.Server(
            folder, f'mail_location = {seed.location}\n{blocks(ext)}')
        records, messages = dump(server.saved(), f'{folder}/pf', seed.domain)
        bad = Judge(seed, server, records, messages).all()
        if bad and os.environ.get('NAMES_VERBOSE'):
            bad += [seed.settings, str(seed.domain), seed.location] + \
                [str(e) for e in seed.entries] + [messages] + \
                [str({k: r.get(k) for k in ('type', 'address', 'logins',
                                            'targets', 'active', 'secret',
                                            'home')}) for r in records]
    except chains.Fail as e:
        bad = [str(e)]
    finally:
        if server is not None:
            server.stop()
        if keep and bad:
            shutil.copytree(folder, f'{keep}/{number}', ignore=lambda d, n: [
                'base', 'state'], dirs_exist_ok=True)
        shutil.rmtree(folder, ignore_errors=True)
    return bad


def main(argv):
    keep = None
    if argv[0] == 'ldif':
        for n in range(int(argv[1]), int(argv[1]) + int(argv[2])):
            Seed(n).ldif()
        return 0
    if argv[1] == '-k':
        keep = argv[2]
        del argv[1:3]
    start, count, failed = int(argv[2]), int(argv[3]), 0
    for i in range(count):
        bad = judge(argv[1], start + i, keep)
        print(('not ' if bad else '') + f'ok {i + 1} - the names of seed '
              f'{start + i}')
        for line in bad:
            for part in line.splitlines():
                print(f'# {part}')
        sys.stdout.flush()
        failed += bool(bad)
    print(f'1..{count}')
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
