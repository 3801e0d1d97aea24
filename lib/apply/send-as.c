/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "apply/send-as.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "apply/apply-internal.h"
#include "apply/entry.h"
#include "core/alloc.h"
#include "core/num.h"
#include "jmap/action.h"
#include "jmap/destroy.h"
#include "jmap/fetch.h"
#include "jmap/member.h"
#include "jmap/seterror.h"
#include "plan/switches.h"

const char *const send_as_words[] = {
	[SEND_AS_LEAVE] = "leave",
	[SEND_AS_ADD] = "add",
	[SEND_AS_REMOVE] = "remove",
};

/* Who logged in, and the sender in lower case: seen on the running server. */
static const char condition[] =
    "key_exists('" SEND_AS_NAMESPACE "', authenticated_as + ' ' + sender)";

static int
call(struct jmap *j, const char *method, json_t *args, bool repeat,
    json_t **result, struct why *why)
{
	return jmap_call_json(j, method, args, repeat, result, why) == JMAP_OK
		   ? 0
		   : -1;
}

/* --- the expression --- */

static bool
is_ours(const json_t *rule)
{
	const char *s = jmap_text(rule, "if");

	return s != NULL && strcmp(s, condition) == 0;
}

static void
append(json_t *match, json_t *rule)
{
	char number[24];

	(void)snprintf(number, sizeof number, "%zu", json_object_size(match));
	(void)json_object_set_new(match, number, rule);
}

/* The expression with our rule first, or without it; new. Rules are an object
 * with the keys "0", "1" and so on, in any order. *there: it had ours. */
static json_t *
rebuild(const json_t *expression, bool with, bool *there)
{
	json_t *old = json_object_get(expression, "match"),
	       *match = json_object(), *out;

	*there = false;
	if (with)
		append(match,
		    json_pack("{s:s, s:s}", "if", condition, "then", "false"));
	for (size_t i = 0, seen = 0; seen < json_object_size(old); i++) {
		char number[24];
		json_t *rule;

		(void)snprintf(number, sizeof number, "%zu", i);
		rule = json_object_get(old, number);
		/* No list has a gap as wide as this. */
		if (rule == NULL && i > 100 + json_object_size(old))
			break;
		if (rule == NULL)
			continue;
		seen++;
		if (is_ours(rule))
			*there = true;
		else
			append(match, json_incref(rule));
	}
	out = json_is_object(expression)
		  ? json_copy((json_t *)(uintptr_t)expression)
		  : json_pack("{s:s}", "else", "true");
	(void)json_object_set_new(out, "match", match);
	return out;
}

static int
write_expression(struct jmap *j, json_t *expression, struct why *why)
{
	json_t *answer = NULL, *refused;
	int r = call(j, "x:MtaStageAuth/set",
	    json_pack("{s:{s:{s:O}}}", "update", "singleton", "mustMatchSender",
		expression),
	    true, &answer, why);

	refused =
	    json_object_get(json_object_get(answer, "notUpdated"), "singleton");
	if (r == 0 && refused != NULL) {
		jmap_set_error(refused, NULL, why);
		r = -1;
	}
	json_decref(answer);
	return r;
}

/* The expression as it is to be, new, or NULL and why. *there: it has our rule. */
static json_t *
read_expression(struct jmap *j, bool with, bool *there, struct why *why)
{
	json_t *answer = NULL, *wanted = NULL;

	if (call(j, "x:MtaStageAuth/get",
		json_pack("{s:[s], s:[s]}", "ids", "singleton", "properties",
		    "mustMatchSender"),
		true, &answer, why) == 0)
		wanted = rebuild(
		    json_object_get(
			json_array_get(json_object_get(answer, "list"), 0),
			"mustMatchSender"),
		    with, there);
	json_decref(answer);
	return wanted;
}

/* --- the keys --- */

/* Some of the keys of a namespace, as an array of ids; new, or NULL and why. */
static json_t *
some_keys(struct jmap *j, const char *namespace, struct why *why)
{
	json_t *answer = NULL, *ids;

	if (call(j, "x:MemoryLookupKey/query",
		json_pack("{s:{s:s}, s:i}", "filter", "namespace", namespace,
		    "limit", (int)j->max_set),
		true, &answer, why) == -1)
		return NULL;
	ids = json_incref(json_object_get(answer, "ids"));
	json_decref(answer);
	return ids;
}

static size_t
count_gone(const json_t *ids, const json_t *answer)
{
	size_t n = 0, i;
	json_t *id;

	json_array_foreach (ids, i, id)
		n += jmap_is_gone(answer, json_string_value(id));
	return n;
}

