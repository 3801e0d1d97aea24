/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* plan_add: records into the model, one by one. */
#include "plan/plan.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/str.h"
#include "plan/model.h"
#include "plan/name.h"
#include "record/address.h"
#include "secret/secret.h"

/* The largest quota: the server's numbers are unsigned, JSON's exact up to
 * 2^53. */
#define QUOTA_MAX ((int64_t)1 << 53)

struct link *
chain_add(struct plan *p, struct chain *c, const char *text)
{
	struct link *l = arena_alloc(&p->arena, sizeof *l);

	l->text = text;
	l->enabled = true;
	if (c->last == NULL)
		c->first = l;
	else
		c->last->next = l;
	c->last = l;
	return l;
}

bool
chain_has(const struct chain *c, const char *text)
{
	for (const struct link *l = c->first; l != NULL; l = l->next)
		if (strcmp(l->text, text) == 0)
			return true;
	return false;
}

size_t
chain_len(const struct chain *c)
{
	size_t n = 0;

	for (const struct link *l = c->first; l != NULL; l = l->next)
		n++;
	return n;
}

struct plan *
plan_new(const struct plan_options *options, const struct plan_calls *calls)
{
	struct plan *p = xcalloc(1, sizeof *p);

	p->options = options;
	p->calls = calls;
	return p;
}

void
plan_free(struct plan *p)
{
	if (p == NULL)
		return;
	map_free(&p->owners);
	map_free(&p->domain);
	map_free(&p->alias);
	free(p->domains);
	free(p->accounts);
	free(p->aliases);
	free(p->lists);
	buf_wipe(&p->scratch);
	arena_free(&p->arena);
	free(p);
}

const struct plan_counts *
plan_counts(const struct plan *p)
{
	return &p->counts;
}

void
plan_note(struct plan *p, enum note_kind kind, const char *address,
    const char *origin, const char *fmt, ...)
{
	struct note note = { kind, address, NULL, origin };
	char *reason = NULL;
	va_list ap;

	va_start(ap, fmt);
	if (vasprintf(&reason, fmt, ap) == -1)
		reason = NULL;
	va_end(ap);
	note.reason = reason == NULL ? fmt : reason;
	p->calls->note(p->calls->arg, &note);
	free(reason);
}

/* --- who has which address --- */

bool
plan_owner(
    const struct plan *p, const char *address, enum owner *kind, size_t *index)
{
	void **slot = map_get(&p->owners, address);

	if (slot == NULL)
		return false;
	*kind = (enum owner)((uintptr_t)*slot % 4);
	*index = (uintptr_t)*slot / 4;
	return true;
}

void
plan_own(struct plan *p, const char *address, enum owner kind, size_t index)
{
	*map_put(&p->owners, address, NULL) =
	    (void *)(uintptr_t)(index * 4 + (size_t)kind);
}

struct account *
plan_account_of(const struct plan *p, const char *address)
{
	const char *at = address_domain(address), *plus;
	struct buf base = { 0 };
	enum owner kind;
	size_t i;
	bool found = plan_owner(p, address, &kind, &i);

	/* The server takes "+tail" off before it looks an address up. */
	plus = strchr(address, '+');
	if (!found && at != NULL && plus != NULL && plus < at) {
		buf_add(&base, address, (size_t)(plus - address));
		buf_adds(&base, at - 1);
		found = plan_owner(p, base.data, &kind, &i);
		buf_free(&base);
	}
	if (!found || kind == OWNER_LIST ||
	    (p->accounts[i].flags & ACC_REFUSED) != 0)
		return NULL;
	return &p->accounts[i];
}

/* --- domains --- */

uint32_t
plan_domain(struct plan *p, const char *name)
{
	void **slot = map_get(&p->domain, name), **id;
	struct domain *d;

	if (slot != NULL)
		return (uint32_t)(uintptr_t)*slot;
	name = arena_adds(&p->arena, name);
	p->domains =
	    grow(p->domains, p->n_domains, &p->cap_domains, sizeof *p->domains);
	d = &p->domains[p->n_domains];
	id = map_get(&p->options->existing, name);
	*d = (struct domain){ .name = name, .id = id == NULL ? NULL : *id };
	*map_put(&p->domain, name, NULL) = (void *)(uintptr_t)p->n_domains;
	return (uint32_t)p->n_domains++;
}

struct domain *
plan_find_domain(const struct plan *p, const char *name)
{
	void **slot = map_get(&p->domain, name);

	return slot == NULL ? NULL : &p->domains[(uintptr_t)*slot];
}

