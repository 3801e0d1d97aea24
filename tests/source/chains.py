#!/usr/bin/python3
"""chains.py [-k FOLDER] FROM [COUNT]: random chains of Dovecot's databases.

For each seed a Dovecot 2.3 is started with a random chain of passdbs and
userdbs (passwd-files, SQLite, static and prefetch) in which every setting that
decides who gets in may occur, and is asked over its own sockets: who may log in
with which password, as whom, and with which home, uid and quota; and who gets
mail. dirdump-dovecot then reads the configuration, and must say the same.

Prints one TAP line for each seed. With -k the configurations of seeds that fail
are kept in a folder. Root only: the server needs users of its own.
"""
import base64
import hmac
import json
import os
import random
import re
import shutil
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time

NAMES = ['ann@one.test', 'bob@one.test', 'cid@two.test', 'dora@two.test',
         'eve@one.test', 'fay@two.test']
RULES = ['return', 'return-ok', 'return-fail', 'continue', 'continue-ok',
         'continue-fail']


class Fail(Exception):
    """What the program says and the server does not."""


class Refused(Exception):
    """A configuration that the server does not start with."""


# --- a random configuration ---

class Config:
    """The settings, files and tables of one seed."""

    quota_form = '*:storage={}M'

    def __init__(self, seed, folder):
        self.r = random.Random(seed)
        self.folder = folder
        self.passwords = []
        self.names = set()
        self.in_file = {}
        self.short = {}  # names in a file with no more than a password
        self.rows = {}
        self.count = 0
        self.text = ''

    def chance(self, p):
        return self.r.random() < p

    def path(self, name):
        return os.path.join(self.folder, name)

    def rules(self, passdb):
        out = []
        if passdb and self.chance(.15):
            out.append('username_filter = ' + self.r.choice(
                ['*@two.test', '!*@two.test', 'ann@* bob@*', '*@one.test !bob@*',
                 '?nn@one.test']))
        if passdb and self.chance(.08):
            out.append('mechanisms = ' + self.r.choice(
                ['plain', 'cram-md5', 'plain login']))
        if self.chance(.15):
            out.append('skip = ' + self.r.choice(
                ['authenticated', 'unauthenticated', 'never'] if passdb else
                ['found', 'notfound', 'never']))
        for key in ['result_success', 'result_failure', 'result_internalfail']:
            if self.chance(.15):
                rule = self.r.choice(RULES)
                if rule == 'return' and key == 'result_success':
                    self.returns = True
                out.append(f'{key} = {rule}')
        return out

    def fields(self, passdb):
        """Words of default_fields and override_fields."""
        prefix = 'userdb_' if passdb else ''
        out = []
        for _ in range(self.r.randint(1, 2)):
            n = self.r.randint(1, 9)
            out.append(self.r.choice([
                f'{prefix}home=/f{n}/%d/%n',
                f'{prefix}uid={1200 + n} {prefix}gid={1200 + n}',
                f'{prefix}quota_rule=*:storage={n}G',
                f'{prefix}home:protected=/p{n}/%n',
                f'{prefix}home=/f{n}/%{{orig_username}}',
                f'{prefix}quota_rule:remove',
            ]))
        if self.chance(.15):
            out.append('user=' + self.r.choice(
                ['%n@two.test', '%n@one.test', 'ann@one.test']))
        elif self.chance(.1):
            out.append(self.r.choice(['username=bob', 'domain=two.test']))
        if passdb and self.chance(.1):
            out.append(self.r.choice(
                ['nologin', 'noauthenticate', 'nopassword=y', 'fail=1']))
        return ' '.join(out)

    def secret(self, name):
        if self.passwords and self.chance(.2):
            return self.r.choice(self.passwords)
        password = f'p{len(self.passwords)}{name[0]}'
        self.passwords.append(password)
        return password

    def extra(self):
        out = []
        n = self.r.randint(1, 9)
        if self.chance(.3):
            out.append(f'userdb_home=/x{n}/%d/%n')
        if self.chance(.3):
            out.append(f'userdb_quota_rule=*:storage={n}M')
        if self.chance(.15):
            out.append(f'userdb_uid={1300 + n} userdb_gid={1300 + n}')
        if self.chance(.12):
            out.append('user=' + self.r.choice(NAMES + ['%n@one.test']))
        if self.chance(.06):
            out.append('userdb_user=' + self.r.choice(NAMES))
        if self.chance(.06):
            out.append(self.r.choice(['nologin', 'noauthenticate', 'fail',
                                      'domain=two.test', 'username=cid']))
        return ' '.join(out)

    def passwd_file(self):
        """A file; its path. Its names are listed unless it only denies."""
        self.count += 1
        path = self.path(f'users{self.count}')
        with open(path, 'w', encoding='ascii') as f:
            for name in self.r.sample(NAMES, self.r.randint(1, 5)):
                self.in_file.setdefault(path, set()).add(name)
                n = self.r.randint(1, 9)
                secret = '{PLAIN}' + self.secret(name)
                if self.chance(.06):
                    secret = self.r.choice(['', '!locked', 'SUSPENDED'])
                uid = self.r.choice([str(1100 + n)] * 8 + ['', '0'])
                gid = str(1100 + n) if uid else ''
                home = self.r.choice([f'/h{self.count}/{name}'] * 3 + [''])
                if self.chance(.06):
                    f.write(f'{name}:{secret}\n')
                    self.short.setdefault(path, set()).add(name)
                else:
                    f.write(f'{name}:{secret}:{uid}:{gid}::{home}::'
                            f'{self.extra()}\n')
        return path

    def table(self):
        """A database; its path."""
        self.count += 1
        table = self.path(f'db{self.count}.sqlite')
        db = sqlite3.connect(table)
        self.rows[table] = set()
        db.execute('CREATE TABLE u (name, password, home, uid, quota, other, '
                   'active)')
        for name in self.r.sample(NAMES, self.r.randint(1, 5)):
            self.rows[table].add(name)
            n = self.r.randint(1, 9)
            password = '{PLAIN}' + self.secret(name)
            if self.chance(.06):
                password = self.r.choice([None, '!locked'])
            db.execute('INSERT INTO u VALUES (?,?,?,?,?,?,?)',
                       (name, password,
                        self.r.choice([f'/s{self.count}/{name}', None]),
                        1400 + n, self.r.choice([None, self.quota_form.format(n)]),
                        self.r.choice(NAMES) if self.chance(.15) else name,
                        int(self.chance(.9))))
        db.commit()
        db.close()
        return table

    def listed(self, path, passdb):
        """The names that a file lists: as a userdb not those without fields."""
        short = set() if passdb else self.short.get(path, set())
        return self.in_file[path] - short

    def sql_file(self):
        """A database; the path of its settings."""
        table = self.table()
        self.names |= self.rows[table]
        ext = self.path(f'sql{self.count}.ext')
        columns = self.r.choice([
            'password',
            'other AS user, password',
            "password, home AS userdb_home, uid AS userdb_uid, "
            'uid AS userdb_gid, quota AS userdb_quota_rule',
            'name AS user, password, home AS userdb_home'])
        mailbox = self.r.choice([
            'home, uid, uid AS gid, quota AS quota_rule',
            'other AS user, home, uid, uid AS gid',
            'home'])
        where = self.r.choice(["name = '%u'", "name = '%u' AND active = 1"])
        with open(ext, 'w', encoding='ascii') as f:
            f.write(f"driver = sqlite\nconnect = {table}\n"
                    f"password_query = SELECT {columns} FROM u WHERE {where}\n"
                    f"user_query = SELECT {mailbox} FROM u WHERE {where}\n"
                    f"iterate_query = SELECT name AS user FROM u\n")
        return ext

    def database(self, passdb):
        """The lines of one block."""
        kinds = ['passwd-file'] * 4 + ['sql'] * 3
        kinds += ['static'] if passdb else ['static', 'static', 'prefetch']
        kind = self.r.choice(kinds)
        out = [f'driver = {kind}']
        if kind == 'passwd-file':
            if self.files and self.chance(.5):
                path = self.r.choice(self.files)
            else:
                path = self.passwd_file()
                self.files.append(path)
            out.append(f'args = {path}')
        elif kind == 'sql':
            if self.exts and self.chance(.6):
                path = self.r.choice(self.exts)
            else:
                path = self.sql_file()
                self.exts.append(path)
            out.append(f'args = {path}')
        elif kind == 'static' and passdb:
            out.append('args = nopassword=y' if self.chance(.5)
                       else 'args = password=shared')
            if 'username_filter' not in ' '.join(out):
                out.append('username_filter = fay@*')
        elif kind == 'static':
            out.append('args = uid=1500 gid=1500 home=/static/%d/%n' +
                       (' allow_all_users=yes' if self.chance(.2) else ''))
        deny = passdb and kind == 'passwd-file' and self.chance(.12)
        if deny:
            out.append('deny = yes')
        elif kind == 'passwd-file':
            self.names |= self.listed(path, passdb)
        for line in self.rules(passdb):
            if not any(line.split()[0] == o.split()[0] for o in out):
                out.append(line)
        if self.chance(.2):
            out.append('default_fields = ' + self.fields(passdb))
        if self.chance(.2):
            out.append('override_fields = ' + self.fields(passdb))
        return out

    def make(self):
        self.files, self.exts = [], []
        self.returns = False
        blocks = []
        for passdb in [True, False]:
            for _ in range(self.r.choice([2, 2, 3, 3, 4, 5] if passdb
                                         else [1, 2, 2, 3])):
                blocks.append(('passdb' if passdb else 'userdb',
                               self.database(passdb)))
        top = []
        if self.chance(.15):
            top.append('auth_username_format = ' +
                       self.r.choice(['%Lu', '%u', '%Ln@%Ld']))
        if not any('driver = passwd-file' in b or 'driver = sql' in b
                   for _, b in blocks):
            return self.make()
        for word, lines in blocks:
            # With such a block Dovecot forgets a "result_success = return",
            # whose text the default begins with.
            if self.chance(.06) and not self.returns:
                service = self.r.choice(['imap', 'lmtp'])
                top.append(f'protocol {service} {{\n{word} {{\n' +
                           '\n'.join(lines) + '\n}\n}')
            else:
                top.append(word + ' {\n  ' + '\n  '.join(lines) + '\n}')
        self.passwords.append('shared')
        self.text = '\n'.join(top) + '\n'
        return self.text


