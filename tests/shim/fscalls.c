/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * LD_PRELOAD: numbers the calls that change a file system, from 1, and at
 * number FSCALL_AT kills or stops the process or lets the call fail:
 *
 *	FSCALL_DO=kill | stop | EIO | ENOSPC | EDQUOT | EINTR | EMFILE | short
 *				what happens there; short: a read or write of
 *				one byte
 *	FSCALL_LASTING=1	it happens at all later calls, too
 *	FSCALL_ALL=1		counts the calls that only read, too: open,
 *				openat2, opendir, dup, read, getdents (readdir),
 *				mmap, stat, statx, statvfs, readlink, realpath,
 *				access, flock, inotify_add_watch, close
 *	FSCALL_BELOW=DIR	of these, only those on files below DIR
 *	FSCALL_FILES=DIR	of those that change, only those on an open file
 *				below DIR
 *	FSCALL_COUNT=FILE	how many there were, written at exit
 *	FSCALL_NOREPLACE=ERRNO	RENAME_NOREPLACE fails each time with EINVAL or
 *				ENOSYS, as on file systems that lack it
 *	FSCALL_NODIRSYNC=1	syncing a directory fails each time with EINVAL
 *	FSCALL_UNSYNCED=FILE	each file that got another name while some of it
 *				was not synced, one a line, if there was one
 *
 *	FSCALL_AHEAD=SECONDS	the clock of this machine, but not the file
 *				system's, is so much ahead
 *
 *	FSCALL_QUOTA=BYTES:DIR	a quota instead: what is written to files below
 *				DIR, beyond so many bytes, fails with EDQUOT
 *	FSCALL_FULL=BYTES:DIR	a disk that is full instead: a write takes what
 *				fits, the next one fails with ENOSPC
 *	FSCALL_DEVICE=N		devices have numbers that are higher by N, as
 *				after the file system was mounted anew
 *
 * A stream of fdopen(3) makes these calls, too. Nothing is really synced: a process
 * that is killed loses nothing that the kernel has. Writes to the standard
 * descriptors do not count. Not to be combined with a sanitizer. With threads, which
 * call a number is differs from run to run, and FSCALL_UNSYNCED does not go.
 */
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

#include "count.h"

/* Files that were written to, and not synced since. */
static ino_t dirty[8192];
static size_t dirty_n;

/* The number of a device as it is after the file system was mounted anew. */
static dev_t
device(dev_t number)
{
	const char *higher = getenv("FSCALL_DEVICE");

	return higher == NULL ? number : number + strtoul(higher, NULL, 10);
}

static int
seen(int r, struct stat *st)
{
	if (r == 0)
		st->st_dev = device(st->st_dev);
	return r;
}

static ino_t
inode_of(int fd)
{
	struct stat st;

	return REAL(fstat)(fd, &st) == -1 ? 0 : st.st_ino;
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
	    REAL(fstatat)(dir, path, &st, AT_SYMLINK_NOFOLLOW) == -1 ||
	    !is_dirty(st.st_ino))
		return;
	f = fopen(file, "a");
	if (f == NULL)
		abort();
	(void)fprintf(f, "%s\n", name);
	(void)fclose(f);
}

/* What is left of BYTES:DIR for a file, after the bytes that this run wrote below
 * DIR, whatever was removed since; -1 if the file is not below DIR. */
static long
room(const char *limit, int fd, size_t used)
{
	char path[4096], *dir;
	unsigned long bytes;

	if (limit == NULL)
		return -1;
	bytes = strtoul(limit, &dir, 10);
	path_of(fd, path, sizeof path);
	if (*dir++ != ':' || strncmp(path, dir, strlen(dir)) != 0)
		return -1;
	return bytes > used ? (long)(bytes - used) : 0;
}

/* What a quota or a full disk leaves of a write of len bytes; -1 and errno. */
static ssize_t
granted(int fd, size_t len)
{
	static size_t under_quota, on_disk;
	long left = room(getenv("FSCALL_QUOTA"), fd, under_quota);
	size_t n = len;

	if (left != -1 && len > (size_t)left) {
		errno = EDQUOT;
		return -1;
	}
	if (left != -1)
		under_quota += len;
	left = room(getenv("FSCALL_FULL"), fd, on_disk);
	if (left == 0 && len > 0) {
		errno = ENOSPC;
		return -1;
	}
	if (left != -1) {
		n = len > (size_t)left ? (size_t)left : len;
		on_disk += n;
	}
	return (ssize_t)n;
}

__attribute__((destructor)) static void
tell(void)
{
	const char *file = getenv("FSCALL_COUNT");
	FILE *f = file == NULL ? NULL : fopen(file, "w");

	if (f == NULL)
		return;
	(void)fprintf(f, "%ld\n", atomic_load(&count));
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
		if (hit() && errno != 0)
			return -1;
	} else if (hit_name(dir, path)) {
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
		if (hit() && errno != 0)
			return -1;
	} else if (hit_name(AT_FDCWD, path)) {
		return -1;
	}
	return REAL(open)(path, flags, mode);
}

