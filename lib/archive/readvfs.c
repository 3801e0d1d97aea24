/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "archive/readvfs.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char vfs_name[] = "mailferry-read";

enum {
	/* SQLite reads page by page; a system call for each costs more than
	 * copying it. */
	AHEAD = 262144,
	/* Of SQLite's sectors; nothing is written. */
	SECTOR = 4096
};

struct file {
	sqlite3_file base; /* SQLite's part comes first */
	int fd;
	char *ahead;      /* what was read in advance */
	sqlite3_int64 at; /* of ahead in the file */
	size_t len;
	sqlite3_int64 next; /* where the last read ended */
	size_t expected;    /* how many more bytes will be wanted */
};

/* --- reading --- */

/* Reads all of it, or what there is. The number, or -1 and errno. */
static ssize_t
pread_all(int fd, char *to, size_t n, sqlite3_int64 at)
{
	size_t got = 0;

	while (got < n) {
		ssize_t r = pread(fd, to + got, n - got, at + (off_t)got);

		if (r == -1 && errno == EINTR)
			continue;
		if (r == -1)
			return -1;
		if (r == 0)
			break;
		got += (size_t)r;
	}
	return (ssize_t)got;
}

static bool
is_ahead(const struct file *f, sqlite3_int64 at, size_t n)
{
	return at >= f->at &&
	       at + (sqlite3_int64)n <= f->at + (sqlite3_int64)f->len;
}

/* Fills the buffer with what is expected to be read next. False if that fails:
 * the plain read that follows says why. */
static bool
fill(struct file *f, sqlite3_int64 at)
{
	size_t n = f->expected < AHEAD ? f->expected : AHEAD;
	ssize_t got;

	if (f->ahead == NULL)
		f->ahead = malloc(AHEAD);
	f->len = 0;
	if (f->ahead == NULL)
		return false;
	got = pread_all(f->fd, f->ahead, n, at);
	if (got == -1)
		return false;
	f->expected -= n;
	f->at = at;
	f->len = (size_t)got;
	return true;
}

static int
vfs_read(sqlite3_file *base, void *to, int n, sqlite3_int64 at)
{
	struct file *f = (struct file *)base;
	size_t want = (size_t)n;
	bool follows = at == f->next;
	ssize_t got;

	f->next = at + n;
	if (is_ahead(f, at, want) ||
	    (follows && f->expected > want && fill(f, at) &&
		is_ahead(f, at, want))) {
		memcpy(to, f->ahead + (at - f->at), want);
		return SQLITE_OK;
	}
	got = pread_all(f->fd, to, want, at);
	if (got == -1)
		return SQLITE_IOERR_READ;
	if ((size_t)got == want)
		return SQLITE_OK;
	memset((char *)to + got, 0, want - (size_t)got);
	return SQLITE_IOERR_SHORT_READ;
}

static int
vfs_size(sqlite3_file *base, sqlite3_int64 *size)
{
	const struct file *f = (const struct file *)base;
	struct stat st;

	if (fstat(f->fd, &st) == -1)
		return SQLITE_IOERR_FSTAT;
	*size = st.st_size;
	return SQLITE_OK;
}

static int
vfs_close(sqlite3_file *base)
{
	struct file *f = (struct file *)base;

	free(f->ahead);
	return close(f->fd) == -1 ? SQLITE_IOERR_CLOSE : SQLITE_OK;
}

/* --- what a reader never does --- */

static int
vfs_write(sqlite3_file *base, const void *p, int n, sqlite3_int64 at)
{
	(void)base;
	(void)p;
	(void)n;
	(void)at;
	return SQLITE_READONLY;
}

static int
vfs_truncate(sqlite3_file *base, sqlite3_int64 size)
{
	(void)base;
	(void)size;
	return SQLITE_READONLY;
}

static int
vfs_sync(sqlite3_file *base, int flags)
{
	(void)base;
	(void)flags;
	return SQLITE_OK;
}

/* The caller holds the lock. */
static int
vfs_lock(sqlite3_file *base, int level)
{
	(void)base;
	(void)level;
	return SQLITE_OK;
}

static int
vfs_check_lock(sqlite3_file *base, int *out)
{
	(void)base;
	*out = 0;
	return SQLITE_OK;
}

