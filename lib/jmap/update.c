/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * Changes of what exists. Only what differs is sent; a password goes by its
 * pointer, credentials/0/secret, because a whole list of credentials would end
 * the owner's app passwords and API keys.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "jmap/entry.h"

/* Whether the server's value has all that the plan's has; members that the plan
 * leaves out are defaults. An empty container and an absent one are the same.
 */
static bool
covers(const json_t *have, const json_t *want)
{
	const char *key;
	json_t *v;

	if (!json_is_object(want))
		return json_equal(have, want) ||
		       (have == NULL && json_is_null(want));
	if (!json_is_object(have) ||
	    json_object_size(have) < json_object_size(want))
		return false;
	json_object_foreach ((json_t *)(uintptr_t)want, key, v)
		if (!covers(json_object_get(have, key), v))
			return false;
	return true;
}

/* Sets and lists must have the same members, not only more. */
static bool
same(const json_t *have, const json_t *want)
{
	return covers(have, want) &&
	       (!json_is_object(want) ||
		   json_object_get(want, "@type") != NULL ||
		   json_object_size(have) == json_object_size(want));
}

/* The key of the password among the credentials of an account; "0", where a new
 * one goes, if it has none. */
static const char *
password_key(const json_t *credentials)
{
	const char *key;
	json_t *v;

	json_object_foreach ((json_t *)(uintptr_t)credentials, key, v) {
		const char *type =
		    json_string_value(json_object_get(v, "@type"));

		if (type != NULL && strcmp(type, "Password") == 0)
			return key;
	}
	return "0";
}

/* Puts the credentials of the plan into a patch, by pointers. */
static void
patch_credentials(
    json_t *patch, const json_t *credentials, const json_t *current)
{
	static const char *const members[] = { "secret", "otpAuth", "expiresAt",
		"allowedIps" };
	const json_t *first = json_object_get(credentials, "0");
	const char *key = password_key(current);

	for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
		json_t *v = json_object_get(first, members[i]);
		char *pointer;

		if (v == NULL)
			continue;
		pointer = xasprintf("credentials/%s/%s", key, members[i]);
		(void)json_object_set(patch, pointer, v);
		free(pointer);
	}
}

/* What has to be changed; new. */
static json_t *
make_patch(const json_t *body, const json_t *current)
{
	json_t *patch = json_object(), *v;
	const char *key;

	json_object_foreach ((json_t *)(uintptr_t)body, key, v) {
		if (strcmp(key, "@type") == 0 || strcmp(key, "name") == 0 ||
		    strcmp(key, "domainId") == 0)
			continue;
		if (strcmp(key, "credentials") == 0)
			patch_credentials(
			    patch, v, json_object_get(current, "credentials"));
		else if (!same(json_object_get(current, key), v))
			(void)json_object_set(patch, key, v);
	}
	return patch;
}

/* Sends one patch and settles the entry. 0, or -1 and a->why. */
static int
send_patch(struct apply *a, struct entry *e, json_t *patch)
{
	char *method = xasprintf("x:%s/set", a->op->object), *args;
	json_t *call, *answer = NULL;
	const json_t *error;
	struct why why = { 0 };
	enum jmap_status status;

	call = json_pack("{s:{s:O}}", "update", e->id, patch);
	args = json_dumps(call, JSON_COMPACT);
	/* The same patch twice does the same as once. */
	status = jmap_call(a->jmap, method, args, true, &answer, &why);
	error = json_object_get(json_object_get(answer, "notUpdated"), e->id);
	e->done = true;
	if (status != JMAP_OK) {
		entry_fail(e, &why);
		a->why = why;
	} else if (error != NULL) {
		jmap_set_error(error, e->body, &e->why);
		e->status = APPLY_FAILED;
	} else if (json_object_get(json_object_get(answer, "updated"), e->id) ==
		   NULL) {
		why_set(&e->why, FAIL_DATA, "the server says nothing about it");
		e->status = APPLY_FAILED;
	} else {
		e->status = APPLY_UPDATED;
	}
	json_decref(answer);
	json_decref(call);
	free_secret(args);
	free(method);
	return status == JMAP_OK || why.kind == FAIL_DATA ? 0 : -1;
}

