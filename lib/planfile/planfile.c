/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "planfile/planfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/alloc.h"
#include "core/io.h"
#include "core/ndjson.h"
#include "core/output.h"
#include "planfile/plancheck.h"
#include "planfile/planline.h"

int
plan_reader_next(struct plan_reader *r, struct why *why)
{
	off_t offset;
	char *line;
	size_t len;
	int n = plan_next_line(r, &line, &len, &offset, why);

	if (n != 1)
		return n;
	return plan_read_op(r, line, why) == -1 ? -1 : 1;
}

int
plan_reader_entry(struct plan_reader *r, const char **ref, const char **text,
    size_t *len, struct why *why)
{
	char *key, *from, *to;

	if (r->entries.at == NULL || !jr_member(&r->entries, &key))
		return 0;
	*ref = *key == '#' ? key + 1 : key;
	if (!plan_take_text(&r->entries, &from, &to))
		return plan_bad_line(r, why, r->entries.error);
	*text = from;
	*len = (size_t)(to - from);
	return 1;
}

static int
seek_to(struct plan_reader *r, off_t offset, size_t line, struct why *why)
{
	if (lseek(r->fd, offset, SEEK_SET) == -1)
		return why_errno(why, FAIL_FATAL, "%s", r->name);
	lines_free(&r->lines);
	lines_init(&r->lines, r->fd, PLAN_LINE_MAX);
	r->lines.number = line;
	r->next = offset;
	return 0;
}

int
plan_reader_rewind(struct plan_reader *r, struct why *why)
{
	return seek_to(r, 0, 0, why);
}

int
plan_reader_destroy(struct plan_reader *r, size_t i, struct why *why)
{
	const struct plan_place *place = &r->destroys[i];

	if (seek_to(r, place->offset, place->line - 1, why) == -1)
		return -1;
	return plan_reader_next(r, why) == 1 ? 0 : -1;
}

/* Copies a pipe into a file that has no name. */
static int
spool(int from, struct why *why)
{
	const char *folder = getenv("TMPDIR");
	char *path = xasprintf("%s/mailferry.XXXXXX",
	    folder == NULL || *folder == '\0' ? "/tmp" : folder);
	int fd = mkostemp(path, O_CLOEXEC);
	char chunk[65536];
	ssize_t n;

	if (fd == -1)
		why_errno(why, FAIL_FATAL, "%s", path);
	else
		(void)unlink(path);
	free(path);
	if (fd == -1)
		return -1;
	do {
		n = read(from, chunk, sizeof chunk);
		if (n > 0 && write_all(fd, chunk, (size_t)n) == -1) {
			n = -1;
			break;
		}
	} while (n > 0 || (n == -1 && errno == EINTR));
	explicit_bzero(chunk, sizeof chunk);
	if (n == -1) {
		why_errno(why, FAIL_FATAL, "copying the plan");
		(void)close(fd);
		return -1;
	}
	(void)lseek(fd, 0, SEEK_SET);
	return fd;
}

int
plan_reader_open(struct plan_reader *r, const char *path, struct why *why)
{
	bool standard = strcmp(path, "-") == 0;
	int fd = standard ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);

	*r = (struct plan_reader){ .fd = -1 };
	r->name = xstrdup(standard ? "stdin" : path);
	if (fd == -1)
		return why_errno(why, FAIL_FATAL, "%s", path);
	if (!input_claim(fd)) {
		if (!standard)
			(void)close(fd);
		return why_set(why, FAIL_FATAL, "%s: " INPUT_TAKEN, r->name);
	}
	if (lseek(fd, 0, SEEK_CUR) == -1) {
		r->fd = spool(fd, why);
		if (!standard)
			(void)close(fd);
		if (r->fd == -1)
			return -1;
	} else {
		r->fd = fd;
	}
	lines_init(&r->lines, r->fd, PLAN_LINE_MAX);
	return plan_check(r, why);
}

void
plan_reader_free(struct plan_reader *r)
{
	plan_clear_op(r);
	lines_free(&r->lines);
	map_free(&r->refs);
	arena_free(&r->arena);
	for (size_t i = 0; i < r->n_shapes; i++) {
		free(r->shapes[i].object);
		json_decref(r->shapes[i].match_on);
		json_decref(r->shapes[i].scope);
	}
	free(r->shapes);
	free(r->destroys);
	free(r->name);
	if (r->fd > STDERR_FILENO)
		(void)close(r->fd);
	*r = (struct plan_reader){ .fd = -1 };
}

bool
plan_reader_referred(const struct plan_reader *r, const char *client_id)
{
	return map_get(&r->refs, client_id) != NULL;
}
