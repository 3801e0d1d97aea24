# SPDX-License-Identifier: ISC
# Copyright (c) 2026 The mailferry authors
"""Maildir trees for tests, made and read without mailferry's code."""
import os
import re

PARTS = ('cur', 'new', 'tmp')


def make_folder(root, name=''):
    """name: '' the INBOX, else a directory such as '.Sent'."""
    for part in PARTS:
        os.makedirs(os.path.join(root, name, part), exist_ok=True)


def put(root, folder, name, data, mtime=None, part='cur'):
    path = os.path.join(root, folder, part, name)
    with open(path, 'wb') as f:
        f.write(data)
    if mtime is not None:
        os.utime(path, (mtime, mtime))
    return path


def put_keywords(root, folder, names):
    with open(os.path.join(root, folder, 'dovecot-keywords'), 'w') as f:
        for number, name in enumerate(names):
            f.write('%d %s\n' % (number, name))


def keywords(root, folder):
    try:
        with open(os.path.join(root, folder, 'dovecot-keywords')) as f:
            return dict((int(n), k) for n, k in
                        (line.rstrip('\n').split(' ', 1) for line in f))
    except FileNotFoundError:
        return {}


def folders(root):
    found = [''] if os.path.isdir(os.path.join(root, 'cur')) else []
    return found + sorted(d for d in os.listdir(root)
                          if d.startswith('.') and
                          os.path.isdir(os.path.join(root, d, 'cur')))


def nested(root):
    """The folders of a tree with LAYOUT=fs, such as 'A/B'; '' is the INBOX."""
    found = sorted(os.path.relpath(at, root) for at, dirs, _ in os.walk(root)
                   if 'cur' in dirs)
    return ['' if d == '.' else d for d in found]


def messages(root, listed=folders):
    """Yields (folder, part, file name, flags, keyword names, data, mtime)."""
    for folder in listed(root):
        names = keywords(root, folder)
        for part in ('cur', 'new'):
            box = os.path.join(root, folder, part)
            for name in sorted(os.listdir(box)) if os.path.isdir(box) else ():
                path = os.path.join(box, name)
                with open(path, 'rb') as f:
                    data = f.read()
                info = name.rsplit(':2,', 1)[1] if ':2,' in name else ''
                flags = ''.join(c for c in info if c.isupper())
                words = sorted(names.get(ord(c) - 97, '?' + c)
                               for c in info if c.islower())
                yield (folder, part, name, flags, words, data,
                       int(os.stat(path).st_mtime))


def sizes_are_right(name, data):
    """What Dovecot trusts without a look: S= and W= in the name."""
    size = re.search(r',S=(\d+)', name)
    vsize = re.search(r',W=(\d+)', name)
    crlf = len(re.sub(rb'\r?\n', b'\r\n', data))
    return ((size is None or int(size.group(1)) == len(data)) and
            (vsize is None or int(vsize.group(1)) == crlf))
