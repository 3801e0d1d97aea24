/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "source/dovecot/dovecot.h"

#include <stdlib.h>
#include <string.h>

#include "source/doveconf-ask.h"
#include "source/dovecot/chain-links.h"
#include "source/dovecot/logins.h"
#include "source/dovecot/names.h"
#include "source/dovecot/services.h"

enum {
	CONFIG_MAX = 64 << 20
};

/* Which letters a login may have, unless the configuration says it.
 * (src/auth/auth-settings.c.) */
static const char default_chars[] = "abcdefghijklmnopqrstuvwxyz"
				    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_@";

/* --- the configuration --- */

/* Reads what doveconf says: of a saved text, or of the configuration. */
static int
read_text(struct dovecot *d, struct buf *text, struct why *why)
{
	static const char *const changed[] = { "-n", "-P", NULL };
	const char *config = d->options->config;

	if (doveconf_ask(config, changed, text, &d->dbs.saved, why) == -1)
		return -1;
	if (!d->dbs.saved)
		d->dbs.conf_file = config;
	return 0;
}

/* The value that "doveconf" prints for a password without -P. */
static bool
is_hidden(const struct setting *block)
{
	for (const struct setting *s = block->child; s != NULL; s = s->next)
		if (s->value == NULL ? is_hidden(s)
				     : strncmp(s->value, "# hidden", 8) == 0)
			return true;
	return false;
}

/* Puts the blocks of one kind of a full text in the place of those of a text
 * with -n. */
static void
replace_blocks(struct dovecot *d, const char *key)
{
	const struct setting *full = NULL;

	for (struct setting *s = d->conf.top.child; s != NULL; s = s->next) {
		if (s->value != NULL || strcmp(s->key, key) != 0)
			continue;
		full = setting_block(&d->full.top, key, full);
		if (full == NULL)
			return;
		s->child = full->child;
	}
}

/* doveconf -n of 2.3 leaves "result_success = return" out, because the text of
 * the default begins with it. */
static void
read_full(struct dovecot *d)
{
	static const char *const full[] = { "-P", "passdb", "userdb", NULL };
	struct buf text = { .max = CONFIG_MAX };

	if (d->dbs.saved || doveconf_since(&d->conf, 2, 4, 0))
		return;
	buf_adds(&text, "dovecot_config_version = 2.3.0\n");
	if (doveconf_run(d->dbs.conf_file, full, &text, NULL) == 0 &&
	    doveconf_read(&d->full, &text, NULL) == 0) {
		replace_blocks(d, "passdb");
		replace_blocks(d, "userdb");
	}
	buf_wipe(&text);
}

static int
read_config(struct dovecot *d, struct why *why)
{
	struct buf text = { .max = CONFIG_MAX };
	int r = read_text(d, &text, why);

	if (r == 0)
		r = doveconf_read(&d->conf, &text, why);
	buf_wipe(&text);
	if (r == 0 && is_hidden(&d->conf.top))
		r = why_set(why, FAIL_FATAL,
		    "a password is hidden in this text: save what "
		    "\"doveconf -nP\" prints, as root");
	if (r == 0)
		read_full(d);
	return r;
}

/* --- all users --- */

static const char *
first(const char *a, const char *b)
{
	return a != NULL && *a != '\0' ? a : b;
}

/* Whether a database is asked for names. */
static bool
can_list(const struct userdb *db)
{
	return db->driver != NULL && db->driver->list != NULL &&
	       !db->rules.deny && !db->rules.master;
}

/* Names what a dump cannot show. */
static void
say_unlisted(struct dovecot *d)
{
	struct buf text = { 0 };

	for (size_t i = 0; i < d->dbs.n; i++) {
		const struct userdb *db = &d->dbs.v[i];
		bool is_system = strcmp(db->name, "pam") == 0 ||
				 strcmp(db->name, "shadow") == 0 ||
				 strcmp(db->name, "passwd") == 0 ||
				 strcmp(db->name, "bsdauth") == 0;

		if (db->rules.master ||
		    (db->driver != NULL && (!is_system || db->is_passdb)))
			continue;
		buf_reset(&text);
		buf_addf(&text, "the driver \"%s\" cannot be listed: %s%s",
		    db->name,
		    !db->is_passdb
			? "users whom nothing else lists are left out"
		    : db->rules.deny
			? "users whom it denies stay active"
			: "the passwords in it are not carried, and its users "
			  "stay active",
		    is_system ? " (dirdump shadow lists the users of a system)"
			      : "");
		userdb_refused(&d->dbs, db, text.data);
	}
	buf_free(&text);
}

/* Databases in the block of another protocol than those that are followed. What
 * checks logins for a mail server asks no userdb. */
static void
say_protocols(struct dovecot *d)
{
	struct buf text = { 0 };

	for (size_t i = 0; i < d->dbs.n; i++) {
		const struct userdb *db = &d->dbs.v[i];

		if (services_ask(d, db) || db->rules.master)
			continue;
		buf_reset(&text);
		buf_addf(&text,
		    "only logins over IMAP, POP3, SMTP and ManageSieve and "
		    "deliveries by %s are followed: what this database "
		    "changes is not carried",
		    d->chain.delivery);
		userdb_refused(&d->dbs, db, text.data);
	}
	buf_free(&text);
}