# --- the server ---

class Server:
    """A running Dovecot, asked over the protocols of its auth service."""

    top = '''mail_plugins = quota
plugin {
  quota = maildir:User
}
mail_location = maildir:~/Maildir
'''

    at_once = 1000  # logins

    @staticmethod
    def there(path):
        """A path as the server sees it."""
        return path

    @staticmethod
    def run(*command, **options):
        """Runs a command of the server's."""
        return subprocess.run(command, check=False, **options)

    def saved(self):
        """What dirdump-dovecot is to read: of a server that delivers."""
        with open(self.conf, encoding='ascii') as f:
            text = f.read()
        path = self.conf + '.lmtp'
        with open(path, 'w', encoding='ascii') as f:
            f.write(text.replace('\nprotocols =\n', '\nprotocols = lmtp\n'))
        return path

    def __init__(self, folder, settings):
        self.folder = folder
        self.conf = os.path.join(folder, 'dovecot.conf')
        self.serial = 0
        self.broken = set()  # whose deliveries fail, for now
        self.cookie = ''
        for name in ['base', 'state']:
            os.mkdir(os.path.join(folder, name), 0o755)
        with open(self.conf, 'w', encoding='ascii') as f:
            f.write(f'''{self.top}base_dir = {self.there(folder)}/base
state_dir = {self.there(folder)}/state
log_path = {self.there(folder)}/log
protocols =
ssl = no
auth_mechanisms = plain login cram-md5
auth_failure_delay = 0
first_valid_uid = 1
service anvil {{
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
{settings}''')
        os.system(f'chmod -R a+rX {folder}')
        # The server keeps its output open: a pipe would never end.
        errors = os.path.join(folder, 'errors')
        with open(errors, 'wb') as f:
            r = self.run('dovecot', '-c', self.there(self.conf), stdout=f,
                         stderr=f)
        if r.returncode != 0:
            with open(errors, encoding='utf-8') as f:
                raise RuntimeError(f.read())
        self.client = self.connect('auth-login')
        self.say(self.client, f'VERSION\t1\t2\nCPID\t{os.getpid()}\n')
        try:
            while (words := self.line(self.client))[0] != 'DONE':
                if words[0] == 'COOKIE':
                    self.cookie = words[1]
        except OSError as e:
            self.stop()
            raise Refused from e
        self.master = self.connect('auth-master')
        self.say(self.master, 'VERSION\t1\t1\n')
        self.line(self.master)
        self.line(self.master)

    def connect(self, name):
        path = os.path.join(self.folder, 'base', name)
        for _ in range(100):
            s = socket.socket(socket.AF_UNIX)
            try:
                s.connect(path)
                s.settimeout(20)
                return s, s.makefile('r', encoding='utf-8')
            except OSError:
                s.close()
                time.sleep(.05)
        raise RuntimeError(f'no {path}')

    @staticmethod
    def say(connection, text):
        connection[0].sendall(text.encode())

    @staticmethod
    def line(connection):
        line = connection[1].readline()
        if line == '':
            raise ConnectionError('the server hung up')
        return line.rstrip('\n').split('\t')

    @staticmethod
    def fields(words):
        return dict((w.split('=', 1) + [''])[:2] for w in words)

    def logins(self, names, passwords, service='imap'):
        """{name: {password: the user's fields}} of the logins that work."""
        logins = {name: {} for name in names}
        self.service = service
        self.ask_all('PLAIN', names, passwords, logins)
        # Other mechanisms are for those who have no clear password.
        for mechanism in ['LOGIN', 'CRAM-MD5']:
            self.ask_all(mechanism, [n for n in names if not logins[n]],
                         passwords, logins)
        return logins

    def passing(self, name, passwords, service):
        """The passwords that a passdb lets in for a service."""
        logins = {name: {}}
        self.service = service
        self.master, master = None, self.master
        self.ask_all('PLAIN', [name], passwords, logins)
        self.master = master
        return logins[name]

    def ask_all(self, mechanism, names, passwords, logins):
        """Many are sent at once: the server holds failures back for a while."""
        pairs = [(n, p) for n in names for p in passwords]
        for first in range(0, len(pairs), self.at_once):
            asked = {}
            for name, password in pairs[first:first + self.at_once]:
                self.serial += 1
                asked[str(self.serial)] = (name, password)
                resp = base64.b64encode(
                    f'\0{name}\0{password}'.encode()).decode()
                self.say(self.client, f'AUTH\t{self.serial}\t{mechanism}\t'
                         f'service={self.service}\tsecured\tlip=127.0.0.1\t'
                         'rip=127.0.0.1\tno-penalty' +
                         (f'\tresp={resp}' if mechanism == 'PLAIN' else '') +
                         '\n')
            self.collect(asked, logins)

    @staticmethod
    def respond(question, name, password):
        """The answer of LOGIN or CRAM-MD5 to what the server asks."""
        if question == b'Username:':
            return name
        if question == b'Password:':
            return password
        digest = hmac.new(password.encode(), question, 'md5')
        return f'{name} {digest.hexdigest()}'

    def collect(self, asked, logins):
        """Waits for the answers to all logins, and notes the good ones."""
        good = []
        open_ones = len(asked)
        while open_ones:
            answer = self.line(self.client)
            if answer[0] == 'CONT':
                resp = self.respond(base64.b64decode(answer[2]),
                                    *asked[answer[1]])
                resp = base64.b64encode(resp.encode()).decode()
                self.say(self.client, f'CONT\t{answer[1]}\t{resp}\n')
                continue
            open_ones -= 1
            if answer[0] == 'OK' and 'nologin' not in answer:
                good.append(answer[1])
        for n in sorted(good, key=int):
            if self.master is None:
                logins[asked[n][0]][asked[n][1]] = {}
                continue
            self.say(self.master, f'REQUEST\t{n}\t{os.getpid()}\t{n}\t'
                     f'{self.cookie}\n')
            answer = self.line(self.master)
            if answer[0] == 'USER':
                name, password = asked[n]
                logins[name][password] = dict(self.fields(answer[3:]),
                                              user=answer[2])

    def deliver(self, name):
        self.serial += 1
        self.say(self.master, f'USER\t{self.serial}\t{name}\tservice=lmtp\n')
        answer = self.line(self.master)
        if answer[0] != 'USER':
            if answer[0] != 'NOTFOUND':
                self.broken.add(name)
            return None
        return dict(self.fields(answer[3:]), user=answer[2])

    def stop(self):
        with open(os.path.join(self.folder, 'base', 'master.pid'),
                  encoding='ascii') as f:
            os.kill(int(f.read()), 15)


