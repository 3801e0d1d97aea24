/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "plan/read.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "core/alloc.h"
#include "core/ndjson.h"
#include "core/str.h"

static const char *const op_names[] = { [OP_CREATE] = "create",
	[OP_UPDATE] = "update",
	[OP_UPSERT] = "upsert",
	[OP_RECONCILE] = "reconcile",
	[OP_DESTROY] = "destroy" };

enum {
	OPS = sizeof op_names / sizeof *op_names
};

const char *
op_name(enum op_type type)
{
	return op_names[type];
}

bool
plan_is_id_member(const char *member)
{
	size_t len = strlen(member);

	return (len > 2 && strcmp(member + (len - 2), "Id") == 0) ||
	       (len > 3 && strcmp(member + (len - 3), "Ids") == 0) ||
	       /* EncryptionSettings: the one id with another name. */
	       strcmp(member, "publicKey") == 0;
}

/* --- one line --- */

static int
bad_line(struct plan_reader *r, struct why *why, const char *what)
{
	return why_set(
	    why, FAIL_FATAL, "%s:%zu: %s", r->name, r->lines.number, what);
}

/* The next line that is not blank: 1, 0 at the end, -1 and why. *offset is
 * where it begins. */
static int
next_line(struct plan_reader *r, char **line, size_t *len, off_t *offset,
    struct why *why)
{
	for (;;) {
		*offset = r->next;
		switch (lines_next(&r->lines, line, len)) {
		case LINE_END:
			return 0;
		case LINE_LONG:
			return bad_line(r, why, "a line of more than 256 MiB");
		case LINE_ERROR:
			return why_errno(why, FAIL_FATAL, "%s", r->name);
		case LINE_OK:
			break;
		}
		r->next += (off_t)*len + 1;
		if ((*line)[strspn(*line, " \t\r")] == '\0' &&
		    strlen(*line) == *len)
			continue;
		if (r->lines.truncated)
			return bad_line(r, why,
			    "the last line has no newline: it was cut off");
		if (strlen(*line) != *len || !utf8_valid(*line, *len))
			return bad_line(r, why, "not JSON: not UTF-8");
		return 1;
	}
}

/* What the line holds, by member. */
struct members {
	char *type;
	char *object;
	char *id;
	json_t *match_on, *scope, *value;
	char *objects,
	    *objects_end; /* the text of value, of a map of objects */
	bool unknown;
};

/* The text of the value that comes next, skipped. */
static bool
take_text(struct json_reader *s, char **from, char **to)
{
	enum jr_type type;

	if (!jr_peek(s, &type))
		return false;
	*from = s->at;
	if (!jr_skip(s))
		return false;
	*to = s->at;
	return true;
}

/* The value that comes next, as a tree; new. */
static json_t *
take_tree(struct json_reader *s)
{
	size_t flags = JSON_REJECT_DUPLICATES | JSON_DECODE_ANY;
	char *from, *to;

	if (!take_text(s, &from, &to))
		return NULL;
	return json_loadb(from, (size_t)(to - from), flags, NULL);
}

/* A string, or NULL where it is null. */
static bool
take_string(struct json_reader *s, char **value)
{
	enum jr_type type;

	*value = NULL;
	if (jr_peek(s, &type) && type == JR_NULL)
		return jr_skip(s);
	return jr_string(s, value);
}

static bool
take_member(struct json_reader *s, const char *name, struct members *m)
{
	if (strcmp(name, "@type") == 0)
		return take_string(s, &m->type);
	if (strcmp(name, "object") == 0)
		return take_string(s, &m->object);
	if (strcmp(name, "id") == 0)
		return take_string(s, &m->id);
	if (strcmp(name, "matchOn") == 0)
		return (m->match_on = take_tree(s)) != NULL;
	if (strcmp(name, "scope") == 0)
		return (m->scope = take_tree(s)) != NULL;
	if (strcmp(name, "value") == 0)
		return take_text(s, &m->objects, &m->objects_end);
	m->unknown = true;
	return jr_skip(s);
}

