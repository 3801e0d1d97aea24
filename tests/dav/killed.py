#!/usr/bin/python3
"""Cuts off davmerge at each of its requests, beside another one.

killed.py SERVER STORE PASSWORD-FILE TREE STEP: SERVER is a Radicale with the user
alice and its files in STORE, TREE what davmerge puts. For each K, and for each way
to end (of these, one in STEP), from an empty server: one davmerge is cut off at
its Kth request while another one runs; the owner changes an object; a last run must
be without a failure. Then every collection and every object is there once, and what
the owner wrote stands.
"""
import http.client
import http.server
import os
import re
import shutil
import subprocess
import sys
import threading
import urllib.parse

server, store, password, tree, step = sys.argv[1:]
upstream = urllib.parse.urlparse(server)
# drop: nothing arrives; lost: the answer does not; kill: as drop, and the program
# is ended; kill-lost: as lost, and so.
WAYS = ('drop', 'lost', 'kill', 'kill-lost')


class State:
    count = 0
    at = None
    way = None
    process = None


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'

    def log_message(self, *args):
        pass

    def serve(self):
        body = self.rfile.read(int(self.headers.get('Content-Length', 0)))
        State.count += 1
        hit = State.count == State.at
        if not hit or 'lost' in State.way:
            c = http.client.HTTPConnection(upstream.hostname, upstream.port)
            c.request(self.command, self.path, body, {
                k: v for k, v in self.headers.items()
                if k.lower() not in ('host', 'connection',
                                     'accept-encoding')})
            r = c.getresponse()
            data = r.read()
            c.close()
        if hit:
            if 'kill' in State.way:
                State.process.kill()
                State.process.wait()
            self.close_connection = True
            return
        self.send_response(r.status)
        if 'Location' in r.headers:
            self.send_header('Location', r.headers['Location'])
        self.send_header('Content-Length', str(len(data)))
        self.end_headers()
        self.wfile.write(data)


for method in ('GET', 'PUT', 'PROPFIND', 'REPORT', 'MKCALENDAR', 'MKCOL'):
    setattr(Handler, 'do_' + method, Handler.serve)
proxy = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Handler)
threading.Thread(target=proxy.serve_forever, daemon=True).start()
through = 'http://127.0.0.1:%d' % proxy.server_port


def start(url):
    return subprocess.Popen(
        ['davmerge', '-q', '--user', 'alice', '--password-file', password,
         url, tree], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


def texts(root):
    """UID and text of each object, by collection."""
    found = []
    for folder, folders, files in os.walk(root):
        folders[:] = [f for f in folders if not f.startswith('.')]
        for name in files:
            if name.endswith(('.ics', '.vcf')):
                path = os.path.join(folder, name)
                text = open(path, newline='').read()
                uid = re.search(r'^UID:(.*?)\r?$', text, re.M).group(1)
                found.append((os.path.basename(folder), uid, path))
    return found


def empty():
    # Radicale holds a lock on a file beside it.
    shutil.rmtree(store + '/collection-root', ignore_errors=True)
    State.count = 0


def change():
    """The owner writes into the first object that is there."""
    for _, _, path in sorted(texts(store + '/collection-root')):
        text = open(path, newline='').read()
        text = re.sub(r'^(SUMMARY|FN):.*?(\r?)$', r'\1:changed\2', text,
                      flags=re.M)
        with open(path, 'w', newline='') as f:
            f.write(text)
        return path, text
    return None, None


def trial(at, way, wanted):
    empty()
    State.at, State.way = at, way
    State.process = one = start(through)
    other = start(server)
    out = one.communicate()[0] + other.communicate()[0]
    assert other.returncode == 0, out
    assert one.returncode in (0, 1, 75, -9), out
    State.at = None
    path, text = change()
    last = start(through)
    said = last.communicate()[0]
    assert last.returncode == 0, said
    assert b'"failed"' not in said, said
    there = texts(store + '/collection-root')
    assert sorted((c, u) for c, u, _ in there) == wanted, (there, out, said)
    assert path is None or open(path, newline='').read() == text, path


def main():
    wanted = sorted((c, u) for c, u, _ in texts(tree))
    empty()
    State.at = None
    whole = start(through)
    said = whole.communicate()[0]
    assert whole.returncode == 0, said
    requests = State.count
    assert requests > 10, requests
    n = 0
    for at in range(1, requests + 1):
        for way in WAYS:
            n += 1
            if n % int(step) != 0:
                continue
            try:
                trial(at, way, wanted)
            except AssertionError as e:
                sys.exit('request %d of %d, %s: %s' % (at, requests, way, e))


main()
