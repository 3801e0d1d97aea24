/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "source/lines.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "core/ndjson.h"
#include "core/str.h"
#include "source/host.h"

const char source_lines_mark[] =
    "a byte order mark before the first name, which the server takes for a "
    "part "
    "of it, so that nobody is found by the name: left out (take the mark off "
    "with "
    "sed -i '1s/^\\xef\\xbb\\xbf//' FILE if the name is to count)";

bool
source_lines_open(
    struct source_lines *in, struct emit *e, const char *path, bool required)
{
	struct why why = { 0 };
	bool is_stdin = strcmp(path, "-") == 0;
	int fd = STDIN_FILENO;

	*in = (struct source_lines){ .emit = e };
	if (!is_stdin)
		fd = host_open(path);
	if (fd == -1 && errno == ENOENT && !required)
		return false;
	emit_file(e, is_stdin ? "stdin" : path);
	if (fd == -1) {
		why_errno(&why, FAIL_FATAL, "cannot be opened");
		emit_fail(e, NULL, &why);
		return false;
	}
	lines_init(&in->lines, fd, RECORD_LINE_MAX);
	return true;
}

void
source_lines_of(
    struct source_lines *in, struct emit *e, const char *path, int fd)
{
	*in = (struct source_lines){ .emit = e };
	emit_file(e, path);
	lines_init(&in->lines, fd, RECORD_LINE_MAX);
}

bool
source_lines_next(struct source_lines *in, char **line, size_t *len)
{
	struct emit *e = in->emit;
	struct why why = { 0 };

	while (!emit_stop(e)) {
		enum line r = lines_next(&in->lines, line, len);

		e->at.line = (uint32_t)in->lines.number;
		if (r == LINE_END)
			return false;
		if (r == LINE_ERROR) {
			why_errno(&why, FAIL_FATAL, "cannot be read");
			emit_fail(e, NULL, &why);
			return false;
		}
		if (r == LINE_LONG) {
			why_set(&why, FAIL_DATA,
			    "a line of more than %zu bytes", in->lines.max);
			emit_fail(e, NULL, &why);
			continue;
		}
		if (in->lines.truncated)
			emit_note(e, NULL,
			    "a last line without a newline is read, but "
			    "\"doveadm user '*'\" leaves it out",
			    NULL);
		if (memchr(*line, '\0', *len) != NULL) {
			emit_bad(e, NULL, "a NUL byte");
			continue;
		}
		if (lines_had_mark(&in->lines) && !in->exported &&
		    **line != '#' && **line != '\0') {
			emit_bad(e, NULL, source_lines_mark);
			continue;
		}
		if (*len > 0 && (*line)[*len - 1] == '\r')
			(*line)[--*len] = '\0';
		in->utf8 = utf8_valid(*line, *len);
		return true;
	}
	return false;
}

/* indented: a comment may have blanks before it. */
static bool
content(struct source_lines *in, char **line, bool indented)
{
	size_t len;

	while (source_lines_next(in, line, &len)) {
		const char *text = *line + strspn(*line, " \t");

		if (*text == '\0' || *(indented ? text : *line) == '#')
			continue;
		if (in->utf8)
			return true;
		emit_bad(in->emit, NULL, "not UTF-8");
	}
	return false;
}

bool
source_lines_content(struct source_lines *in, char **line)
{
	return content(in, line, true);
}

bool
source_lines_included(struct source_lines *in, char **line)
{
	return content(in, line, false);
}

void
source_lines_close(struct source_lines *in)
{
	if (in->lines.fd != STDIN_FILENO)
		(void)close(in->lines.fd);
	lines_free(&in->lines);
}
