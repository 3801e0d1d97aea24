/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "source/dovecot/userdb.h"

#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/str.h"
#include "source/dovecot/userdb-ldap.h"
#include "source/dovecot/userdb-passwd-file.h"
#include "source/dovecot/userdb-passwd.h"
#include "source/dovecot/userdb-sql.h"
#include "source/dovecot/userdb-static.h"
#include "source/host-command.h"

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
	emit_fail_at(all->emit, where, NULL, &why);
}

void
userdb_refused(struct userdbs *all, const struct userdb *db, const char *text)
{
	struct why why = { 0 };

	why_set(&why, FAIL_DATA, "%s", text);
	emit_fail_at(all->emit, db->label, NULL, &why);
	userdb_note(all, db, text);
}

void
userdb_note(struct userdbs *all, const struct userdb *db, const char *text)
{
	struct emit *e = all->emit;
	struct place before = e->at;

	e->at = all->at;
	emit_note_record(e, db->label, text);
	e->at = before;
}

void
userdb_out(struct userdbs *all, struct userdb *db, const char *setting,
    const char *variable)
{
	struct buf text = { 0 };

	if (db->out)
		return;
	db->out = true;
	buf_addf(&text,
	    "%s has the variable %s, which the user's name does not decide: %s",
	    setting, variable,
	    db->is_passdb ? "the passwords in it are not carried"
			  : "the users in it are not looked up");
	userdb_refused(all, db, text.data);
	buf_free(&text);
}

bool
userdb_lacks_field(
    struct userdbs *all, struct userdb *db, bool decides, const struct why *why)
{
	bool out = decides && db->is_passdb;
	struct buf text = { 0 };

	if (!db->said_field) {
		buf_addf(&text, "%s: %s", why->text,
		    out ? "the passwords in it are not carried"
			: "the field is left out");
		userdb_refused(all, db, text.data);
		buf_free(&text);
	}
	db->said_field = true;
	db->out |= out;
	return !out;
}

bool
userdbs_stop(const struct userdbs *all)
{
	const struct tally *t = all->emit->tally;

	return t->fatal || t->temp != 0 || emit_stop(all->emit);
}

bool
userdb_serves(const struct userdb *db, const char *service)
{
	if (db->service == NULL)
		return true;
	if (*db->service == '!')
		return strcmp(db->service + 1, service) != 0;
	return strcmp(db->service, service) == 0;
}

const char *
userdb_setting(const struct userdbs *all, const struct userdb *db,
    const char *in_block, const char *full)
{
	const char *value = setting_value(db->block, in_block);

	if (value == NULL)
		value = setting_value(db->block, full);
	/* In a block of its kind: "sql_query" for "passdb_sql_query". */
	if (value == NULL && str_starts(full, userdb_kind(db)))
		value = setting_value(db->block, full + strlen("passdb_"));
	if (value == NULL)
		value = setting_value(&all->conf->top, full);
	return value;
}

void
pairs_add_block(
    struct pairs *p, struct arena *arena, const struct setting *block)
{
	if (block == NULL)
		return;
	for (const struct setting *s = block->child; s != NULL; s = s->next)
		if (s->value != NULL)
			pairs_add(p, arena, s->key, s->value);
}

/* --- drivers --- */

/* What the passdbs have set is the answer: there is nothing to look up. */
static const struct userdb_driver userdb_prefetch = { .name = "prefetch" };

static const struct userdb_driver *const drivers[] = {
	&userdb_passwd_file,
	&userdb_sql,
	&userdb_ldap,
	&userdb_prefetch,
	&userdb_static,
	&userdb_passwd,
};

/* NULL for one that is not known. The passwords of the system are for root, and
 * for another program. */
static const struct userdb_driver *
find_driver(const char *name, bool is_passdb)
{
	for (size_t i = 0; i < sizeof drivers / sizeof *drivers; i++)
		if (strcmp(drivers[i]->name, name) == 0 &&
		    !(is_passdb && (drivers[i] == &userdb_passwd ||
				       drivers[i] == &userdb_prefetch)))
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
	static const char key[] = "passdb_default_password_scheme";
	const char *const with_file[] = { "doveconf", "-c", all->conf_file, key,
		NULL };
	const char *const without[] = { "doveconf", key, NULL };
	const char *scheme = userdb_setting(all, db, "default_password_scheme",
	    "passdb_default_password_scheme");
	struct buf text = { .max = ANSWER_MAX };
	struct doveconf answer = { 0 };

	if (scheme != NULL || all->saved)
		return scheme;
	buf_adds(&text, "dovecot_config_version = 2.4.0\n");
	if (host_command_read(all->conf_file == NULL ? without : with_file,
		&text, NULL) == 0 &&
	    doveconf_parse(&answer, buf_str(&text), NULL) == 0)
		scheme = setting_value(&answer.top, key);
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
	else if (all->v24 && db->is_passdb && !db->rules.deny &&
		 !db->rules.master && !db->is_static)
		db->scheme = ask_scheme(all, db);
	else
		return;
	if (db->scheme == NULL)
		userdb_fatal(all, userdb_kind(db),
		    "the text does not say the scheme of passwords without "
		    "one: add what \"doveconf passdb_default_password_scheme\" "
		    "prints, or use --default-scheme");
}

