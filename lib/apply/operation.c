/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "apply/operation.h"

#include <stdlib.h>
#include <string.h>

#include "apply/apply-internal.h"
#include "apply/canary.h"
#include "apply/destroy.h"
#include "apply/entry.h"
#include "apply/foresee.h"
#include "apply/inventory.h"
#include "apply/job.h"
#include "apply/language.h"
#include "apply/lookup.h"
#include "apply/references.h"
#include "apply/splice.h"
#include "core/alloc.h"
#include "core/str.h"
#include "jmap/member.h"
#include "planfile/planline.h"

void
apply_op_free(struct apply_op *op)
{
	if (--op->uses != 0)
		return;
	json_decref(op->match_on);
	json_decref(op->plan_scope);
	json_decref(op->scope);
	if (op->seen != NULL)
		map_free(op->seen);
	free(op->seen);
	arena_free(&op->arena);
	free(op);
}

/* The members that tell accounts and lists apart in this order say that the plan
 * is that of a part of a directory (mailferry-plan(5)). */
static bool
is_part(const json_t *match_on)
{
	const char *first = json_string_value(json_array_get(match_on, 0)),
		   *second = json_string_value(json_array_get(match_on, 1));

	return json_array_size(match_on) == 2 && first != NULL &&
	       second != NULL && strcmp(first, "domainId") == 0 &&
	       strcmp(second, "name") == 0;
}

/* A name that begins with this, in the scope of a reconcile, says which objects the
 * plan does not know; no object has such a name (mailferry-plan(5)). */
static const char all_but[] = "! ";

static void
take_unknown(struct apply_op *op)
{
	const char *name = jmap_text(op->plan_scope, "name");
	json_t *scope;

	if (op->type != OP_RECONCILE || !apply_unique(op->object) ||
	    name == NULL || !str_starts(name, all_but))
		return;
	op->unknown = arena_adds(&op->arena, name + strlen(all_but));
	scope = json_copy(op->plan_scope);
	(void)json_object_del(scope, "name");
	json_decref(op->plan_scope);
	op->plan_scope = scope;
}

/* The operation that the reader is at; new, with one use. */
static struct apply_op *
new_op(struct apply *a)
{
	struct apply_op *op = xcalloc(1, sizeof *op);
	const struct op *from = &a->plan->op;

	op->uses = 1;
	op->type = from->type;
	op->object = schema_object(a->schema, from->object);
	op->match_on = json_incref(from->match_on);
	op->match_all = from->match_all;
	op->plan_scope = json_incref(from->scope);
	op->line = from->line;
	op->part = is_part(from->match_on);
	take_unknown(op);
	if (from->id != NULL)
		op->id = arena_adds(&op->arena, from->id);
	return op;
}

/* --- the canary --- */

/* Before the first account with a password: in its domain. */
static int
send_canary(struct apply *a, struct apply_job *job)
{
	struct why why = { 0 };

	if (!a->options->canary || a->canary_done || a->options->dry_run)
		return 0;
	for (size_t i = 0; i < job->n; i++) {
		const json_t *body = entry_body(&job->entries[i]),
			     *domain = json_object_get(body, "domainId");

		if (job->entries[i].done || !json_is_string(domain) ||
		    json_object_size(json_object_get(body, "credentials")) == 0)
			continue;
		a->canary_done = true;
		if (apply_canary(a->jmap, json_string_value(domain), a->options,
			&why) == 0)
			return 0;
		apply_stop(a, &why);
		return -1;
	}
	return 0;
}

/* --- operations on objects --- */

/* The members of the type of a body. Objects of one variant follow each other:
 * the last answer is kept. */
static const json_t *
members_of(const struct apply *a, struct apply_op *op, const json_t *body)
{
	const char *type = jmap_text(body, "@type");

	if (op->variant == NULL || type == NULL ||
	    strcmp(op->variant, type) != 0) {
		op->members = schema_members(a->schema, op->object, type);
		op->variant =
		    type == NULL ? NULL : arena_adds(&op->arena, type);
	}
	return op->members;
}

/* What the server sets itself is not sent to it. */
static void
drop_server_set(const struct apply *a, struct apply_op *op, json_t *body)
{
	const json_t *members = members_of(a, op, body);
	const char *key;
	json_t *v;
	void *tmp;

	if (members == NULL)
		return;
	json_object_foreach_safe(body, tmp, key,
	    v) if (member_update(members, key) == MEMBER_SERVER_SET)(void)
	    json_object_del(body, key);
}

/* Whether the operation tells its objects apart as the server's unique names
 * do, so that they can be created without being looked for first. */