/* Each page of a blob begins with the number of the next; one more page covers
 * what is left over at both ends. */
static int
vfs_control(sqlite3_file *base, int what, void *arg)
{
	struct file *f = (struct file *)base;
	const size_t *size = arg;

	if (what != READVFS_EXPECT)
		return SQLITE_NOTFOUND;
	f->expected = *size + *size / 100 + SECTOR;
	return SQLITE_OK;
}

static int
vfs_sector(sqlite3_file *base)
{
	(void)base;
	return SECTOR;
}

static int
vfs_traits(sqlite3_file *base)
{
	(void)base;
	return 0;
}

static const sqlite3_io_methods methods = { .iVersion = 1,
	.xClose = vfs_close,
	.xRead = vfs_read,
	.xWrite = vfs_write,
	.xTruncate = vfs_truncate,
	.xSync = vfs_sync,
	.xFileSize = vfs_size,
	.xLock = vfs_lock,
	.xUnlock = vfs_lock,
	.xCheckReservedLock = vfs_check_lock,
	.xFileControl = vfs_control,
	.xSectorSize = vfs_sector,
	.xDeviceCharacteristics = vfs_traits };

/* --- names --- */

static int
vfs_open(
    sqlite3_vfs *vfs, const char *name, sqlite3_file *base, int flags, int *out)
{
	struct file *f = (struct file *)base;

	(void)vfs;
	*f = (struct file){ .fd = -1 };
	if (name == NULL) /* a temporary file */
		return SQLITE_CANTOPEN;
	f->fd = open(name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (f->fd == -1)
		return SQLITE_CANTOPEN;
	f->base.pMethods = &methods;
	if (out != NULL)
		*out = (flags & ~(SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE)) |
		       SQLITE_OPEN_READONLY;
	return SQLITE_OK;
}

static int
vfs_delete(sqlite3_vfs *vfs, const char *name, int sync)
{
	(void)vfs;
	(void)name;
	(void)sync;
	return SQLITE_IOERR_DELETE;
}

static int
vfs_access(sqlite3_vfs *vfs, const char *name, int flags, int *out)
{
	struct stat st;

	(void)vfs;
	*out = 0;
	if (flags == SQLITE_ACCESS_READWRITE)
		return SQLITE_OK;
	/* A log that cannot be looked at is not one that is missing: without
	 * it an older state would be read. */
	if (stat(name, &st) == -1)
		return errno == ENOENT || errno == ENOTDIR
			   ? SQLITE_OK
			   : SQLITE_IOERR_ACCESS;
	*out = st.st_size > 0;
	return SQLITE_OK;
}

/* Names are absolute already. */
static int
vfs_full_name(sqlite3_vfs *vfs, const char *name, int size, char *out)
{
	size_t len = strlen(name);

	(void)vfs;
	if (size < 0 || len >= (size_t)size)
		return SQLITE_CANTOPEN;
	memcpy(out, name, len + 1);
	return SQLITE_OK;
}

static sqlite3_vfs vfs = { .iVersion = 1,
	.szOsFile = sizeof(struct file),
	.mxPathname = 4096,
	.zName = vfs_name,
	.xOpen = vfs_open,
	.xDelete = vfs_delete,
	.xAccess = vfs_access,
	.xFullPathname = vfs_full_name };

/* Time and random numbers come from the system. */
static void
register_vfs(void)
{
	const sqlite3_vfs *unix_vfs = sqlite3_vfs_find(NULL);

	if (unix_vfs == NULL)
		return;
	vfs.xDlOpen = unix_vfs->xDlOpen;
	vfs.xDlError = unix_vfs->xDlError;
	vfs.xDlSym = unix_vfs->xDlSym;
	vfs.xDlClose = unix_vfs->xDlClose;
	vfs.xRandomness = unix_vfs->xRandomness;
	vfs.xSleep = unix_vfs->xSleep;
	vfs.xCurrentTime = unix_vfs->xCurrentTime;
	vfs.xGetLastError = unix_vfs->xGetLastError;
	(void)sqlite3_vfs_register(&vfs, 0);
}

const char *
readvfs_register(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	(void)pthread_once(&once, register_vfs);
	return sqlite3_vfs_find(vfs_name) == NULL ? NULL : vfs_name;
}
