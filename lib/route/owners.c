/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "route/owners.h"
#include "jmap/member.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/buf.h"
#include "jmap/fetch.h"
#include "record/address.h"

void
owners_free(struct owners *o)
{
	for (size_t i = 0; i < o->n; i++) {
		free(o->v[i].also.v);
		free(o->v[i].addresses.v);
		free(o->v[i].keys.v);
	}
	free(o->v);
	map_free(&o->wanted);
	map_free(&o->found);
	arena_free(&o->texts);
	*o = (struct owners){ 0 };
}

static struct owner *
add(struct owners *o, const char *where, const char *line)
{
	struct owner *w;

	o->v = xgrow(o->v, o->n, &o->cap, sizeof *o->v);
	w = &o->v[o->n++];
	*w = (struct owner){ 0 };
	if (where != NULL)
		w->where = arena_adds(&o->texts, where);
	if (line != NULL)
		w->line = arena_adds(&o->texts, line);
	return w;
}

void
owners_add_address(
    struct owners *o, const char *address, const char *where, const char *line)
{
	struct owner *w = add(o, where, line);
	struct buf b = { 0 };

	if (address_normalise(address, false, &b, &w->why) == -1) {
		buf_reset(&b);
		buf_adds(&b, address);
	}
	w->address = arena_adds(&o->texts, buf_str(&b));
	buf_free(&b);
}

void
owners_add_record(struct owners *o, const struct record *r, const char *where,
    const char *line)
{
	struct owner *w;

	owners_add_address(o, r->address, where, line);
	w = &o->v[o->n - 1];
	for (size_t i = 0; i < r->aliases.n; i++)
		strs_add(&w->also, arena_adds(&o->texts, r->aliases.v[i]));
}

/* --- what the server has --- */

/* "LOCAL@DOMAINID", the name by which the server keeps addresses apart. */
static char *
server_name(const char *local, size_t len, const char *domain)
{
	return xasprintf("%.*s@%s", (int)len, local, domain);
}

/* An address in each name of its domain. */
static void
add_addresses(struct owners *o, struct strs *list, const char *local,
    const char *domain_id)
{
	const struct route_domain *d =
	    route_domain_by_id(o->domains, domain_id);

	for (size_t i = 0; d != NULL && i < d->n; i++) {
		char *address = xasprintf("%s@%s", local, d->names[i]);

		if (!strs_has(list, address))
			strs_add(list, arena_adds(&o->texts, address));
		free(address);
	}
}

/* The number of an owner that is looked for by this name; 0. */
static size_t
wanted(const struct owners *o, const char *local, const char *domain)
{
	char *name = server_name(local, strlen(local), domain);
	void **slot = map_get(&o->wanted, name);

	free(name);
	return slot == NULL ? 0 : (size_t)(uintptr_t)*slot;
}

/* Whether an entry of aliases is an address that gets mail. */
static bool
is_live(const json_t *alias)
{
	return jmap_text(alias, "name") != NULL &&
	       jmap_text(alias, "domainId") != NULL &&
	       !json_is_false(json_object_get(alias, "enabled"));
}

static void
fill(struct owners *o, struct owner *w, const char *object, const json_t *have)
{
	json_t *alias;
	const char *key;
	void **slot;
	char *name = xasprintf("%s/%s", object, jmap_text(have, "id"));
	const char *type = jmap_text(have, "@type");

	w->object = object;
	w->logs_in = type != NULL && strcmp(type, "User") == 0;
	w->id = arena_adds(&o->texts, jmap_text(have, "id"));
	add_addresses(o, &w->addresses, jmap_text(have, "name"),
	    jmap_text(have, "domainId"));
	json_object_foreach (json_object_get(have, "aliases"), key, alias)
		if (is_live(alias))
			add_addresses(o, &w->addresses,
			    jmap_text(alias, "name"),
			    jmap_text(alias, "domainId"));
	slot = map_put_copy(&o->found, &o->texts, name, NULL);
	if (*slot == NULL)
		*slot = (void *)(uintptr_t)(size_t)(w - o->v + 1);
	else
		w->same = (size_t)(uintptr_t)*slot;
	free(name);
}

/* Whoever is looked for by this name, and was not found yet. */
static void
fill_wanted(struct owners *o, const char *local, const char *domain,
    const char *object, const json_t *have)
{
	size_t number = wanted(o, local, domain);

	if (number != 0 && o->v[number - 1].id == NULL)
		fill(o, &o->v[number - 1], object, have);
}

static void
take(struct owners *o, const char *object, const json_t *have)
{
	const char *name = jmap_text(have, "name"),
		   *domain = jmap_text(have, "domainId"), *key;
	json_t *alias;

	if (name == NULL || domain == NULL || jmap_text(have, "id") == NULL)
		return;
	if (o->all) {
		struct owner *w = add(o, NULL, NULL);

		fill(o, w, object, have);
		w->address = w->addresses.n == 0 ? arena_adds(&o->texts, name)
						 : w->addresses.v[0];
		return;
	}
	fill_wanted(o, name, domain, object, have);
	json_object_foreach (json_object_get(have, "aliases"), key, alias)
		if (is_live(alias))
			fill_wanted(o, jmap_text(alias, "name"),
			    jmap_text(alias, "domainId"), object, have);
}

static void
take_account(void *arg, const json_t *have)
{
	take(arg, "Account", have);
}

static void
take_list(void *arg, const json_t *have)
{
	take(arg, "MailingList", have);
}

static const char *const members[] = { "name", "domainId", "aliases", "@type",
	NULL };

