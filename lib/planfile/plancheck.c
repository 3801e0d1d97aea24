/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "planfile/plancheck.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/alloc.h"
#include "planfile/planline.h"

/* Where a client id that something refers to is used first, and given. */
struct ref {
	size_t used, given; /* lines; 0: not yet */
};

static void
note_ref(struct plan_reader *r, const char *text)
{
	struct ref *ref;
	void **slot;

	if (text == NULL || *text != '#' || text[1] == '\0')
		return;
	slot = map_put_copy(&r->refs, &r->arena, text + 1, NULL);
	if (*slot == NULL) {
		ref = arena_alloc(&r->arena, sizeof *ref);
		ref->used = r->lines.number;
		*slot = ref;
	}
}

/* All references in a tree; member is the name of v. */
static void
collect_refs(struct plan_reader *r, const char *member, const json_t *v)
{
	bool id = plan_is_id_member(member);
	const char *key;
	json_t *item;

	if (id && json_is_string(v))
		note_ref(r, json_string_value(v));
	json_object_foreach ((json_t *)(uintptr_t)v, key, item) {
		if (id)
			note_ref(r, key);
		collect_refs(r, key, item);
	}
}

/* Names of the objects that are open, by their hashes. */
struct names {
	uint64_t *hash;
	size_t n, cap;
};

static void
add_name(struct names *names, const char *name)
{
	names->hash =
	    xgrow(names->hash, names->n, &names->cap, sizeof *names->hash);
	names->hash[names->n++] = map_hash(name, strlen(name));
}

