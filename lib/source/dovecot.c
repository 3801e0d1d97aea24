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

struct dovecot {
	struct emit *emit;
	const struct dovecot_options *options;
	struct doveconf conf;
	bool v24;
	const char *name_format; /* auth_username_format */
	const char *realm;       /* of a login without a domain; may be NULL */
	struct userdb *dbs;
	size_t n, cap;
	struct passwd_cache files;
	struct account account;
	struct map done; /* users that were looked up */
	struct arena arena;
};

/* --- the configuration --- */

static void
fatal(struct dovecot *d, const char *where, const char *text)
{
	struct why why = { 0 };

	why_set(&why, FAIL_FATAL, "%s", text);
	tally_fail(d->emit->tally, where, NULL, NULL, &why);
}

static bool
stop(const struct dovecot *d)
{
	return d->emit->tally->fatal || emit_stop(d->emit);
}

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

/* What 2.4 applies to a password without a scheme. Releases differ, so the
 * program is asked; a saved text must say it. NULL where nobody does. */
static const char *
ask_scheme(struct dovecot *d, const struct setting *block)
{
	static const char *const argv[] = { "doveconf",
		"passdb_default_password_scheme", NULL };
	const char *scheme = setting_value(block, "default_password_scheme");
	struct buf text = { .max = CONFIG_MAX };
	struct doveconf answer = { 0 };

	if (scheme == NULL)
		scheme = setting_value(block, "passdb_default_password_scheme");
	if (scheme == NULL)
		scheme = setting_value(
		    &d->conf.top, "passdb_default_password_scheme");
	if (scheme != NULL || d->options->config != NULL)
		return scheme;
	buf_adds(&text, "dovecot_config_version = 2.4.0\n");
	if (command_read(argv, &text, NULL) == 0 &&
	    doveconf_parse(&answer, buf_str(&text), NULL) == 0)
		scheme = setting_value(
		    &answer.top, "passdb_default_password_scheme");
	if (scheme != NULL)
		scheme = arena_adds(&d->arena, scheme);
	doveconf_free(&answer);
	buf_free(&text);
	return scheme;
}

/* "scheme=CRYPT username_format=%n /etc/dovecot/users" of 2.3. */
static void
passwd_args(struct dovecot *d, struct userdb *db)
{
	char *rest = arena_adds(&d->arena, db->args), *word;

	while (rest != NULL) {
		rest += strspn(rest, " ");
		if (str_starts(rest, "scheme=")) {
			word = str_cut(&rest, ' ');
			db->scheme = word + strlen("scheme=");
		} else if (str_starts(rest, "username_format=")) {
			word = str_cut(&rest, ' ');
			db->format = word + strlen("username_format=");
		} else {
			break;
		}
	}
	db->path = rest;
}

static void
passwd_settings(struct dovecot *d, struct userdb *db)
{
	const char *format;

	if (!d->v24) {
		db->format = "%u";
		db->scheme = "CRYPT";
		passwd_args(d, db);
	} else {
		db->path = setting_value(db->block, "passwd_file_path");
		format = setting_value(db->block, "auth_username_format");
		db->format = format == NULL ? "%{user}" : format;
		db->scheme = ask_scheme(d, db->block);
	}
	if (d->options->default_scheme != NULL)
		db->scheme = d->options->default_scheme;
	if (db->path == NULL || *db->path == '\0')
		fatal(d, db->is_passdb ? "passdb" : "userdb",
		    "a passwd-file without a path");
	else if (db->is_passdb && db->scheme == NULL)
		fatal(d, db->path,
		    "the text does not say the scheme of passwords without "
		    "one: add what \"doveconf passdb_default_password_scheme\" "
		    "prints, or use --default-scheme");
}

