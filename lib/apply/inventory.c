/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * All objects of a type, by what an operation tells them apart by: its matchOn
 * members, the type's label, or every value that can be compared. It is for
 * types whose names the server does not keep unique, and for reconciles, which
 * must know what else is there. Of an object its id and one text are kept.
 *
 * The rules are those of stalwart-cli apply: all members equal, null and absent
 * the same, the same variant, within the scope; more than one is an error.
 */
#include "apply/inventory.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "apply/apply-internal.h"
#include "apply/entry.h"
#include "core/alloc.h"
#include "core/buf.h"
#include "jmap/destroy.h"
#include "jmap/fetch.h"
#include "jmap/member.h"

struct item {
	const char *id; /* NULL: planned only */
	size_t scope;   /* hash of its values of the scope's members */
	bool twice;     /* another object has the same key */
	size_t last;    /* then, the last of them that was read, from 1 */
	bool matched;   /* by an object of the plan */
};

struct inventory {
	struct inventory *next;
	const char *object;
	char *shape; /* what distinguishes the objects */
	struct item *items;
	size_t n, cap;
	struct map by_key; /* key -> number of the item, from 1 */
	struct arena arena;
	bool warned;
};

/* --- keys --- */

/* Appends a value; absent is null. */
static void
add_value(struct buf *key, const json_t *v)
{
	char *s;

	if (v == NULL || json_is_null(v)) {
		buf_adds(key, "null,");
		return;
	}
	s = json_dumps(v, JSON_COMPACT | JSON_SORT_KEYS | JSON_ENCODE_ANY);
	buf_adds(key, s);
	buf_addc(key, ',');
	free_secret(s);
}

/* The label of the type, when nothing else is said. */
static const char *
label(const struct apply *a, const struct apply_op *op)
{
	return op->match_on != NULL || op->match_all || op->type == OP_CREATE
		   ? NULL
		   : schema_label(a->schema, op->object);
}

static bool
by_value(const struct apply *a, const struct apply_op *op)
{
	return op->match_on == NULL && label(a, op) == NULL;
}

/* Every member of its variant that can be compared; one that is absent has its
 * default. */
static void
add_comparable(const struct apply *a, const struct apply_op *op,
    const json_t *object, struct buf *key)
{
	const char *type = jmap_text(object, "@type"), *name;
	const json_t *members = schema_members(a->schema, op->object, type),
		     *defaults = schema_defaults(a->schema, op->object, type);
	json_t *member;

	json_object_foreach ((json_t *)(uintptr_t)members, name, member) {
		const json_t *v = json_object_get(object, name);

		if (member_comparable(member))
			add_value(key,
			    v == NULL ? json_object_get(defaults, name) : v);
	}
}

static void
add_scope(const struct apply_op *op, const json_t *object, struct buf *key)
{
	const char *name;
	json_t *v;

	json_object_foreach (op->scope, name, v)
		add_value(key, json_object_get(object, name));
}

/* Whether objects of two variants are never the same. Keys of two kinds under one
 * selector of a domain are one too many: both would stand in the zone. */
static bool
variants_differ(const struct apply *a, const struct apply_op *op)
{
	return schema_has_variants(a->schema, op->object) &&
	       (op->match_on == NULL ||
		   strcmp(op->object, "DkimSignature") != 0);
}

/* What distinguishes an object within its scope. */
static void
make_key(const struct apply *a, const struct apply_op *op, const json_t *object,
    struct buf *key)
{
	json_t *v;
	size_t i;

	if (variants_differ(a, op))
		add_value(key, json_object_get(object, "@type"));
	if (label(a, op) != NULL)
		add_value(key, json_object_get(object, label(a, op)));
	json_array_foreach (op->match_on, i, v)
		add_value(key, json_object_get(object, json_string_value(v)));
	if (by_value(a, op))
		add_comparable(a, op, object, key);
	add_scope(op, object, key);
}

static size_t
scope_hash(const struct apply_op *op, const json_t *object)
{
	struct buf b = { 0 };
	size_t h;

	add_scope(op, object, &b);
	h = (size_t)map_hash(buf_str(&b), b.len);
	buf_free(&b);
	return h;
}

/* Names what the keys are made of, so that an inventory is used again by
 * operations of the same form. */