/* All of them. A round that takes none away is the last. */
static int
drop_keys(struct jmap *j, const char *namespace, bool dry_run, bool *changed,
    struct why *why)
{
	for (;;) {
		json_t *ids = some_keys(j, namespace, why), *answer;
		size_t gone;

		if (ids == NULL)
			return -1;
		if (json_array_size(ids) == 0 || dry_run) {
			*changed = *changed || json_array_size(ids) != 0;
			json_decref(ids);
			return 0;
		}
		answer = jmap_destroy(j, "MemoryLookupKey", ids, why);
		gone = answer == NULL ? 0 : count_gone(ids, answer);
		json_decref(ids);
		json_decref(answer);
		if (answer == NULL)
			return -1;
		if (gone == 0)
			return why_set(why, FAIL_DATA,
			    "the keys of who may send as whom cannot be taken "
			    "away");
		*changed = true;
	}
}

/* --- in force --- */

/* A key that nothing asks for is there from before the rule is written until the
 * server has loaded it: a run that was killed, or refused, leaves the note. */
#define UNLOADED_NAMESPACE "mailferry-send-as"
#define UNLOADED_KEY "reload"

static int
is_unloaded(struct jmap *j, bool *unloaded, struct why *why)
{
	json_t *ids = some_keys(j, UNLOADED_NAMESPACE, why);

	*unloaded = json_array_size(ids) != 0;
	json_decref(ids);
	return ids == NULL ? -1 : 0;
}

static int
note_unloaded(struct jmap *j, struct why *why)
{
	json_t *answer = NULL, *refused;
	const char *type;
	int r = call(j, "x:MemoryLookupKey/set",
	    json_pack("{s:{s:{s:s, s:s, s:b}}}", "create", "k", "namespace",
		UNLOADED_NAMESPACE, "key", UNLOADED_KEY, "isGlobPattern", 0),
	    true, &answer, why);

	refused = json_object_get(json_object_get(answer, "notCreated"), "k");
	type = jmap_text(refused, "type");
	if (r == 0 && refused != NULL &&
	    (type == NULL || strcmp(type, "primaryKeyViolation") != 0)) {
		jmap_set_error(refused, NULL, why);
		r = -1;
	}
	json_decref(answer);
	return r;
}

/* The server loads all of its settings or none, and refuses where something of
 * its own is wrong, such as a name that cannot be resolved. No run can mend that:
 * any failure is for a person. */
static int
load_settings(struct jmap *j, struct why *why)
{
	struct why reason = { 0 };

	if (jmap_action(j, "ReloadSettings", NULL, &reason) == 0)
		return 0;
	return why_set(why, FAIL_DATA,
	    "the rule is written, but the server does not load its settings: "
	    "restart it, and run it again with --restarted (%s)",
	    reason.text);
}

/* Writes what is not as it is to be. */
static int
write_rule(struct jmap *j, json_t *wanted, bool unloaded, struct why *why)
{
	if (!unloaded && note_unloaded(j, why) == -1)
		return -1;
	return write_expression(j, wanted, why);
}

int
apply_send_as(struct jmap *j, const struct send_as_call *c,
    enum apply_status *status, struct why *why)
{
	bool with = c->what == SEND_AS_ADD, there, unloaded, changed,
	     gone = false;
	json_t *wanted = read_expression(j, with, &there, why);
	int r = wanted == NULL ? -1 : is_unloaded(j, &unloaded, why);

	if (r == 0 && there != with && !c->dry_run)
		r = write_rule(j, wanted, unloaded, why);
	json_decref(wanted);
	if (r == -1)
		return -1;
	unloaded = unloaded || there != with;
	changed = unloaded;
	if (!with &&
	    drop_keys(j, SEND_AS_NAMESPACE, c->dry_run, &changed, why) == -1)
		return -1;
	*status = !changed     ? APPLY_EXISTS
		  : c->dry_run ? APPLY_PLANNED
			       : APPLY_UPDATED;
	if (c->dry_run)
		return 0;
	if (unloaded && !c->restarted && load_settings(j, why) == -1)
		return -1;
	if (unloaded &&
	    drop_keys(j, UNLOADED_NAMESPACE, false, &gone, why) == -1)
		return -1;
	/* The plan may have brought keys where the rule was there. */
	return jmap_action(j, "ReloadLookupStores", NULL, why);
}

/* --- keys that the directory does not have any more --- */

struct keys {
	json_t *ids, *names;
};
struct rest {
	struct apply *a;
	struct keys others;  /* of accounts that the plan has, or does not */
	struct keys orphans; /* of accounts that this run has destroyed */
};

bool
send_as_concerns(const struct apply_op *op)
{
	return strcmp(op->object, "MemoryLookupKey") == 0;
}

void
send_as_note_gone(struct apply *a, const char *address)
{
	(void)map_put_copy(&a->gone, &a->arena, address, NULL);
}

/* Keeps a key that the plan would have if the directory did, and one whose owner is
 * gone: who gets that address later must not get the right with it. */
