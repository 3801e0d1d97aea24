/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "core/io.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/alloc.h"

int
write_all(int fd, const void *p, size_t len)
{
	const char *at = p;

	while (len > 0) {
		ssize_t n = write(fd, at, len);

		if (n == -1 && errno == EINTR)
			continue;
		if (n == 0)
			errno = ENOSPC;
		if (n <= 0)
			return -1;
		at += n;
		len -= (size_t)n;
	}
	return 0;
}

int
read_fd(int fd, const char *path, struct buf *out, struct why *why)
{
	char chunk[65536];
	ssize_t n;

	for (;;) {
		n = read(fd, chunk, sizeof chunk);
		if (n == -1 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		buf_add(out, chunk, (size_t)n);
		if (out->overflow)
			break;
	}
	explicit_bzero(chunk, sizeof chunk);
	if (n == -1)
		return why_errno(why, FAIL_FATAL, "%s", path);
	if (out->overflow)
		return why_set(why, FAIL_DATA, "%s: longer than %zu bytes",
		    path, out->max);
	return 0;
}

int
read_file(const char *path, struct buf *out, struct why *why)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	int r;

	if (fd == -1)
		return why_errno(why, FAIL_FATAL, "%s", path);
	r = read_fd(fd, path, out, why);
	(void)close(fd);
	return r;
}

/*
 * The unfinished files, for removal at exit and on a signal. Additions and
 * removals happen with the signals blocked.
 */
static struct outfile *unfinished;

static void
remove_unfinished(void)
{
	for (struct outfile *o = unfinished; o != NULL; o = o->next)
		(void)unlink(o->tmp);
}

static void
on_signal(int sig)
{
	remove_unfinished();
	(void)signal(sig, SIG_DFL);
	(void)raise(sig);
}

static void
guard_signals(void)
{
	static const int signals[] = { SIGHUP, SIGINT, SIGTERM };
	static bool installed;

	if (installed)
		return;
	installed = true;
	(void)atexit(remove_unfinished);
	for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) {
		struct sigaction old, act = { .sa_handler = on_signal };

		if (sigaction(signals[i], NULL, &old) == 0 &&
		    old.sa_handler == SIG_DFL)
			(void)sigaction(signals[i], &act, NULL);
	}
}

static void
link_unfinished(struct outfile *o, bool add)
{
	sigset_t all, old;
	struct outfile **at = &unfinished;

	(void)sigfillset(&all);
	(void)sigprocmask(SIG_BLOCK, &all, &old);
	if (add) {
		o->next = unfinished;
		unfinished = o;
	} else {
		while (*at != NULL && *at != o)
			at = &(*at)->next;
		if (*at == o)
			*at = o->next;
	}
	(void)sigprocmask(SIG_SETMASK, &old, NULL);
}

int
outfile_open(struct outfile *o, const char *path, struct why *why)
{
	int fd;

	*o = (struct outfile){ .path = xstrdup(path) };
	o->tmp = xasprintf("%s.XXXXXX", path);
	guard_signals();
	fd = mkostemp(o->tmp, O_CLOEXEC); /* mode 0600 */
	if (fd == -1) {
		why_errno(why, FAIL_FATAL, "%s", path);
		goto fail;
	}
	link_unfinished(o, true);
	o->file = fdopen(fd, "w");
	if (o->file == NULL) {
		why_errno(why, FAIL_FATAL, "%s", path);
		(void)close(fd);
		goto fail;
	}
	return 0;
fail:
	outfile_abort(o);
	return -1;
}

/* Makes the new name in path's directory durable. */
static int
sync_dir(const char *path)
{
	char *copy = xstrdup(path);
	int fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int r = fd == -1 ? -1 : fsync(fd);

	/* Some file systems cannot sync a directory, and say EINVAL. */
	if (r == -1 && errno == EINVAL)
		r = 0;
	if (fd != -1)
		(void)close(fd);
	free(copy);
	return r;
}

int
outfile_commit(struct outfile *o, struct why *why)
{
	int r = 0;

	if (fflush(o->file) != 0 || ferror(o->file) ||
	    fsync(fileno(o->file)) == -1)
		r = -1;
	if (fclose(o->file) != 0)
		r = -1;
	o->file = NULL;
	if (r == 0 && rename(o->tmp, o->path) == -1)
		r = -1;
	if (r == -1) {
		why_errno(why, FAIL_FATAL, "%s", o->path);
		outfile_abort(o);
		return -1;
	}
	link_unfinished(o, false);
	free(o->tmp);
	o->tmp = NULL;
	if (sync_dir(o->path) == -1)
		r = why_errno(why, FAIL_FATAL, "%s", o->path);
	free(o->path);
	o->path = NULL;
	return r;
}

void
outfile_abort(struct outfile *o)
{
	int saved = errno;

	if (o->file != NULL)
		(void)fclose(o->file);
	link_unfinished(o, false);
	if (o->tmp != NULL)
		(void)unlink(o->tmp);
	free(o->tmp);
	free(o->path);
	*o = (struct outfile){ 0 };
	errno = saved;
}

enum {
	FIRST_READ = 65536
};

void
lines_init(struct lines *l, int fd, size_t max)
{
	*l = (struct lines){ .fd = fd,
		.max = max,
		.data = xmalloc(FIRST_READ),
		.cap = FIRST_READ };
}

void
lines_free(struct lines *l)
{
	if (l->data != NULL)
		explicit_bzero(l->data, l->cap);
	free(l->data);
	l->data = NULL;
	l->start = l->end = l->cap = 0;
}

/* Reads more bytes behind those that are there. 1, 0 at the end, -1. */
static int
fill(struct lines *l)
{
	ssize_t n;

	if (l->start > 0) {
		memmove(l->data, l->data + l->start, l->end - l->start);
		l->end -= l->start;
		l->start = 0;
	}
	if (l->cap - l->end < 2) {
		char *bigger;

		l->cap *= 2;
		bigger = xmalloc(l->cap);
		memcpy(bigger, l->data, l->end);
		explicit_bzero(l->data, l->end);
		free(l->data);
		l->data = bigger;
	}
	do
		n = read(l->fd, l->data + l->end, l->cap - l->end - 1);
	while (n == -1 && errno == EINTR);
	if (n <= 0)
		return (int)n;
	l->end += (size_t)n;
	return 1;
}

enum line
lines_next(struct lines *l, char **line, size_t *len)
{
	size_t seen = 0; /* bytes of this line that were searched already */
	bool too_long = false;

	for (;;) {
		char *at = l->data + l->start;
		size_t have = l->end - l->start;
		char *nl = NULL;
		int r;

		if (have > seen)
			nl = memchr(at + seen, '\n', have - seen);
		if (nl != NULL || (l->eof && (have > 0 || too_long))) {
			size_t n = nl != NULL ? (size_t)(nl - at) : have;

			l->number++;
			l->truncated = nl == NULL;
			l->start += n + (nl != NULL);
			if (too_long || n > l->max)
				return LINE_LONG;
			at[n] = '\0';
			*line = at;
			*len = n;
			return LINE_OK;
		}
		if (l->eof)
			return LINE_END;
		if (have > l->max) {
			too_long = true;
			l->start = l->end;
			have = 0;
		}
		seen = have;
		r = fill(l);
		if (r == -1)
			return LINE_ERROR;
		if (r == 0)
			l->eof = true;
	}
}
