/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "source/dovecot/mailbox.h"

#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/str.h"
#include "record/address.h"
#include "source/passwd/extra-fields.h"

static const char *
first(const char *a, const char *b)
{
	return a != NULL && *a != '\0' ? a : b;
}

/* --- settings of the whole server --- */

static bool
has_word(const char *words, const char *word)
{
	size_t len = strlen(word), n;

	for (; (n = str_word(&words, " ,\"")) != 0; words += n)
		if (n == len && strncmp(words, word, len) == 0)
			return true;
	return false;
}

static void
set_one(struct dovecot *d, struct extra *x, const char *key, const char *value)
{
	struct buf full = { 0 };

	buf_addf(&full, "userdb_%s", key);
	extra_set(x, arena_adds(&d->asked, buf_str(&full)),
	    arena_adds(&d->asked, value));
	buf_free(&full);
}

/* Whether a list of plugins, of 2.3 or 2.4, has the one that limits. */
static bool
has_quota_plugin(const struct setting *in)
{
	const struct setting *block = NULL;
	const char *words = setting_value(in, "mail_plugins");

	if (words != NULL && has_word(words, "quota"))
		return true;
	while ((block = setting_block(in, "mail_plugins", block)) != NULL)
		if (setting_is_yes(setting_value(block, "quota")))
			return true;
	return false;
}

/* Whether a plugin block of 2.3, or what a userdb gives in its place, has a root. */
static bool
has_root(const char *value)
{
	return value != NULL && *value != '\0';
}

/* Whether there is a quota root, without which no rule limits anybody: one of the
 * user, otherwise one of all or of a protocol. (In 2.4 a limit is in the block that
 * is one.) */
static bool
has_own_root(const struct dovecot *d, const struct pairs *own)
{
	const struct setting *protocol = NULL, *top = &d->conf.top;
	const struct setting *plugin = setting_block(top, "plugin", NULL);
	const char *quota = pairs_get(own, "quota");

	if (d->dbs.v24 || quota != NULL)
		return d->dbs.v24 || has_root(quota);
	if (plugin != NULL && has_root(setting_value(plugin, "quota")))
		return true;
	while ((protocol = setting_block(top, "protocol", protocol)) != NULL) {
		plugin = setting_block(protocol, "plugin", NULL);
		if (plugin != NULL && has_root(setting_value(plugin, "quota")))
			return true;
	}
	return false;
}

static bool
is_rooted(const struct dovecot *d, const struct outcome *o)
{
	return has_own_root(d, &o->reply) ||
	       (o->delivers && has_own_root(d, &o->delivery));
}

/* Whether the plugin is on: a user's own list takes the place of the others, which
 * may have it for some protocols only. */
static bool
has_own_plugin(const struct dovecot *d, const struct pairs *own)
{
	const struct setting *protocol = NULL, *top = &d->conf.top;
	const char *words = pairs_get(own, "mail_plugins");

	if (words != NULL)
		return has_word(words, "quota");
	if (has_quota_plugin(top))
		return true;
	while ((protocol = setting_block(top, "protocol", protocol)) != NULL)
		if (has_quota_plugin(protocol))
			return true;
	return false;
}

static bool
limits(const struct dovecot *d, const struct outcome *o)
{
	return has_own_plugin(d, &o->reply) ||
	       (o->delivers && has_own_plugin(d, &o->delivery));
}

/* The first of a user's quotas; NULL where there is none. */
static const char *
quota_of(const struct dovecot *d, const struct pairs *reply)
{
	const char *key = d->dbs.v24 ? "quota_storage_size" : "quota_rule";

	for (size_t i = 0; i < reply->n; i++)
		if (str_starts(reply->v[i].key, key))
			return reply->v[i].value;
	return NULL;
}

/* Quotas that hold where a userdb says nothing. */
static void
set_global_quota(struct dovecot *d, const struct outcome *o, struct extra *x)
{
	const struct setting *top = &d->conf.top, *plugin;
	const char *value;

	if (d->dbs.v24) {
		value = setting_value(top, "quota_storage_size");
		if (value != NULL)
			set_one(d, x, "quota_storage_size", value);
		return;
	}
	plugin = setting_block(top, "plugin", NULL);
	if (plugin == NULL || !is_rooted(d, o))
		return;
	for (const struct setting *s = plugin->child; s != NULL; s = s->next)
		if (s->value != NULL && str_starts(s->key, "quota_rule"))
			set_one(d, x, s->key, s->value);
}

/* Where mail is delivered, if that is another mailbox than a login opens; NULL
 * otherwise. */
static const char *
other_home(const struct outcome *o)
{
	const char *read = pairs_get(&o->reply, "home");
	const char *written = pairs_get(&o->delivery, "home");

	return read != NULL && written != NULL && strcmp(read, written) != 0
		   ? written
		   : NULL;
}

/* Whether mail is delivered into the mailbox that a login opens. What has no home
 * in one of the two has that of all users, if there is one. */
