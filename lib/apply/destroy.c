/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * What is taken away: by the operations "destroy", before all else and the last
 * of the plan first; and what the reconciles leave over, at the end. The account
 * that we are logged in with is never destroyed.
 */
#include "apply/destroy.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "apply/aliases.h"
#include "apply/apply-internal.h"
#include "apply/entry.h"
#include "apply/handover.h"
#include "apply/operation.h"
#include "apply/references.h"
#include "core/alloc.h"
#include "core/num.h"
#include "core/str.h"
#include "jmap/destroy.h"
#include "jmap/fetch.h"
#include "jmap/member.h"
#include "jmap/seterror.h"
#include "plan/forward.h"

/* Some objects of one type on their way out. */
struct batch {
	const char *object;
	struct apply_entry *entries;
	size_t n;
	json_t *keys;   /* of domains: signing keys that nothing else keeps */
	bool left_over; /* not named by an operation "destroy" */
};

/* What has an address that another object of the plan should have, and has not,
 * stays: mail for it would reach nobody. */
static void
spare_wanted(struct apply *a, struct apply_entry *e, const json_t *have)
{
	char *address = NULL;
	const char *owner = aliases_wanted(a, have, &address);

	if (owner != NULL && !e->done) {
		e->note = xasprintf(
		    "it stays: by the plan the address %s is that of %s, which "
		    "does not have it",
		    address, owner);
		entry_settle(e, APPLY_EXISTS, NULL);
	}
	free(address);
}

/* --- lists that a script leads to --- */

/* The account whose forward to several addresses a list holds, by their names
 * (plan/forward.h): its id, new; NULL: there is none. -1 and why. */
static int
find_forwarder(struct apply *a, const json_t *list, char **id, struct why *why)
{
	const char *name = jmap_text(list, "name");
	size_t len = name == NULL ? 0 : strlen(name),
	       tail = strlen(FORWARD_TAIL);
	json_t *answer = NULL;
	char *owner;
	int r;

	*id = NULL;
	if (len <= tail || strcmp(name + len - tail, FORWARD_TAIL) != 0)
		return 0;
	owner = xmemdup(name, len - tail);
	r = jmap_call_json(a->jmap, "x:Account/query",
		json_pack("{s:{s:s, s:s*}}", "filter", "name", owner,
		    "domainId", jmap_text(list, "domainId")),
		true, &answer, why) == JMAP_OK
		? 0
		: -1;
	name = json_string_value(
	    json_array_get(json_object_get(answer, "ids"), 0));
	if (r == 0 && name != NULL)
		*id = xstrdup(name);
	json_decref(answer);
	free(owner);
	return r;
}

/* Whether an account has our script "forward". Where nobody may see that it has. */
static bool
has_forward(struct apply *a, const char *account)
{
	struct jmap_request r = { .repeat = true };
	struct why why = { 0 };
	json_t *answer, *v;
	size_t i;
	bool has = false;

	jmap_begin(&r, JMAP_SIEVE);
	jmap_add_json(&r, "SieveScript/get",
	    json_pack("{s:s, s:n}", "accountId", account, "ids"));
	if (jmap_run(a->jmap, &r) != JMAP_OK ||
	    jmap_answer(&r, 0, NULL, &answer, &why) != JMAP_OK)
		has = true;
	else
		json_array_foreach (json_object_get(answer, "list"), i, v)
			has = has ||
			      (jmap_text(v, "name") != NULL &&
				  strcmp(jmap_text(v, "name"), "forward") == 0);
	jmap_clear(&r);
	return has;
}

/* In a dry run an account that would have gone first is still there. */
static bool
is_going(const struct apply *a, const char *account)
{
	char *key = xasprintf("Account/%s", account);
	bool going = map_get(&a->going, key) != NULL;

	free(key);
	return going;
}

/* Mail that a script redirects to a list which is gone is lost: the list stays as
 * long as the script that mailferry made for it. *owner: the account's id, new. */
static int
leads_there(struct apply *a, const json_t *list, bool *leads, struct why *why)
{
	char *id;
	int r = find_forwarder(a, list, &id, why);

	*leads = id != NULL && !is_going(a, id) && has_forward(a, id);
	free(id);
	return r;
}

static int
spare_forward(
    struct apply *a, struct apply_entry *e, const json_t *list, struct why *why)
{
	bool leads;

	if (e->done || list == NULL)
		return 0;
	if (leads_there(a, list, &leads, why) == -1)
		return -1;
	if (!leads)
		return 0;
	e->note = xstrdup("it stays: the account's script \"forward\" may "
			  "redirect to it; the "
			  "run after that is removed takes it away");
	entry_settle(e, APPLY_EXISTS, NULL);
	return 0;
}

