/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "source/dovecot/logins.h"

#include <string.h>

#include "core/str.h"
#include "record/address.h"
#include "source/dovecot/mailbox.h"
#include "source/passwd/expand.h"

/* A name that is not simply a mailbox. */
struct pending {
	const char *listed; /* with its domain */
	const char *user;   /* as the server looks it up */
	struct outcome outcome;
	struct place at;
	struct pending *next;
};

/* Whether the server takes the name at all. (src/auth/auth-request.c.) */
static bool
is_name(const struct dovecot *d, const char *user)
{
	return d->name_chars == NULL ||
	       user[strspn(user, d->name_chars)] == '\0';
}

/* A name for a message: an address, which a password in the wrong place is
 * not. */
static const char *
shown(struct dovecot *d, const char *name)
{
	struct buf address = { 0 };
	const char *result = NULL;

	if (emit_address(name, false, &address, NULL) == 0 &&
	    strpbrk(name, " :{}$") == NULL)
		result = arena_adds(&d->asked, address.data);
	buf_free(&address);
	return result;
}

/* --- names without a mailbox --- */

static bool
asks_sql_or_ldap(const struct dovecot *d)
{
	for (size_t i = 0; i < d->dbs.n; i++) {
		const struct userdb *db = &d->dbs.v[i];

		if (!db->is_passdb && db->driver != NULL &&
		    db->driver->own_fields && !db->is_static)
			return true;
	}
	return false;
}

static bool
has_capitals(const char *s)
{
	while (*s != '\0' && !(*s >= 'A' && *s <= 'Z'))
		s++;
	return *s != '\0';
}

static void
report_unknown(struct dovecot *d, const char *listed, const char *user)
{
	const char *id = shown(d, listed);

	if (!is_name(d, user))
		emit_bad(d->emit, id,
		    "a listed name with letters that no login may have "
		    "(auth_username_chars): left out");
	else if (d->lists_passdb)
		emit_drop(d->emit, id,
		    "a login of a passdb without a mailbox: "
		    "no userdb has it");
	else if (has_capitals(listed) && !has_capitals(user))
		emit_bad(d->emit, id,
		    "a listed name that the server does not find, because of "
		    "its capitals (auth_username_format): left out");
	else if (asks_sql_or_ldap(d))
		emit_bad(d->emit, id,
		    "a listed name that the query of one user does not find "
		    "(switched off?): left out");
	else
		emit_bad(d->emit, id,
		    "a listed name that the server does not find, because "
		    "fields are missing or wrong: left out");
}

/* --- names that wait --- */

static void
wait_for_all(struct dovecot *d, const char *listed, const char *user,
    const struct outcome *o, struct place at)
{
	struct pending *p = arena_alloc(&d->arena, sizeof *p);

	p->listed = arena_adds(&d->arena, listed);
	p->user = arena_adds(&d->arena, user);
	p->at = at;
	if (at.name != NULL)
		p->at.name = arena_adds(&d->arena, at.name);
	outcome_copy(&p->outcome, o, &d->arena);
	*d->pending_tail = p;
	d->pending_tail = &p->next;
}

/* Whether no outcome of a name is the mailbox of that name. */
static bool
leads_elsewhere(const char *user, const struct outcome *o)
{
	while (o != NULL && !user_is_same(user, o->user))
		o = o->next;
	return o == NULL;
}

/* The address of a name. Where the name has no domain, and none is given, the
 * one that was listed is its address. NULL where there is none. Owned by the
 * arena. */
static const char *
own_address(struct dovecot *d, const char *user, const char *listed)
{
	const char *domain = d->options->domain;
	struct buf full = { 0 }, address = { 0 };
	const char *result = NULL;

	buf_adds(&full, user);
	if (strchr(user, '@') == NULL && domain != NULL) {
		buf_addf(&full, "@%s", domain);
	} else if (strchr(user, '@') == NULL) {
		buf_reset(&full);
		buf_adds(&full, listed);
	}
	if (emit_address(buf_str(&full), false, &address, NULL) == 0)
		result = arena_adds(&d->arena, address.data);
	buf_free(&full);
	buf_free(&address);
	return result;
}

/* The address of a mailbox that another name leads to. */
static const char *
address_of(struct dovecot *d, const char *user, const char *listed)
{
	void **value = map_get(&d->moved, user);

	return value != NULL ? *value : own_address(d, user, listed);
}

