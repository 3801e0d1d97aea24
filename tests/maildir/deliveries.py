# SPDX-License-Identifier: ISC
# Copyright (c) 2026 The mailferry authors
"""Plans a merge while mail is delivered into the target without a pause: what is
new there hides nothing that was there before, and holds nothing up.

usage: deliveries.py MESSAGES"""
import os
import subprocess
import sys
import threading

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import maildirs as md  # noqa: E402

COUNT = int(sys.argv[1])
DATA = 'Message-ID: <%s@x>\nFrom: a@x\nSubject: s\n\nb\n'
for root in ('source', 'target'):
    md.make_folder(root)
    for i in range(COUNT):
        md.put(root, '', '%d.%s:2,' % (i, root), (DATA % i).encode())
stop = threading.Event()
delivered = 0


def deliver():
    global delivered
    while not stop.is_set():
        name = '%d.live' % delivered
        with open('target/tmp/' + name, 'w') as f:
            f.write(DATA % name)
        os.rename('target/tmp/' + name, 'target/new/' + name)
        delivered += 1
        stop.wait(0.002)


thread = threading.Thread(target=deliver)
thread.start()
try:
    out = subprocess.check_output(['maildir-merge', '-n', '--state-dir',
                                   'state', 'source', 'target'])
finally:
    stop.set()
    thread.join()
assert out.count(b'"present"') == COUNT, out[:2000]
print('%d delivered meanwhile' % delivered)
