/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* Whether an object that is there is the one that the plan means. */
#include "apply/lookup.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "apply/entry.h"
#include "apply/handover.h"
#include "core/alloc.h"
#include "jmap/fetch.h"
#include "jmap/member.h"

/* Of a domain no more is asked for: some of its members are costly to make. */
void
lookup_members(struct apply_job *job)
{
	json_t *v;
	size_t i;

	fetch_member(&job->fetch, "name");
	if (strcmp(job->op->object, "Domain") != 0) {
		fetch_member(&job->fetch, "domainId");
		fetch_member(&job->fetch, "emailAddress");
		fetch_member(&job->fetch, "@type");
	}
	json_array_foreach (job->op->match_on, i, v)
		fetch_member(&job->fetch, json_string_value(v));
}

/* A member that the plan gives is the same on the server. */
static bool
agrees(const json_t *body, const json_t *have, const char *member)
{
	const json_t *want = json_object_get(body, member);

	return want == NULL || json_equal(want, json_object_get(have, member));
}

/* Whether the object that holds the name is the one that the plan means: its
 * own name, not an alias of it. */
static bool
same_object(const struct apply_job *job, const struct apply_entry *e,
    const char *type, const json_t *have)
{
	json_t *v;
	size_t i;

	if (have == NULL || strcmp(type, job->op->object) != 0)
		return false;
	json_array_foreach (job->op->match_on, i, v)
		if (!agrees(e->body, have, json_string_value(v)))
			return false;
	return json_object_get(e->body, "name") != NULL &&
	       agrees(e->body, have, "name") &&
	       agrees(e->body, have, "domainId") &&
	       agrees(e->body, have, "@type");
}

static void
say_taken(
    struct apply_entry *e, const char *type, const char *id, const json_t *have)
{
	const char *name = jmap_text(have, "emailAddress");

	if (name == NULL)
		name = jmap_text(have, "name");
	why_set(&e->why, FAIL_DATA,
	    "a name or address of it is taken by the %s %s (id %s)", type,
	    name == NULL ? "?" : name, id);
}

void
lookup_judge(struct apply_job *job, struct apply_entry *e)
{
	const char *type = jmap_text(e->holder, "object"),
		   *id = jmap_text(e->holder, "id");
	const json_t *have = fetch_found(&job->fetch, type, id);

	if (same_object(job, e, type, have)) {
		entry_settle(e, APPLY_EXISTS, id);
		return;
	}
	say_taken(e, type, id, have);
	entry_settle(e, APPLY_FAILED, NULL);
	e->waits = handover_concerns(job->op);
}

void
lookup_holder(struct apply *a, struct apply_entry *e)
{
	const char *type = jmap_text(e->holder, "object"),
		   *id = jmap_text(e->holder, "id");
	struct fetch f = { .wanted = NULL };
	struct why why = { 0 };
	const json_t *have;

	if (type == NULL || id == NULL)
		return;
	fetch_want(&f, type, id);
	fetch_member(&f, "name");
	if (strcmp(type, "Domain") != 0)
		fetch_member(&f, "emailAddress");
	if (fetch_all(a->jmap, &f, &why) == 0 &&
	    (have = fetch_found(&f, type, id)) != NULL)
		say_taken(e, type, id, have);
	fetch_clear(&f);
}

/* --- by name, for a dry run --- */

/* Finds a domain that has the name as its own ("name"), or as another one
 * ("aliases"). 0, or -1 and why. */
static int
find_domain(struct apply *a, struct apply_entry *e, const char *as,
    const char *name, struct why *why)
{
	json_t *answer = NULL;
	const char *id;

	if (e->holder != NULL)
		return 0;
	if (jmap_call_json(a->jmap, "x:Domain/query",
		json_pack("{s:{s:s}}", "filter", as, name), true, &answer,
		why) != JMAP_OK) {
		json_decref(answer);
		return -1;
	}
	id = json_string_value(
	    json_array_get(json_object_get(answer, "ids"), 0));
	if (id != NULL)
		e->holder =
		    json_pack("{s:s, s:s}", "object", "Domain", "id", id);
	json_decref(answer);
	return 0;
}

int
lookup_domain(struct apply *a, struct apply_entry *e, struct why *why)
{
	const char *name = jmap_text(e->body, "name"), *alias;
	int r = name == NULL ? 0 : find_domain(a, e, "aliases", name, why);
	json_t *v;

	json_object_foreach (json_object_get(e->body, "aliases"), alias, v)
		if (r == 0 && json_is_true(v)) {
			r = find_domain(a, e, "name", alias, why);
			if (r == 0)
				r = find_domain(a, e, "aliases", alias, why);
		}
	if (r == -1 || e->holder == NULL)
		return r;
	why_set(&e->why, FAIL_DATA,
	    "a name of it is taken by another domain (id %s)",
	    jmap_text(e->holder, "id"));
	lookup_holder(a, e);
	entry_settle(e, APPLY_FAILED, NULL);
	return 0;
}

/* In a domain that is only planned there is nothing yet. */
static bool
can_exist(const struct apply_entry *e)
{
	const char *domain = jmap_text(e->body, "domainId");

	return !e->done && jmap_text(e->body, "name") != NULL &&
	       (domain == NULL || *domain != '#');
}

void
lookup_fill(struct apply_job *job)
{
	char *query = xasprintf("x:%s/query", job->op->object),
	     *get = xasprintf("x:%s/get", job->op->object);

	jmap_begin(&job->request, JMAP_REGISTRY);
	for (size_t i = 0; i < job->n; i++) {
		const struct apply_entry *e = &job->entries[i];
		char *args;

		if (!can_exist(e))
			continue;
		jmap_add_json(&job->request, query,
		    json_pack("{s:{s:s, s:s*}}", "filter", "name",
			jmap_text(e->body, "name"), "domainId",
			jmap_text(e->body, "domainId")));
		args =
		    xasprintf("{\"#ids\":{\"resultOf\":\"%zu\",\"name\":\"%s\","
			      "\"path\":\"/ids\"},\"properties\":[\"name\","
			      "\"domainId\",\"@type\"]}",
			job->request.calls - 1, query);
		jmap_add(&job->request, get, args);
		free(args);
	}
	if (job->request.calls == 0)
		/* It costs nothing, and the job goes its way. */
		jmap_add(&job->request, get, "{\"ids\":[]}");
	free(query);
	free(get);
}

int
lookup_take(struct apply_job *job, struct why *why)
{
	json_t *answer, *have;
	size_t call = 1, k;

	for (size_t i = 0; i < job->n; i++) {
		struct apply_entry *e = &job->entries[i];

		if (e->done)
			continue;
		if (can_exist(e)) {
			if (jmap_answer(&job->request, call, NULL, &answer,
				why) != JMAP_OK)
				return -1;
			call += 2;
			json_array_foreach (
			    json_object_get(answer, "list"), k, have)
				if (same_object(job, e, job->op->object, have))
					entry_settle(e, APPLY_EXISTS,
					    jmap_text(have, "id"));
		}
		if (!e->done)
			entry_settle(e, APPLY_PLANNED, NULL);
	}
	return 0;
}
