#!/usr/bin/python3
# SPDX-License-Identifier: ISC
# Copyright (c) 2026 The mailferry authors
"""Random contacts for Roundcube's tables, and what must become of them.

    contacts.py rows SEED WANT      SQL on standard output, what is wanted in WANT
    contacts.py files WANT FOLDER   compares the files of an owner
    contacts.py server WANT URL USER PASSWORD-FILE    ... what a server answers

A contact of columns alone, or with a vCard as Roundcube writes it; in groups,
deleted or not; with everything in a text that a person can type, and a few things
that programs leave there. The cards are read by python3-vobject.
"""
import base64
import glob
import json
import random
import re
import sys
import urllib.request

import vobject

PIECES = ["Zoë", "Müller", "O'Neil", "a,b", "a;b", "back\\slash", '"q"', "two\nlines",
          "𝕋𝕣𝕖𝕖 🌳", "e\u0301", "tab\there", "x" * 90, "ä" * 60, "🌳" * 30, "漢字", "%s",
          "null", "END:VCARD", "UID:x", "\\n", "a:b", "=C3=A4", "&amp;", "<b>", "-", "1"]


def text(r, most=3):
    return " ".join(r.choice(PIECES) for _ in range(r.randint(1, most)))


def escape(s):
    return s.replace("\\", "\\\\").replace(",", "\\,").replace(";", "\\;").replace("\n", "\\n")


def fold(line, r):
    """As writers do: some at 75 octets, some not at all, some in odd places."""
    if r.random() < 0.4:
        return line
    out, width, at = [], r.choice([20, 60, 74]), 0
    while at < len(line):
        n = 1
        while at + n < len(line) and len(line[at:at + n + 1].encode()) <= width:
            n += 1
        out.append(line[at:at + n])
        at += n
    return "\r\n ".join(out)


def vcard(r, c):
    lines = ["BEGIN:VCARD"]
    if r.random() < 0.9:
        lines.append("VERSION:3.0")
    lines.append("N:%s;%s;;;" % (escape(c["surname"]), escape(c["firstname"])))
    if r.random() < 0.9:
        lines.append("FN:" + escape(c["name"] or "?"))
    if r.random() < 0.5:
        lines.append(r.choice(["UID:", "uid:"]) + c["uid"])
    for e in c["emails"]:
        lines.append("EMAIL;TYPE=INTERNET;TYPE=HOME:" + escape(e))
    if r.random() < 0.5:
        lines.append("NOTE:" + escape(text(r, 8)))
    if r.random() < 0.3:
        lines.append("TEL;TYPE=CELL:+49 1")
    if r.random() < 0.2:
        lines.append("PHOTO;ENCODING=B:" + base64.b64encode(r.randbytes(300)).decode())
    if r.random() < 0.2:
        lines.append("item2.X-ABLABEL:" + escape(text(r)))
    lines.append("END:VCARD")
    end = r.choice(["\r\n", "\n"])
    return end.join(fold(x, r) for x in lines).replace("\r\n ", end + " ") + r.choice(["", end])


def props(card):
    """What a card says, without what may be added."""
    out = []
    for name, values in card.contents.items():
        for v in values:
            if name in ("version", "uid", "categories", "prodid", "rev"):
                continue
            params = sorted((k, sorted(x)) for k, x in v.params.items())
            value = v.value
            if name == "n":
                value = [value.family, value.given]
            elif isinstance(value, bytes):
                value = base64.b64encode(value).decode()
            out.append([name, v.group, params, value])
    return sorted(out, key=repr)


def quote(s):
    return "'" + s.replace("'", "''") + "'"


