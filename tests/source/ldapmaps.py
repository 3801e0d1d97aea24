# SPDX-License-Identifier: ISC
# Copyright (c) 2026 The mailferry authors
"""Random entries of a system that keeps its users in LDAP, and what its own
Dovecot and Postfix find of each, beside the records of our field map.

usage: ldapmaps.py ldif SYSTEM SEED >LDIF
       ldapmaps.py judge SYSTEM URI RECORDS"""
import json
import random
import sys

import ldap

BASE = 'dc=example,dc=org'
SERVICES = ('imap', 'pop3', 'smtp', 'sieve')


class Server:
    def __init__(self, uri):
        self.connection = ldap.initialize(uri)

    def find(self, query, attribute):
        """The values of an attribute of what a query finds."""
        found = self.connection.search_s(BASE, ldap.SCOPE_SUBTREE, query,
                                         [attribute])
        return {value.decode() for _, entry in found
                for values in entry.values() for value in values}


class IRedMail:
    """samples/dovecot/dovecot-ldap.conf; samples/postfix/ldap/{virtual_mailbox,
    virtual_group,virtual_alias,catchall}_maps.cf."""
    on = '(accountStatus=active)(!(domainStatus=disabled))(enabledService=mail)'
    login = ('(&(objectClass=mailUser)' + on + '(enabledService={service}secured)'
             '(|(mail={u})(&(enabledService=shadowaddress)(shadowAddress={u}))))')
    box = ('(&(objectClass=mailUser)(|(mail={u})(shadowAddress={u}))' + on +
           '(enabledService=deliver))')
    members = ('(&' + on + '(enabledService=deliver)'
               '(|(&(|(memberOfGroup={u})(shadowAddress={u}))'
               '(|(objectClass=mailUser)(objectClass=mailExternalUser)))'
               '(&(memberOfGroup={u})(!(shadowAddress={u}))'
               '(|(objectClass=mailAlias)'
               '(&(objectClass=mailList)(!(enabledService=mlmmj)))))))')
    forwards = ('(&(|(mail={u})(shadowAddress={u}))' + on +
                '(enabledService=deliver)'
                '(|(objectClass=mailAlias)'
                '(&(objectClass=mailUser)(enabledService=forward))))')
    services = ('deliver', 'imap', 'imapsecured', 'pop3', 'pop3secured', 'smtp',
                'smtpsecured', 'sieve', 'sievesecured', 'managesievesecured',
                'forward', 'shadowaddress')
    status = ('active', 'active', 'active', 'disabled')

    def entry(self, rng, name, kind, groups):
        e = [('mail', name + '@one.test'),
             ('accountStatus', rng.choice(self.status))]
        if rng.random() < 0.2:
            e.append(('domainStatus', rng.choice(('active', 'disabled'))))
        if rng.random() < 0.9:
            e.append(('enabledService', 'mail'))
        e += [('enabledService', s) for s in self.services
              if rng.random() < 0.7]
        if rng.random() < 0.4 and kind != 'mailExternalUser':
            e.append(('shadowAddress', 'x-%s@one.test' % name))
        e += [('memberOfGroup', g) for g in groups
              if rng.random() < 0.4 or kind == 'mailExternalUser']
        if kind in ('mailUser', 'mailAlias') and rng.random() < 0.5:
            e.append(('mailForwardingAddress', name + '@home.test'))
            if rng.random() < 0.5:
                e.append(('mailForwardingAddress', name + '@one.test'))
        return e

    def ldif(self, rng):
        yield 'domainName=one.test', [
            ('objectClass', 'mailDomain'), ('domainName', 'one.test'),
            ('accountStatus', 'active'), ('enabledService', 'mail')]
        groups = ['g1@one.test', 'g2@one.test']
        for i in range(30):
            name = 'u%d' % i
            yield 'mail=%s@one.test' % name, [
                ('objectClass', 'inetOrgPerson'), ('objectClass', 'mailUser'),
                ('uid', name), ('cn', name), ('sn', name),
                ('userPassword', '{PLAIN}' + name),
                ('mailQuota', str(rng.choice((0, 1024, 1 << 30)))),
            ] + self.entry(rng, name, 'mailUser', groups)
        for i in range(8):
            name = 'a%d' % i
            yield 'mail=%s@one.test' % name, [
                ('objectClass', 'mailAlias'),
            ] + self.entry(rng, name, 'mailAlias', groups)
        for name in ('g1', 'g2'):
            yield 'mail=%s@one.test' % name, [
                ('objectClass', 'mailList'), ('mail', name + '@one.test'),
                ('accountStatus', 'active'), ('enabledService', 'mail'),
                ('enabledService', 'deliver')]
        for i in range(4):
            name = 'e%d' % i
            yield 'mail=%s@one.test' % name, [
                ('objectClass', 'mailExternalUser'),
            ] + self.entry(rng, name, 'mailExternalUser', groups[:1])

    def targets(self, server, address):
        """Where mail for an address goes, one step on."""
        return (server.find(self.members.format(u=address), 'mail') |
                server.find(self.forwards.format(u=address),
                            'mailForwardingAddress'))