/* The members of the line; -1 and why. */
static int
take_members(
    struct plan_reader *r, char *line, struct members *m, struct why *why)
{
	struct json_reader s;
	unsigned int seen = 0;
	enum jr_type type;
	char *name;

	static const char *const names[] = { "@type", "object", "id", "matchOn",
		"scope", "value" };

	jr_init(&s, line);
	if (jr_peek(&s, &type) && type != JR_OBJECT)
		return bad_line(r, why, "not a JSON object");
	(void)jr_enter(&s, '{');
	while (jr_member(&s, &name)) {
		for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
			if (strcmp(names[i], name) != 0)
				continue;
			if ((seen & 1U << i) != 0)
				return bad_line(
				    r, why, "a member is there twice");
			seen |= 1U << i;
		}
		if (!take_member(&s, name, m))
			break;
	}
	if (jr_done(&s))
		return 0;
	return why_set(why, FAIL_FATAL, "%s:%zu: not JSON: %s", r->name,
	    r->lines.number,
	    s.error == NULL ? "a member has the wrong type" : s.error);
}

static void
clear_op(struct plan_reader *r)
{
	json_decref(r->op.match_on);
	json_decref(r->op.scope);
	json_decref(r->op.value);
	r->op = (struct op){ 0 };
}

/* Whether the value is a map of objects, not of members. */
static bool
has_objects(enum op_type type)
{
	return type != OP_UPDATE && type != OP_DESTROY;
}

static int
take_type(struct plan_reader *r, const struct members *m, struct why *why)
{
	for (size_t i = 0; m->type != NULL && i < OPS; i++)
		if (strcmp(op_names[i], m->type) == 0) {
			r->op.type = (enum op_type)i;
			return 0;
		}
	return bad_line(
	    r, why, "@type: not create, update, upsert, reconcile or destroy");
}

/* matchOn: a list of names, or "*". */
static int
take_match(struct plan_reader *r, struct members *m, struct why *why)
{
	const char *all = json_string_value(m->match_on);
	json_t *v;
	size_t i;

	if (m->match_on == NULL)
		return 0;
	if (all != NULL && strcmp(all, "*") == 0) {
		r->op.match_all = true;
		return 0;
	}
	if (json_array_size(m->match_on) == 0)
		return bad_line(
		    r, why, "matchOn: neither a list of members nor \"*\"");
	json_array_foreach (m->match_on, i, v)
		if (!json_is_string(v))
			return bad_line(
			    r, why, "matchOn: not a list of members");
	r->op.match_on = json_incref(m->match_on);
	return 0;
}

static int
take_scope(struct plan_reader *r, struct members *m, struct why *why)
{
	const char *name;
	json_t *v;

	if (m->scope == NULL || json_is_null(m->scope))
		return 0;
	if (r->op.type != OP_UPSERT && r->op.type != OP_RECONCILE)
		return bad_line(r, why, "scope: only for upsert and reconcile");
	if (!json_is_object(m->scope))
		return bad_line(r, why, "scope: not a JSON object");
	json_object_foreach (m->scope, name, v)
		/* It would take in what does not have the member. */
		if (json_is_null(v))
			return bad_line(r, why, "scope: a member is null");
	if (json_object_size(m->scope) != 0)
		r->op.scope = json_incref(m->scope);
	return 0;
}

/* The patch of an update, the filter of a destroy. */
static int
take_value(struct plan_reader *r, struct members *m, struct why *why)
{
	if (m->objects != NULL)
		m->value = json_loadb(m->objects,
		    (size_t)(m->objects_end - m->objects),
		    JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, NULL);
	if (m->objects != NULL && m->value == NULL)
		return bad_line(r, why, "value: a member is there twice");
	if (r->op.type == OP_UPDATE && !json_is_object(m->value))
		return bad_line(r, why, "value: not an object");
	if (r->op.type == OP_DESTROY && m->value != NULL &&
	    !json_is_object(m->value) && !json_is_null(m->value))
		return bad_line(r, why, "value: not a filter");
	if (!json_is_null(m->value))
		r->op.value = json_incref(m->value);
	return 0;
}