static void
add_db(struct dovecot *d, const struct setting *block, bool is_passdb)
{
	struct userdb *db;
	const char *value;

	d->dbs = grow(d->dbs, d->n, &d->cap, sizeof *d->dbs);
	db = &d->dbs[d->n++];
	*db = (struct userdb){
		.block = block, .is_passdb = is_passdb, .v24 = d->v24
	};
	value = setting_value(block, "driver");
	db->driver = value != NULL         ? value
		     : block->name != NULL ? block->name
					   : "";
	db->deny = setting_is_yes(setting_value(block, "deny"));
	db->master = setting_is_yes(setting_value(block, "master"));
	value = setting_value(block, "args");
	db->args = value == NULL ? "" : value;
	if (strcmp(db->driver, "passwd-file") == 0)
		passwd_settings(d, db);
}

static void
find_dbs(struct dovecot *d)
{
	static const char *const keys[] = { "passdb", "userdb" };

	for (size_t i = 0; i < 2; i++) {
		const struct setting *s = NULL;

		while ((s = setting_block(&d->conf.top, keys[i], s)) != NULL)
			add_db(d, s, i == 0);
	}
}

/* --- one user --- */

static void
set_block(
    struct lookup *l, const struct userdb *db, const struct setting *block)
{
	if (block == NULL)
		return;
	for (const struct setting *s = block->child; s != NULL; s = s->next)
		if (s->value != NULL)
			lookup_set(l, db->is_passdb, db->v24, s->key, s->value);
}

/* "default_fields = uid=vmail gid=vmail" of 2.3, and a static userdb. */
static void
set_words(struct lookup *l, const struct userdb *db, const char *words)
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
		lookup_set(l, db->is_passdb, db->v24, word,
		    value == NULL ? "yes" : value);
	}
}

/* The userdb fields that a passdb found are a userdb of their own. */
static bool
prefetch(struct lookup *l, const struct userdb *db)
{
	if (l->prefetch == NULL)
		return false;
	for (struct found_field *f = l->prefetch; f != NULL; f = f->next)
		lookup_set(l, false, db->v24, f->key, f->value);
	return true;
}

static bool
look_up(struct dovecot *d, const struct userdb *db, struct lookup *l)
{
	bool found = false;

	if (!db->v24)
		set_words(l, db, setting_value(db->block, "default_fields"));
	if (strcmp(db->driver, "passwd-file") == 0)
		found = passwd_lookup(&d->files, d->emit, db, l);
	else if (strcmp(db->driver, "prefetch") == 0)
		found = prefetch(l, db);
	else if (strcmp(db->driver, "static") == 0 && !db->is_passdb) {
		if (!db->v24)
			set_words(l, db, db->args);
		found = true;
	}
	if (db->v24)
		set_block(l, db, setting_block(db->block, "fields", NULL));
	else
		set_words(l, db, setting_value(db->block, "override_fields"));
	return found;
}