static int
by_hash(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

/* Whether a name is there twice among those from start on, which are dropped.
 */
static bool
close_names(struct names *names, size_t start)
{
	size_t n = names->n - start;
	uint64_t *hash;

	names->n = start;
	if (n < 2)
		return false;
	hash = names->hash + start;
	qsort(hash, n, sizeof *hash, by_hash);
	for (size_t i = 1; i < n; i++)
		if (hash[i] == hash[i - 1])
			return true;
	return false;
}

/* A number that a tree can hold: any real, and an integer of 64 bits. */
static bool
number_fits(const char *from, size_t len)
{
	json_t *v = len <= 18 && memchr(from, 'e', len) == NULL &&
			    memchr(from, 'E', len) == NULL
			? json_true()
			: json_loadb(from, len, JSON_DECODE_ANY, NULL);

	json_decref(v);
	return v != NULL;
}

/* Checks a value, without a tree, and collects the references in it. Depth is
 * bounded by the check of the whole line. */
static bool
scan_value(struct plan_reader *r, struct json_reader *s, struct names *names,
    const char *member)
{
	bool id = plan_is_id_member(member);
	enum jr_type type;
	size_t start = names->n;
	char *name, *from;

	if (!jr_peek(s, &type))
		return false;
	if (type == JR_STRING && id) {
		if (jr_string(s, &name))
			note_ref(r, name);
	} else if (type == JR_NUMBER) {
		from = s->at;
		(void)jr_skip(s);
		if (s->error == NULL &&
		    !number_fits(from, (size_t)(s->at - from)))
			s->error = "a number is out of range";
	} else if (type == JR_OBJECT && jr_enter(s, '{')) {
		while (jr_member(s, &name)) {
			add_name(names, name);
			if (id)
				note_ref(r, name);
			if (!scan_value(r, s, names, name))
				break;
		}
		if (close_names(names, start) && s->error == NULL)
			s->error = "a member is there twice";
	} else {
		(void)jr_skip(s);
	}
	return s->error == NULL;
}

static bool
is_ref(const json_t *v)
{
	const char *s = json_string_value(v);

	return s != NULL && s[0] == '#' && s[1] != '\0';
}

/* An object outside its own scope would never be found again, and be created
 * by every run. */
static int
check_scope(struct plan_reader *r, const json_t *body, struct why *why)
{
	const char *name;
	json_t *want;

	json_object_foreach (r->op.scope, name, want) {
		const json_t *have = json_object_get(body, name);

		if (have != NULL && !json_equal(have, want) &&
		    is_ref(have) == is_ref(want))
			return plan_bad_line(
			    r, why, "an object is outside of its own scope");
	}
	return 0;
}

/* The tree of the value that comes next, which is not taken; new. */
static json_t *
look_ahead(const struct json_reader *s)
{
	struct json_reader copy = *s;

	return plan_take_tree(&copy);
}

/* All objects of the line. */
static int
check_objects(struct plan_reader *r, struct names *names, struct why *why)
{
	struct json_reader *s = &r->entries;
	size_t n = 0;
	enum jr_type type;
	json_t *body;
	char *name;
	int bad = 0;

	while (bad == 0 && s->at != NULL && jr_member(s, &name)) {
		add_name(names, *name == '#' ? name + 1 : name);
		if (jr_peek(s, &type) && type != JR_OBJECT)
			return plan_bad_line(r, why,
			    "value: not a map of client ids to objects");
		if (r->op.scope != NULL) {
			body = look_ahead(s);
			bad = check_scope(r, body, why);
			json_decref(body);
		}
		if (!scan_value(r, s, names, ""))
			break;
		n++;
	}
	if (bad == -1)
		return -1;
	if (s->at != NULL && s->error != NULL)
		return plan_bad_line(r, why, s->error);
	if (close_names(names, 0))
		return plan_bad_line(
		    r, why, "value: a client id is there twice");
	if (n == 0 && r->op.type != OP_RECONCILE)
		return plan_bad_line(r, why, "value: not an object, or empty");
	r->objects += n;
	return 0;
}

static bool
same_tree(const json_t *a, const json_t *b)
{
	return a == NULL || b == NULL ? a == b : json_equal(a, b);
}

static bool
same_names(const json_t *a, const json_t *b)
{
	const char *name;
	json_t *v;

	if (json_object_size(a) != json_object_size(b))
		return false;
	json_object_foreach ((json_t *)(uintptr_t)a, name, v)
		if (json_object_get(b, name) == NULL)
			return false;
	return true;
}

/* An id that names one of several objects. */
static bool
has_id(const struct op *op)
{
	return op->id != NULL && *op->id != '\0' &&
	       strcmp(op->id, "singleton") != 0;
}

static bool
same_shape(const struct plan_shape *s, const struct op *op)
{
	return s->type == op->type && s->has_id == has_id(op) &&
	       s->match_all == op->match_all &&
	       strcasecmp(s->object, op->object) == 0 &&
	       same_tree(s->match_on, op->match_on) &&
	       same_names(s->scope, op->scope) &&
	       same_tree(json_object_get(s->scope, "@type"),
		   json_object_get(op->scope, "@type"));
}

static void
note_shape(struct plan_reader *r)
{
	const struct op *op = &r->op;

	for (size_t i = r->n_shapes; i-- > 0;)
		if (same_shape(&r->shapes[i], op))
			return;
	r->shapes =
	    xgrow(r->shapes, r->n_shapes, &r->cap_shapes, sizeof *r->shapes);
	r->shapes[r->n_shapes++] = (struct plan_shape){ .type = op->type,
		.object = xstrdup(op->object),
		.has_id = has_id(op),
		.match_on = json_incref(op->match_on),
		.match_all = op->match_all,
		.scope = json_incref(op->scope),
		.line = op->line };
}

static int
check_line(
    struct plan_reader *r, off_t offset, struct names *names, struct why *why)
{
	note_shape(r);
	collect_refs(r, "", r->op.scope);
	switch (r->op.type) {
	case OP_UPDATE:
		note_ref(r, r->op.id);
		collect_refs(r, "", r->op.value);
		r->objects++;
		return 0;
	case OP_DESTROY:
		r->destroys = xgrow(r->destroys, r->n_destroys,
		    &r->cap_destroys, sizeof *r->destroys);
		r->destroys[r->n_destroys++] =
		    (struct plan_place){ offset, r->lines.number };
		return 0;
	default:
		return check_objects(r, names, why);
	}
}

/* Where the client ids are given that something refers to. */
static int
find_given(struct plan_reader *r, struct why *why)
{
	char *name;
	int n;

	while ((n = plan_reader_next(r, why)) == 1)
		while (r->entries.at != NULL && jr_member(&r->entries, &name)) {
			void **slot =
			    map_get(&r->refs, *name == '#' ? name + 1 : name);
			struct ref *ref = slot == NULL ? NULL : *slot;

			if (ref != NULL && ref->given == 0)
				ref->given = r->lines.number;
			if (!jr_skip(&r->entries))
				break;
		}
	return n;
}

static int
check_refs(struct plan_reader *r, struct why *why)
{
	const char *name;
	size_t at = 0;
	void *value;

	if (plan_reader_rewind(r, why) == -1 || find_given(r, why) == -1)
		return -1;
	while (map_next(&r->refs, &at, &name, &value)) {
		const struct ref *ref = value;

		if (ref->given == 0)
			return why_set(why, FAIL_FATAL,
			    "%s:%zu: #%s refers to nothing in the plan",
			    r->name, ref->used, name);
		if (ref->given > ref->used)
			return why_set(why, FAIL_FATAL,
			    "%s:%zu: #%s comes later in the plan, in line %zu",
			    r->name, ref->used, name, ref->given);
	}
	return 0;
}

int
plan_check(struct plan_reader *r, struct why *why)
{
	struct names names = { 0 };
	off_t offset;
	char *line;
	size_t len;
	int n;

	while ((n = plan_next_line(r, &line, &len, &offset, why)) == 1)
		if (plan_read_op(r, line, why) == -1 ||
		    check_line(r, offset, &names, why) == -1) {
			n = -1;
			break;
		}
	free(names.hash);
	if (n == 0 && r->refs.n != 0)
		n = check_refs(r, why);
	return n == -1 ? -1 : plan_reader_rewind(r, why);
}
