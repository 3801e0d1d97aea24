/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * Creates first, and reads what the server says is taken: a fresh import needs
 * no reads at all, and a second run one get for each batch.
 */
#include "jmap/apply.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/alloc.h"
#include "core/buf.h"
#include "core/json.h"
#include "core/str.h"
#include "jmap/entry.h"

const char *
apply_status_name(enum apply_status s)
{
	static const char *const names[] = { [APPLY_CREATED] = "created",
		[APPLY_EXISTS] = "exists",
		[APPLY_UPDATED] = "updated",
		[APPLY_PLANNED] = "planned",
		[APPLY_FAILED] = "failed" };

	return names[s];
}

void
entry_settle(struct entry *e, enum apply_status status, const char *id)
{
	e->status = status;
	e->done = true;
	if (id != NULL && e->id == NULL)
		e->id = xstrdup(id);
}

void
entry_fail(struct entry *e, const struct why *why)
{
	e->why = *why;
	entry_settle(e, APPLY_FAILED, NULL);
}

struct known *
apply_known(const struct apply *a, const char *ref)
{
	void **slot = map_get(&a->known, ref);

	return slot == NULL ? NULL : *slot;
}

/* --- references --- */

/* The id behind "#ref"; NULL and why if there is none. In a dry run an object
 * that is only planned stands for itself. */
static const char *
ref_id(struct apply *a, const char *ref, struct why *why)
{
	const struct known *k = apply_known(a, ref + 1);

	if (k != NULL && k->id != NULL)
		return k->id;
	if (k != NULL && !k->failed && a->options->dry_run)
		return ref;
	why_set(why, FAIL_DATA, "it refers to %s, which %s", ref,
	    k == NULL ? "comes later in the plan" : "failed");
	return NULL;
}

/*
 * Replaces all references in v, which stands under member. Without why, those
 * that lead nowhere stay as they are.
 */
static int
resolve(struct apply *a, const char *member, json_t *v, struct why *why)
{
	bool id = plan_is_id_member(member);
	json_t *item, *out;
	const char *key;

	if (!json_is_object(v))
		return 0;
	out = json_object();
	json_object_foreach (v, key, item) {
		const char *text = json_string_value(item), *to = key;

		if (id && *key == '#' && (to = ref_id(a, key, why)) == NULL) {
			json_decref(out);
			return -1;
		}
		if (plan_is_id_member(key) && text != NULL && *text == '#') {
			const char *real = ref_id(a, text, why);

			if (real == NULL && why != NULL) {
				json_decref(out);
				return -1;
			}
			(void)json_object_set_new(
			    out, to, json_string(real == NULL ? text : real));
			continue;
		}
		if (resolve(a, key, item, why) == -1) {
			json_decref(out);
			return -1;
		}
		(void)json_object_set(out, to, item);
	}
	(void)json_object_clear(v);
	(void)json_object_update(v, out);
	json_decref(out);
	return 0;
}

/* --- entries --- */

/* The name of the domain that a body is in, for people. */
static const char *
domain_name(struct apply *a, const json_t *plan_body)
{
	const char *id =
	    json_string_value(json_object_get(plan_body, "domainId"));
	const struct known *k;
	void **slot;

	if (id == NULL)
		return NULL;
	if (*id == '#') {
		k = apply_known(a, id + 1);
		return k == NULL ? NULL : k->name;
	}
	slot = map_get(&a->names, id);
	return slot == NULL ? NULL : *slot;
}

static char *
make_address(struct apply *a, const json_t *plan_body)
{
	const char *name =
	    json_string_value(json_object_get(plan_body, "name"));
	const char *domain;

	if (name == NULL)
		return NULL;
	if (json_object_get(plan_body, "domainId") == NULL)
		return xstrdup(name);
	domain = domain_name(a, plan_body);
	return xasprintf("%s@%s", name, domain == NULL ? "?" : domain);
}

