# SPDX-License-Identifier: ISC
# Copyright (c) 2026 The mailferry authors
"""Two trees for the measurements: maildir-gen.py TARGET N SOURCE COMMON NEW.

Messages have 5 KB in the mean, the Message-ID about 1.4 KB into a header of
1.6 KB; names carry the right S= and W=."""
import os
import random
import sys

target, n, source, common, new = sys.argv[1:]
n, common, new = int(n), int(common), int(new)
rng = random.Random(1)
FOLDERS = ('', '.Archive', '.Lists.one', '.Sent')
text = ''.join(rng.choice('abcdefghij klmnop qrstu vwxyz\n')
               for _ in range(100000))
received = ''.join('Received: from host%d.example.org by mx.example.org with '
                   'ESMTPS id %d;\n\tMon, 1 Jan 2024 00:00:00 +0000\n' %
                   (i, i) for i in range(12))


def put(root, number, host):
    size = int(rng.expovariate(1 / 3400))
    at = number * 97 % 90000
    data = (received + 'From: Anna <a%d@example.org>\nTo: b@example.org\n'
            'Message-ID: <m%d.%d@mail.example.org>\nDate: Mon, 1 Jan 2024 '
            '00:00:00 +0000\nSubject: message %d\n%s\n%s\n' %
            (number, number, number * 7919, number,
             'X-Pad: %s\n' % ('x' * 60) * 2,
             text[at:at + size])).encode()
    name = '%d.M%dP1.%s,S=%d,W=%d:2,S' % (1600000000 + number, number, host,
                                          len(data),
                                          len(data) + data.count(b'\n'))
    with open(os.path.join(root, FOLDERS[number % 4], 'cur', name),
              'wb') as f:
        f.write(data)


for root in (target, source):
    for folder in FOLDERS:
        for part in ('cur', 'new', 'tmp'):
            os.makedirs(os.path.join(root, folder, part))
for i in range(n):
    state = rng.getstate()
    put(target, i, 'old')
    if i < common:
        rng.setstate(state)
        put(source, i, 'new')
for i in range(n, n + new):
    put(source, i, 'new')
