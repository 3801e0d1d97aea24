#!/usr/bin/python3
"""A WebDAV server that fails on demand: passes requests on to a real one.

faults.py UPSTREAM RULES [DIGEST]: prints its URL on the first line. Each line
of the file RULES is "METHOD N WHAT", for the Nth request of that method ("*":
each), N counted anew when the file is written:
    status CODE [SECONDS]   that answer, with Retry-After; not passed on
    lost                    passed on, but the answer never comes
    drop                    the connection ends, nothing is passed on
    body FILE               207, and that file as the answer
    conflict                403, no-uid-conflict
    location URL            301
With DIGEST, USER:PASSWORD is asked for by Digest (RFC 7616), and is passed on
as Basic.
"""
import base64
import hashlib
import http.client
import http.server
import os
import re
import sys
import urllib.parse

upstream = urllib.parse.urlparse(sys.argv[1])
rules_file = sys.argv[2]
digest = sys.argv[3] if len(sys.argv) > 3 else None
counts, stamp = {}, None


def rule(method):
    global counts, stamp
    now = os.stat(rules_file).st_mtime_ns
    if now != stamp:
        counts, stamp = {}, now
    counts[method] = counts.get(method, 0) + 1
    for line in open(rules_file):
        words = line.split()
        if words and words[0] == method and \
                words[1] in ('*', str(counts[method])):
            return words[2:]
    return None


def md5(text):
    return hashlib.md5(text.encode()).hexdigest()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'

    def log_message(self, *args):
        pass

    def answer(self, code, body=b'', **headers):
        self.send_response(code)
        for k, v in headers.items():
            self.send_header(k.replace('_', '-'), v)
        self.send_header('Content-Length', str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def authorized(self):
        got = dict(re.findall(r'(\w+)="?([^",]*)"?',
                              self.headers.get('Authorization', '')))
        user, password = digest.split(':')
        if got.get('username') != user or got.get('nonce') != 'n':
            return False
        want = md5('%s:n:%s:%s:auth:%s' % (
            md5('%s:test:%s' % (user, password)), got.get('nc'),
            got.get('cnonce'), md5('%s:%s' % (self.command, got.get('uri')))))
        return got.get('response') == want

    def serve(self):
        body = self.rfile.read(int(self.headers.get('Content-Length', 0)))
        if digest and not self.authorized():
            self.answer(401, WWW_Authenticate='Digest realm="test", '
                        'nonce="n", qop="auth", algorithm=MD5')
            return
        what = rule(self.command)
        if what and what[0] == 'status':
            retry = {'Retry_After': what[2]} if len(what) > 2 else {}
            self.answer(int(what[1]), b'secret words of the server', **retry)
        elif what and what[0] == 'body':
            self.answer(207, open(what[1], 'rb').read())
        elif what and what[0] == 'conflict':
            self.answer(403, b'<d:error xmlns:d="DAV:" xmlns:c="urn:ietf:params'
                        b':xml:ns:caldav"><c:no-uid-conflict><d:href>/x'
                        b'</d:href></c:no-uid-conflict></d:error>')
        elif what and what[0] == 'location':
            self.answer(301, Location=what[1])
        elif what and what[0] == 'drop':
            self.close_connection = True
        else:
            self.pass_on(body, what)

    def pass_on(self, body, what):
        c = http.client.HTTPConnection(upstream.hostname, upstream.port)
        headers = {k: v for k, v in self.headers.items()
                   if k.lower() not in ('host', 'connection',
                                        'accept-encoding')}
        if digest:
            headers['Authorization'] = 'Basic ' + base64.b64encode(
                digest.encode()).decode()
        c.request(self.command, self.path, body, headers)
        r = c.getresponse()
        data = r.read()
        c.close()
        if what and what[0] == 'lost':
            self.close_connection = True
            return
        more = {'Location': r.headers['Location']} \
            if 'Location' in r.headers else {}
        self.answer(r.status, data, **more)


for method in ('GET', 'PUT', 'PROPFIND', 'REPORT', 'MKCALENDAR', 'MKCOL'):
    setattr(Handler, 'do_' + method, Handler.serve)
server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Handler)
print('http://127.0.0.1:%d' % server.server_port, flush=True)
server.serve_forever()
