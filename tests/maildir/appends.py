# SPDX-License-Identifier: ISC
# Copyright (c) 2026 The mailferry authors
"""Merges while the messages of the source are delivered into the target one by
one, without a pause: each must be there once, or a second time only if it was
delivered when ours was there already.

usage: appends.py RUNS"""
import collections
import os
import shutil
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import maildirs as md  # noqa: E402

COUNT = 400


def message(number):
    return ('Message-ID: <m%d@example.org>\nFrom: a@example.org\n'
            'Subject: %d\n\nhello\n' % (number, number)).encode()


def deliver(stop):
    for number in range(COUNT):
        name = '17%08d.x' % number
        if stop.is_set():
            break
        path = md.put('target', '', name, message(number), part='tmp')
        os.rename(path, 'target/cur/%s:2,S' % name)
        time.sleep(0.002)


def run():
    for root in ('source', 'target', 'state'):
        shutil.rmtree(root, ignore_errors=True)
    for folder in ('', '.A'):
        md.make_folder('source', folder)
        md.make_folder('target', folder)
    for number in range(COUNT):
        md.put('source', ('', '.A')[number % 2], '%d.s:2,S' % number,
               message(number), number)
    stop = threading.Event()
    client = threading.Thread(target=deliver, args=(stop,))
    client.start()
    result = subprocess.run(
        ['maildir-merge', '-q', '-j', '1', '--state-dir', 'state', 'source',
         'target'], stderr=subprocess.PIPE)
    stop.set()
    client.join()
    assert result.returncode == 0, result.stderr.decode()
    found = collections.defaultdict(list)
    for folder, part, name, _, _, data, _ in md.messages('target'):
        path = os.path.join('target', folder, part, name)
        found[data].append(('.mailferry-' in name, os.stat(path).st_ctime_ns))
    late = 0
    for number in range(COUNT):
        copies = sorted(found.pop(message(number), []))
        if len(copies) == 1:
            continue
        # (theirs, ours)
        assert [c[0] for c in copies] == [False, True], (number, copies)
        assert copies[1][1] <= copies[0][1], '%d: ours came %.4f s later' % (
            number, (copies[1][1] - copies[0][1]) / 1e9)
        late += 1
    assert not found, list(found)
    return late


for _ in range(int(sys.argv[1])):
    print('%d delivered after us' % run())
