/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "source/dovecot/second-names.h"

#include <stdlib.h>
#include <string.h>

#include "core/str.h"
#include "record/address.h"
#include "source/alias-ask.h"
#include "source/dovecot/logins.h"
#include "source/dovecot/mailbox.h"
#include "source/dovecot/names.h"

enum {
	NAMES_MAX = 64 /* of one user; more are not tried */
};

/* A second name of a mailbox. */
struct second {
	const char *name;
	const char *user;   /* whose mailbox it is */
	const char *listed; /* the first name of that */
	bool mail;          /* a delivery to it comes into the mailbox */
	struct place at;
	struct second *next;
};

/* An entry of which a listed name is the listed name of another one as well: the
 * server finds both and refuses it, but not their other names. */
struct shared {
	const char *const *names;
	struct place at;
	struct shared *next;
};

/* What is known of the user whose second names are followed. */
struct first {
	struct dovecot *d;
	const char *listed, *also, *user;
	struct outcome *o;
	struct strs names, logins;
	const char *address; /* one of them for a user without a domain; NULL */
	bool has_mail;       /* it does */
};

/* --- names that are listed --- */

/* The other names of the entry that a name is listed of, in the arena; NULL where
 * the database has no such names. */
static const char **
others_of(struct dovecot *d, const char *name)
{
	const char *const *others = d->dbs.others;
	const char **copy;
	size_t n = 0, used = 0;

	while (others != NULL && others[n] != NULL)
		n++;
	if (n == 0)
		return NULL;
	copy = arena_alloc(&d->arena, (n + 1) * sizeof *copy);
	for (size_t i = 0; i < n; i++)
		if (!str_eq_nocase(others[i], name))
			copy[used++] = arena_adds(&d->arena, others[i]);
	return copy;
}

static bool
are_same(const char *const *a, const char *const *b)
{
	while (*a != NULL && *b != NULL && strcmp(*a, *b) == 0) {
		a++;
		b++;
	}
	return *a == *b;
}

/* Keeps the names of an entry whose listed name is that of another one, too. */
static void
keep_shared(struct dovecot *d, const char *const *names)
{
	struct shared *s = arena_alloc(&d->arena, sizeof *s);

	s->names = names;
	s->at = emit_kept(&d->arena, d->emit->at);
	*d->shared_tail = s;
	d->shared_tail = &s->next;
}

void
second_names_listed(struct dovecot *d, const char *name)
{
	const char **others = others_of(d, name);
	bool added;
	void **value;

	if (others == NULL)
		return;
	value = map_put_copy(&d->others, &d->arena, name, &added);
	if (added) {
		*value = others;
	} else if (!are_same(*value, others)) {
		keep_shared(d, *value);
		keep_shared(d, others);
	}
}

/* --- candidates --- */

static void
add_name(struct first *f, const char *name)
{
	if (f->names.n < NAMES_MAX && !strs_has(&f->names, name))
		strs_add(&f->names, arena_adds(&f->d->asked, name));
}

static void
add_in_domain(struct first *f, const char *name, const char *domain)
{
	struct buf full = { 0 };

	if (name == NULL || domain == NULL || strchr(name, '@') != NULL)
		return;
	buf_addf(&full, "%s@%s", name, domain);
	add_name(f, full.data);
	buf_free(&full);
}

/* Where a database looks for what is before the "@": each name without a domain in
 * the domains of the others. */
static void
add_domains(struct first *f)
{
	for (size_t i = 0; f->d->dbs.forms.local && i < f->names.n; i++) {
		const char *name = f->names.v[i];

		add_in_domain(f, name, f->d->options->domain);
		add_in_domain(f, name, address_domain(f->listed));
		add_in_domain(f, f->listed, address_domain(name));
		for (size_t j = 0; j < f->names.n; j++)
			add_in_domain(f, name, address_domain(f->names.v[j]));
	}
}

static void
add_names(struct first *f, const char *const *names)
{
	for (; names != NULL && *names != NULL; names++)
		add_name(f, *names);
}

static void
add_listed(struct first *f, const char *name)
{
	void **names = name == NULL ? NULL : map_get(&f->d->others, name);

	if (names != NULL)
		add_names(f, *names);
}

static void
add_answered(struct first *f)
{
	for (struct known_answer *k = f->d->known; k != NULL; k = k->next)
		add_names(f, k->answer.names);
}

/* The user that the server makes of a name, if it is worth following; NULL. */
static const char *
user_of_second(struct first *f, const char *name)
{
	struct dovecot *d = f->d;
	const char *user;

	if (*name == '\0' || strcmp(name, f->listed) == 0 ||
	    (f->also != NULL && strcmp(name, f->also) == 0))
		return NULL;
	user = dovecot_user_of(d, name);
	if (user == NULL || !dovecot_is_name(d, user) ||
	    strcmp(user, f->user) == 0 ||
	    (strcmp(user, f->o->user) == 0 && strchr(user, '@') != NULL) ||
	    map_get(&d->done, user) != NULL ||
	    map_get(&d->bare_names, user) != NULL)
		return NULL;
	return user;
}

