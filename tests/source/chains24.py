#!/usr/bin/python3
"""chains24.py [-k FOLDER] ROOT FROM [COUNT]: random chains of Dovecot 2.4.

As chains.py, with the words of 2.4: fields with ":default" and variables,
fields_import_all, and queries in the configuration itself. ROOT is the folder
of a system that has the server (tests/helper/dovecot 2.4).
"""
import os
import subprocess
import sys
import tempfile

import chains
from chains import NAMES, RULES


class Config(chains.Config):
    """The settings, files and tables of one seed."""

    quota_form = '{}M'

    def __init__(self, seed, folder, inside):
        super().__init__(seed, folder)
        self.inside = inside

    def there(self, path):
        """A path as the server sees it."""
        return self.inside + path[len(self.folder):]

    def rules(self, passdb):
        return [line.replace('mechanisms =', 'mechanisms_filter =')
                for line in super().rules(passdb)]

    def fields(self, passdb):
        """The lines of a block of fields."""
        prefix = 'userdb_' if passdb else ''
        out = {}
        for _ in range(self.r.randint(1, 3)):
            n = self.r.randint(1, 9)
            out.update(self.r.choice([
                {'home': f'/f{n}/%{{user|domain}}/%{{user|username}}'},
                {'home:default': f'/d{n}/%{{user | username | upper}}'},
                {'uid': 1200 + n, 'gid': 1200 + n},
                {'uid:default': 1210 + n, 'gid:default': 1210 + n},
                {'quota_storage_size': f'{n}G'},
                {'quota_storage_size:default': f'{n}M'},
                {'home': f'/o{n}/%{{original_user | username}}'},
                {'quota_storage_size:remove': ''},
            ]))
        # Nobody sets a field and its default; which came first nobody can see.
        out = {key: out[key] for key in out
               if key.removesuffix(':default') not in out or
               not key.endswith(':default')}
        # doveconf sorts them, and a removal is read as if it came first.
        out = {prefix + key: out[key] for key in
               sorted(out, key=lambda key: not key.endswith(':remove'))}
        if self.chance(.12):
            out['user'] = self.r.choice(
                ['%{user|username}@two.test', '%{user|username}@one.test',
                 'ann@one.test'])
        elif self.chance(.08):
            out.update(self.r.choice([{'username': 'bob'},
                                      {'domain': 'two.test'}]))
        if passdb and self.chance(.1):
            out.update(self.r.choice([{'nologin': 'yes'},
                                      {'noauthenticate': 'yes'},
                                      {'nopassword': 'yes'}, {'fail': '1'}]))
        return out

    def extra(self):
        out = []
        n = self.r.randint(1, 9)
        if self.chance(.3):
            out.append(f'userdb_home=/x{n}/' + self.r.choice(
                ['%{user|domain}/%{user|username}', 'plain']))
        if self.chance(.3):
            out.append(f'userdb_quota_storage_size={n}M')
        if self.chance(.15):
            out.append(f'userdb_uid={1300 + n} userdb_gid={1300 + n}')
        if self.chance(.12):
            out.append('user=' + self.r.choice(
                NAMES + ['%{user|username}@one.test']))
        if self.chance(.06):
            out.append('userdb_user=' + self.r.choice(NAMES))
        if self.chance(.06):
            out.append(self.r.choice(['nologin', 'noauthenticate', 'fail',
                                      'domain=two.test', 'username=cid']))
        return ' '.join(out)

    def sql_lines(self, passdb):
        """The lines of a database, and the fields that belong to it."""
        if self.exts and self.chance(.5):
            table = self.r.choice(self.exts)
        else:
            table = self.table()
            self.exts.append(table)
        if not passdb:
            self.names |= self.rows[table]
        where = "name = '%{user}'" + self.r.choice(['', ' AND active = 1'])
        fields = {}
        if passdb:
            columns = self.r.choice([
                'password',
                'other AS user, password',
                'password, home AS userdb_home, uid AS userdb_uid, '
                'uid AS userdb_gid, quota AS userdb_quota_storage_size',
                'name AS user, password, home AS userdb_home',
                'password, other'])
            if columns == 'password, other':
                fields = {'userdb_home': '/q/%{sql:other}'}
        else:
            columns = self.r.choice([
                'home, uid, uid AS gid, quota AS quota_storage_size',
                'other AS user, home, uid, uid AS gid',
                'home', 'home AS h, uid'])
            if 'home AS h' in columns:
                fields = {'home': "/q%{sql:h | default('/none')}"}
        out = ['driver = sql', 'sql_driver = sqlite',
               f'sqlite_path = {self.there(table)}',
               f'sql_query = SELECT {columns} FROM u WHERE {where}']
        if not passdb:
            out.append('sql_iterate_query = SELECT name AS user FROM u')
        return out, fields

    def database(self, passdb):
        kinds = ['passwd-file'] * 4 + ['sql'] * 3
        kinds += ['static'] if passdb else ['static', 'static', 'prefetch']
        kind = self.r.choice(kinds)
        fields = {}
        out = [f'driver = {kind}']
        if kind == 'passwd-file':
            if self.files and self.chance(.5):
                path = self.r.choice(self.files)
            else:
                path = self.passwd_file()
                self.files.append(path)
            out.append(f'passwd_file_path = {self.there(path)}')
        elif kind == 'sql':
            out, fields = self.sql_lines(passdb)
        elif kind == 'static' and passdb:
            if self.chance(.5):
                fields['nopassword'] = 'yes'
            else:
                out.append('static_password = shared')
            out.append('username_filter = fay@*')
        elif kind == 'static':
            fields = {'uid': '1500', 'gid': '1500',
                      'home': '/static/%{user|domain}/%{user|username}'}
            if self.chance(.2):
                out.append('static_allow_all_users = yes')
        deny = passdb and kind == 'passwd-file' and self.chance(.12)
        if deny:
            out.append('deny = yes')
        elif kind == 'passwd-file':
            self.names |= self.listed(path, passdb)
        for line in self.rules(passdb):
            if not any(line.split()[0] == o.split()[0] for o in out):
                out.append(line)
        if kind in ('passwd-file', 'sql') and self.chance(.15):
            out.append('fields_import_all = no')
        if self.chance(.35):
            fields.update(self.fields(passdb))
        if fields:
            out.append('fields {')
            out += [f'  {key} = {value}' for key, value in fields.items()]
            out.append('}')
        return out

    def make(self):
        self.files, self.exts = [], []
        self.returns = False
        top = []
        for passdb in [True, False]:
            word = 'passdb' if passdb else 'userdb'
            for i in range(self.r.choice([2, 2, 3, 3, 4, 5] if passdb
                                         else [1, 2, 2, 3])):
                block = (f'{word} d{i} {{\n  ' +
                         '\n  '.join(self.database(passdb)) + '\n}')
                if self.chance(.06):
                    service = self.r.choice(['imap', 'lmtp'])
                    block = f'protocol {service} {{\n{block}\n}}'
                top.append(block)
        if self.chance(.15):
            top.append('auth_username_format = ' + self.r.choice(
                ['%{user}', '%{user | lower}',
                 '%{user | username | lower}@%{user | domain | lower}']))
        if not self.files and not self.exts:
            return self.make()
        # Without a scheme they are passwords (2.4.1).
        self.passwords += ['shared', '!locked', 'SUSPENDED']
        self.text = '\n'.join(top) + '\n'
        return self.text


