/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "dav/kept.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/alloc.h"
#include "core/str.h"
#include "dav/tree.h"

enum {
	FOLD = 74 /* octets of a line, before it is folded */
};

/* A property of an object. */
struct property {
	char *name;
	char *line;  /* unfolded */
	char *value; /* without escapes and blanks, which servers change */
};

struct properties {
	struct property *v;
	size_t n, cap;
};

/* Where the value of a content line begins; NULL: it has none. */
static const char *
value_of(const char *line)
{
	bool quoted = false;

	for (; *line != '\0'; line++) {
		if (*line == '"')
			quoted = !quoted;
		else if (*line == ':' && !quoted)
			return line + 1;
	}
	return NULL;
}

/* The name of a property, without a group. */
static char *
name_of(const char *line)
{
	size_t n = strcspn(line, ";:"), group = strcspn(line, ".;:");

	if (group < n) {
		line += group + 1;
		n -= group + 1;
	}
	return xmemdup(line, n);
}

static char *
plain_value(const char *s)
{
	struct buf out = { 0 };
	char *result;

	for (; *s != '\0'; s++) {
		if (*s == '\\' && s[1] != '\0' && strchr("nN", s[1]) != NULL)
			s++;
		else if (*s != '\\' && !isspace((unsigned char)*s))
			buf_addc(&out, *s);
	}
	/* Empty parts at the end are added and dropped. */
	while (out.len > 0 && strchr(";,", out.data[out.len - 1]) != NULL)
		out.data[--out.len] = '\0';
	result = xstrdup(buf_str(&out));
	buf_free(&out);
	return result;
}

static void
read_properties(struct properties *p, const char *text, size_t len)
{
	const char *at = text, *end = text + len;
	struct buf line = { 0 };

	while (dav_next_line(&at, end, &line)) {
		const char *value = value_of(buf_str(&line));

		if (value == NULL)
			continue;
		p->v = xgrow(p->v, p->n, &p->cap, sizeof *p->v);
		p->v[p->n++] = (struct property){ name_of(buf_str(&line)),
			xstrdup(buf_str(&line)), plain_value(value) };
	}
	buf_free(&line);
}

static void
free_properties(struct properties *p)
{
	for (size_t i = 0; i < p->n; i++) {
		free(p->v[i].name);
		free(p->v[i].line);
		free(p->v[i].value);
	}
	free(p->v);
}

/* True for a value whose parts have a meaning of their own: a server may leave those
 * out that say what is the rule anyway. The UID is compared elsewhere. */
static bool
has_parts(const char *name)
{
	static const char *const names[] = { "RRULE", "EXRULE", "RDATE",
		"EXDATE", "FREEBUSY", "GEO", "REQUEST-STATUS", "UID", NULL };

	for (size_t i = 0; names[i] != NULL; i++)
		if (str_eq_nocase(names[i], name))
			return true;
	return false;
}

/* True if one of the properties has that name and that value. */
static bool
has(const struct properties *p, const char *name, const char *value)
{
	for (size_t i = 0; i < p->n; i++)
		if (str_eq_nocase(p->v[i].name, name) &&
		    str_eq_nocase(p->v[i].value, value))
			return true;
	return false;
}

/* True if what is left of a list is in properties of its own. */
static bool
has_each(const struct properties *p, const char *name, const char *list)
{
	char *copy = xstrdup(list), *rest = copy, *part;
	bool all = true;

	while (all && (part = str_cut(&rest, ',')) != NULL)
		all = *part == '\0' || has(p, name, part);
	free(copy);
	return all;
}

static bool
is_data(const struct property *p)
{
	return str_starts_nocase(p->value, "data:");
}

