/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "route/check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/buf.h"
#include "proxy/batch.h"
#include "route/state.h"

static const char *const side_names[] = {
	[SIDE_OLD] = "old",
	[SIDE_NEW] = "new",
	[SIDE_PARTLY] = "partly",
	[SIDE_UNSURE] = "unknown",
};

const char *
route_side_name(enum route_side side)
{
	return side_names[side];
}

bool
route_sides_agree(enum route_side mail, enum route_side login)
{
	return mail != SIDE_PARTLY && mail != SIDE_UNSURE &&
	       (login == SIDE_UNKNOWN || login == mail);
}

static enum route_side
side_of(size_t moved, size_t of)
{
	return moved == 0 ? SIDE_OLD : moved == of ? SIDE_NEW : SIDE_PARTLY;
}

enum route_side
route_mail_side(
    enum rules_sense sense, const struct keyring *keys, const struct owner *w)
{
	size_t moved = 0;

	/* A key says nothing where no rule asks for it. */
	if (sense != RULES_KEYS)
		return sense == RULES_STAY ? SIDE_NEW : SIDE_UNSURE;
	for (size_t i = 0; i < w->addresses.n; i++)
		if (keyring_get(keys, w->addresses.v[i]) != NULL)
			moved++;
	return side_of(moved, w->addresses.n);
}

/* --- the server as a whole --- */

static void
check_rules(const struct route_check *c, const struct route_state *now)
{
	static const struct {
		enum route_finding finding;
		const char *text;
	} says[] = {
		[RULES_NONE] = { ROUTE_WRONG,
		    "the route expression has no rules for split delivery: run "
		    "\"mailroute setup\"" },
		[RULES_PARTLY] = { ROUTE_WRONG,
		    "one of the two rules is missing, or they are in the wrong "
		    "order: run \"mailroute setup\"" },
		[RULES_LATE] = { ROUTE_WRONG,
		    "another rule comes before the two of split delivery, and "
		    "decides first: run \"mailroute setup\"" },
		[RULES_FIRST] = { ROUTE_FINE,
		    "the two rules come before all others" },
	};
	enum rules rules = rules_judge(now->expression);

	if (rules == RULES_FIRST &&
	    keyring_get(&now->marks, ROUTE_MARK_RELOAD) != NULL)
		c->found(c->arg, ROUTE_WRONG, "rules",
		    "the rules are stored, but the server has not loaded them: "
		    "run \"mailroute setup\" again, or restart the server and "
		    "run \"mailroute setup --restarted\"");
	else
		c->found(
		    c->arg, says[rules].finding, "rules", says[rules].text);
}

static void
check_route(const struct route_check *c, const struct route_state *now)
{
	struct buf text = { 0 };

	if (now->relay_id == NULL)
		buf_adds(&text, "there is no route to the old server, and mail "
				"for it fails: run \"mailroute setup\"");
	else
		buf_addf(&text, "mail for the old server goes to %s port %d",
		    now->relay_host, (int)now->relay_port);
	c->found(c->arg, now->relay_id == NULL ? ROUTE_WRONG : ROUTE_FINE,
	    "route", buf_str(&text));
	buf_free(&text);
}

static void
check_domains(const struct route_check *c, const struct route_state *now)
{
	struct buf text = { 0 };
	size_t wrong = 0;

	for (size_t i = 0; i < now->domains.n; i++) {
		const struct route_domain *d = &now->domains.v[i];

		buf_reset(&text);
		if (d->catch_all != NULL)
			buf_addf(&text,
			    "%s has a catch-all (%s), which takes the mail of "
			    "everybody who is not on the new server yet",
			    d->names[0], d->catch_all);
		else if (!d->relays)
			buf_addf(&text,
			    "%s refuses mail for those who are not on the new "
			    "server yet: run \"mailroute setup\"",
			    d->names[0]);
		if (text.len == 0)
			continue;
		wrong++;
		c->found(c->arg, ROUTE_WRONG, "domain", text.data);
	}
	buf_reset(&text);
	buf_addf(
	    &text, "%zu pass on what they do not have", now->domains.n - wrong);
	if (wrong == 0)
		c->found(c->arg, ROUTE_FINE, "domain", text.data);
	buf_free(&text);
}