/* Whether a domain is one of this server: others may be in a directory, too. */
static bool
is_ours(const struct dovecot *d, const char *domain)
{
	return emit_has_domain(d->emit, domain) ||
	       (d->options->domain != NULL &&
		   strcmp(d->options->domain, domain) == 0) ||
	       (d->realm != NULL && strcmp(d->realm, domain) == 0);
}

/* --- what a second name opens --- */

/* Whether a second name opens the mailbox of the first one. */
static bool
opens_it(const struct first *f, const struct outcome *second)
{
	const struct outcome *o = f->o;

	if (!second->login || !second->found)
		return false;
	if (!o->found)
		return user_is_same(f->user, second->user);
	return strcmp(o->user, second->user) == 0 ||
	       dovecot_same_place(
		   f->d, o->user, &o->reply, second->user, &second->reply);
}

/* Whether mail for a second name comes into that mailbox. */
static bool
delivers_into_it(const struct first *f, const struct outcome *second)
{
	const struct outcome *o = f->o;

	if (!o->found || !second->delivers)
		return false;
	return strcmp(o->user, second->receiver) == 0 ||
	       dovecot_same_place(f->d, o->user, &o->reply, second->receiver,
		   &second->delivery);
}

/* Nobody logs in with the first name: what a login with a second one gives is the
 * account's. */
static void
adopt(struct first *f, const struct outcome *second)
{
	struct dovecot *d = f->d;
	struct outcome first = *f->o, *kept;
	const char *address;

	*f->o = *second;
	if (first.found)
		f->o->user = first.user;
	f->o->receiver = first.receiver;
	f->o->delivers = first.delivers;
	f->o->delivery = first.delivery;
	f->o->nobody = first.nobody;
	f->o->refuses = first.refuses;
	f->o->locked = false;
	address = dovecot_address_of(d, f->o->user, f->listed);
	if (address == NULL)
		return;
	kept = arena_alloc(&d->arena, sizeof *kept);
	outcome_copy(kept, f->o, &d->arena);
	*map_put_copy(&d->opened, &d->arena, address, NULL) = kept;
}

static void
keep(struct first *f, const char *name, const char *user, bool mail)
{
	struct dovecot *d = f->d;
	struct second *s = arena_alloc(&d->arena, sizeof *s);
	bool added;
	void **value = map_put_copy(&d->done, &d->arena, user, &added);

	*value = arena_adds(&d->arena, f->listed);
	*s = (struct second){ .name = arena_adds(&d->arena, name),
		.user = arena_adds(&d->arena, f->o->user),
		.listed = *value,
		.mail = mail,
		.at = emit_kept(&d->arena, d->emit->at) };
	*d->seconds_tail = s;
	d->seconds_tail = &s->next;
}

/* A name that opens another mailbox than the first one, or gets its mail there. */
static void
keep_apart(struct dovecot *d, const char *name)
{
	struct second *s = arena_alloc(&d->arena, sizeof *s);

	s->name = arena_adds(&d->arena, name);
	s->at = emit_kept(&d->arena, d->emit->at);
	*d->apart_tail = s;
	d->apart_tail = &s->next;
}

/* A user without a domain has the first address that mail comes for, or that people
 * log in with, in a domain of this server. */
static void
take_address(struct first *f, const char *name, bool mail)
{
	const char *domain = address_domain(name);

	if (strchr(f->listed, '@') == NULL && f->d->options->domain == NULL &&
	    domain != NULL && is_ours(f->d, domain) &&
	    (f->address == NULL || (mail && !f->has_mail))) {
		f->address = name;
		f->has_mail = mail;
	}
}

static void
judge(struct first *f, const char *name, const char *user)
{
	struct dovecot *d = f->d;
	struct outcome second = { 0 };
	bool opens, mail;

	d->dbs.trying = true;
	dovecot_follow(d, name, user, &second);
	d->dbs.trying = false;
	add_answered(f);
	add_domains(f);
	opens = opens_it(f, &second);
	if (opens && !f->o->login)
		adopt(f, &second);
	else if (opens)
		dovecot_say_password(d, name, f->o, &second, f->listed);
	mail = delivers_into_it(f, &second);
	if (opens || mail)
		take_address(f, name, mail);
	if (opens)
		strs_add(&f->logins, name);
	if ((opens || mail) && strcmp(user, f->o->user) != 0)
		keep(f, name, user, mail);
	if ((second.login && second.found && !opens) ||
	    (second.delivers && !mail))
		keep_apart(d, name);
}

/* Whether a name without a domain opens a mailbox of another name, so that its
 * address in the domain that was given is nobody's yet. */
static bool
is_moved(struct dovecot *d, const char *listed, const char *also,
    const struct outcome *o)
{
	const char *address;

	if (strchr(listed, '@') != NULL || !o->found)
		return false;
	address = dovecot_address_of(d, o->user, listed);
	return address != NULL && strcmp(address, also) != 0;
}

