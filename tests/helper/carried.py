# SPDX-License-Identifier: ISC
# Copyright (c) 2026 The mailferry authors
"""What a directory says of an owner beside accounts - a forward, a filter, identities,
app passwords - in a model: runs of several machines put it in, each with what it has
kept of its own, and the owner changes it on the stand-in in between."""
import re

OBJECTS = ("SieveScript", "VacationResponse", "Identity", "AppPassword")


class Carried:
    """Of one address. server: an owned.Server; rand decides what there is."""

    def __init__(self, server, rand, address):
        self.server, self.rand, self.address = server, rand, address
        self.account = None
        self.forward = rand.choice([None, f"x{rand.randint(1, 3)}@ext.test"])
        self.filter = rand.random() < .4
        self.names = rand.sample(["N1", "N2"], rand.choice([0, 0, 1, 2]))
        self.passwords = [n for n in ("Phone", "Bär") if rand.random() < .3]
        self.forget()

    def forget(self):
        """There is no such account (any more)."""
        self.held = {}  # (kind, key) -> as the owner has left it; None: removed
        self.chosen = "?"  # the script that the owner has activated; None: none
        self.chose = False  # whether the owner ever has
        self.knows = set()  # machines of which a run has come to its end
        self.cut = set()  # and those of which one was ended before
        self.orphans = set()  # app passwords that a run may not have written down
        self.last = None  # the script that was active after the last run
        self.own_identities, self.dropped = 0, False
        self.gone = {}  # app passwords that were removed; False: they may be back
        self.said = []  # what the last whole run has said of it

    def record(self):
        out = {}
        if self.forward:
            out["forward"], out["keep"] = [self.forward], True
        if self.filter:
            out["scripts"] = [{"name": "main", "active": True,
                               "text": 'require "fileinto";\nfileinto "W";\n'}]
        if self.names:
            out["identities"] = [{"name": n, "address": self.address,
                                  "text": "-- " + n} for n in self.names]
        if self.passwords:
            out["app_passwords"] = [{"name": n} for n in self.passwords]
        return out

    def look(self):
        return self.server.look(self.account)

    # --- runs ---

    def begun(self, machine):
        """A run of the machine begins. What the owner has removed is there again
        after one that does not know that it was there."""
        if machine in self.knows:
            return
        self.held = {k: v for k, v in self.held.items() if v is not None}
        self.gone = dict.fromkeys(self.gone, False)
        if self.chosen is None and not self.forward:
            self.chosen = "?"

    def ended(self, machine, results, whole):
        if whole and any(r["object"] == "Account" and r["address"] == self.address
                         and r["status"] != "failed" for r in results):
            self.knows.add(machine)
        self.said = [r for r in results if r["address"] == self.address and
                     r["object"] in OBJECTS]

    def cut_off(self, machine):
        self.cut.add(machine)
        self.orphans.update(self.passwords)

    # --- the owner ---

    def act(self):
        """The owner does something. What was done, or None."""
        self.done = None
        getattr(self, "do_" + self.rand.choice(
            ["edit", "new", "off", "activate", "rename", "drop", "password"]))(
                *self.look())
        if self.done is None:
            return None
        state, active, _ = self.look()
        for key in self.held:
            self.held[key] = state.get(key)
        return f"{self.address}: {self.done}; active {active}"

    def call(self, method, **arguments):
        """A fault may have done it, or not: what holds is what is there then."""
        for _ in range(3):
            try:
                return self.server.jmap(
                    (method, {"accountId": self.account, **arguments}))[0]
            except (OSError, ValueError):
                continue
        raise ValueError(method)

    def ids(self):
        return {s["name"]: s["id"] for s in
                self.call("SieveScript/get", ids=None)["list"]}

    def write(self, name, text):
        data = [{"data:asText": text}]
        made = self.call("Blob/upload", create={"b": {"data": data}})
        blob = made["created"]["b"]["id"]
        ids = self.ids()
        if name in ids:
            self.call("SieveScript/set", update={ids[name]: {"blobId": blob}})
        else:
            self.call("SieveScript/set", create={
                "s": {"name": name, "blobId": blob}})
        self.held["script", name] = text

    def do_edit(self, state, _active, _runs):
        scripts = [k[1] for k in state if k[0] == "script"]
        if scripts:
            name = self.rand.choice(scripts)
            self.write(name, f"# {self.rand.random()}\r\nkeep;\r\n")
            if name.startswith("mailferry"):  # it runs what the owner says
                self.chosen, self.chose = "?", True
            self.done = "edits " + name

    def do_new(self, _state, _active, _runs):
        self.write("mine", f"# {self.rand.random()}\r\nkeep;\r\n")
        self.call("SieveScript/set", onSuccessActivateScript=self.ids()["mine"])
        self.chosen, self.chose = "mine", True
        self.done = "makes and activates mine"

    def do_off(self, _state, active, _runs):
        if active is None:
            return
        self.call("SieveScript/set", onSuccessDeactivateScript=True)
        self.chosen, self.chose = None, True
        self.done = "switches off " + active

    def do_activate(self, _state, active, _runs):
        ids = {n: i for n, i in self.ids().items() if n != "vacation"}
        if not ids:
            return
        name = self.rand.choice(sorted(ids))
        self.call("SieveScript/set", onSuccessActivateScript=ids[name])
        self.chose = True
        if name == self.last:
            self.chosen = "?"
        elif name != active:
            self.chosen = name
        self.done = "activates " + name

    def do_rename(self, state, _active, _runs):
        some = [k for k in state if k[0] == "identity"]
        if some:
            key = self.rand.choice(some)
            self.mark_own(state[key])
            self.call("Identity/set", update={
                key[1]: {"name": f"Mine {self.rand.random()}"}})
            self.held[key] = None
            self.dropped = True
            self.done = "renames identity " + key[1]

    def do_drop(self, state, _active, _runs):
        some = [k for k in state if k[0] == "identity"]
        if some:
            key = self.rand.choice(some)
            self.call("Identity/set", destroy=[key[1]])
            self.held[key] = None
            self.dropped = True
            self.done = "drops identity " + key[1]

    def mark_own(self, identity):
        if not identity["name"].startswith("Mine"):
            self.own_identities += 1

    def do_password(self, state, _active, _runs):
        some = [k for k in state if k[0] == "password"]
        if some:
            key = self.rand.choice(some)
            self.call("x:AppPassword/set", destroy=[key[1]])
            self.gone[state[key]] = True
            self.done = "ends app password " + state[key]

    # --- the outcome ---

    def wrong(self, kept):
        """What is not as it has to be; kept: the lines of all files of app
        passwords."""
        state, active, runs = self.look()
        bad = []
        for key, value in self.held.items():
            if state.get(key) != value:
                bad.append(f"{key} was {value}, is {state.get(key)}")
        if self.chosen is None and active not in (None, "vacation"):
            bad.append(f"was switched off, and {active} is active")
        if self.chosen not in (None, "?") and self.chosen not in runs + [active]:
            bad.append(f"{self.chosen} was activated, {active} is: {runs}")
        bad += self.wrong_scripts(state, runs)
        bad += self.wrong_identities(state)
        bad += self.wrong_passwords(state, kept)
        self.last = active
        return [f"{self.address}: {b}; it has {state}, active {active}"
                for b in bad]

    def named(self):
        return any(r["object"] == "SieveScript" and (
            r.get("note") or r.get("differs")) for r in self.said)

    def wrong_scripts(self, state, runs):
        """Where the owner has chosen what runs, that is all that has to."""
        for name, wanted in (("forward", self.forward),
                             ("main", self.filter and "fileinto")):
            if not wanted or ("script", name) in self.held:
                continue
            if wanted not in state.get(("script", name), ""):
                yield f"no script {name} with {wanted}"
            elif name not in runs and not self.chose and not (
                    self.cut and self.named()):
                yield f"{name} does not run: {runs}"
        if [k for k in state if k[0] == "script" and
                re.fullmatch(r"(main|forward)-.*", k[1])]:
            yield "a script is there twice"

    def wrong_identities(self, state):
        have = [v["name"] for k, v in state.items() if k[0] == "identity" and
                v["email"] == self.address]
        for name in self.names:
            if have.count(name) > 1 or (name not in have and
                                        not self.dropped):
                yield f"identity {name}: {have.count(name)}"
        if len(have) > max(1, len(self.names)) + self.own_identities:
            yield f"too many identities: {have}"

    def wrong_passwords(self, state, kept):
        have = [v for k, v in state.items() if k[0] == "password"]
        for name in self.passwords:
            if have.count(name) not in {True: [0], False: [0, 1]}.get(
                    self.gone.get(name), [1]):
                yield f"app password {name}: {have.count(name)}"
        for name in have:
            secrets = [k[2] for k in kept if k[:2] == [self.address, name]]
            if any(self.server.logs_in(self.address, s) for s in secrets):
                continue
            if name not in self.orphans:
                yield f"app password {name} is known to nobody"
