/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * Changes of what exists. Only what differs is sent.
 */
#include "apply/update.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "apply/aliases.h"
#include "apply/apply-internal.h"
#include "apply/credentials.h"
#include "apply/entry.h"
#include "apply/handover.h"
#include "apply/other.h"
#include "apply/references.h"
#include "core/alloc.h"
#include "core/json.h"
#include "core/str.h"
#include "jmap/fetch.h"
#include "jmap/member.h"
#include "jmap/seterror.h"

/* The server does not show what it keeps secret: nobody can tell whether it
 * differs, and it stays. */
static bool
is_hidden(const json_t *have, const json_t *want)
{
	return json_is_string(want) && json_is_string(have) &&
	       strcmp(json_string_value(have), "****") == 0;
}

static bool
is_set_of_names(const json_t *v)
{
	const char *key;
	json_t *item;

	json_object_foreach ((json_t *)(uintptr_t)v, key, item)
		if (!json_is_true(item))
			return false;
	return json_object_size(v) != 0;
}

/* Whether the server's value has all that the plan's has; members that the plan
 * leaves out are defaults, but a set is equal or another one. An empty container
 * and an absent one are the same. */
static bool
covers(const json_t *have, const json_t *want)
{
	const char *key;
	json_t *v;

	if (!json_is_object(want))
		return json_equal(have, want) || is_hidden(have, want) ||
		       (have == NULL &&
			   (json_is_null(want) || json_is_false(want)));
	if (!json_is_object(have) ||
	    json_object_size(have) < json_object_size(want) ||
	    (is_set_of_names(want) &&
		json_object_size(have) != json_object_size(want)))
		return false;
	json_object_foreach ((json_t *)(uintptr_t)want, key, v)
		if (!covers(json_object_get(have, key), v))
			return false;
	return true;
}

static bool
is_list(const json_t *v)
{
	const char *key;
	json_t *item;

	json_object_foreach ((json_t *)(uintptr_t)v, key, item)
		if (key[strspn(key, "0123456789")] != '\0' ||
		    !json_is_object(item))
			return false;
	return json_object_size(v) != 0;
}

/* An entry of a list that has all that want has; NULL. */
static const json_t *
list_find(const json_t *list, const json_t *want)
{
	const char *key;
	json_t *item;

	json_object_foreach ((json_t *)(uintptr_t)list, key, item)
		if (covers(item, want))
			return item;
	return NULL;
}

/* Lists (objects with decimal keys) are the same in any order. */
static bool
same_list(const json_t *have, const json_t *want)
{
	const char *key;
	json_t *item;

	if (json_object_size(have) != json_object_size(want))
		return false;
	json_object_foreach ((json_t *)(uintptr_t)want, key, item)
		if (list_find(have, item) == NULL)
			return false;
	return true;
}

/* Sets and lists must have the same members, not only more. */
static bool
same(const json_t *have, const json_t *want)
{
	if (is_list(want))
		return same_list(have, want);
	return covers(have, want) &&
	       (!json_is_object(want) ||
		   json_object_get(want, "@type") != NULL ||
		   json_object_size(have) == json_object_size(want));
}

/* The networks that the plan lets an owner log in from; NULL: it says none. */
static const json_t *
networks_of(const json_t *credentials)
{
	return json_object_get(json_object_get(credentials, "0"), "allowedIps");
}

/* What an upsert matched it by, and what cannot be changed, is not sent. */
static bool
fixed_member(
    const struct apply_job *job, const json_t *members, const char *name)
{
	return strcmp(name, "@type") == 0 ||
	       (apply_unique(job->op->object) &&
		   (strcmp(name, "name") == 0 ||
		       strcmp(name, "domainId") == 0)) ||
	       member_update(members, name) != MEMBER_MUTABLE;
}

static bool
is_matched(const struct apply *a, const struct apply_job *job, const char *name)
{
	const char *label = schema_label(a->schema, job->op->object);
	json_t *v;
	size_t i;

	if (job->op->match_on == NULL)
		return label != NULL && strcmp(label, name) == 0;
	json_array_foreach (job->op->match_on, i, v)
		if (strcmp(json_string_value(v), name) == 0)
			return true;
	return false;
}

bool
update_comparable(
    const struct apply *a, const struct apply_job *job, struct apply_entry *e)
{
	const json_t *body = entry_body(e);
	const json_t *members = schema_members(
	    a->schema, job->op->object, jmap_text(body, "@type"));
	const char *key;
	json_t *v;

	if (credentials_are_missing(a, body))
		return true;
	json_object_foreach ((json_t *)(uintptr_t)body, key, v)
		if (strcmp(key, "credentials") == 0
			? credentials_are_set(a) || networks_of(v) != NULL
			: !fixed_member(job, members, key) &&
			      !is_matched(a, job, key))
			return true;
	return false;
}

