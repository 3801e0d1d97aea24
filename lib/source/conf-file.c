/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "source/conf-file.h"

#include <stdlib.h>
#include <string.h>

#include "core/str.h"
#include "source/host.h"

enum {
	FILE_MAX_SIZE = 1 << 20,
	INCLUDES_MAX = 8 /* files within files */
};

struct conf {
	struct setting **tail;
	struct arena *arena;
	const char *path;
	size_t line;
	int depth;
};

static int read_ext(struct conf *c, const char *path, struct why *why);

static int
bad(const struct conf *c, const char *text, struct why *why)
{
	return why_set(why, FAIL_FATAL, "%s:%zu: %s", c->path, c->line, text);
}

/* The whole text, owned by the arena; NULL and why. */
static char *
load(struct conf *c, const char *path, struct why *why)
{
	struct buf text = { .max = FILE_MAX_SIZE };
	char *copy = NULL;

	if (host_read_file(path, &text, why) == 0) {
		if (memchr(buf_str(&text), '\0', text.len) != NULL)
			why_set(why, FAIL_FATAL, "%s: a NUL byte", path);
		else
			copy = arena_adds(c->arena, buf_str(&text));
	}
	buf_wipe(&text);
	return copy;
}

static void
add(struct conf *c, const char *key, const char *value)
{
	struct setting *s = arena_alloc(c->arena, sizeof *s);

	s->key = key;
	s->value = value;
	s->line = c->line;
	*c->tail = s;
	c->tail = &s->next;
}

/* Cuts "key = value" in two. The value; NULL without an equals sign. */
static char *
split(char *line)
{
	char *value = strchr(line, '=');

	if (value == NULL)
		return NULL;
	*value++ = '\0';
	(void)str_trim(line);
	return str_trim(value);
}

/* --- Dovecot --- */

/* A comment begins at a "#" outside quotes, wherever it is. */
static void
cut_comment(char *p)
{
	for (; *p != '\0' && *p != '#'; p++) {
		char quote = *p;

		if (quote != '"' && quote != '\'')
			continue;
		for (p++; *p != quote && *p != '\0'; p++)
			if (*p == '\\' && p[1] != '\0')
				p++;
		if (*p == '\0')
			return;
	}
	*p = '\0';
}

/* A value that is in quotes as a whole loses them, and its backslashes. */
static char *
unquote(char *value)
{
	size_t len = strlen(value);
	char *to = value, *p, *end;

	if (len < 2 || (*value != '"' && *value != '\'') ||
	    value[len - 1] != *value)
		return value;
	end = value + len - 1;
	for (p = value + 1; p < end; p++) {
		if (*p == '\\' && p + 1 < end)
			p++;
		*to++ = *p;
	}
	*to = '\0';
	return value;
}

/* "!include PATTERN", relative to the file that says it. */
static int
include(struct conf *c, char *words, bool required, struct why *why)
{
	struct buf pattern = { 0 };
	const char *slash = strrchr(c->path, '/');
	glob_t found;
	int r = 0;

	words = str_trim(words);
	if (*words != '/' && slash != NULL)
		buf_add(&pattern, c->path, (size_t)(slash + 1 - c->path));
	buf_adds(&pattern, words);
	if (c->depth == INCLUDES_MAX)
		r = bad(c, "too many files within files", why);
	else if (host_glob(buf_str(&pattern), 0, &found) == 0) {
		for (size_t i = 0; i < found.gl_pathc && r == 0; i++)
			r = read_ext(c, found.gl_pathv[i], why);
		globfree(&found);
	} else if (required) {
		r = bad(c, "the file to include is not there", why);
	}
	buf_free(&pattern);
	return r;
}

static int
set_ext(struct conf *c, char *line, struct why *why)
{
	char *value;

	line = str_trim(line);
	if (*line == '\0')
		return 0;
	if (str_starts(line, "!include_try "))
		return include(c, line + strlen("!include_try "), false, why);
	if (str_starts(line, "!include "))
		return include(c, line + strlen("!include "), true, why);
	value = split(line);
	if (value == NULL)
		return bad(c, "not a setting (key = value)", why);
	if (str_starts(value, "$ENV:")) {
		value = getenv(value + strlen("$ENV:"));
		value = arena_adds(c->arena, value == NULL ? "" : value);
	}
	add(c, line, unquote(value));
	return 0;
}

/* Whether a line goes on after its last backslash, which is taken off. */
static bool
goes_on(char *line)
{
	size_t len = strlen(line);

	if (len == 0 || line[len - 1] != '\\')
		return false;
	line[len - 1] = '\0';
	return true;
}

/* Comments and empty lines do not count, not even between the lines of one
 * setting, which are joined as they are. */
static int
read_lines(struct conf *c, char *text, struct why *why)
{
	struct buf full = { 0 };
	char *line;
	int r = 0;

	while (r == 0 && (line = str_cut(&text, '\n')) != NULL) {
		bool more;

		c->line++;
		line[strcspn(line, "\r")] = '\0';
		line += strspn(line, " \t");
		if (*line == '#' || *line == '\0')
			continue;
		cut_comment(line);
		line = str_trim(line);
		more = goes_on(line);
		buf_adds(&full, line);
		if (more)
			continue;
		r = set_ext(c, arena_adds(c->arena, buf_str(&full)), why);
		buf_reset(&full);
	}
	buf_wipe(&full);
	return r;
}

static int
read_ext(struct conf *c, const char *path, struct why *why)
{
	const char *outer = c->path;
	size_t line = c->line;
	char *text = load(c, path, why);
	int r;

	if (text == NULL)
		return -1;
	c->path = path;
	c->line = 0;
	c->depth++;
	r = read_lines(c, text, why);
	c->depth--;
	c->path = outer;
	c->line = line;
	return r;
}

static struct setting **
tail_of(struct setting *top)
{
	struct setting **tail = &top->child;

	while (*tail != NULL)
		tail = &(*tail)->next;
	return tail;
}

int
conf_read_ext(
    struct setting *top, struct arena *arena, const char *path, struct why *why)
{
	struct conf c = { .tail = tail_of(top), .arena = arena, .path = path };

	return read_ext(&c, path, why);
}

/* --- Postfix --- */

static int
set_table(struct conf *c, struct buf *full, struct why *why)
{
	char *line, *value;

	if (full->len == 0)
		return 0;
	line = str_trim(arena_adds(c->arena, buf_str(full)));
	buf_reset(full);
	value = split(line);
	if (value == NULL)
		return bad(c, "not a setting (key = value)", why);
	add(c, line, value);
	return 0;
}

int
conf_read_table(
    struct setting *top, struct arena *arena, const char *path, struct why *why)
{
	struct conf c = { .tail = tail_of(top), .arena = arena, .path = path };
	struct buf full = { 0 };
	char *text = load(&c, path, why), *line;
	size_t number = 0; /* c.line: where the setting begins */
	int r = text == NULL ? -1 : 0;

	while (r == 0 && (line = str_cut(&text, '\n')) != NULL) {
		size_t blanks = strspn(line, " \t");

		number++;
		line[strcspn(line, "\r")] = '\0';
		if (line[blanks] == '\0' || line[blanks] == '#')
			continue;
		if (blanks == 0)
			r = set_table(&c, &full, why);
		if (full.len == 0)
			c.line = number;
		if (full.len > 0)
			buf_addc(&full, ' ');
		buf_adds(&full, line + blanks);
	}
	if (r == 0)
		r = set_table(&c, &full, why);
	buf_wipe(&full);
	return r;
}