/* The place of a database among those of its kind, and its driver. */
static const char *
make_label(struct userdbs *all, const struct userdb *db)
{
	struct buf out = { 0 };
	const char *label;
	size_t number = 0;

	for (size_t i = 0; i < all->n; i++)
		number += all->v[i].is_passdb == db->is_passdb;
	buf_addf(&out, "%s %zu (%s)", userdb_kind(db), number, db->name);
	if (db->service != NULL)
		buf_addf(&out, " of protocol %s", db->service);
	label = arena_adds(&all->arena, buf_str(&out));
	buf_free(&out);
	return label;
}

/* Settings of the block that change who may log in and are not understood. */
static void
say_unknown(struct userdbs *all, const struct userdb *db)
{
	const struct setting *s = NULL;
	struct buf text = { 0 };

	if (db->driver == NULL)
		return; /* the driver's own: it is named as a whole */
	while ((s = rules_unknown(db->block, s)) != NULL) {
		buf_reset(&text);
		buf_addf(&text,
		    "the setting \"%.64s\" is not understood here: what it "
		    "changes is not followed",
		    s->key);
		userdb_refused(all, db, text.data);
	}
	buf_free(&text);
}

/* The fields that the block sets by itself. */
static void
read_fields(struct userdbs *all, struct userdb *db)
{
	if (!all->v24) {
		pairs_add_words(&db->before, &all->arena,
		    setting_value(db->block, "default_fields"));
		pairs_add_words(&db->after, &all->arena,
		    setting_value(db->block, "override_fields"));
	} else if (db->driver == NULL || db->driver == &userdb_passwd) {
		/* The other drivers take them while they look up. */
		pairs_add_block(&db->after, &all->arena,
		    setting_block(db->block, "fields", NULL));
	}
}

static void
add(struct userdbs *all, const struct setting *block, bool is_passdb,
    const char *service)
{
	struct userdb *db;
	struct why why = { 0 };
	const char *value;

	all->v = xgrow(all->v, all->n, &all->cap, sizeof *all->v);
	db = &all->v[all->n++];
	*db = (struct userdb){
		.block = block, .is_passdb = is_passdb, .service = service
	};
	value = setting_value(block, "driver");
	db->name = value != NULL         ? value
		   : block->name != NULL ? block->name
					 : "";
	db->driver = find_driver(db->name, is_passdb);
	db->prefetch = db->driver == &userdb_prefetch;
	db->is_static = db->driver == &userdb_static;
	db->label = make_label(all, db);
	if (rules_read(&db->rules, block, is_passdb, all->v24, &why) == -1) {
		emit_fail_at(all->emit, db->label, NULL, &why);
		return;
	}
	value = setting_value(block, "args");
	db->args = value == NULL ? "" : value;
	read_fields(all, db);
	say_unknown(all, db);
	if (db->driver == NULL || db->driver->open == NULL || db->rules.master)
		return;
	db->driver->open(all, db);
	set_scheme(all, db);
	/* The process that asks such a passdb never sees its default_fields.
	 * (src/auth/passdb-blocking.c.) */
	if (db->blocking && is_passdb && !all->v24)
		db->before = (struct pairs){ 0 };
}

static void
add_all(struct userdbs *all, const struct setting *in, const char *service)
{
	static const char *const keys[] = { "passdb", "userdb" };

	for (size_t i = 0; i < 2; i++) {
		const struct setting *s = NULL;

		while ((s = setting_block(in, keys[i], s)) != NULL)
			add(all, s, i == 0, service);
	}
}

/* Those of a protocol come before those of all. */
void
userdbs_open(struct userdbs *all)
{
	const struct setting *protocol = NULL, *top = &all->conf->top;

	while ((protocol = setting_block(top, "protocol", protocol)) != NULL)
		if (protocol->name != NULL)
			add_all(all, protocol, protocol->name);
	add_all(all, top, NULL);
}

void
userdbs_close(struct userdbs *all)
{
	for (size_t i = 0; i < all->n; i++)
		if (all->v[i].own != NULL && all->v[i].driver->close != NULL)
			all->v[i].driver->close(&all->v[i]);
	free(all->v);
	userdb_passwd_files_free(all);
	arena_free(&all->arena);
}