/* Aliases: what the plan does not give it goes at the end only, when whoever gets
 * it is there, and in a part of a directory only to another of that part. */
static void
patch_aliases(const struct apply *a, const struct apply_job *job,
    struct apply_entry *e, const json_t *have, json_t *want, json_t *patch)
{
	json_t *drops = aliases_rest(have, want), *both;
	bool keep = job->op->part || a->options->update;

	if (json_object_size(drops) == 0 || !keep) {
		if (!same(have, want))
			(void)json_object_set(patch, "aliases", want);
		json_decref(drops);
		return;
	}
	both = aliases_join(want, drops);
	if (!same(have, both))
		(void)json_object_set(patch, "aliases", both);
	json_decref(both);
	if (a->options->update)
		e->drops = drops;
	else
		json_decref(drops);
}

/* The members of a list in a part of a directory: those that are there stay. */
static void
patch_recipients(const json_t *have, const json_t *want, json_t *patch)
{
	json_t *both = json_object();

	(void)json_object_update(both, (json_t *)(uintptr_t)have);
	(void)json_object_update(both, (json_t *)(uintptr_t)want);
	if (json_object_size(both) == json_object_size(have))
		json_decref(both);
	else
		(void)json_object_set_new(patch, "recipients", both);
}

/* What has to be changed; new. */
static json_t *
make_patch(const struct apply *a, const struct apply_job *job,
    struct apply_entry *e, const json_t *current)
{
	const json_t *body = entry_body(e);
	const json_t *members = schema_members(
	    a->schema, job->op->object, jmap_text(body, "@type"));
	json_t *patch = json_object(), *v;
	const char *key;

	json_object_foreach ((json_t *)(uintptr_t)body, key, v) {
		if (fixed_member(job, members, key))
			continue;
		if (strcmp(key, "credentials") == 0) {
			if (credentials_are_set(a))
				credentials_patch(patch, v,
				    json_object_get(current, "credentials"));
		} else if (strcmp(key, "aliases") == 0 &&
			   handover_concerns(job->op)) {
			patch_aliases(
			    a, job, e, json_object_get(current, key), v, patch);
		} else if (strcmp(key, "recipients") == 0 && job->op->part) {
			patch_recipients(
			    json_object_get(current, key), v, patch);
		} else if (!same(json_object_get(current, key), v))
			(void)json_object_set(patch, key, v);
	}
	return patch;
}

void
update_members(const struct apply *a, struct apply_job *job)
{
	const char *shown = other_member(job->op->object);

	if (shown != NULL)
		fetch_member(&job->fetch, shown);
	for (size_t i = 0; i < job->n; i++) {
		const char *key;
		json_t *v;

		if (credentials_are_missing(a, job->entries[i].body))
			fetch_member(&job->fetch, "credentials");
		json_object_foreach (job->entries[i].body, key, v) {
			/* Of a pointer, what it points into. */
			char *name = xmemdup(key, strcspn(key, "/"));

			fetch_member(&job->fetch, name);
			free(name);
		}
	}
}

/* --- the operation "update" --- */

/* The value that a pointer leads to; NULL if there is none. */
static const json_t *
value_at(const json_t *current, const char *pointer)
{
	while (current != NULL) {
		size_t len = strcspn(pointer, "/");
		char *name = xmemdup(pointer, len);

		current = json_object_get(current, name);
		free(name);
		if (pointer[len] == '\0')
			return current;
		pointer += len + 1;
	}
	return NULL;
}

static bool
is_set(const json_t *v)
{
	return v != NULL && !json_is_null(v);
}

/* The names of what the server has otherwise than the patch says; new. */
static json_t *
unlike(const json_t *value, const json_t *current)
{
	json_t *names = json_array(), *v;
	const char *key;

	json_object_foreach ((json_t *)(uintptr_t)value, key, v) {
		const json_t *have = value_at(current, key);

		if (json_is_null(v) ? is_set(have) : !covers(have, v))
			(void)json_array_append_new(names, json_string(key));
	}
	return names;
}

/* Whether the server has all that the patch says. */
static bool
has_all(const json_t *value, const json_t *current)
{
	json_t *names = unlike(value, current);
	bool all = json_array_size(names) == 0;

	json_decref(names);
	return all;
}

/* Whether all of the members are unset on the server: setting them changes
 * nothing that somebody chose. */
