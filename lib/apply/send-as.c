/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "apply/send-as.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "jmap/action.h"
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
	const char *s = json_string_value(json_object_get(rule, "if"));

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

/* Reads the expression, and writes it where that changes it. */
static int
set_rule(
    struct jmap *j, bool with, bool dry_run, bool *changed, struct why *why)
{
	json_t *answer = NULL, *expression, *wanted;
	bool there;
	int r = call(j, "x:MtaStageAuth/get",
	    json_pack("{s:[s], s:[s]}", "ids", "singleton", "properties",
		"mustMatchSender"),
	    true, &answer, why);

	if (r == -1)
		return -1;
	expression =
	    json_object_get(json_array_get(json_object_get(answer, "list"), 0),
		"mustMatchSender");
	wanted = rebuild(expression, with, &there);
	*changed = there != with;
	if (*changed && !dry_run)
		r = write_expression(j, wanted, why);
	json_decref(wanted);
	json_decref(answer);
	return r;
}

/* --- the keys --- */

/* Some of the keys of our namespace, as an array of ids; new, or NULL and why. */
static json_t *
some_keys(struct jmap *j, struct why *why)
{
	json_t *answer = NULL, *ids;

	if (call(j, "x:MemoryLookupKey/query",
		json_pack("{s:{s:s}, s:i}", "filter", "namespace",
		    SEND_AS_NAMESPACE, "limit", (int)j->max_set),
		true, &answer, why) == -1)
		return NULL;
	ids = json_incref(json_object_get(answer, "ids"));
	json_decref(answer);
	return ids;
}

/* All of them. A round that takes none away is the last. */
static int
drop_keys(struct jmap *j, bool dry_run, bool *changed, struct why *why)
{
	int r = 0;

	for (;;) {
		json_t *ids = some_keys(j, why), *answer = NULL;
		size_t gone;

		if (ids == NULL)
			return -1;
		if (json_array_size(ids) == 0 || dry_run) {
			*changed = *changed || json_array_size(ids) != 0;
			json_decref(ids);
			return 0;
		}
		r = call(j, "x:MemoryLookupKey/set",
		    json_pack("{s:o}", "destroy", ids), true, &answer, why);
		gone = json_array_size(json_object_get(answer, "destroyed"));
		json_decref(answer);
		if (r == -1)
			return -1;
		if (gone == 0)
			return why_set(why, FAIL_DATA,
			    "the keys of who may send as whom cannot be taken "
			    "away");
		*changed = true;
	}
}

/* The server loads all of its settings or none, and refuses where something of
 * its own is wrong, such as a name that cannot be resolved. The next run finds
 * the rule, and does not have it loaded again: any failure is for a person. */
static int
load_settings(struct jmap *j, struct why *why)
{
	struct why reason = { 0 };

	if (jmap_action(j, "ReloadSettings", NULL, &reason) == 0)
		return 0;
	return why_set(why, FAIL_DATA,
	    "the rule is written, but the server does not load its settings: "
	    "restart it (%s)",
	    reason.text);
}

int
apply_send_as(struct jmap *j, enum send_as what, bool dry_run,
    enum apply_status *status, struct why *why)
{
	bool changed = false;

	if (set_rule(j, what == SEND_AS_ADD, dry_run, &changed, why) == -1)
		return -1;
	if (what == SEND_AS_REMOVE &&
	    drop_keys(j, dry_run, &changed, why) == -1)
		return -1;
	*status = !changed  ? APPLY_EXISTS
		  : dry_run ? APPLY_PLANNED
			    : APPLY_UPDATED;
	if (dry_run)
		return 0;
	/* The plan may have brought keys where the rule was there. */
	if (changed && load_settings(j, why) == -1)
		return -1;
	return jmap_action(j, "ReloadLookupStores", NULL, why);
}
