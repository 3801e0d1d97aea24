# SPDX-License-Identifier: ISC
# Copyright (c) 2026 The mailferry authors
"""A proxy before an HTTP server that cuts a program off at one of its requests."""
import http.client
import http.server
import threading
import urllib.parse

# drop: nothing arrives; lost: the answer does not; kill: as drop, and the program
# is ended; kill-lost: as lost, and so.
WAYS = ('drop', 'lost', 'kill', 'kill-lost')
METHODS = ('GET', 'POST', 'PUT', 'DELETE', 'PROPFIND', 'REPORT', 'MKCALENDAR',
           'MKCOL')


class Cutting:
    """url: where it listens. count: the requests so far, of which number at is cut
    in that way; process is the program."""

    def __init__(self, upstream):
        self.upstream = urllib.parse.urlparse(upstream)
        self.process = None
        self.reset()
        handler = type('Handler', (Handler,), {'proxy': self})
        for method in METHODS:
            setattr(handler, 'do_' + method, Handler.serve)
        server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), handler)
        # Programs that end close connections.
        server.handle_error = lambda *_: None
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.url = 'http://127.0.0.1:%d' % server.server_port

    def reset(self, at=None, way='drop'):
        self.count, self.at, self.way = 0, at, way


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'

    def log_message(self, *args):
        pass

    def passed(self, body):
        up = self.proxy.upstream
        c = http.client.HTTPConnection(up.hostname, up.port)
        c.request(self.command, self.path, body, {
            k: v for k, v in self.headers.items()
            if k.lower() not in ('host', 'connection', 'accept-encoding')})
        r = c.getresponse()
        data = r.read().replace(up.netloc.encode(),
                                self.headers['Host'].encode())
        c.close()
        return r, data

    def serve(self):
        body = self.rfile.read(int(self.headers.get('Content-Length', 0)))
        self.proxy.count += 1
        hit = self.proxy.count == self.proxy.at
        if not hit or 'lost' in self.proxy.way:
            r, data = self.passed(body)
        if hit:
            if 'kill' in self.proxy.way:
                self.proxy.process.kill()
                self.proxy.process.wait()
            self.close_connection = True
            return
        self.send_response(r.status)
        for name in ('Location', 'Content-Type'):
            if name in r.headers:
                self.send_header(name, r.headers[name])
        self.send_header('Content-Length', str(len(data)))
        self.end_headers()
        self.wfile.write(data)