static bool
all_unset(const json_t *value, const json_t *current)
{
	const char *key;
	json_t *v;

	json_object_foreach ((json_t *)(uintptr_t)value, key, v)
		if (is_set(value_at(current, key)))
			return false;
	return true;
}

/* An update of an object that this run did not make: without -u only what is
 * unset is set. */
static void
decide_update(struct apply *a, struct apply_job *job, struct apply_entry *e)
{
	const json_t *current =
	    fetch_found(&job->fetch, job->op->object, e->id);

	if (current == NULL) {
		why_set(&e->why, FAIL_DATA, "it is not there");
		entry_settle(e, APPLY_FAILED, NULL);
	} else if (has_all(e->body, current)) {
		entry_settle(e, APPLY_EXISTS, NULL);
	} else if (!a->options->update && !all_unset(e->body, current)) {
		entry_settle(e, APPLY_EXISTS, NULL);
		e->differs = unlike(e->body, current);
		e->note = xstrdup("it differs from the plan, and is left alone "
				  "(-u changes it)");
	} else if (a->options->dry_run) {
		entry_settle(e, APPLY_PLANNED, NULL);
	} else {
		e->patch = json_incref(e->body);
	}
}

/* --- what exists, and differs --- */

/* The aliases that the plan has and the server lacks, for people and, in patch,
 * to be added alone; a list of aliases or a set of names. */
static void
missing_aliases(struct apply *a, const json_t *have, const json_t *want,
    json_t *patch, struct buf *names, const char *owner)
{
	size_t next = 0;
	const char *key;
	json_t *v;

	json_object_foreach ((json_t *)(uintptr_t)have, key, v)
		if (strtoul(key, NULL, 10) >= next)
			next = strtoul(key, NULL, 10) + 1;
	json_object_foreach ((json_t *)(uintptr_t)want, key, v) {
		const char *name = jmap_text(v, "name");
		const char *domain = jmap_text(v, "domainId");
		char *pointer;

		if (name == NULL ? json_object_get(have, key) != NULL
				 : list_find(have, v) != NULL)
			continue;
		pointer = name == NULL ? xasprintf("aliases/%s", key)
				       : xasprintf("aliases/%zu", next++);
		(void)json_object_set(patch, pointer, v);
		free(pointer);
		if (name != NULL && !a->options->add_aliases)
			aliases_unmet(a, v, owner);
		buf_addf(names, "%s%s", names->len == 0 ? "" : ", ",
		    name == NULL ? key : name);
		if (name != NULL && domain != NULL)
			buf_addf(names, "@%s", domain_name(a, domain));
	}
}

static bool
lacks_only(const json_t *patch)
{
	return json_object_size(patch) == 1 &&
	       json_object_get(patch, "aliases") != NULL;
}

/* Says what of an object that exists is otherwise in the plan. patch: what would
 * have to be changed; lacking: names of aliases. */
static void
note_differences(const struct apply *a, struct apply_entry *e,
    const json_t *patch, const struct buf *lacking)
{
	struct buf note = { 0 };
	const char *key;
	json_t *v;

	json_object_foreach ((json_t *)(uintptr_t)patch, key, v)
		entry_add_differing(e, key);
	if (lacking->len != 0 && a->options->add_aliases)
		buf_addf(&note, "it gets the aliases %s", lacking->data);
	else if (lacking->len != 0)
		buf_addf(&note,
		    "it lacks the aliases %s (--add-aliases adds them)",
		    lacking->data);
	if (lacking->len == 0 || !lacks_only(patch)) {
		buf_adds(&note, note.len == 0 ? "" : "; ");
		buf_adds(&note, "it differs from the plan:");
		json_object_foreach ((json_t *)(uintptr_t)patch, key, v)
			buf_addf(&note, " %s", key);
		buf_adds(&note,
		    ", and is left alone (-u --keep-passwords changes it)");
	}
	entry_add_note(e, note.data);
	buf_free(&note);
}

/* What exists is left alone, but for aliases where they are asked for. */
static void
leave_alone(struct apply *a, struct apply_entry *e, const json_t *patch,
    const json_t *current)
{
	json_t *aliases = json_object();
	struct buf lacking = { 0 };

	missing_aliases(a, json_object_get(current, "aliases"),
	    json_object_get(patch, "aliases"), aliases, &lacking, e->address);
	note_differences(a, e, patch, &lacking);
	if (a->options->add_aliases && json_object_size(aliases) != 0) {
		if (a->options->dry_run) {
			e->status = APPLY_PLANNED;
			e->later = json_incref(aliases);
		} else {
			e->done = false;
			e->patch = json_incref(aliases);
		}
	}
	json_decref(aliases);
	buf_free(&lacking);
}

