# SPDX-License-Identifier: ISC
# Copyright (c) 2026 The mailferry authors
"""A merge as many people write it: maildir-peer.py SOURCE TARGET."""
import mailbox
import sys

source = mailbox.Maildir(sys.argv[1], factory=None)
target = mailbox.Maildir(sys.argv[2], factory=None)
for name in [None] + source.list_folders():
    here = source if name is None else source.get_folder(name)
    there = target if name is None else target.get_folder(name)
    seen = {m['Message-ID'] for m in there}
    for message in here:
        if message['Message-ID'] not in seen:
            there.add(message)