static void
add_entry(struct apply *a, const char *ref, json_t *body)
{
	struct entry *e;

	a->entries = grow(a->entries, a->n, &a->cap, sizeof *a->entries);
	e = &a->entries[a->n++];
	*e = (struct entry){ .ref = *ref == '#' ? ref + 1 : ref,
		.plan_body = body };
	e->address = make_address(a, body);
	e->body = json_deep_copy(body);
	if (resolve(a, "", e->body, &e->why) == -1)
		entry_settle(e, APPLY_FAILED, NULL);
}

/* The body of an object that failed, to be applied again on its own: what it
 * refers to is there under an id, or failed as well. */
static json_t *
reject_body(struct apply *a, const struct entry *e)
{
	json_t *body = json_deep_copy(e->plan_body);

	(void)resolve(a, "", body, NULL);
	return body;
}

static void
clear_entries(struct apply *a)
{
	for (size_t i = 0; i < a->n; i++) {
		json_decref(a->entries[i].body);
		free(a->entries[i].address);
		free(a->entries[i].id);
	}
	a->n = 0;
}

/* Keeps what later operations need to know of an object. */
static void
remember(struct apply *a, const struct entry *e)
{
	struct known *k;

	if (e->ref == NULL || !plan_reader_referred(a->plan, e->ref))
		return;
	k = arena_alloc(&a->arena, sizeof *k);
	if (e->id != NULL)
		k->id = arena_adds(&a->arena, e->id);
	if (e->address != NULL)
		k->name = arena_adds(&a->arena, e->address);
	k->made = e->status == APPLY_CREATED;
	k->failed = e->status == APPLY_FAILED;
	*map_put(&a->known, arena_adds(&a->arena, e->ref), NULL) = k;
	if (k->id != NULL && strcasecmp(a->op->object, "Domain") == 0)
		*map_put(&a->names, k->id, NULL) = k->name;
}

static void
report_entries(struct apply *a)
{
	for (size_t i = 0; i < a->n; i++) {
		struct entry *e = &a->entries[i];
		struct apply_result r = { .status = e->status,
			.object = a->op->object,
			.ref = e->ref,
			.address = e->address,
			.id = e->id,
			.note = e->note,
			.why = &e->why,
			.op = a->op };

		if (!e->done)
			continue;
		remember(a, e);
		if (e->status == APPLY_FAILED)
			r.body = reject_body(a, e);
		if (e->status == APPLY_CREATED || e->status == APPLY_UPDATED)
			a->changed = true;
		a->options->result(a->options->arg, &r);
		json_decref(r.body);
	}
}

/* --- creating --- */

/* One batch: the entries [from, to) that are not settled yet. */
struct batch {
	size_t from, to;
	size_t n;
	struct buf args;
};

/* Fills a batch up to the limits of the session. */
static void
fill_batch(struct apply *a, struct batch *b, size_t max)
{
	enum {
		FRAME = 256
	}; /* what stands around the arguments */

	buf_reset(&b->args);
	buf_adds(&b->args, "{\"create\":{");
	for (b->n = 0, b->to = b->from; b->to < a->n && b->n < max; b->to++) {
		const struct entry *e = &a->entries[b->to];
		char *text;
		size_t len;

		if (e->done)
			continue;
		text = json_dumps(e->body, JSON_COMPACT);
		len = strlen(text);
		if (b->n != 0 && b->args.len + len + strlen(e->ref) + FRAME >
				     a->jmap->max_size) {
			free_secret(text);
			break;
		}
		jw_key(&b->args, e->ref);
		buf_add(&b->args, text, len);
		free_secret(text);
		b->n++;
	}
	buf_adds(&b->args, "}}");
}