static bool
is_ourselves(const struct apply *a, const char *object, const char *id)
{
	return strcmp(object, "Account") == 0 && a->jmap->account != NULL &&
	       strcmp(a->jmap->account, id) == 0;
}

/* A name of each for people. */
static int
name_batch(struct apply *a, struct batch *b, struct why *why)
{
	const char *label = schema_label(a->schema, b->object);
	bool account = strcmp(b->object, "Account") == 0;
	struct fetch f = { .wanted = NULL };
	int r;

	for (size_t i = 0; i < b->n; i++)
		fetch_want(&f, b->object, b->entries[i].id);
	fetch_member(&f, label == NULL ? "name" : label);
	if (strcmp(b->object, "MailingList") == 0)
		fetch_member(&f, "name");
	if (apply_unique(b->object) && strcmp(b->object, "Domain") != 0) {
		fetch_member(&f, "emailAddress");
		fetch_member(&f, "domainId");
		fetch_member(&f, "aliases");
	}
	r = fetch_all(a->jmap, &f, why);
	if (r == 0 && account)
		r = catch_alls_read(a, why);
	for (size_t i = 0; r == 0 && i < b->n; i++) {
		struct apply_entry *e = &b->entries[i];
		const json_t *have = fetch_found(&f, b->object, e->id);
		const char *name = jmap_text(have, "emailAddress");

		if (name == NULL)
			name = jmap_text(have, label == NULL ? "name" : label);
		e->address = name == NULL ? NULL : xstrdup(name);
		spare_wanted(a, e, have);
		if (account && e->status != APPLY_EXISTS &&
		    !is_ourselves(a, b->object, e->id))
			catch_alls_note(a, e, have);
		if (b->left_over && strcmp(b->object, "MailingList") == 0)
			r = spare_forward(a, e, have, why);
	}
	fetch_clear(&f);
	return r;
}

/*
 * A domain's own signing keys, which the server makes, too, hang on it. Where
 * nothing else does, they go with it; else the domain stays, and they with it.
 */
static void
note_keys(struct batch *b, struct apply_entry *e, const json_t *error)
{
	json_t *links = json_object_get(error, "linkedObjects"), *v;
	size_t n = json_array_size(links), i;

	if (strcmp(b->object, "Domain") != 0)
		return;
	json_array_foreach (links, i, v) {
		const char *object = jmap_text(v, "object");

		if (object == NULL || strcmp(object, "DkimSignature") != 0 ||
		    jmap_text(v, "id") == NULL)
			return;
	}
	json_array_foreach (links, i, v)
		(void)json_array_append(b->keys, json_object_get(v, "id"));
	if (n == 0)
		return;
	free(e->note);
	e->note = xasprintf(
	    "its signing key%s destroyed with it", n == 1 ? " is" : "s are");
}

/* Takes what the server says of each. */
static void
take_answer(struct batch *b, const json_t *answer)
{
	const json_t *refused = json_object_get(answer, "notDestroyed");

	for (size_t i = 0; i < b->n; i++) {
		struct apply_entry *e = &b->entries[i];
		const json_t *error = json_object_get(refused, e->id);

		if (e->done)
			continue;
		if (jmap_is_gone(answer, e->id)) {
			entry_settle(e, APPLY_DESTROYED, NULL);
		} else if (error != NULL) {
			jmap_set_error(error, NULL, &e->why);
			note_keys(b, e, error);
		} else {
			why_set(&e->why, FAIL_TEMP,
			    "the server says nothing about it");
		}
	}
}

/* Destroys the keys that were noted. */
static int
destroy_keys(struct apply *a, struct batch *b, bool *progress, struct why *why)
{
	size_t n = json_array_size(b->keys), step = a->jmap->max_set;
	int r = 0;

	for (size_t from = 0; r == 0 && from < n; from += step) {
		json_t *some = json_array(), *answer;

		for (size_t i = from; i < n && i < from + step; i++)
			(void)json_array_append(
			    some, json_array_get(b->keys, i));
		answer = jmap_destroy(a->jmap, "DkimSignature", some, why);
		if (json_array_size(json_object_get(answer, "destroyed")) != 0)
			*progress = true;
		r = answer == NULL ? -1 : 0;
		json_decref(answer);
		json_decref(some);
	}
	(void)json_array_clear(b->keys);
	return r;
}

/* Destroys those that are left; *progress: at least one went, or what kept
 * one. */
static int
destroy_batch(struct apply *a, struct batch *b, bool *progress, struct why *why)
{
	json_t *ids = json_array(), *answer;
	int r;

	for (size_t i = 0; i < b->n; i++)
		if (!b->entries[i].done)
			(void)json_array_append_new(
			    ids, json_string(b->entries[i].id));
	answer = jmap_destroy(a->jmap, b->object, ids, why);
	r = answer == NULL ? -1 : 0;
	if (r == 0)
		take_answer(b, answer);
	*progress = json_array_size(json_object_get(answer, "destroyed")) != 0;
	json_decref(answer);
	json_decref(ids);
	return r == 0 ? destroy_keys(a, b, progress, why) : r;
}

