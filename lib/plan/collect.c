/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* plan_add: records into the model, one by one. */
#include "plan/collect.h"

#include <string.h>

#include "core/alloc.h"
#include "plan/model.h"
#include "plan/name.h"
#include "plan/signing.h"
#include "record/address.h"
#include "secret/classify.h"
#include "secret/hash.h"
#include "secret/otp.h"

/* The largest quota: JSON numbers are exact up to 2^53 (RFC 8259, 6). */
#define QUOTA_MAX ((int64_t)1 << 53)

/* What the strings of all records may take together: a string's number has 32
 * bits, and resolving adds more strings. */
#define TEXTS_MAX ((size_t)3 << 30)

static const char *
somewhere(const char *origin)
{
	return origin == NULL ? "an unknown place" : origin;
}

/* --- domains --- */

static void
name_alias_domain(
    struct plan *p, uint32_t of, const struct record *r, const char *name)
{
	struct why why = { 0 };
	struct alias_domain *a;
	uint32_t domain;

	buf_reset(&p->scratch);
	if (name_domain(name, &p->scratch, &why) == -1) {
		plan_note(p, NOTE_LEFT, name, plan_text(p, r->origin),
		    "alias domain of %s: %s", p->domains[of].name, why.text);
		return;
	}
	domain = plan_domain(p, p->scratch.data);
	p->domains[domain].local = true;
	p->alias_domains = xgrow(p->alias_domains, p->n_alias_domains,
	    &p->cap_alias_domains, sizeof *p->alias_domains);
	a = &p->alias_domains[p->n_alias_domains++];
	*a = (struct alias_domain){ domain, of, plan_text(p, r->origin) };
}

static int
add_domain(struct plan *p, const struct record *r, struct why *why)
{
	uint32_t i;

	buf_reset(&p->scratch);
	if (name_domain(r->domain, &p->scratch, why) == -1)
		return -1;
	i = plan_domain(p, p->scratch.data);
	p->domains[i].local = true;
	if (r->elsewhere)
		p->domains[i].elsewhere = true;
	else if (!r->active)
		plan_note(p, NOTE_LEFT, p->domains[i].name,
		    plan_text(p, r->origin),
		    "the domain is switched off; the server has no such switch "
		    "that does anything, and takes the domain for its own");
	for (size_t a = 0; a < r->aliases.n; a++)
		name_alias_domain(p, i, r, r->aliases.v[a]);
	return 0;
}

/* --- accounts and groups --- */

/* The addresses of a list; what is not an address is named and left out. */
static struct run
read_addresses(struct plan *p, const struct strs *from, const char *address,
    uint32_t origin, const char *what,
    uint32_t (*number_of)(struct plan *p, const char *text, struct why *why))
{
	struct run run = { 0 };

	if (from->n == 0)
		return run;
	run = plan_run(p);
	for (size_t i = 0; i < from->n; i++) {
		struct why why = { 0 };
		uint32_t number = number_of(p, from->v[i], &why);

		if (number != 0)
			plan_append(p, &run, number);
		else
			plan_note(p, NOTE_LEFT, address, origin, "%s %s: %s",
			    what, from->v[i], why.text);
	}
	return run;
}

/*
 * The address is taken already. If it is the same address again, the first one
 * stays; if two different ones become one on the server, neither is right and
 * both are refused.
 */
static int
fall_together(
    struct plan *p, const struct record *r, uint32_t taken, struct why *why)
{
	struct model_account *first = &p->accounts[p->addresses[taken].owner];
	const char *address = plan_name(p, taken);
	const char *given =
	    first->given == 0 ? address : plan_string(p, first->given);
	const char *origin = somewhere(plan_string(p, first->origin));

