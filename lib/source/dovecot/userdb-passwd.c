/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "source/dovecot/userdb-passwd.h"

#include <inttypes.h>
#include <stdio.h>

#include "source/host.h"

static void
add_number(
    struct answer *a, struct arena *arena, const char *key, int64_t number)
{
	char text[24];

	if (snprintf(text, sizeof text, "%" PRId64, number) > 0)
		pairs_add(&a->fields, arena, key, text);
}

/* In a saved configuration nobody knows whether this is the machine that it
 * was saved on. */
static void
passwd_lookup(struct userdbs *all, struct userdb *db, const struct asked *who,
    struct arena *arena, struct answer *a)
{
	struct host_user user;

	(void)db;
	if (!host_user(who->user, &user)) {
		a->found = all->saved ? FOUND_UNSURE : FOUND_NO;
		return;
	}
	a->found = FOUND_YES;
	add_number(a, arena, "uid", user.uid);
	add_number(a, arena, "gid", user.gid);
	if (user.home != NULL)
		pairs_add(&a->fields, arena, "home", user.home);
	if (user.gecos != NULL)
		a->gecos = arena_adds(arena, user.gecos);
}

const struct userdb_driver userdb_passwd = { .name = "passwd",
	.lookup = passwd_lookup };