class YunoHost:
    """conf/dovecot/dovecot-ldap.conf; conf/postfix/plain/ldap-{accounts,groups}.cf."""
    allowed = '(permission=cn=mail.main,ou=permission,' + BASE + ')'
    login = ('(&(objectClass=inetOrgPerson)(|(uid={n})(mail={u}))' + allowed +
             ')')
    box = ('(&(objectClass=mailAccount)(|(mail={u})(uid={u}))' + allowed + ')')
    group = '(&(objectClass=groupOfNamesYnh)(mail={u}))'
    permissions = ('cn=mail.main', 'cn=mail.mainly', 'cn=ssh.main', 'cn=MAIL.Main')

    def ldif(self, rng):
        yield 'virtualdomain=one.test', [('objectClass', 'mailDomain'),
                                         ('virtualdomain', 'one.test')]
        names = ['u%d' % i for i in range(30)]
        for name in names:
            e = [('objectClass', c) for c in
                 ('inetOrgPerson', 'mailAccount', 'userPermissionYnh')]
            e += [('uid', name), ('cn', name), ('sn', name), ('maildrop', name),
                  ('mail', name + '@one.test'),
                  ('userPassword', '{PLAIN}' + name)]
            if rng.random() < 0.4:
                e.append(('mail', 'x-%s@one.test' % name))
            e += [('permission', '%s,ou=permission,%s' % (p, BASE))
                  for p in rng.sample(self.permissions,
                                      rng.randrange(len(self.permissions)))
                  if p != 'cn=MAIL.Main' or rng.random() < 0.5]
            # A DN is one value, however it is written.
            seen = set()
            e = [x for x in e
                 if not (x[0].lower(), x[1].lower()) in seen and
                 not seen.add((x[0].lower(), x[1].lower()))]
            yield 'uid=' + name, e
        for i in range(6):
            e = [('objectClass', c) for c in
                 ('posixGroup', 'groupOfNamesYnh', 'mailGroup')]
            e += [('cn', 'g%d' % i), ('gidNumber', str(4000 + i)),
                  ('mail', 'g%d@one.test' % i)]
            e += [('memberUid', n) for n in names if rng.random() < 0.2]
            yield 'cn=g%d' % i, e

    def targets(self, server, address):
        return {uid + '@one.test' for uid in
                server.find(self.group.format(u=address), 'memberUid')}