/* What libc itself opens. */
int
mkostemp(char *path, int flags)
{
	return hit() && errno != 0 ? -1 : REAL(mkostemp)(path, flags);
}

/* Of the calls without a function of their own, openat2(2). */
long
syscall(long number, ...)
{
	long v[4];
	va_list ap;

	va_start(ap, number);
	for (size_t i = 0; i < 4; i++)
		v[i] = va_arg(ap, long);
	va_end(ap);
	if (number == SYS_openat2 && hit_reading((int)v[0]))
		return -1;
	return REAL(syscall)(number, v[0], v[1], v[2], v[3]);
}

DIR *
opendir(const char *path)
{
	return hit_name(AT_FDCWD, path) ? NULL : REAL(opendir)(path);
}

ssize_t
write(int fd, const void *p, size_t len)
{
	ssize_t n = (ssize_t)len;

	if (fd > 2 && hit_on(fd)) {
		if (errno != 0)
			return -1;
		n = len > 1 ? 1 : n;
	}
	if (fd > 2)
		n = granted(fd, (size_t)n);
	if (n == -1)
		return -1;
	if (fd > 2)
		soil(inode_of(fd));
	return REAL(write)(fd, p, (size_t)n);
}

int
mkdirat(int dir, const char *path, mode_t mode)
{
	return hit() && errno != 0 ? -1 : REAL(mkdirat)(dir, path, mode);
}

int
mkdir(const char *path, mode_t mode)
{
	return hit() && errno != 0 ? -1 : REAL(mkdir)(path, mode);
}

int
renameat(int d1, const char *p1, int d2, const char *p2)
{
	watch(d1, p1, p2);
	return hit() && errno != 0 ? -1 : REAL(renameat)(d1, p1, d2, p2);
}

int
renameat2(int d1, const char *p1, int d2, const char *p2, unsigned int flags)
{
	const char *lacks = getenv("FSCALL_NOREPLACE");

	watch(d1, p1, p2);
	if (lacks != NULL && flags != 0) {
		errno = error_of(lacks);
		return -1;
	}
	return hit() && errno != 0 ? -1
				   : REAL(renameat2)(d1, p1, d2, p2, flags);
}

int
rename(const char *p1, const char *p2)
{
	watch(AT_FDCWD, p1, p2);
	return hit() && errno != 0 ? -1 : REAL(rename)(p1, p2);
}

int
linkat(int d1, const char *p1, int d2, const char *p2, int flags)
{
	watch(d1, p1, p2);
	return hit() && errno != 0 ? -1 : REAL(linkat)(d1, p1, d2, p2, flags);
}

int
unlinkat(int dir, const char *path, int flags)
{
	return hit() && errno != 0 ? -1 : REAL(unlinkat)(dir, path, flags);
}

int
fsync(int fd)
{
	struct stat st;

	if (getenv("FSCALL_NODIRSYNC") != NULL && REAL(fstat)(fd, &st) == 0 &&
	    S_ISDIR(st.st_mode)) {
		errno = EINVAL;
		return -1;
	}
	if (hit_on(fd) && errno != 0)
		return -1;
	clean(inode_of(fd));
	return 0;
}

int
fdatasync(int fd)
{
	if (hit_on(fd) && errno != 0)
		return -1;
	clean(inode_of(fd));
	return 0;
}

int
syncfs(int fd)
{
	(void)fd;
	if (hit() && errno != 0)
		return -1;
	dirty_n = 0;
	return 0;
}

int
fchmod(int fd, mode_t mode)
{
	return hit() && errno != 0 ? -1 : REAL(fchmod)(fd, mode);
}

int
fchown(int fd, uid_t uid, gid_t gid)
{
	return hit() && errno != 0 ? -1 : REAL(fchown)(fd, uid, gid);
}

int
futimens(int fd, const struct timespec times[2])
{
	return hit() && errno != 0 ? -1 : REAL(futimens)(fd, times);
}

int
utimensat(int dir, const char *path, const struct timespec times[2], int flags)
{
	return hit() && errno != 0 ? -1
				   : REAL(utimensat)(dir, path, times, flags);
}

int
unlink(const char *path)
{
	return hit() && errno != 0 ? -1 : REAL(unlink)(path);
}

int
rmdir(const char *path)
{
	return hit() && errno != 0 ? -1 : REAL(rmdir)(path);
}

int
symlink(const char *text, const char *path)
{
	return hit() && errno != 0 ? -1 : REAL(symlink)(text, path);
}

int
symlinkat(const char *text, int dir, const char *path)
{
	return hit() && errno != 0 ? -1 : REAL(symlinkat)(text, dir, path);
}

int
ftruncate(int fd, off_t len)
{
	return hit_on(fd) && errno != 0 ? -1 : REAL(ftruncate)(fd, len);
}

ssize_t
read(int fd, void *p, size_t len)
{
	if (is_watched(fd) && count_one()) {
		if (errno != 0)
			return -1;
		len = len > 1 ? 1 : len;
	}
	return REAL(read)(fd, p, len);
}

