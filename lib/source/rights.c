/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "source/rights.h"

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
may(const char *path, const struct rights *r, unsigned int what)
{
	struct stat st;
	unsigned int mode;

	if (stat(path, &st) == -1)
		return false;
	mode = st.st_mode;
	if (st.st_uid == r->uid)
		mode >>= 6;
	else if (st.st_gid == r->gid)
		mode >>= 3;
	return r->uid == 0 || (mode & what) != 0;
}

/* Goes on to what is left of a path, from the folder that "way" is. */
static bool
walk(struct buf *way, const char *path, const struct rights *r, int *links)
{
	for (const char *end; *path != '\0'; path = end + (*end == '/')) {
		char target[PATH_MAX];
		size_t len, before = way->len;
		ssize_t n;

		end = path + strcspn(path, "/");
		len = (size_t)(end - path);
		if (len == 0)
			continue;
		buf_addc(way, '/');
		if (!may(way->data, r, MAY_SEARCH))
			return false;
		buf_add(way, path, len);
		n = readlink(way->data, target, sizeof target - 1);
		if (n == -1)
			continue;
		if (++*links > LINKS_MAX)
			return false;
		target[n] = '\0';
		way->len = *target == '/' ? 0 : before;
		way->data[way->len] = '\0';
		if (!walk(way, target, r, links))
			return false;
	}
	return true;
}

bool
rights_reach(const char *path, const struct rights *r)
{
	struct buf way = { 0 };
	int links = 0;
	bool good = *path == '/' && walk(&way, path, r, &links) &&
		    way.len != 0 && may(way.data, r, MAY_READ);

	buf_free(&way);
	return good;
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

/* (Postfix, src/local/include.c, deliver_include. An owner of a list who is not
 * root is lent no rights of root's.) */
bool
rights_include(const char *list, struct rights *r)
{
	char uid[24], gid[24];
	struct rights own = *r;
	struct stat st;

	if (host_is_other()) {
		(void)snprintf(uid, sizeof uid, "%" PRId64, r->uid);
		(void)snprintf(gid, sizeof gid, "%" PRId64, r->gid);
		return read_answer(
		    (const char *const[]){ "include", uid, gid, list, NULL },
		    r);
	}
	if (!rights_reach(list, r) || stat(list, &st) == -1 ||
	    !S_ISREG(st.st_mode) || (st.st_mode & S_IWOTH) != 0)
		return false;
	if (r->uid == 0) {
		if (!of_owner(&st, &own) ||
		    (own.uid != 0 && !rights_reach(list, &own)))
			return false;
		if (own.uid != 0)
			*r = own;
	}
	return true;
}