# --- what the records say ---

def dump(conf):
    r = subprocess.run(['dirdump-dovecot', '-v', '-c', conf], check=False,
                       capture_output=True, text=True)
    if r.returncode not in (0, 1):
        raise Fail(f'exit {r.returncode}: {r.stderr}')
    records = [json.loads(line) for line in r.stdout.splitlines()]
    accounts = {a['address']: a for a in records if a['type'] == 'account'}
    aliases = {a['address']: a['targets'] for a in records
               if a['type'] == 'alias'}
    return accounts, aliases, r.stderr


def quota(fields):
    rule = fields.get('quota_rule', fields.get('quota_storage_size'))
    if rule is None:
        return None
    m = re.match(r'(?:\*:storage=)?(\d+)([MG])$', rule)
    return int(m.group(1)) << (20 if m.group(2) == 'M' else 30)


def password_of(account):
    secret = account.get('secret')
    if secret is None:
        return None
    return secret[len('{PLAIN}'):] if secret.startswith('{PLAIN}') else None


def same_mailbox(account, fields, delivery):
    """What differs between a record and the fields of the server. A limit that
    only deliveries into the same mailbox have is one."""
    bad = []
    for key in ['home', 'uid', 'gid']:
        want = fields.get(key)
        got = account.get(key)
        if (want or None) != (None if got is None else str(got)):
            bad.append(f'{key} {got}, the server says {want}')
    limit = quota(fields)
    if limit is None and delivery is not None and all(
            delivery.get(key) == fields.get(key) for key in ['user', 'home']):
        limit = quota(delivery)
    # Without a home no mailbox opens.
    if 'home' in fields and account.get('quota') not in (limit, quota(fields)):
        bad.append(f'quota {account.get("quota")}, the server says {limit}')
    return bad