def rows(seed, want_file):
    r = random.Random(seed)
    want = {}
    print("INSERT INTO users VALUES (1, 'alice@example.org', 'h', '2020-01-02 03:04:05', NULL, NULL, NULL, NULL, '');")
    groups = {}
    for g in range(1, 6):
        groups[g] = (re.sub(r"\n", " ", text(r))[:128], r.random() < 0.2)
        print("INSERT INTO contactgroups VALUES (%d, 1, '2020-01-02 03:04:05', %d, %s);" %
              (g, groups[g][1], quote(groups[g][0])))
    for i in range(1, 61):
        c = {"name": text(r)[:128] if r.random() < 0.8 else "",
             "firstname": text(r)[:128] if r.random() < 0.7 else "",
             "surname": text(r)[:128] if r.random() < 0.7 else "",
             "emails": ["%s%d@example.com" % (r.choice("abc"), r.randint(1, 99)) for _ in range(r.randint(0, 3))],
             "uid": "uid-%d" % r.randint(1, 40)}
        column = r.choice([",", ", "]).join(c["emails"])
        gone = r.random() < 0.15
        card = vcard(r, c) if r.random() < 0.6 else ""
        print("INSERT INTO contacts (contact_id, user_id, changed, del, name, email, firstname, surname, vcard, words)"
              " VALUES (%d, 1, '2020-01-02 03:04:05', %d, %s, %s, %s, %s, %s, '');" %
              (i, gone, quote(c["name"]), quote(column),
               quote(c["firstname"]), quote(c["surname"]), quote(card)))
        mine = [g for g in groups if r.random() < 0.2]
        for g in mine:
            print("INSERT INTO contactgroupmembers VALUES (%d, %d, '2020-01-02 03:04:05');" % (g, i))
        if gone:
            continue
        names = sorted(groups[g][0] for g in mine if not groups[g][1])
        if card:
            said = props(vobject.readOne(card))
        else:
            full = c["name"] or column or c["surname"] or c["firstname"] or "?"
            said = sorted([["fn", None, [], full], ["n", None, [], [c["surname"], c["firstname"]]]] +
                          [["email", None, [["TYPE", ["INTERNET"]]], e] for e in c["emails"]], key=repr)
        if not any(p[0] == "fn" for p in said):
            said.append(["fn", None, [], None])
        want[i] = {"groups": names, "says": json.loads(json.dumps(said))}
    json.dump(want, open(want_file, "w"))


def check(name, raw, want, uids):
    card = vobject.readOne(raw)
    card.validate()
    uid = card.uid.value
    assert uid and uid not in uids, "%s: the UID of another: %s" % (name, uid)
    uids.add(uid)
    groups = sorted(c for line in card.contents.get("categories", []) for c in line.value)
    assert groups == want["groups"], "%s: groups %r, wanted %r" % (name, groups, want["groups"])
    says = json.loads(json.dumps(props(card)))
    says.sort(key=repr)
    wanted = sorted(want["says"], key=repr)
    if ["fn", None, [], None] in wanted:  # made of what there is
        wanted.remove(["fn", None, [], None])
        says = [p for p in says if p[0] != "fn"]
    assert says == wanted, "%s:\n%r\nwanted\n%r" % (name, says, wanted)
    return uid


def files(want_file, folder):
    want, uids, by_uid = json.load(open(want_file)), set(), {}
    found = {re.sub(r".*/(.*)\.vcf", r"\1", n): n for n in glob.glob(folder + "/contacts/*/*.vcf")}
    assert sorted(found) == sorted(want), "files %r, wanted %r" % (sorted(found), sorted(want))
    for i, name in found.items():
        raw = open(name, newline="", encoding="utf-8").read()
        assert raw.count("\n") == raw.count("\r\n") == raw.count("\r"), name
        by_uid[check(name, raw, want[i], uids)] = want[i]
    json.dump(by_uid, open(want_file + ".uids", "w"))


def server(want_file, url, user, password_file):
    want, uids = json.load(open(want_file + ".uids")), set()
    login = "%s:%s" % (user, open(password_file).readline().rstrip("\n"))
    headers = {"Authorization": "Basic " + base64.b64encode(login.encode()).decode()}
    raw = urllib.request.urlopen(urllib.request.Request(url, headers=headers)).read().decode()
    for card in re.findall(r"BEGIN:VCARD\r?\n.*?\r?\nEND:VCARD\r?\n?", raw, re.S):
        uid = vobject.readOne(card).uid.value
        check(uid, card, want[uid], uids)
    assert uids == set(want), sorted(set(want) - uids)


if __name__ == "__main__":
    {"rows": rows, "files": files, "server": server}[sys.argv[1]](*sys.argv[2:])