const char *
second_names_follow(struct dovecot *d, const char *listed, const char *also,
    const char *user, struct outcome *o)
{
	struct first f = {
		.d = d, .listed = listed, .also = also, .user = user, .o = o
	};
	struct place at = d->emit->at;
	const char **copy;
	char *address = NULL;
	size_t n = 0;

	if (also != NULL && is_moved(d, listed, also, o)) {
		f.also = NULL;
		add_name(&f, also);
	}
	add_listed(&f, listed);
	add_listed(&f, also);
	add_answered(&f);
	add_domains(&f);
	for (size_t i = 0; i < f.names.n && !userdbs_stop(&d->dbs); i++) {
		user = user_of_second(&f, f.names.v[i]);
		d->emit->at = at;
		if (user != NULL)
			judge(&f, f.names.v[i], user);
	}
	d->emit->at = at;
	if (f.address != NULL) {
		address = arena_adds(&d->arena, f.address);
		*map_put_copy(&d->moved, &d->arena, o->user, NULL) = address;
	}
	if (f.logins.n > 0) {
		copy = arena_alloc(&d->arena, (f.logins.n + 1) * sizeof *copy);
		for (size_t i = 0; i < f.logins.n; i++)
			if (f.address == NULL ||
			    strcmp(f.logins.v[i], f.address) != 0)
				copy[n++] =
				    arena_adds(&d->arena, f.logins.v[i]);
		o->logins = copy;
	}
	free(f.names.v);
	free(f.logins.v);
	return address;
}

/* --- what becomes of them --- */

static bool
may_come(struct dovecot *d, const char *address)
{
	const struct dovecot_options *o = d->options;

	return o->takes == NULL || o->takes(o->names_ctx, d->emit, address);
}

/* Whether somebody was followed under one of the names. */
static bool
is_followed(struct dovecot *d, const char *const *names)
{
	for (; *names != NULL; names++)
		if (dovecot_knows(d, *names) ||
		    (strchr(*names, '@') != NULL &&
			emit_has_account(d->emit, *names)))
			return true;
	return false;
}

static void
follow_shared(struct dovecot *d, const char *const *names)
{
	const char *domain = d->options->domain;
	struct buf full = { 0 };

	for (; *names != NULL && !userdbs_stop(&d->dbs); names++) {
		const char *at = address_domain(*names);

		if (dovecot_knows(d, *names))
			continue;
		if (at != NULL && is_ours(d, at)) {
			dovecot_name(d, *names);
		} else if (at == NULL && domain != NULL) {
			buf_reset(&full);
			buf_addf(&full, "%s@%s", *names, domain);
			dovecot_name_at(
			    d, *names, arena_adds(&d->arena, full.data), true);
		}
	}
	buf_free(&full);
}

/* Entries that no listed name of theirs has led to are followed by the others. */
static void
follow_all_shared(struct dovecot *d)
{
	for (struct shared *s = d->shared; s != NULL; s = s->next) {
		d->emit->at = s->at;
		if (!is_followed(d, s->names))
			follow_shared(d, s->names);
	}
}

void
second_names_apart(struct dovecot *d)
{
	d->lists_passdb = true;
	follow_all_shared(d);
	for (struct second *s = d->apart; s != NULL && !userdbs_stop(&d->dbs);
	     s = s->next) {
		const char *domain = address_domain(s->name);

		d->emit->at = s->at;
		if (domain != NULL && is_ours(d, domain))
			dovecot_name(d, s->name);
		else if (!dovecot_knows(d, s->name))
			emit_note_behind(d->emit, NULL,
			    "a second name of a user opens a mailbox of its "
			    "own, which is not carried",
			    s->name);
	}
	d->lists_passdb = false;
}

/* Mail for a second name: an alias, or what the tables of Postfix say of it. */
static void
end_mail(struct dovecot *d, const struct second *s, const char *name,
    const char *address)
{
	if (emit_has_account(d->emit, name)) {
		emit_note_behind(d->emit, name,
		    "the address of an account is also a second name of "
		    "another mailbox, which gets the mail",
		    address);
	} else if (!is_ours(d, address_domain(name))) {
		if (s->mail && may_come(d, name))
			emit_note_behind(d->emit, address,
			    "a second name in a domain that nobody else is in: "
			    "its mail is not carried",
			    name);
	} else if (s->mail && may_come(d, name)) {
		dovecot_add_name(d, name, address);
	} else if (d->account.aliases != NULL) {
		(void)alias_of(d->account.aliases, d->emit, name);
	}
}

void
second_names_end(struct dovecot *d)
{
	for (const struct second *s = d->seconds;
	     s != NULL && !userdbs_stop(&d->dbs); s = s->next) {
		const char *address = dovecot_address_of(d, s->user, s->listed);
		struct buf name = { 0 };

		d->emit->at = s->at;
		if (address != NULL && emit_has_account(d->emit, address) &&
		    strchr(s->name, '@') != NULL &&
		    emit_address(s->name, false, &name, NULL) == 0 &&
		    strcmp(name.data, address) != 0)
			end_mail(d, s, name.data, address);
		buf_free(&name);
	}
}
