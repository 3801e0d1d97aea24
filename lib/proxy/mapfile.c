/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "proxy/mapfile.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/str.h"
#include "proxy/client.h"
#include "proxy/logins.h"

enum {
	FILE_MAX = 1 << 30
};

static struct mapline *
add_line(struct mapfile *m)
{
	m->lines = xgrow(m->lines, m->n, &m->cap, sizeof *m->lines);
	m->lines[m->n] = (struct mapline){ 0 };
	return &m->lines[m->n++];
}

/* What the proxy looks for; put into b where it is not the identifier itself. */
static const char *
key_of(const struct mapfile *m, const char *identifier, struct buf *b)
{
	return m->lowers ? login_lower(identifier, b) : identifier;
}

static void
add_mapping(struct mapfile *m, const char *identifier, const char *destination)
{
	struct mapline *line = add_line(m);
	struct buf key = { 0 };
	void **at;

	line->identifier = arena_adds(&m->texts, identifier);
	line->destination = arena_adds(&m->texts, destination);
	/* The last of several lines is the one that counts. */
	at = map_put_copy(
	    &m->index, &m->texts, key_of(m, line->identifier, &key), NULL);
	line->earlier = (uintptr_t)*at;
	*at = (void *)(uintptr_t)m->n;
	buf_free(&key);
}

/* The next word of *s, which moves past it; NULL at the end. */
static char *
next_word(char **s)
{
	char *word = *s + strspn(*s, " \t\r\f\v");

	if (*word == '\0')
		return NULL;
	*s = word + strcspn(word, " \t\r\f\v");
	if (**s != '\0')
		*(*s)++ = '\0';
	return word;
}

static int
parse_line(struct mapfile *m, char *line, size_t number, struct why *why)
{
	char *at = line, *identifier, *destination;
	size_t blank = strspn(line, " \t\r\f\v");

	if (line[blank] == '\0' || line[blank] == '#') {
		add_line(m)->text = arena_adds(&m->texts, line);
		return 0;
	}
	identifier = next_word(&at);
	destination = next_word(&at);
	if (destination == NULL)
		return why_set(why, FAIL_DATA,
		    "line %zu: one word, where the identifier and its "
		    "destination belong",
		    number);
	if (next_word(&at) != NULL)
		return why_set(why, FAIL_DATA,
		    "line %zu: more than the identifier and its destination",
		    number);
	if (identifier_check(identifier, why) == -1 ||
	    identifier_check(destination, why) == -1) {
		char *text = xstrdup(why == NULL ? "" : why->text);

		why_set(why, FAIL_DATA, "line %zu: %s", number, text);
		free(text);
		return -1;
	}
	add_mapping(m, identifier, destination);
	return 0;
}

int
mapfile_parse(struct mapfile *m, const char *text, size_t len, struct why *why)
{
	size_t number = 0;
	char *copy, *rest;
	int r = 0;

	if (len == 0)
		return 0;
	if (!utf8_text(text, len))
		return why_set(why, FAIL_DATA, "not UTF-8 text");
	/* Nothing after the last newline is not a line. */
	copy = xmemdup(text, text[len - 1] == '\n' ? len - 1 : len);
	rest = copy;
	while (r == 0 && rest != NULL)
		r = parse_line(m, str_cut(&rest, '\n'), ++number, why);
	free(copy);
	return r;
}

int
mapfile_open(struct mapfile *m, const char *path, bool lowers, struct why *why)
{
	struct why wrong = { 0 };

	*m = (struct mapfile){ .file.fd = -1, .lowers = lowers };
	if (locked_open(&m->file, path, FILE_MAX, 0, why) == -1)
		return -1;
	if (mapfile_parse(m, buf_str(&m->file.old), m->file.old.len, &wrong) ==
	    -1)
		return why_set(why, FAIL_FATAL,
		    "%s: the proxy could not load this file: %s", path,
		    wrong.text);
	return 0;
}

void
mapfile_close(struct mapfile *m)
{
	locked_close(&m->file);
	free(m->lines);
	map_free(&m->index);
	arena_free(&m->texts);
	*m = (struct mapfile){ .file.fd = -1 };
}

const char *
mapfile_get(const struct mapfile *m, const char *identifier)
{
	struct buf key = { 0 };
	void **at = map_get(&m->index, key_of(m, identifier, &key));

	buf_free(&key);
	return at == NULL ? NULL : m->lines[(uintptr_t)*at - 1].destination;
}

void
mapfile_set(struct mapfile *m, const char *identifier, const char *destination)
{
	struct buf b = { 0 };
	const char *key = key_of(m, identifier, &b);
	void **at = map_get(&m->index, key);
	size_t i = at == NULL ? 0 : (uintptr_t)*at;

	if (i == 0 && destination != NULL)
		add_mapping(m, key, destination);
	/* Earlier lines, which do not count, go. */
	for (; i != 0; i = m->lines[i - 1].earlier) {
		m->lines[i - 1].destination = destination;
		if (destination != NULL)
			m->lines[i - 1].destination =
			    arena_adds(&m->texts, destination);
		destination = NULL;
	}
	buf_free(&b);
}

void
mapfile_text(const struct mapfile *m, struct buf *out)
{
	for (size_t i = 0; i < m->n; i++) {
		const struct mapline *line = &m->lines[i];

		if (line->text != NULL)
			buf_addf(out, "%s\n", line->text);
		else if (line->destination != NULL)
			buf_addf(out, "%s\t%s\n", line->identifier,
			    line->destination);
	}
}

int
mapfile_commit(struct mapfile *m, struct why *why)
{
	struct buf text = { 0 };
	int r;

	mapfile_text(m, &text);
	r = locked_replace(&m->file, &text, why);
	buf_free(&text);
	return r;
}

int
mapfile_restore(struct mapfile *m, struct why *why)
{
	return locked_replace(&m->file, &m->file.old, why);
}
