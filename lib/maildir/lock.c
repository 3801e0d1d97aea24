/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "maildir/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "core/io.h"
#include "core/num.h"
#include "core/str.h"

static const char lock_name[] = "dovecot-uidlist.lock";

enum {
	TRIES = 500,
	PAUSE_NS = 20000000
};

static void
host_name(char *host, size_t size)
{
	if (gethostname(host, size) == -1)
		*host = '\0';
	host[size - 1] = '\0';
}

/*
 * True if the lock was left by a process of this host that is dead. The text is
 * PID:HOST, as Dovecot's lib/file-dotlock.c writes it.
 */
static bool
is_left_over(int fd, struct stat *st)
{
	char text[512], host[256], *at = text, *pid;
	int lock = openat(fd, lock_name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	ssize_t n = -1;
	int64_t number;

	if (lock == -1)
		return false;
	if (fstat(lock, st) == 0)
		n = read(lock, text, sizeof text - 1);
	(void)close(lock);
	if (n <= 0)
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
break_left_over(int fd)
{
	struct stat seen, now;

	if (is_left_over(fd, &seen) &&
	    fstatat(fd, lock_name, &now, AT_SYMLINK_NOFOLLOW) == 0 &&
	    now.st_ino == seen.st_ino && now.st_dev == seen.st_dev)
		(void)unlinkat(fd, lock_name, 0);
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

int
uidlist_lock(int fd, struct why *why)
{
	const struct timespec pause = { 0, PAUSE_NS };
	int r;

	for (int i = 0; i < TRIES; i++) {
		int lock = openat(fd, lock_name,
		    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);

		if (lock == -1 && errno == EEXIST) {
			break_left_over(fd);
			(void)nanosleep(&pause, NULL);
			continue;
		}
		if (lock == -1)
			return why_errno(why, FAIL_FATAL, "%s", lock_name);
		r = write_lock(lock, fd);
		if (r == -1) {
			why_errno(why, FAIL_FATAL, "%s", lock_name);
			uidlist_unlock(fd);
		}
		(void)close(lock);
		return r;
	}
	return why_set(
	    why, FAIL_TEMP, "%s: held by another program", lock_name);
}

void
uidlist_unlock(int fd)
{
	(void)unlinkat(fd, lock_name, 0);
}
