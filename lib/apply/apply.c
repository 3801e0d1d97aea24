/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * The passes over a plan. Objects of one operation go into jobs; operations of
 * one kind and type follow each other without a pause, any other waits for
 * those before it.
 */

#include "apply/apply.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "apply/aliases.h"
#include "apply/apply-internal.h"
#include "apply/credentials.h"
#include "apply/destroy.h"
#include "apply/entry.h"
#include "apply/foresee.h"
#include "apply/handover.h"
#include "apply/inventory.h"
#include "apply/job.h"
#include "apply/old-keys.h"
#include "apply/operation.h"
#include "apply/references.h"
#include "apply/send-as.h"
#include "apply/settings.h"
#include "apply/sieve.h"
#include "core/alloc.h"

const char *
apply_status_name(enum apply_status s)
{
	static const char *const names[] = { [APPLY_CREATED] = "created",
		[APPLY_EXISTS] = "exists",
		[APPLY_UPDATED] = "updated",
		[APPLY_DESTROYED] = "destroyed",
		[APPLY_PLANNED] = "planned",
		[APPLY_FAILED] = "failed" };

	return names[s];
}

bool
apply_unique(const char *object)
{
	return strcmp(object, "Domain") == 0 ||
	       strcmp(object, "Account") == 0 ||
	       strcmp(object, "MailingList") == 0;
}

void
apply_stop(struct apply *a, const struct why *why)
{
	if (!a->stopping)
		a->why = *why;
	a->stopping = true;
}

bool
apply_stopping(struct apply *a)
{
	static const struct why asked = { .kind = FAIL_NONE };

	if (!a->stopping && a->options->stop != NULL &&
	    a->options->stop(a->options->arg))
		apply_stop(a, &asked);
	return a->stopping;
}

void
apply_run_requests(struct apply *a,
    struct jmap_request *(*next)(struct apply *),
    void (*step)(struct apply *, void *))
{
	struct jmap_request *r;

	for (;;) {
		while (a->running < a->jmap->max_concurrent &&
		       !apply_stopping(a) && (r = next(a)) != NULL) {
			a->running++;
			jmap_start(a->jmap, r);
		}
		r = jmap_next(a->jmap, true);
		if (r == NULL)
			break;
		step(a, r->arg);
	}
}

/* --- results --- */

/* Whether any operation of the plan is a reconcile of such objects. */
static bool
reconciled(const struct apply *a, const char *object)
{
	for (size_t i = 0; i < a->plan->n_shapes; i++)
		if (a->plan->shapes[i].type == OP_RECONCILE &&
		    strcasecmp(a->plan->shapes[i].object, object) == 0)
			return true;
	return false;
}

static void
touch(struct apply *a, const struct apply_op *op, const struct apply_entry *e)
{
	char *key;

	if (e->id == NULL || op->type == OP_DESTROY ||
	    (!reconciled(a, op->object) && !send_as_concerns(op)))
		return;
	key = xasprintf("%s/%s", op->object, e->id);
	(void)map_put_copy(&a->touched, &a->arena, key, NULL);
	free(key);
}

void
apply_remember(
    struct apply *a, const struct apply_op *op, const struct apply_entry *e)
{
	struct known *k;

	touch(a, op, e);
	if (e->ref == NULL || !plan_reader_referred(a->plan, e->ref))
		return;
	k = arena_alloc(&a->arena, sizeof *k);
	if (e->id != NULL)
		k->id = arena_adds(&a->arena, e->id);
	if (e->address != NULL)
		k->name = arena_adds(&a->arena, e->address);
	k->made = e->status == APPLY_CREATED;
	if (e->status == APPLY_FAILED) {
		k->failed = arena_alloc(&a->arena, sizeof *k->failed);
		*k->failed = e->why;
	}
	*map_put_copy(&a->known, &a->arena, e->ref, NULL) = k;
	if (k->id != NULL && k->name != NULL &&
	    strcmp(op->object, "Domain") == 0)
		*map_put_copy(&a->names, &a->arena, k->id, NULL) = k->name;
}

/* What is planned: what has an id is there. */
static enum apply_status
would_be(const struct apply_op *op, const struct apply_entry *e)
{
	if (e->status != APPLY_PLANNED)
		return e->status;
	if (op->type == OP_DESTROY)
		return APPLY_DESTROYED;
	return op->type == OP_UPDATE || e->id != NULL ? APPLY_UPDATED
						      : APPLY_CREATED;
}

/* In a dry run. */
static void
note_going(
    struct apply *a, const struct apply_op *op, const struct apply_entry *e)
{
	char *key;

	if (e->status != APPLY_PLANNED || op->type != OP_DESTROY ||
	    e->id == NULL)
		return;
	key = xasprintf("%s/%s", op->object, e->id);
	(void)map_put_copy(&a->going, &a->arena, key, NULL);
	free(key);
}

