/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "source/suite/webrows.h"

#include <stdbool.h>
#include <string.h>

#include "core/json.h"
#include "core/num.h"

struct rows {
	struct json_reader s;
	struct web_field *fields;
	size_t n;
	void (*each)(void *ctx, const struct web_field *fields);
	void *ctx;
};

static bool
same(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static struct web_field *
find(struct rows *rows, const char *in, const char *name)
{
	for (size_t i = 0; i < rows->n; i++)
		if (strcmp(rows->fields[i].name, name) == 0 &&
		    same(rows->fields[i].in, in))
			return &rows->fields[i];
	return NULL;
}

static void
read_value(struct json_reader *s, enum jr_type type, struct web_field *f)
{
	char *text;
	bool yes;

	/* Of a member that is there twice, the last. */
	f->text = NULL;
	f->number = -1;
	if (type == JR_STRING && jr_string(s, &text)) {
		f->text = text;
		if (!parse_num(text, 0, INT64_MAX, &f->number, NULL))
			f->number = -1;
	} else if (type == JR_BOOL && jr_bool(s, &yes)) {
		f->number = yes;
	} else if (type == JR_NUMBER) {
		(void)jr_int(s, &f->number);
	}
}

static void
read_inner(struct rows *rows, const char *in)
{
	struct json_reader *s = &rows->s;
	struct web_field *f;
	enum jr_type type;
	char *name;

	if (!jr_enter(s, '{'))
		return;
	while (jr_member(s, &name) && jr_peek(s, &type)) {
		f = find(rows, in, name);
		if (f != NULL &&
		    (type == JR_STRING || type == JR_BOOL || type == JR_NUMBER))
			read_value(s, type, f);
		else if (in == NULL && type == JR_OBJECT)
			read_inner(rows, name);
		else
			(void)jr_skip(s);
	}
}

static void
read_row(struct rows *rows)
{
	for (size_t i = 0; i < rows->n; i++) {
		rows->fields[i].text = NULL;
		rows->fields[i].number = -1;
	}
	read_inner(rows, NULL);
	if (rows->s.error == NULL)
		rows->each(rows->ctx, rows->fields);
}

/* The rows of a list from which some were taken have their numbers for names, and
 * nothing is an empty object; an error is an object, too. What is wrong with another
 * one; NULL: nothing. */
static const char *
read_object(struct rows *rows)
{
	struct json_reader *s = &rows->s;
	const char *wrong = NULL;
	enum jr_type type;
	char *name, *value;

	if (!jr_enter(s, '{'))
		return NULL;
	while (jr_member(s, &name) && jr_peek(s, &type)) {
		if (type == JR_OBJECT &&
		    name[strspn(name, "0123456789")] == '\0') {
			read_row(rows);
			continue;
		}
		if (wrong == NULL)
			wrong = "not the answer of such a server: an object "
				"that holds no rows";
		if (type == JR_STRING && strcmp(name, "type") == 0 &&
		    jr_string(s, &value)) {
			if (strcmp(value, "error") == 0)
				wrong = "the server reports an error";
		} else {
			(void)jr_skip(s);
		}
	}
	return wrong;
}

int
web_rows(char *text, struct web_field *fields, size_t n,
    void (*each)(void *ctx, const struct web_field *fields), void *ctx,
    struct why *why)
{
	struct rows rows = {
		.fields = fields, .n = n, .each = each, .ctx = ctx
	};
	struct json_reader *s = &rows.s;
	enum jr_type type;
	const char *wrong = NULL;

	jr_init(s, text);
	if (jr_peek(s, &type) && type == JR_OBJECT)
		wrong = read_object(&rows);
	else if (jr_enter(s, '['))
		while (jr_element(s))
			read_row(&rows);
	if (wrong != NULL && s->error == NULL)
		return why_set(why, FAIL_FATAL, "%s", wrong);
	if (!jr_done(s))
		return why_set(why, FAIL_FATAL,
		    "not the answer of such a server: %s",
		    s->error == NULL ? "more than a list" : s->error);
	return 0;
}