static char *
make_shape(const struct apply *a, const struct apply_op *op)
{
	struct buf b = { 0 };
	const char *name;
	json_t *v;

	buf_adds(&b, by_value(a, op) ? "*" : "");
	buf_adds(&b, label(a, op) == NULL ? "" : label(a, op));
	add_value(&b, op->match_on);
	json_object_foreach (op->scope, name, v)
		buf_addf(&b, "%s,", name);
	return b.data;
}

/* --- reading --- */

static void
add_item(struct inventory *v, const struct apply *a, const struct apply_op *op,
    const json_t *object, const char *id, bool matched)
{
	struct buf key = { 0 };
	struct item *item;
	void **slot;
	bool added;

	v->items = xgrow(v->items, v->n, &v->cap, sizeof *v->items);
	item = &v->items[v->n++];
	*item =
	    (struct item){ .id = id == NULL ? NULL : arena_adds(&v->arena, id),
		    .scope = op->scope == NULL ? 0 : scope_hash(op, object),
		    .matched = matched };
	make_key(a, op, object, &key);
	slot = map_put_copy(&v->by_key, &v->arena, key.data, &added);
	if (added)
		*slot = (void *)(uintptr_t)v->n;
	else {
		struct item *first = &v->items[(uintptr_t)*slot - 1];

		first->twice = true;
		first->last = v->n;
	}
	buf_wipe(&key);
}

/* Asks for no more members than the keys need. */
static void
want_members(const struct apply *a, const struct apply_op *op, struct fetch *f)
{
	const char *name;
	json_t *v;
	size_t i;

	if (by_value(a, op)) /* whatever a variant has */
		return;
	fetch_member(f, "@type");
	if (label(a, op) != NULL)
		fetch_member(f, label(a, op));
	json_array_foreach (op->match_on, i, v)
		fetch_member(f, json_string_value(v));
	json_object_foreach (op->scope, name, v)
		fetch_member(f, name);
}

/* Reads objects [from, to) of ids. */
static int
read_some(struct apply *a, struct inventory *v, const struct apply_op *op,
    const json_t *ids, size_t from, size_t to, struct why *why)
{
	struct fetch f = { .wanted = NULL };
	int r;

	for (size_t i = from; i < to; i++)
		fetch_want(
		    &f, op->object, json_string_value(json_array_get(ids, i)));
	want_members(a, op, &f);
	r = fetch_all(a->jmap, &f, why);
	for (size_t i = from; r == 0 && i < to; i++) {
		const char *id = json_string_value(json_array_get(ids, i));
		const json_t *object = fetch_found(&f, op->object, id);

		if (object != NULL)
			add_item(v, a, op, object, id, false);
	}
	fetch_clear(&f);
	return r;
}

static int
read_all(struct apply *a, struct inventory *v, const struct apply_op *op,
    struct why *why)
{
	size_t step = a->jmap->max_get * a->jmap->max_calls, n;
	json_t *ids = fetch_ids(a->jmap, op->object, NULL, why);
	int r = ids == NULL ? -1 : 0;

	n = json_array_size(ids);
	for (size_t from = 0; r == 0 && from < n; from += step)
		r = read_some(a, v, op, ids, from,
		    from + step < n ? from + step : n, why);
	json_decref(ids);
	return r;
}

static void
free_inventory(struct inventory *v)
{
	map_free(&v->by_key);
	arena_free(&v->arena);
	free(v->items);
	free(v->shape);
	free(v);
}

void
inventory_drop(struct apply *a, const char *object)
{
	struct inventory **at = &a->inventories, *v;

	while ((v = *at) != NULL) {
		if (object != NULL && strcmp(v->object, object) != 0) {
			at = &v->next;
			continue;
		}
		*at = v->next;
		free_inventory(v);
	}
}

struct inventory *
inventory_get(struct apply *a, struct apply_op *op, struct why *why)
{
	char *shape = make_shape(a, op);
	struct inventory *v = a->inventories;

	while (v != NULL && strcmp(v->object, op->object) != 0)
		v = v->next;
	if (v != NULL && strcmp(v->shape, shape) == 0) {
		free(shape);
		return v;
	}
	inventory_drop(a, op->object);
	v = xcalloc(1, sizeof *v);
	v->object = op->object;
	v->shape = shape;
	if (read_all(a, v, op, why) == -1) {
		free_inventory(v);
		return NULL;
	}
	v->next = a->inventories;
	a->inventories = v;
	if (by_value(a, op) && !op->match_all && op->type != OP_CREATE)
		a->options->say(a->options->arg, op->object,
		    "nothing names such an object: what exists is matched by "
		    "all its values, and one that differs is created as new");
	return v;
}