static bool
by_unique_name(const struct apply *a, const struct apply_op *op)
{
	const char *label = schema_label(a->schema, op->object);
	bool name = false, domain = false;
	json_t *v;
	size_t i;

	if (op->type == OP_CREATE)
		return true;
	if (!apply_unique(op->object) || op->match_all ||
	    op->type == OP_RECONCILE || op->scope != NULL)
		return false;
	if (op->match_on == NULL)
		return label != NULL && strcmp(label, "name") == 0 &&
		       strcmp(op->object, "Domain") == 0;
	json_array_foreach (op->match_on, i, v) {
		const char *s = json_string_value(v);

		if (strcmp(s, "name") == 0)
			name = true;
		else if (strcmp(s, "domainId") == 0)
			domain = true;
		else
			return false;
	}
	return name && domain == (strcmp(op->object, "Domain") != 0);
}

/* The inventory that the operation is matched with; NULL if it needs none. -1
 * and a->why in *r where it cannot be had. */
static struct inventory *
choose_inventory(struct apply *a, struct apply_op *op, int *r)
{
	struct inventory *v;
	struct why why = { 0 };
	bool cheaper = true;

	*r = 0;
	if (op->type == OP_CREATE && !a->options->dry_run)
		return NULL;
	if (by_unique_name(a, op) && apply_unique(op->object)) {
		if (!a->options->dry_run)
			return NULL;
		if (inventory_cheaper(a, op->object, &cheaper, &why) == -1) {
			apply_stop(a, &why);
			*r = -1;
			return NULL;
		}
		if (!cheaper)
			return NULL;
		if (op->match_on == NULL)
			op->match_on =
			    strcmp(op->object, "Domain") == 0
				? json_pack("[s]", "name")
				: json_pack("[s, s]", "name", "domainId");
	} else if (op->type == OP_CREATE) {
		return NULL; /* it is created, whatever is there */
	}
	job_drain(a);
	v = inventory_get(a, op, &why);
	if (v == NULL) {
		apply_stop(a, &why);
		*r = -1;
	}
	return v;
}

/* Whether the objects of the operation may go without a tree: nothing has to be
 * known of them before they are created. */
static bool
goes_raw(const struct apply *a, const struct apply_op *op, bool match)
{
	return !match && !a->options->dry_run && op->failed_scope == NULL &&
	       (!a->options->canary || a->canary_done) &&
	       strcmp(op->object, "Account") == 0;
}

/* An object that goes as a tree. */
static void
fill_entry(
    struct apply *a, struct apply_op *op, struct apply_entry *e, bool match)
{
	struct inventory *v;
	struct why why = { 0 };

	if (apply_resolve(a, "", e->body, &why) == -1)
		entry_fail(e, &why);
	drop_server_set(a, op, e->body);
	if (strcmp(op->object, "Account") == 0)
		language_fit(a, op, e);
	e->address = apply_address(a, op, e->body);
	if (match && !e->done) {
		/* What was read may have been read again since. */
		v = inventory_get(a, op, &why);
		if (v != NULL)
			inventory_match(a, v, op, e);
		else
			apply_stop(a, &why);
	}
	if (!a->options->dry_run)
		return;
	if (match && !e->done && strcmp(op->object, "Domain") == 0) {
		if (lookup_domain(a, e, &why) == -1)
			apply_stop(a, &why);
		foresee_domain(e);
	}
	if ((match || !apply_unique(op->object)) && !e->done)
		entry_settle(e, APPLY_PLANNED, NULL);
}

/* Fills in the next object of the operation: 1, 0 at the end, -1 and a->why. */
static int
next_entry(struct apply *a, struct apply_job *job, bool match)
{
	struct apply_op *op = job->op;
	struct apply_entry *e;
	const char *ref, *text;
	struct why why = { 0 };
	size_t len;
	int n = plan_reader_entry(a->plan, &ref, &text, &len, &why);

	if (n == -1)
		apply_stop(a, &why);
	if (n != 1)
		return n;
	e = job_entry(job);
	e->ref = xstrdup(ref);
	e->len = len;
	job->bytes += len;
	if (goes_raw(a, op, match) && raw_copy(a, op, text, len, &a->raw)) {
		e->raw = xmemdup(a->raw.text.data, a->raw.text.len);
		e->address = xasprintf("%s@%s", a->raw.name.data,
		    domain_name(a, a->raw.domain.data));
		return 1;
	}
	e->body = plan_tree(text, len);
	if (e->body == NULL) {
		why_set(&why, FAIL_DATA, "it is not JSON that can be sent");
		entry_fail(e, &why);
		return 1;
	}
	fill_entry(a, op, e, match);
	if (op->failed_scope != NULL && !e->done)
		entry_fail(e, op->failed_scope);
	return 1;
}

/* How many objects make a job. */
static size_t
job_size(const struct apply *a, bool match)
{
	if (a->options->dry_run && !match)
		/* Two calls for each. */
		return a->jmap->max_calls < 2 ? 1 : a->jmap->max_calls / 2;
	return a->jmap->max_set;
}