static bool
has_same_home(const struct dovecot *d, const struct outcome *o)
{
	const char *general = setting_value(&d->conf.top, "mail_home");
	bool read = pairs_get(&o->reply, "home") != NULL;
	bool written = pairs_get(&o->delivery, "home") != NULL;

	if (read != written && (general == NULL || *general == '\0'))
		return false;
	return other_home(o) == NULL;
}

/* A limit that deliveries alone know, because a login was answered before that
 * userdb was asked, is one all the same: mail is refused. */
static void
set_delivery_quota(struct dovecot *d, const struct outcome *o, struct extra *x)
{
	const struct pairs *reply = &o->delivery;

	if (!o->delivers || quota_of(d, &o->reply) != NULL ||
	    !has_same_home(d, o) || !user_is_same(o->receiver, o->user))
		return;
	for (size_t i = 0; i < reply->n; i++)
		if (str_starts(reply->v[i].key,
			d->dbs.v24 ? "quota_storage_" : "quota_rule"))
			set_one(d, x, reply->v[i].key, reply->v[i].value);
}

/* A size in the block of a quota (2.4) holds for everybody: a userdb's
 * quota_storage_size is that of the whole configuration, which the block
 * beats. */
static void
set_block_quota(struct dovecot *d, struct extra *x)
{
	const struct setting *quota =
	    setting_block(&d->conf.top, "quota", NULL);
	const char *value = NULL;

	if (d->dbs.v24 && quota != NULL) {
		value = setting_value(quota, "quota_storage_size");
		if (value == NULL)
			value = setting_value(quota, "storage_size");
	}
	if (value != NULL)
		set_one(d, x, "quota_storage_size", value);
}

static void
drop_quota(struct dovecot *d, const struct outcome *o, struct extra *x)
{
	const bool on = limits(d, o);

	if (x->quota <= 0 || (on && is_rooted(d, o)))
		return;
	x->quota = -1;
	emit_note(d->emit, o->user,
	    on ? "a quota that limits nobody, because the plugin has no quota "
		 "root, is not carried"
	       : "a quota that limits nobody, because mail_plugins has no "
		 "quota, is not carried",
	    NULL);
}

/* Where the mail of all users is. */
static void
set_global_places(struct dovecot *d, const struct fields *f, struct extra *x)
{
	const struct setting *top = &d->conf.top;

	if (f->home == NULL)
		x->home = first(setting_value(top, "mail_home"), NULL);
	if (f->uid == NULL)
		x->uid = first(setting_value(top, "mail_uid"), NULL);
	if (f->gid == NULL)
		x->gid = first(setting_value(top, "mail_gid"), NULL);
	if (x->mail != NULL)
		return;
	if (!d->dbs.v24) {
		x->mail = first(setting_value(top, "mail_location"), NULL);
		return;
	}
	if (x->mail_path == NULL)
		x->mail_path = first(setting_value(top, "mail_path"), NULL);
	if (x->mail_driver == NULL)
		x->mail_driver = first(setting_value(top, "mail_driver"), NULL);
}

/* --- fields --- */

/* Fields of a passdb that the chain has made use of, or that say nothing of the
 * mailbox. */
static bool
is_used(const char *key)
{
	static const char *const keys[] = { "delay_until", "domain", "fail",
		"noauthenticate", "nodelay", "nologin", "nopassword",
		"original_user", "password", "reason", "user", "username" };

	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
		if (strcmp(keys[i], key) == 0)
			return true;
	return str_starts(key, "userdb_");
}

/* What the userdbs have set. Each release knows quotas by another name, and
 * ignores the other. */
static void
read_reply(struct dovecot *d, const struct pairs *reply, struct fields *f,
    struct extra *x)
{
	for (size_t i = 0; i < reply->n; i++) {
		const char *key = reply->v[i].key;
		char *value = arena_adds(&d->asked, reply->v[i].value);

		if (str_starts(
			key, d->dbs.v24 ? "quota_rule" : "quota_storage_"))
			continue;
		if (*value != '\0' && strcmp(key, "uid") == 0)
			f->uid = value;
		else if (*value != '\0' && strcmp(key, "gid") == 0)
			f->gid = value;
		else if (*value != '\0' && strcmp(key, "home") == 0)
			f->home = value;
		else
			set_one(d, x, key, value);
	}
}

static void
read_extra(struct dovecot *d, const struct pairs *extra, struct extra *x)
{
	for (size_t i = 0; i < extra->n; i++)
		if (!is_used(extra->v[i].key))
			extra_set(x, arena_adds(&d->asked, extra->v[i].key),
			    extra->v[i].value);
}

/* --- what is worth knowing --- */

/* 2.4 can take a hash without a scheme for the password itself: then its owner
 * cannot log in, which the administrator will hardly have meant. */