	if (strcmp(given, r->address) == 0)
		return why_set(
		    why, FAIL_DATA, "is there twice, first at %s", origin);
	if ((first->flags & ACC_REFUSED) == 0) {
		first->flags |= ACC_REFUSED;
		plan_note(p, NOTE_REFUSED, given, first->origin,
		    "the server takes it and %s (%s) for the same address, %s",
		    r->address, somewhere(r->origin), address);
	}
	return why_set(why, FAIL_DATA,
	    "the server takes it and %s (%s) for the same address, %s", given,
	    origin, address);
}

static int
give_temporary(struct plan *p, struct model_account *a, const char *address,
    const char *reason, struct why *why)
{
	const char *clear = p->calls->temporary(p->calls->arg, address, why);
	struct buf hash = { 0 };
	int r = -1;

	if (clear != NULL && secret_hash(clear, address, &hash, why) == 0) {
		a->secret = texts_add(&p->texts, hash.data, hash.len);
		a->flags |= ACC_TEMPORARY;
		plan_note(p, NOTE_CHANGED, address, a->origin,
		    "a temporary password: %s", reason);
		r = 0;
	}
	buf_wipe(&hash);
	return r;
}

/* An account whose password cannot be carried. 0, 1 to leave it out, or -1. */
static int
no_secret(struct plan *p, struct model_account *a, const struct secret *s,
    const char *address, struct why *why)
{
	const char *reason = s->verdict == SECRET_NONE
				 ? "the directory holds no password"
				 : s->reason;

	switch (p->options->no_secret) {
	case NO_SECRET_SKIP:
		plan_note(p, NOTE_LEFT, address, a->origin,
		    "the account is left out: %s", reason);
		p->counts.skipped++;
		return 1;
	case NO_SECRET_EMPTY:
		plan_note(p, NOTE_CHANGED, address, a->origin,
		    "no password, and no login: %s", reason);
		return 0;
	case NO_SECRET_TEMP:
		return give_temporary(p, a, address, reason, why);
	case NO_SECRET_FAIL:
		break;
	}
	if (s->verdict == SECRET_NONE)
		return why_set(why, FAIL_DATA, "%s (see --no-secret)", reason);
	return why_set(why, FAIL_DATA,
	    "the password cannot be carried: %s: %s (see --no-secret)",
	    s->scheme, reason);
}

static int
set_secret(struct plan *p, struct model_account *a, const struct record *r,
    const char *address, struct why *why)
{
	struct secret *s = p->judged;

	secret_judge(s, r->secret, r->default_scheme, address);
	if (s->verdict != SECRET_VERBATIM && s->verdict != SECRET_TRANSCODED)
		return no_secret(p, a, s, address, why);
	a->flags |=
	    s->verdict == SECRET_VERBATIM ? ACC_VERBATIM : ACC_TRANSCODED;
	a->secret = texts_add(&p->texts, s->text.data, s->text.len);
	return 0;
}

/* The second factor is part of the credential: without one it cannot be
 * kept. */
static void
set_otp(struct plan *p, struct model_account *a, const struct record *r)
{
	const char *reason = "--otp=carry carries it";

	if (r->otp == NULL)
		return;
	if (p->options->carry_otp) {
		if (a->secret == 0)
			reason = "the account has no password";
		else {
			buf_reset(&p->scratch);
			reason = otp_canon(r->otp, &p->scratch);
		}
		if (reason == NULL) {
			plan_extras_put(p, a)->otp =
			    plan_text(p, p->scratch.data);
			return;
		}
	}
	plan_note(p, NOTE_LEFT, r->address, a->origin, "the second factor: %s",
	    reason);
}

static void
set_quota(struct plan *p, struct model_account *a, const struct record *r)
{
	if (r->quota > QUOTA_MAX)
		plan_note(p, NOTE_LEFT, r->address, a->origin,
		    "a quota of more bytes than a number in JSON holds");
	else if (r->quota > 0)
		a->quota = r->quota;
}

/* The address that the server makes of a bare login name. */
static uint32_t
default_address(struct plan *p, const char *login, struct why *why)
{
	struct buf full = { 0 };
	uint32_t address;

	buf_addf(&full, "%s@%s", login, p->options->default_domain);
	address = plan_address(p, full.data, why);
	buf_free(&full);
	return address;
}

