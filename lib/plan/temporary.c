/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "plan/temporary.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "core/buf.h"
#include "core/io.h"
#include "core/output.h"
#include "secret/hash.h"

/* The password of a line without its newline: complete if it has the length of
 * those that are made here. */
static bool
is_complete(const char *line)
{
	const char *tab = strchr(line, '\t');

	return tab != NULL && strlen(tab + 1) == TEMPORARY_LEN;
}

/* The last line has no newline. */
static int
mend_end(struct temporary *t, struct buf *text, size_t start,
    struct why *mended, struct why *why)
{
	char *line = text->data + start;

	if (is_complete(line)) {
		buf_addc(text, '\n');
		if (write_all(t->fd, "\n", 1) == 0)
			return 0;
	} else if (ftruncate(t->fd, (off_t)start) == 0) {
		line[strcspn(line, "\t")] = '\0';
		why_set(mended, FAIL_DATA,
		    "%s: the last line was cut off and is taken out: %.*s gets "
		    "a new password",
		    t->path, 200, *line == '\0' ? "its account" : line);
		text->len = start;
		*line = '\0';
		return 0;
	}
	return why_errno(why, FAIL_FATAL, "%s", t->path);
}

static int
read_known(struct temporary *t, struct why *mended, struct why *why)
{
	struct buf text = { 0 };
	int r = read_fd(t->fd, t->path, &text, why);

	if (r == 0 && text.len != 0 && text.data[text.len - 1] != '\n') {
		size_t start = text.len;

		while (start > 0 && text.data[start - 1] != '\n')
			start--;
		r = mend_end(t, &text, start, mended, why);
	}
	if (r == 0 && text.len != 0)
		r = passwords_parse(
		    &t->known, text.data, text.len, t->path, why);
	buf_wipe(&text);
	return r;
}

int
temporary_open(
    struct temporary *t, const char *path, struct why *mended, struct why *why)
{
	*t = (struct temporary){ .path = path };
	t->fd = output_open_own(path, why);
	if (t->fd == -1) {
		t->fd = 0;
		return -1;
	}
	return read_known(t, mended, why);
}

/* A line that does not fit on the disk leaves nothing behind. */
static int
append(struct temporary *t, const struct buf *line, struct why *why)
{
	off_t end = lseek(t->fd, 0, SEEK_END);
	int saved;

	if (end != -1 && write_all(t->fd, line->data, line->len) == 0)
		return 0;
	saved = errno;
	if (end != -1)
		(void)!ftruncate(t->fd, end);
	errno = saved;
	return why_errno(why, FAIL_FATAL, "%s", t->path);
}

const char *
temporary_get(struct temporary *t, const char *address, struct why *why)
{
	const char *known = passwords_get(&t->known, address);
	char made[TEMPORARY_LEN + 1];
	struct buf line = { 0 };

	if (known != NULL || secret_temporary(made, why) == -1)
		return known;
	buf_addf(&line, "%s\t%s\n", address, made);
	if (append(t, &line, why) == 0) {
		(void)passwords_add(&t->known, address, made);
		known = passwords_get(&t->known, address);
	}
	buf_wipe(&line);
	explicit_bzero(made, sizeof made);
	return known;
}

int
temporary_sync(struct temporary *t, struct why *why)
{
	if (t->fd == 0 || fsync(t->fd) == 0 || errno == EINVAL)
		return 0;
	return why_errno(why, FAIL_FATAL, "%s", t->path);
}

void
temporary_close(struct temporary *t)
{
	if (t->fd > 0)
		output_close_own(t->fd);
	passwords_free(&t->known);
	explicit_bzero(t, sizeof *t);
}