/* Names in which people type other letters are as good: nobody can list them. */
static void
say_translation(struct dovecot *d)
{
	if (d->translation != NULL)
		emit_note_record(d->emit, "auth_username_translation",
		    "a login with other letters is taken, too, and is not "
		    "carried");
}

/* The userdb that has the same list of names; NULL where there is none. */
static const struct userdb *
twin_of(const struct dovecot *d, const struct userdb *passdb)
{
	for (size_t i = 0; i < d->dbs.n; i++) {
		const struct userdb *db = &d->dbs.v[i];

		if (!db->is_passdb && db->driver == passdb->driver &&
		    *db->args != '\0' && strcmp(db->args, passdb->args) == 0)
			return db;
	}
	return NULL;
}

/* Whether a userdb takes users whom it does not have. */
static bool
takes_others(const struct rules *r)
{
	return r->failure == RULE_RETURN_OK || r->failure == RULE_CONTINUE_OK;
}

/* Lists the userdbs; whether that are all users. *open: a mailbox is there for
 * everybody, also for those whom no passdb has. */
static bool
list_userdbs(struct dovecot *d, bool *open)
{
	bool all = true, any = false;

	for (size_t i = 0; i < d->dbs.n && !userdbs_stop(&d->dbs); i++) {
		struct userdb *db = &d->dbs.v[i];

		if (db->is_passdb)
			continue;
		any = true;
		db->listed = can_list(db) && db->driver->list(&d->dbs, db, true,
						 dovecot_listed, d);
		all &= db->listed && !takes_others(&db->rules);
		*open |= db->is_static && dovecot_allows_all(&d->dbs, db);
	}
	return any && all;
}

/* Lists the passdbs: needed where they are the only ones to know some user,
 * otherwise for the other names that somebody may log in with. Whether all are
 * listed. */
static bool
list_passdbs(struct dovecot *d, bool needed)
{
	bool all = true;

	d->lists_passdb = true;
	for (size_t i = 0; i < d->dbs.n && !userdbs_stop(&d->dbs); i++) {
		struct userdb *db = &d->dbs.v[i];
		const struct userdb *twin;

		if (!db->is_passdb || db->rules.deny || db->rules.master)
			continue;
		twin = twin_of(d, db);
		/* As a userdb a passwd-file does not list the names that have
		 * nothing but a password. */
		if (twin != NULL)
			all &= twin->listed && db->driver->list(&d->dbs, db,
						   false, dovecot_listed, d);
		else if (!can_list(db) || !db->driver->list(&d->dbs, db, needed,
					      dovecot_listed, d))
			all = false;
	}
	d->lists_passdb = false;
	return all;
}

/* Users whom a static userdb knows are in no list of a userdb. Where a list is
 * not needed, a name without a mailbox is not worth a word. */
static void
list_all(struct dovecot *d)
{
	bool all, open = false;

	dovecot_begin_names(d);
	all = list_userdbs(d, &open);
	if (userdbs_stop(&d->dbs))
		return;
	all |= list_passdbs(d, !all) && !open;
	if (!userdbs_stop(&d->dbs))
		dovecot_end_names(d, all);
}

static void
dump(struct dovecot *d)
{
	const struct dovecot_options *o = d->options;
	const struct setting *top = &d->conf.top;
	const char *format = setting_value(top, "auth_username_format");
	const char *chars = setting_value(top, "auth_username_chars");

	d->dbs.conf = &d->conf;
	d->dbs.at = d->emit->at;
	d->dbs.default_scheme = o->default_scheme;
	d->dbs.v24 = doveconf_since(&d->conf, 2, 4, 0);
	d->name_format = format == NULL ? "%Lu" : first(format, "%u");
	d->name_chars = chars == NULL ? default_chars : first(chars, NULL);
	d->translation =
	    first(setting_value(top, "auth_username_translation"), NULL);
	d->realm = first(setting_value(top, d->dbs.v24 ? "auth_default_domain"
						       : "auth_default_realm"),
	    NULL);
	userdbs_open(&d->dbs);
	if (userdbs_stop(&d->dbs))
		return;
	if (d->dbs.n == 0)
		userdb_fatal(&d->dbs, NULL,
		    "the configuration has no passdb and no userdb");
	services_delivery(d);
	dovecot_link(d);
	d->chain.nopassword_wins = d->dbs.v24;
	d->chain.mechanisms = setting_value(top, "auth_mechanisms");
	services_link(d);
	say_unlisted(d);
	say_protocols(d);
	say_translation(d);
	list_all(d);
	dovecot_end_logins(d);
}

void
dovecot_read(
    struct emit *e, const struct dovecot_options *o, struct aliases *aliases)
{
	struct dovecot d = { .emit = e, .options = o, .dbs = { .emit = e } };
	struct why why = { 0 };

	d.pending_tail = &d.pending;
	d.again_tail = &d.again;
	d.seconds_tail = &d.seconds;
	d.apart_tail = &d.apart;
	d.shared_tail = &d.shared;
	d.account.emit = e;
	d.account.aliases = aliases;
	d.account.judge = o->judge;
	d.account.judge_ctx = o->names_ctx;
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
	map_free(&d.places);
	map_free(&d.leads);
	map_free(&d.moved);
	map_free(&d.opened);
	map_free(&d.others);
	map_free(&d.bare_names);
	map_free(&d.waiting);
	free(d.links);
	arena_free(&d.asked);
	doveconf_free(&d.full);
	doveconf_free(&d.conf);
	arena_free(&d.arena);
}