static void
take_key(void *arg, const json_t *object)
{
	struct rest *rest = arg;
	const char *key = jmap_text(object, "key"),
		   *id = jmap_text(object, "id"), *domain;
	char *account, *touched;
	struct keys *to = NULL;

	if (key == NULL || id == NULL)
		return;
	account = xmemdup(key, strcspn(key, " "));
	touched = xasprintf("MemoryLookupKey/%s", id);
	domain = strrchr(account, '@');
	if (map_get(&rest->a->touched, touched) != NULL)
		to = NULL;
	else if (map_get(&rest->a->gone, account) != NULL)
		to = &rest->orphans;
	else if (domain != NULL && map_get(&rest->a->whole, domain + 1) != NULL)
		to = &rest->others;
	if (to != NULL) {
		(void)json_array_append(to->ids, json_object_get(object, "id"));
		(void)json_array_append(
		    to->names, json_object_get(object, "key"));
	}
	free(account);
	free(touched);
}

/* Whether the plan has rights to send as others at all. */
static bool
plan_has_keys(const struct apply *a)
{
	for (size_t i = 0; i < a->plan->n_shapes; i++) {
		const char *object =
		    schema_object(a->schema, a->plan->shapes[i].object);

		if (object != NULL && strcmp(object, "MemoryLookupKey") == 0)
			return true;
	}
	return false;
}

/* What became of the i-th; answer: what the server says, NULL: it stays. */
static void
report_key(
    struct apply *a, const struct keys *keys, size_t i, const json_t *answer)
{
	const char *id = json_string_value(json_array_get(keys->ids, i));
	struct apply_op op = {
		.uses = 1, .type = OP_DESTROY, .object = "MemoryLookupKey"
	};
	struct apply_entry e = { .address = xstrdup(json_string_value(
				     json_array_get(keys->names, i))) };
	const json_t *error =
	    json_object_get(json_object_get(answer, "notDestroyed"), id);

	if (answer == NULL) {
		entry_settle(&e, APPLY_PLANNED, id);
	} else if (jmap_is_gone(answer, id)) {
		entry_settle(&e, APPLY_DESTROYED, id);
	} else {
		why_set(&e.why, FAIL_TEMP, "the server says nothing about it");
		if (error != NULL)
			jmap_set_error(error, NULL, &e.why);
		entry_settle(&e, APPLY_FAILED, id);
	}
	apply_report(a, &op, &e);
	entry_clear(&e);
}

static int
take_away(struct apply *a, const struct keys *keys)
{
	size_t n = json_array_size(keys->ids), step = a->jmap->max_set;

	for (size_t from = 0; from < n && !apply_stopping(a); from += step) {
		size_t to = from + step < n ? from + step : n;
		json_t *some = json_array(), *answer = NULL;

		for (size_t i = from; i < to; i++)
			(void)json_array_append(
			    some, json_array_get(keys->ids, i));
		if (!a->options->dry_run)
			answer = jmap_destroy(
			    a->jmap, "MemoryLookupKey", some, &a->why);
		json_decref(some);
		if (answer == NULL && !a->options->dry_run)
			return -1;
		for (size_t i = from; i < to; i++)
			report_key(a, keys, i, answer);
		json_decref(answer);
	}
	return a->options->dry_run || n == 0
		   ? 0
		   : jmap_action(a->jmap, "ReloadLookupStores", NULL, &a->why);
}

/* Names what stays. */
static void
name_others(struct apply *a, const struct keys *keys)
{
	size_t n = json_array_size(keys->names);
	char *text;

	if (n == 0)
		return;
	text = xasprintf(
	    "%zu right%s to send as others, such as \"%s\", %s from the plan: "
	    "left (%s)",
	    n, plural(n), json_string_value(json_array_get(keys->names, 0)),
	    n == 1 ? "differs" : "differ",
	    plan_has_keys(a) ? "-u takes them away"
			     : "it has none at all: mkaccounts --send-as");
	a->options->say(a->options->arg, "MemoryLookupKey", text);
	free(text);
}

int
send_as_pass(struct apply *a, bool go)
{
	static const char *const members[] = { "key", NULL };
	struct rest rest = { a, { json_array(), json_array() },
		{ json_array(), json_array() } };
	json_t *filter = json_pack("{s:s}", "namespace", SEND_AS_NAMESPACE);
	int r = 0;

	go = go && a->whole.n + a->gone.n != 0 && !apply_stopping(a) &&
	     schema_object(a->schema, "MemoryLookupKey") != NULL;
	if (go)
		r = fetch_each(a->jmap, "MemoryLookupKey", filter, members,
		    take_key, &rest, &a->why);
	/* Who has no rights to send as others need not be able to see them. */
	if (r == -1 && !plan_has_keys(a) && a->why.kind == FAIL_DATA)
		r = 0;
	else if (r == 0)
		r = take_away(a, &rest.orphans);
	if (r == 0 && a->options->update && plan_has_keys(a))
		r = take_away(a, &rest.others);
	else if (r == 0)
		name_others(a, &rest.others);
	if (r == -1)
		apply_stop(a, &a->why);
	json_decref(rest.others.ids);
	json_decref(rest.others.names);
	json_decref(rest.orphans.ids);
	json_decref(rest.orphans.names);
	json_decref(filter);
	return r;
}