/* An object that others refer to can go when they are gone, which may be in the
 * same batch: as long as any goes, the rest is tried again. */
static int
run_batch(struct apply *a, struct batch *b, struct why *why)
{
	bool progress = true, left = true;
	int r = name_batch(a, b, why);

	for (size_t i = 0; i < b->n; i++)
		if (a->options->dry_run && !b->entries[i].done)
			entry_settle(&b->entries[i], APPLY_PLANNED, NULL);
	while (r == 0 && progress && left) {
		left = false;
		for (size_t i = 0; i < b->n; i++)
			left = left || !b->entries[i].done;
		if (left)
			r = destroy_batch(a, b, &progress, why);
	}
	return r;
}

static void
report_batch(struct apply *a, struct apply_op *op, struct batch *b, bool all)
{
	for (size_t i = 0; i < b->n; i++) {
		struct apply_entry *e = &b->entries[i];

		if (!e->done && all)
			entry_settle(e, APPLY_FAILED, NULL);
		if (e->done)
			apply_report(a, op, e);
		entry_clear(e);
	}
}

/* What cannot be had again: mail goes with an account, and all of its accounts
 * with a domain. */
static bool
is_precious(const char *object)
{
	return strcmp(object, "Account") == 0 || strcmp(object, "Domain") == 0;
}

/* Whether such objects may not be destroyed. */
static bool
is_held(const struct apply *a, const char *object)
{
	return is_precious(object) && !a->options->destroy &&
	       !a->options->dry_run;
}

/* Destroys objects [from, to) of ids. */
static int
destroy_some(struct apply *a, struct apply_op *op, const json_t *ids,
    size_t from, size_t to, bool left_over)
{
	struct batch b = {
		.object = op->object, .n = to - from, .left_over = left_over
	};
	struct why why = { 0 };
	int r;

	b.entries = xcalloc(b.n, sizeof *b.entries);
	b.keys = json_array();
	for (size_t i = 0; i < b.n; i++) {
		struct apply_entry *e = &b.entries[i];

		e->id =
		    xstrdup(json_string_value(json_array_get(ids, from + i)));
		if (is_ourselves(a, op->object, e->id))
			(void)why_set(&e->why, FAIL_DATA,
			    "it is the account of this run: it is not "
			    "destroyed");
		else if (is_held(a, op->object))
			(void)why_set(&e->why, FAIL_DATA,
			    "the plan destroys it: that needs --destroy");
		else
			continue;
		entry_settle(e, APPLY_FAILED, NULL);
	}
	r = run_batch(a, &b, &why);
	if (r == -1)
		apply_stop(a, &why);
	report_batch(a, op, &b, r == 0);
	json_decref(b.keys);
	free(b.entries);
	return r;
}

/* Says how many go, before any does. */
static void
announce(const struct apply *a, const char *object, size_t n)
{
	char *text;

	if (n == 0 || !is_precious(object) || a->options->quiet)
		return;
	text = xasprintf("%zu %s%s %s destroyed%s", n,
	    strcmp(object, "Domain") == 0 ? "domain" : "account", plural(n),
	    is_held(a, object) || a->options->dry_run ? "would be"
	    : n == 1                                  ? "is"
						      : "are",
	    is_held(a, object) ? ", and are left: look at the list that "
				 "follows, and run it again with --destroy"
			       : "");
	a->options->say(a->options->arg, NULL, text);
	free(text);
}

static int
destroy_ids(
    struct apply *a, const char *object, const json_t *ids, bool left_over)
{
	struct apply_op op = {
		.uses = 1, .type = OP_DESTROY, .object = object
	};
	size_t n = json_array_size(ids), step = a->jmap->max_set;
	int r = 0;

	for (size_t from = 0; r == 0 && from < n && !apply_stopping(a);
	     from += step)
		r = destroy_some(a, &op, ids, from,
		    from + step < n ? from + step : n, left_over);
	return r;
}

