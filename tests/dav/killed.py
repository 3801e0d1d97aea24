#!/usr/bin/python3
"""Cuts off davmerge at each of its requests, beside another one.

killed.py SERVER STORE PASSWORD-FILE TREE STEP: SERVER is a Radicale with the user
alice and its files in STORE, TREE what davmerge puts. For each K, and for each way
to end (of these, one in STEP), from an empty server: one davmerge is cut off at
its Kth request while another one runs; the owner changes an object; a last run must
be without a failure. Then every collection and every object is there once, and what
the owner wrote stands.
"""
import os
import re
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..', 'helper'))
from cutting import WAYS, Cutting

server, store, password, tree, step = sys.argv[1:]
proxy = Cutting(server)


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
    proxy.reset(at, way)
    proxy.process = one = start(proxy.url)
    other = start(server)
    out = one.communicate()[0] + other.communicate()[0]
    assert other.returncode == 0, out
    assert one.returncode in (0, 1, 75, -9), out
    proxy.reset()
    path, text = change()
    last = start(proxy.url)
    said = last.communicate()[0]
    assert last.returncode == 0, said
    assert b'"failed"' not in said, said
    there = texts(store + '/collection-root')
    assert sorted((c, u) for c, u, _ in there) == wanted, (there, out, said)
    assert path is None or open(path, newline='').read() == text, path


def main():
    wanted = sorted((c, u) for c, u, _ in texts(tree))
    empty()
    whole = start(proxy.url)
    said = whole.communicate()[0]
    assert whole.returncode == 0, said
    requests = proxy.count
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
