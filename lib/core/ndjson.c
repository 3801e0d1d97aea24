/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "core/ndjson.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "core/output.h"
#include "core/str.h"

static char *standard_input[] = { (char[]){ "-" }, NULL };

void
ndjson_init(struct ndjson *r, char **files, size_t max)
{
	*r = (struct ndjson){ .files = files };
	if (files == NULL || *files == NULL)
		r->files = standard_input;
	lines_init(&r->lines, -1, max);
}

static void
close_file(struct ndjson *r)
{
	if (r->open && r->lines.fd != STDIN_FILENO)
		(void)close(r->lines.fd);
	r->open = false;
}

static int
open_next(struct ndjson *r, struct why *why)
{
	const char *name = *r->files++;
	size_t max = r->lines.max;
	int fd = STDIN_FILENO;

	r->file = strcmp(name, "-") == 0 ? "stdin" : name;
	if (strcmp(name, "-") != 0) {
		fd = open(name, O_RDONLY | O_CLOEXEC);
		if (fd == -1)
			return why_errno(why, FAIL_FATAL, "cannot be opened");
	}
	if (!input_claim(fd)) {
		if (fd != STDIN_FILENO)
			(void)close(fd);
		return why_set(why, FAIL_FATAL, INPUT_TAKEN);
	}
	lines_free(&r->lines);
	lines_init(&r->lines, fd, max);
	r->open = true;
	r->any = false;
	return 0;
}

static int
check_line(struct ndjson *r, struct why *why)
{
	if (r->lines.truncated)
		return why_set(why, FAIL_DATA,
		    "the last line has no newline: it was cut off");
	if (memchr(r->line, '\0', r->len) != NULL)
		return why_set(why, FAIL_DATA, "a NUL byte");
	if (!utf8_valid(r->line, r->len))
		return why_set(why, FAIL_DATA, "not UTF-8");
	return 1;
}

static bool
is_blank(const char *line, size_t len)
{
	size_t i = 0;

	while (
	    i < len && (line[i] == ' ' || line[i] == '\t' || line[i] == '\r'))
		i++;
	return i == len;
}

int
ndjson_next(struct ndjson *r, struct why *why)
{
	for (;;) {
		if (!r->open) {
			if (*r->files == NULL)
				return 0;
			if (open_next(r, why) == -1)
				return -1;
		}
		r->line = NULL;
		r->len = 0;
		switch (lines_next(&r->lines, &r->line, &r->len)) {
		case LINE_END:
			if (!r->any && r->blank == NULL)
				r->blank = r->file;
			close_file(r);
			continue;
		case LINE_LONG:
			r->any = true;
			return why_set(why, FAIL_DATA,
			    "a line of more than %zu bytes", r->lines.max);
		case LINE_ERROR:
			close_file(r);
			return why_errno(why, FAIL_FATAL, "cannot be read");
		case LINE_OK:
			if (is_blank(r->line, r->len))
				continue;
			r->any = true;
			return check_line(r, why);
		}
	}
}

const char *
ndjson_where(struct ndjson *r)
{
	buf_reset(&r->where);
	buf_adds(&r->where, r->file == NULL ? "stdin" : r->file);
	if (r->open)
		buf_addf(&r->where, ":%zu", r->lines.number);
	return buf_str(&r->where);
}

void
ndjson_free(struct ndjson *r)
{
	close_file(r);
	lines_free(&r->lines);
	buf_free(&r->where);
}
