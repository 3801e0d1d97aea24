/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * Jobs under way: as many as the server takes requests at a time. Creates come
 * first, and what the server says is taken is read: a fresh import needs no
 * reads at all.
 */

#include "apply/job.h"

#include <stdlib.h>
#include <string.h>

#include "apply/apply-internal.h"
#include "apply/entry.h"
#include "apply/foresee.h"
#include "apply/handover.h"
#include "apply/inventory.h"
#include "apply/lookup.h"
#include "apply/operation.h"
#include "apply/update.h"
#include "core/alloc.h"
#include "core/json.h"
#include "core/str.h"
#include "jmap/fetch.h"
#include "jmap/member.h"
#include "jmap/seterror.h"

enum {
	TRIES = 2,  /* of a request whose fate nobody knows, before it is cut */
	FRAME = 256 /* bytes around the arguments */
};

struct apply_job *
job_new(struct apply_op *op)
{
	struct apply_job *job = xcalloc(1, sizeof *job);

	op->uses++;
	job->op = op;
	job->max = (size_t)-1;
	job->request.arg = job;
	return job;
}

struct apply_entry *
job_entry(struct apply_job *job)
{
	job->entries =
	    xgrow(job->entries, job->n, &job->cap, sizeof *job->entries);
	job->entries[job->n] = (struct apply_entry){ 0 };
	return &job->entries[job->n++];
}

/* --- the end of a job --- */

void
job_abandon(struct apply_job *job)
{
	for (size_t i = 0; i < job->n; i++)
		entry_clear(&job->entries[i]);
	free(job->entries);
	fetch_clear(&job->fetch);
	jmap_clear(&job->request);
	apply_op_free(job->op);
	free(job);
}

/* Whether another run may have created the same meanwhile: what was looked for
 * before it was made, and has no name that the server keeps unique. */
static bool
may_have_twins(const struct apply_job *job)
{
	if ((job->op->type != OP_UPSERT && job->op->type != OP_RECONCILE) ||
	    apply_unique(job->op->object))
		return false;
	for (size_t i = 0; i < job->n; i++)
		if (job->entries[i].done &&
		    job->entries[i].status == APPLY_CREATED)
			return true;
	return false;
}

/* Reports all that is settled. After a stop the rest stays unsaid: nothing was
 * done about it, and the next run does it. */
static void
finish(struct apply *a, struct apply_job *job)
{
	if (may_have_twins(job))
		inventory_settle_twins(a, job->op, job->entries, job->n);
	for (size_t i = 0; i < job->n; i++) {
		struct apply_entry *e = &job->entries[i];

		if (!e->done && !a->stopping) {
			why_set(&e->why, FAIL_TEMP,
			    "the server says nothing about it");
			entry_settle(e, APPLY_FAILED, NULL);
		}
		foresee_taken(a, job->op, e);
		if (e->done && !handover_keep(a, job->op, e))
			apply_report(a, job->op, e);
	}
	job_abandon(job);
}

/* --- creating --- */

static bool
to_create(const struct apply_entry *e)
{
	return !e->done && e->holder == NULL;
}

static bool
to_update(const struct apply_entry *e)
{
	return e->patch != NULL;
}

/* The request that creates the objects that are not settled yet, up to the
 * limits; the number of objects in it. */
static size_t
create_fill(struct apply *a, struct apply_job *job)
{
	char *method = xasprintf("x:%s/set", job->op->object);
	struct buf args = { 0 };
	size_t n = 0;

	buf_adds(&args, "{\"create\":{");
	for (size_t i = 0; i < job->n && n < job->max; i++) {
		const struct apply_entry *e = &job->entries[i];
		char *made = NULL;
		const char *text = e->raw;

		if (!to_create(e))
			continue;
		if (text == NULL)
			text = made = json_dumps(e->body, JSON_COMPACT);
		if (n != 0 && args.len + strlen(text) + strlen(e->ref) + FRAME >
				  a->jmap->max_size) {
			free_secret(made);
			break;
		}
		jw_key(&args, e->ref);
		buf_adds(&args, text);
		free_secret(made);
		n++;
	}
	buf_adds(&args, "}}");
	if (n != 0) {
		jmap_begin(&job->request, JMAP_REGISTRY);
		jmap_add(&job->request, method, args.data);
		job->sent = n;
	}
	buf_wipe(&args);
	free(method);
	return n;
}

/* The object that holds a name, by the error of a create. */
static json_t *
holder_of(const json_t *error)
{
	const char *type = jmap_text(error, "type");
	json_t *holder = json_object_get(error, "objectId");

	if (type == NULL || strcmp(type, "primaryKeyViolation") != 0 ||
	    !json_is_string(json_object_get(holder, "object")) ||
	    !json_is_string(json_object_get(holder, "id")))
		return NULL;
	return holder;
}

