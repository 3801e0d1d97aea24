# SPDX-License-Identifier: ISC
# Copyright (c) 2026 The mailferry authors
"""Exit statuses, and where a password comes from."""
import os

USAGE, CONNECTION, ACCOUNT, SOURCE_CHANGE, PARTIAL, DECLINED, ARCHIVE = \
    1, 2, 3, 4, 5, 6, 7


class Failure(Exception):
    def __init__(self, status, text):
        super().__init__(text)
        self.status = status


def secret(options):
    """(user, password) of the options and the environment."""
    if options.auth_basic is None and options.auth_bearer is None:
        raise Failure(USAGE, 'one of --auth-basic and --auth-bearer is needed')
    if options.auth_bearer is not None:
        token = options.auth_bearer or os.environ.get('VANDELAY_TOKEN')
        if not token:
            raise Failure(USAGE, 'no token: set VANDELAY_TOKEN')
        return (None, token)
    password = options.auth_password or os.environ.get('VANDELAY_PASSWORD')
    if not password:
        raise Failure(USAGE, 'no password: set VANDELAY_PASSWORD')
    return (options.auth_basic, password)


def check_clear(options, scheme, host):
    """Clear text only to this machine, unless it is allowed."""
    if scheme in ('imap', 'sieve', 'http') and not options.allow_cleartext \
            and host not in ('127.0.0.1', '::1', 'localhost'):
        raise Failure(CONNECTION, '%s:// is clear text: see '
                      '--allow-cleartext' % scheme)