/* Whether the operation has no member that it must not have. */
static bool
allowed(const struct plan_reader *r, const struct members *m)
{
	enum op_type type = r->op.type;

	return !m->unknown && (m->id == NULL || type == OP_UPDATE) &&
	       (m->match_on == NULL || type == OP_UPSERT ||
		   type == OP_RECONCILE);
}

static int
take_op(struct plan_reader *r, struct members *m, struct why *why)
{
	if (take_type(r, m, why) == -1)
		return -1;
	if (!allowed(r, m))
		return bad_line(
		    r, why, "a member that the operation does not have");
	if (m->object == NULL || *m->object == '\0')
		return bad_line(r, why, "object: is missing");
	r->op.object = m->object;
	if (str_starts_nocase(m->object, "x:"))
		r->op.object += 2;
	r->op.id = m->id;
	if (take_match(r, m, why) == -1 || take_scope(r, m, why) == -1)
		return -1;
	if (!has_objects(r->op.type))
		return take_value(r, m, why);
	if (m->objects == NULL && r->op.type == OP_RECONCILE)
		return 0;
	if (m->objects == NULL || *m->objects != '{')
		return bad_line(r, why, "value: not an object, or empty");
	jr_init(&r->entries, m->objects);
	(void)jr_enter(&r->entries, '{');
	return 0;
}

static int
read_op(struct plan_reader *r, char *line, struct why *why)
{
	struct members m = { 0 };
	int n;

	clear_op(r);
	r->op.line = r->lines.number;
	r->entries = (struct json_reader){ .error = "no objects" };
	n = take_members(r, line, &m, why);
	if (n == 0)
		n = take_op(r, &m, why);
	json_decref(m.match_on);
	json_decref(m.scope);
	json_decref(m.value);
	return n;
}

int
plan_reader_next(struct plan_reader *r, struct why *why)
{
	off_t offset;
	char *line;
	size_t len;
	int n = next_line(r, &line, &len, &offset, why);

	if (n != 1)
		return n;
	return read_op(r, line, why) == -1 ? -1 : 1;
}

int
plan_reader_entry(struct plan_reader *r, const char **ref, const char **text,
    size_t *len, struct why *why)
{
	char *key, *from, *to;

	if (r->entries.at == NULL || !jr_member(&r->entries, &key))
		return 0;
	*ref = *key == '#' ? key + 1 : key;
	if (!take_text(&r->entries, &from, &to))
		return bad_line(r, why, r->entries.error);
	*text = from;
	*len = (size_t)(to - from);
	return 1;
}

/* --- the whole plan --- */

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

/* All references in a tree; member is what it stands under. */
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
	    grow(names->hash, names->n, &names->cap, sizeof *names->hash);
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
		if (s->error == NULL && s->at - from > 18)
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
			return bad_line(
			    r, why, "an object is outside of its own scope");
	}
	return 0;
}

