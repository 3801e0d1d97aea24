/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "core/output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include "core/alloc.h"
#include "core/io.h"

int
output_follow(const char *path, char **real, struct stat *st, struct why *why)
{
	*real = NULL;
	if (lstat(path, st) == -1) {
		if (errno != ENOENT)
			return why_errno(why, FAIL_FATAL, "%s", path);
		st->st_mode = 0;
		*real = xstrdup(path);
		return 0;
	}
	if (!S_ISLNK(st->st_mode)) {
		*real = xstrdup(path);
		return 0;
	}
	if (st->st_uid != geteuid() && st->st_uid != 0)
		return why_set(why, FAIL_FATAL,
		    "%s: a link that somebody else made is not followed", path);
	*real = realpath(path, NULL);
	if (stat(path, st) == -1) {
		free(*real);
		*real = NULL;
		return why_errno(
		    why, FAIL_FATAL, "%s: where the link leads", path);
	}
	/* A pipe has no path: "/proc/self/fd/1" leads to "pipe:[123]". */
	if (*real == NULL)
		*real = xstrdup(path);
	return 0;
}

/* --- the files of the run --- */

static struct {
	dev_t dev;
	ino_t ino;
	bool read;
} * claims;
static size_t n_claims, cap_claims;

/* Which claim it is; n_claims: none. */
static size_t
find_claim(const struct stat *st)
{
	size_t i = 0;

	while (i < n_claims &&
	       (st->st_dev != claims[i].dev || st->st_ino != claims[i].ino))
		i++;
	return i;
}

static void
add_claim(const struct stat *st, bool read)
{
	claims = xgrow(claims, n_claims, &cap_claims, sizeof *claims);
	claims[n_claims].dev = st->st_dev;
	claims[n_claims].ino = st->st_ino;
	claims[n_claims++].read = read;
}

bool
output_claim(const struct stat *st)
{
	if (find_claim(st) != n_claims)
		return false;
	add_claim(st, false);
	return true;
}

void
output_disclaim(const struct stat *st)
{
	size_t i = find_claim(st);

	if (i != n_claims)
		claims[i] = claims[--n_claims];
}

bool
input_claim(int fd)
{
	struct stat st, out;
	size_t i;

	if (fstat(fd, &st) == -1 || !S_ISREG(st.st_mode))
		return true;
	i = find_claim(&st);
	if (i != n_claims)
		return claims[i].read;
	if (fstat(STDOUT_FILENO, &out) == 0 && st.st_dev == out.st_dev &&
	    st.st_ino == out.st_ino)
		return false;
	add_claim(&st, true);
	return true;
}

/* Ends a last line that has no newline; but not one that another run writes at this
 * moment, of which the kernel may show a part. */
static int
end_line(int fd, off_t size)
{
	const struct timespec moment = { .tv_nsec = 50000000 };
	struct stat now;
	char last;

	if (size == 0 || pread(fd, &last, 1, size - 1) != 1 || last == '\n')
		return 0;
	(void)nanosleep(&moment, NULL);
	if (fstat(fd, &now) == 0 && now.st_size != size)
		return 0;
	return write_all(fd, "\n", 1);
}

static int
check_file(const char *path, const struct stat *st, struct why *why)
{
	if (st->st_uid != geteuid() && st->st_uid != 0)
		return why_set(
		    why, FAIL_FATAL, "%s: belongs to somebody else", path);
	if ((st->st_mode & (S_IRWXG | S_IRWXO)) != 0)
		return why_set(why, FAIL_FATAL,
		    "%s: others can use it (mode %03o), and it is to hold "
		    "password hashes: chmod 600 it",
		    path, (unsigned int)st->st_mode & 0777U);
	return 0;
}

static int
open_output(const char *path, struct why *why)
{
	struct stat st;
	char *real;
	int fd, flags = O_APPEND | O_CLOEXEC | O_NOCTTY, r = 0;

	if (output_follow(path, &real, &st, why) == -1)
		return -1;
	if (st.st_mode == 0 || S_ISREG(st.st_mode))
		flags |= O_RDWR | O_CREAT | O_NOFOLLOW;
	else
		flags |= O_WRONLY;
	/* What has no path of its own is opened by the one that was given. */
	fd = open(
	    S_ISREG(st.st_mode) && real != NULL ? real : path, flags, 0600);
	if (fd == -1 || fstat(fd, &st) == -1)
		r = why_errno(why, FAIL_FATAL, "%s", path);
	else if (S_ISREG(st.st_mode))
		r = check_file(path, &st, why);
	free(real);
	if (r == -1 && fd != -1)
		(void)close(fd);
	return r == -1 ? -1 : fd;
}

int
output_open_own(const char *path, struct why *why)
{
	int fd = open_output(path, why);
	struct stat st;

	if (fd == -1)
		return -1;
	if (fstat(fd, &st) == -1 || !S_ISREG(st.st_mode))
		why_set(why, FAIL_FATAL, "%s: not a regular file", path);
	else if (flock(fd, LOCK_EX | LOCK_NB) == -1)
		why_set(why, FAIL_TEMP,
		    "%s: another run uses it: wait for its end", path);
	else if (!output_claim(&st))
		why_set(why, FAIL_FATAL, OUTPUT_TAKEN, path);
	else
		return fd;
	(void)close(fd);
	return -1;
}

void
output_close_own(int fd)
{
	struct stat st;

	if (fstat(fd, &st) == 0)
		output_disclaim(&st);
	(void)close(fd);
}

int
output_append(const char *path, struct why *why)
{
	int fd = open_output(path, why);
	struct stat st;

	if (fd == -1 || fstat(fd, &st) == -1 || !S_ISREG(st.st_mode))
		return fd;
	if (!output_claim(&st))
		why_set(why, FAIL_FATAL, OUTPUT_TAKEN, path);
	else if (end_line(fd, st.st_size) == 0)
		return fd;
	else
		why_errno(why, FAIL_FATAL, "%s", path);
	(void)close(fd);
	return -1;
}

/* --- folders --- */

int
output_folder(const char *path, struct why *why)
{
	size_t len = strlen(path);
	char *given, *real;
	struct stat st;
	int fd = -1;

	/* "LINK/" would be what it leads to. */
	while (len > 1 && path[len - 1] == '/')
		len--;
	given = xmemdup(path, len);
	if (output_follow(given, &real, &st, why) == 0 && real != NULL) {
		if (st.st_mode != 0 || mkdir(real, 0700) == 0)
			fd = open(real,
			    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (fd == -1)
			(void)why_errno(why, FAIL_FATAL, "%s", path);
	}
	free(real);
	free(given);
	return fd;
}

int
output_at(int folder, const char *name)
{
	const int flags = O_WRONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;
	int fd = openat(folder, name, flags | O_CREAT | O_EXCL, 0600), saved;
	struct stat st;

	if (fd != -1 || errno != EEXIST)
		return fd;
	fd = openat(folder, name, flags);
	if (fd == -1)
		return -1;
	if (fstat(fd, &st) == 0 &&
	    (!S_ISREG(st.st_mode) || st.st_uid != geteuid() ||
		st.st_nlink != 1))
		errno = EPERM;
	else if (fchmod(fd, 0600) == 0 && ftruncate(fd, 0) == 0)
		return fd;
	saved = errno;
	(void)close(fd);
	errno = saved;
	return -1;
}