/* The object that holds a name, if it is of a type that we can look at. */
static json_t *
known_holder(const json_t *error)
{
	static const char *const types[] = { "Domain", "Account",
		"MailingList" };
	const char *type = json_string_value(json_object_get(error, "type"));
	json_t *holder = json_object_get(error, "objectId");
	const char *object =
		       json_string_value(json_object_get(holder, "object")),
		   *id = json_string_value(json_object_get(holder, "id"));

	if (type == NULL || strcmp(type, "primaryKeyViolation") != 0 ||
	    object == NULL || id == NULL)
		return NULL;
	for (size_t i = 0; i < sizeof types / sizeof *types; i++)
		if (strcmp(types[i], object) == 0)
			return json_incref(holder);
	return NULL;
}

/* What the answer says of each entry; holders[i] is the object that has the
 * name (borrowed from the answer). */
static void
read_created(struct apply *a, const struct batch *b, const json_t *answer,
    json_t **holders)
{
	const json_t *created = json_object_get(answer, "created"),
		     *not_created = json_object_get(answer, "notCreated");

	for (size_t i = b->from; i < b->to; i++) {
		struct entry *e = &a->entries[i];
		const json_t *made = json_object_get(created, e->ref),
			     *error = json_object_get(not_created, e->ref);

		if (e->done)
			continue;
		if (made != NULL) {
			entry_settle(e, APPLY_CREATED,
			    json_string_value(json_object_get(made, "id")));
		} else if (error == NULL) {
			why_set(&e->why, FAIL_TEMP,
			    "the server says nothing about it");
			entry_settle(e, APPLY_FAILED, NULL);
		} else {
			jmap_set_error(error, e->body, &e->why);
			holders[i] = known_holder(error);
			if (holders[i] == NULL)
				entry_settle(e, APPLY_FAILED, NULL);
		}
	}
}

static void
fail_batch(struct apply *a, const struct batch *b, const struct why *why)
{
	for (size_t i = b->from; i < b->to; i++)
		if (!a->entries[i].done)
			entry_fail(&a->entries[i], why);
}

static bool
must_stop(struct apply *a)
{
	if (a->options->stop == NULL || !a->options->stop(a->options->arg))
		return false;
	a->why = (struct why){ .kind = FAIL_NONE };
	return true;
}

/*
 * Sends one batch, and again after a failure that leaves open what was done:
 * the server's keys are unique, so that an object that was created the first
 * time is found to exist the second time, and never made twice.
 */
static enum jmap_status
send_batch(struct apply *a, struct batch *b, json_t **holders)
{
	enum {
		TRIES = 2
	};
	char *method = xasprintf("x:%s/set", a->op->object);
	enum jmap_status status;
	struct why why = { 0 };
	json_t *answer = NULL;
	long last = 0;
	int tries = 0;

	do
		status = jmap_call(
		    a->jmap, method, b->args.data, false, &answer, &why);
	while ((status == JMAP_UNSURE || status == JMAP_BROKEN) &&
	       a->op->type != OP_CREATE && ++tries <= TRIES &&
	       jmap_wait(a->jmap, -1, &last, &why));
	/* One object may be what the server fails at: find out which. */
	if (status == JMAP_BROKEN && a->op->type != OP_CREATE &&
	    tries > TRIES) {
		if (b->n == 1)
			fail_batch(a, b, &why);
		json_decref(answer);
		free(method);
		return b->n == 1 ? JMAP_OK : JMAP_TOO_LARGE;
	}
	if (status == JMAP_OK)
		read_created(a, b, answer, holders);
	else if (status == JMAP_UNSURE || status == JMAP_BROKEN ||
		 why.kind != FAIL_DATA)
		a->why = why;
	else if (status == JMAP_FAILED || b->n == 1)
		fail_batch(a, b, &why);
	if (status == JMAP_FAILED && why.kind == FAIL_DATA)
		status = JMAP_OK;
	if (status == JMAP_TOO_LARGE && b->n == 1)
		status = JMAP_OK;
	json_decref(answer);
	free(method);
	return status;
}