/* The tree of the value that comes next, which is not taken; new. */
static json_t *
look_ahead(const struct json_reader *s)
{
	struct json_reader copy = *s;

	return take_tree(&copy);
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
			return bad_line(r, why,
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
		return bad_line(r, why, s->error);
	if (close_names(names, 0))
		return bad_line(r, why, "value: a client id is there twice");
	if (n == 0 && r->op.type != OP_RECONCILE)
		return bad_line(r, why, "value: not an object, or empty");
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
	    grow(r->shapes, r->n_shapes, &r->cap_shapes, sizeof *r->shapes);
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
		r->destroys = grow(r->destroys, r->n_destroys, &r->cap_destroys,
		    sizeof *r->destroys);
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

static int
check_plan(struct plan_reader *r, struct why *why)
{
	struct names names = { 0 };
	off_t offset;
	char *line;
	size_t len;
	int n;

	while ((n = next_line(r, &line, &len, &offset, why)) == 1)
		if (read_op(r, line, why) == -1 ||
		    check_line(r, offset, &names, why) == -1) {
			n = -1;
			break;
		}
	free(names.hash);
	if (n == 0 && r->refs.n != 0)
		n = check_refs(r, why);
	return n == -1 ? -1 : plan_reader_rewind(r, why);
}

static int
seek_to(struct plan_reader *r, off_t offset, size_t line, struct why *why)
{
	if (lseek(r->fd, offset, SEEK_SET) == -1)
		return why_errno(why, FAIL_FATAL, "%s", r->name);
	lines_free(&r->lines);
	lines_init(&r->lines, r->fd, PLAN_LINE_MAX);
	r->lines.number = line;
	r->next = offset;
	return 0;
}

int
plan_reader_rewind(struct plan_reader *r, struct why *why)
{
	return seek_to(r, 0, 0, why);
}

int
plan_reader_destroy(struct plan_reader *r, size_t i, struct why *why)
{
	const struct plan_place *place = &r->destroys[i];

	if (seek_to(r, place->offset, place->line - 1, why) == -1)
		return -1;
	return plan_reader_next(r, why) == 1 ? 0 : -1;
}

/* Copies a pipe into a file that has no name. */
static int
spool(int from, struct why *why)
{
	const char *folder = getenv("TMPDIR");
	char *path = xasprintf("%s/mailferry.XXXXXX",
	    folder == NULL || *folder == '\0' ? "/tmp" : folder);
	int fd = mkostemp(path, O_CLOEXEC);
	char chunk[65536];
	ssize_t n;

	if (fd == -1)
		why_errno(why, FAIL_FATAL, "%s", path);
	else
		(void)unlink(path);
	free(path);
	if (fd == -1)
		return -1;
	do {
		n = read(from, chunk, sizeof chunk);
		if (n > 0 && write_all(fd, chunk, (size_t)n) == -1) {
			n = -1;
			break;
		}
	} while (n > 0 || (n == -1 && errno == EINTR));
	explicit_bzero(chunk, sizeof chunk);
	if (n == -1) {
		why_errno(why, FAIL_FATAL, "copying the plan");
		(void)close(fd);
		return -1;
	}
	(void)lseek(fd, 0, SEEK_SET);
	return fd;
}

int
plan_reader_open(struct plan_reader *r, const char *path, struct why *why)
{
	bool standard = strcmp(path, "-") == 0;
	int fd = standard ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);

	*r = (struct plan_reader){ .fd = -1 };
	r->name = xstrdup(standard ? "stdin" : path);
	if (fd == -1)
		return why_errno(why, FAIL_FATAL, "%s", path);
	if (lseek(fd, 0, SEEK_CUR) == -1) {
		r->fd = spool(fd, why);
		if (!standard)
			(void)close(fd);
		if (r->fd == -1)
			return -1;
	} else {
		r->fd = fd;
	}
	lines_init(&r->lines, r->fd, PLAN_LINE_MAX);
	return check_plan(r, why);
}

void
plan_reader_free(struct plan_reader *r)
{
	clear_op(r);
	lines_free(&r->lines);
	map_free(&r->refs);
	arena_free(&r->arena);
	for (size_t i = 0; i < r->n_shapes; i++) {
		free(r->shapes[i].object);
		json_decref(r->shapes[i].match_on);
		json_decref(r->shapes[i].scope);
	}
	free(r->shapes);
	free(r->destroys);
	free(r->name);
	if (r->fd > STDERR_FILENO)
		(void)close(r->fd);
	*r = (struct plan_reader){ .fd = -1 };
}

bool
plan_reader_referred(const struct plan_reader *r, const char *client_id)
{
	return map_get(&r->refs, client_id) != NULL;
}