ssize_t
pread(int fd, void *p, size_t len, off_t at)
{
	if (is_watched(fd) && count_one()) {
		if (errno != 0)
			return -1;
		len = len > 1 ? 1 : len;
	}
	return REAL(pread)(fd, p, len, at);
}

/* The system call fails at the number of its entry: what a stream had buffered
 * before is lost with it. */
struct dirent *
readdir(DIR *d)
{
	return hit_reading(dirfd(d)) ? NULL : REAL(readdir)(d);
}

int
fstat(int fd, struct stat *st)
{
	return hit_reading(fd) ? -1 : seen(REAL(fstat)(fd, st), st);
}

int
fstatat(int dir, const char *path, struct stat *st, int flags)
{
	return hit_name(dir, path)
		   ? -1
		   : seen(REAL(fstatat)(dir, path, st, flags), st);
}

int
stat(const char *path, struct stat *st)
{
	return hit_name(AT_FDCWD, path) ? -1 : seen(REAL(stat)(path, st), st);
}

int
lstat(const char *path, struct stat *st)
{
	return hit_name(AT_FDCWD, path) ? -1 : seen(REAL(lstat)(path, st), st);
}

int
statx(int dir, const char *path, int flags, unsigned int mask, struct statx *st)
{
	int r;

	if (hit_name(dir, path))
		return -1;
	r = REAL(statx)(dir, path, flags, mask, st);
	if (r == 0 && getenv("FSCALL_DEVICE") != NULL)
		st->stx_dev_minor = (unsigned int)device(st->stx_dev_minor);
	return r;
}

int
access(const char *path, int mode)
{
	return hit_name(AT_FDCWD, path) ? -1 : REAL(access)(path, mode);
}

int
faccessat(int dir, const char *path, int mode, int flags)
{
	return hit_name(dir, path) ? -1
				   : REAL(faccessat)(dir, path, mode, flags);
}

ssize_t
readlinkat(int dir, const char *path, char *text, size_t len)
{
	return hit_name(dir, path) ? -1
				   : REAL(readlinkat)(dir, path, text, len);
}

char *
realpath(const char *path, char *to)
{
	return hit_name(AT_FDCWD, path) ? NULL : REAL(realpath)(path, to);
}

int
fstatvfs(int fd, struct statvfs *fs)
{
	return hit_reading(fd) ? -1 : REAL(fstatvfs)(fd, fs);
}

int
flock(int fd, int how)
{
	return hit_reading(fd) ? -1 : REAL(flock)(fd, how);
}

int
dup(int fd)
{
	return hit_reading(fd) ? -1 : REAL(dup)(fd);
}

void *
mmap(void *at, size_t len, int how, int flags, int fd, off_t from)
{
	return hit_reading(fd) ? MAP_FAILED
			       : REAL(mmap)(at, len, how, flags, fd, from);
}

int
inotify_add_watch(int fd, const char *path, uint32_t events)
{
	/* "/proc/self/fd/N" */
	const char *name = strrchr(path, '/');
	int of = name == NULL ? -1 : (int)strtol(name + 1, NULL, 10);

	return hit_reading(of) ? -1 : REAL(inotify_add_watch)(fd, path, events);
}

time_t
time(time_t *t)
{
	const char *ahead = getenv("FSCALL_AHEAD");
	time_t now = REAL(time)(NULL);

	if (ahead != NULL)
		now += strtol(ahead, NULL, 10);
	if (t != NULL)
		*t = now;
	return now;
}

/* The descriptor is closed all the same, as on Linux. */
int
close(int fd)
{
	bool fails = hit_reading(fd);
	int saved = errno, r = REAL(close)(fd);

	if (fails)
		errno = saved;
	return fails ? -1 : r;
}

/* The streams of fdopen(3), by their descriptors: libc would make their calls itself,
 * where nobody counts. */
static FILE *streams[1024];

static ssize_t
stream_read(void *fd, char *p, size_t len)
{
	return read((int)(intptr_t)fd, p, len);
}

static ssize_t
stream_write(void *fd, const char *p, size_t len)
{
	size_t done = 0;
	ssize_t n = 1;

	/* A stream of libc's own goes on after a short one, too. */
	while (done < len && n > 0) {
		n = write((int)(intptr_t)fd, p + done, len - done);
		done += n > 0 ? (size_t)n : 0;
	}
	return n == -1 ? 0 : (ssize_t)done; /* as fopencookie(3) wants it */
}

static int
stream_close(void *fd)
{
	streams[(intptr_t)fd] = NULL;
	return close((int)(intptr_t)fd);
}

FILE *
fdopen(int fd, const char *mode)
{
	const cookie_io_functions_t calls = {
		.read = stream_read,
		.write = stream_write,
		.close = stream_close,
	};

	if (fd < 3 || (size_t)fd >= sizeof streams / sizeof *streams)
		return REAL(fdopen)(fd, mode);
	return streams[fd] = fopencookie((void *)(intptr_t)fd, mode, calls);
}

int
fileno(FILE *f)
{
	for (int fd = 0; fd < (int)(sizeof streams / sizeof *streams); fd++)
		if (streams[fd] == f)
			return fd;
	return REAL(fileno)(f);
}