void
apply_report(struct apply *a, struct apply_op *op, struct apply_entry *e)
{
	struct apply_result r = { .status = e->status,
		.would = would_be(op, e),
		.object = op->object,
		.ref = e->ref,
		.address = e->address,
		.id = e->id,
		.note = e->note,
		.differs = e->differs,
		.why = &e->why,
		.op = op,
		.update_id = e->op_id };

	apply_remember(a, op, e);
	if (e->status == APPLY_FAILED) {
		if (op->type != OP_DESTROY && handover_concerns(op))
			aliases_unmet(a, entry_body(e), e->address);
		op->failed = true;
		if (op->type != OP_DESTROY)
			r.body = entry_body(e);
	}
	if (e->status == APPLY_CREATED || e->status == APPLY_UPDATED ||
	    e->status == APPLY_DESTROYED)
		a->changed = true;
	if (would_be(op, e) == APPLY_DESTROYED && e->address != NULL &&
	    strcmp(op->object, "Account") == 0)
		send_as_note_gone(a, e->address);
	note_going(a, op, e);
	catch_alls_note_said(a, op, e);
	old_keys_note(a, op, e);
	if (e->status == APPLY_CREATED || e->status == APPLY_PLANNED)
		inventory_note(a, op, e);
	if (strcmp(op->object, "Account") == 0 && op->type != OP_DESTROY &&
	    op->type != OP_UPDATE) {
		sieve_note(a, e);
		settings_note(a, e);
	}
	a->options->result(a->options->arg, &r);
}

/* --- what failed, as a plan of its own --- */

static void
add_match(json_t *line, const struct apply_op *op)
{
	if (op->match_all)
		(void)json_object_set_new(line, "matchOn", json_string("*"));
	else if (op->match_on != NULL && op->type != OP_CREATE)
		(void)json_object_set(line, "matchOn", op->match_on);
	if (op->scope != NULL)
		(void)json_object_set(line, "scope", op->scope);
}

char *
apply_reject(const struct apply_result *r)
{
	const struct apply_op *op = r->op;
	enum op_type type;
	json_t *line;
	char *text;

	if (r->body == NULL)
		return NULL;
	type = op->type == OP_RECONCILE ? OP_UPSERT : op->type;
	line = json_pack(
	    "{s:s, s:s}", "@type", op_name(type), "object", op->object);
	if (r->update_id != NULL)
		(void)json_object_set_new(line, "id",
		    json_string(r->id != NULL ? r->id : r->update_id));
	add_match(line, op);
	if (type == OP_UPDATE)
		(void)json_object_set(line, "value", r->body);
	else
		(void)json_object_set_new(
		    line, "value", json_pack("{s:O}", r->ref, r->body));
	text = json_dumps(line, JSON_COMPACT);
	json_decref(line);
	return text;
}

/* --- the plan --- */

/* Whether an operation has to wait for those before it. */
static bool
other_kind(const struct op *op, const struct apply_op *last)
{
	return last->object == NULL || last->type != op->type ||
	       strcasecmp(last->object, op->object) != 0;
}

static int
apply_all(struct apply *a)
{
	struct apply_op last = { .object = NULL };
	struct apply_job *updates = NULL;
	int n = 0;

	while (!apply_stopping(a) &&
	       (n = plan_reader_next(a->plan, &a->why)) == 1) {
		const struct op *op = &a->plan->op;

		if (op->type == OP_DESTROY)
			continue;
		if (op->type != OP_UPDATE)
			submit_updates(a, &updates);
		if (other_kind(op, &last))
			job_drain(a);
		last.type = op->type;
		last.object = schema_object(a->schema, op->object);
		if (op->type == OP_UPDATE)
			apply_update(a, &updates);
		else
			apply_objects(a);
	}
	submit_updates(a, &updates);
	job_drain(a);
	return n == -1 || a->stopping ? -1 : 0;
}

int
apply_plan(struct jmap *j, struct plan_reader *plan,
    const struct apply_options *options, bool *changed, struct why *why)
{
	struct apply a = { .jmap = j,
		.plan = plan,
		.options = options,
		.schema = options->schema };
	int r = destroy_pass(&a);

	if (r == 0)
		r = apply_all(&a);
	if (leftover_pass(&a, r == 0) == -1)
		r = -1;
	if (send_as_pass(&a, r == 0) == -1)
		r = -1;
	if (old_keys_pass(&a, r == 0) == -1)
		r = -1;
	if (sieve_pass(&a, r == 0) == -1)
		r = -1;
	if (settings_pass(&a, r == 0) == -1)
		r = -1;
	if (apply_stopping(&a) && a.why.kind == FAIL_NONE)
		r = -1;
	if (r == -1)
		*why = a.why;
	credentials_name_factors(&a);
	*changed = a.changed;
	inventory_drop(&a, NULL);
	buf_wipe(&a.raw.text);
	buf_free(&a.raw.name);
	buf_free(&a.raw.domain);
	map_free(&a.known);
	map_free(&a.names);
	map_free(&a.touched);
	map_free(&a.unmet);
	map_free(&a.whole);
	map_free(&a.gone);
	map_free(&a.going);
	foresee_free(&a);
	map_free(&a.catch_said);
	map_free(&a.script_files);
	map_free(&a.sharees);
	jmap_domains_free(&a.sharee_domains);
	arena_free(&a.arena);
	return r;
}
