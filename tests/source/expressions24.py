#!/usr/bin/python3
"""expressions24.py ROOT CONFIGURATION SEED COUNT: random expressions of Dovecot 2.4.

Prints each, a tab and what the running server of this configuration makes of it for
ann@one.test; no tab where it finds a fault, and nothing where that is bytes. ROOT is
the folder of a system that has the server (tests/helper/dovecot 2.4).
t/fixtures/real/dovecot-2.4/expressions has those of the seeds 1 to 5 before there was a
regexp among them, of 6 to 8, and some by hand.
"""
import random
import subprocess
import sys

VARIABLES = ['user', 'user', 'protocol']
WORDS = ['a', 'ann', 'one.test', '0', '7', '12', '-3', '@', '.', 'n',
         'ann@one.test', 'x*', '*test', '^ann', 'one', '4f2a']
NUMBERS = [-40, -8, -3, -2, -1, 0, 1, 2, 3, 4, 7, 8, 16, 30, 256]
OPERATORS = ['eq', 'ne', 'lt', 'gt', 'le', 'ge', '*', '!*', '~', '!~', '==',
             '!=', '<', '>=', '??']
PLAIN = ['lower', 'upper', 'reverse', 'username', 'domain', 'ldap_dn', 'base64',
         'base64(url=1)', 'unbase64', 'hex', 'unhex', 'hexlify', 'unhexlify',
         'benumber', 'lenumber', 'default', 'sha512', "hash('sha384')",
         "hash('none')"]
# 2.4.1 never ends where a backslash has anything but a digit after it.
PATTERNS = ['^(.*)@(.*)$', '(.*)@(.*)', '(.+)', '^ann', 'n+', '^(a*)(n*)(.*)$',
            '^(q?)(.*)', '@.*$', 'zzz', '^([^@]+)@one\\\\.test$', 'A', 'a|t',
            '^(x)?a', '^(.)(.)(.*)$']
INSERTS = ['x', '', '\\\\1', '\\\\2-\\\\1', '<\\\\0>', '\\\\3\\\\10', '\\\\2@a']
# N: a number; R, S: what regexp has; T: a text or a variable; O: an operator.
# (2.4.1 ends itself where there is less to truncate.)
FORMS = ['index(T, N)', 'substr(N)', 'substr(N, N)', 'truncate(1)',
         'truncate(bits=N)', 'lfill(N)', 'rfill(N, T)', 'md5', 'sha1(salt=T)',
         'sha256(rounds=2, salt=T)', 'base64(pad=N)', 'hex(N)', 'hexlify(N)',
         'regexp(R, S)', 'regexp(R, S)', 'default(T)', 'concat(T)',
         'concat(T,N)', 'literal(T)', 'if(O, T, T, T)', 'if(O, N, T, N)']
FIRST = ['literal(T)', 'literal(N)', 'if(T, O, T, T, T)', 'if(N, O, N, T, T)',
         'concat(T, T)', 'default(T)']


class Expressions:
    """Those of one seed."""

    def __init__(self, seed):
        self.rng = random.Random(seed)

    def fill(self, form):
        """A form, with something for each of its capitals."""
        pick = self.rng.choice
        return ''.join({
            'N': lambda: str(pick(NUMBERS)),
            'O': lambda: "'" + pick(OPERATORS) + "'",
            'R': lambda: "'" + pick(PATTERNS) + "'",
            'S': lambda: "'" + pick(INSERTS) + "'",
            'T': lambda: pick(["'" + pick(WORDS) + "'", pick(VARIABLES)]),
        }.get(c, lambda c=c: c)() for c in form)

    def step(self, forms):
        """One of these forms, or something calculated with it."""
        text = self.fill(self.rng.choice(forms))
        if self.rng.random() < 0.2:
            text += self.fill(' ' + self.rng.choice('+-*/%') + ' N')
        return text

    def next(self):
        """An expression with text around it."""
        steps = [self.step(self.rng.choice([VARIABLES, FIRST]))]
        steps += [self.step(self.rng.choice([PLAIN, FORMS]))
                  for _ in range(self.rng.randint(0, 3))]
        return 'x%{' + self.rng.choice(['|', ' | ']).join(steps) + '}z'


def main():
    """Asks the server."""
    root, configuration, seed, count = sys.argv[1:]
    expressions = Expressions(int(seed))
    for _ in range(int(count)):
        text = expressions.next()
        done = subprocess.run(
            ['chroot', root, 'doveadm', '-c', configuration, 'user', '-e', text,
             'ann@one.test'], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            check=False)
        answer = done.stdout.rstrip(b'\n').decode('latin-1')
        if answer.isascii() and answer.isprintable():
            print(text + ('\t' + answer if answer.startswith('x') else ''))


main()
