/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "source/dovecot/logins.h"

#include <stdlib.h>
#include <string.h>

#include "core/str.h"
#include "record/address.h"
#include "source/alias-ask.h"
#include "source/dovecot/mailbox.h"
#include "source/dovecot/names.h"
#include "source/dovecot/second-names.h"
#include "source/dovecot/services.h"
#include "source/passwd/expand.h"

/* A name that is not simply a mailbox. */
struct pending {
	const char *listed; /* with its domain */
	const char *user;   /* as the server looks it up */
	const char *login;  /* the name without its domain, or NULL */
	struct outcome outcome;
	struct place at;
	struct pending *next;
};

/* A name of a user who was followed under another one. */
struct again {
	const char *listed, *first;
	struct place at;
	struct again *next;
};

/* What databases have said is forgotten. */
static void
begin(struct dovecot *d)
{
	arena_reset(&d->asked);
	d->known = NULL;
	d->dbs.several = false;
}

/* --- names that wait --- */

/* login: as take has it. */
static void
wait_for_all(struct dovecot *d, const char *listed, const char *user,
    const struct outcome *o, struct place at, const char *login)
{
	struct pending *p = arena_alloc(&d->arena, sizeof *p);

	p->listed = arena_adds(&d->arena, listed);
	p->user = arena_adds(&d->arena, user);
	p->login = login == NULL ? NULL : arena_adds(&d->arena, login);
	p->at = emit_kept(&d->arena, at);
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

const char *
dovecot_address_of(struct dovecot *d, const char *user, const char *listed)
{
	void **value = map_get(&d->moved, user);

	return value != NULL ? *value : own_address(d, user, listed);
}

static bool
is_written(const struct dovecot *d, const char *address)
{
	return address != NULL && map_get(&d->emit->seen, address) != NULL;
}

/* A login that no other record can have. */
static void
drop_login(struct dovecot *d, const char *login, const char *address)
{
	if (login != NULL)
		emit_drop(d->emit, address,
		    "another login name of an account, which is not carried");
}

void
dovecot_add_name(struct dovecot *d, const char *listed, const char *address)
{
	struct aliases *aliases = d->account.aliases;
	struct record r = { 0 };
	struct buf name = { 0 };
	struct why why = { 0 };

	if (strchr(listed, '@') == NULL ||
	    emit_address(listed, false, &name, &why) == -1) {
		drop_login(d, listed, address);
	} else if (!is_written(d, name.data) &&
		   (aliases == NULL ||
		       !alias_lead_on(aliases, d->emit, name.data, address))) {
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

/* --- passwords of other names --- */

static bool
is_same_password(const struct outcome *a, const struct outcome *b)
{
	if (a->any_password || b->any_password)
		return a->any_password && b->any_password;
	return answer_same_secret(a->secret, b->secret);
}

void
dovecot_say_password(struct dovecot *d, const char *name,
    const struct outcome *mailbox, const struct outcome *o, const char *address)
{
	const char *id = dovecot_shown(d, name);

	if (mailbox->login && !is_same_password(mailbox, o))
		emit_note_behind(d->emit, id == NULL ? address : id,
		    "a login name of a mailbox has a password of its own, "
		    "which is not carried",
		    id == NULL ? name : address);
}

/* The same of a name that waited. */
static void
say_password(struct dovecot *d, const struct pending *p, const char *address)
{
	void **opened = map_get(&d->opened, address);
	const char *name = p->outcome.user, *user = dovecot_user_of(d, name);
	struct outcome own = { 0 };

	if (opened == NULL && user != NULL)
		dovecot_follow(d, name, user, &own);
	dovecot_say_password(d, p->listed, opened == NULL ? &own : *opened,
	    &p->outcome, address);
}

/* --- names that wait, at the end --- */

/* Whether no mail comes for a login, nor for the name of the mailbox that it opens,
 * which nobody has listed. */
static bool
refuses_both(struct dovecot *d, const struct pending *p, const char *name)
{
	const char *user = dovecot_user_of(d, name);
	struct outcome own = { 0 };

	if (!p->outcome.nobody || user == NULL || strcmp(name, p->listed) == 0)
		return p->outcome.nobody;
	chain_follow(&d->chain, name, user, &d->asked, &own);
	return own.nobody;
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
	const char *address = dovecot_address_of(d, user, p->listed), *own;
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
		if (strcmp(address, p->listed) != 0) {
			dovecot_add_name(d, p->listed, address);
			drop_login(d, p->login, address);
			say_password(d, p, address);
		}
		return;
	}
	if (address == NULL)
		address = user;
	p->outcome.refuses = refuses_both(d, p, address);
	(void)dovecot_account(d, &p->outcome, address,
	    at == NULL ? NULL : at + 1,
	    strcmp(p->listed, address) == 0 ? p->login : p->listed);
	*map_put_copy(&d->opened, &d->arena, address, NULL) = &p->outcome;
	/* Mail still comes for the name that was listed. */
	if (at != NULL && is_written(d, address) &&
	    strcmp(p->listed, address) != 0) {
		dovecot_add_name(d, p->listed, address);
		drop_login(d, p->login, address);
	}
}

/* Whether a passdb may know listed users by names that nothing lists: it has
 * answered for nobody, or has made other names of those that it knows. *some: only
 * of some. */
static struct userdb *
silent_passdb(const struct dovecot *d, bool *some)
{
	struct userdb *found = NULL;

	for (size_t i = 0; i < d->chain.npassdbs; i++) {
		struct userdb *db = d->chain.passdbs[i].db;

		if (db == NULL || db->rules.deny || !db->renames || !db->asked)
			continue;
		*some = db->has_kept;
		if (!db->answered ||
		    (db->has_renamed && !db->has_kept && !db->told))
			return db;
		if (db->has_renamed && !db->told)
			found = db;
	}
	*some = true;
	return found;
}

/* Nobody knows whether somebody can log in, if the names that people log in
 * with are in no list. */
static void
doubt_locked(struct dovecot *d, struct pending *p, const char *address)
{
	bool some;
	struct userdb *db = silent_passdb(d, &some);

	if (db == NULL || p->outcome.secret != NULL)
		return;
	if (some) {
		if (!p->outcome.locked && address != NULL)
			emit_note_behind(d->emit, address,
			    "not active, because no passdb has the name: some "
			    "people log in with another one that nothing lists",
			    NULL);
		return;
	}
	p->outcome.login = p->outcome.unsure = true;
	if (!db->said_silent)
		userdb_refused(&d->dbs, db,
		    db->answered
			? "it has not all of the listed names: people log in "
			  "with others, and the passwords of these are not "
			  "carried"
			: "it has none of the listed names: people log in with "
			  "others, and their passwords are not carried");
	db->said_silent = true;
}

/* Somebody who cannot log in: a mailbox all the same, or another name of one,
 * as deliveries see it. */
static void
end_delivery(struct dovecot *d, struct pending *p)
{
	const char *user = p->outcome.receiver;
	const char *address = dovecot_address_of(d, user, p->listed);
	const char *domain = address_domain(p->outcome.user);

	if (user_is_same(p->user, user)) {
		if (!is_written(d, address))
			doubt_locked(d, p, address);
		if (!is_written(d, address))
			(void)dovecot_account(d, &p->outcome, p->listed, domain,
			    p->outcome.login ? p->login : NULL);
		return;
	}
	if (!is_written(d, address)) {
		dovecot_name(d, user);
		d->emit->at = p->at;
	}
	if (is_written(d, address))
		dovecot_add_name(d, p->listed, address);
	else
		(void)dovecot_account(d, &p->outcome, p->listed, domain, NULL);
}

/* Other names of users who are now all written. */
static void
end_again(struct dovecot *d)
{
	for (const struct again *a = d->again;
	     a != NULL && !userdbs_stop(&d->dbs); a = a->next) {
		const char *address =
		    dovecot_address_of(d, a->first, a->listed);

		d->emit->at = a->at;
		begin(d);
		if (is_written(d, address))
			dovecot_add_name(d, a->listed, address);
		else
			emit_bad(d->emit, dovecot_shown(d, a->listed),
			    "auth_username_format makes one user of several "
			    "listed names: only the first is an account");
	}
}

void
dovecot_end_logins(struct dovecot *d)
{
	struct pending *all;

	second_names_apart(d);
	all = d->pending;
	d->pending = NULL;
	d->pending_tail = &d->pending;
	for (struct pending *p = all; p != NULL && !userdbs_stop(&d->dbs);
	     p = p->next) {
		d->emit->at = p->at;
		begin(d);
		if (p->outcome.login)
			end_renamed(d, p);
	}
	for (struct pending *p = all; p != NULL && !userdbs_stop(&d->dbs);
	     p = p->next) {
		d->emit->at = p->at;
		begin(d);
		if (!p->outcome.login)
			end_delivery(d, p);
	}
	/* Names that came up on the way. */
	for (struct pending *p = d->pending;
	     p != NULL && !userdbs_stop(&d->dbs); p = p->next) {
		d->emit->at = p->at;
		begin(d);
		if (p->outcome.login)
			end_renamed(d, p);
		else if (!is_written(
			     d, dovecot_address_of(d, p->user, p->listed)))
			(void)dovecot_account(d, &p->outcome, p->listed,
			    address_domain(p->outcome.user), NULL);
	}
	end_again(d);
	second_names_end(d);
}

/* --- all names --- */

/* What the databases say of a name, as it is typed and as it is looked up. */
struct name {
	const char *listed;
	const char *user;
	struct outcome outcome;
};

void
dovecot_follow(
    struct dovecot *d, const char *login, const char *user, struct outcome *o)
{
	struct place at = d->emit->at;

	chain_follow(&d->chain, login, user, &d->asked, o);
	services_follow(d, login, user, o);
	d->emit->at = at;
}

/* Writes what a name leads to, or keeps it till all names are known. login: a
 * name without a domain that its owner may type as well; may be NULL. */
static void
take(struct dovecot *d, const struct name *n, const char *login)
{
	const struct outcome *o = &n->outcome;
	struct place at = d->emit->at;

	if (userdbs_stop(&d->dbs))
		return; /* nobody knows what the rest would have said */
	if (!o->found || !dovecot_is_name(d, n->user) ||
	    dovecot_is_padded(d, n->user)) {
		dovecot_report_unknown(d, n->listed, n->user);
		return;
	}
	if (o->login && leads_elsewhere(n->user, o))
		(void)map_put_copy(&d->leads, &d->arena, n->listed, NULL);
	for (const struct outcome *one = o->next; one != NULL; one = one->next)
		wait_for_all(d, n->listed, n->user, one, at, NULL);
	if (!o->login || !user_is_same(n->user, o->user))
		wait_for_all(d, n->listed, n->user, o, at, login);
	else
		(void)dovecot_account(
		    d, o, n->listed, address_domain(o->user), login);
}

const char *
dovecot_user_of(struct dovecot *d, const char *name)
{
	struct buf out = { 0 };
	const char *user = NULL;

	name = dovecot_translated(d, name);
	if (expand_user(d->name_format, name, &out))
		user = arena_adds(&d->arena, buf_str(&out));
	else
		userdb_fatal(&d->dbs, "auth_username_format",
		    "a variable that the user's name does not decide");
	buf_free(&out);
	return user;
}

bool
dovecot_knows(struct dovecot *d, const char *name)
{
	const char *user = dovecot_user_of(d, name);

	return user != NULL && (map_get(&d->done, user) != NULL ||
				   map_get(&d->waiting, user) != NULL ||
				   map_get(&d->bare_names, user) != NULL);
}

/* Remembers a user. False: another name of one that was followed. */
static bool
is_new(struct dovecot *d, const char *user, const char *listed)
{
	bool added;
	void **first = map_put(&d->done, user, &added);
	struct again *a;

	if (added) {
		*first = arena_adds(&d->arena, listed);
		return true;
	}
	if (strcmp(listed, *first) == 0 || strchr(listed, '@') == NULL)
		return false;
	a = arena_alloc(&d->arena, sizeof *a);
	a->listed = arena_adds(&d->arena, listed);
	a->first = *first;
	a->at = emit_kept(&d->arena, d->emit->at);
	*d->again_tail = a;
	d->again_tail = &a->next;
	return false;
}

/* The name without a domain that becomes the same user, because the server cuts
 * domains off or adds one; NULL where there is none. */
static const char *
bare_login(struct dovecot *d, const char *name, const char *user)
{
	size_t len = strcspn(user, "@");
	struct buf full = { 0 };
	const char *other;

	if (user[len] == '\0')
		return strchr(name, '@') == NULL ? NULL : user;
	if (d->realm == NULL)
		return NULL;
	buf_addf(&full, "%.*s@%s", (int)len, user, d->realm);
	other = dovecot_user_of(d, full.data);
	buf_free(&full);
	return other != NULL && strcmp(other, user) == 0
		   ? arena_add(&d->arena, user, len)
		   : NULL;
}

void
dovecot_name(struct dovecot *d, const char *name)
{
	struct name n = { .listed = name, .user = dovecot_user_of(d, name) };
	const char *address;

	if (n.user == NULL || !is_new(d, n.user, name))
		return;
	begin(d);
	dovecot_follow(d, n.listed, n.user, &n.outcome);
	address = second_names_follow(d, n.listed, NULL, n.user, &n.outcome);
	if (address != NULL)
		n.listed = address;
	take(d, &n, address != NULL ? name : bare_login(d, name, n.user));
}

/* Whether an outcome of a whole address is worth as much as that of the name
 * without its domain. Where neither is sure, the name is what was listed. */
static bool
is_as_good(const struct outcome *full, const struct outcome *bare)
{
	if (!full->found || !bare->found)
		return full->found;
	if (full->login != bare->login)
		return full->login;
	if (full->login)
		return !full->unsure && !full->found_unsure;
	return full->locked;
}

/* The name without its domain as a login of the address; NULL where nobody logs in
 * with it, or it opens a mailbox of its own. */
static const char *
login_at(struct dovecot *d, const struct name *bare, const struct name *full)
{
	const struct outcome *o = &bare->outcome, *at = &full->outcome;

	if (!o->login)
		return NULL;
	if (!o->found || !at->found || strcmp(o->user, at->user) == 0 ||
	    dovecot_same_place(d, o->user, &o->reply, at->user, &at->reply))
		return bare->listed;
	emit_note_behind(d->emit, dovecot_shown(d, full->listed),
	    "the name without its domain, as a login, opens a mailbox of its "
	    "own, which is not carried",
	    bare->listed);
	return NULL;
}

void
dovecot_name_at(
    struct dovecot *d, const char *name, const char *address, bool listed)
{
	struct name full = { .listed = address,
		.user = dovecot_user_of(d, address) };
	struct name bare = { .listed = name, .user = dovecot_user_of(d, name) };
	void **first;
	bool added;

	if (full.user == NULL || bare.user == NULL)
		return;
	begin(d);
	if (map_get(&d->done, full.user) == NULL)
		dovecot_follow(d, full.listed, full.user, &full.outcome);
	if (listed || full.outcome.found)
		dovecot_follow(d, bare.listed, bare.user, &bare.outcome);
	if (is_as_good(&full.outcome, &bare.outcome)) {
		(void)is_new(d, full.user, address);
		first = map_put(&d->done, bare.user, &added);
		if (added)
			*first = arena_adds(&d->arena, address);
		(void)second_names_follow(
		    d, address, name, full.user, &full.outcome);
		take(d, &full, login_at(d, &bare, &full));
	} else if (listed && is_new(d, bare.user, name)) {
		(void)second_names_follow(
		    d, name, address, bare.user, &bare.outcome);
		take(d, &bare, NULL);
	}
}
