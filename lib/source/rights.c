/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "source/rights.h"

#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/buf.h"
#include "core/io.h"
#include "core/num.h"
#include "core/str.h"
#include "source/host.h"

enum {
	LINKS_MAX = 40, /* as Linux has it (path_resolution(7)) */
	MAY_READ = 4,
	MAY_SEARCH = 1
};

/* --- what dirdump-collect was told --- */

/* "UID GID", where the answer is one and the status is 0. */
static bool
read_answer(const char *const *argv, struct rights *r)
{
	struct buf text = { .max = 64 };
	int status, fd = host_answer(argv, &status, NULL);
	char *group;
	bool good = false;

	if (fd < 0)
		return false;
	if (status == 0 && read_fd(fd, argv[0], &text, NULL) == 0 &&
	    text.len > 0) {
		text.data[strcspn(text.data, "\n")] = '\0';
		group = text.data;
		(void)str_cut(&group, ' ');
		good = group != NULL &&
		       parse_num(text.data, 0, UINT32_MAX, &r->uid, NULL) &&
		       parse_num(group, 0, UINT32_MAX, &r->gid, NULL);
	}
	(void)close(fd);
	buf_free(&text);
	return good;
}

/* --- this machine --- */

/* The rights of the owner of a file. */
static bool
of_owner(const struct stat *st, struct rights *r)
{
	struct passwd *pw = getpwuid(st->st_uid);

	if (pw != NULL)
		*r = (struct rights){ pw->pw_uid, pw->pw_gid };
	return pw != NULL;
}

static bool
may(int fd, const struct rights *r, unsigned int what)
{
	struct stat st;
	unsigned int mode;

	if (fstat(fd, &st) == -1)
		return false;
	mode = st.st_mode;
	if (st.st_uid == r->uid)
		mode >>= 6;
	else if (st.st_gid == r->gid)
		mode >>= 3;
	return r->uid == 0 || (mode & what) != 0;
}

static int walk(int at, const char *path, const struct rights *r, int *links);

/* Opens a folder, a regular file, or what a link leads to; nothing else, which to
 * open may do something. -1: no such thing. */
static int
step(int at, const char *name, const struct rights *r, int *links)
{
	char target[PATH_MAX];
	struct stat st;
	ssize_t n;

	if (fstatat(at, name, &st, AT_SYMLINK_NOFOLLOW) == -1)
		return -1;
	if (S_ISDIR(st.st_mode))
		return openat(
		    at, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (S_ISREG(st.st_mode))
		return openat(at, name,
		    O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (!S_ISLNK(st.st_mode) || ++*links > LINKS_MAX)
		return -1;
	n = readlinkat(at, name, target, sizeof target - 1);
	if (n == -1)
		return -1;
	target[n] = '\0';
	return walk(at, target, r, links);
}

/*
 * Opens what a path leads to from a folder, with these rights. Each part is opened
 * and then asked about, by its descriptor: a user who puts a link in the place of
 * one meanwhile gains nothing. -1: they do not lead there.
 */
static int
walk(int at, const char *path, const struct rights *r, int *links)
{
	int fd = *path == '/' ? open("/", O_PATH | O_DIRECTORY | O_CLOEXEC)
			      : fcntl(at, F_DUPFD_CLOEXEC, 0);

	while (fd != -1 && *(path += strspn(path, "/")) != '\0') {
		char name[NAME_MAX + 1];
		size_t len = strcspn(path, "/");
		int next = -1;

		if (len < sizeof name && may(fd, r, MAY_SEARCH)) {
			memcpy(name, path, len);
			name[len] = '\0';
			path += len;
			/* A file with a slash after it is none. */
			next = step(fd, name, r, links);
			if (next != -1 && *path == '/' &&
			    faccessat(next, ".", F_OK, 0) == -1) {
				(void)close(next);
				next = -1;
			}
		}
		(void)close(fd);
		fd = next;
	}
	return fd;
}

/* Opens a regular file that somebody with these rights can read; -1 otherwise. */
static int
reach(const char *path, const struct rights *r, struct stat *st)
{
	int links = 0, fd;

	if (*path != '/')
		return -1;
	fd = walk(-1, path, r, &links);
	if (fd != -1 && (fstat(fd, st) == -1 || !S_ISREG(st->st_mode) ||
			    !may(fd, r, MAY_READ))) {
		(void)close(fd);
		fd = -1;
	}
	return fd;
}

bool
rights_reach(const char *path, const struct rights *r)
{
	struct stat st;
	int fd = reach(path, r, &st);

	if (fd != -1)
		(void)close(fd);
	return fd != -1;
}

/* --- tables and lists --- */

/* What Postfix asks for the owner: the file with the entries, or the one that
 * describes the database. */
static void
file_of(const char *table, struct buf *path)
{
	static const struct {
		const char *type, *ending;
	} made[] = { { "hash:", ".db" }, { "btree:", ".db" },
		{ "lmdb:", ".lmdb" }, { "cdb:", ".cdb" }, { "dbm:", ".pag" },
		{ "sdbm:", ".pag" } };
	const char *name = strchr(table, ':');

	buf_adds(path, name == NULL ? table : name + 1);
	for (size_t i = 0; i < sizeof made / sizeof *made; i++)
		if (str_starts(table, made[i].type))
			buf_adds(path, made[i].ending);
}

bool
rights_of_table(const char *table, struct rights *r)
{
	struct buf path = { 0 };
	struct stat st;
	bool good;

	if (host_is_other())
		return read_answer(
		    (const char *const[]){ "owner", table, NULL }, r);
	file_of(table, &path);
	good = stat(buf_str(&path), &st) == 0 && of_owner(&st, r);
	buf_free(&path);
	return good;
}

/* What is asked of an open list, and of nothing that has its name later. An owner
 * of a list who is not root is lent no rights of root's. (Postfix,
 * src/local/include.c, deliver_include.) */
static bool
may_include(const char *list, const struct stat *st, struct rights *r)
{
	struct rights own;
	struct stat again;
	int fd;

	if ((st->st_mode & S_IWOTH) != 0)
		return false;
	if (r->uid != 0)
		return true;
	if (!of_owner(st, &own))
		return false;
	if (own.uid == 0)
		return true;
	*r = own;
	fd = reach(list, r, &again);
	if (fd == -1)
		return false;
	(void)close(fd);
	return again.st_dev == st->st_dev && again.st_ino == st->st_ino;
}

/* The same where dirdump-collect asked. */
static int
include_there(const char *list, struct rights *r)
{
	char uid[24], gid[24];

	(void)snprintf(uid, sizeof uid, "%" PRId64, r->uid);
	(void)snprintf(gid, sizeof gid, "%" PRId64, r->gid);
	if (!read_answer(
		(const char *const[]){ "include", uid, gid, list, NULL }, r))
		return -1;
	return host_open(list);
}

int
rights_include(const char *list, struct rights *r)
{
	struct stat st;
	int fd;

	if (host_is_other())
		return include_there(list, r);
	fd = reach(list, r, &st);
	if (fd != -1 && !may_include(list, &st, r)) {
		(void)close(fd);
		fd = -1;
	}
	return fd;
}