static int
create_entries(struct apply *a)
{
	size_t max = a->jmap->max_set;
	json_t **holders = xcalloc(a->n, sizeof(json_t *));
	struct batch b = { 0 };
	int r = 0;

	while (r == 0 && b.from < a->n) {
		if (must_stop(a)) {
			r = -1;
			break;
		}
		fill_batch(a, &b, max);
		if (b.n == 0)
			break;
		switch (send_batch(a, &b, holders)) {
		case JMAP_OK:
			b.from = b.to;
			max = max * 2 < a->jmap->max_set ? max * 2
							 : a->jmap->max_set;
			break;
		case JMAP_TOO_LARGE:
			max = b.n / 2;
			break;
		case JMAP_UNSURE:
		case JMAP_BROKEN:
		case JMAP_FAILED:
			r = -1;
			break;
		}
	}
	/* What is taken can be judged whatever stopped the rest. */
	if (apply_judge_holders(a, holders) == -1)
		r = -1;
	for (size_t i = 0; i < a->n; i++) {
		struct entry *e = &a->entries[i];

		/* Nothing may go without a word. */
		if (r == 0 && !e->done)
			entry_settle(e, APPLY_FAILED, NULL);
		json_decref(holders[i]);
	}
	free(holders);
	buf_wipe(&b.args);
	return r;
}

/* --- the canary --- */

static bool
has_password(const json_t *body)
{
	return json_object_size(json_object_get(body, "credentials")) != 0;
}

/* Before the first account with a password: in its domain. */
static int
send_canary(struct apply *a)
{
	if (!a->options->canary || a->canary_done || a->options->dry_run)
		return 0;
	for (size_t i = 0; i < a->n; i++) {
		const json_t *domain =
		    json_object_get(a->entries[i].body, "domainId");

		if (a->entries[i].done || !json_is_string(domain) ||
		    !has_password(a->entries[i].body))
			continue;
		a->canary_done = true;
		return apply_canary(
		    a->jmap, json_string_value(domain), a->options, &a->why);
	}
	return 0;
}

/* --- the plan --- */

static int
apply_objects(struct apply *a)
{
	const char *key;
	json_t *v;
	int r;

	json_object_foreach (a->op->value, key, v)
		add_entry(a, key, v);
	if (a->options->dry_run)
		r = apply_find(a);
	else if (send_canary(a) == -1)
		return -1;
	else
		r = create_entries(a);
	if (r == 0 && a->options->update)
		r = apply_update_existing(a);
	return r;
}

int
apply_plan(struct jmap *j, struct plan_reader *plan,
    const struct apply_options *options, bool *changed, struct why *why)
{
	struct apply a = { .jmap = j, .plan = plan, .options = options };
	int n = 0, r = 0;

	while (r == 0 && (n = plan_reader_next(plan, &a.why)) == 1) {
		a.op = &plan->op;
		r = a.op->type == OP_UPDATE ? apply_update_op(&a)
					    : apply_objects(&a);
		report_entries(&a);
		clear_entries(&a);
		if (r == 0 && must_stop(&a))
			r = -1;
	}
	if (n == -1)
		r = -1;
	if (r == -1 && !must_stop(&a))
		*why = a.why;
	else if (r == -1)
		*why = (struct why){ .kind = FAIL_NONE };
	*changed = a.changed;
	map_free(&a.known);
	map_free(&a.names);
	arena_free(&a.arena);
	free(a.entries);
	return r;
}

int
apply_invalidate(struct jmap *j, const char *action, struct why *why)
{
	char *args =
	    xasprintf("{\"create\":{\"a\":{\"@type\":\"%s\"}}}", action);
	json_t *answer = NULL;
	const json_t *error;
	int r = -1;

	if (jmap_call(j, "x:Action/set", args, true, &answer, why) == JMAP_OK) {
		error =
		    json_object_get(json_object_get(answer, "notCreated"), "a");
		r = error == NULL ? 0 : -1;
		if (error != NULL)
			jmap_set_error(error, NULL, why);
	}
	json_decref(answer);
	free(args);
	return r;
}
