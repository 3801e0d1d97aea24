/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * LD_PRELOAD: numbers the calls that change a file system, from 1, and at
 * number FSCALL_AT kills or stops the process or lets the call fail:
 *
 *	FSCALL_DO=kill | stop | ENOSPC | EIO
 *				what happens there
 *	FSCALL_COUNT=FILE	how many there were, written at exit
 *	FSCALL_UNSYNCED=FILE	each file that got another name while some of it
 *				was not synced, one a line, if there was one
 *
 *	FSCALL_QUOTA=BYTES:DIR	a quota instead: what is written to files below
 *				DIR, beyond so many bytes, fails with EDQUOT
 *
 * Nothing is really synced: a process that is killed loses nothing that the
 * kernel has. Writes to the standard descriptors do not count. Not to be
 * combined with a sanitizer, nor with threads where the numbers matter.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

static long count;
/* Files that were written to, and not synced since. */
static ino_t dirty[8192];
static size_t dirty_n;

#define REAL(name) ((__typeof__(&(name)))real(#name))

static void *
real(const char *name)
{
	return dlsym(RTLD_NEXT, name);
}

/* True if the call that is made now shall fail; errno is set. */
static bool
hit(void)
{
	const char *at = getenv("FSCALL_AT"), *what = getenv("FSCALL_DO");

	count++;
	if (at == NULL || what == NULL || strtol(at, NULL, 10) != count)
		return false;
	if (strcmp(what, "kill") == 0)
		(void)raise(SIGKILL);
	if (strcmp(what, "stop") == 0) {
		(void)raise(SIGSTOP);
		return false;
	}
	errno = strcmp(what, "EIO") == 0 ? EIO : ENOSPC;
	return true;
}

static ino_t
inode_of(int fd)
{
	struct stat st;

	return fstat(fd, &st) == -1 ? 0 : st.st_ino;
}

static bool
is_dirty(ino_t inode)
{
	for (size_t i = 0; i < dirty_n; i++)
		if (dirty[i] == inode)
			return true;
	return false;
}

static void
clean(ino_t inode)
{
	for (size_t i = 0; i < dirty_n; i++)
		if (dirty[i] == inode) {
			dirty[i] = dirty[--dirty_n];
			return;
		}
}

static void
soil(ino_t inode)
{
	if (getenv("FSCALL_UNSYNCED") == NULL || is_dirty(inode))
		return;
	if (dirty_n == sizeof dirty / sizeof *dirty)
		abort();
	dirty[dirty_n++] = inode;
}

/* Called before a file gets a name. */
static void
watch(int dir, const char *path, const char *name)
{
	const char *file = getenv("FSCALL_UNSYNCED");
	struct stat st;
	FILE *f;

	if (file == NULL ||
	    fstatat(dir, path, &st, AT_SYMLINK_NOFOLLOW) == -1 ||
	    !is_dirty(st.st_ino))
		return;
	f = fopen(file, "a");
	if (f == NULL)
		abort();
	(void)fprintf(f, "%s\n", name);
	(void)fclose(f);
}

/* True if a write breaks the quota; errno is set. The bytes of one run are
 * counted, whatever is removed. */
static bool
over_quota(int fd, size_t len)
{
	static size_t used;
	const char *quota = getenv("FSCALL_QUOTA");
	char link[64], path[4096], *dir;
	unsigned long limit;
	ssize_t n;

	if (quota == NULL)
		return false;
	limit = strtoul(quota, &dir, 10);
	(void)snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
	n = readlink(link, path, sizeof path - 1);
	path[n < 0 ? 0 : n] = '\0';
	if (*dir++ != ':' || strncmp(path, dir, strlen(dir)) != 0)
		return false;
	if (used + len > limit) {
		errno = EDQUOT;
		return true;
	}
	used += len;
	return false;
}

__attribute__((destructor)) static void
tell(void)
{
	const char *file = getenv("FSCALL_COUNT");
	FILE *f = file == NULL ? NULL : fopen(file, "w");

	if (f == NULL)
		return;
	(void)fprintf(f, "%ld\n", count);
	(void)fclose(f);
}

int
openat(int dir, const char *path, int flags, ...)
{
	mode_t mode = 0;

	if ((flags & O_CREAT) != 0) {
		va_list ap;

		va_start(ap, flags);
		mode = va_arg(ap, mode_t);
		va_end(ap);
		if (hit())
			return -1;
	}
	return REAL(openat)(dir, path, flags, mode);
}

int
open(const char *path, int flags, ...)
{
	mode_t mode = 0;

	if ((flags & O_CREAT) != 0) {
		va_list ap;

		va_start(ap, flags);
		mode = va_arg(ap, mode_t);
		va_end(ap);
		if (hit())
			return -1;
	}
	return REAL(open)(path, flags, mode);
}

ssize_t
write(int fd, const void *p, size_t len)
{
	if (fd > 2 && (hit() || over_quota(fd, len)))
		return -1;
	if (fd > 2)
		soil(inode_of(fd));
	return REAL(write)(fd, p, len);
}

int
mkdirat(int dir, const char *path, mode_t mode)
{
	return hit() ? -1 : REAL(mkdirat)(dir, path, mode);
}

int
mkdir(const char *path, mode_t mode)
{
	return hit() ? -1 : REAL(mkdir)(path, mode);
}

int
renameat(int d1, const char *p1, int d2, const char *p2)
{
	watch(d1, p1, p2);
	return hit() ? -1 : REAL(renameat)(d1, p1, d2, p2);
}

int
renameat2(int d1, const char *p1, int d2, const char *p2, unsigned int flags)
{
	watch(d1, p1, p2);
	return hit() ? -1 : REAL(renameat2)(d1, p1, d2, p2, flags);
}

int
rename(const char *p1, const char *p2)
{
	watch(AT_FDCWD, p1, p2);
	return hit() ? -1 : REAL(rename)(p1, p2);
}

int
linkat(int d1, const char *p1, int d2, const char *p2, int flags)
{
	watch(d1, p1, p2);
	return hit() ? -1 : REAL(linkat)(d1, p1, d2, p2, flags);
}

int
unlinkat(int dir, const char *path, int flags)
{
	return hit() ? -1 : REAL(unlinkat)(dir, path, flags);
}

int
fsync(int fd)
{
	if (hit())
		return -1;
	clean(inode_of(fd));
	return 0;
}

int
fdatasync(int fd)
{
	if (hit())
		return -1;
	clean(inode_of(fd));
	return 0;
}

int
syncfs(int fd)
{
	(void)fd;
	if (hit())
		return -1;
	dirty_n = 0;
	return 0;
}

int
fchmod(int fd, mode_t mode)
{
	return hit() ? -1 : REAL(fchmod)(fd, mode);
}

int
fchown(int fd, uid_t uid, gid_t gid)
{
	return hit() ? -1 : REAL(fchown)(fd, uid, gid);
}

int
futimens(int fd, const struct timespec times[2])
{
	return hit() ? -1 : REAL(futimens)(fd, times);
}