class Univention:
    """conffiles/etc/postfix/ldap.{virtual,virtual_mailbox,groups,distlist,
    external_aliases}.d/10_base, with mailForwardCopyToSelf taken for what it says.
    A login is an account's; a disabled one is no part of the random entries."""
    login = '(&(objectClass=univentionMail)(uid=*)(mailPrimaryAddress={u}))'
    box = ('(&(objectClass=univentionMail)(uid=*)'
           '(|(mailPrimaryAddress={u})(mailAlternativeAddress={u})))')
    own = ('(&(objectClass=univentionMail)(mailPrimaryAddress={u})'
           '(!(&(mailForwardAddress=*)(mailForwardCopyToSelf=0))))')
    forwards = ('(&(objectClass=univentionMail)'
                '(|(mailAlternativeAddress={u})(mailPrimaryAddress={u})))')
    group = '(&(mailPrimaryAddress={u})(objectClass=univentionGroup))'
    mailing_list = '(&(objectClass=univentionMailList)(mailPrimaryAddress={u}))'

    def ldif(self, rng):
        yield 'cn=one.test', [('objectClass', 'univentionMailDomainname'),
                              ('cn', 'one.test')]
        names = ['u%d' % i for i in range(30)]
        for name in names:
            e = [('objectClass', 'inetOrgPerson'),
                 ('objectClass', 'univentionMail'), ('uid', name), ('cn', name),
                 ('sn', name), ('mail', name + '@home.test'),
                 ('userPassword', '{PLAIN}' + name),
                 ('mailPrimaryAddress', name + '@one.test')]
            if rng.random() < 0.4:
                e.append(('mailAlternativeAddress', 'x-%s@one.test' % name))
            if rng.random() < 0.5:
                e.append(('mailForwardAddress', name + '@away.test'))
            if rng.random() < 0.7:
                e.append(('mailForwardCopyToSelf', rng.choice('01')))
            yield 'uid=' + name, e
        for i in range(4):
            members = rng.sample(names, rng.randrange(1, 6))
            yield 'cn=g%d' % i, [
                ('objectClass', 'groupOfUniqueNames'),
                ('objectClass', 'univentionGroup'), ('cn', 'g%d' % i),
                ('mailPrimaryAddress', 'g%d@one.test' % i),
            ] + [('uniqueMember', 'uid=%s,%s' % (n, BASE)) for n in members]
            members = rng.sample(names, rng.randrange(1, 6))
            yield 'cn=l%d' % i, [
                ('objectClass', 'univentionMailList'), ('cn', 'l%d' % i),
                ('mailPrimaryAddress', 'l%d@one.test' % i),
            ] + [('univentionMailMember', n + rng.choice(('@one.test',
                                                          '@away.test')))
                 for n in members]

    def targets(self, server, address):
        found = server.find(self.mailing_list.format(u=address),
                            'univentionMailMember')
        for dn in server.find(self.group.format(u=address), 'uniqueMember'):
            found.add(dn.split(',')[0][len('uid='):] + '@one.test')
        forwards = server.find(self.forwards.format(u=address),
                               'mailForwardAddress')
        if forwards:
            forwards |= server.find(self.own.format(u=address),
                                    'mailPrimaryAddress')
        return found | forwards


class Zimbra:
    """The queries of its Postfix, conf/ldap-vmm.cf and ldap-vam.cf; an owner's
    forwards without a copy are the mailbox server's work."""
    login = ('(&(objectClass=zimbraAccount)(zimbraMailDeliveryAddress={u})'
             '(zimbraAccountStatus=active))')
    box = ('(&(objectClass=zimbraAccount)'
           '(|(zimbraMailDeliveryAddress={u})(zimbraMailAlias={u}))'
           '(zimbraMailStatus=enabled))')
    lists = ('(&(objectClass=zimbraDistributionList)(zimbraMailAlias={u})'
             '(zimbraMailStatus=enabled))')
    elsewhere = ('(&(|(zimbraOldMailAddress={u})(zimbraMailCatchAllAddress={u}))'
                 '(zimbraMailStatus=enabled))')

    def ldif(self, rng):
        yield 'zimbraDomainName=one.test', [
            ('objectClass', 'zimbraDomain'), ('zimbraDomainName', 'one.test'),
            ('zimbraDomainType', 'local'), ('zimbraDomainStatus', 'active'),
            ('zimbraMailStatus', 'enabled')]
        catch_all = rng.randrange(30)
        for i in range(30):
            name = 'u%d' % i
            e = [('objectClass', 'inetOrgPerson'),
                 ('objectClass', 'zimbraAccount'), ('uid', name), ('cn', name),
                 ('sn', name), ('mail', name + '@one.test'),
                 ('zimbraMailDeliveryAddress', name + '@one.test'),
                 ('userPassword', '{PLAIN}' + name),
                 ('zimbraAccountStatus', rng.choice(('active', 'active',
                                                     'locked'))),
                 ('zimbraMailStatus', rng.choice(('enabled', 'enabled',
                                                  'disabled')))]
            if rng.random() < 0.4:
                e.append(('zimbraMailAlias', 'x-%s@one.test' % name))
            if rng.random() < 0.3:
                e.append(('zimbraOldMailAddress', 'old-%s@one.test' % name))
            if rng.random() < 0.3:
                e.append(('zimbraPrefMailForwardingAddress',
                          name + '@away.test'))
            if i == catch_all:
                e.append(('zimbraMailCatchAllAddress', '@one.test'))
            yield 'uid=' + name, e
        for i in range(4):
            name = 'l%d' % i
            yield 'uid=' + name, [
                ('objectClass', 'zimbraDistributionList'), ('uid', name),
                ('mail', name + '@one.test'),
                ('zimbraMailAlias', name + '@one.test'),
                ('zimbraMailStatus', rng.choice(('enabled', 'disabled'))),
            ] + [('zimbraMailForwardingAddress', 'u%d@one.test' % n)
                 for n in rng.sample(range(30), 3)]

    def targets(self, server, address):
        forwards = server.find(self.box.format(u=address),
                               'zimbraPrefMailForwardingAddress')
        if forwards:
            forwards.add(address)
        return (forwards |
                server.find(self.lists.format(u=address),
                            'zimbraMailForwardingAddress') |
                server.find(self.elsewhere.format(u=address),
                            'zimbraMailDeliveryAddress'))


