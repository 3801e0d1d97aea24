/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "source/dovecot/mailbox.h"

#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/str.h"
#include "record/address.h"
#include "source/dovecot/quota-limit.h"
#include "source/passwd/expand.h"
#include "source/passwd/extra-fields.h"

static const char *
first(const char *a, const char *b)
{
	return a != NULL && *a != '\0' ? a : b;
}

/* --- settings of the whole server --- */

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

bool
dovecot_same_home(const struct dovecot *d, const struct outcome *o)
{
	const char *general = setting_value(&d->conf.top, "mail_home");
	bool read = pairs_get(&o->reply, "home") != NULL;
	bool written = pairs_get(&o->delivery, "home") != NULL;

	if (read != written && (general == NULL || *general == '\0'))
		return false;
	return other_home(o) == NULL;
}

/* Appends a path with the variables of a user; "%h" stands for the home. */
static bool
put_path(const char *text, const char *user, struct buf *out)
{
	struct buf without = { 0 };
	bool good;

	for (; *text != '\0'; text++) {
		size_t len = str_starts(text, "%h")        ? strlen("%h")
			     : str_starts(text, "%{home}") ? strlen("%{home}")
							   : 0;

		buf_addc(&without, len == 0 ? *text : '~');
		text += len == 0 ? 0 : len - 1;
	}
	good = expand_user(buf_str(&without), user, out);
	buf_free(&without);
	return good;
}

static const char *
field(const struct dovecot *d, const struct pairs *fields, const char *key,
    const char *general)
{
	return first(pairs_get(fields, key),
	    first(setting_value(&d->conf.top, general), NULL));
}

/* Appends where the mail of a user is; false where that is not known. */
static bool
put_place(const struct dovecot *d, const char *user, const struct pairs *fields,
    struct buf *out)
{
	const char *home = field(d, fields, "home", "mail_home");
	const char *mail = d->dbs.v24
			       ? field(d, fields, "mail_path", "mail_path")
			       : field(d, fields, "mail", "mail_location");
	size_t start;

	if (d->dbs.v24 && pairs_get(fields, "mail") != NULL)
		mail = pairs_get(fields, "mail");
	if (mail != NULL && !put_path(mail, user, out))
		return false;
	start = out->len;
	if (mail != NULL && strchr(mail, '/') != NULL &&
	    memchr(out->data, '~', out->len) == NULL)
		return true;
	buf_addc(out, '\n');
	return home != NULL && put_path(home, user, out) &&
	       out->len > start + 1;
}

bool
dovecot_same_place(const struct dovecot *d, const char *one,
    const struct pairs *of_one, const char *other, const struct pairs *of_other)
{
	struct buf a = { 0 }, b = { 0 };
	bool same = put_place(d, one, of_one, &a) &&
		    put_place(d, other, of_other, &b) &&
		    strcmp(buf_str(&a), buf_str(&b)) == 0;

	buf_free(&a);
	buf_free(&b);
	return same;
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
 * ignores the other; those of 2.4 are dovecot_limit's. */
static void
read_reply(struct dovecot *d, const struct pairs *reply, struct fields *f,
    struct extra *x)
{
	for (size_t i = 0; i < reply->n; i++) {
		const char *key = reply->v[i].key;
		char *value = arena_adds(&d->asked, reply->v[i].value);

		if (str_starts(key, d->dbs.v24 ? "quota_" : "quota_storage_"))
			continue;
		if (*value != '\0' && strcmp(key, "uid") == 0)
			f->uid = value;
		else if (*value != '\0' && strcmp(key, "gid") == 0)
			f->gid = value;
		else if (*value != '\0' && strcmp(key, "home") == 0)
			f->home = value;
		else
			dovecot_set(d, x, key, value);
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
		emit_note_behind(e, d->account.r.address,
		    "another password lets the user in, too: only one is "
		    "carried",
		    NULL);
	if (o->maybe_another)
		emit_note_behind(e, d->account.r.address,
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
	const char *limit = dovecot_quota(d, &o->reply);
	const char *other = dovecot_quota(d, &o->delivery);
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
	dovecot_quota_of_all(d, o, &x);
	read_reply(d, &o->reply, &f, &x);
	dovecot_limit(d, o, &x);
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