/* All objects of the operation, in jobs. */
static void
send_objects(struct apply *a, struct apply_op *op, bool match)
{
	size_t size = job_size(a, match);
	struct apply_job *job = job_new(op);
	int n = 1;

	while (n == 1 && !apply_stopping(a)) {
		n = next_entry(a, job, match);
		if (n == 1 && job->n < size &&
		    job->bytes + job->bytes / 8 < a->jmap->max_size)
			continue;
		if (job->n == 0 || send_canary(a, job) == -1)
			break;
		job_submit(a, job);
		job = n == 1 ? job_new(op) : NULL;
	}
	if (job != NULL)
		job_abandon(job);
}

/* The scope with ids for its references. */
static int
resolve_scope(struct apply *a, struct apply_op *op, struct why *why)
{
	if (op->plan_scope == NULL)
		return 0;
	op->scope = json_deep_copy(op->plan_scope);
	return apply_resolve(a, "", op->scope, why);
}

/* An operation whose scope is lost, and each of its objects with it. Without any
 * there is one result for the operation. */
static void
fail_op(struct apply *a, struct apply_op *op, const struct why *why)
{
	struct apply_entry e = { .why = *why };

	op->failed_scope = why;
	send_objects(a, op, false);
	job_drain(a);
	if (op->failed || a->stopping)
		return;
	entry_settle(&e, APPLY_FAILED, NULL);
	apply_report(a, op, &e);
}

void
apply_objects(struct apply *a)
{
	struct apply_op *op = new_op(a);
	struct inventory *v = NULL;
	struct why why = { 0 }, lost = { 0 };
	int r = 0;

	if (resolve_scope(a, op, &lost) == -1)
		fail_op(a, op, &lost);
	else
		v = choose_inventory(a, op, &r);
	if (r == 0 && !op->failed)
		send_objects(a, op, v != NULL);
	if (op->type == OP_RECONCILE)
		job_drain(a);
	if (op->type == OP_RECONCILE && !a->stopping) {
		/* It may have been read again meanwhile. */
		v = inventory_get(a, op, &why);
		if (v == NULL)
			apply_stop(a, &why);
		else
			leftover_add(a, op, inventory_rest(a, v, op));
	}
	apply_op_free(op);
}

/* --- updates --- */

/* The object that an update is for. */
static void
find_target(struct apply *a, struct apply_op *op, struct apply_entry *e)
{
	const char *id = op->id == NULL ? "singleton" : op->id;
	const struct known *k;

	if (*id != '#') {
		e->id = xstrdup(id);
		return;
	}
	k = known_ref(a, id + 1);
	if (k != NULL && k->name != NULL)
		e->address = xstrdup(k->name);
	if (k == NULL || k->failed != NULL) {
		if (k == NULL)
			(void)why_set(&e->why, FAIL_DATA,
			    "it refers to %s, which was not written", id);
		else
			(void)reference_failed(k, id, &e->why);
		entry_settle(e, APPLY_FAILED, NULL);
	} else if (k->id == NULL) { /* dry run */
		entry_settle(e, APPLY_PLANNED, NULL);
	} else {
		e->id = xstrdup(k->id);
		e->made = k->made;
	}
}

/* Whether the job has the object already: two updates of one cannot be in one
 * request. */
static bool
has_target(const struct apply_job *job, const char *id)
{
	for (size_t i = 0; id != NULL && i < job->n; i++)
		if (job->entries[i].id != NULL &&
		    strcmp(job->entries[i].id, id) == 0)
			return true;
	return false;
}

void
submit_updates(struct apply *a, struct apply_job **job)
{
	if (*job == NULL)
		return;
	job_submit(a, *job);
	*job = NULL;
	job_drain(a);
}

void
apply_update(struct apply *a, struct apply_job **job)
{
	struct apply_op *op = new_op(a);
	struct apply_entry made = { 0 }, *e;
	struct why why = { 0 };

	if (*job == NULL || strcmp((*job)->op->object, op->object) != 0) {
		submit_updates(a, job);
		job_drain(a);
	}
	find_target(a, op, &made);
	if (*job != NULL &&
	    ((*job)->n >= a->jmap->max_set || has_target(*job, made.id)))
		submit_updates(a, job);
	if (*job == NULL) {
		*job = job_new(op);
		inventory_drop(a, op->object);
	}
	made.body = json_deep_copy(a->plan->op.value);
	if (!made.done && apply_resolve(a, "", made.body, &why) == -1)
		entry_fail(&made, &why);
	e = job_entry(*job);
	*e = made;
	e->op_id = op->id == NULL ? NULL : xstrdup(op->id);
	apply_op_free(op);
}