class InetLocal:
    """sendmail's FEATURE(ldap_routing), cf/feature/ldap_routing.m4: an address, or
    else its domain, has a route, or is delivered as it is. A login is any user's."""
    login = '(&(objectClass=inetLocalMailRecipient)(uid=*)(mailLocalAddress={u}))'
    box = '(&(objectClass=inetLocalMailRecipient)(mailLocalAddress={u}))'

    def ldif(self, rng):
        for i in range(30):
            name = 'u%d' % i
            e = [('objectClass', 'inetOrgPerson'),
                 ('objectClass', 'inetLocalMailRecipient'), ('uid', name),
                 ('cn', name), ('sn', name), ('userPassword', '{PLAIN}' + name),
                 ('mailLocalAddress', name + '@one.test')]
            if rng.random() < 0.4:
                e.append(('mailLocalAddress', 'x-%s@one.test' % name))
            if rng.random() < 0.5:
                e.append(('mail', name + '@one.test'))
            if rng.random() < 0.6:
                e.append(('mailRoutingAddress', name + rng.choice(
                    ('@one.test', '@away.test'))))
            if rng.random() < 0.3:
                e.append(('mailHost', 'imap.one.test'))
            yield 'uid=' + name, e
        for name in ['g%d' % i for i in range(4)] + [''] * rng.randrange(2):
            yield 'cn=r' + name, [
                ('objectClass', 'organizationalRole'),
                ('objectClass', 'inetLocalMailRecipient'), ('cn', 'r' + name),
                ('mailLocalAddress', name + '@one.test'),
                ('mailRoutingAddress', 'u%d@%s.test' % (
                    rng.randrange(30), rng.choice(('one', 'away'))))]

    def targets(self, server, address):
        return server.find(self.box.format(u=address), 'mailRoutingAddress')


class Qmail:
    """qmail-ldap: qldap-filter.c (filter_mail), the statuses of qldap.c, and the
    modes as qmail-local.c has them."""
    user = '(objectClass=qmailUser)(|(mail={u})(mailAlternateAddress={u}))'
    box = '(&' + user + '(!(accountStatus=disabled)))'
    login = '(&' + user + '(!(accountStatus=disabled))(!(accountStatus=noaccess)))'
    forwards = '(&' + user + '(!(deliveryMode=noforward)))'
    keeps = ('(&' + user + '(!(deliveryMode=nolocal))(!(deliveryMode=nombox))'
             '(!(deliveryMode=forwardonly)))')
    modes = ((), (), ('noforward',), ('nolocal',), ('nombox',), ('forwardOnly',),
             ('noprogram', 'NoLocal'), ('noprogram', 'noforward'), ('local',))

    def ldif(self, rng):
        catch_all = rng.randrange(60)
        for i in range(30):
            name = 'u%d' % i
            e = [('objectClass', 'inetOrgPerson'), ('objectClass', 'qmailUser'),
                 ('uid', name), ('cn', name), ('sn', name),
                 ('mail', name + '@one.test'), ('userPassword', '{PLAIN}' + name)]
            if rng.random() < 0.7:
                e.append(('accountStatus', rng.choice(
                    ('active', 'active', 'noaccess', 'disabled', 'Disabled'))))
            if rng.random() < 0.4:
                e.append(('mailAlternateAddress', 'x-%s@one.test' % name))
            if i == catch_all:
                e.append(('mailAlternateAddress', 'catchall@one.test'))
            e += [('mailForwardingAddress', '%s%d@away.test' % (name, n))
                  for n in range(rng.choice((0, 1, 1, 2)))]
            e += [('deliveryMode', mode) for mode in rng.choice(self.modes)]
            yield 'uid=' + name, e

    def targets(self, server, address):
        if address.startswith('@'):
            return server.find(self.box.format(u='catchall' + address), 'mail')
        found = server.find(self.forwards.format(u=address),
                            'mailForwardingAddress')
        if found and server.find(self.keeps.format(u=address), 'mail'):
            found.add(address)
        return found


