/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * The passes over a plan, and what its objects refer to. Objects of one
 * operation go into jobs; operations of one kind and type follow each other
 * without a pause, any other waits for those before it.
 */
#include "jmap/apply.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/alloc.h"
#include "jmap/job.h"

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

/* --- entries --- */

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

void
entry_clear(struct entry *e)
{
	free(e->ref);
	free_secret(e->raw);
	json_decref(e->body);
	free(e->address);
	free(e->id);
	free(e->op_id);
	json_decref(e->holder);
	json_decref(e->patch);
}

json_t *
entry_body(struct entry *e)
{
	if (e->body == NULL && e->raw != NULL)
		e->body = json_loads(e->raw, 0, NULL);
	return e->body;
}

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
	if (from->id != NULL)
		op->id = arena_adds(&op->arena, from->id);
	return op;
}

/* --- references --- */

static struct known *
known_ref(const struct apply *a, const char *ref)
{
	void **slot = map_get(&a->known, ref);

	return slot == NULL ? NULL : *slot;
}

/* It stays as it is when it is of an object that is only planned, or of the
 * same operation, which the server resolves. */
int
apply_resolve_ref(
    struct apply *a, const char *ref, const char **id, struct why *why)
{
	struct known *k = known_ref(a, ref + 1);

	if (k == NULL && (a->running != 0 || a->queue != NULL)) {
		job_drain(a);
		k = known_ref(a, ref + 1);
	}
	if (k == NULL)
		return 0;
	if (k->id != NULL) {
		*id = k->id;
		return 1;
	}
	if (!k->failed)
		return 0;
	why_set(why, FAIL_DATA, "it refers to %s, which failed", ref);
	return -1;
}

/* Replaces the references among the names of a set of ids. */
static int
resolve_keys(struct apply *a, json_t *v, struct why *why)
{
	json_t *out = json_object(), *item;
	const char *key;
	int r = 0;

	json_object_foreach (v, key, item) {
		const char *to = key;

		if (*key == '#' && key[1] != '\0' &&
		    apply_resolve_ref(a, key, &to, why) == -1)
			r = -1;
		(void)json_object_set(out, to, item);
	}
	(void)json_object_clear(v);
	(void)json_object_update(v, out);
	json_decref(out);
	return r;
}

static bool
has_ref_key(json_t *v)
{
	const char *key;
	json_t *item;

	json_object_foreach (v, key, item)
		if (*key == '#' && key[1] != '\0')
			return true;
	return false;
}

/*
 * Replaces all references in v, which stands under member. Those that lead
 * nowhere stay as they are; -1 and why then, of one of them.
 */
static int
resolve(struct apply *a, const char *member, json_t *v, struct why *why)
{
	void *at;
	int r = 0;

	if (!json_is_object(v))
		return 0;
	if (plan_is_id_member(member) && has_ref_key(v))
		r = resolve_keys(a, v, why);
	for (at = json_object_iter(v); at != NULL;
	     at = json_object_iter_next(v, at)) {
		const char *key = json_object_iter_key(at), *id = NULL;
		json_t *item = json_object_iter_value(at);
		const char *s = json_string_value(item);

		if (s == NULL) {
			if (resolve(a, key, item, why) == -1)
				r = -1;
		} else if (*s == '#' && s[1] != '\0' &&
			   plan_is_id_member(key)) {
			if (apply_resolve_ref(a, s, &id, why) == -1)
				r = -1;
			if (id != NULL)
				(void)json_object_iter_set_new(
				    v, at, json_string(id));
		}
	}
	return r;
}

/* --- names for people --- */

/* Asks the server for the name of a domain that is there already. */
static const char *
ask_name(struct apply *a, const char *id)
{
	struct fetch f = { .wanted = NULL };
	struct why why = { 0 };
	const char *name = NULL;
	void **slot;

	fetch_want(&f, "Domain", id);
	fetch_member(&f, "name");
	if (fetch_all(a, &f, &why) == 0)
		name = json_string_value(
		    json_object_get(fetch_found(&f, "Domain", id), "name"));
	slot = map_put_copy(&a->names, &a->arena, id, NULL);
	*slot = arena_adds(&a->arena, name == NULL ? "?" : name);
	fetch_clear(&f);
	return *slot;
}

/* The name of a domain, by its id or a reference. */
static const char *
domain_name(struct apply *a, const char *id)
{
	const struct known *k;
	void **slot;

	if (id == NULL || *id == '\0')
		return "?";
	if (*id == '#') {
		k = known_ref(a, id + 1);
		return k == NULL || k->name == NULL ? "?" : k->name;
	}
	slot = map_get(&a->names, id);
	return slot == NULL ? ask_name(a, id) : *slot;
}

static char *
make_address(struct apply *a, const struct apply_op *op, const json_t *body)
{
	const char *label = schema_label(a->schema, op->object),
		   *name = json_string_value(json_object_get(body, "name"));

	if (name == NULL && label != NULL)
		name = json_string_value(json_object_get(body, label));
	if (name == NULL)
		return NULL;
	if (json_object_get(body, "domainId") == NULL ||
	    !apply_unique(op->object))
		return xstrdup(name);
	return xasprintf("%s@%s", name,
	    domain_name(
		a, json_string_value(json_object_get(body, "domainId"))));
}

/* --- results --- */

/* Keeps what later operations need to know of an object. */
static void
remember(struct apply *a, const struct apply_op *op, const struct entry *e)
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
	*map_put_copy(&a->known, &a->arena, e->ref, NULL) = k;
	if (k->id != NULL && k->name != NULL &&
	    strcmp(op->object, "Domain") == 0)
		*map_put_copy(&a->names, &a->arena, k->id, NULL) = k->name;
}

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
touch(struct apply *a, const struct apply_op *op, const struct entry *e)
{
	char *key;

	if (e->id == NULL || op->type == OP_DESTROY ||
	    !reconciled(a, op->object))
		return;
	key = xasprintf("%s/%s", op->object, e->id);
	(void)map_put_copy(&a->touched, &a->arena, key, NULL);
	free(key);
}

