/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "source/dovecot.h"

#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/io.h"
#include "core/str.h"
#include "record/address.h"
#include "source/command.h"
#include "source/expand.h"
#include "source/passwd-file.h"
#include "source/userdb.h"

enum {
	CONFIG_MAX = 64 << 20
};

/* Which letters a login may have, unless the configuration says it.
 * (src/auth/auth-settings.c.) */
static const char default_chars[] = "abcdefghijklmnopqrstuvwxyz"
				    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_@";

struct dovecot {
	struct emit *emit;
	const struct dovecot_options *options;
	struct doveconf conf;
	struct userdbs dbs;
	const char *name_format; /* auth_username_format */
	const char *name_chars;  /* auth_username_chars; NULL: all */
	const char *realm;       /* of a login without a domain; may be NULL */
	struct account account;
	struct map done; /* users that were looked up */
	struct arena arena;
};

static int
read_config(struct dovecot *d, struct why *why)
{
	static const char *const argv[] = { "doveconf", "-n", "-P", NULL };
	struct buf text = { .max = CONFIG_MAX };
	int r;

	r = d->options->config != NULL
		? read_file(d->options->config, &text, why)
		: command_read(argv, &text, why);
	if (r == 0 && memchr(buf_str(&text), '\0', text.len) != NULL)
		r = why_set(why, FAIL_FATAL, "a NUL byte");
	if (r == 0)
		r = doveconf_parse(&d->conf, buf_str(&text), why);
	buf_wipe(&text);
	return r;
}

/* --- one user --- */

/* The fields that a block sets by itself, in 2.4. */
static void
set_fields(struct lookup *l, const struct userdb *db)
{
	const struct setting *block = setting_block(db->block, "fields", NULL);

	if (block == NULL)
		return;
	for (const struct setting *s = block->child; s != NULL; s = s->next)
		if (s->value != NULL)
			lookup_set(l, db->is_passdb, true, s->key, s->value);
}

/* Asks one database. What it sets of a user whom it does not have is taken
 * back. */
static bool
look_up(struct dovecot *d, struct userdb *db, struct lookup *l)
{
	const struct userdb_driver *driver = db->driver;
	struct extra before = l->extra;

	if (driver == NULL)
		return false;
	if (!d->dbs.v24)
		lookup_set_words(l, db->is_passdb,
		    setting_value(db->block, "default_fields"));
	if (!driver->lookup(&d->dbs, db, l)) {
		l->extra = before;
		return false;
	}
	if (!d->dbs.v24)
		lookup_set_words(l, db->is_passdb,
		    setting_value(db->block, "override_fields"));
	else if (!driver->own_fields)
		set_fields(l, db);
	return true;
}

static void
set_denied(struct dovecot *d, struct lookup *l)
{
	for (size_t i = 0; i < d->dbs.n; i++) {
		struct userdb *db = &d->dbs.v[i];
		struct lookup denied = { .user = l->user };

		if (!db->is_passdb || !db->deny || db->driver == NULL)
			continue;
		extra_init(&denied.extra);
		if (db->driver->lookup(&d->dbs, db, &denied))
			l->fields.locked = true;
		arena_free(&denied.arena);
	}
}

/* Settings of the whole server that hold where a userdb says nothing. */
static void
set_global(struct dovecot *d, struct lookup *l)
{
	const struct setting *top = &d->conf.top, *plugin, *quota;
	const char *value;

	if (d->dbs.v24) {
		value = setting_value(top, "quota_storage_size");
		quota = setting_block(top, "quota", NULL);
		if (value == NULL && quota != NULL)
			value = setting_value(quota, "quota_storage_size");
		if (value == NULL && quota != NULL)
			value = setting_value(quota, "storage_size");
		if (value != NULL)
			lookup_set(l, false, true, "quota_storage_size", value);
		return;
	}
	plugin = setting_block(top, "plugin", NULL);
	if (plugin == NULL || setting_value(plugin, "quota") == NULL)
		return;
	for (const struct setting *s = plugin->child; s != NULL; s = s->next)
		if (s->value != NULL && str_starts(s->key, "quota_rule"))
			lookup_set(l, false, false, s->key, s->value);
}

