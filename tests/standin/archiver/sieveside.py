# SPDX-License-Identifier: ISC
# Copyright (c) 2026 The mailferry authors
"""import managesieve (RFC 5804)."""
import base64
import re
import socket
import urllib.parse

import failure
import store
import tls


class Client:
    def __init__(self, options):
        u = urllib.parse.urlsplit(options.url)
        failure.check_clear(options, u.scheme, u.hostname)
        self.url = '%s://%s:%d' % (u.scheme, u.hostname, u.port or 4190)
        try:
            self.sock = socket.create_connection(
                (u.hostname, u.port or 4190), 60)
            self.file = self.sock.makefile('rb')
            self.answer()
            if u.scheme == 'sieves':
                self.start_tls(options, u.hostname)
        except OSError as e:
            raise failure.Failure(failure.CONNECTION,
                                  'connection failed: %s' % e)
        user, password = options.secret
        token = base64.b64encode(('\0%s\0%s' % (user, password)).encode())
        if not self.command(b'AUTHENTICATE "PLAIN" "' + token + b'"')[0]:
            raise failure.Failure(failure.CONNECTION, 'authentication failed')

    def start_tls(self, options, host):
        self.command(b'STARTTLS')
        self.sock = tls.context(options).wrap_socket(self.sock,
                                                     server_hostname=host)
        self.file = self.sock.makefile('rb')
        self.answer()

    def command(self, text):
        self.sock.sendall(text + b'\r\n')
        return self.answer()

    def answer(self):
        """(whether it was OK, the lines before; a literal is a line)"""
        lines = []
        while True:
            line = self.file.readline()
            if not line:
                raise OSError('the server closed the connection')
            m = re.match(rb'\{(\d+)\+?\}\r\n$', line)
            if m:
                lines.append(self.file.read(int(m[1])))
                self.file.readline()
                continue
            if re.match(rb'(OK|NO|BYE)\b', line, re.I):
                return line[:2].upper() == b'OK', lines
            lines.append(line.rstrip(b'\r\n'))


def run(options, archive):
    client = Client(options)
    counts = store.Counts('sievescript')
    source = archive.source(options, 'managesieve', client.url,
                            options.secret[0], None, options.secret[0])
    good, lines = client.command(b'LISTSCRIPTS')
    archive.begin()
    for line in lines:
        m = re.match(rb'"((?:[^"\\]|\\.)*)"( ACTIVE)?$', line, re.I)
        name = re.sub(rb'\\(.)', rb'\1', m[1])
        good, text = client.command(b'GETSCRIPT "%s"' % m[1])
        if not good:
            counts.add('sievescript', 'failed')
            continue
        local, new = archive.script(name.decode(), text[0], bool(m[2]))
        if new:
            archive.insert('sync_id_managesieve', source_id=source,
                           name=name.decode(), local_id=local)
        counts.add('sievescript', 'created' if new else 'updated')
    archive.commit()
    client.command(b'LOGOUT')
    return counts