class Server(chains.Server):
    """A running Dovecot 2.4 in the folder of another system."""

    at_once = 20  # processes that look into databases

    top = '''dovecot_config_version = 2.4.1
dovecot_storage_version = 2.4.1
mail_driver = maildir
mail_plugins {
  quota = yes
}
quota "User quota" {
}
mail_path = ~/Maildir
'''

    def __init__(self, root, inside, folder, settings):
        self.root, self.inside = root, inside
        super().__init__(folder, settings)

    def there(self, path):
        return self.inside + path[len(self.folder):]

    def run(self, *command, **options):
        return subprocess.run(['chroot', self.root, *command], check=False,
                              **options)

    def saved(self):
        """The settings as doveconf prints them, in a file."""
        conf, text = self.there(self.conf), ''
        for words in [['-nP'], ['passdb_default_password_scheme']]:
            text += self.run('doveconf', '-c', conf, *words, text=True,
                             capture_output=True).stdout
        path = os.path.join(self.folder, 'saved')
        with open(path, 'w', encoding='utf-8') as f:
            text = text.replace(self.inside + '/', self.folder + '/')
            f.write(text.replace('\nprotocols = \n', '\nprotocols = lmtp\n'))
        return path


def make(root):
    """What runs one seed."""
    def prepare(seed):
        prefix = root.rstrip('/.')  # "/." is this system itself
        folder = tempfile.mkdtemp(prefix='chains.', dir=prefix + '/tmp')
        inside = folder[len(prefix):]
        config = Config(seed, folder, inside)
        return folder, config, lambda text: Server(root, inside, folder, text)
    return prepare


if __name__ == '__main__':
    args = sys.argv[1:]
    at = 2 if args[:1] == ['-k'] else 0
    ROOT = args.pop(at)
    sys.exit(chains.main(args, make(ROOT)))