def home_of(user, logins, accounts):
    """The account that is a mailbox: under its name, or, where that name as a
    login opens another mailbox, under one that opens this."""
    elsewhere = {f['user'] for f in logins.get(user, {}).values()}
    if user in accounts and (not elsewhere or user in elsewhere):
        return user
    for name, opened in sorted(logins.items()):
        if name in accounts and name != user and \
                user in {f['user'] for f in opened.values()}:
            return name
    return user


def compare(names, logins, deliveries, broken, accounts, aliases,
            messages):
    """Everything that is wrong, as a list of sentences."""
    bad = []
    ways = {}
    for name in sorted(logins):
        users = {f['user'] for f in logins[name].values()}
        for password, fields in logins[name].items():
            where = home_of(fields['user'], logins, accounts)
            ways.setdefault(where, []).append((name, password, fields))
        if name not in names:
            continue
        # Who gets in is an account, or another name of one.
        for user in sorted(users):
            where = home_of(user, logins, accounts)
            if where not in accounts and not re.search(
                    f'{name}: a second mailbox of a login, .*: {user}\n',
                    messages):
                bad.append(f'{name} logs in as {user}, which is no account')
        if users and deliveries[name] is not None and \
                name not in accounts and name not in aliases:
            bad.append(f'{name} logs in and gets mail, and is gone')
    for address, account in sorted(accounts.items()):
        mine = ways.get(address, [])
        # Nobody can tell for which names a passdb is there.
        if 'of the listed names: people' in messages and \
                not account.get('secret'):
            continue
        # No list has the other names.
        known = [w for w in mine if account['active'] or w[0] in names]
        if account['active'] != bool(known):
            bad.append(f"{address} active {account['active']}, the server lets "
                       f'in {[w[:2] for w in mine]}')
            continue
        mine = known
        # Whoever gets mail by another name needs a mailbox that takes it.
        aliased = any(deliveries.get(a) is not None
                      for a, targets in aliases.items() if address in targets)
        receives = deliveries.get(address) is not None
        if any(w[0] == address == w[2]['user'] for w in mine) and \
                address not in broken and account['receive'] != receives and \
                not (account['receive'] and aliased):
            bad.append(f"{address} receive {account['receive']}, a delivery "
                       f'{deliveries[address]}')
        password = password_of(account)
        fitting = [w for w in mine if password is None or w[1] == password]
        if mine and not fitting:
            bad.append(f'{address} has the secret {password}, the server takes '
                       f'{[w[:2] for w in mine]}')
        differ = [same_mailbox(account, w[2], deliveries[w[0]])
                  for w in fitting]
        if differ and all(differ):
            bad.append(f'{address}: ' + '; '.join(min(differ, key=len)))
    for address, targets in sorted(aliases.items()):
        users = {f['user'] for f in logins.get(address, {}).values()}
        if deliveries.get(address) is not None:
            users.add(deliveries[address]['user'])
        if not users & {u for u in users
                        if home_of(u, logins, accounts) in targets}:
            bad.append(f'{address} is an alias of {targets}, the server has '
                       f'{sorted(users)}')
    return bad


