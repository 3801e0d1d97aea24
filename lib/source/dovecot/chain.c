/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "source/dovecot/chain.h"

#include <string.h>

#include "core/str.h"
#include "source/dovecot/walk.h"

bool
user_is_same(const char *name, const char *other)
{
	size_t len = strlen(name);

	return strcmp(name, other) == 0 ||
	       (strchr(name, '@') == NULL && strncmp(name, other, len) == 0 &&
		   other[len] == '@');
}

bool
user_renamed(
    const char *user, const char *key, const char *value, struct buf *out)
{
	const char *at = strchr(user, '@');

	buf_reset(out);
	if (strcmp(key, "user") == 0) {
		buf_adds(out, value);
	} else if (strcmp(key, "username") == 0) {
		buf_adds(out, value);
		if (strchr(value, '@') == NULL && at != NULL)
			buf_adds(out, at);
	} else if (strcmp(key, "domain") == 0) {
		buf_add(
		    out, user, at == NULL ? strlen(user) : (size_t)(at - user));
		buf_addf(out, "@%s", value);
	} else {
		return false;
	}
	return true;
}

static struct walk
begin(const struct chain *c, const char *login, const char *user,
    struct arena *arena, struct secrets *secrets)
{
	return (struct walk){ .c = c,
		.arena = arena,
		.login = login,
		.user = user,
		.mechanism = "plain",
		.secrets = secrets };
}

/* The mailbox that a walk leads to; first as if databases that cannot be read had
 * nothing, then as if they had the user. */
static bool
find_mailbox(struct walk *w, bool *unsure)
{
	struct walk first = *w, second = *w;

	second.reply = pairs_undo_copy(&w->reply, w->arena);
	second.extra = pairs_undo_copy(&w->extra, w->arena);
	if (walk_userdbs(&first)) {
		*w = first;
		*unsure = false;
		return true;
	}
	second.trust_unsure = true;
	second.unsure_used = false;
	*unsure = walk_userdbs(&second) && second.unsure_used;
	*w = *unsure ? second : first;
	return *unsure;
}

/* What a walk that came to its end has found. */
static void
set_mailbox(struct outcome *out, const struct walk *w)
{
	out->user = w->user;
	out->extra = w->extra.now;
	out->reply = w->reply.now;
	out->gecos = w->gecos;
}

/* Sets how somebody got in. */
static void
set_login(struct outcome *out, const struct answer *typed, bool unsure)
{
	out->login = true;
	out->found_unsure = unsure;
	out->any_password = typed == NULL;
	out->unsure = typed != NULL && typed->found == FOUND_UNSURE;
	if (typed != NULL && typed->found == FOUND_YES && !typed->hidden)
		out->secret = typed;
}

/* Another password than the first that works: for the same mailbox it is not
 * carried; or it opens another one. */
static void
add_login(const struct walk *w, const struct answer *typed, bool unsure,
    const struct walk *kept, struct outcome *out)
{
	struct outcome **at = &out->next;

	if (strcmp(w->user, kept->user) == 0) {
		if (out->any_password)
			return;
		if (typed != NULL && !typed->hidden &&
		    typed->found == FOUND_YES)
			out->another = true;
		else
			out->maybe_another = true;
		return;
	}
	for (; *at != NULL; at = &(*at)->next)
		if (strcmp(w->user, (*at)->user) == 0)
			return;
	*at = arena_alloc(w->arena, sizeof **at);
	(*at)->receiver = w->login;
	(*at)->found = true;
	set_login(*at, typed, unsure);
	set_mailbox(*at, w);
}

/* Lets somebody type the password of a secret (NULL: of none), and keeps the
 * login if it is the first that works: that opens a mailbox. */
static void
try_login(struct walk w, const struct answer *typed, struct walk *kept,
    struct outcome *out)
{
	bool unsure, found;

	w.typed = typed;
	if (!walk_passdbs(&w))
		return;
	found = find_mailbox(&w, &unsure);
	if (!found && !w.c->only_passwords)
		return;
	if (out->login) {
		add_login(&w, typed, unsure, kept, out);
		return;
	}
	*kept = w;
	out->found = found;
	set_login(out, typed, unsure);
}

/* A secret that can be carried is worth more than one that cannot, of which was
 * found that it works: of all users, or where it cannot be read. */
static void
prefer(const struct walk *start, const struct answer *typed, struct walk *kept,
    struct outcome *out)
{
	struct outcome better = { 0 };
	struct walk known = { 0 };

	if (typed->hidden || typed->found != FOUND_YES)
		return;
	try_login(*start, typed, &known, &better);
	if (!better.login || strcmp(known.user, kept->user) != 0)
		return;
	*kept = known;
	out->secret = typed;
	out->another = !out->unsure;
	out->maybe_another = out->unsure;
	out->unsure = false;
}

