# SPDX-License-Identifier: ISC
# Copyright (c) 2026 The mailferry authors
"""Merges while a folder is renamed to and fro without a pause. Where no two
looks find the same, the merge must add nothing and ask to be run again; where
the machine gave it a moment of rest, every message must be there once."""
import collections
import os
import subprocess
import sys
import threading

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import maildirs as md  # noqa: E402

COMMAND = ['maildir-merge', '-q', '--state-dir', 'state', 'source', 'target']


def message(number):
    return ('Message-ID: <m%d@example.org>\nFrom: a@example.org\n\nhello\n'
            % number).encode()


def copies():
    return collections.Counter(
        data for _, _, _, _, _, data, _ in md.messages('target'))


for root in ('source', 'target'):
    md.make_folder(root)
    md.make_folder(root, '.A')
    for i in range(20 if root == 'source' else 10):
        md.put(root, '.A', '%d.%s:2,S' % (i, root), message(i), i)
before, wanted = copies(), collections.Counter(message(i) for i in range(20))
stop = threading.Event()


def rename():
    while not stop.is_set():
        os.rename('target/.A', 'target/.B')
        os.rename('target/.B', 'target/.A')


thread = threading.Thread(target=rename)
thread.start()
result = subprocess.run(COMMAND, stderr=subprocess.PIPE)
stop.set()
thread.join()
said = result.stderr.decode()
print('exit %d: %s' % (result.returncode, said))
assert result.returncode in (0, 75), result.returncode
if 'without a pause' in said:
    assert result.returncode == 75 and copies() == before, copies()
if result.returncode == 75:
    subprocess.check_call(COMMAND)
assert copies() == wanted, copies()
