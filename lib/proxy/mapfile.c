/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "proxy/mapfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/alloc.h"
#include "core/io.h"
#include "core/str.h"
#include "proxy/client.h"

enum {
	FILE_MAX = 1 << 30
};

static struct mapline *
add_line(struct mapfile *m)
{
	m->lines = grow(m->lines, m->n, &m->cap, sizeof *m->lines);
	m->lines[m->n] = (struct mapline){ 0 };
	return &m->lines[m->n++];
}

static void
add_mapping(struct mapfile *m, const char *identifier, const char *destination)
{
	struct mapline *line = add_line(m);
	void **at;

	line->identifier = arena_adds(&m->texts, identifier);
	line->destination = arena_adds(&m->texts, destination);
	/* The last of several lines is the one that counts. */
	at = map_put(&m->index, line->identifier, NULL);
	line->earlier = (uintptr_t)*at;
	*at = (void *)(uintptr_t)m->n;
}

/* The next word of *s, which moves behind it; NULL at the end. */
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
	if (memchr(text, '\0', len) != NULL || !utf8_valid(text, len))
		return why_set(why, FAIL_DATA, "not UTF-8 text");
	/* What follows the last newline is no line, if nothing does. */
	copy = xmemdup(text, text[len - 1] == '\n' ? len - 1 : len);
	rest = copy;
	while (r == 0 && rest != NULL)
		r = parse_line(m, str_cut(&rest, '\n'), ++number, why);
	free(copy);
	return r;
}

/*
 * Opens the file and locks it. Who had the lock before may have put another
 * file into its place: then that one is opened.
 */
static int
open_locked(struct mapfile *m, struct why *why)
{
	struct stat have, there;

	for (;;) {
		m->fd = open(m->path, O_RDONLY | O_CLOEXEC);
		if (m->fd == -1 || fstat(m->fd, &have) == -1)
			return why_errno(why, FAIL_FATAL, "%s", m->path);
		if (!S_ISREG(have.st_mode))
			return why_set(
			    why, FAIL_FATAL, "%s: not a regular file", m->path);
		while (flock(m->fd, LOCK_EX) == -1)
			if (errno != EINTR)
				return why_errno(why, FAIL_FATAL,
				    "%s: cannot be locked", m->path);
		if (stat(m->path, &there) == -1)
			return why_errno(why, FAIL_FATAL, "%s", m->path);
		if (there.st_ino == have.st_ino && there.st_dev == have.st_dev)
			break;
		(void)close(m->fd);
	}
	m->mode = have.st_mode & 07777;
	m->uid = have.st_uid;
	m->gid = have.st_gid;
	return 0;
}

int
mapfile_open(struct mapfile *m, const char *path, struct why *why)
{
	struct why wrong = { 0 };

	*m = (struct mapfile){ .fd = -1 };
	m->path = realpath(path, NULL);
	if (m->path == NULL)
		return why_errno(why, FAIL_FATAL, "%s", path);
	buf_init(&m->old, FILE_MAX);
	if (open_locked(m, why) == -1 ||
	    read_fd(m->fd, m->path, &m->old, why) == -1)
		return -1;
	if (mapfile_parse(m, buf_str(&m->old), m->old.len, &wrong) == -1)
		return why_set(why, FAIL_FATAL,
		    "%s: the proxy could not load this file: %s", path,
		    wrong.text);
	return 0;
}

void
mapfile_close(struct mapfile *m)
{
	/* The lock goes with the descriptor. */
	if (m->fd != -1)
		(void)close(m->fd);
	free(m->path);
	free(m->lines);
	buf_free(&m->old);
	map_free(&m->index);
	arena_free(&m->texts);
	*m = (struct mapfile){ .fd = -1 };
}

const char *
mapfile_get(const struct mapfile *m, const char *identifier)
{
	void **at = map_get(&m->index, identifier);

	return at == NULL ? NULL : m->lines[(uintptr_t)*at - 1].destination;
}

void
mapfile_set(struct mapfile *m, const char *identifier, const char *destination)
{
	void **at = map_get(&m->index, identifier);
	size_t i = at == NULL ? 0 : (uintptr_t)*at;

	if (i == 0 && destination != NULL)
		add_mapping(m, identifier, destination);
	/* Earlier lines, which do not count, go. */
	for (; i != 0; i = m->lines[i - 1].earlier) {
		m->lines[i - 1].destination = destination;
		if (destination != NULL)
			m->lines[i - 1].destination =
			    arena_adds(&m->texts, destination);
		destination = NULL;
	}
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

/*
 * The new file is locked before it gets its name, so that whoever opens it
 * waits for us as before.
 */
static int
put_in_place(struct mapfile *m, const struct buf *text, struct why *why)
{
	struct outfile o;
	int fd, lock;

	if (outfile_open(&o, m->path, why) == -1)
		return -1;
	fd = fileno(o.file);
	lock = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	if (lock == -1 || flock(lock, LOCK_EX) == -1 ||
	    fchown(fd, m->uid, m->gid) == -1 || fchmod(fd, m->mode) == -1) {
		why_errno(why, FAIL_FATAL,
		    "%s: the new file cannot have the old one's owner",
		    m->path);
		outfile_abort(&o);
		if (lock != -1)
			(void)close(lock);
		return -1;
	}
	/* outfile_commit looks at the stream's errors. */
	(void)fwrite(buf_str(text), 1, text->len, o.file);
	if (outfile_commit(&o, why) == -1) {
		(void)close(lock);
		return -1;
	}
	(void)close(m->fd);
	m->fd = lock;
	return 0;
}

int
mapfile_commit(struct mapfile *m, struct why *why)
{
	struct buf text = { 0 };
	int r;

	mapfile_text(m, &text);
	r = put_in_place(m, &text, why);
	buf_free(&text);
	return r;
}

int
mapfile_restore(struct mapfile *m, struct why *why)
{
	return put_in_place(m, &m->old, why);
}