void
apply_report(struct apply *a, struct apply_op *op, struct entry *e)
{
	struct apply_result r = { .status = e->status,
		.object = op->object,
		.ref = e->ref,
		.address = e->address,
		.id = e->id,
		.note = e->note,
		.why = &e->why,
		.op = op,
		.update_id = e->op_id };

	remember(a, op, e);
	touch(a, op, e);
	if (e->status == APPLY_FAILED) {
		op->failed = true;
		if (op->type != OP_DESTROY)
			r.body = entry_body(e);
	}
	if (e->status == APPLY_CREATED || e->status == APPLY_UPDATED ||
	    e->status == APPLY_DESTROYED)
		a->changed = true;
	if (e->status == APPLY_CREATED || e->status == APPLY_PLANNED)
		inventory_note(a, op, e);
	if (strcmp(op->object, "Account") == 0 && op->type != OP_DESTROY &&
	    op->type != OP_UPDATE)
		sieve_note(a, e);
	a->options->result(a->options->arg, &r);
}

/* --- the canary --- */

/* Before the first account with a password: in its domain. */
static int
send_canary(struct apply *a, struct job *job)
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
	const char *type = json_string_value(json_object_get(body, "@type"));

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
	return !match && !a->options->dry_run &&
	       (!a->options->canary || a->canary_done) &&
	       strcmp(op->object, "Account") == 0;
}

/* An object that goes as a tree. */
static void
fill_entry(struct apply *a, struct apply_op *op, struct entry *e, bool match)
{
	struct inventory *v;
	struct why why = { 0 };

	if (resolve(a, "", e->body, &why) == -1)
		entry_fail(e, &why);
	drop_server_set(a, op, e->body);
	e->address = make_address(a, op, e->body);
	if (match && !e->done) {
		/* What was read may have been read again since. */
		v = inventory_get(a, op, &why);
		if (v != NULL)
			inventory_match(a, v, op, e);
		else
			apply_stop(a, &why);
	}
	if ((match || !apply_unique(op->object)) && !e->done &&
	    a->options->dry_run)
		entry_settle(e, APPLY_PLANNED, NULL);
}

/* Fills in the next object of the operation: 1, 0 at the end, -1 and a->why. */
static int
next_entry(struct apply *a, struct job *job, bool match)
{
	struct apply_op *op = job->op;
	struct entry *e;
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
	e->body = json_loadb(text, len, 0, NULL);
	if (e->body == NULL) {
		why_set(&why, FAIL_DATA, "it is no JSON that can be sent");
		entry_fail(e, &why);
		return 1;
	}
	fill_entry(a, op, e, match);
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
	struct job *job = job_new(op);
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
	return resolve(a, "", op->scope, why);
}

/* An operation as a whole that failed: one result for it. */
static void
fail_op(struct apply *a, struct apply_op *op, const struct why *why)
{
	struct entry e = { .why = *why };

	entry_settle(&e, APPLY_FAILED, NULL);
	apply_report(a, op, &e);
}

static void
apply_objects(struct apply *a)
{
	struct apply_op *op = new_op(a);
	struct inventory *v = NULL;
	struct why why = { 0 };
	int r = 0;

	if (resolve_scope(a, op, &why) == -1)
		fail_op(a, op, &why);
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
		else if (op->failed)
			a->options->say(a->options->arg, op->object,
			    "an object of a reconcile failed: nothing is "
			    "destroyed for it");
		else
			leftover_add(a, op->object, inventory_rest(v, op));
	}
	apply_op_free(op);
}

/* --- updates --- */

/* The object that an update is for. */
static void
find_target(struct apply *a, struct apply_op *op, struct entry *e)
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
	if (k == NULL || k->failed) {
		why_set(&e->why, FAIL_DATA, "it refers to %s, which %s", id,
		    k == NULL ? "was not written" : "failed");
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
has_target(const struct job *job, const char *id)
{
	for (size_t i = 0; id != NULL && i < job->n; i++)
		if (job->entries[i].id != NULL &&
		    strcmp(job->entries[i].id, id) == 0)
			return true;
	return false;
}

static void
submit_updates(struct apply *a, struct job **job)
{
	if (*job == NULL)
		return;
	job_submit(a, *job);
	*job = NULL;
	job_drain(a);
}

/* Updates of one type that follow each other go together. */
static void
apply_update(struct apply *a, struct job **job)
{
	struct apply_op *op = new_op(a);
	struct entry made = { 0 }, *e;
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
	if (!made.done && resolve(a, "", made.body, &why) == -1)
		entry_fail(&made, &why);
	e = job_entry(*job);
	*e = made;
	e->op_id = op->id == NULL ? NULL : xstrdup(op->id);
	apply_op_free(op);
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
	struct job *updates = NULL;
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
	if (leftover_pass(&a) == -1)
		r = -1;
	if (sieve_pass(&a, r == 0) == -1)
		r = -1;
	if (apply_stopping(&a) && a.why.kind == FAIL_NONE)
		r = -1;
	if (r == -1)
		*why = a.why;
	*changed = a.changed;
	inventory_drop(&a, NULL);
	buf_wipe(&a.raw.text);
	buf_free(&a.raw.name);
	buf_free(&a.raw.domain);
	map_free(&a.known);
	map_free(&a.names);
	map_free(&a.touched);
	map_free(&a.script_files);
	arena_free(&a.arena);
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