static int
add_domain(struct plan *p, const struct record *r, struct why *why)
{
	struct domain *d;
	size_t i;

	buf_reset(&p->scratch);
	if (name_domain(r->domain, &p->scratch, why) == -1)
		return -1;
	i = plan_domain(p, p->scratch.data);
	d = &p->domains[i];
	if (d->origin == NULL && r->origin != NULL)
		d->origin = arena_adds(&p->arena, r->origin);
	if (!r->active)
		plan_note(p, NOTE_LEFT, d->name, r->origin,
		    "the domain is switched off, which the server cannot do: "
		    "its accounts decide");
	for (size_t a = 0; a < r->aliases.n; a++) {
		struct why inner = { 0 };

		buf_reset(&p->scratch);
		if (name_domain(r->aliases.v[a], &p->scratch, &inner) == -1)
			plan_note(p, NOTE_LEFT, r->aliases.v[a], r->origin,
			    "alias domain of %s: %s", d->name, inner.text);
		else if (!chain_has(&d->aliases, p->scratch.data))
			(void)chain_add(p, &d->aliases,
			    arena_adds(&p->arena, p->scratch.data));
	}
	return 0;
}

/* --- accounts and groups --- */

static const char *
copy(struct plan *p, const char *s)
{
	return s == NULL ? NULL : arena_adds(&p->arena, s);
}

static void
copy_list(struct plan *p, struct chain *to, const struct strs *from)
{
	for (size_t i = 0; i < from->n; i++)
		(void)chain_add(p, to, arena_adds(&p->arena, from->v[i]));
}

/*
 * The sanitised address in scratch is taken already. The same address again:
 * the first one stays. Two that differ and fall together on the server: neither
 * is right, both are refused.
 */
static int
fall_together(
    struct plan *p, const struct record *r, size_t first, struct why *why)
{
	struct account *a = &p->accounts[first];
	const char *given = a->given == NULL ? a->address : a->given;

	if (strcmp(given, r->address) == 0)
		return why_set(why, FAIL_DATA, "is there twice, first at %s",
		    a->origin == NULL ? "a place that is not known"
				      : a->origin);
	if ((a->flags & ACC_REFUSED) == 0) {
		a->flags |= ACC_REFUSED;
		plan_note(p, NOTE_REFUSED, given, a->origin,
		    "the server takes it and %s (%s) for the same address, %s",
		    r->address, r->origin == NULL ? "?" : r->origin,
		    a->address);
	}
	return why_set(why, FAIL_DATA,
	    "the server takes it and %s (%s) for the same address, %s", given,
	    a->origin == NULL ? "?" : a->origin, a->address);
}

/* The text to send for the password, into a; 1 to leave the account out. */
static int
no_secret(
    struct plan *p, struct account *a, const struct secret *s, struct why *why)
{
	struct buf hash = { 0 };
	const char *clear;
	int r = 0;

	switch (p->options->no_secret) {
	case NO_SECRET_SKIP:
		plan_note(p, NOTE_LEFT, a->address, a->origin, "left out: %s",
		    s->reason == NULL ? "no password in the directory"
				      : s->reason);
		p->counts.skipped++;
		return 1;
	case NO_SECRET_EMPTY:
		plan_note(p, NOTE_LEFT, a->address, a->origin,
		    "created without a password: %s",
		    s->reason == NULL ? "the directory holds none" : s->reason);
		return 0;
	case NO_SECRET_TEMP:
		clear = p->calls->temporary(p->calls->arg, a->address, why);
		if (clear == NULL ||
		    secret_hash(clear, a->address, &hash, why) == -1) {
			r = -1;
		} else {
			a->secret = arena_adds(&p->arena, hash.data);
			plan_note(p, NOTE_CHANGED, a->address, a->origin,
			    "given a temporary password: %s",
			    s->reason == NULL ? "the directory holds none"
					      : s->reason);
			a->flags |= ACC_TEMPORARY;
		}
		buf_wipe(&hash);
		return r;
	case NO_SECRET_FAIL:
		break;
	}
	if (s->verdict == SECRET_NONE)
		return why_set(why, FAIL_DATA,
		    "no password in the directory (see --no-secret)");
	return why_set(why, FAIL_DATA,
	    "the password cannot be carried: %s: %s (see --no-secret)",
	    s->scheme, s->reason);
}

static int
set_secret(
    struct plan *p, struct account *a, const struct record *r, struct why *why)
{
	static struct secret s;
	int result = 0;

	secret_judge(&s, r->secret, r->default_scheme, a->address);
	if (s.verdict == SECRET_VERBATIM || s.verdict == SECRET_TRANSCODED) {
		a->secret = arena_add(&p->arena, s.text.data, s.text.len);
		a->flags |= s.verdict == SECRET_VERBATIM ? ACC_VERBATIM
							 : ACC_TRANSCODED;
	} else {
		result = no_secret(p, a, &s, why);
	}
	explicit_bzero(s.text.data, s.text.data == NULL ? 0 : s.text.len);
	return result;
}

