/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "planfile/planline.h"

#include <string.h>

#include "core/buf.h"
#include "core/ndjson.h"
#include "core/num.h"
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

int
plan_bad_line(struct plan_reader *r, struct why *why, const char *what)
{
	return why_set(
	    why, FAIL_FATAL, "%s:%zu: %s", r->name, r->lines.number, what);
}

int
plan_next_line(struct plan_reader *r, char **line, size_t *len, off_t *offset,
    struct why *why)
{
	for (;;) {
		*offset = r->next;
		switch (lines_next(&r->lines, line, len)) {
		case LINE_END:
			return 0;
		case LINE_LONG:
			return plan_bad_line(
			    r, why, "a line of more than 256 MiB");
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
			return plan_bad_line(r, why,
			    "the last line has no newline: it was cut off");
		if (strlen(*line) != *len || !utf8_valid(*line, *len))
			return plan_bad_line(r, why, "not JSON: not UTF-8");
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

bool
plan_take_text(struct json_reader *s, char **from, char **to)
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

json_t *
plan_tree(const char *text, size_t len)
{
	struct buf digits = { 0 };
	json_t *tree;

	/* The server takes 1.0 for no whole number. */
	if (json_whole_numbers(text, len, &digits)) {
		text = digits.data;
		len = digits.len;
	}
	tree = json_loadb(
	    text, len, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, NULL);
	buf_wipe(&digits);
	return tree;
}

json_t *
plan_take_tree(struct json_reader *s)
{
	char *from, *to;

	if (!plan_take_text(s, &from, &to))
		return NULL;
	return plan_tree(from, (size_t)(to - from));
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
		return (m->match_on = plan_take_tree(s)) != NULL;
	if (strcmp(name, "scope") == 0)
		return (m->scope = plan_take_tree(s)) != NULL;
	if (strcmp(name, "value") == 0)
		return plan_take_text(s, &m->objects, &m->objects_end);
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
		return plan_bad_line(r, why, "not a JSON object");
	(void)jr_enter(&s, '{');
	while (jr_member(&s, &name)) {
		for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
			if (strcmp(names[i], name) != 0)
				continue;
			if ((seen & 1U << i) != 0)
				return plan_bad_line(
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

void
plan_clear_op(struct plan_reader *r)
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
	return plan_bad_line(
	    r, why, "@type: not create, update, upsert, reconcile or destroy");
}

/* matchOn: a list of names, or "*". */
static int
take_match(struct plan_reader *r, struct members *m, struct why *why)
{
	const char *all = json_string_value(m->match_on);
	json_t *v;
	size_t i;

	if (m->match_on == NULL || json_is_null(m->match_on))
		return 0;
	if (all != NULL && strcmp(all, "*") == 0) {
		r->op.match_all = true;
		return 0;
	}
	if (json_array_size(m->match_on) == 0)
		return plan_bad_line(
		    r, why, "matchOn: neither a list of members nor \"*\"");
	json_array_foreach (m->match_on, i, v)
		if (!json_is_string(v))
			return plan_bad_line(
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
		return plan_bad_line(
		    r, why, "scope: only for upsert and reconcile");
	if (!json_is_object(m->scope))
		return plan_bad_line(r, why, "scope: not a JSON object");
	json_object_foreach (m->scope, name, v)
		/* It would take in what does not have the member. */
		if (json_is_null(v))
			return plan_bad_line(r, why, "scope: a member is null");
	if (json_object_size(m->scope) != 0)
		r->op.scope = json_incref(m->scope);
	return 0;
}

/* The patch of an update, the filter of a destroy. */
static int
take_value(struct plan_reader *r, struct members *m, struct why *why)
{
	if (m->objects != NULL)
		m->value = plan_tree(
		    m->objects, (size_t)(m->objects_end - m->objects));
	if (m->objects != NULL && m->value == NULL)
		return plan_bad_line(r, why,
		    "value: a member is there twice, or a number is out of "
		    "range");
	/* An update of nothing. */
	if (r->op.type == OP_UPDATE &&
	    (m->value == NULL || json_is_null(m->value))) {
		r->op.value = json_object();
		return 0;
	}
	if (r->op.type == OP_UPDATE && !json_is_object(m->value))
		return plan_bad_line(r, why, "value: not an object");
	if (r->op.type == OP_DESTROY && m->value != NULL &&
	    !json_is_object(m->value) && !json_is_null(m->value))
		return plan_bad_line(r, why, "value: not a filter");
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
		return plan_bad_line(
		    r, why, "a member that the operation does not have");
	if (m->object == NULL || *m->object == '\0')
		return plan_bad_line(r, why, "object: is missing");
	r->op.object = m->object;
	if (str_starts_nocase(m->object, "x:"))
		r->op.object += 2;
	r->op.id = m->id;
	if (m->id != NULL && *m->id == '\0')
		return plan_bad_line(r, why, "id: is empty");
	if (take_match(r, m, why) == -1 || take_scope(r, m, why) == -1)
		return -1;
	if (!has_objects(r->op.type))
		return take_value(r, m, why);
	if (m->objects == NULL && r->op.type == OP_RECONCILE)
		return 0;
	if (m->objects == NULL || *m->objects != '{')
		return plan_bad_line(r, why, "value: not an object, or empty");
	jr_init(&r->entries, m->objects);
	(void)jr_enter(&r->entries, '{');
	return 0;
}

int
plan_read_op(struct plan_reader *r, char *line, struct why *why)
{
	struct members m = { 0 };
	int n;

	plan_clear_op(r);
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