/* Tries every secret that is in the way, also those that come into view after the
 * first ones. */
static void
try_secrets(const struct walk *start, struct walk *kept, struct outcome *out)
{
	struct secrets *s = start->secrets;

	s->n = 0;
	try_login(*start, NULL, kept, out);
	for (size_t i = 0; i < s->n; i++) {
		const struct answer *typed = s->v[i];

		try_login(*start, typed, kept, out);
		if (out->login && out->secret == NULL && !out->any_password)
			prefer(start, typed, kept, out);
	}
	/* The secret of somebody who may not log in is still the secret. */
	for (size_t i = 0; i < s->n && !out->login && out->secret == NULL; i++)
		if (s->v[i]->found == FOUND_YES && !s->v[i]->hidden)
			out->secret = s->v[i];
}

/* Where no login with a clear password works: one with another mechanism that
 * the server offers. */
static void
try_mechanisms(struct walk *start, struct walk *kept, struct outcome *out)
{
	const char *list = start->c->mechanisms;

	while (list != NULL && !out->login) {
		size_t len = str_word(&list, " ,");

		if (len == 0)
			break;
		start->mechanism = arena_add(start->arena, list, len);
		list += len;
		try_secrets(start, kept, out);
		out->mechanism = start->mechanism;
		/* A challenge needs a secret of its own kind. */
		if (rules_challenge(start->mechanism) &&
		    (out->any_password || out->secret == NULL))
			*out = (struct outcome){ .receiver = out->receiver,
				.secret = out->secret };
	}
	if (!out->login)
		out->mechanism = NULL;
}

/* The mailbox of somebody whom no password lets in: the one that a login would
 * have opened, where the passdbs know the user. */
static bool
find_locked(const struct walk *start, struct walk *kept, bool *unsure)
{
	struct walk w = *start;

	w.forced = true;
	(void)walk_passdbs(&w);
	if (!w.known || !find_mailbox(&w, unsure) ||
	    !user_is_same(start->user, w.user))
		return false;
	*kept = w;
	return true;
}

static bool
find_delivery(const struct walk *start, struct walk *kept, bool *unsure)
{
	struct walk w = *start;
	bool found;

	w.delivery = true;
	found = find_mailbox(&w, unsure);
	*kept = w;
	return found;
}

void
chain_follow(const struct chain *c, const char *login, const char *user,
    struct arena *arena, struct outcome *out)
{
	struct secrets secrets = { 0 };
	struct walk start = begin(c, login, user, arena, &secrets);
	struct walk kept = start, delivery = start;
	bool unsure = false, ignored;

	*out = (struct outcome){ .receiver = user };
	try_secrets(&start, &kept, out);
	if (!out->login)
		try_mechanisms(&start, &kept, out);
	start.mechanism = kept.mechanism;
	unsure = out->found_unsure;
	if (!out->login)
		out->found = out->locked = find_locked(&start, &kept, &unsure);
	out->delivers =
	    find_delivery(&start, &delivery, out->found ? &ignored : &unsure);
	out->receiver = delivery.user;
	out->delivery = delivery.reply.now;
	out->nobody = !out->delivers && !delivery.seen_broken;
	out->refuses =
	    out->found && out->nobody && user_is_same(user, kept.user);
	if (!out->login && !out->found) {
		kept = delivery;
		out->found = out->delivers;
	}
	out->found_unsure = out->found && unsure;
	set_mailbox(out, &kept);
}

static const char *
text_copy(const char *s, struct arena *arena)
{
	return s == NULL ? NULL : arena_adds(arena, s);
}

static struct pairs
fields_copy(const struct pairs *p, struct arena *arena)
{
	struct pairs copy = { 0 };

	for (size_t i = 0; i < p->n; i++)
		pairs_add(&copy, arena, p->v[i].key, p->v[i].value);
	return copy;
}

void
outcome_copy(struct outcome *to, const struct outcome *o, struct arena *arena)
{
	*to = *o;
	to->next = NULL;
	to->mechanism = text_copy(o->mechanism, arena);
	to->disabled = text_copy(o->disabled, arena);
	to->user = text_copy(o->user, arena);
	to->gecos = text_copy(o->gecos, arena);
	to->receiver = text_copy(o->receiver, arena);
	to->extra = fields_copy(&o->extra, arena);
	to->reply = fields_copy(&o->reply, arena);
	to->delivery = fields_copy(&o->delivery, arena);
	if (o->secret != NULL) {
		struct answer *a = arena_alloc(arena, sizeof *a);

		a->found = o->secret->found;
		a->secret = arena_adds(arena, o->secret->secret);
		a->scheme = text_copy(o->secret->scheme, arena);
		to->secret = a;
	}
}
