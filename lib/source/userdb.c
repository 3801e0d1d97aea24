/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "source/userdb.h"

#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/str.h"
#include "source/command.h"

enum {
	ANSWER_MAX = 1 << 16
};

const char *
userdb_kind(const struct userdb *db)
{
	return db->is_passdb ? "passdb" : "userdb";
}

void
userdb_fatal(struct userdbs *all, const char *where, const char *text)
{
	struct why why = { 0 };

	why_set(&why, FAIL_FATAL, "%s", text);
	tally_fail(all->emit->tally, where, NULL, NULL, &why);
}

bool
userdbs_stop(const struct userdbs *all)
{
	const struct tally *t = all->emit->tally;

	return t->fatal || t->temp != 0 || emit_stop(all->emit);
}

const char *
userdb_setting(const struct userdbs *all, const struct userdb *db,
    const char *in_block, const char *full)
{
	const char *value = setting_value(db->block, in_block);

	if (value == NULL)
		value = setting_value(db->block, full);
	if (value == NULL)
		value = setting_value(&all->conf->top, full);
	return value;
}

void
lookup_set(struct lookup *l, bool is_passdb, bool v24, const char *key,
    const char *value)
{
	struct buf full = { 0 };
	bool of_userdb = !is_passdb;

	if (is_passdb && str_starts(key, "userdb_")) {
		struct found_field *f = arena_alloc(&l->arena, sizeof *f);

		f->key = arena_adds(&l->arena, key + strlen("userdb_"));
		f->value = arena_adds(&l->arena, value);
		f->next = l->prefetch;
		l->prefetch = f;
		return;
	}
	/* Each release knows quotas by another name, and ignores the other. */
	if (of_userdb && str_starts(key, v24 ? "quota_rule" : "quota_storage_"))
		return;
	if (of_userdb)
		buf_adds(&full, "userdb_");
	buf_adds(&full, key);
	extra_set(&l->extra, arena_adds(&l->arena, buf_str(&full)),
	    arena_adds(&l->arena, value));
	buf_free(&full);
}

/* A password that never has a scheme of its own. */
static char *
without_scheme(struct lookup *l, const struct userdb *db, const char *value)
{
	struct buf out = { 0 };
	char *secret;

	if (*value == '{')
		buf_addf(&out, "{%s}", db->scheme);
	buf_adds(&out, value);
	secret = arena_adds(&l->arena, buf_str(&out));
	buf_wipe(&out);
	return secret;
}

/* "username" and "domain" change a part of the name. (Dovecot 2.3,
 * src/auth/auth-request-fields.c, auth_request_set_username.) */
static const char *
rename_user(struct lookup *l, const char *key, const char *value)
{
	const char *at = strchr(l->user, '@');
	struct buf out = { 0 };
	const char *user;

	if (strcmp(key, "domain") == 0) {
		buf_add(&out, l->user,
		    at == NULL ? strlen(l->user) : (size_t)(at - l->user));
		buf_addf(&out, "%s%s", *value == '\0' ? "" : "@", value);
	} else {
		buf_adds(&out, value);
		if (strcmp(key, "username") == 0 && at != NULL)
			buf_adds(&out, at);
	}
	user = arena_adds(&l->arena, buf_str(&out));
	buf_free(&out);
	return user;
}

void
lookup_answer(struct lookup *l, const struct userdb *db, bool v24,
    const char *key, const char *value)
{
	if (strcmp(key, "user") == 0 || strcmp(key, "username") == 0 ||
	    strcmp(key, "domain") == 0) {
		l->user = rename_user(l, key, value);
	} else if (!db->is_passdb) {
		lookup_set(l, false, v24, key, value);
	} else if (strcmp(key, "password") == 0 ||
		   strcmp(key, "password_noscheme") == 0) {
		l->fields.secret = key[strlen("password")] == '\0'
				       ? arena_adds(&l->arena, value)
				       : without_scheme(l, db, value);
		l->scheme = db->scheme;
	} else {
		lookup_set(l, true, v24, key, value);
	}
}

void
lookup_set_words(struct lookup *l, bool is_passdb, const char *words)
{
	char *rest, *word;

	if (words == NULL)
		return;
	rest = arena_adds(&l->arena, words);
	while ((word = str_cut(&rest, ' ')) != NULL) {
		char *value = strchr(word, '=');

		if (*word == '\0')
			continue;
		if (value != NULL)
			*value++ = '\0';
		lookup_set(
		    l, is_passdb, false, word, value == NULL ? "yes" : value);
	}
}

/* --- drivers that need no file of their own --- */

