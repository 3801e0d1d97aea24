/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "route/setup.h"
#include "jmap/member.h"

#include <stdlib.h>
#include <string.h>

#include "cli/hostport.h"
#include "core/alloc.h"
#include "core/mask.h"
#include "core/num.h"
#include "core/str.h"
#include "jmap/action.h"
#include "jmap/seterror.h"
#include "route/hold.h"
#include "route/keys.h"
#include "route/owners.h"
#include "route/rules.h"
#include "route/state.h"

enum {
	SMTP_PORT = 25
};

static const char *const status_names[] = {
	[ROUTE_CREATED] = "created",
	[ROUTE_UPDATED] = "updated",
	[ROUTE_DESTROYED] = "destroyed",
	[ROUTE_EXISTS] = "exists",
	[ROUTE_ABSENT] = "absent",
	[ROUTE_PLANNED] = "planned",
	[ROUTE_FAILED] = "failed",
};

const char *
route_status_name(enum route_status s)
{
	return status_names[s];
}

/* --- reports --- */

static void
report(const struct route_setup *s, const char *object, const char *name,
    enum route_status status)
{
	struct route_step step = {
		.object = object, .name = name, .status = status
	};

	if (s->dry_run && status < ROUTE_EXISTS)
		step.status = ROUTE_PLANNED;
	s->step(s->arg, &step);
}

/* Reports what failed, and returns false. */
static bool
failed(const struct route_setup *s, const char *object, const char *name,
    const struct why *why)
{
	struct route_step step = { .object = object,
		.name = name,
		.status = ROUTE_FAILED,
		.why = why };

	s->step(s->arg, &step);
	return false;
}

/* --- one object --- */

/* A set of one object, whose call is {VERB: {KEY: body}} or, for a destroy,
 * {"destroy": [KEY]}; body is used up. 0, or -1 and why. */
static int
set_one(struct jmap *j, const char *object, const char *verb, const char *key,
    json_t *body, struct why *why)
{
	static const char *const errors[] = { "notCreated", "notUpdated",
		"notDestroyed" };
	json_t *call = strcmp(verb, "destroy") == 0
			   ? json_pack("{s:[s]}", verb, key)
			   : json_pack("{s:{s:o}}", verb, key, body);
	char *method = xasprintf("x:%s/set", object);
	json_t *answer = NULL;
	int r = -1;

	if (jmap_call_json(j, method, json_incref(call), false, &answer, why) ==
	    JMAP_OK)
		r = 0;
	for (size_t i = 0; r == 0 && i < 3; i++) {
		const json_t *e =
		    json_object_get(json_object_get(answer, errors[i]), key);

		if (e != NULL) {
			jmap_set_error(e, call, why);
			r = -1;
		}
	}
	json_decref(answer);
	json_decref(call);
	free(method);
	return r;
}

/* Makes a note of ours, or takes it away. */
static int
mark(const struct route_setup *s, const struct keyring *marks, const char *text,
    bool there, struct why *why)
{
	const char *id = keyring_get(marks, text);
	struct key key = { .text = text, .id = id }, *keys[] = { &key };
	struct arena arena = { 0 };

	if ((id != NULL) == there)
		return 0;
	if (there)
		keys_make(s->jmap, ROUTE_MARKS, keys, 1, &arena);
	else
		keys_drop(s->jmap, ROUTE_MARKS, keys, 1, &arena);
	if (key.state == KEY_FAILED)
		*why = *key.why;
	arena_free(&arena);
	return key.state == KEY_FAILED ? -1 : 0;
}

/* --- what counts after a reload of the settings --- */

/* A reload fails as a whole where any setting of the server cannot be
 * resolved, which says nothing of ours. */
static void
explain(const json_t *error, struct why *why)
{
	const char *object =
		       jmap_text(json_object_get(error, "objectId"), "object"),
		   *description = jmap_text(error, "description");
	char *said;

	if (object == NULL)
		return;
	said =
	    xstrdup(description == NULL ? "it does not say why" : description);
	mask_said(said);
	(void)why_set(why, FAIL_DATA,
	    "the rules are stored, and do not count yet: the server does not "
	    "load its settings, because another one, %.60s, fails (%.160s). "
	    "Mend or switch off %.60s and run it again, or restart the server "
	    "and run \"mailroute setup --restarted\"",
	    object, said, object);
	free(said);
}

static bool
reload(const struct route_setup *s, const struct keyring *marks)
{
	struct why why = { 0 };
	json_t *error = NULL;
	int r = 0;

	if (s->dry_run) {
		report(s, "Action", "ReloadSettings", ROUTE_PLANNED);
		return true;
	}
	if (!s->restarted)
		r = jmap_action(s->jmap, "ReloadSettings", &error, &why);
	if (r == -1 && error != NULL)
		explain(error, &why);
	json_decref(error);
	if (r == 0)
		r = mark(s, marks, ROUTE_MARK_RELOAD, false, &why);
	if (r == -1)
		return failed(s, "Action", "ReloadSettings", &why);
	report(s, "Action", "ReloadSettings", ROUTE_UPDATED);
	return true;
}