static void
check_bare_hash(struct dovecot *d, const struct outcome *o)
{
	const struct answer *a = o->secret;

	if (a == NULL || a->secret == NULL || a->scheme == NULL ||
	    strcmp(a->scheme, "PLAIN") != 0 || *a->secret != '$' ||
	    strchr(a->secret + 1, '$') == NULL)
		return;
	emit_bad(d->emit, o->user,
	    "a password without a scheme looks like a hash, and this server "
	    "takes it for the password itself: see --default-scheme");
}

static void
note_login(struct dovecot *d, const struct outcome *o)
{
	struct emit *e = d->emit;

	if (o->unsure)
		emit_note(e, o->user,
		    "the password is in a database that cannot be read: the "
		    "account is active, without a password",
		    NULL);
	if (o->another)
		emit_note(e, o->user,
		    "another password lets the user in, too: only the first "
		    "is carried",
		    NULL);
	if (o->maybe_another)
		emit_note(e, o->user,
		    "a database that cannot be read may hold another password "
		    "of the user, which is not carried",
		    NULL);
	if (o->elsewhere)
		emit_note(e, o->user,
		    "a login over POP3 opens another mailbox than one over "
		    "IMAP, which is the one that is carried",
		    NULL);
	if (o->mechanism != NULL)
		emit_note(e, o->user,
		    "no login with a clear password is allowed", o->mechanism);
	if (o->found_unsure)
		emit_note(e, o->user,
		    "the mailbox is in a userdb that cannot be read: its "
		    "place and its quota are not carried",
		    NULL);
}

/* A login may open another mailbox than a delivery fills. */
static void
note_delivery(struct dovecot *d, const struct outcome *o)
{
	const char *limit = quota_of(d, &o->reply);
	const char *other = quota_of(d, &o->delivery);
	const char *home = other_home(o);

	if (d->delivers && o->refuses)
		emit_note(d->emit, o->user,
		    "a mailbox that gets no mail: a delivery finds no such "
		    "user",
		    d->chain.delivery);
	if (!o->login || !o->delivers)
		return;
	if (limit != NULL && other != NULL && strcmp(limit, other) != 0)
		emit_note(d->emit, o->user,
		    "a delivery has another quota than a login, which is the "
		    "one that is carried",
		    other);
	if (home != NULL)
		emit_note(d->emit, o->user,
		    "mail is delivered to another home than a login opens, "
		    "which is the one that is carried",
		    home);
}

/* Accounts that share the place of their mail are as many mailboxes on the new
 * server. */
static void
note_shared(struct dovecot *d)
{
	const struct record *r = &d->account.r;
	const char *mail = r->mail == NULL ? "" : r->mail;
	bool in_home = strchr(mail, '/') == NULL || strpbrk(mail, "~%") != NULL;
	struct buf key = { 0 };
	void **owner;
	bool added;

	if (!r->active || (in_home && r->home == NULL))
		return;
	buf_addf(&key, "%s\n%s", in_home ? r->home : "", mail);
	owner = map_put_copy(&d->places, &d->arena, key.data, &added);
	buf_reset(&key);
	if (added) {
		*owner = arena_adds(&d->arena, r->address);
	} else {
		buf_addf(&key,
		    "opens the mailbox of %s: on the new server it is one of "
		    "its own",
		    (const char *)*owner);
		emit_note_record(d->emit, r->address, key.data);
		emit_note(d->emit, r->address,
		    "an account that opens the mailbox of another becomes one "
		    "of its own",
		    *owner);
	}
	buf_free(&key);
}

bool
dovecot_account(struct dovecot *d, const struct outcome *o, const char *name,
    const char *domain, const char *login)
{
	struct fields f = { .quota = -1 };
	struct extra x;
	bool written;

	extra_init(&x);
	x.rules_end = true;
	set_global_quota(d, o, &x);
	read_reply(d, &o->reply, &f, &x);
	set_delivery_quota(d, o, &x);
	set_block_quota(d, &x);
	drop_quota(d, o, &x);
	read_extra(d, &o->extra, &x);
	set_global_places(d, &f, &x);
	f.name = arena_adds(&d->asked, name);
	f.login = login == NULL ? NULL : arena_adds(&d->asked, login);
	f.logins = o->logins;
	f.gecos = o->gecos == NULL ? NULL : arena_adds(&d->asked, o->gecos);
	if (o->secret != NULL)
		f.secret = arena_adds(&d->asked, o->secret->secret);
	f.locked = !o->login;
	f.disabled = o->disabled;
	f.refuses = d->delivers && o->refuses;
	x.nopassword = o->login;
	check_bare_hash(d, o);
	d->account.default_scheme =
	    o->secret == NULL || o->secret->scheme == NULL ? ""
							   : o->secret->scheme;
	if (strchr(name, '@') == NULL && domain != NULL)
		d->account.naming.domain = domain;
	written = account_emit_extra(&d->account, &f, &x);
	d->account.naming.domain = d->options->domain;
	if (written) {
		note_login(d, o);
		note_delivery(d, o);
		note_shared(d);
	}
	return written;
}
