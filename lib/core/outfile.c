/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "core/outfile.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/alloc.h"
#include "core/io.h"
#include "core/output.h"

/*
 * The unfinished files, for removal at exit and on a signal. Additions and
 * removals happen with the signals blocked.
 */
static struct outfile *unfinished;

void
outfile_abandon(void)
{
	for (struct outfile *o = unfinished; o != NULL; o = o->next)
		(void)unlink(o->tmp);
}

static void
on_signal(int sig)
{
	outfile_abandon();
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
	(void)atexit(outfile_abandon);
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

static bool
is_same(const struct stat *a, int fd)
{
	struct stat b;

	return fstat(fd, &b) == 0 && a->st_dev == b.st_dev &&
	       a->st_ino == b.st_ino;
}

/* Opens what cannot be replaced. Standard output and error may be regular files
 * that others write to as well: /dev/stdout after ">file". */
static int
open_in_place(const char *path, const struct stat *st)
{
	for (int fd = STDOUT_FILENO; fd <= STDERR_FILENO; fd++)
		if (is_same(st, fd))
			return fcntl(fd, F_DUPFD_CLOEXEC, 3);
	return open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
}

/* Opens the file, and sets o->tmp if it has another name until it is complete.
 * The descriptor; -1 and errno. */
static int
open_file(struct outfile *o, const char *path, const struct stat *st)
{
	int fd;

	if (st->st_mode != 0 &&
	    (!S_ISREG(st->st_mode) || is_same(st, STDOUT_FILENO) ||
		is_same(st, STDERR_FILENO)))
		return open_in_place(path, st);
	o->tmp = xasprintf("%s.XXXXXX", o->path);
	guard_signals();
	fd = mkostemp(o->tmp, O_CLOEXEC); /* mode 0600 */
	if (fd == -1) {
		free(o->tmp);
		o->tmp = NULL;
	} else {
		link_unfinished(o, true);
	}
	return fd;
}

/* Whether nothing else of this run has the name: a file that is there, or one
 * that will be. */
static bool
is_free(struct outfile *o, const struct stat *st)
{
	for (struct outfile *other = unfinished; other != NULL;
	     other = other->next)
		if (strcmp(other->path, o->path) == 0)
			return false;
	if (!S_ISREG(st->st_mode))
		return true;
	if (!output_claim(st))
		return false;
	o->old = *st;
	return true;
}

/* Gives back what is left of it. */
static void
forget(struct outfile *o)
{
	if (o->old.st_mode != 0)
		output_disclaim(&o->old);
	free(o->tmp);
	free(o->path);
	*o = (struct outfile){ 0 };
}

int
outfile_open(struct outfile *o, const char *path, struct why *why)
{
	struct stat st;
	int fd;

	*o = (struct outfile){ 0 };
	if (output_follow(path, &o->path, &st, why) == -1)
		return -1;
	if (!is_free(o, &st)) {
		forget(o);
		return why_set(why, FAIL_FATAL, OUTPUT_TAKEN, path);
	}
	fd = open_file(o, path, &st);
	o->file = fd == -1 ? NULL : fdopen(fd, "w");
	if (o->file != NULL)
		return 0;
	why_errno(why, FAIL_FATAL, "%s", path);
	if (fd != -1)
		(void)close(fd);
	outfile_abort(o);
	return -1;
}

/* Writes out what is left; true if all of it arrived. */
static bool
close_file(struct outfile *o)
{
	bool good = fflush(o->file) == 0 && !ferror(o->file);

	if (good && o->tmp != NULL && fsync(fileno(o->file)) == -1)
		good = false;
	if (fclose(o->file) != 0)
		good = false;
	o->file = NULL;
	return good;
}

int
outfile_commit(struct outfile *o, struct why *why)
{
	int r = 0;

	/* errno may be that of an earlier write, which the stream noted. */
	if (!close_file(o) ||
	    (o->tmp != NULL && rename(o->tmp, o->path) == -1)) {
		if (errno == 0)
			errno = EIO;
		why_errno(why, FAIL_FATAL, "%s", o->path);
		outfile_abort(o);
		return -1;
	}
	if (o->tmp != NULL) {
		link_unfinished(o, false);
		if (sync_parent(o->path) == -1)
			r = why_errno(why, FAIL_FATAL, "%s", o->path);
	}
	forget(o);
	return r;
}

void
outfile_abort(struct outfile *o)
{
	int saved = errno;

	if (o->file != NULL)
		(void)fclose(o->file);
	if (o->tmp != NULL) {
		link_unfinished(o, false);
		(void)unlink(o->tmp);
	}
	forget(o);
	errno = saved;
}
