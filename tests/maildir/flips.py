# SPDX-License-Identifier: ISC
# Copyright (c) 2026 The mailferry authors
"""Plans merges of messages that the target has, while the flags of all change
again and again: a file that is renamed while its directory is read must not be
missed.

usage: flips.py MESSAGES RUNS"""
import os
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import maildirs as md  # noqa: E402

COUNT, RUNS = int(sys.argv[1]), int(sys.argv[2])
for root in ('source', 'target'):
    md.make_folder(root)
    md.make_folder(root, '.Old')
for i in range(COUNT):
    data = ('Message-ID: <%d@x>\nFrom: a@x\nSubject: s\n\nb\n' % i).encode()
    md.put('source', '', '%d.s:2,' % i, data)
    # In another folder, so that the second look before a delivery into the
    # INBOX cannot make good what the first missed.
    md.put('target', '.Old', '%d.t:2,' % i, data)
stop = threading.Event()
flips = 0


def flip():
    global flips
    box = 'target/.Old/cur/'
    old = new = ''
    while not stop.is_set():
        new = '' if old else 'S'
        for i in range(COUNT):
            os.rename('%s%d.t:2,%s' % (box, i, old),
                      '%s%d.t:2,%s' % (box, i, new))
            flips += 1
            if stop.is_set():
                return
        old = new
        time.sleep(0.05)  # as clients do between two acts


thread = threading.Thread(target=flip)
thread.start()
missed = 0
try:
    for _ in range(RUNS):
        out = subprocess.check_output(['maildir-merge', '-n', '--state-dir',
                                       'state', 'source', 'target'])
        missed += out.count(b'"planned"')
finally:
    stop.set()
    thread.join()
print('%d flips, %d missed in %d runs' % (flips, missed, RUNS))
assert missed == 0 and flips > 0, missed
