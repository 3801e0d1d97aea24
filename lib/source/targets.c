/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "source/targets.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "core/ndjson.h"
#include "core/str.h"
#include "source/host.h"
#include "source/lines.h"

static bool
blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\f' || c == '\v';
}

void
postfix_map_init(struct postfix_map *m, int fd, enum map_style style)
{
	*m = (struct postfix_map){ .style = style, .fd = fd };
	lines_init(&m->lines, fd, RECORD_LINE_MAX);
	buf_init(&m->entry, RECORD_LINE_MAX);
}

int
postfix_map_open(struct postfix_map *m, const char *path, enum map_style style,
    struct why *why)
{
	int fd = host_open(path);

	if (fd == -1)
		return why_errno(why, FAIL_FATAL, "cannot be opened");
	postfix_map_init(m, fd, style);
	return 0;
}

void
postfix_map_close(struct postfix_map *m)
{
	lines_free(&m->lines);
	buf_wipe(&m->entry);
	buf_wipe(&m->next);
	if (m->fd != -1)
		(void)close(m->fd);
	m->fd = -1;
}

/* Empty, or a comment: the first byte that is not a blank is "#" (readlline(3) of
 * Postfix). Neither ends an entry. */
static bool
is_comment(const char *line)
{
	while (blank(*line))
		line++;
	return *line == '\0' || *line == '#';
}

/* Reads one physical line that counts. 1, 0 at the end, -1 and why; *line is
 * then the line, or NULL if it is not in memory. */
static int
read_line(struct postfix_map *m, char **line, struct why *why)
{
	size_t len;

	for (;;) {
		*line = NULL;
		switch (lines_next(&m->lines, line, &len)) {
		case LINE_END:
			return 0;
		case LINE_ERROR:
			return why_errno(why, FAIL_FATAL, "cannot be read");
		case LINE_LONG:
			return why_set(why, FAIL_DATA,
			    "a line of more than %zu bytes", m->lines.max);
		case LINE_OK:
			break;
		}
		if (memchr(*line, '\0', len) != NULL)
			return why_set(why, FAIL_DATA, "a NUL byte");
		if (!utf8_valid(*line, len))
			return why_set(why, FAIL_DATA, "not UTF-8");
		if (!is_comment(*line))
			return 1;
	}
}

/* Puts the lines of one entry together: those that begin with a blank go on
 * the line before. 1, 0 at the end, -1 and why. */
static int
read_entry(struct postfix_map *m, struct why *why)
{
	struct why bad;
	char *line;
	int n;

	buf_reset(&m->entry);
	if (m->bad_next) {
		m->bad_next = false;
		m->line = m->next_line;
		m->next_line = 0;
		*why = m->broken;
		return -1;
	}
	if (m->next_line == 0) {
		n = read_line(m, &line, why);
		m->line = m->lines.number;
		if (n != 1)
			return n;
	} else {
		line = m->next.data;
		m->line = m->next_line;
	}
	m->next_line = 0;
	buf_adds(&m->entry, line);
	bad.kind = FAIL_NONE;
	for (;;) {
		n = read_line(m, &line, &m->broken);
		if (n == 0 || line == NULL || !blank(*line))
			break;
		if (n == 1)
			buf_adds(&m->entry, line);
		else
			bad = m->broken; /* the entry is not whole */
	}
	if (n != 0)
		m->next_line = m->lines.number;
	m->bad_next = n == -1;
	buf_reset(&m->next);
	if (n == 1)
		buf_adds(&m->next, line);
	if (bad.kind != FAIL_NONE) {
		*why = bad;
		return -1;
	}
	if (m->entry.overflow)
		return why_set(why, FAIL_DATA,
		    "an entry of more than %zu bytes", m->entry.max);
	return 1;
}

/* Where the key ends: at the first blank, or colon of an aliases file, outside
 * double quotes; a backslash takes the next byte with it. NULL where quotes
 * are not closed. (src/postmap/postmap.c.) */
static char *
key_end(char *p, char colon)
{
	bool quoted = false;

	for (; *p != '\0'; p++) {
		if (*p == '\\' && p[1] != '\0')
			p++;
		else if (*p == '"')
			quoted = !quoted;
		else if (!quoted && (blank(*p) || *p == colon))
			return p;
	}
	return quoted ? NULL : p;
}

static void
trim_end(char *s)
{
	size_t len = strlen(s);

	while (len > 0 && blank(s[len - 1]))
		s[--len] = '\0';
}

/* Whether the entry is the one that the file begins with, after a mark. */
static bool
has_mark(const struct postfix_map *m)
{
	return m->lines.marked && m->line == 1;
}

/* One line is one entry. postalias(1) puts two keys for NIS and one for Sendmail
 * ("@") into a table. */
static int
next_listed(struct postfix_map *m, char **key, char **value, struct why *why)
{
	char *line;
	int n;

	do {
		n = read_line(m, &line, why);
		m->line = m->lines.number;
	} while (
	    n == 1 && (str_starts(line, "YP_") || str_starts(line, "@\t")));
	if (n != 1)
		return n;
	if (has_mark(m))
		return why_set(why, FAIL_DATA, "%s", source_lines_mark);
	*key = str_cut(&line, '\t');
	*value = line;
	if (line == NULL || *line == '\0' || **key == '\0')
		return why_set(why, FAIL_DATA,
		    "a key without a value, or a value without a key");
	(void)str_lower(*key);
	return 1;
}

int
postfix_map_next(
    struct postfix_map *m, char **key, char **value, struct why *why)
{
	char *p, *end;
	int n;

	if (m->style == MAP_LISTED)
		return next_listed(m, key, value, why);
	n = read_entry(m, why);
	if (n != 1)
		return n;
	p = m->entry.data;
	if (has_mark(m))
		return why_set(why, FAIL_DATA, "%s", source_lines_mark);
	if (blank(*p))
		return why_set(why, FAIL_DATA,
		    "the file begins with a line that goes on another");
	end = key_end(p, m->style == MAP_ALIASES ? ':' : '\0');
	if (end == NULL)
		return why_set(why, FAIL_DATA, "a quote that is not closed");
	*key = p;
	for (p = end; blank(*p); p++)
		;
	if (m->style == MAP_ALIASES && *p == ':')
		for (p++; blank(*p); p++)
			;
	else if (m->style == MAP_ALIASES && *p != '\0')
		return why_set(why, FAIL_DATA, "no colon after the name");
	*end = '\0';
	*value = p;
	trim_end(p);
	if (m->style == MAP_ALIASES)
		str_unquote(*key);
	if (**key == '\0' || *p == '\0')
		return why_set(why, FAIL_DATA,
		    "a key without a value, or a value without a key");
	(void)str_lower(*key);
	return 1;
}
