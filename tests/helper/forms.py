#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""The forms in which a server may repeat a secret. As a program, "forms.py SECRET"
prints what no output may hold, one a line."""
import base64
import html
import json
import sys
import urllib.parse


def encoded(data):
    return base64.b64encode(data.encode()).decode()


def escaped(secret):
    """As itself, and in encodings of its bytes."""
    percent = "".join("%%%02x" % b for b in secret.encode())
    return [secret, json.dumps(secret)[1:-1],
            json.dumps(secret, ensure_ascii=False)[1:-1],
            urllib.parse.quote(secret), urllib.parse.quote(secret, safe=""),
            urllib.parse.quote_plus(secret), percent, html.escape(secret)]


def repeated(secret):
    """What a hostile server says. A short secret is also part of a word."""
    texts = ["you sent"] + escaped(secret)
    for before in "", "admin:", "\0admin\0", "x":
        texts.append(encoded(before + secret))
    if len(secret.encode()) < 8:
        texts.append("x%sx" % secret)
    else:
        texts += ["x%sx" % secret, '"%s"' % secret[:-3]]
    return " ".join(texts)


def within(secret):
    """The digits of base64 that the secret decides, wherever it begins."""
    data = secret.encode()
    for skip in range(3):
        text = base64.b64encode(bytes(skip) + data).decode().rstrip("=")
        yield text[(skip * 8 + 5) // 6:(skip + len(data)) * 8 // 6]


if __name__ == "__main__":
    wanted = set(escaped(sys.argv[1]))
    if len(sys.argv[1].encode()) < 8:
        wanted.add(encoded(sys.argv[1]).rstrip("="))
    else:
        wanted |= set(within(sys.argv[1])) | {sys.argv[1][:-3]}
    print("\n".join(sorted(wanted)))
