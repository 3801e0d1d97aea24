/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "maildir/owner.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/alloc.h"

struct mail_owner
owner_of_dir(int fd)
{
	struct mail_owner o = { 0 };
	struct stat st;

	if (geteuid() == 0 && fstat(fd, &st) == 0 && st.st_uid != 0)
		o = (struct mail_owner){ true, st.st_uid, st.st_gid };
	return o;
}

bool
owner_may(const struct mail_owner *o, const struct stat *st, unsigned int bits)
{
	if (!o->known)
		return true;
	if (st->st_uid == o->uid)
		bits <<= 6;
	else if (st->st_gid == o->gid)
		bits <<= 3;
	return (st->st_mode & bits) == bits;
}

/* The same of a directory by its name. */
static bool
may_use(const struct mail_owner *o, const char *path)
{
	struct stat st;

	return stat(path, &st) == -1 || owner_may(o, &st, 07);
}

bool
owner_is_kept_out(const struct mail_owner *o, const char *root, const char *dir)
{
	static const char *const boxes[] = { "", "/cur" };
	char divider = *dir == '.' ? '.' : '/';
	char *copy = xstrdup(dir), *end = copy;
	bool out = false;

	if (!o->known || strcmp(dir, ".") == 0)
		end = NULL;
	while (!out && end != NULL && *copy != '\0') {
		for (size_t i = 0; i < 2; i++) {
			char *path = xasprintf("%s/%s%s", root, copy, boxes[i]);

			out |= !may_use(o, path);
			free(path);
		}
		end = strrchr(copy, divider);
		if (end != NULL)
			*end = '\0';
	}
	free(copy);
	return out;
}