static bool
is_written(const struct dovecot *d, const char *address)
{
	return address != NULL && map_get(&d->emit->seen, address) != NULL;
}

/* Another name of a mailbox that is written. */
static void
add_name(struct dovecot *d, const struct pending *p, const char *address)
{
	struct record r = { 0 };
	struct buf name = { 0 };
	struct why why = { 0 };

	if (strchr(p->listed, '@') == NULL ||
	    emit_address(p->listed, false, &name, &why) == -1) {
		emit_drop(d->emit, address,
		    "another login name of an account, which is not carried");
	} else if (!is_written(d, name.data)) {
		record_reset(&r, REC_ALIAS);
		r.address = name.data;
		r.active = true;
		strs_add(&r.targets, address);
		if (emit_record(d->emit, &r) == 0)
			emit_note(d->emit, name.data,
			    "another name of a mailbox becomes an alias of it",
			    address);
	}
	record_free(&r);
	buf_free(&name);
}

/*
 * A login that opens a mailbox of another name. That name may itself, as a
 * login, open a third one: then the mailbox goes on under the name of this
 * login.
 */
static void
end_renamed(struct dovecot *d, struct pending *p)
{
	const char *user = p->outcome.user;
	const char *address = address_of(d, user, p->listed), *own;
	const char *at = strchr(p->listed, '@');

	if (address != NULL && map_get(&d->moved, user) == NULL &&
	    map_get(&d->leads, address) != NULL &&
	    (own = own_address(d, p->listed, p->listed)) != NULL) {
		if (is_written(d, own))
			emit_note(d->emit, own,
			    "a second mailbox of a login, whose address opens "
			    "another one, is not carried",
			    user);
		*map_put_copy(&d->moved, &d->arena, user, NULL) =
		    arena_adds(&d->arena, own);
		address = own;
	}
	if (is_written(d, address)) {
		if (strcmp(address, p->listed) != 0)
			add_name(d, p, address);
		return;
	}
	if (address == NULL)
		address = user;
	(void)dovecot_account(d, &p->outcome, address,
	    at == NULL ? NULL : at + 1,
	    strcmp(p->listed, address) == 0 ? NULL : p->listed);
	/* Mail still comes for the name that was listed. */
	if (at != NULL && is_written(d, address) &&
	    strcmp(p->listed, address) != 0)
		add_name(d, p, address);
}

/* Whether a passdb has answered for nobody at all: then its users log in with
 * other names than those that are listed. */
static struct userdb *
silent_passdb(const struct dovecot *d)
{
	for (size_t i = 0; i < d->chain.npassdbs; i++) {
		struct userdb *db = d->chain.passdbs[i].db;

		if (!db->rules.deny && db->renames && db->asked &&
		    !db->answered)
			return db;
	}
	return NULL;
}

/* Nobody knows whether somebody can log in, if the names that people log in
 * with are in no list. */
static void
doubt_locked(struct dovecot *d, struct pending *p)
{
	struct userdb *db = silent_passdb(d);

	if (db == NULL || p->outcome.secret != NULL)
		return;
	p->outcome.login = p->outcome.unsure = true;
	if (!db->said_silent)
		userdb_refused(&d->dbs, db,
		    "it has none of the listed names: people log in with "
		    "others, and their passwords are not carried");
	db->said_silent = true;
}

/* Somebody who cannot log in: a mailbox all the same, or another name of one,
 * as deliveries see it. */
static void
end_delivery(struct dovecot *d, struct pending *p)
{
	const char *user = p->outcome.receiver;
	const char *address = address_of(d, user, p->listed);
	const char *domain = address_domain(p->outcome.user);

	if (user_is_same(p->user, user)) {
		doubt_locked(d, p);
		if (!is_written(d, address))
			(void)dovecot_account(
			    d, &p->outcome, p->listed, domain, NULL);
		return;
	}
	if (!is_written(d, address)) {
		dovecot_listed(d, user, NULL);
		d->emit->at = p->at;
	}
	if (is_written(d, address))
		add_name(d, p, address);
	else
		(void)dovecot_account(d, &p->outcome, p->listed, domain, NULL);
}