static void
create_take(struct apply_job *job, const json_t *answer)
{
	const json_t *created = json_object_get(answer, "created"),
		     *refused = json_object_get(answer, "notCreated");
	size_t n = 0;

	for (size_t i = 0; i < job->n && n < job->sent; i++) {
		struct apply_entry *e = &job->entries[i];
		const json_t *made, *error;

		if (!to_create(e))
			continue;
		n++;
		made = json_object_get(created, e->ref);
		error = json_object_get(refused, e->ref);
		if (made != NULL) {
			entry_settle(e, APPLY_CREATED, jmap_text(made, "id"));
			continue;
		}
		if (error == NULL)
			why_set(&e->why, FAIL_TEMP,
			    "the server says nothing about it");
		else
			jmap_set_error(error, entry_body(e), &e->why);
		e->holder = json_incref(holder_of(error));
		if (e->holder == NULL)
			entry_settle(e, APPLY_FAILED, NULL);
	}
}

/* --- what exists --- */

/* Asks for the objects that hold the names of the job's, and for the current
 * values of all that exist. */
static void
want_existing(struct apply *a, struct apply_job *job)
{
	for (size_t i = 0; i < job->n; i++) {
		struct apply_entry *e = &job->entries[i];

		if (e->holder != NULL)
			fetch_want(&job->fetch, jmap_text(e->holder, "object"),
			    jmap_text(e->holder, "id"));
		else if (e->id != NULL && !e->made &&
			 (job->op->type == OP_UPDATE ||
			     (e->done && e->status == APPLY_EXISTS &&
				 update_comparable(a, job, e))))
			fetch_want(&job->fetch, job->op->object, e->id);
	}
	if (json_array_size(job->fetch.wanted) == 0)
		return;
	lookup_members(job);
	update_members(a, job);
}

/* All that exists has been read: what of it is to be changed? */
static void
judge_existing(struct apply *a, struct apply_job *job)
{
	for (size_t i = 0; i < job->n; i++) {
		struct apply_entry *e = &job->entries[i];

		if (e->holder != NULL && !e->done)
			lookup_judge(job, e);
		if (e->done ? e->status == APPLY_EXISTS
			    : job->op->type == OP_UPDATE)
			update_decide(a, job, e);
	}
}

/* --- the machine --- */

static void begin_stage(
    struct apply *a, struct apply_job *job, enum stage stage);

static void
begin_create(struct apply *a, struct apply_job *job)
{
	if (create_fill(a, job) != 0)
		jmap_start(a->jmap, &job->request);
	else
		begin_stage(a, job, STAGE_FETCH);
}

static void
begin_fetch(struct apply *a, struct apply_job *job)
{
	if (job->fetch.wanted == NULL)
		want_existing(a, job);
	job->request.repeat = true;
	if (fetch_fill(a->jmap, &job->fetch, &job->request)) {
		jmap_start(a->jmap, &job->request);
		return;
	}
	judge_existing(a, job);
	begin_stage(a, job, STAGE_UPDATE);
}

static void
begin_stage(struct apply *a, struct apply_job *job, enum stage stage)
{
	size_t n;

	if (job->stage != stage)
		job->max = a->jmap->max_set;
	job->stage = stage;
	job->tries = 0;
	job->request.repeat = false;
	switch (stage) {
	case STAGE_CREATE:
		begin_create(a, job);
		return;
	case STAGE_FIND:
		job->request.repeat = true;
		lookup_fill(job);
		jmap_start(a->jmap, &job->request);
		return;
	case STAGE_FETCH:
		begin_fetch(a, job);
		return;
	case STAGE_UPDATE:
		if (update_fill(a, job, &n)) {
			jmap_start(a->jmap, &job->request);
			return;
		}
		break;
	}
	a->running--;
	finish(a, job);
}

/* n: the objects in the request; why: for REMEDY_FAIL and REMEDY_STOP. */
static enum remedy
job_remedy(struct apply *a, struct apply_job *job, enum jmap_status status,
    size_t n, const struct why *why)
{
	switch (status) {
	case JMAP_OK:
	case JMAP_TOO_LARGE:
		break;
	case JMAP_UNSURE:
	case JMAP_BROKEN:
		if (++job->tries > TRIES)
			break;
		job->request.why = *why;
		if (jmap_again(a->jmap, &job->request, -1))
			return REMEDY_WAIT;
		return REMEDY_STOP;
	case JMAP_FAILED:
		if (why->kind != FAIL_DATA)
			return REMEDY_STOP;
		break;
	}
	job->tries = 0;
	return n > 1 ? REMEDY_HALVE : REMEDY_FAIL;
}

static void
fail_first(struct apply_job *job, bool (*about)(const struct apply_entry *e),
    const struct why *why)
{
	for (size_t i = 0; i < job->n; i++)
		if (about(&job->entries[i])) {
			json_decref(job->entries[i].patch);
			job->entries[i].patch = NULL;
			entry_fail(&job->entries[i], why);
			return;
		}
}

