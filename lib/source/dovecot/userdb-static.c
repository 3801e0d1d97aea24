/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "source/dovecot/userdb-static.h"

#include <string.h>

#include "core/buf.h"

/* A setting of the driver itself among the fields. */
static bool
is_own(const char *key)
{
	return strcmp(key, "allow_all_users") == 0 ||
	       strcmp(key, "password") == 0;
}

static void
read_settings_24(
    struct userdbs *all, const struct userdb *db, struct pairs *fields)
{
	const char *password =
	    userdb_setting(all, db, "password", "passdb_static_password");

	if (password != NULL && db->is_passdb)
		pairs_add(fields, &all->arena, "password", password);
	pairs_add_block(
	    fields, &all->arena, setting_block(db->block, "fields", NULL));
}

static void
static_open(struct userdbs *all, struct userdb *db)
{
	struct pairs *fields = arena_alloc(&all->arena, sizeof *fields);

	if (all->v24)
		read_settings_24(all, db, fields);
	else
		pairs_add_words(fields, &all->arena, db->args);
	db->own = fields;
	db->scheme = "PLAIN";
}

/* The password, with a scheme, so that it is known again in other databases;
 * an empty text where the user's name decides it. */
static char *
static_password(const struct pairs *fields, struct arena *arena)
{
	const char *password = pairs_get(fields, "password");
	struct buf out = { 0 };
	char *secret;

	if (password != NULL && strchr(password, '%') == NULL)
		buf_addf(
		    &out, "%s%s", *password == '{' ? "" : "{PLAIN}", password);
	secret = arena_adds(arena, buf_str(&out));
	buf_wipe(&out);
	return secret;
}

static void
static_lookup(struct userdbs *all, struct userdb *db, const struct asked *who,
    struct arena *arena, struct answer *a)
{
	const struct pairs *fields = db->own;

	(void)all;
	(void)who;
	a->found = FOUND_YES;
	a->variables = true;
	for (size_t i = 0; i < fields->n; i++)
		if (!is_own(fields->v[i].key))
			pairs_add(&a->fields, arena, fields->v[i].key,
			    fields->v[i].value);
	if (!db->is_passdb)
		return;
	if (pairs_get(&a->fields, "nopassword") != NULL) {
		a->secret = arena_adds(arena, "{PLAIN}");
		a->empty = true;
		return;
	}
	/* One password lets everybody in: it is nobody's own, and is not
	 * carried. */
	a->hidden = true;
	a->secret = static_password(fields, arena);
}

const struct userdb_driver userdb_static = { .name = "static",
	.open = static_open,
	.lookup = static_lookup,
	.own_fields = true };
