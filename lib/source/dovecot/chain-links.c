/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "source/dovecot/chain-links.h"

#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/str.h"

/* The protocols that a mailbox is read and written by. */
static const char reading[] = "imap";

bool
dovecot_allows_all(const struct userdbs *all, const struct userdb *db)
{
	struct pairs words = { 0 };
	struct arena arena = { 0 };
	bool all_users;

	if (all->v24)
		return setting_is_yes(userdb_setting(all, db, "allow_all_users",
		    "userdb_static_allow_all_users"));
	pairs_add_words(&words, &arena, db->args);
	all_users = setting_is_yes(pairs_get(&words, "allow_all_users"));
	arena_free(&arena);
	return all_users;
}

static struct link
make_link(const struct userdbs *all, struct userdb *db)
{
	return (struct link){ .rules = db->rules,
		.prefetch = db->prefetch,
		.blocking = db->blocking,
		.checks_passdbs = !db->is_passdb && db->is_static &&
				  !dovecot_allows_all(all, db),
		.before = &db->before,
		.after = &db->after,
		.db = db };
}

static size_t
add_links(struct dovecot *d, struct link *to, bool passdbs, const char *service)
{
	size_t n = 0;

	for (size_t i = 0; i < d->dbs.n; i++) {
		struct userdb *db = &d->dbs.v[i];

		if (db->is_passdb == passdbs && !db->rules.master &&
		    userdb_serves(db, service))
			to[n++] = make_link(&d->dbs, db);
	}
	return n;
}

/* Without a userdb the server has a static one that sets nothing.
 * (src/auth/auth.c, userdb_dummy_set.) */
static size_t
add_dummy(struct link *to, size_t n)
{
	if (n > 0)
		return n;
	*to = (struct link){ .checks_passdbs = true };
	to->rules.success = RULE_RETURN_OK;
	to->rules.failure = to->rules.internalfail = RULE_CONTINUE;
	return 1;
}

/* --- answers --- */

/* Notes whether the names that a passdb knows users by are those that it gives
 * them. A domain may be added, or cut off; but where the rest is what was listed,
 * the passdb should know that, which is looked up next. */
static void
note_name(struct dovecot *d, struct userdb *db, const struct asked *who,
    const struct answer *a)
{
	struct buf name = { 0 }, next = { 0 };
	bool same;

	buf_adds(&name, who->user);
	for (size_t i = 0; i < a->fields.n; i++)
		if (user_renamed(buf_str(&name), a->fields.v[i].key,
			a->fields.v[i].value, &next)) {
			buf_reset(&name);
			buf_adds(&name, buf_str(&next));
		}
	same = str_eq_nocase(buf_str(&name), who->user) ||
	       user_is_same(who->user, buf_str(&name));
	if (!same && !user_is_same(buf_str(&name), who->user))
		db->has_renamed = true;
	else if (!same && map_get(&d->bare_names, buf_str(&name)) != NULL)
		db->cut = arena_adds(&d->arena, buf_str(&name));
	else
		db->has_kept = true;
	buf_free(&name);
	buf_free(&next);
}

static void
look_up(struct dovecot *d, struct userdb *db, const struct asked *who,
    struct answer *a)
{
	if (db == NULL) {
		a->found = FOUND_YES; /* the dummy */
	} else if (db->out || db->driver == NULL ||
		   db->driver->lookup == NULL) {
		a->found = FOUND_UNSURE;
	} else if (userdbs_stop(&d->dbs)) {
		a->found = FOUND_BROKEN;
	} else {
		db->driver->lookup(&d->dbs, db, who, &d->asked, a);
		db->asked = true;
		db->answered |= a->found != FOUND_NO;
		db->has_renamed |= a->found == FOUND_NO && db->cut != NULL &&
				   strcmp(db->cut, who->user) == 0;
		if (db->renames && a->found == FOUND_YES)
			note_name(d, db, who, a);
		if (db->out)
			*a = (struct answer){ .found = FOUND_UNSURE };
	}
}