static int
read_everybody(struct jmap *j, struct owners *o, struct why *why)
{
	if (fetch_each(j, "Account", NULL, members, take_account, o, why) == -1)
		return -1;
	return fetch_each(j, "MailingList", NULL, members, take_list, o, why);
}

int
owners_read_all(struct jmap *j, const struct route_domains *d, struct owners *o,
    struct why *why)
{
	o->domains = d;
	o->all = true;
	return read_everybody(j, o, why);
}

struct owner *
owners_first(const struct owners *o, struct owner *w)
{
	while (w->same != 0)
		w = &o->v[w->same - 1];
	return w;
}

/* --- those that are asked for --- */

static const struct route_domain *
domain_of(const struct owners *o, const struct owner *w)
{
	return route_domain_named(o->domains, address_domain(w->address));
}

static size_t
local_length(const char *address)
{
	return (size_t)(strrchr(address, '@') - address);
}

/* Puts everybody into the table of names; how many there are to look up. */
static size_t
want_all(struct owners *o)
{
	size_t n = 0;

	for (size_t i = 0; i < o->n; i++) {
		struct owner *w = &o->v[i];
		const struct route_domain *d;
		char *name;
		void **slot;

		if (w->why.kind != FAIL_NONE)
			continue;
		d = domain_of(o, w);
		w->missing = d == NULL;
		if (w->missing) {
			(void)why_set(&w->why, FAIL_DATA,
			    "the new server does not have the domain %s",
			    address_domain(w->address));
			continue;
		}
		name = server_name(w->address, local_length(w->address), d->id);
		slot = map_put_copy(&o->wanted, &o->texts, name, NULL);
		free(name);
		if (*slot != NULL) {
			w->same = (size_t)(uintptr_t)*slot;
			continue;
		}
		*slot = (void *)(uintptr_t)(i + 1);
		n++;
	}
	return n;
}

/* Adds the two calls that look an account up by its name. */
static void
add_lookup(
    struct jmap_request *r, const struct owners *o, const struct owner *w)
{
	char *args;

	jmap_add_json(r, "x:Account/query",
	    json_pack("{s:{s:s%, s:s}}", "filter", "name", w->address,
		local_length(w->address), "domainId", domain_of(o, w)->id));
	args = xasprintf("{\"#ids\":{\"resultOf\":\"%zu\",\"name\":"
			 "\"x:Account/query\",\"path\":\"/ids\"},"
			 "\"properties\":[\"name\",\"domainId\","
			 "\"aliases\",\"@type\"]}",
	    r->calls - 1);
	jmap_add(r, "x:Account/get", args);
	free(args);
}

static int
take_lookups(struct owners *o, const struct jmap_request *r, struct why *why)
{
	json_t *answer, *have;
	size_t k;

	for (size_t i = 1; i < r->calls; i += 2) {
		if (jmap_answer(r, i, "x:Account/get", &answer, why) != JMAP_OK)
			return -1;
		json_array_foreach (json_object_get(answer, "list"), k, have)
			take(o, "Account", have);
	}
	return 0;
}

static bool
is_missing(const struct owner *w)
{
	return w->why.kind == FAIL_NONE && w->same == 0 && w->id == NULL;
}

/* Looks them up by name, some in a request. */
static int
look_up(struct jmap *j, struct owners *o, struct why *why)
{
	struct jmap_request r = { .repeat = true };
	size_t at = 0;
	int result = 0;

	while (result == 0 && at < o->n) {
		jmap_begin(&r, JMAP_REGISTRY);
		for (; at < o->n && r.calls + 2 <= j->max_calls; at++)
			if (is_missing(&o->v[at]))
				add_lookup(&r, o, &o->v[at]);
		if (r.calls == 0)
			break;
		if (jmap_run(j, &r) == JMAP_OK) {
			result = take_lookups(o, &r, why);
		} else {
			*why = r.why;
			result = -1;
		}
	}
	jmap_clear(&r);
	return result;
}

/* How many accounts the server has. */
static int
count_accounts(struct jmap *j, size_t *n, struct why *why)
{
	json_t *answer = NULL;
	int r = -1;

	if (jmap_call(j, "x:Account/query",
		"{\"limit\":1,\"calculateTotal\":true}", true, &answer,
		why) == JMAP_OK) {
		*n = (size_t)json_integer_value(
		    json_object_get(answer, "total"));
		r = 0;
	}
	json_decref(answer);
	return r;
}

static size_t
refuse_missing(struct owners *o, bool mark)
{
	size_t n = 0;

	for (size_t i = 0; i < o->n; i++) {
		if (!is_missing(&o->v[i]))
			continue;
		n++;
		o->v[i].missing = mark;
		if (mark)
			(void)why_set(&o->v[i].why, FAIL_DATA,
			    "the new server has no account, group or list with "
			    "this address: create it first");
	}
	return n;
}

int
owners_find(struct jmap *j, const struct route_domains *d, struct owners *o,
    struct why *why)
{
	enum {
		WORTH = 125 /* a request that looks up 8 costs about as much as
			     * one that reads 1000 */
	};
	size_t n, total = 0;

	o->domains = d;
	n = want_all(o);
	if (n == 0)
		return 0;
	if (count_accounts(j, &total, why) == -1)
		return -1;
	if (n * WORTH < total && look_up(j, o, why) == -1)
		return -1;
	/* What is not an account's own name may be an alias, or a list. */
	if (refuse_missing(o, false) != 0 && read_everybody(j, o, why) == -1)
		return -1;
	(void)refuse_missing(o, true);
	return 0;
}