/* What an account has that its Stalwart account will not. */
static void
note_left(struct plan *p, struct account *a, const struct record *r)
{
	const char *at = address_domain(a->address), *c;

	for (size_t i = 0; i < r->logins.n; i++)
		if (strchr(r->logins.v[i], '@') == NULL)
			plan_note(p, NOTE_LEFT, a->address, a->origin,
			    "the login name %s: the server takes bare names "
			    "only in its default domain",
			    r->logins.v[i]);
	if (r->otp != NULL && !p->options->carry_otp)
		plan_note(p, NOTE_LEFT, a->address, a->origin,
		    "the second factor (--otp=carry carries it)");
	if (r->quota > QUOTA_MAX)
		plan_note(p, NOTE_LEFT, a->address, a->origin,
		    "a quota of more than the server can hold");
	c = strpbrk(a->address, "+%");
	if (c != NULL && c < at - 1)
		plan_note(p, NOTE_CHANGED, a->address, a->origin,
		    *c == '+' ? "the server takes the part from + off, and no "
				"mail reaches this address"
			      : "the server takes what follows the %% for a "
				"master user, and no login works");
	if (a->given != NULL)
		plan_note(p, NOTE_CHANGED, a->given, a->origin,
		    "the server calls it %s", a->address);
}

static uint32_t
flags_of(const struct record *r)
{
	uint32_t flags = 0;

	if (r->type == REC_GROUP)
		flags |= ACC_GROUP;
	if (!r->active)
		flags |= ACC_LOCKED;
	if (!r->receive)
		flags |= ACC_NO_RECEIVE;
	if (r->keep)
		flags |= ACC_KEEP;
	return flags;
}

static int
add_account(struct plan *p, const struct record *r, struct why *why)
{
	struct account a = { .quota = -1 };
	enum owner kind;
	size_t other;

	buf_reset(&p->scratch);
	if (name_address(r->address, &p->scratch, why) == -1)
		return -1;
	if (plan_owner(p, p->scratch.data, &kind, &other))
		return fall_together(p, r, other, why);
	if (r->type == REC_ACCOUNT && !r->active && p->options->skip_inactive) {
		plan_note(p, NOTE_LEFT, r->address, r->origin,
		    "left out: the account is switched off");
		p->counts.skipped++;
		return 0;
	}
	a.address = arena_add(&p->arena, p->scratch.data, p->scratch.len);
	a.origin = copy(p, r->origin);
	if (strcmp(a.address, r->address) != 0)
		a.given = arena_adds(&p->arena, r->address);
	if (r->type == REC_ACCOUNT) {
		int n = set_secret(p, &a, r, why);

		if (n != 0)
			return n == 1 ? 0 : -1;
	}
	a.name = copy(p, r->name);
	a.otp = p->options->carry_otp ? copy(p, r->otp) : NULL;
	a.flags |= flags_of(r);
	if (r->quota > 0 && r->quota <= QUOTA_MAX)
		a.quota = r->quota;
	a.domain = plan_domain(p, address_domain(a.address));
	p->domains[a.domain].accounts++;
	copy_list(p, &a.aliases, &r->aliases);
	copy_list(p, &a.groups, &r->groups);
	copy_list(p, &a.forward, &r->forward);
	note_left(p, &a, r);
	p->accounts = grow(
	    p->accounts, p->n_accounts, &p->cap_accounts, sizeof *p->accounts);
	p->accounts[p->n_accounts] = a;
	plan_own(p, a.address, OWNER_ACCOUNT, p->n_accounts++);
	return 0;
}

/* --- alias records --- */

static int
add_alias(struct plan *p, const struct record *r, struct why *why)
{
	struct alias a = { .active = r->active };
	bool added;
	void **slot;

	buf_reset(&p->scratch);
	if (*r->address == '@') {
		buf_addc(&p->scratch, '@');
		if (name_domain(r->address + 1, &p->scratch, why) == -1)
			return -1;
	} else if (name_address(r->address, &p->scratch, why) == -1) {
		return -1;
	}
	a.address = arena_add(&p->arena, p->scratch.data, p->scratch.len);
	a.origin = copy(p, r->origin);
	copy_list(p, &a.targets, &r->targets);
	slot = map_put(&p->alias, a.address, &added);
	if (!added) {
		const struct alias *first = &p->aliases[(uintptr_t)*slot];

		return why_set(why, FAIL_DATA,
		    "the alias is there twice, first at %s",
		    first->origin == NULL ? "a place that is not known"
					  : first->origin);
	}
	*slot = (void *)(uintptr_t)p->n_aliases;
	p->aliases =
	    grow(p->aliases, p->n_aliases, &p->cap_aliases, sizeof *p->aliases);
	p->aliases[p->n_aliases++] = a;
	return 0;
}

int
plan_add(struct plan *p, const struct record *r, struct why *why)
{
	switch (r->type) {
	case REC_DOMAIN:
		return add_domain(p, r, why);
	case REC_ACCOUNT:
	case REC_GROUP:
		return add_account(p, r, why);
	case REC_ALIAS:
		return add_alias(p, r, why);
	case REC_END:
	case REC_OTHER:
		break;
	}
	return 0;
}