/* --- setup --- */

static bool
is_same_route(const struct route_setup *s, const struct route_state *now)
{
	return now->relay_id != NULL &&
	       (s->host == NULL || (now->relay_port == s->port &&
				       strcmp(now->relay_host, s->host) == 0));
}

static bool
put_route(const struct route_setup *s, const struct route_state *now)
{
	struct why why = { 0 };
	json_t *body;
	int r = 0;

	if (is_same_route(s, now)) {
		report(s, "MtaRoute", ROUTE_RELAY, ROUTE_EXISTS);
		return true;
	}
	if (now->relay_id != NULL)
		body = json_pack(
		    "{s:s, s:i}", "address", s->host, "port", (int)s->port);
	else
		body = json_pack("{s:s, s:s, s:s, s:i, s:s, s:b, s:b, s:{s:s}}",
		    "@type", "Relay", "name", ROUTE_RELAY, "address", s->host,
		    "port", (int)s->port, "protocol", "smtp", "implicitTls", 0,
		    "allowInvalidCerts", 1, "authSecret", "@type", "None");
	if (s->dry_run)
		json_decref(body);
	else if (now->relay_id != NULL)
		r = set_one(
		    s->jmap, "MtaRoute", "update", now->relay_id, body, &why);
	else
		r = set_one(s->jmap, "MtaRoute", "create", "r", body, &why);
	if (r == -1)
		return failed(s, "MtaRoute", ROUTE_RELAY, &why);
	report(s, "MtaRoute", ROUTE_RELAY,
	    now->relay_id != NULL ? ROUTE_UPDATED : ROUTE_CREATED);
	return true;
}

/* Puts another route expression into the server; it is used up. */
static bool
put_expression(const struct route_setup *s, json_t *expression)
{
	json_t *body = json_pack("{s:o}", "route", expression);
	struct why why = { 0 };
	int r = 0;

	if (s->dry_run)
		json_decref(body);
	else
		r = set_one(s->jmap, "MtaOutboundStrategy", "update",
		    "singleton", body, &why);
	if (r == -1)
		return failed(s, "MtaOutboundStrategy", NULL, &why);
	report(s, "MtaOutboundStrategy", NULL, ROUTE_UPDATED);
	return true;
}

static bool
put_rules(const struct route_setup *s, const struct route_state *now)
{
	if (rules_judge(now->expression) == RULES_FIRST) {
		report(s, "MtaOutboundStrategy", NULL, ROUTE_EXISTS);
		return true;
	}
	return put_expression(s, rules_add(now->expression));
}

static bool
let_relay(const struct route_setup *s, const struct route_state *now,
    const struct route_domain *d, bool on)
{
	char *text = xasprintf(ROUTE_MARK_RELAYING "%s", d->names[0]);
	struct why why = { 0 };
	int r = 0;

	/* The note comes first, and goes last: it never says too little. */
	if (!s->dry_run && on)
		r = mark(s, &now->marks, text, true, &why);
	if (!s->dry_run && r == 0 && d->relays != on)
		r = set_one(s->jmap, "Domain", "update", d->id,
		    json_pack("{s:b}", "allowRelaying", (int)on), &why);
	if (!s->dry_run && r == 0 && !on)
		r = mark(s, &now->marks, text, false, &why);
	free(text);
	if (r == -1)
		return failed(s, "Domain", d->names[0], &why);
	report(s, "Domain", d->names[0], ROUTE_UPDATED);
	return true;
}

/* A catch-all takes the mail of all who are not there yet. */
static bool
refuse_catch_all(const struct route_setup *s, const struct route_state *now)
{
	struct why why = { 0 };
	bool ok = true;

	for (size_t i = 0; i < now->domains.n; i++) {
		const struct route_domain *d = &now->domains.v[i];

		if (d->catch_all == NULL)
			continue;
		(void)why_set(&why, FAIL_DATA,
		    "it has a catch-all on the new server (%.200s), which "
		    "would "
		    "take the mail of everybody who is not there yet: take it "
		    "away until the last account has moved",
		    d->catch_all);
		ok = failed(s, "Domain", d->names[0], &why);
	}
	return ok;
}