/* The members that a body names. The array is new, the names are borrowed. */
static const char **
member_names(const json_t *body)
{
	const char **names = xcalloc(json_object_size(body) + 1, sizeof *names);
	const char *key;
	json_t *v;
	size_t n = 0;

	json_object_foreach ((json_t *)(uintptr_t)body, key, v)
		names[n++] = key;
	return names;
}

static int
update_one(struct apply *a, struct entry *e)
{
	const char **names = member_names(e->body);
	json_t *ids = json_pack("[s]", e->id), *found, *patch;
	int r = -1;

	found = apply_get(a, a->op->object, ids, names);
	if (found != NULL) {
		patch = make_patch(e->body, json_object_get(found, e->id));
		r = 0;
		if (json_object_size(patch) != 0) {
			if (a->options->dry_run)
				e->status = APPLY_PLANNED;
			else
				r = send_patch(a, e, patch);
		}
		json_decref(patch);
	}
	json_decref(found);
	json_decref(ids);
	free(names);
	return r;
}

int
apply_update_existing(struct apply *a)
{
	for (size_t i = 0; i < a->n; i++)
		if (a->entries[i].done &&
		    a->entries[i].status == APPLY_EXISTS &&
		    update_one(a, &a->entries[i]) == -1)
			return -1;
	return 0;
}

/* --- the operation "update" --- */

/* Whether all of the members are unset on the server: setting them changes
 * nothing that somebody chose. */
static bool
all_unset(const json_t *value, const json_t *current)
{
	const char *key;
	json_t *v;

	json_object_foreach ((json_t *)(uintptr_t)value, key, v) {
		const json_t *have = json_object_get(current, key);

		if (strchr(key, '/') != NULL ||
		    (have != NULL && !json_is_null(have)))
			return false;
	}
	return true;
}

/* An object that this run did not make: without -u only what is unset is set.
 */
static int
update_found(struct apply *a, struct entry *e)
{
	const char **names = member_names(e->body);
	json_t *ids = json_pack("[s]", e->id), *found, *current;
	int r = 0;

	found = apply_get(a, a->op->object, ids, names);
	current = json_object_get(found, e->id);
	if (found == NULL) {
		r = -1;
	} else if (current == NULL) {
		why_set(&e->why, FAIL_DATA, "it is not there");
		entry_settle(e, APPLY_FAILED, NULL);
	} else if (same(current, e->body) || covers(current, e->body)) {
		entry_settle(e, APPLY_EXISTS, NULL);
	} else if (!a->options->update && !all_unset(e->body, current)) {
		entry_settle(e, APPLY_EXISTS, NULL);
		e->note = "it differs from the plan, and is left alone (-u "
			  "changes it)";
	} else if (a->options->dry_run) {
		entry_settle(e, APPLY_PLANNED, NULL);
	} else {
		r = send_patch(a, e, e->body);
	}
	json_decref(found);
	json_decref(ids);
	free(names);
	return r;
}

int
apply_update_op(struct apply *a)
{
	const char *id = a->op->id == NULL ? "singleton" : a->op->id;
	const struct known *k = *id == '#' ? apply_known(a, id + 1) : NULL;
	struct entry *e;

	a->entries = grow(a->entries, a->n, &a->cap, sizeof *a->entries);
	e = &a->entries[a->n++];
	*e = (struct entry){ .plan_body = a->op->value,
		.body = json_deep_copy(a->op->value) };
	if (*id != '#') {
		e->id = xstrdup(id);
		return update_found(a, e);
	}
	if (k != NULL && k->name != NULL)
		e->address = xstrdup(k->name);
	if (k == NULL || k->failed) {
		why_set(&e->why, FAIL_DATA, "it refers to %s, which %s", id,
		    k == NULL ? "comes later in the plan" : "failed");
		entry_settle(e, APPLY_FAILED, NULL);
		return 0;
	}
	if (k->id == NULL) { /* dry run */
		entry_settle(e, APPLY_PLANNED, NULL);
		return 0;
	}
	e->id = xstrdup(k->id);
	return k->made ? send_patch(a, e, e->body) : update_found(a, e);
}