int
inventory_cheaper(
    struct apply *a, const char *object, bool *cheaper, struct why *why)
{
	char *method;
	json_t *answer = NULL;
	size_t total, lookups = a->plan->objects / (a->jmap->max_calls / 2 + 1);
	int r = -1;

	*cheaper = a->weighed != LOOKUPS_CHEAPER;
	if (strcmp(object, "Account") != 0) {
		*cheaper = true;
		return 0;
	}
	if (a->weighed != NOT_WEIGHED)
		return 0;
	method = xasprintf("x:%s/query", object);
	if (jmap_call(a->jmap, method, "{\"limit\":1,\"calculateTotal\":true}",
		true, &answer, why) == JMAP_OK) {
		total = (size_t)json_integer_value(
		    json_object_get(answer, "total"));
		/* Ids and objects, a page in each call. */
		*cheaper =
		    total / (a->jmap->max_get * (a->jmap->max_calls / 2 + 1)) <=
		    lookups;
		a->weighed = *cheaper ? INVENTORY_CHEAPER : LOOKUPS_CHEAPER;
		r = 0;
	}
	json_decref(answer);
	free(method);
	return r;
}

/* --- matching --- */

/* Members of the scope that the object does not have are those of the scope. */
static void
fill_scope(const struct apply_op *op, json_t *body)
{
	const char *name;
	json_t *v;

	json_object_foreach (op->scope, name, v)
		if (json_object_get(body, name) == NULL)
			(void)json_object_set(body, name, v);
}

/* What a match needs of the object of the plan. */
static int
check_body(const struct apply *a, const struct apply_op *op, const json_t *body,
    struct why *why)
{
	const char *name = label(a, op);
	json_t *v;
	size_t i;

	if (schema_has_variants(a->schema, op->object) &&
	    jmap_text(body, "@type") == NULL)
		return why_set(why, FAIL_DATA, "@type is missing");
	if (name != NULL && json_object_get(body, name) == NULL)
		return why_set(why, FAIL_DATA,
		    "%s, by which it would be found, is missing", name);
	json_array_foreach (op->match_on, i, v)
		if (json_object_get(body, json_string_value(v)) == NULL)
			return why_set(why, FAIL_DATA,
			    "%s, by which it would be found, is missing",
			    json_string_value(v));
	if (by_value(a, op) && schema_members(a->schema, op->object,
				   jmap_text(body, "@type")) == NULL)
		return why_set(why, FAIL_DATA,
		    "nothing tells such objects apart: give a matchOn");
	return 0;
}

/* An object of the plan with the same key as an earlier one of the operation
 * would be created by every run. */
static bool
is_twice(struct apply_op *op, const char *key, const struct apply_entry *e,
    struct why *why)
{
	void **slot;
	bool added;

	if (op->seen == NULL)
		op->seen = xcalloc(1, sizeof *op->seen);
	slot = map_put_copy(op->seen, &op->arena, key, &added);
	if (added)
		*slot = arena_adds(&op->arena, e->ref);
	else if (strcmp(*slot, e->ref) != 0) {
		why_set(why, FAIL_DATA,
		    "matchOn does not distinguish it from %s in the same "
		    "operation",
		    (const char *)*slot);
		return true;
	}
	return false;
}

void
inventory_match(struct apply *a, struct inventory *v, struct apply_op *op,
    struct apply_entry *e)
{
	struct buf key = { 0 };
	struct item *item;
	void **slot;

	(void)entry_body(e);
	fill_scope(op, e->body);
	if (check_body(a, op, e->body, &e->why) == -1) {
		entry_settle(e, APPLY_FAILED, NULL);
		return;
	}
	make_key(a, op, e->body, &key);
	slot = map_get(&v->by_key, key.data);
	item = slot == NULL ? NULL : &v->items[(uintptr_t)*slot - 1];
	if (op->type != OP_CREATE && is_twice(op, key.data, e, &e->why)) {
		entry_settle(e, APPLY_FAILED, NULL);
	} else if (item != NULL && item->twice) {
		why_set(&e->why, FAIL_DATA,
		    "more than one object on the server is like it");
		entry_settle(e, APPLY_FAILED, NULL);
	} else if (item != NULL) {
		item->matched = true;
		entry_settle(e, APPLY_EXISTS, item->id);
	}
	buf_wipe(&key);
}