/* The settings, in force; false where that failed, which is reported. */
static bool
setup_rules(const struct route_setup *s, struct route_state *now)
{
	bool same = is_same_route(s, now) &&
		    rules_judge(now->expression) == RULES_FIRST;
	struct why why = { 0 };

	/* A run that ends before the reload leaves a note of it. */
	if (!same && !s->dry_run &&
	    mark(s, &now->marks, ROUTE_MARK_RELOAD, true, &why) == -1)
		return failed(s, "MemoryLookupKey", ROUTE_MARK_RELOAD, &why);
	if (!same && !s->dry_run &&
	    keyring_read(s->jmap, ROUTE_MARKS, &now->marks, &why) == -1)
		return failed(s, "MemoryLookupKey", ROUTE_MARK_RELOAD, &why);
	if (!put_route(s, now) || !put_rules(s, now))
		return false;
	if (same && keyring_get(&now->marks, ROUTE_MARK_RELOAD) == NULL)
		return true;
	return reload(s, &now->marks);
}

int
route_setup_host(struct route_setup *s, char *text, struct why *why)
{
	struct host_port old;

	if (host_port_parse(text, &old, why) == -1)
		return -1;
	if (is_loopback(old.host))
		return why_set(why, FAIL_FATAL,
		    "%s: the server never relays to itself: name the old "
		    "server by an address that it has in the network",
		    old.host);
	s->host = old.host;
	s->port = old.port == 0 ? SMTP_PORT : old.port;
	return 0;
}

int
route_setup(const struct route_setup *s, struct why *why)
{
	struct route_state now = { 0 };
	int r = route_state_read(s->jmap, &now, why);

	if (r == 0 && s->host == NULL && now.relay_id == NULL)
		r = why_set(why, FAIL_FATAL,
		    "the server has no route to the old one yet: name it with "
		    "--old");
	/* Relaying comes last: before the rules are in force, the server would
	 * bounce what it takes for those whom it does not have. */
	if (r == 0 && refuse_catch_all(s, &now) && setup_rules(s, &now))
		for (size_t i = 0; i < now.domains.n; i++) {
			const struct route_domain *d = &now.domains.v[i];

			if (d->relays)
				report(s, "Domain", d->names[0], ROUTE_EXISTS);
			else
				(void)let_relay(s, &now, d, true);
		}
	route_state_free(&now);
	return r;
}

/* --- teardown --- */

/* How many accounts and groups have an address without a key. A list has no
 * mailbox: its members count. */
static int
count_unmoved(const struct route_setup *s, const struct route_state *now,
    size_t *n, struct why *why)
{
	struct owners all = { 0 };
	int r = owners_read_all(s->jmap, &now->domains, &all, why);

	*n = 0;
	for (size_t i = 0; r == 0 && i < all.n; i++) {
		const struct owner *w = &all.v[i];
		bool moved = true;

		for (size_t k = 0; k < w->addresses.n; k++)
			moved = moved && keyring_get(&now->keys,
					     w->addresses.v[k]) != NULL;
		if (!moved && strcmp(w->object, "Account") == 0)
			++*n;
	}
	owners_free(&all);
	return r;
}

/* Takes away all keys of a namespace. */
static bool
drop_keys(const struct route_setup *s, const char *name, struct keyring *ring)
{
	size_t n = 0, at = 0;
	struct key *v = xcalloc(ring->ids.n + 1, sizeof *v), **keys;
	struct arena arena = { 0 };
	const struct why *why = NULL;
	void *id;

	keys = xcalloc(ring->ids.n + 1, sizeof *keys);
	while (map_next(&ring->ids, &at, &v[n].text, &id)) {
		v[n].id = id;
		keys[n] = &v[n];
		n++;
	}
	if (!s->dry_run && n != 0)
		keys_drop(s->jmap, name, keys, n, &arena);
	for (size_t i = 0; i < n; i++)
		if (v[i].state == KEY_FAILED)
			why = v[i].why;
	if (why != NULL)
		(void)failed(s, "MemoryLookupKey", name, why);
	else
		report(s, "MemoryLookupKey", name,
		    n == 0 ? ROUTE_ABSENT : ROUTE_DESTROYED);
	free(keys);
	free(v);
	arena_free(&arena);
	return why == NULL;
}

/* Runs that are at work on accounts, by their notes: they would turn mail after the
 * rules are gone. One that was killed left its note. 0, or -1 and why. */
static int
refuse_held(const struct route_setup *s, bool *held, struct why *why)
{
	struct keyring ring = { 0 };
	struct why refused = { 0 };
	size_t at = 0;
	const char *text;
	void *id;
	int r = keyring_read(s->jmap, ROUTE_HOLDS, &ring, why);

	*held = r == 0 && map_next(&ring.ids, &at, &text, &id);
	if (*held) {
		const char *domain = strchr(text, '@');
		const char *who = domain == NULL ? NULL : strchr(domain, '=');
		int len = who == NULL ? (int)strlen(text) : (int)(who - text);

		(void)why_set(&refused, FAIL_DATA,
		    "a run is at work on an account, or was killed at it "
		    "(%zu; one is %.*s, that of %s): wait for it, or, where it "
		    "is no more, \"mailroute release %.*s\"; --force takes "
		    "all such notes away, too",
		    ring.ids.n, len, text,
		    who == NULL ? "nobody knows" : who + 1, len, text);
		(void)failed(s, "MemoryLookupKey", ROUTE_HOLDS, &refused);
	}
	keyring_free(&ring);
	return r;
}