int
destroy_pass(struct apply *a)
{
	struct plan_reader *plan = a->plan;

	for (size_t i = plan->n_destroys; i-- > 0 && !apply_stopping(a);) {
		const char *object;
		json_t *ids;
		int r = 0;

		if (plan_reader_destroy(plan, i, &a->why) == -1)
			return -1;
		object = schema_object(a->schema, plan->op.object);
		ids = fetch_ids(a->jmap, object, plan->op.value, &a->why);
		if (ids == NULL && a->why.kind == FAIL_DATA) {
			/* A filter that the server does not know. */
			struct apply_op op = {
				.uses = 1, .type = OP_DESTROY, .object = object
			};
			struct apply_entry e = { .why = a->why };

			entry_settle(&e, APPLY_FAILED, NULL);
			apply_report(a, &op, &e);
			continue;
		}
		if (ids != NULL) {
			announce(a, object, json_array_size(ids));
			r = destroy_ids(a, object, ids, false);
		}
		if (ids == NULL || r == -1) {
			json_decref(ids);
			return -1;
		}
		json_decref(ids);
	}
	return plan->n_destroys == 0 ? 0 : plan_reader_rewind(plan, &a->why);
}

void
leftover_add(struct apply *a, struct apply_op *op, json_t *ids)
{
	struct leftover *l = xcalloc(1, sizeof *l);

	op->uses++;
	l->op = op;
	l->object = op->object;
	l->ids = ids;
	l->next = a->leftovers;
	a->leftovers = l;
}

const char *
leftover_hindrance(struct apply *a, const char *object, const json_t *have)
{
	struct why why = { 0 };
	bool leads = false;

	if (is_ourselves(a, object, jmap_text(have, "id")))
		return "it is the account of this run";
	if (is_held(a, object))
		return "that goes with --destroy";
	if (strcmp(object, "MailingList") == 0 &&
	    (leads_there(a, have, &leads, &why) == -1 || leads))
		return "an account's script \"forward\" may redirect to that";
	return NULL;
}

/* Whatever the plan wrote, in any operation, stays. */
static json_t *
not_written(struct apply *a, const struct leftover *l)
{
	json_t *ids = json_array(), *id;
	size_t i;

	json_array_foreach (l->ids, i, id) {
		char *key =
		    xasprintf("%s/%s", l->object, json_string_value(id));

		if (map_get(&a->touched, key) == NULL)
			(void)json_array_append(ids, id);
		free(key);
	}
	return ids;
}

/* Leaves what goes, and says how many. Two reconciles do not both destroy it. */
static void
settle(struct apply *a)
{
	struct map seen = { 0 };

	for (struct leftover *l = a->leftovers; l != NULL; l = l->next) {
		json_t *ids = not_written(a, l), *id;
		size_t i;

		(void)json_array_clear(l->ids);
		json_array_foreach (ids, i, id) {
			char *key = xasprintf(
			    "%s/%s", l->object, json_string_value(id));
			bool added;

			(void)map_put_copy(&seen, &a->arena, key, &added);
			if (added)
				(void)json_array_append(l->ids, id);
			free(key);
		}
		json_decref(ids);
		if (!l->op->failed)
			announce(a, l->object, json_array_size(l->ids));
	}
	map_free(&seen);
}

static int
destroy_leftover(struct apply *a, const struct leftover *l)
{
	json_t *ids;
	int r;

	if (l->op->failed) {
		a->options->say(a->options->arg, l->object,
		    "an object of a reconcile failed: nothing is destroyed for "
		    "it");
		return 0;
	}
	ids = not_written(a, l); /* some may have gone */
	r = destroy_ids(a, l->object, ids, true);
	json_decref(ids);
	return r;
}

/* A reconcile of all accounts of a domain has come to its end. */
static void
note_whole(struct apply *a, const struct apply_op *op)
{
	const char *domain = jmap_text(op->scope, "domainId");

	if (domain != NULL && strcmp(op->object, "Account") == 0 && !op->failed)
		(void)map_put_copy(
		    &a->whole, &a->arena, domain_name(a, domain), NULL);
}

/* The next one: the last of the plan, but accounts before lists, to which their
 * scripts may lead. */
static struct leftover *
take_leftover(struct apply *a)
{
	struct leftover **at = &a->leftovers, *l;

	if (strcmp((*at)->object, "MailingList") == 0)
		while (*at != NULL && strcmp((*at)->object, "Account") != 0)
			at = &(*at)->next;
	if (*at == NULL)
		at = &a->leftovers;
	l = *at;
	*at = l->next;
	return l;
}

int
leftover_pass(struct apply *a, bool go)
{
	int r;

	go = go && !apply_stopping(a);
	catch_alls_forget(a); /* the plan may have changed them */
	if (go)
		settle(a);
	r = handover_pass(a, go);
	while (a->leftovers != NULL) {
		struct leftover *l = take_leftover(a);

		if (go && r == 0 && !apply_stopping(a))
			r = destroy_leftover(a, l);
		note_whole(a, l->op);
		apply_op_free(l->op);
		json_decref(l->ids);
		free(l);
	}
	catch_alls_forget(a);
	if (r == 0 && go && !apply_stopping(a) &&
	    catch_alls_name_rest(a, &a->why) == -1) {
		apply_stop(a, &a->why);
		r = -1;
	}
	return r;
}