static const char *
first(const char *a, const char *b)
{
	return a != NULL && *a != '\0' ? a : b;
}

/* Where the mail of all users is. */
static void
set_places(struct dovecot *d, struct lookup *l)
{
	const struct setting *top = &d->conf.top;
	struct extra *x = &l->extra;
	const char *driver;

	if (x->home == NULL && first(l->fields.home, NULL) == NULL)
		x->home = setting_value(top, "mail_home");
	if (x->uid == NULL && first(l->fields.uid, NULL) == NULL)
		x->uid = first(setting_value(top, "mail_uid"), NULL);
	if (x->gid == NULL && first(l->fields.gid, NULL) == NULL)
		x->gid = first(setting_value(top, "mail_gid"), NULL);
	if (x->mail != NULL || l->fields.mail != NULL)
		return;
	if (!d->dbs.v24) {
		x->mail = first(setting_value(top, "mail_location"), NULL);
		return;
	}
	if (x->mail_path == NULL)
		x->mail_path = first(setting_value(top, "mail_path"), NULL);
	driver = setting_value(top, "mail_driver");
	if (x->mail_driver == NULL)
		x->mail_driver = first(driver, NULL);
}

/* A passdb gave the user another name. One that only adds the domain is the
 * same user. */
static void
renamed(struct lookup *l, const char *before)
{
	size_t len = strlen(before);

	if (strcmp(l->user, before) != 0 &&
	    (strchr(before, '@') != NULL ||
		strncmp(l->user, before, len) != 0 || l->user[len] != '@'))
		l->extra.user = l->user;
}

/* Asks the databases in their order; the first that has the user decides, of
 * each kind. */
static void
ask(struct dovecot *d, struct lookup *l)
{
	for (size_t i = 0; i < d->dbs.n && !userdbs_stop(&d->dbs); i++) {
		struct userdb *db = &d->dbs.v[i];
		bool *in = db->is_passdb ? &l->in_passdb : &l->in_userdb;

		const char *before = l->user;

		if (*in || db->deny || db->master)
			continue;
		*in = look_up(d, db, l);
		if (*in && db->is_passdb)
			renamed(l, before);
	}
}

/* 2.4 can take a hash without a scheme for the password itself: then its owner
 * cannot log in, which the administrator will hardly have meant. */
static void
check_bare_hash(struct dovecot *d, const struct lookup *l)
{
	const char *secret = l->fields.secret;

	if (secret == NULL || l->scheme == NULL ||
	    strcmp(l->scheme, "PLAIN") != 0 || *secret != '$' ||
	    strchr(secret + 1, '$') == NULL)
		return;
	emit_bad(d->emit, l->user,
	    "a password without a scheme looks like a hash, and this server "
	    "takes it for the password itself: see --default-scheme");
}

/* Whether the server takes the name at all. (src/auth/auth-request.c.) */
static bool
is_name(const struct dovecot *d, const char *user)
{
	return d->name_chars == NULL ||
	       user[strspn(user, d->name_chars)] == '\0';
}

/* Writes the account of a user whom a database has listed. */
static void
dump_user(struct dovecot *d, const char *user, const char *listed)
{
	struct lookup l = { .user = user, .fields = { .quota = -1 } };
	struct emit *e = d->emit;
	struct place at = e->at;
	const char *domain;
	char *name = xstrdup(listed);

	extra_init(&l.extra);
	set_global(d, &l);
	ask(d, &l);
	if (!userdbs_stop(&d->dbs))
		set_denied(d, &l);
	set_places(d, &l);
	domain = address_domain(l.user);
	l.fields.name = name;
	e->at = at;
	if (userdbs_stop(&d->dbs)) {
		/* Nobody knows what the rest would have said. */
	} else if (!l.in_userdb || !is_name(d, user)) {
		emit_bad(e, NULL,
		    "a listed name that the server does not find: capitals or "
		    "other letters in it that no login may have, or fields "
		    "that are missing");
	} else {
		if (!l.in_passdb)
			l.fields.locked = true;
		check_bare_hash(d, &l);
		d->account.default_scheme = l.scheme == NULL ? "" : l.scheme;
		if (strchr(name, '@') == NULL && domain != NULL)
			d->account.naming.domain = domain;
		account_emit_extra(&d->account, &l.fields, &l.extra);
		d->account.naming.domain = d->options->domain;
	}
	free(name);
	arena_free(&l.arena);
}

