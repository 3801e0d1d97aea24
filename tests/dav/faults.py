#!/usr/bin/python3
"""A WebDAV server that fails on demand: passes requests on to a real one.

faults.py UPSTREAM RULES [DIGEST]: prints its URL on the first line. Each line
of the file RULES is "METHOD N WHAT", for the Nth request of that method ("*":
each), N counted anew when the file is written:
    status CODE [SECONDS]   that answer, with Retry-After; not passed on
    lost                    passed on, but the answer never comes
    drop                    the connection ends, nothing is passed on
    hang                    nothing is passed on, no answer; RULES.hanging says so
    body FILE               207, for GET 200, and that file as the answer
    conflict                403, no-uid-conflict
    location URL            301
    hrefs PREFIX            passed on; each href in the answer begins with it
    recode                  passed on; hrefs are spelled in another way
    relative                passed on; hrefs have no slash before them
    omit N                  passed on; the Nth response is left out
    missing N               passed on; the Nth response says 404
    twice                   passed on; each response is there two times
    cut                     passed on; a response with 507 is added
The line "LAYOUT stalwart" makes it look as that server does: the service is at
/dav/cal and /dav/card, to which /.well-known leads, and the root at a web page.
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
import time
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
        if len(words) > 2 and words[0] == method and \
                words[1] in ('*', str(counts[method])):
            return words[2:]
    return None


def as_stalwart(path):
    """A redirect, a status, or where that is upstream."""
    if 'LAYOUT stalwart' not in open(rules_file).read():
        return path, None, None
    if path.startswith('/.well-known/c'):
        place = 'cal' if path.endswith('caldav') else 'card'
        return None, 307, '/dav/' + place
    if path == '/':
        return None, 302, '/account'
    if path == '/account':
        return None, 405, None
    return '/' if path.rstrip('/') in ('/dav/cal', '/dav/card') else path, \
        None, None


def changed(data, what):
    """An answer of the real server as a rule wants it."""
    text = data.decode()
    if what[0] == 'hrefs':
        return re.sub(r'(<(?:\w+:)?href>)/', r'\1%s/' % what[1],
                      text).encode()
    if what[0] == 'relative':
        return re.sub(r'(<(?:\w+:)?href>)/[^<]*/(?=[^<])', r'\1',
                      text).encode()
    if what[0] == 'recode':
        return re.sub(r'(<(?:\w+:)?href>)([^<]*)', lambda m: m[1] + ''.join(
            '%%%02x' % b if b in b'aeiou@' else chr(b)
            for b in urllib.parse.unquote_to_bytes(m[2])), text).encode()
    parts = re.split(r'(<(?:\w+:)?response>.*?</(?:\w+:)?response>)', text,
                     flags=re.S)
    if what[0] == 'twice':
        parts = [p + p if n % 2 else p for n, p in enumerate(parts)]
    elif what[0] == 'cut':
        parts[-1] = '<response xmlns="DAV:"><href>/</href><status>HTTP/1.1 ' \
            '507 Insufficient Storage</status></response>' + parts[-1]
    elif 2 * int(what[1]) - 1 < len(parts):
        n = 2 * int(what[1]) - 1
        href = re.search(r'href>([^<]*)<', parts[n]).group(1)
        parts[n] = '' if what[0] == 'omit' else \
            '<response xmlns="DAV:"><href>%s</href><status>HTTP/1.1 404 ' \
            'Not Found</status></response>' % href
    return ''.join(parts).encode()


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
        self.path, status, to = as_stalwart(self.path)
        if status:
            host = self.headers['Host']
            # As a server does that tells the whole URL.
            where = {'Location': 'http://%s%s' % (host, to)} if to else {}
            self.answer(status, b'<html>a web page</html>', **where)
            return
        what = rule(self.command)
        if what and what[0] == 'status':
            retry = {'Retry_After': what[2]} if len(what) > 2 else {}
            self.answer(int(what[1]), b'secret words of the server', **retry)
        elif what and what[0] == 'body':
            self.answer(200 if self.command == 'GET' else 207,
                        open(what[1], 'rb').read())
        elif what and what[0] == 'conflict':
            self.answer(403, b'<d:error xmlns:d="DAV:" xmlns:c="urn:ietf:params'
                        b':xml:ns:caldav"><c:no-uid-conflict><d:href>/x'
                        b'</d:href></c:no-uid-conflict></d:error>')
        elif what and what[0] == 'location':
            self.answer(301, Location=what[1])
        elif what and what[0] == 'hang':
            open(rules_file + '.hanging', 'w').close()
            time.sleep(1000)
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
        if what and what[0] in ('hrefs', 'omit', 'missing', 'cut', 'twice',
                                'recode', 'relative') and r.status == 207:
            data = changed(data, what)
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
