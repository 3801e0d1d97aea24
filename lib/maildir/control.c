/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "maildir/control.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "core/alloc.h"
#include "core/io.h"
#include "core/num.h"
#include "core/str.h"

enum {
	TRIES = 500,
	PAUSE_NS = 20000000,
	STALE = 120,     /* seconds */
	STALE_DEAD = 30, /* of a process that we do not see */
	FILE_SIZE_MAX = 1 << 20
};

static void
host_name(char *host, size_t size)
{
	if (gethostname(host, size) == -1)
		*host = '\0';
	host[size - 1] = '\0';
}

/*
 * True if the lock was left by a process that is dead, or nobody touched it for
 * two minutes. The text is PID:HOST. Dovecot (lib/file-dotlock.c) believes the
 * PID at once; but a Dovecot in a container can have this host's name and PIDs
 * that nobody outside sees, and it touches a lock that it holds for long every
 * ten seconds. So the PID is believed only of a lock that was left alone for
 * longer. What time it is the file system says, which touched our own file, temp:
 * it can be another machine's, and so can the lock.
 */
static bool
is_left_over(int fd, const char *name, const char *temp, struct stat *st)
{
	struct stat own;
	char text[512], host[256], *at = text, *pid;
	int lock = openat(fd, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	ssize_t n = -1;
	int64_t number;
	time_t age;

	if (lock == -1)
		return false;
	if (fstat(lock, st) == 0 && utimensat(fd, temp, NULL, 0) == 0 &&
	    fstatat(fd, temp, &own, AT_SYMLINK_NOFOLLOW) == 0)
		n = read_head(lock, text, sizeof text - 1);
	(void)close(lock);
	if (n == -1)
		return false;
	age = own.st_mtim.tv_sec - st->st_mtim.tv_sec;
	if (age > STALE)
		return true;
	if (age >= 0 && age < STALE_DEAD)
		return false;
	text[n] = '\0';
	host_name(host, sizeof host);
	pid = str_cut(&at, ':');
	if (at == NULL || strcmp(at, host) != 0 ||
	    !parse_num(pid, 2, INT32_MAX, &number, NULL))
		return false;
	return kill((pid_t)number, 0) == -1 && errno == ESRCH;
}

static void
break_left_over(int fd, const char *name, const char *temp)
{
	struct stat seen, now;

	if (is_left_over(fd, name, temp, &seen) &&
	    fstatat(fd, name, &now, AT_SYMLINK_NOFOLLOW) == 0 &&
	    now.st_ino == seen.st_ino && now.st_dev == seen.st_dev)
		(void)unlinkat(fd, name, 0);
}

/* The name of the file that becomes the lock by link(2), and keeps its second
 * name as long as we hold it: so a lock that a killed run left is known as
 * ours. The caller frees it. */
static char *
own_name(const char *name)
{
	return xasprintf("mailferry.%s", name);
}

static bool
is_ours(int fd, const char *name, const char *temp)
{
	struct stat a, b;

	return fstatat(fd, name, &a, AT_SYMLINK_NOFOLLOW) == 0 &&
	       fstatat(fd, temp, &b, AT_SYMLINK_NOFOLLOW) == 0 &&
	       a.st_ino == b.st_ino && a.st_dev == b.st_dev;
}

static int
write_lock(int lock, int dir)
{
	char text[512], host[256];
	struct stat st;
	int len;

	host_name(host, sizeof host);
	len = snprintf(text, sizeof text, "%ld:%s", (long)getpid(), host);
	if (geteuid() == 0 && fstat(dir, &st) == 0 &&
	    fchown(lock, st.st_uid, st.st_gid) == -1)
		return -1;
	return write_all(lock, text, (size_t)len);
}

/* Makes the file that becomes the lock by link(2): so nobody sees a lock that
 * does not say yet whose it is. */
static int
make_lock(int fd, const char *temp)
{
	int lock, r;

	(void)unlinkat(fd, temp, 0);
	lock = openat(fd, temp,
	    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (lock == -1)
		return -1;
	r = write_lock(lock, fd);
	if (close(lock) == -1)
		r = -1;
	if (r == -1)
		(void)unlinkat(fd, temp, 0);
	return r;
}

int
dot_lock(int fd, const char *name, struct why *why)
{
	const struct timespec pause = { 0, PAUSE_NS };
	char *temp = own_name(name);
	int r;

	dot_sweep(fd, name);
	r = make_lock(fd, temp);
	if (r == -1) {
		why_errno(why, FAIL_FATAL, "%s", name);
		free(temp);
		return -1;
	}
	for (int i = 0; i < TRIES; i++) {
		r = linkat(fd, temp, fd, name, 0);
		if (r == 0 || errno != EEXIST)
			break;
		break_left_over(fd, name, temp);
		(void)nanosleep(&pause, NULL);
	}
	if (r == -1 && errno == EEXIST)
		why_set(why, FAIL_TEMP, "%s: held by another program", name);
	else if (r == -1)
		why_errno(why, FAIL_FATAL, "%s", name);
	if (r == -1)
		(void)unlinkat(fd, temp, 0);
	free(temp);
	return r;
}

/* Merges lock each other out, so that what we find of ourselves is of a run that
 * was killed. */
void
dot_sweep(int fd, const char *name)
{
	char *temp = own_name(name);

	if (is_ours(fd, name, temp))
		(void)unlinkat(fd, name, 0);
	(void)unlinkat(fd, temp, 0);
	free(temp);
}

void
dot_unlock(int fd, const char *name)
{
	char *temp = own_name(name);

	for (int i = 0; i < 3; i++)
		if (unlinkat(fd, name, 0) == 0 || errno == ENOENT)
			break;
	(void)unlinkat(fd, temp, 0);
	free(temp);
}

/* Gives a file the directory's owner and mode, and a time later than the old
 * file's. */
static int
dress(int fd, int dirfd, const char *name)
{
	struct timespec times[2];
	struct stat dir, old;

	if (fstat(dirfd, &dir) == -1 ||
	    fchmod(fd, (dir.st_mode & 0666) | 0600) == -1)
		return -1;
	if (geteuid() == 0 && fchown(fd, dir.st_uid, dir.st_gid) == -1)
		return -1;
	if (fstatat(dirfd, name, &old, AT_SYMLINK_NOFOLLOW) == -1)
		return errno == ENOENT ? 0 : -1;
	(void)clock_gettime(CLOCK_REALTIME, &times[1]);
	if (times[1].tv_sec <= old.st_mtim.tv_sec)
		times[1].tv_sec = old.st_mtim.tv_sec + 1;
	times[0] = times[1];
	return futimens(fd, times);
}

int
replace_at(int fd, const char *name, const struct buf *text, struct why *why)
{
	char *temp = xasprintf("mailferry.%s.tmp", name);
	int r = -1, file;

	(void)unlinkat(fd, temp, 0); /* of a run that was killed */
	file = openat(fd, temp,
	    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (file != -1 && write_all(file, buf_str(text), text->len) == 0 &&
	    dress(file, fd, name) == 0 && fsync(file) == 0 &&
	    renameat(fd, temp, fd, name) == 0 && sync_dir(fd) == 0)
		r = 0;
	if (r == -1) {
		why_errno(why, FAIL_FATAL, "%s", name);
		(void)unlinkat(fd, temp, 0);
	}
	if (file != -1 && close(file) == -1 && r == 0)
		r = why_errno(why, FAIL_FATAL, "%s", name);
	free(temp);
	return r;
}

int
read_at(int fd, const char *name, struct buf *out, struct why *why)
{
	int r, file = openat(
		   fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct stat st;

	if (file == -1 && errno == ENOENT)
		return 0;
	if (file == -1)
		return why_errno(why, FAIL_DATA, "%s", name);
	if (fstat(file, &st) == -1 || !S_ISREG(st.st_mode)) {
		(void)close(file);
		return why_set(why, FAIL_DATA, "%s: not a regular file", name);
	}
	out->max = FILE_SIZE_MAX;
	r = read_fd(file, name, out, why);
	(void)close(file);
	return r;
}