static void
listed(void *ctx, const char *name, const char *domain)
{
	struct dovecot *d = ctx;
	struct buf full = { 0 }, user = { 0 };
	bool added;

	buf_adds(&full, name);
	if (strchr(name, '@') == NULL && domain == NULL)
		domain = d->realm;
	if (strchr(name, '@') == NULL && domain != NULL)
		buf_addf(&full, "@%s", domain);
	if (!expand_user(d->name_format, buf_str(&full), &user)) {
		userdb_fatal(&d->dbs, "auth_username_format",
		    "a variable that the user's name does not decide");
	} else {
		(void)map_put_copy(&d->done, &d->arena, buf_str(&user), &added);
		if (added)
			dump_user(d, buf_str(&user), buf_str(&full));
	}
	buf_free(&full);
	buf_free(&user);
}

/* --- all users --- */

static bool
list_db(struct dovecot *d, struct userdb *db)
{
	if (db->driver == NULL || db->driver->list == NULL || db->deny ||
	    db->master)
		return false;
	db->driver->list(&d->dbs, db, listed, d);
	return true;
}

/* Names what a dump cannot show. */
static void
say_unlisted(struct dovecot *d)
{
	struct why why = { 0 };

	for (size_t i = 0; i < d->dbs.n; i++) {
		const struct userdb *db = &d->dbs.v[i];

		if (db->driver != NULL)
			continue;
		why_set(&why, FAIL_DATA,
		    "the driver \"%s\" cannot be listed: %s", db->name,
		    db->is_passdb ? "its passwords are not carried"
				  : "its users are left out");
		tally_fail(d->emit->tally, userdb_kind(db), NULL, NULL, &why);
	}
}

static void
list_all(struct dovecot *d)
{
	bool any = false;

	for (size_t i = 0; i < d->dbs.n && !userdbs_stop(&d->dbs); i++)
		if (!d->dbs.v[i].is_passdb)
			any |= list_db(d, &d->dbs.v[i]);
	/* A static userdb knows everybody, and can list nobody. */
	for (size_t i = 0; !any && i < d->dbs.n && !userdbs_stop(&d->dbs); i++)
		if (d->dbs.v[i].is_passdb)
			(void)list_db(d, &d->dbs.v[i]);
}

static void
dump(struct dovecot *d)
{
	const struct dovecot_options *o = d->options;
	const struct setting *top = &d->conf.top;
	const char *format = setting_value(top, "auth_username_format");
	const char *chars = setting_value(top, "auth_username_chars");

	d->dbs.conf = &d->conf;
	d->dbs.saved = o->config != NULL;
	d->dbs.default_scheme = o->default_scheme;
	d->dbs.v24 = doveconf_since(&d->conf, 2, 4, 0);
	d->name_format = format == NULL ? "%Lu" : first(format, "%u");
	d->name_chars = chars == NULL ? default_chars : first(chars, NULL);
	d->realm = first(setting_value(top, d->dbs.v24 ? "auth_default_domain"
						       : "auth_default_realm"),
	    NULL);
	userdbs_open(&d->dbs);
	if (userdbs_stop(&d->dbs))
		return;
	if (d->dbs.n == 0)
		userdb_fatal(&d->dbs, NULL,
		    "the configuration has no passdb and no userdb");
	say_unlisted(d);
	list_all(d);
}

void
dovecot_read(
    struct emit *e, const struct dovecot_options *o, struct aliases *aliases)
{
	struct dovecot d = { .emit = e, .options = o, .dbs = { .emit = e } };
	struct why why = { 0 };

	d.account.emit = e;
	d.account.aliases = aliases;
	d.account.naming.domain = o->domain;
	d.account.naming.bare_login = true;
	emit_file(e, o->config == NULL ? "doveconf" : o->config);
	if (read_config(&d, &why) == -1)
		emit_fail(e, NULL, &why);
	else
		dump(&d);
	account_free(&d.account);
	userdbs_close(&d.dbs);
	map_free(&d.done);
	doveconf_free(&d.conf);
	arena_free(&d.arena);
}
