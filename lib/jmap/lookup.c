/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* What exists on the server already, and whether it is what the plan means. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/alloc.h"
#include "jmap/entry.h"

static const char *
text(const json_t *v, const char *member)
{
	return json_string_value(json_object_get(v, member));
}

json_t *
apply_get(struct apply *a, const char *object, const json_t *ids,
    const char *const *members)
{
	char *method = xasprintf("x:%s/get", object), *args;
	json_t *found = json_object(), *properties = json_array();
	size_t n = json_array_size(ids), max = a->jmap->max_get;

	for (size_t i = 0; members[i] != NULL; i++)
		(void)json_array_append_new(
		    properties, json_string(members[i]));
	for (size_t from = 0; from < n; from += max) {
		json_t *some = json_array(), *answer = NULL, *item, *call;
		enum jmap_status status;
		size_t i;

		for (i = from; i < n && i < from + max; i++)
			(void)json_array_append(some, json_array_get(ids, i));
		call = json_pack(
		    "{s:o, s:O}", "ids", some, "properties", properties);
		args = json_dumps(call, JSON_COMPACT);
		status =
		    jmap_call(a->jmap, method, args, true, &answer, &a->why);
		free(args);
		json_decref(call);
		if (status != JMAP_OK) {
			json_decref(found);
			found = NULL;
			break;
		}
		json_array_foreach (json_object_get(answer, "list"), i, item)
			if (text(item, "id") != NULL)
				(void)json_object_set(
				    found, text(item, "id"), item);
		json_decref(answer);
	}
	json_decref(properties);
	free(method);
	return found;
}

/* The members that tell one object from another. No more are asked for: some of
 * a domain's are costly to make. */
static const char *const *
members_of(const char *object)
{
	static const char *const domain[] = { "name", NULL };
	static const char *const account[] = { "name", "domainId",
		"emailAddress", "@type", NULL };
	static const char *const list[] = { "name", "domainId", "emailAddress",
		NULL };

	if (strcasecmp(object, "Domain") == 0)
		return domain;
	return strcasecmp(object, "Account") == 0 ? account : list;
}

/* --- who holds a name --- */

/* Whether the object that holds the name is the one that the plan means: its
 * own name, not an alias of it. */
static bool
same_object(const struct apply *a, const struct entry *e,
    const char *holder_type, const json_t *holder)
{
	const char *name = text(e->body, "name"),
		   *domain = text(e->body, "domainId"),
		   *type = text(e->body, "@type");

	if (strcasecmp(holder_type, a->op->object) != 0 || name == NULL ||
	    text(holder, "name") == NULL ||
	    strcmp(text(holder, "name"), name) != 0)
		return false;
	if (domain != NULL &&
	    (text(holder, "domainId") == NULL ||
		strcmp(text(holder, "domainId"), domain) != 0))
		return false;
	return type == NULL || text(holder, "@type") == NULL ||
	       strcmp(text(holder, "@type"), type) == 0;
}

static void
judge_holder(struct apply *a, struct entry *e, const char *type, const char *id,
    const json_t *holder)
{
	const char *name = text(holder, "emailAddress");

	if (name == NULL)
		name = text(holder, "name");
	if (holder != NULL && same_object(a, e, type, holder)) {
		entry_settle(e, APPLY_EXISTS, id);
		return;
	}
	why_set(&e->why, FAIL_DATA,
	    "a name or address of it is taken by the %s %s (id %s)", type,
	    name == NULL ? "?" : name, id);
	entry_settle(e, APPLY_FAILED, NULL);
}

int
apply_judge_holders(struct apply *a, json_t *const *holders)
{
	static const char *const types[] = { "Domain", "Account",
		"MailingList" };
	int r = 0;

	for (size_t t = 0; t < sizeof types / sizeof *types; t++) {
		json_t *ids = json_array(), *found = NULL;

		for (size_t i = 0; i < a->n; i++)
			if (holders[i] != NULL &&
			    strcmp(text(holders[i], "object"), types[t]) == 0)
				(void)json_array_append(
				    ids, json_object_get(holders[i], "id"));
		if (json_array_size(ids) != 0)
			found =
			    apply_get(a, types[t], ids, members_of(types[t]));
		if (json_array_size(ids) != 0 && found == NULL)
			r = -1;
		for (size_t i = 0; found != NULL && i < a->n; i++) {
			const char *id;

			if (holders[i] == NULL ||
			    strcmp(text(holders[i], "object"), types[t]) != 0)
				continue;
			id = text(holders[i], "id");
			judge_holder(a, &a->entries[i], types[t], id,
			    json_object_get(found, id));
		}
		json_decref(found);
		json_decref(ids);
	}
	return r;
}

/* --- dry run --- */

/* A filter that finds an object by its name. Lists can only be found by words
 * of their text. */
static json_t *
name_filter(const struct apply *a, const struct entry *e)
{
	const char *name = text(e->body, "name"),
		   *domain = text(e->body, "domainId");

	if (strcasecmp(a->op->object, "MailingList") == 0)
		return json_pack("{s:s}", "text", name);
	return domain == NULL
		   ? json_pack("{s:s}", "name", name)
		   : json_pack("{s:s, s:s}", "name", name, "domainId", domain);
}

/* The ids that the name finds, into ids. */
static int
find_entry(struct apply *a, const struct entry *e, json_t *ids)
{
	char *method = xasprintf("x:%s/query", a->op->object), *args;
	json_t *call = json_pack("{s:o}", "filter", name_filter(a, e)),
	       *answer = NULL;
	enum jmap_status status;

	args = json_dumps(call, JSON_COMPACT);
	status = jmap_call(a->jmap, method, args, true, &answer, &a->why);
	if (status == JMAP_OK)
		(void)json_array_extend(ids, json_object_get(answer, "ids"));
	json_decref(answer);
	json_decref(call);
	free(args);
	free(method);
	return status == JMAP_OK ? 0 : -1;
}

static int
find_one(struct apply *a, struct entry *e)
{
	const char *domain = text(e->body, "domainId"), *id;
	json_t *ids = json_array(), *found = NULL, *holder;
	int r = 0;

	entry_settle(e, APPLY_PLANNED, NULL);
	/* In a domain that is only planned there is nothing yet. */
	if (text(e->body, "name") == NULL || (domain != NULL && *domain == '#'))
		goto out;
	r = find_entry(a, e, ids);
	if (r == 0 && json_array_size(ids) != 0) {
		found =
		    apply_get(a, a->op->object, ids, members_of(a->op->object));
		if (found == NULL)
			r = -1;
		json_object_foreach (found, id, holder)
			if (same_object(a, e, a->op->object, holder))
				entry_settle(e, APPLY_EXISTS, id);
	}
out:
	json_decref(found);
	json_decref(ids);
	return r;
}

int
apply_find(struct apply *a)
{
	for (size_t i = 0; i < a->n; i++)
		if (!a->entries[i].done && find_one(a, &a->entries[i]) == -1)
			return -1;
	return 0;
}
