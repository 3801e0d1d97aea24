/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "source/dkim/ucl.h"

#include <string.h>

#include "core/str.h"

enum {
	DEPTH_MAX = 32
};

struct parser {
	struct arena *arena;
	char *at;
	unsigned int line;
	unsigned int depth;
	struct why *why;
};

static int
wrong(struct parser *p, const char *what)
{
	return why_set(p->why, FAIL_DATA, "line %u: %s", p->line, what);
}

/* Passes over a comment. False if there is none. */
static bool
skip_comment(struct parser *p)
{
	if (*p->at == '#') {
		p->at += strcspn(p->at, "\n");
		return true;
	}
	if (!str_starts(p->at, "/*"))
		return false;
	for (p->at += 2; *p->at != '\0'; p->at++) {
		if (str_starts(p->at, "*/")) {
			p->at += 2;
			break;
		}
		p->line += *p->at == '\n';
	}
	return true;
}

/* Passes over white space, comments, and separators where those do not count. */
static void
skip(struct parser *p, const char *also)
{
	while (*p->at != '\0') {
		if (skip_comment(p))
			continue;
		if (strchr(" \t\r\n", *p->at) == NULL &&
		    strchr(also, *p->at) == NULL)
			return;
		p->line += *p->at++ == '\n';
	}
}

/* The text between quotes; a backslash takes the next character as it is. */
static char *
quoted(struct parser *p)
{
	char quote = *p->at++, *start = p->at, *to = p->at;

	while (*p->at != '\0' && *p->at != quote) {
		if (*p->at == '\\' && p->at[1] != '\0')
			p->at++;
		p->line += *p->at == '\n';
		*to++ = *p->at++;
	}
	if (*p->at == '\0') {
		(void)wrong(p, "a quote that is not closed");
		return NULL;
	}
	p->at++;
	return arena_add(p->arena, start, (size_t)(to - start));
}

/* A comment after a blank is no part of the text. */
static char *
bare(struct parser *p, const char *ends)
{
	size_t len = 0;
	char *text;

	while (p->at[len] != '\0' && strchr(ends, p->at[len]) == NULL &&
	       !(p->at[len] == '#' && len > 0 &&
		   strchr(" \t", p->at[len - 1]) != NULL))
		len++;
	text = arena_add(p->arena, p->at, len);

	p->at += len;
	return str_trim(text);
}

/* "<<EOD": the lines up to one that begins with that word and ends there. */
static char *
lines(struct parser *p)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
	const char *tag = p->at + 2;
	size_t len = strspn(tag, letters);
	char *start = p->at + strcspn(p->at, "\n"), *end = start;

	while (*end == '\n') {
		p->line++;
		if (strncmp(end + 1, tag, len) == 0 &&
		    strchr("\r\n;,", end[1 + len]) != NULL)
			break;
		end += 1 + strcspn(end + 1, "\n");
	}
	if (*end == '\0') {
		(void)wrong(p, "a text that begins with << and has no end");
		return NULL;
	}
	p->at = end + 1 + len;
	return end == start
		   ? arena_add(p->arena, "", 0)
		   : arena_add(p->arena, start + 1, (size_t)(end - start - 1));
}

static char *
word(struct parser *p, const char *ends)
{
	return *p->at == '"' || *p->at == '\'' ? quoted(p) : bare(p, ends);
}

static struct ucl *
add(struct parser *p, struct ucl *to, const char *key)
{
	struct ucl *u = arena_alloc(p->arena, sizeof *u);

	u->key = key;
	if (to->last == NULL)
		to->first = u;
	else
		to->last->next = u;
	to->last = u;
	return u;
}

static int members(struct parser *p, struct ucl *to, char end);

static int
container(struct parser *p, struct ucl *u)
{
	char end = *p->at++ == '{' ? '}' : ']';
	int r;

	if (++p->depth > DEPTH_MAX)
		return wrong(p, "nested too deep");
	r = members(p, u, end);
	p->depth--;
	return r;
}

/* A value, or a container. In an object its key has been read. */
static int
value(struct parser *p, struct ucl *u, bool in_array)
{
	if (*p->at == '{' || *p->at == '[')
		return container(p, u);
	if (str_starts(p->at, "<<") && p->at[2] >= 'A' && p->at[2] <= 'Z')
		u->value = lines(p);
	else
		u->value = word(p, in_array ? ",]\r\n" : ";,}\r\n");
	return u->value == NULL ? -1 : 0;
}

/* What follows a key: "=", ":", or nothing, and in the last case a name may
 * come before an object. */
static int
after_key(struct parser *p, struct ucl *u)
{
	bool named = true;
	char *name;

	p->at += strspn(p->at, " \t");
	if (*p->at == '=' || *p->at == ':') {
		named = false;
		p->at++;
	}
	p->at += strspn(p->at, " \t\r\n");
	if (*u->key == '.' && *p->at == '(') {
		/* The options of a macro. */
		p->at += strcspn(p->at, ")\n");
		p->at += *p->at == ')';
		p->at += strspn(p->at, " \t");
	}
	if (!named || *p->at == '{' || *p->at == '[')
		return value(p, u, false);
	name = word(p, "{;,}\r\n");
	if (name == NULL)
		return -1;
	p->at += strspn(p->at, " \t");
	if (*p->at != '{') {
		u->value = name;
		return 0;
	}
	return container(p, add(p, u, name));
}

static int
members(struct parser *p, struct ucl *to, char end)
{
	struct ucl *u;
	char *key;
	int r;

	for (;;) {
		skip(p, ";,");
		if (*p->at == '\0' || *p->at == '}' || *p->at == ']') {
			if (*p->at != end)
				return wrong(p, "brackets that do not match");
			p->at += end != '\0';
			return 0;
		}
		if (end == ']') {
			u = add(p, to, "");
			r = value(p, u, true);
		} else {
			key = word(p, " \t\r\n=:{[(;}");
			if (key == NULL || *key == '\0')
				return wrong(
				    p, "a name is missing before the value");
			u = add(p, to, key);
			r = after_key(p, u);
		}
		if (r == -1)
			return -1;
	}
}

int
ucl_parse(struct ucl *top, struct arena *arena, char *text, struct why *why)
{
	struct parser p = { .arena = arena, .at = text, .line = 1, .why = why };

	return members(&p, top, '\0');
}

static struct ucl *
find(const struct ucl *object, const char *key, bool container)
{
	struct ucl *found = NULL;

	if (object != NULL)
		for (struct ucl *u = object->first; u != NULL; u = u->next)
			if ((u->value == NULL) == container &&
			    strcmp(u->key, key) == 0)
				found = u;
	return found;
}

const char *
ucl_value(const struct ucl *object, const char *key)
{
	const struct ucl *u = find(object, key, false);

	return u == NULL ? NULL : u->value;
}

struct ucl *
ucl_object(const struct ucl *object, const char *key)
{
	return find(object, key, true);
}

const struct ucl *
ucl_member(const struct ucl *object, const char *key)
{
	const struct ucl *found = NULL;

	for (const struct ucl *u = object->first; u != NULL; u = u->next)
		if (strcmp(u->key, key) == 0)
			found = u;
	return found;
}
