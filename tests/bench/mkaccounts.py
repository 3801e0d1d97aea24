#!/usr/bin/python3
"""What dirdump passwd-file and mkaccounts do, as one would write it in Python
for one evening: a passwd-file in, a plan out. It does less: no checks of names
or hashes, no aliases, no report."""

import base64
import json
import re
import sys

STRIP = ("{SHA512-CRYPT}", "{SHA256-CRYPT}", "{BLF-CRYPT}", "{MD5-CRYPT}")
QUOTA = re.compile(r"(?:quota_rule=\*:storage=|quota_storage_size=)(\d+)([KMGT]?)")
UNITS = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}


def secret(text):
    for tag in STRIP:
        if text.startswith(tag):
            return text[len(tag):]
    if text.startswith("{PLAIN-MD5}"):
        digest = bytes.fromhex(text[len("{PLAIN-MD5}"):])
        return "{MD5}" + base64.b64encode(digest).decode()
    return text


def account(line):
    fields = line.rstrip("\n").split(":", 7)
    local, domain = fields[0].lower().split("@")
    entry = {"@type": "User", "name": local, "domainId": "#d-" + domain,
             "credentials": {"0": {"@type": "Password",
                                   "secret": secret(fields[1])}}}
    name = fields[4].split(",")[0]
    if name:
        entry["description"] = name
    quota = QUOTA.search(fields[7]) if len(fields) > 7 else None
    if quota:
        entry["quotas"] = {
            "maxDiskQuota": int(quota[1]) * UNITS[quota[2]]}
    return domain, f"u-{local}-{domain}", entry


def write(kind, match, value):
    line = json.dumps({"@type": "upsert", "object": kind, "matchOn": match,
                       "value": value}, separators=(",", ":"),
                      ensure_ascii=False)
    sys.stdout.write(line + "\n")


domains, accounts = {}, []
with open(sys.argv[1], encoding="utf-8") as users:
    for user in users:
        domain, key, entry = account(user)
        domains["d-" + domain] = {"name": domain}
        accounts.append((key, entry))
write("Domain", ["name"], domains)
for i in range(0, len(accounts), 500):
    write("Account", ["name", "domainId"], dict(accounts[i:i + 500]))
