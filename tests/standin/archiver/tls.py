# SPDX-License-Identifier: ISC
# Copyright (c) 2026 The mailferry authors
"""TLS, and no ssl where there is none: it takes longer than all else that is read."""
import sys


def spare(url):
    """No module that is read later reads ssl, where the URL needs none; sieve://
    may begin TLS."""
    if url.split(':')[0] in ('http', 'imap'):
        sys.modules.setdefault('ssl', None)


def context(options):
    import ssl
    made = ssl.create_default_context()
    if options.allow_invalid_certs:
        made.check_hostname = False
        made.verify_mode = ssl.CERT_NONE
    return made