/* The userdb fields that a passdb found are a userdb of their own. */
static bool
prefetch_lookup(struct userdbs *all, struct userdb *db, struct lookup *l)
{
	(void)db;
	if (l->prefetch == NULL)
		return false;
	for (struct found_field *f = l->prefetch; f != NULL; f = f->next)
		lookup_set(l, false, all->v24, f->key, f->value);
	return true;
}

/* Knows everybody. Its fields are in the block (2.4), or its arguments. */
static bool
static_lookup(struct userdbs *all, struct userdb *db, struct lookup *l)
{
	if (!all->v24)
		lookup_set_words(l, false, db->args);
	return true;
}

static const struct userdb_driver userdb_prefetch = { .name = "prefetch",
	.lookup = prefetch_lookup };
static const struct userdb_driver userdb_static = { .name = "static",
	.lookup = static_lookup };

static const struct userdb_driver *const drivers[] = { &userdb_passwd_file,
	&userdb_sql, &userdb_ldap, &userdb_prefetch, &userdb_static };

/* NULL for one that is not known, and for a static passdb: it has one password
 * for all. */
static const struct userdb_driver *
find_driver(const char *name, bool is_passdb)
{
	for (size_t i = 0; i < sizeof drivers / sizeof *drivers; i++)
		if (strcmp(drivers[i]->name, name) == 0 &&
		    !(is_passdb && drivers[i] == &userdb_static))
			return drivers[i];
	return NULL;
}

/* --- opening --- */

/* What 2.4 applies to a password without a scheme. Releases differ, so the
 * program is asked; a saved text must say it (saved). NULL where nobody does.
 */
static const char *
ask_scheme(struct userdbs *all, const struct userdb *db)
{
	static const char *const argv[] = { "doveconf",
		"passdb_default_password_scheme", NULL };
	const char *scheme = userdb_setting(all, db, "default_password_scheme",
	    "passdb_default_password_scheme");
	struct buf text = { .max = ANSWER_MAX };
	struct doveconf answer = { 0 };

	if (scheme != NULL || all->saved)
		return scheme;
	buf_adds(&text, "dovecot_config_version = 2.4.0\n");
	if (command_read(argv, &text, NULL) == 0 &&
	    doveconf_parse(&answer, buf_str(&text), NULL) == 0)
		scheme = setting_value(
		    &answer.top, "passdb_default_password_scheme");
	if (scheme != NULL)
		scheme = arena_adds(&all->arena, scheme);
	doveconf_free(&answer);
	buf_free(&text);
	return scheme;
}

static void
set_scheme(struct userdbs *all, struct userdb *db)
{
	if (all->default_scheme != NULL)
		db->scheme = all->default_scheme;
	else if (all->v24 && db->is_passdb && !db->deny && !db->master)
		db->scheme = ask_scheme(all, db);
	else
		return;
	if (db->scheme == NULL)
		userdb_fatal(all, userdb_kind(db),
		    "the text does not say the scheme of passwords without "
		    "one: add what \"doveconf passdb_default_password_scheme\" "
		    "prints, or use --default-scheme");
}

static void
add(struct userdbs *all, const struct setting *block, bool is_passdb)
{
	struct userdb *db;
	const char *value;

	all->v = grow(all->v, all->n, &all->cap, sizeof *all->v);
	db = &all->v[all->n++];
	*db = (struct userdb){ .block = block, .is_passdb = is_passdb };
	value = setting_value(block, "driver");
	db->name = value != NULL         ? value
		   : block->name != NULL ? block->name
					 : "";
	db->driver = find_driver(db->name, is_passdb);
	db->deny = setting_is_yes(setting_value(block, "deny"));
	db->master = setting_is_yes(setting_value(block, "master"));
	value = setting_value(block, "args");
	db->args = value == NULL ? "" : value;
	if (db->driver == NULL || db->driver->open == NULL)
		return;
	db->driver->open(all, db);
	set_scheme(all, db);
}

void
userdbs_open(struct userdbs *all)
{
	static const char *const keys[] = { "passdb", "userdb" };

	for (size_t i = 0; i < 2; i++) {
		const struct setting *s = NULL;

		while ((s = setting_block(&all->conf->top, keys[i], s)) != NULL)
			add(all, s, i == 0);
	}
}

void
userdbs_close(struct userdbs *all)
{
	for (size_t i = 0; i < all->n; i++)
		if (all->v[i].driver != NULL && all->v[i].driver->close != NULL)
			all->v[i].driver->close(&all->v[i]);
	free(all->v);
	userdb_passwd_files_free(all);
	arena_free(&all->arena);
}
