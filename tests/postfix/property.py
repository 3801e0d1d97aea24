#!/usr/bin/python3
# SPDX-License-Identifier: ISC
# Copyright (c) 2026 The mailferry authors
"""Random alias tables, read by a running Postfix and by dirdump postfix.

usage: property.py POSTFIX FIRST COUNT [FIXTURES]

POSTFIX is a configuration folder whose Postfix runs and hands everything that
it would deliver to discard(8) (t/postfix.sh). For each seed tables are made, a
message is sent to every address that they are about, and the recipients in the
log must be those that the records lead to. Seeds in FIXTURES, one a line, come
first.
"""
import json
import os
import random
import re
import subprocess
import sys
import time

LOCAL, ORIGIN = "one.test", "one.test"
VIRTUAL = ["v1.test", "v2.test"]
BOXES = ["m1.test", "m2.test"]
NAMES = ["ann", "bob", "first.last", "info", "sales", "x-y", "o'neil"]
SERVED = [LOCAL] + VIRTUAL + BOXES


class Tables:
    """What one seed makes: lines of each table, and addresses to ask for."""

    def __init__(self, seed):
        self.rng = random.Random(seed)
        self.virtual, self.aliases, self.boxes = [], [], []
        self.make()

    def target(self, rank):
        """One target, in one of the forms that people write. Only entries of a
        higher rank are named, so that nothing goes round in circles."""
        rng = self.rng
        local = rng.choice(NAMES)
        domain = rng.choice(["e%d.test" % rng.randrange(3)] * 3 + BOXES)
        if rank < 2 and rng.random() < 0.4:
            domain = LOCAL
        address = "%s@%s" % (local, domain)
        if rng.random() < 0.1 and domain in BOXES:
            address = "%s+tag@%s" % (local, domain)
        forms = [address] * 6 + ["<%s>" % address, "Bob Jones <%s>" % address,
                 "%s (Bob (the) J)" % address, '"Jones, Bob" <%s>' % address,
                 "Team: %s, z@e0.test;" % address, "%s,," % address,
                 '"%s"@%s' % (local, domain), "\\%s" % address]
        if rank < 2:
            forms += [local, "\\" + local, local]
        return rng.choice(forms)

    def targets(self, rank, own=None):
        rng = self.rng
        out = [self.target(rank) for _ in range(rng.choice([1, 1, 1, 2, 3]))]
        if own is not None and rng.random() < 0.4:
            out.append(own)
        return rng.choice([", ", ",", " , "]).join(out)

    def make(self):
        rng = self.rng
        for domain in BOXES:
            for local in rng.sample(NAMES, 3):
                self.boxes.append("%s@%s %s/%s/" % (local, domain, domain, local))
        for domain in VIRTUAL:
            for local in rng.sample(NAMES, rng.randrange(4)):
                key = "%s@%s" % (local, domain)
                self.virtual.append((key, self.targets(0)))
            if rng.random() < 0.3:
                self.virtual.append(("@" + domain, self.target(2)))
        for domain in BOXES:
            for local in rng.sample(NAMES, rng.randrange(3)):
                key = "%s@%s" % (local, domain)
                extern = [t for t in ("w@e1.test", "Bob <v@e2.test>")]
                value = rng.choice(extern)
                if rng.random() < 0.5:
                    value += ", " + key
                self.virtual.append((key, value))
        for local in rng.sample(NAMES, rng.randrange(3)):
            self.virtual.append((local, rng.choice(
                ["u@e1.test", local + ", u@e1.test", "U (u) <u@e2.test>"])))
        for local in rng.sample(NAMES, rng.randrange(4)):
            own = rng.choice([local, "\\" + local])
            self.aliases.append((local, self.targets(2, own)))
        rng.shuffle(self.virtual)

    def nobody(self):
        """Addresses that an entry keeps a copy for, although no table of
        mailboxes has them: the users of the system, whom dirdump postfix does
        not list, and mistakes. They are named, and not carried."""
        boxes = {line.split()[0] for line in self.boxes}
        keys = {k if "@" in k else "%s@%s" % (k, LOCAL)
                for k, _ in self.virtual + self.aliases}
        return keys - boxes

    def asked(self):
        """Every address that a table is about, and some that none is."""
        out = set()
        for key, _ in self.virtual:
            if key.startswith("@"):
                out.add("nobody" + key)
            else:
                out.add(key if "@" in key else "%s@%s" % (key, LOCAL))
        out |= {"%s@%s" % (key, LOCAL) for key, _ in self.aliases}
        out |= {line.split()[0] for line in self.boxes}
        return sorted(out)


def write(path, text):
    with open(path + ".new", "w", encoding="utf-8") as f:
        f.write(text)
    os.rename(path + ".new", path)


