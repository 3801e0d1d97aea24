# SPDX-License-Identifier: ISC
# Access lists of folders F1 to F30 of alice@one.test, and what a Dovecot makes of
# them. In a folder with home/alice/Maildir, the accounts in "records", and "out",
# which dirdump acl wrote:
#
#	acl.py lists SEED [GLOBAL]	writes random lists, and one for all folders
#	acl.py judge CONF [GLOBAL|all]	each person's rights, as doveadm says: with
#					that list for all folders, or with lines
#					that name everybody
#	acl.py client CONF TSV COUNT [GLOBAL]
#					what an IMAP client of each sharee sees
#
# doveadm is the one in PATH.
import imaplib, json, os, random, re, shlex, subprocess, sys

LETTERS = "lrwstipekxa"
IDS = ["user=bob@one.test", "user=carol@one.test", "user=dave@one.test",
       "user=alice@one.test", "user=out@else.test", "group=sales",
       "group=staff", "group=other", "group-override=staff",
       "group-override=sales", "authenticated", "anyone", "owner"]
GROUPS = {"bob": {"sales", "staff"}, "carol": {"staff"}, "dave": set()}
OTHERS = "shared/alice@one.test"
EVERYBODY = {"anyone", "authenticated"}
PATTERNS = ["*", "shared/*", OTHERS + "/*", OTHERS, "shared/*/F1*", "*/F?",
            "*/F1?", OTHERS + "/F2 x", "*F2*", OTHERS[:-1] + "?/F3*", "F*",
            "INBOX", "*/*/F*5", "SHARED/*", "*t"]


def make_rights(rnd, sign):
    rights = "".join(c for c in LETTERS if rnd.random() < 0.5)
    if sign != "-" and rnd.random() < 0.8 and "l" not in rights:
        rights = "l" + rights
    return rights


def make_global(rnd, path):
    with open(path, "w") as f:
        for _ in range(rnd.randint(2, 10)):
            sign = rnd.choice(["", "", "-"])
            f.write('"%s" %s%s %s\n' % (rnd.choice(PATTERNS), sign,
                    rnd.choice(IDS), make_rights(rnd, sign) or "l"))


def make_lists(seed, *paths):
    rnd = random.Random(seed)
    home = "home/alice/Maildir"
    for n in range(1, 31):
        name = "F2 x" if n == 29 else "F%d" % n
        folder = home + "/." + name
        os.makedirs(folder + "/cur", exist_ok=True)
        os.makedirs(folder + "/new", exist_ok=True)
        os.makedirs(folder + "/tmp", exist_ok=True)
        lines = []
        for i in rnd.sample(IDS, rnd.randint(1, 7)):
            for sign in rnd.choice(["+", "+", "+", "-", "+-", "++", "--"]):
                sign = sign.strip("+")
                rights = make_rights(rnd, sign)
                one = sign + i
                if rnd.random() < 0.2:
                    one = '"%s"' % one
                lines.append(one + (" " + rights if rights else ""))
        with open(folder + "/dovecot-acl", "w") as f:
            f.write("\n".join(lines) + "\n")
    for path in paths:
        make_global(rnd, path)


def list_of(folder):
    dot = "" if folder == "INBOX" else "." + folder.replace("/", ".")
    return "home/alice/Maildir/%s/dovecot-acl" % dot


def matches(pattern, name):
    return re.fullmatch("".join({"*": ".*", "?": "."}.get(c, re.escape(c))
                                for c in pattern), name)


def name_of(folder):
    """As others see it."""
    return OTHERS if folder == "INBOX" else OTHERS + "/" + folder


def is_named(who, folder, globals_):
    """Whether a line names the person, alone or by a group: what everybody may
    do is no share with a person. The lines for INBOX, whose name for others is
    the prefix alone, hold where those of the folder say nothing."""
    if globals_ == "all":
        return True
    path = list_of(folder)
    own = [shlex.split(l)[0] for l in open(path)] if os.path.exists(path) else []
    lines = [shlex.split(l) for l in open(globals_)] if globals_ else []
    own += [i for p, i, *_ in lines if matches(p, name_of(folder))]
    if not {i.lstrip("-") for i in own} & about(who):
        own = [i for p, i, *_ in lines if matches(p, OTHERS)]
    return bool({i.lstrip("-") for i in own} & about(who) - EVERYBODY)


def about(who):
    """The identifiers of a person."""
    return EVERYBODY | {"user=%s@one.test" % who} | {
        i + g for g in GROUPS.get(who, ()) for i in ("group=", "group-override=")}


def judge(conf, globals_):
    words = dict(lookup="l", read="r", write="w", insert="i", post="p", expunge="e",
                 create="k", delete="x", admin="a")
    words.update({"write-seen": "s", "write-deleted": "t"})
    got = {}
    for line in open("out"):
        r = json.loads(line)
        for s in r.get("shares", []):
            if r["address"] == "alice@one.test":
                got[s["folder"], s["with"]] = s["rights"]
    judged = bad = 0
    for n in range(1, 31):
        name = "F2 x" if n == 29 else "F%d" % n
        for who in GROUPS:
            p = subprocess.run(["doveadm", "-c", conf, "acl", "rights", "-u",
                                who + "@one.test", OTHERS + "/" + name],
                               capture_output=True, text=True)
            mine = got.get((name, who + "@one.test"), "")
            if p.returncode != 0:
                # Without lookup there is nothing to ask for.
                if "l" in mine:
                    bad += 1
                    print(name, who, "refused, and we say", mine)
                continue
            rights = {words[w] for w in p.stdout.split()[1:] if w in words}
            if not is_named(who, name, globals_):
                rights = set()
            judged += 1
            if rights != set(mine):
                bad += 1
                print(name, who, "Dovecot:", "".join(sorted(rights)), "we:", mine)
    print(judged, "judged")
    return bad == 0 and judged >= 30


def client(conf, records, least, globals_=None):
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
        typ, lines = imap.list('""', '"%s*"' % OTHERS)
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
            if not want and not is_named(sharee.partition("@")[0], folder, globals_):
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
            # Dovecot lists folders with a list of their own.
            if (owner, folder) not in listed and os.path.exists(list_of(folder)):
                bad += 1
                print(sharee, "is not shown", owner, folder)
        imap.logout()
    print(seen, "seen")
    return bad == 0 and seen >= int(least)


what, *rest = sys.argv[1:]
if what == "lists":
    make_lists(*rest)
elif what == "judge":
    sys.exit(not judge(rest[0], "".join(rest[1:])))
else:
    sys.exit(not client(*rest))