/* Login names. The server knows the account's addresses, and a bare name only
 * in its default domain. */
static void
take_login(struct plan *p, uint32_t account, const char *login)
{
	const struct model_account *a = &p->accounts[account];
	struct why why = { 0 };
	uint32_t address = 0;

	if (strchr(login, '@') == NULL && p->options->default_domain != NULL)
		address = default_address(p, login, &why);
	else if (strchr(login, '@') == NULL)
		why_set(&why, FAIL_DATA,
		    "a name without a domain works only in the server's "
		    "default domain");
	else if (*login == '@')
		why_set(&why, FAIL_DATA, "nothing is before the @");
	else
		address = plan_address(p, login, &why);
	if (address == 0)
		plan_note(p, NOTE_LOGIN, plan_name(p, a->address), a->origin,
		    "the login name %s: %s", login, why.text);
	if (address == 0 || address == a->address)
		return;
	p->logins =
	    xgrow(p->logins, p->n_logins, &p->cap_logins, sizeof *p->logins);
	p->logins[p->n_logins++] = (struct model_login){ account, address };
}

/* What the server does to some names. */
static void
note_name(struct plan *p, const struct model_account *a)
{
	const char *address = plan_name(p, a->address);
	size_t local = (size_t)(address_domain(address) - 1 - address);

	if (a->given != 0)
		plan_note(p, NOTE_CHANGED, plan_string(p, a->given), a->origin,
		    "the server calls it %s", address);
	if (memchr(address, '+', local) != NULL)
		plan_note(p, NOTE_CHANGED, address, a->origin,
		    "the server takes off what follows the +, and no mail "
		    "reaches this address");
	if (memchr(address, '%', local) != NULL)
		plan_note(p, NOTE_CHANGED, address, a->origin,
		    "the server takes what follows the %% for a master user, "
		    "and no login works");
}

/* An alias is another address without its white space: mail for the one of the
 * directory finds nobody. */
