/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* Which calls fscalls.c numbers, and which of them fails; its environment is
 * described there. */
#ifndef FERRY_SHIM_COUNT_H
#define FERRY_SHIM_COUNT_H

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static atomic_long count;

#define REAL(name) ((__typeof__(&(name)))real(#name))

static void *
real(const char *name)
{
	return dlsym(RTLD_NEXT, name);
}

static const struct {
	const char *name;
	int error;
} errors[] = {
	{ "EIO", EIO },
	{ "ENOSPC", ENOSPC },
	{ "EDQUOT", EDQUOT },
	{ "EINTR", EINTR },
	{ "EMFILE", EMFILE },
	{ "EINVAL", EINVAL },
	{ "ENOSYS", ENOSYS },
};

static int
error_of(const char *word)
{
	for (size_t i = 0; i < sizeof errors / sizeof *errors; i++)
		if (strcmp(word, errors[i].name) == 0)
			return errors[i].error;
	return 0;
}

/* Counts the call that is made now. True if it shall fail; errno is set, or 0 for
 * a short one. */
static bool
count_one(void)
{
	const char *at = getenv("FSCALL_AT"), *what = getenv("FSCALL_DO");
	long n = atomic_fetch_add(&count, 1) + 1;
	long first = at == NULL ? 0 : strtol(at, NULL, 10);

	if (first == 0 || what == NULL || n < first ||
	    (n > first && getenv("FSCALL_LASTING") == NULL))
		return false;
	if (strcmp(what, "kill") == 0)
		(void)raise(SIGKILL);
	if (strcmp(what, "stop") == 0) {
		(void)raise(SIGSTOP);
		return false;
	}
	errno = error_of(what);
	return true;
}

/* The same, for a call that changes something by its name. */
static bool
hit(void)
{
	return getenv("FSCALL_FILES") == NULL && count_one();
}

/* Where a descriptor leads; "" if nowhere. */
static void
path_of(int fd, char *path, size_t len)
{
	char link[64];
	ssize_t n;

	(void)snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
	n = readlink(link, path, len - 1);
	path[n < 0 ? 0 : n] = '\0';
}

/* The same as hit for a call that changes the file of a descriptor. */
static bool
hit_on(int fd)
{
	const char *below = getenv("FSCALL_FILES");
	char path[4096];

	if (below == NULL)
		return count_one();
	path_of(fd, path, sizeof path);
	return strncmp(path, below, strlen(below)) == 0 && count_one();
}

/* True if the file is one whose reading counts. */
static bool
is_watched(int fd)
{
	const char *below = getenv("FSCALL_BELOW");
	char path[4096];

	if (getenv("FSCALL_ALL") == NULL || fd < 0)
		return false;
	if (below == NULL)
		return fd > 2;
	path_of(fd, path, sizeof path);
	return strncmp(path, below, strlen(below)) == 0;
}

/* The same of a name, from the working directory on. */
static bool
is_watched_name(const char *name)
{
	const char *below = getenv("FSCALL_BELOW");
	char path[4096];

	if (getenv("FSCALL_ALL") == NULL)
		return false;
	if (below == NULL)
		return true;
	if (*name == '/')
		return strncmp(name, below, strlen(below)) == 0;
	return getcwd(path, sizeof path) != NULL &&
	       strncmp(path, below, strlen(below)) == 0;
}

/* The same as hit for a call that changes nothing. */
static bool
hit_reading(int fd)
{
	return is_watched(fd) && count_one() && errno != 0;
}

static bool
hit_name(int dir, const char *name)
{
	bool watched = dir == AT_FDCWD || *name == '/' ? is_watched_name(name)
						       : is_watched(dir);

	return watched && count_one() && errno != 0;
}

#endif