class PostfixBook:
    """docker-mailserver, test/tests/serial/mail_with_ldap.bats: its filters for
    users, groups and aliases; a login where mail is enabled. Entries without
    mailEnabled, which those take for switched off, are none of the random ones."""
    on = '(mailEnabled=TRUE)'
    login = '(&(objectClass=PostfixBookMailAccount)(uid={n})' + on + ')'
    box = ('(|(&(mail={u})' + on + ')'
           '(&(mailAlias={u})(objectClass=PostfixBookMailAccount)' + on + '))')
    group = '(&(mailGroupMember={u})' + on + ')'
    forward = '(&(mailAlias={u})(objectClass=PostfixBookMailForward))'

    def ldif(self, rng):
        for i in range(30):
            name = 'u%d' % i
            e = [('objectClass', 'inetOrgPerson'),
                 ('objectClass', 'PostfixBookMailAccount'), ('uid', name),
                 ('cn', name), ('sn', name), ('mail', name + '@one.test'),
                 ('userPassword', '{PLAIN}' + name),
                 ('mailEnabled', rng.choice(('TRUE', 'TRUE', 'FALSE'))),
                 ('mailQuota', str(rng.choice((0, 1024, 1 << 20))))]
            e += [('mailAlias', form % name)
                  for form in ('x-%s@one.test', '%s@uno.test')
                  if rng.random() < 0.4]
            e += [('mailGroupMember', 'g%d@one.test' % g) for g in range(5)
                  if rng.random() < 0.2]
            yield 'uid=' + name, e
        for i in range(6):
            name = 'l%d' % i
            yield 'cn=' + name, [
                ('objectClass', 'inetOrgPerson'),
                ('objectClass', 'PostfixBookMailForward'), ('cn', name),
                ('sn', name), ('mailAlias', name + '@one.test'),
            ] + [('mail', 'u%d@%s.test' % (n, rng.choice(('one', 'away'))))
                 for n in rng.sample(range(30), rng.randrange(1, 4))]

    def targets(self, server, address):
        return (server.find(self.group.format(u=address), 'mail') |
                server.find(self.forward.format(u=address), 'mail'))


class GOsa:
    """The tables that people give their Postfix (public set-ups of GOsa and
    FusionDirectory): ldap-accounts, ldap-forward, ldap-forward-only, ldap-alternates,
    ldap-alias-redirections, ldap-alias-distributions. A login is any user's."""
    user = '(objectClass=gosaMailAccount)(!(objectClass=posixGroup))'
    either = '(|(mail={u})(gosaMailAlternateAddress={u}))'
    login = '(&' + user + '(mail={u}))'
    forward = '(&' + user + '(!(gosaMailDeliveryMode=[*I*]))' + either + ')'
    forward_only = '(&' + user + '(gosaMailDeliveryMode=[*I*])' + either + ')'
    box = ('(&' + user + either + '(|(!(gosaMailDeliveryMode=[*I*]))'
           '(gosaMailForwardingAddress=*)))')
    redirection = '(&(objectClass=mailAliasRedirection)(mail={u}))'
    distribution = ('(&(objectClass=mailAliasDistribution)'
                    '(gosaMailAlternateAddress={u}))')
    modes = ('[]', '[]', '[I]', '[L]', '[IV]', '[V]')

    def ldif(self, rng):
        for i in range(30):
            name = 'u%d' % i
            e = [('objectClass', 'inetOrgPerson'),
                 ('objectClass', 'gosaMailAccount'), ('uid', name), ('cn', name),
                 ('sn', name), ('mail', name + '@one.test'),
                 ('userPassword', '{PLAIN}' + name)]
            if rng.random() < 0.9:
                e.append(('gosaMailDeliveryMode', rng.choice(self.modes)))
            if rng.random() < 0.4:
                e.append(('gosaMailAlternateAddress', 'x-%s@one.test' % name))
            e += [('gosaMailForwardingAddress', '%s%d@away.test' % (name, n))
                  for n in range(rng.choice((0, 0, 1, 2)))]
            yield 'uid=' + name, e
        for i in range(4):
            name = 'l%d' % i
            yield 'cn=' + name, [
                ('objectClass', 'mailAliasRedirection'), ('cn', name),
                ('mail', name + '@one.test'),
            ] + [('gosaMailForwardingAddress', 'u%d@%s.test' % (
                n, rng.choice(('one', 'away'))))
                 for n in rng.sample(range(30), rng.randrange(1, 4))]
            yield 'cn=d' + name, [
                ('objectClass', 'mailAliasDistribution'), ('cn', 'd' + name),
                ('mail', 'u%d@%s.test' % (rng.randrange(30),
                                          rng.choice(('one', 'away')))),
                ('gosaMailAlternateAddress', 'g%d@one.test' % i)]

    def targets(self, server, address):
        found = server.find(self.forward.format(u=address),
                            'gosaMailForwardingAddress')
        if found:
            found |= server.find(self.forward.format(u=address), 'mail')
        return (found |
                server.find(self.forward_only.format(u=address),
                            'gosaMailForwardingAddress') |
                server.find(self.redirection.format(u=address),
                            'gosaMailForwardingAddress') |
                server.find(self.distribution.format(u=address), 'mail'))