static void
note_alias_name(struct plan *p, const char *given, uint32_t origin)
{
	struct why why = { 0 };
	uint32_t address = given[strcspn(given, " \t")] == '\0'
			       ? 0
			       : plan_address(p, given, &why);

	if (address != 0)
		plan_note(p, NOTE_CHANGED, given, origin,
		    "the server calls it %s", plan_name(p, address));
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

/* The domain of an address, as far as it can be told: 1 + its number. */
static uint32_t
domain_of(struct plan *p, const char *address)
{
	const char *domain = address == NULL ? NULL : address_domain(address);

	buf_reset(&p->scratch);
	if (domain == NULL || name_domain(domain, &p->scratch, NULL) == -1)
		return 0;
	return plan_domain(p, p->scratch.data) + 1;
}

/* What the server has of a domain must stay: an address that should be somebody's who
 * is not in the plan may be anything there. */
static void
spare_domain(struct plan *p, const char *address)
{
	uint32_t domain = domain_of(p, address);

	if (domain == 0) {
		p->spare_all = true;
		return;
	}
	plan_spare_accounts(p, AT(domain), address);
	plan_spare_lists(p, AT(domain), address);
}

/* The record's account or alias will not be in the plan. An account that was
 * refused comes with a later run; one that is left out may be on the server. */
static void
spare(struct plan *p, const struct record *r, bool refused)
{
	bool owner = r->type == REC_ACCOUNT || r->type == REC_GROUP;
	uint32_t i;

	if (domain_of(p, r->address) != 0 && *r->address != '@' && owner &&
	    (refused || p->options->reconcile)) {
		i = plan_address(p, r->address, NULL);
		if (i != 0)
			p->addresses[i].absent = 1;
	}
	spare_domain(p, r->address);
	for (size_t n = 0; owner && n < r->aliases.n; n++)
		if (domain_of(p, r->aliases.v[n]) != 0)
			spare_domain(p, r->aliases.v[n]);
}

static bool
skip_inactive(struct plan *p, const struct record *r)
{
	if (r->type != REC_ACCOUNT || r->active || !p->options->skip_inactive)
		return false;
	plan_note(p, NOTE_LEFT, r->address, plan_text(p, r->origin),
	    "the account is left out: it is switched off");
	p->counts.skipped++;
	spare(p, r, false);
	return true;
}

/* Puts the account into the model; its index. */
static uint32_t
keep_account(struct plan *p, const struct model_account *a)
{
	uint32_t i = (uint32_t)p->n_accounts++;
	struct domain *d = &p->domains[p->addresses[a->address].domain];

	p->accounts =
	    xgrow(p->accounts, i, &p->cap_accounts, sizeof *p->accounts);
	p->accounts[i] = *a;
	plan_own(p, a->address, OWNER_ACCOUNT, i);
	d->accounts++;
	d->local = true;
	return i;
}

static int
add_account(struct plan *p, const struct record *r, struct why *why)
{
	struct model_account a = { .flags = flags_of(r) };
	const char *name;
	uint32_t account;
	int n;

	if (skip_inactive(p, r))
		return 0;
	if (*r->address == '@')
		return why_set(why, FAIL_DATA, "an account without a name");
	a.address = plan_address(p, r->address, why);
	if (a.address == 0)
		return -1;
	if (p->addresses[a.address].kind != OWNER_NONE)
		return fall_together(p, r, a.address, why);
	name = plan_name(p, a.address);
	a.origin = plan_text(p, r->origin);
	if (strcmp(name, r->address) != 0)
		a.given = plan_text(p, r->address);
	n = r->type == REC_GROUP ? 0 : set_secret(p, &a, r, name, why);
	if (n == 1)
		spare(p, r, false);
	if (n != 0)
		return n == 1 ? 0 : -1;
	a.name = plan_text(p, r->name);
	p->named = p->named || a.name != 0;
	set_otp(p, &a, r);
	set_quota(p, &a, r);
	a.aliases = read_addresses(
	    p, &r->aliases, r->address, a.origin, "the alias", plan_address);
	for (uint32_t i = 0; i < a.aliases.n; i++)
		p->domains[p->addresses[p->numbers[a.aliases.at + i]].domain]
		    .local = true;
	for (size_t i = 0; i < r->aliases.n; i++)
		note_alias_name(p, r->aliases.v[i], a.origin);
	a.groups = read_addresses(
	    p, &r->groups, r->address, a.origin, "the group", plan_address);
	a.forward = read_addresses(p, &r->forward, r->address, a.origin,
	    "the forward to", plan_outside);
	if (a.forward.n != r->forward.n)
		a.flags |= ACC_UNSURE;
	note_name(p, &a);
	account = keep_account(p, &a);
	plan_keep_settings(p, a.address, r);
	for (size_t i = 0; i < r->logins.n; i++)
		take_login(p, account, r->logins.v[i]);
	return 0;
}

/* --- alias records --- */

/* Twice the room that is needed is made, so that as many records as there are
 * targets are no more work than one. */
static void
add_targets(struct plan *p, struct row *row, struct run more)
{
	struct run old = row->targets, *all = &row->targets;

	if (old.n + more.n > row->room) {
		struct run room = plan_run(p);

		row->room = 2 * (old.n + more.n);
		while (room.n < row->room)
			plan_append(p, &room,
			    room.n < old.n ? p->numbers[old.at + room.n] : 0);
		all->at = room.at;
	}
	for (uint32_t i = 0; i < more.n; i++)
		p->numbers[all->at + all->n++] = p->numbers[more.at + i];
}

/* A second record of an alias has more targets, as in an SQL table with a row
 * for each. */
static void
join_alias(struct plan *p, const struct record *r, struct row *row)
{
	const char *first = plan_string(p, row->origin);
	uint32_t origin = plan_text(p, r->origin);
	struct run more;

	if (!r->active && row->active) {
		plan_note(p, NOTE_LEFT, r->address, origin,
		    "a second record of the alias, which is switched off");
		return;
	}
	more = read_addresses(
	    p, &r->targets, r->address, origin, "the target", plan_outside);
	row->cut = row->cut || more.n != r->targets.n;
	if (r->active != row->active) {
		plan_note(p, NOTE_LEFT, r->address, row->origin,
		    "a second record of the alias, which is switched off");
		row->active = true;
		row->targets = more;
		row->room = 0;
		return;
	}
	plan_note(p, NOTE_CHANGED, r->address, origin,
	    "joined with the record of the same alias at %s", somewhere(first));
	add_targets(p, row, more);
}

static int
add_alias(struct plan *p, const struct record *r, struct why *why)
{
	struct row row = { .active = r->active };
	struct address *address;

	row.address = plan_address(p, r->address, why);
	if (row.address == 0)
		return -1;
	address = &p->addresses[row.address];
	if (address->row != 0) {
		join_alias(p, r, &p->rows[AT(address->row)]);
		return 0;
	}
	row.origin = plan_text(p, r->origin);
	note_alias_name(p, r->address, row.origin);
	p->rows = xgrow(p->rows, p->n_rows, &p->cap_rows, sizeof *p->rows);
	address->row = (uint32_t)++p->n_rows;
	row.targets = read_addresses(
	    p, &r->targets, r->address, row.origin, "the target", plan_outside);
	row.cut = row.targets.n != r->targets.n;
	p->rows[p->n_rows - 1] = row;
	return 0;
}

static int
add_settings(struct plan *p, const struct record *r, struct why *why)
{
	uint32_t address = plan_address(p, r->address, why);

	if (address == 0)
		return -1;
	plan_keep_settings(p, address, r);
	return 0;
}

/* A note of the directory's own. */
static void
pass_note(struct plan *p, const struct record *r)
{
	const struct note note = { NOTE_LEFT, r->what, r->note, r->origin, "%s",
		r->count < 1 ? 1 : (size_t)r->count };

	p->calls->note(p->calls->arg, &note);
}

static int
add(struct plan *p, const struct record *r, struct why *why)
{
	if (texts_size(&p->texts) + texts_size(&p->names.texts) > TEXTS_MAX)
		return why_set(why, FAIL_FATAL,
		    "more records than one plan can hold: split them by "
		    "domain");
	switch (r->type) {
	case REC_DOMAIN:
		return add_domain(p, r, why);
	case REC_ACCOUNT:
	case REC_GROUP:
		return add_account(p, r, why);
	case REC_ALIAS:
		return add_alias(p, r, why);
	case REC_DKIM:
		return plan_add_signing(p, r, why);
	case REC_OTHER:
		plan_note(p, NOTE_LEFT, record_id(r), plan_text(p, r->origin),
		    "a record of a type that this release does not know");
		break;
	case REC_SETTINGS:
		return add_settings(p, r, why);
	case REC_NOTE:
		pass_note(p, r);
		break;
	case REC_END:
		break;
	}
	return 0;
}

/* A record that was refused may have held the forward of an account. */
static void
keep_unsure(struct plan *p, const struct record *r)
{
	uint32_t address = 0;

	if (domain_of(p, r->address) != 0)
		address = plan_address(p, r->address, NULL);
	if (address == 0)
		return;
	p->unsure =
	    xgrow(p->unsure, p->n_unsure, &p->cap_unsure, sizeof *p->unsure);
	p->unsure[p->n_unsure++] = address;
}

int
plan_add(struct plan *p, const struct record *r, struct why *why)
{
	int result = add(p, r, why);

	if (result == -1 && r->type != REC_DKIM) {
		p->refused = true;
		spare(p, r, true);
		keep_unsure(p, r);
	}
	return result;
}

void
plan_unread(struct plan *p, const struct record *r)
{
	if (r->address != NULL && strchr(r->address, '@') != NULL)
		spare(p, r, true);
}