/* True if the server has only the beginning of a value, or nothing of bytes. */
static bool
is_cut(const struct property *own, const struct properties *stored)
{
	bool named = false, begun = false;

	if (has_parts(own->name) || has(stored, own->name, own->value))
		return false;
	for (size_t i = 0; i < stored->n; i++) {
		const struct property *p = &stored->v[i];
		size_t len = strlen(p->value);

		if (!str_eq_nocase(p->name, own->name))
			continue;
		named = true;
		if (len > 0 && len < strlen(own->value) &&
		    strncasecmp(p->value, own->value, len) == 0 &&
		    strchr(";,", own->value[len]) != NULL &&
		    !has_each(stored, own->name, own->value + len + 1))
			begun = true;
	}
	return begun || (!named && is_data(own));
}

static bool
is_uri(const char *value)
{
	size_t n = strspn(value, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				 "abcdefghijklmnopqrstuvwxyz0123456789+.-");

	return n > 1 && value[n] == ':' && isalpha((unsigned char)*value);
}

/* Appends a line, folded between characters. */
static void
put_line(struct buf *out, const char *line)
{
	size_t n = 0;

	for (; *line != '\0'; line++) {
		if (n >= FOLD && ((unsigned char)*line & 0xc0) != 0x80) {
			buf_adds(out, "\r\n ");
			n = 1;
		}
		buf_addc(out, *line);
		n++;
	}
	buf_adds(out, "\r\n");
}

/* The line with its value escaped as if it were TEXT. A URI has no escapes, but a
 * server that takes them away does not take it apart then. */
static void
put_guarded(struct buf *out, const char *line)
{
	const char *value = value_of(line);
	struct buf guarded = { 0 };

	buf_add(&guarded, line, (size_t)(value - line));
	for (; *value != '\0'; value++) {
		if (*value == '\\' && value[1] != '\0')
			buf_addc(&guarded, *value++);
		else if (strchr(",;", *value) != NULL)
			buf_addc(&guarded, '\\');
		buf_addc(&guarded, *value);
	}
	put_line(out, buf_str(&guarded));
	buf_free(&guarded);
}

/* True for a list whose elements can have a property each. */
static bool
is_list(const struct property *p)
{
	return str_eq_nocase(p->name, "NICKNAME");
}

static void
put_each(struct buf *out, const char *line)
{
	const char *value = value_of(line), *end;
	struct buf one = { 0 };

	for (;; value = end + 1) {
		for (end = value; *end != '\0' && *end != ','; end++)
			end += *end == '\\' && end[1] != '\0';
		buf_reset(&one);
		buf_add(&one, line, (size_t)(value_of(line) - line));
		buf_add(&one, value, (size_t)(end - value));
		put_line(out, buf_str(&one));
		if (*end == '\0')
			break;
	}
	buf_free(&one);
}

static void
note(struct dav_cut *c, const struct property *p)
{
	c->n++;
	if (strstr(buf_str(&c->names), p->name) == NULL)
		buf_addf(
		    &c->names, "%s%s", c->names.len > 0 ? ", " : "", p->name);
}

void
dav_cut_find(struct dav_cut *c, const char *sent, size_t len,
    const char *stored, size_t stored_len)
{
	struct properties own = { 0 }, theirs = { 0 };
	bool four, guarded = true;

	read_properties(&own, sent, len);
	read_properties(&theirs, stored, stored_len);
	four = has(&own, "VERSION", "4.0");
	for (size_t i = 0; i < own.n; i++) {
		const struct property *p = &own.v[i];

		if (!is_cut(p, &theirs)) {
			put_line(&c->guarded, p->line);
			continue;
		}
		note(c, p);
		c->version_4 |= four && is_data(p);
		if (is_list(p)) {
			put_each(&c->guarded, p->line);
			continue;
		}
		guarded &= is_uri(p->value) && !(four && is_data(p));
		put_guarded(&c->guarded, p->line);
	}
	if (!guarded || c->n == 0)
		buf_free(&c->guarded);
	free_properties(&own);
	free_properties(&theirs);
}

void
dav_cut_free(struct dav_cut *c)
{
	buf_free(&c->names);
	buf_free(&c->guarded);
	*c = (struct dav_cut){ 0 };
}