/* Networks are part of the credential, and stay with it; but they can be read. */
static void
note_networks(
    const struct apply *a, struct apply_entry *e, const json_t *current)
{
	const json_t *want =
	    networks_of(json_object_get(entry_body(e), "credentials"));
	const json_t *have = json_object_get(current, "credentials");
	const char *key = credentials_password(have);

	if (credentials_are_set(a) || want == NULL || key == NULL ||
	    same(json_object_get(json_object_get(have, key), "allowedIps"),
		want))
		return;
	entry_add_differing(e, "allowedIps");
	entry_add_note(e,
	    "the networks that it may log in from differ from the plan, and "
	    "are left alone (-u changes them, with the password)");
}

void
update_decide(struct apply *a, struct apply_job *job, struct apply_entry *e)
{
	const json_t *current;
	json_t *patch;

	if (job->op->type == OP_UPDATE) {
		if (e->made)
			e->patch = json_incref(e->body);
		else
			decide_update(a, job, e);
		return;
	}
	current = fetch_found(&job->fetch, job->op->object, e->id);
	if (current == NULL || other_is(job->op->object, e, current))
		return;
	credentials_note(a, e, current);
	note_networks(a, e, current);
	patch = make_patch(a, job, e, current);
	if (json_object_size(patch) == 0) {
		json_decref(patch);
	} else if (!a->options->update) {
		leave_alone(a, e, patch, current);
		json_decref(patch);
	} else if (a->options->dry_run) {
		e->status = APPLY_PLANNED;
		e->later = patch;
	} else {
		e->done = false;
		e->patch = patch;
	}
}

/* --- sending --- */

bool
update_fill(struct apply *a, struct apply_job *job, size_t *n)
{
	enum {
		FRAME = 256
	};
	char *method = xasprintf("x:%s/set", job->op->object);
	struct buf args = { 0 };

	*n = 0;
	buf_adds(&args, "{\"update\":{");
	for (size_t i = 0; i < job->n && *n < job->max; i++) {
		const struct apply_entry *e = &job->entries[i];
		char *text;

		if (e->patch == NULL)
			continue;
		text = json_dumps(e->patch, JSON_COMPACT);
		if (*n != 0 &&
		    args.len + strlen(text) + FRAME > a->jmap->max_size) {
			free_secret(text);
			break;
		}
		jw_key(&args, e->id);
		buf_adds(&args, text);
		free_secret(text);
		++*n;
	}
	buf_adds(&args, "}}");
	if (*n != 0) {
		jmap_begin(&job->request, JMAP_REGISTRY);
		jmap_add(&job->request, method, args.data);
		job->sent = *n;
	}
	buf_wipe(&args);
	free(method);
	return *n != 0;
}

static bool
is_taken(const json_t *error)
{
	const char *type = jmap_text(error, "type");

	return type != NULL && strcmp(type, "primaryKeyViolation") == 0;
}

/* An address that goes from one object to another is free only when the first
 * has given it up, which may come later in the same request. Each time something
 * else was changed it is worth another try. */
static bool
is_taken_yet(const json_t *error, const json_t *updated)
{
	return is_taken(error) && json_object_size(updated) != 0;
}

void
update_take(struct apply_job *job, const json_t *answer)
{
	const json_t *updated = json_object_get(answer, "updated"),
		     *refused = json_object_get(answer, "notUpdated");
	size_t n = 0;

	for (size_t i = 0; i < job->n && n < job->sent; i++) {
		struct apply_entry *e = &job->entries[i];
		const json_t *error;

		if (e->patch == NULL)
			continue;
		n++;
		error = json_object_get(refused, e->id);
		if (is_taken_yet(error, updated))
			continue;
		if (json_object_get(updated, e->id) != NULL) {
			entry_settle(e, APPLY_UPDATED, NULL);
		} else if (error != NULL) {
			jmap_set_error(error, e->body, &e->why);
			entry_settle(e, APPLY_FAILED, NULL);
			if (is_taken(error) && handover_concerns(job->op)) {
				e->waits = true;
				e->later = json_incref(e->patch);
				json_decref(e->holder);
				e->holder = json_incref(
				    json_object_get(error, "objectId"));
			}
		} else {
			why_set(&e->why, FAIL_DATA,
			    "the server says nothing about it");
			entry_settle(e, APPLY_FAILED, NULL);
		}
		json_decref(e->patch);
		e->patch = NULL;
	}
}