def install(pf, tables):
    write(pf + "/virtual", "".join("%s %s\n" % e for e in tables.virtual))
    write(pf + "/aliases", "".join("%s: %s\n" % e for e in tables.aliases))
    write(pf + "/boxes", "".join(line + "\n" for line in tables.boxes))
    for command in (["postalias", "-c", pf, "hash:" + pf + "/aliases"],
                    ["postmap", "-c", pf, "hash:" + pf + "/virtual"],
                    # After "reload" one of the old processes may still look
                    # into the old tables.
                    ["postfix", "-c", pf, "stop"],
                    ["postfix", "-c", pf, "start"]):
        subprocess.run(command, check=True, capture_output=True)


def without_tag(address):
    return re.sub(r"\+tag@", "@", address)


def real(pf, seed, asked):
    """Sends a message to each address; who gets it, by address."""
    log = pf + "/log"
    start = os.path.getsize(log) if os.path.exists(log) else 0
    for i, address in enumerate(asked):
        subprocess.run(["sendmail", "-C", pf, "-i", "-f",
                        "s%d-%d@e9.test" % (seed, i), "--", address],
                       input=b"Subject: x\n\nx\n", check=True)
    got = {}
    for _ in range(1200):
        time.sleep(0.1)
        with open(log, encoding="utf-8") as f:
            f.seek(start)
            text = f.read()
        sender = dict(re.findall(r"qmgr\[\d+\]: (\w+): from=<s%d-(\d+)@" % seed, text))
        left = set(re.findall(r"qmgr\[\d+\]: (\w+): from=<s%d-" % seed, text))
        left -= set(re.findall(r"qmgr\[\d+\]: (\w+): removed", text))
        if len(set(sender.values())) == len(asked) and not left and \
                set(re.findall(r"forwarded as (\w+)", text)) <= set(sender):
            break
    else:
        raise SystemExit("seed %d: Postfix does not finish:\n%s" % (seed, text))
    for i, address in enumerate(asked):
        got[address] = set()
    for program, queue, to in re.findall(
            r"postfix/(\w+)\[\d+\]: (\w+): to=<([^>]*)>", text):
        if program == "discard" and queue in sender:
            to = to.replace('"', "").lower()
            got[asked[int(sender[queue])]].add(without_tag(to))
    return got


class Records:
    """What the records lead to."""

    def __init__(self, text):
        self.entries, self.other, self.boxes = {}, {}, set()
        for line in text.splitlines():
            r = json.loads(line)
            if r["type"] == "account":
                self.boxes.add(r["address"])
                if "forward" in r:
                    own = [r["address"]] if r["keep"] else []
                    self.entries[r["address"]] = r["forward"] + own
            elif r["type"] == "alias":
                self.entries[r["address"]] = r["targets"]
            elif r["type"] == "domain":
                for name in r.get("aliases", []):
                    self.other[name] = r["domain"]

    def leads_to(self, address, seen=()):
        local, domain = address.rsplit("@", 1)
        domain = self.other.get(domain, domain)
        address = "%s@%s" % (local, domain)
        key = address
        if key not in self.entries and address not in self.boxes:
            key = "@" + domain
        if key not in self.entries or address in seen:
            return {address} if domain not in VIRTUAL else set()
        out = set()
        for target in self.entries[key]:
            out |= self.leads_to(target, seen + (address,))
        return out

    def ends_at(self, address):
        """Whom mail for it comes to. An extension stays where there is no such
        mailbox, and the log of Postfix has it cut off here."""
        found = {a.replace('"', "") for a in self.leads_to(address)}
        return {a if without_tag(a) in self.boxes else without_tag(a)
                for a in found}


def check(pf, seed):
    tables = Tables(seed)
    install(pf, tables)
    asked = tables.asked()
    want = real(pf, seed, asked)
    dump = subprocess.run(["dirdump-postfix", "-q", "-c", pf],
                          capture_output=True, encoding="utf-8", check=False)
    records = Records(dump.stdout)
    bad = []
    nobody = tables.nobody()
    for address in asked:
        got = records.ends_at(address) - nobody
        want[address] -= nobody
        if got != want[address]:
            bad.append("%s: Postfix %s, records %s" %
                       (address, sorted(want[address]), sorted(got)))
    if dump.returncode != 0:
        bad.append("dirdump-postfix: %s" % dump.stderr)
    if bad:
        print("seed %d:" % seed)
        print("\n".join(bad))
        for name in ("virtual", "aliases", "boxes"):
            print("--- %s\n%s" % (name, open(pf + "/" + name).read()), end="")
    return not bad


def main():
    pf, first, count = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    seeds = list(range(first, first + count))
    if len(sys.argv) > 4:
        with open(sys.argv[4], encoding="utf-8") as f:
            seeds = [int(s) for s in f if s.strip()] + seeds
    good = [check(pf, seed) for seed in seeds]
    print("%d of %d seeds agree" % (sum(good), len(good)))
    sys.exit(0 if all(good) else 1)


if __name__ == "__main__":
    main()
