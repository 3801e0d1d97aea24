# SPDX-License-Identifier: ISC
# Copyright (c) 2026 The mailferry authors
"""What an owner has on the stand-in of the new server, beside objects of a plan."""
import base64
import http.client
import json
import re
import urllib.parse

USING = ["urn:ietf:params:jmap:core", "urn:stalwart:jmap",
         "urn:ietf:params:jmap:mail", "urn:ietf:params:jmap:principals"]
READ = ("SieveScript/get", "VacationResponse/get", "Identity/get",
        "Mailbox/get", "x:AppPassword/get")


class Server:
    """As the administrator sees it. tries: of a request that the server does not
    answer as it should."""

    def __init__(self, url, tries=1):
        self.url = urllib.parse.urlparse(url)
        self.tries = tries

    def once(self, method, path, body=None, login="admin:secret"):
        """The status and the body."""
        connection = http.client.HTTPConnection(self.url.hostname,
                                                self.url.port)
        connection.request(method, path, body, {
            "Content-Type": "application/json", "Authorization":
            "Basic " + base64.b64encode(login.encode()).decode()})
        answer = connection.getresponse()
        return answer.status, answer.read()

    def again(self, wanted, *request):
        for left in reversed(range(self.tries)):
            try:
                status, body = self.once(*request)
                if status == 200:
                    return wanted(body)
            except (http.client.HTTPException, OSError, ValueError, KeyError):
                if not left:
                    raise
        raise ValueError(f"{request}: {status}")

    def jmap(self, *calls):
        """The answers to (method, arguments)."""
        body = json.dumps({"using": USING, "methodCalls": [
            [m, a, str(i)] for i, (m, a) in enumerate(calls)]})
        return self.again(
            lambda text: [r[1] for r in json.loads(text)["methodResponses"]],
            "POST", "/jmap/", body)

    def logs_in(self, address, password):
        for left in reversed(range(self.tries)):
            try:
                status = self.once("GET", "/jmap/session",
                                   login=f"{address}:{password}")[0]
                if status < 500:
                    return status == 200
            except (http.client.HTTPException, OSError):
                if not left:
                    raise
        return False

    def look(self, account):
        """What an owner has: {(kind, key): value}, the active script, what runs."""
        scripts, vacation, identities, boxes, passwords = [
            r["list"] for r in self.jmap(
                *[(m, {"accountId": account, "ids": None}) for m in READ])]
        state, active = {}, None
        for s in scripts:
            text = self.again(bytes.decode, "GET",
                              f"/jmap/download/{account}/{s['blobId']}/x")
            if s["name"] != "vacation":
                state["script", s["name"]] = text
            active = s["name"] if s.get("isActive") else active
        v = vacation[0] if vacation else {}
        state["vacation", ""] = {k: v.get(k) for k in ("isEnabled", "subject",
                                                       "textBody")}
        for i in identities:
            state["identity", i["id"]] = {
                "name": i["name"], "email": i["email"],
                "text": i.get("textSignature") or "",
                "reply": [r["email"] for r in i.get("replyTo") or []]}
        for b in boxes:
            for who, rights in (b.get("shareWith") or {}).items():
                for right, has in rights.items():
                    if has:
                        state["share", (b["name"], who, right)] = True
        for p in passwords:
            state["password", p["id"]] = p["description"]
        return state, active, running(state, active)


def running(state, active):
    """The scripts that the active one runs, itself or by including them."""
    text = state.get(("script", active), "")
    if active and re.fullmatch(r"mailferry(-\d+)?", active):
        return re.findall(r'^include .*"(.*)";', text, re.M)
    return [active] if active else []