/* Keys of addresses that nobody has: the server would bounce their mail. */
static void
check_strays(const struct route_check *c, const struct route_state *now,
    const struct owners *o)
{
	struct map used = { 0 };
	struct buf text = { 0 };
	const char *key;
	size_t at = 0;
	void *id;

	for (size_t i = 0; i < o->n; i++)
		for (size_t k = 0; k < o->v[i].addresses.n; k++)
			(void)map_put(&used, o->v[i].addresses.v[k], NULL);
	while (map_next(&now->keys.ids, &at, &key, &id)) {
		if (map_get(&used, key) != NULL)
			continue;
		buf_reset(&text);
		buf_addf(&text,
		    "%s has a key, and the new server has nobody with this "
		    "address: it bounces mail for it. Run \"mailroute unset "
		    "%s\"",
		    key, key);
		c->found(c->arg, ROUTE_WRONG, "key", text.data);
	}
	map_free(&used);
	buf_free(&text);
}

/* --- one after another --- */

/* The name by which an owner logs in. */
static const char *
login_of(const struct owners *o, size_t i)
{
	const struct owner *w = owners_first(o, &o->v[i]);

	return w->addresses.n == 0 ? w->address : w->addresses.v[0];
}

/* Asks the proxy where the addresses of all owners log in. */
static struct batch_outcome *
ask_proxy(const struct route_check *c, const struct owners *o,
    struct subjects *subjects, struct batch *batch, struct why *why)
{
	struct batch_outcome *outcomes;

	for (size_t i = 0; i < o->n; i++)
		subjects_add_name(subjects, login_of(o, i), NULL, NULL);
	*batch = (struct batch){ .pool = c->proxy,
		.subjects = subjects,
		.task = BATCH_ASK,
		.stop = c->stop };
	outcomes = batch_run(batch, 0, o->n);
	if (!batch_stopped(batch))
		return outcomes;
	(void)why_set(why, FAIL_TEMP, "the proxy could not be asked");
	for (size_t i = 0; i < o->n; i++)
		if (outcomes[i].begun &&
		    outcomes[i].result.why.kind != FAIL_NONE)
			*why = outcomes[i].result.why;
	batch_free(batch, outcomes, 0, o->n);
	return NULL;
}

static enum route_side
login_side(const struct route_check *c, const struct owner *w,
    const struct batch_outcome *outcome)
{
	if (!w->logs_in || outcome == NULL || !outcome->begun ||
	    outcome->result.why.kind != FAIL_NONE || outcome->routes == NULL)
		return SIDE_UNKNOWN;
	return strcmp(buf_str(&outcome->routes[0].destination),
		   c->destination) == 0
		   ? SIDE_NEW
		   : SIDE_OLD;
}

static int
check_owners(const struct route_check *c, const struct route_state *now,
    const struct owners *o, struct why *why)
{
	struct batch_outcome *outcomes = NULL;
	struct subjects subjects = { .shared = true };
	enum rules_sense sense = route_sense(now);
	struct batch batch;

	if (c->proxy != NULL && o->n != 0) {
		outcomes = ask_proxy(c, o, &subjects, &batch, why);
		if (outcomes == NULL) {
			subjects_free(&subjects);
			return -1;
		}
	}
	for (size_t i = 0; i < o->n; i++) {
		const struct owner *w = owners_first(o, &o->v[i]);

		c->owner(c->arg, &o->v[i], &now->keys,
		    route_mail_side(sense, &now->keys, w),
		    login_side(c, w, outcomes == NULL ? NULL : &outcomes[i]));
	}
	if (outcomes != NULL)
		batch_free(&batch, outcomes, 0, o->n);
	subjects_free(&subjects);
	return 0;
}

int
route_check(const struct route_check *c, struct owners *o, struct why *why)
{
	struct route_state now = { 0 };
	bool all = o->n == 0;
	int r = route_state_read(c->jmap, &now, why);

	if (r == 0) {
		check_rules(c, &now);
		check_route(c, &now);
		check_domains(c, &now);
		r = all ? owners_read_all(c->jmap, &now.domains, o, why)
			: owners_find(c->jmap, &now.domains, o, why);
	}
	if (r == 0 && all)
		check_strays(c, &now, o);
	if (r == 0)
		r = check_owners(c, &now, o, why);
	o->domains = NULL;
	route_state_free(&now);
	return r;
}
