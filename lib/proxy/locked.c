/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "proxy/locked.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/io.h"
#include "core/outfile.h"
#include "core/output.h"

/*
 * Opens the file and locks it. Who had the lock before may have put another
 * file into its place: then that one is opened.
 */
static int
open_locked(struct locked *l, struct why *why)
{
	struct stat have, there;

	for (;;) {
		l->fd = open(l->path,
		    O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
		if (l->fd == -1 || fstat(l->fd, &have) == -1)
			return why_errno(why, FAIL_FATAL, "%s", l->path);
		if (!S_ISREG(have.st_mode))
			return why_set(
			    why, FAIL_FATAL, "%s: not a regular file", l->path);
		while (flock(l->fd, LOCK_EX) == -1)
			if (errno != EINTR)
				return why_errno(why, FAIL_FATAL,
				    "%s: cannot be locked", l->path);
		if (stat(l->path, &there) == -1)
			return why_errno(why, FAIL_FATAL, "%s", l->path);
		if (there.st_ino == have.st_ino && there.st_dev == have.st_dev)
			break;
		(void)close(l->fd);
	}
	l->mode = have.st_mode & 07777;
	l->uid = have.st_uid;
	l->gid = have.st_gid;
	return 0;
}

/* An empty file, if there is none. */
static int
make(const char *path, mode_t mode, struct why *why)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (fd == -1 && errno == EEXIST)
		return 0;
	if (fd == -1 || fchmod(fd, mode) == -1) {
		(void)why_errno(why, FAIL_FATAL, "%s", path);
		if (fd != -1)
			(void)close(fd);
		return -1;
	}
	(void)close(fd);
	return 0;
}

int
locked_open(struct locked *l, const char *path, size_t max, mode_t mode,
    struct why *why)
{
	struct stat st;

	*l = (struct locked){ .fd = -1 };
	if (mode != 0 && make(path, mode, why) == -1)
		return -1;
	if (output_follow(path, &l->path, &st, why) == -1)
		return -1;
	buf_init(&l->old, max);
	if (open_locked(l, why) == -1)
		return -1;
	return read_fd(l->fd, l->path, &l->old, why);
}

void
locked_close(struct locked *l)
{
	/* The lock goes with the descriptor. */
	if (l->fd != -1)
		(void)close(l->fd);
	free(l->path);
	buf_free(&l->old);
	*l = (struct locked){ .fd = -1 };
}

/*
 * The new file is locked before it gets its name, so that whoever opens it
 * waits for us as before.
 */
int
locked_replace(struct locked *l, const struct buf *text, struct why *why)
{
	struct outfile o;
	int fd, lock;

	if (outfile_open(&o, l->path, why) == -1)
		return -1;
	fd = fileno(o.file);
	lock = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	if (lock == -1 || flock(lock, LOCK_EX) == -1 ||
	    fchown(fd, l->uid, l->gid) == -1 || fchmod(fd, l->mode) == -1) {
		why_errno(why, FAIL_FATAL,
		    "%s: the new file cannot have the old one's owner",
		    l->path);
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
	(void)close(l->fd);
	l->fd = lock;
	return 0;
}