static bool
is_same_service(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static const struct answer *
ask(void *ctx, const struct link *link, const struct asked *who)
{
	struct dovecot *d = ctx;
	struct known_answer *known;

	for (known = d->known; known != NULL; known = known->next)
		if (known->db == link->db &&
		    strcmp(known->user, who->user) == 0 &&
		    (!d->dbs.by_service ||
			is_same_service(known->service, who->service)))
			return &known->answer;
	known = arena_alloc(&d->asked, sizeof *known);
	known->db = link->db;
	known->user = arena_adds(&d->asked, who->user);
	known->service = who->service; /* a name of the program's */
	known->next = d->known;
	d->known = known;
	look_up(d, link->db, who, &known->answer);
	return &known->answer;
}

static bool
is_dead(void *ctx, const struct answer *a)
{
	(void)ctx;
	return !secret_has_password(a->secret, a->scheme);
}

static void
unknown(
    void *ctx, const struct link *link, const char *key, const char *variable)
{
	struct dovecot *d = ctx;
	struct userdb *db = link->db;
	struct buf text = { 0 };

	emit_note(d->emit, db == NULL ? NULL : db->label,
	    "a field has a variable that is not known here or that the user's "
	    "name does not decide: it is left as it is, or out where it is "
	    "allow_nets",
	    variable);
	if (db == NULL || db->said_field)
		return;
	db->said_field = true;
	buf_addf(&text,
	    "the field \"%s\" has the variable %s, which is not known here or "
	    "which the user's name does not decide",
	    key, variable);
	userdb_note(&d->dbs, db, text.data);
	buf_free(&text);
}

static bool
are_same(const struct link *a, size_t na, const struct link *b, size_t nb)
{
	for (size_t i = 0; na == nb && i < na; i++)
		if (a[i].db != b[i].db)
			return false;
	return na == nb;
}

void
dovecot_link(struct dovecot *d)
{
	struct chain *c = &d->chain;
	size_t room = d->dbs.n + 1;
	struct link *at = xcalloc((4 + 2 * SERVICES_MAX) * room, sizeof *at);

	d->links = at;
	c->passdbs = at;
	c->npassdbs = add_links(d, at, true, reading);
	at += room;
	c->userdbs = at;
	c->nuserdbs = add_dummy(at, add_links(d, at, false, reading));
	at += room;
	c->knowing = at;
	c->nknowing = add_links(d, at, true, c->delivery);
	at += room;
	c->deliveries = at;
	c->ndeliveries = add_dummy(at, add_links(d, at, false, c->delivery));
	c->ask = ask;
	c->is_dead = is_dead;
	c->unknown = unknown;
	c->ctx = d;
}

/* A mail server asks Dovecot only for the password: the mailbox of such a login is
 * the one that mail is delivered to. */
void
dovecot_link_service(struct dovecot *d, struct service *s)
{
	struct chain *c = &s->chain;
	size_t room = d->dbs.n + 1;
	struct link *at = d->links + (4 + 2 * (size_t)(s - d->services)) * room;

	*c = d->chain;
	c->service = s->name;
	c->passdbs = at;
	c->npassdbs = add_links(d, at, true, s->name);
	s->apart = !are_same(
	    c->passdbs, c->npassdbs, d->chain.passdbs, d->chain.npassdbs);
	if (strcmp(s->name, "smtp") == 0) {
		c->only_passwords = true;
		c->mailbox_service = c->delivery;
		c->userdbs = c->deliveries;
		c->nuserdbs = c->ndeliveries;
		return;
	}
	at += room;
	c->mailbox_service = s->name;
	c->userdbs = at;
	c->nuserdbs = add_dummy(at, add_links(d, at, false, s->name));
	s->apart |= !are_same(
	    c->userdbs, c->nuserdbs, d->chain.userdbs, d->chain.nuserdbs);
}