SYSTEMS = {'inetlocal': InetLocal, 'gosa': GOsa, 'postfixbook': PostfixBook,
           'iredmail-ldap': IRedMail, 'qmail': Qmail, 'yunohost': YunoHost,
           'univention': Univention, 'zimbra': Zimbra}


class Judge:
    def __init__(self, system, server):
        self.system = system
        self.server = server
        self.wrong = 0

    def equal(self, what, want, got):
        if want != got:
            self.wrong += 1
            print('%s: the system says %r, the record %r' % (what, want, got))

    def finds(self, query, address, service=''):
        return bool(self.server.find(
            query.format(u=address, n=address.split('@')[0], service=service),
            'objectClass'))

    def account(self, r):
        address = r['address']
        logins = {s for s in SERVICES
                  if self.finds(self.system.login, address, s)}
        self.equal(address + ', any login',
                   bool(logins & {'imap', 'pop3', 'smtp'}),
                   r.get('active', True))
        if r.get('active', True):
            self.equal(address + ', logins', logins,
                       set(SERVICES) - set(r.get('disabled', ())))
        self.equal(address + ', delivery', self.finds(self.system.box, address),
                   r.get('receive', True))
        for alias in r.get('aliases', ()):
            self.equal(alias + ', delivery', self.finds(self.system.box, alias),
                       r.get('receive', True))
        want = self.system.targets(self.server, address)
        got = set(r.get('forward', ()))
        if r.get('keep') and got:
            got.add(address)
        if r.get('receive', True) and (want - {address} or got):
            self.equal(address + ', forwards', want, got)

    def known(self, records):
        """Every address of the system is in a record."""
        have = set()
        for r in records:
            have.add(r.get('address'))
            have.update(r.get('aliases', ()))
        for address in ['@one.test'] + [
                form % i for form in ('x-u%d@one.test', 'old-u%d@one.test',
                                      'l%d@one.test', 'g%d@one.test')
                for i in range(30)]:
            if (self.finds(self.system.box, address) or
                    self.system.targets(self.server, address)):
                self.equal(address + ' is an address', True, address in have)

    def alias(self, records):
        got = {}
        for r in records:
            if r['type'] == 'alias' and r['active']:
                got.setdefault(r['address'], set()).update(r['targets'])
        for r in records:
            if r['type'] != 'alias' or r['address'].startswith('x-'):
                continue
            # One that leads to itself has no mailbox there.
            self.equal(r['address'] + ', targets',
                       self.system.targets(self.server, r['address']) -
                       {r['address']}, got.get(r['address'], set()))


def main():
    system = SYSTEMS[sys.argv[2]]()
    if sys.argv[1] == 'ldif':
        for dn, entry in system.ldif(random.Random(sys.argv[3])):
            print('dn: %s,%s' % (dn, BASE))
            for name, value in entry:
                print('%s: %s' % (name, value))
            print()
        return 0
    with open(sys.argv[4], encoding='utf-8') as f:
        records = [json.loads(line) for line in f]
    judge = Judge(system, Server(sys.argv[3]))
    for r in records:
        if r['type'] == 'account':
            judge.account(r)
    judge.known(records)
    judge.alias(records)
    return judge.wrong != 0


if __name__ == '__main__':
    sys.exit(main())