static void
end_job(struct apply *a, struct apply_job *job)
{
	a->running--;
	finish(a, job);
}

/* A request that changes something failed. Where the server's names are not
 * unique, what may have been created is looked for before it is sent again. */
static void
mend(struct apply *a, struct apply_job *job, enum jmap_status status,
    bool (*about)(const struct apply_entry *e), struct why *why)
{
	size_t n = job->sent;
	enum stage stage = job->stage;

	if ((status == JMAP_UNSURE || status == JMAP_BROKEN) &&
	    stage == STAGE_CREATE && !apply_unique(job->op->object)) {
		struct inventory *v;

		inventory_drop(a, job->op->object);
		v = inventory_get(a, job->op, why);
		for (size_t i = 0; v != NULL && i < job->n; i++)
			if (about(&job->entries[i]))
				inventory_match(
				    a, v, job->op, &job->entries[i]);
		if (v == NULL || ++job->tries > TRIES) {
			apply_stop(a, why);
			end_job(a, job);
		} else {
			begin_create(a, job);
		}
		return;
	}
	switch (job_remedy(a, job, status, n, why)) {
	case REMEDY_WAIT:
		return;
	case REMEDY_HALVE:
		job->max = n / 2;
		break;
	case REMEDY_FAIL:
		fail_first(job, about, why);
		break;
	case REMEDY_STOP:
		apply_stop(a, why);
		end_job(a, job);
		return;
	}
	begin_stage(a, job, stage);
}

/* The status of the one call in the request of the job. */
static enum jmap_status
set_answer(struct apply_job *job, json_t **answer, struct why *why)
{
	char *method = xasprintf("x:%s/set", job->op->object);
	enum jmap_status status = job->request.status;

	*answer = NULL;
	*why = job->request.why;
	if (status == JMAP_OK)
		status = jmap_answer(&job->request, 0, method, answer, why);
	free(method);
	return status;
}

static void
step_set(struct apply *a, struct apply_job *job)
{
	bool create = job->stage == STAGE_CREATE;
	struct why why = { 0 };
	enum jmap_status status;
	json_t *answer;

	status = set_answer(job, &answer, &why);
	if (status != JMAP_OK) {
		mend(a, job, status, create ? to_create : to_update, &why);
		return;
	}
	if (create)
		create_take(job, answer);
	else
		update_take(job, answer);
	if (job->max < a->jmap->max_set)
		job->max *= 2;
	begin_stage(a, job, job->stage);
}

static void
step_read(struct apply *a, struct apply_job *job)
{
	struct why why = job->request.why;
	int r = -1;

	if (job->request.status == JMAP_OK)
		r = job->stage == STAGE_FIND
			? lookup_take(job, &why)
			: fetch_take(&job->fetch, &job->request, &why);
	if (r == -1) {
		apply_stop(a, &why);
		end_job(a, job);
	} else {
		begin_stage(a, job, STAGE_FETCH);
	}
}

/* --- the queue --- */

static void
begin_job(struct apply *a, struct apply_job *job)
{
	bool settled = true;

	for (size_t i = 0; i < job->n; i++)
		settled = settled && job->entries[i].done;
	a->running++;
	job->max = a->jmap->max_set;
	if (job->op->type == OP_UPDATE || settled)
		begin_stage(a, job, STAGE_FETCH);
	else if (a->options->dry_run)
		begin_stage(a, job, STAGE_FIND);
	else
		begin_stage(a, job, STAGE_CREATE);
}

/* Begins what there is room for. */
static void
begin_some(struct apply *a)
{
	while (a->queue != NULL && a->running < a->jmap->max_concurrent) {
		struct apply_job *job = a->queue;

		a->queue = job->next;
		if (apply_stopping(a))
			finish(a, job);
		else
			begin_job(a, job);
	}
}

/* Takes an answer, and waits for one if it must; false if there was none. */
static bool
take_one(struct apply *a, bool wait)
{
	struct jmap_request *r =
	    a->running == 0 ? NULL : jmap_next(a->jmap, wait);
	struct apply_job *job;

	if (r == NULL)
		return false;
	job = r->arg;
	if (job->stage == STAGE_CREATE || job->stage == STAGE_UPDATE)
		step_set(a, job);
	else
		step_read(a, job);
	return true;
}

void
job_submit(struct apply *a, struct apply_job *job)
{
	struct apply_job **at = &a->queue;

	while (*at != NULL)
		at = &(*at)->next;
	job->next = NULL;
	*at = job;
	for (begin_some(a); a->queue != NULL; begin_some(a))
		(void)take_one(a, true);
	/* What is under way goes on while the next job is made. */
	while (take_one(a, false))
		continue;
}

void
job_drain(struct apply *a)
{
	for (begin_some(a); a->queue != NULL || a->running != 0; begin_some(a))
		(void)take_one(a, true);
}