void
inventory_note(struct apply *a, struct apply_op *op, struct apply_entry *e)
{
	struct inventory *v = a->inventories;
	char *shape;

	while (v != NULL && strcmp(v->object, op->object) != 0)
		v = v->next;
	if (v == NULL)
		return;
	shape = make_shape(a, op);
	if (strcmp(shape, v->shape) != 0)
		inventory_drop(a, op->object);
	else
		add_item(v, a, op, entry_body(e), e->id, true);
	free(shape);
}

/* --- what two runs have made at a time --- */

/* The oldest object that is like it: the server gives the newest first. NULL:
 * there is none. */
static const char *
find_oldest(const struct apply *a, const struct inventory *v,
    const struct apply_op *op, struct apply_entry *e)
{
	struct buf key = { 0 };
	const struct item *item;
	void **slot;

	make_key(a, op, entry_body(e), &key);
	slot = map_get(&v->by_key, key.data);
	buf_wipe(&key);
	if (slot == NULL)
		return NULL;
	item = &v->items[(uintptr_t)*slot - 1];
	return item->twice ? v->items[item->last - 1].id : item->id;
}

/* Takes away what this run has made, id. */
static bool
destroy_own(struct apply *a, const char *object, const char *id)
{
	struct why why = { 0 };
	json_t *ids = json_pack("[s]", id),
	       *answer = jmap_destroy(a->jmap, object, ids, &why);
	bool done = jmap_is_gone(answer, id);

	json_decref(answer);
	json_decref(ids);
	return done;
}

static void
settle_twin(struct apply *a, const struct apply_op *op, struct apply_entry *e,
    const char *oldest)
{
	if (!destroy_own(a, op->object, e->id)) {
		e->note = xasprintf(
		    "another run has made one like it, %s: remove this one, %s",
		    oldest, e->id);
		return;
	}
	free(e->id);
	e->id = NULL;
	entry_settle(e, APPLY_EXISTS, oldest);
	e->note = xstrdup("another run has made it at the same time: what this "
			  "one had made is taken away again");
}

void
inventory_settle_twins(
    struct apply *a, struct apply_op *op, struct apply_entry *entries, size_t n)
{
	struct inventory *v = xcalloc(1, sizeof *v);
	struct why why = { 0 };
	bool found = false;

	if (read_all(a, v, op, &why) == -1)
		apply_stop(a, &why);
	for (size_t i = 0; i < n; i++) {
		struct apply_entry *e = &entries[i];
		const char *oldest;

		if (!e->done || e->status != APPLY_CREATED)
			continue;
		oldest = find_oldest(a, v, op, e);
		if (oldest == NULL || strcmp(oldest, e->id) == 0)
			continue;
		settle_twin(a, op, e, oldest);
		found = true;
	}
	free_inventory(v);
	if (found)
		inventory_drop(a, op->object);
}

/* What has a name of which the plan does not know what it should be counts as
 * matched. */
static void
match_unknown(struct apply *a, struct inventory *v, struct apply_op *op)
{
	const char *s = op->unknown;

	while (s != NULL && *s != '\0') {
		size_t len = strcspn(s, " ");
		json_t *object = json_deep_copy(op->scope);
		struct buf key = { 0 };
		void **slot;

		(void)json_object_set_new(object, "name", json_stringn(s, len));
		make_key(a, op, object, &key);
		slot = map_get(&v->by_key, key.data);
		if (slot != NULL)
			v->items[(uintptr_t)*slot - 1].matched = true;
		buf_free(&key);
		json_decref(object);
		s += len + (s[len] == ' ');
	}
}

json_t *
inventory_rest(struct apply *a, struct inventory *v, struct apply_op *op)
{
	json_t *ids = json_array();
	size_t scope = op->scope == NULL ? 0 : scope_hash(op, op->scope);

	match_unknown(a, v, op);
	for (size_t i = 0; i < v->n; i++) {
		struct item *item = &v->items[i];

		if (!item->matched && item->id != NULL &&
		    (op->scope == NULL || item->scope == scope))
			(void)json_array_append_new(ids, json_string(item->id));
		item->matched = false;
	}
	return ids;
}