def over_pop3(server, logins, passwords, disabled):
    """Whoever may not log in over IMAP may still do so over POP3."""
    others = server.logins(sorted(logins), passwords, 'pop3')
    for name, other in others.items():
        disabled[name] = ([] if logins[name] or not other else ['imap']) + \
            ([] if other or not logins[name] else ['pop3'])
        logins[name] = logins[name] or other


def sends_only(server, account, passwords):
    """Whether somebody whom no protocol lets read may send, as the record says: a
    mail server asks for the password, and for no mailbox."""
    if not account['active'] or \
            not {'imap', 'pop3'} <= set(account.get('disabled', [])):
        return False
    return password_of(account) in server.passing(
        account['address'], passwords, 'smtp')


def prepare(seed):
    """The configuration of a seed, and what starts a server with it."""
    folder = tempfile.mkdtemp(prefix='chains.')
    return folder, Config(seed, folder), lambda text: Server(folder, text)


def check_seed(seed, keep, make):
    folder, config, serve = make(seed)
    os.chmod(folder, 0o755)
    server = None
    bad = []
    try:
        settings = config.make()
        server = serve(settings)
        names = config.names
        passwords = config.passwords + ['nobodys']
        accounts, aliases, messages = dump(server.saved())
        everybody = sorted(names | set(NAMES) | set(aliases))
        logins = server.logins(everybody, passwords)
        disabled = {}
        if 'protocol imap' in settings:
            over_pop3(server, logins, passwords, disabled)
        deliveries = {n: server.deliver(n) for n in everybody}
        for name, account in list(accounts.items()):
            if sends_only(server, account, passwords):
                del accounts[name]
        bad = compare(names, logins, deliveries, server.broken, accounts,
                      aliases, messages)
        bad += [f'{a} has {accounts[a].get("disabled")} disabled, the server '
                f'{d}' for a, d in sorted(disabled.items())
                if a in accounts and accounts[a]['active'] and
                not accounts[a].get('logins') and
                a in {f['user'] for f in logins[a].values()} and
                sorted(set(accounts[a].get('disabled', [])) &
                           {'imap', 'pop3'}) != d]
        if bad and os.environ.get('CHAINS_VERBOSE'):
            bad.append(messages)
    except Fail as e:
        bad = [str(e)]
    except Refused:
        bad = None
    finally:
        if server is not None:
            server.stop()
        if bad and keep:
            target = os.path.join(keep, str(seed))
            shutil.rmtree(target, ignore_errors=True)
            shutil.copytree(folder, target, ignore=lambda d, names: [
                n for n in names if n in ('base', 'state')])
        shutil.rmtree(folder, ignore_errors=True)
    return bad


def main(argv, make=prepare):
    keep = None
    if argv[:1] == ['-k']:
        keep = argv[1]
        argv = argv[2:]
    start = int(argv[0])
    count = int(argv[1]) if len(argv) > 1 else 1
    failed = 0
    for i, seed in enumerate(range(start, start + count)):
        bad = check_seed(seed, keep, make)
        print(('not ' if bad else '') + f'ok {i + 1} - the chain of seed '
              f'{seed}' + (' is refused by the server' if bad is None else ''))
        for line in bad or []:
            for part in line.splitlines():
                print(f'# {part}')
        sys.stdout.flush()
        failed += bool(bad)
    print(f'1..{count}')
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