/* With --force: nobody asks for the notes any more. */
static bool
drop_holds(const struct route_setup *s)
{
	struct keyring ring = { 0 };
	struct why why = { 0 };
	bool ok = true;

	if (keyring_read(s->jmap, ROUTE_HOLDS, &ring, &why) == -1)
		ok = failed(s, "MemoryLookupKey", ROUTE_HOLDS, &why);
	else if (ring.ids.n != 0)
		ok = drop_keys(s, ROUTE_HOLDS, &ring);
	keyring_free(&ring);
	return ok;
}

static bool
take_route(const struct route_setup *s, const struct route_state *now)
{
	struct why why = { 0 };

	if (now->relay_id != NULL && !s->dry_run &&
	    set_one(s->jmap, "MtaRoute", "destroy", now->relay_id, NULL,
		&why) == -1)
		return failed(s, "MtaRoute", ROUTE_RELAY, &why);
	report(s, "MtaRoute", ROUTE_RELAY,
	    now->relay_id == NULL ? ROUTE_ABSENT : ROUTE_DESTROYED);
	return true;
}

/* The rules out of force; false where that failed, which is reported. */
static bool
take_rules(const struct route_setup *s, struct route_state *now)
{
	bool none = rules_judge(now->expression) == RULES_NONE;
	struct why why = { 0 };

	if (none && keyring_get(&now->marks, ROUTE_MARK_RELOAD) == NULL) {
		report(s, "MtaOutboundStrategy", NULL, ROUTE_ABSENT);
		return true;
	}
	if (!s->dry_run &&
	    (mark(s, &now->marks, ROUTE_MARK_RELOAD, true, &why) == -1 ||
		keyring_read(s->jmap, ROUTE_MARKS, &now->marks, &why) == -1))
		return failed(s, "MemoryLookupKey", ROUTE_MARK_RELOAD, &why);
	if (!none && !put_expression(s, rules_remove(now->expression)))
		return false;
	return reload(s, &now->marks);
}

/* All but the rules, which are out of force. */
static bool
take_rest(const struct route_setup *s, struct route_state *now)
{
	struct why why = { 0 };
	bool ok = true;

	for (size_t i = 0; i < now->domains.n; i++) {
		const struct route_domain *d = &now->domains.v[i];
		char *text = xasprintf(ROUTE_MARK_RELAYING "%s", d->names[0]);

		if (keyring_get(&now->marks, text) != NULL)
			ok = let_relay(s, now, d, false) && ok;
		free(text);
	}
	ok = take_route(s, now) && ok;
	/* Notes of what could not be put back stay for the next run. */
	if (!ok || !drop_holds(s) || !drop_keys(s, ROUTE_NAMESPACE, &now->keys))
		return false;
	if (!s->dry_run &&
	    keyring_read(s->jmap, ROUTE_MARKS, &now->marks, &why) == -1)
		return failed(s, "MemoryLookupKey", ROUTE_MARKS, &why);
	if (!drop_keys(s, ROUTE_MARKS, &now->marks))
		return false;
	if (!s->dry_run &&
	    jmap_action(s->jmap, "ReloadLookupStores", NULL, &why) == -1)
		return failed(s, "Action", "ReloadLookupStores", &why);
	return true;
}

int
route_teardown(const struct route_setup *s, struct why *why)
{
	struct route_state now = { 0 };
	struct why refused = { 0 };
	size_t unmoved = 0;
	bool held = false;
	int r = route_state_read(s->jmap, &now, why);

	if (r == 0 && !s->force)
		r = refuse_held(s, &held, why);
	if (r == 0 && !s->force && rules_judge(now.expression) != RULES_NONE)
		r = count_unmoved(s, &now, &unmoved, why);
	if (r == 0 && unmoved != 0) {
		(void)why_set(&refused, FAIL_DATA,
		    "%zu account%s not moved yet, whose mail would stay on the "
		    "new server from now on (\"mailroute check\" names each): "
		    "move first, or use --force",
		    unmoved, plural(unmoved));
		(void)failed(s, "MtaOutboundStrategy", NULL, &refused);
	} else if (r == 0 && !held && take_rules(s, &now)) {
		(void)take_rest(s, &now);
	}
	route_state_free(&now);
	return r;
}
