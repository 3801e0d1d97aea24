# SPDX-License-Identifier: ISC
# Access lists of folders F1 to F30 of alice@one.test, and what a Dovecot makes of
# them. In a folder with home/alice/Maildir, the accounts in "records", and "out",
# which dirdump acl wrote:
#
#	acl.py lists SEED		writes random lists
#	acl.py judge CONF [global|all]	each person's rights, as doveadm says: with
#					a list for all folders, that of t/39-acl.t,
#					or one that names everybody
#	acl.py client CONF TSV COUNT	what an IMAP client of each sharee sees
#
# doveadm is the one in PATH.
import imaplib, json, os, random, re, subprocess, sys


def make_lists(seed):
    rnd = random.Random(seed)
    home = "home/alice/Maildir"
    letters = "lrwstipekxa"
    ids = ["user=bob@one.test", "user=carol@one.test", "user=dave@one.test",
           "user=alice@one.test", "user=out@else.test", "group=sales",
           "group=staff", "group=other", "group-override=staff",
           "group-override=sales", "authenticated", "anyone", "owner"]
    for n in range(1, 31):
        name = "F2 x" if n == 29 else "F%d" % n
        folder = home + "/." + name
        os.makedirs(folder + "/cur", exist_ok=True)
        os.makedirs(folder + "/new", exist_ok=True)
        os.makedirs(folder + "/tmp", exist_ok=True)
        lines = []
        for i in rnd.sample(ids, rnd.randint(1, 7)):
            for sign in rnd.choice(["+", "+", "+", "-", "+-", "++", "--"]):
                sign = sign.strip("+")
                rights = "".join(c for c in letters if rnd.random() < 0.5)
                if sign != "-" and rnd.random() < 0.8 and "l" not in rights:
                    rights = "l" + rights
                one = sign + i
                if rnd.random() < 0.2:
                    one = '"%s"' % one
                lines.append(one + (" " + rights if rights else ""))
        with open(folder + "/dovecot-acl", "w") as f:
            f.write("\n".join(lines) + "\n")


def judge(conf, globals_):
    words = dict(lookup="l", read="r", write="w", insert="i", post="p", expunge="e",
                 create="k", delete="x", admin="a")
    words.update({"write-seen": "s", "write-deleted": "t"})
    groups = {"bob": {"sales", "staff"}, "carol": {"staff"}, "dave": set()}
    got = {}
    for line in open("out"):
        r = json.loads(line)
        for s in r.get("shares", []):
            if r["address"] == "alice@one.test":
                got[s["folder"], s["with"]] = s["rights"]
    judged = bad = 0
    for n in range(1, 31):
        name = "F2 x" if n == 29 else "F%d" % n
        path = "home/alice/Maildir/." + name + "/dovecot-acl"
        text = open(path).read() if os.path.exists(path) else ""
        for who in groups:
            named = any(("user=%s@" % who) in l or any(
                re.search(r"group(-override)?=%s\b" % g, l) for g in groups[who])
                for l in text.splitlines())
            if globals_ == "all":
                named = True
            elif globals_:
                named = named or (who == "dave" and name.startswith("F1")) or (
                    who == "bob" and name == "F2 x") or (
                    "staff" in groups[who] and re.fullmatch("F.", name)) or (
                    "sales" in groups[who])
            p = subprocess.run(["doveadm", "-c", conf, "acl", "rights", "-u",
                                who + "@one.test", "shared/alice@one.test/" + name],
                               capture_output=True, text=True)
            mine = got.get((name, who + "@one.test"), "")
            if p.returncode != 0:
                # Without lookup there is nothing to ask for.
                if "l" in mine:
                    bad += 1
                    print(name, who, "refused, and we say", mine)
                continue
            rights = {words[w] for w in p.stdout.split()[1:] if w in words}
            if not named:
                rights = set()
            judged += 1
            if rights != set(mine):
                bad += 1
                print(name, who, "Dovecot:", "".join(sorted(rights)), "we:", mine)
                print(text)
    print(judged, "judged")
    return bad == 0 and judged >= 30


def client(conf, records, least):
    got = {}
    for line in open(records):
        owner, folder, sharee, rights = line.rstrip("\n").split("\t")
        got.setdefault(sharee, {})[owner, folder] = set(rights)
    bad = seen = 0
    for sharee in [json.loads(line)["address"] for line in open("records")]:
        os.environ["USER"] = sharee
        # "doveadm exec imap -u" speaks to this client alone, logged in.
        imap = imaplib.IMAP4_stream("doveadm -c '%s' exec imap -o "
            "'mail_plugins=acl imap_acl' -u %s" % (conf, sharee))
        typ, lines = imap.list('""', '"shared/*"')
        mine = got.get(sharee, {})
        listed = set()
        for line in lines:
            m = line and re.match(rb'\(([^)]*)\) "/" "?(.*?)"?$', line)
            if not m or b"\\Noselect" in m.group(1) or b"\\NonExistent" in m.group(1):
                continue
            owner, _, folder = m.group(2).decode()[len("shared/"):].partition("/")
            folder = re.sub("&([^-]*)-", lambda n: ("+" + n.group(1).replace(",", "/")
                + "-").encode().decode("utf-7"), folder) or "INBOX"
            listed.add((owner, folder))
            typ, answer = imap.myrights(b'"' + m.group(2) + b'"')
            rights = set(answer[0].split()[-1].decode()) - set("cd") if typ == "OK" else set()
            want = mine.get((owner, folder), set())
            lines = "home/alice/Maildir/." + folder + "/dovecot-acl"
            if not want and re.search("anyone|authenticated", open(lines).read()):
                continue # everybody's: no share with a person, and noted
            if rights != want:
                bad += 1
                print(sharee, owner, folder, "client:", "".join(sorted(rights)),
                      "we:", "".join(sorted(want)))
            typ, _ = imap.select(b'"' + m.group(2) + b'"', True)
            if (typ == "OK") != ("r" in want):
                bad += 1
                print(sharee, owner, folder, "SELECT", typ, "we:", want)
            seen += 1
        for owner, folder in sorted(k for k in mine if "l" in mine[k]):
            if (owner, folder) not in listed:
                bad += 1
                print(sharee, "is not shown", owner, folder)
        imap.logout()
    print(seen, "seen")
    return bad == 0 and seen >= int(least)


what, *rest = sys.argv[1:]
if what == "lists":
    make_lists(rest[0])
elif what == "judge":
    sys.exit(not judge(rest[0], "".join(rest[1:])))
else:
    sys.exit(not client(*rest))