static void
set_denied(struct dovecot *d, struct lookup *l)
{
	for (size_t i = 0; i < d->n; i++) {
		struct lookup denied = { .user = l->user };

		if (!d->dbs[i].is_passdb || !d->dbs[i].deny ||
		    strcmp(d->dbs[i].driver, "passwd-file") != 0)
			continue;
		extra_init(&denied.extra);
		if (passwd_lookup(&d->files, d->emit, &d->dbs[i], &denied))
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

	if (d->v24) {
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
	if (!d->v24) {
		x->mail = first(setting_value(top, "mail_location"), NULL);
		return;
	}
	if (x->mail_path == NULL)
		x->mail_path = first(setting_value(top, "mail_path"), NULL);
	driver = setting_value(top, "mail_driver");
	if (x->mail_driver == NULL)
		x->mail_driver = first(driver, NULL);
}

/* Asks the databases in their order; the first that has the user decides, of
 * each kind. */
static void
ask(struct dovecot *d, struct lookup *l)
{
	for (size_t i = 0; i < d->n && !stop(d); i++) {
		const struct userdb *db = &d->dbs[i];
		bool *in = db->is_passdb ? &l->in_passdb : &l->in_userdb;

		if (!*in && !db->deny && !db->master)
			*in = look_up(d, db, l);
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

/* Writes the account of a user whom a database has listed. */
static void
dump_user(struct dovecot *d, const char *user, const char *listed)
{
	struct lookup l = { .user = user, .fields = { .quota = -1 } };
	struct emit *e = d->emit;
	struct place at = e->at;
	char *name = xstrdup(listed);

	extra_init(&l.extra);
	set_global(d, &l);
	ask(d, &l);
	set_denied(d, &l);
	set_places(d, &l);
	l.fields.name = name;
	e->at = at;
	if (!l.in_userdb) {
		emit_bad(e, NULL,
		    "a listed name that the server does not find: capitals in "
		    "it, or fields that are missing");
	} else {
		if (!l.in_passdb)
			l.fields.locked = true;
		check_bare_hash(d, &l);
		d->account.default_scheme = l.scheme == NULL ? "" : l.scheme;
		account_emit_extra(&d->account, &l.fields, &l.extra);
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
		fatal(d, "auth_username_format",
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
list_db(struct dovecot *d, const struct userdb *db)
{
	if (strcmp(db->driver, "passwd-file") == 0 && !db->deny &&
	    !db->master) {
		passwd_list(&d->files, d->emit, db, listed, d);
		return true;
	}
	return false;
}

/* Names what a dump cannot show. */
static void
say_unlisted(struct dovecot *d)
{
	struct why why = { 0 };

	for (size_t i = 0; i < d->n; i++) {
		const struct userdb *db = &d->dbs[i];

		if (strcmp(db->driver, "passwd-file") == 0 ||
		    strcmp(db->driver, "prefetch") == 0 ||
		    (strcmp(db->driver, "static") == 0 && !db->is_passdb))
			continue;
		why_set(&why, FAIL_DATA,
		    "the driver \"%s\" cannot be listed: %s", db->driver,
		    db->is_passdb ? "its passwords are not carried"
				  : "its users are left out");
		tally_fail(d->emit->tally, db->is_passdb ? "passdb" : "userdb",
		    NULL, NULL, &why);
	}
}

static void
list_all(struct dovecot *d)
{
	bool any = false;

	for (size_t i = 0; i < d->n && !stop(d); i++)
		if (!d->dbs[i].is_passdb)
			any |= list_db(d, &d->dbs[i]);
	/* A static userdb knows everybody, and can list nobody. */
	for (size_t i = 0; !any && i < d->n && !stop(d); i++)
		if (d->dbs[i].is_passdb)
			(void)list_db(d, &d->dbs[i]);
}

void
dovecot_read(
    struct emit *e, const struct dovecot_options *o, struct aliases *aliases)
{
	struct dovecot d = { .emit = e, .options = o };
	struct why why = { 0 };
	const char *format;

	d.account.emit = e;
	d.account.aliases = aliases;
	emit_file(e, o->config == NULL ? "doveconf" : o->config);
	if (read_config(&d, &why) == -1) {
		emit_fail(e, NULL, &why);
		goto out;
	}
	d.v24 = doveconf_since(&d.conf, 2, 4, 0);
	format = setting_value(&d.conf.top, "auth_username_format");
	d.name_format = format == NULL ? "%Lu" : first(format, "%u");
	d.realm =
	    first(setting_value(&d.conf.top,
		      d.v24 ? "auth_default_domain" : "auth_default_realm"),
		NULL);
	d.account.naming.domain = o->domain;
	d.account.naming.bare_login = true;
	find_dbs(&d);
	if (!stop(&d)) {
		if (d.n == 0)
			fatal(&d, NULL,
			    "the configuration has no passdb and no userdb");
		say_unlisted(&d);
		list_all(&d);
	}
out:
	account_free(&d.account);
	passwd_cache_free(&d.files);
	map_free(&d.done);
	free(d.dbs);
	doveconf_free(&d.conf);
	arena_free(&d.arena);
}
