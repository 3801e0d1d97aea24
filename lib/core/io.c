/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "core/io.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
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
sync_dir(int fd)
{
	return fsync(fd) == -1 && errno != EINVAL ? -1 : 0;
}

int
sync_parent(const char *path)
{
	char *copy = xstrdup(path);
	int fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int r = fd == -1 ? -1 : sync_dir(fd), saved = errno;

	if (fd != -1)
		(void)close(fd);
	free(copy);
	errno = saved;
	return r;
}

int
name_exists(int dir, const char *path)
{
	if (faccessat(dir, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		return 1;
	return errno == ENOENT || errno == ENOTDIR ? 0 : -1;
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

ssize_t
read_head(int fd, void *p, size_t len)
{
	size_t got = 0;
	ssize_t n = 1;

	while (got < len && n != 0) {
		n = pread(fd, (char *)p + got, len - got, (off_t)got);
		if (n == -1 && errno != EINTR)
			return -1;
		got += n > 0 ? (size_t)n : 0;
	}
	return (ssize_t)got;
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