void
dovecot_end_logins(struct dovecot *d)
{
	struct pending *all = d->pending;

	d->pending = NULL;
	d->pending_tail = &d->pending;
	for (struct pending *p = all; p != NULL && !userdbs_stop(&d->dbs);
	     p = p->next) {
		d->emit->at = p->at;
		arena_reset(&d->asked);
		if (p->outcome.login)
			end_renamed(d, p);
	}
	for (struct pending *p = all; p != NULL && !userdbs_stop(&d->dbs);
	     p = p->next) {
		d->emit->at = p->at;
		arena_reset(&d->asked);
		if (!p->outcome.login)
			end_delivery(d, p);
	}
	/* Names that came up on the way. */
	for (struct pending *p = d->pending;
	     p != NULL && !userdbs_stop(&d->dbs); p = p->next) {
		d->emit->at = p->at;
		arena_reset(&d->asked);
		if (!is_written(d, address_of(d, p->user, p->listed)))
			(void)dovecot_account(d, &p->outcome, p->listed,
			    address_domain(p->outcome.user), NULL);
	}
}

/* --- all names --- */

/* Whom no database lets in over IMAP it may over POP3, where one of them is asked
 * for the service. Whether it is so; o is the outcome then. */
static bool
follow_pop3(
    struct dovecot *d, const char *listed, const char *user, struct outcome *o)
{
	struct outcome other = { 0 };

	if (o->login || !d->dbs.by_service || userdbs_stop(&d->dbs))
		return false;
	d->dbs.service = "pop3";
	d->known = NULL;
	chain_follow(&d->chain, listed, user, &d->asked, &other);
	d->dbs.service = NULL;
	if (other.login)
		*o = other;
	return other.login;
}

static void
follow(struct dovecot *d, const char *listed, const char *user)
{
	struct place at = d->emit->at;
	struct outcome o;
	bool pop3;

	arena_reset(&d->asked);
	d->known = NULL;
	chain_follow(&d->chain, listed, user, &d->asked, &o);
	pop3 = follow_pop3(d, listed, user, &o);
	d->emit->at = at;
	if (userdbs_stop(&d->dbs))
		return; /* nobody knows what the rest would have said */
	if (!o.found || !is_name(d, user)) {
		report_unknown(d, listed, user);
		return;
	}
	if (pop3)
		emit_note(d->emit, shown(d, listed),
		    "logs in over POP3 and not over IMAP, which is not carried",
		    NULL);
	if (o.login && leads_elsewhere(user, &o))
		(void)map_put_copy(&d->leads, &d->arena, listed, NULL);
	for (const struct outcome *one = o.next; one != NULL; one = one->next)
		wait_for_all(d, listed, user, one, at);
	if (!o.login || !user_is_same(user, o.user))
		wait_for_all(d, listed, user, &o, at);
	else
		(void)dovecot_account(
		    d, &o, listed, address_domain(o.user), NULL);
}

/* A second address of a name that both are looked up by. */
static void
note_same_user(struct dovecot *d, const char *listed, const char *first)
{
	struct pending p = { .listed = listed, .at = d->emit->at };
	const char *address = address_of(d, first, listed);

	if (strcmp(listed, first) == 0 || strchr(listed, '@') == NULL)
		return;
	if (is_written(d, address))
		add_name(d, &p, address);
	else
		emit_bad(d->emit, shown(d, listed),
		    "auth_username_format makes one user of several listed "
		    "names: only the first is an account");
}

void
dovecot_listed(void *ctx, const char *name, const char *domain)
{
	struct dovecot *d = ctx;
	struct buf full = { 0 }, user = { 0 };
	struct expansion x = { 0 };
	void **value;
	bool added;

	buf_adds(&full, name);
	if (strchr(name, '@') == NULL && domain == NULL)
		domain = d->realm;
	if (strchr(name, '@') == NULL && domain != NULL)
		buf_addf(&full, "@%s", domain);
	x.user = buf_str(&full);
	if (!expansion_put(&x, d->name_format, &user)) {
		userdb_fatal(&d->dbs, "auth_username_format",
		    "a variable that the user's name does not decide");
	} else {
		value =
		    map_put_copy(&d->done, &d->arena, buf_str(&user), &added);
		if (added) {
			*value = arena_adds(&d->arena, buf_str(&full));
			follow(d, buf_str(&full), buf_str(&user));
		} else {
			note_same_user(d, buf_str(&full), *value);
		}
	}
	buf_free(&full);
	buf_free(&user);
}
