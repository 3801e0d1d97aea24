/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * plan_resolve: what each alias becomes. One that ends in one account is that
 * account's alias; one that ends in several addresses, or outside, is a mailing
 * list of all of them, because lists do not nest on the server.
 */
#include "plan/resolve.h"

#include "plan/domains.h"
#include "plan/leaves.h"
#include "plan/model.h"
#include "plan/signing.h"
#include "plan/spare.h"

/* --- the aliases of an account --- */

/*
 * Gives an address to an account as its alias. Left out, with a note, where
 * somebody else has it or the server could not deliver to it.
 */
static void
give_alias(struct plan *p, struct model_account *account, uint32_t address,
    bool active, uint32_t origin)
{
	const char *own = plan_name(p, account->address);
	const char *name = plan_name(p, address);
	const struct address *a = &p->addresses[address];

	if (a->kind != OWNER_NONE) {
		if (a->kind == OWNER_LIST || &p->accounts[a->owner] != account)
			plan_note(p, NOTE_LEFT, name, origin,
			    "as an alias of %s: the address belongs to %s", own,
			    plan_holder(p, address));
		return;
	}
	if (plan_has_tail(p, address)) {
		/* The server does the same by itself. */
		if (plan_account_of(p, address) != account)
			plan_note(p, NOTE_LEFT, name, origin,
			    "as an alias of %s: the server takes off what "
			    "follows the +",
			    own);
		return;
	}
	if (!p->domains[a->domain].local) {
		plan_note(p, NOTE_LEFT, name, origin,
		    "as an alias of %s: the old server takes no mail for its "
		    "domain (--elsewhere)",
		    own);
		return;
	}
	if (plan_is_missing(p, a->domain)) {
		plan_note(p, NOTE_LEFT, name, origin,
		    "as an alias of %s: its domain has no id "
		    "(--existing-domain %s=ID)",
		    own, p->domains[a->domain].name);
		return;
	}
	plan_own(p, address, active ? OWNER_ALIAS : OWNER_ALIAS_OFF,
	    (size_t)(account - p->accounts));
	if (account->last_alias == 0)
		account->first_alias = address;
	else
		p->addresses[account->last_alias].next = address;
	account->last_alias = address;
	p->counts.aliases++;
}

/* The aliases that account records name. */
static void
resolve_own_aliases(struct plan *p)
{
	for (size_t i = 0; i < p->n_accounts; i++) {
		struct model_account *a = &p->accounts[i];

		if ((a->flags & ACC_REFUSED) != 0)
			continue;
		for (uint32_t n = 0; n < a->aliases.n; n++) {
			uint32_t address = p->numbers[a->aliases.at + n];

			if (plan_is_catch_all(p, address)) {
				p->domains[p->addresses[address].domain]
				    .left_catch_all = true;
				plan_note(p, NOTE_LEFT, plan_name(p, address),
				    a->origin,
				    "as an alias of %s: a catch-all is an "
				    "alias record",
				    plan_name(p, a->address));
			} else
				give_alias(p, a, plan_canonical(p, address),
				    true, a->origin);
		}
	}
}

/* --- alias records --- */

/* Rows in an alias domain count as rows of the domain that it mirrors; one
 * whose address is taken there is left out. */
static void
move_rows(struct plan *p)
{
	for (size_t i = 0; i < p->n_rows; i++) {
		struct row *row = &p->rows[i];
		const char *name;
		uint32_t to;

		if (row->address == 0 || plan_is_catch_all(p, row->address))
			continue;
		name = plan_name(p, row->address);
		to = plan_canonical(p, row->address);
		if (to == row->address)
			continue;
		row->moved = true;
		if (p->addresses[to].row != 0) {
			plan_note(p, NOTE_LEFT, name, row->origin,
			    "its domain mirrors %s, where %s is another alias",
			    p->domains[p->addresses[to].domain].name,
			    plan_name(p, to));
			row->targets.n = 0;
			row->address = 0;
			continue;
		}
		p->addresses[to].row = (uint32_t)i + 1;
		row->address = to;
	}
}

/* An alias row of an account's own address is that account's forward. */
static void
become_forward(struct plan *p, struct model_account *a, const struct row *row)
{
	const char *name = plan_name(p, a->address), *reason = NULL;
	struct run targets = plan_run(p);
	bool keep = false;

	if (row->cut)
		a->flags |= ACC_UNSURE;
	if (row->lacks)
		a->flags |= ACC_LACKS;
	for (uint32_t n = 0; n < row->leaves.n; n++) {
		uint32_t target = p->numbers[row->leaves.at + n];

		if (plan_account_of(p, target) == a)
			keep = true;
		else
			plan_append(p, &targets, target);
	}
	if (targets.n == 0)
		return;
	if (row->moved)
		reason = "its domain mirrors the account's, where all of the "
			 "account's mail would go this way";
	else if (!row->active)
		reason = "it is switched off";
	else if ((a->flags & ACC_GROUP) != 0)
		reason = "a group keeps its mail";
	if (reason != NULL) {
		if (row->active)
			a->flags |= ACC_UNSURE;
		plan_note(p, NOTE_LEFT, name, row->origin,
		    "the forward to %s%s: %s",
		    plan_name(p, p->numbers[targets.at]),
		    targets.n == 1 ? "" : " and others", reason);
		return;
	}
	/* The row comes first: the account's own forward sees what it keeps. */
	if (keep && a->forward.n != 0)
		for (uint32_t n = 0; n < a->forward.n; n++)
			plan_append(p, &targets, p->numbers[a->forward.at + n]);
	else if (a->forward.n != 0)
		plan_note(p, NOTE_CHANGED, name, row->origin,
		    "the alias took all mail before the account's own forward "
		    "saw it; only the alias is carried");
	if (a->forward.n == 0 || !keep)
		a->flags =
		    keep ? a->flags | ACC_KEEP : a->flags & ~(uint32_t)ACC_KEEP;
	a->forward = targets;
}

static void
become_alias(struct plan *p, struct model_account *a, const struct row *row)
{
	uint32_t target = p->numbers[row->leaves.at];

	if (target != a->address)
		plan_note(p, NOTE_CHANGED, plan_name(p, row->address),
		    row->origin, "leads to %s, not to %s",
		    plan_name(p, a->address), plan_name(p, target));
	give_alias(p, a, row->address, row->active, row->origin);
}

static void
become_list(struct plan *p, const struct row *row)
{
	const struct address *a = &p->addresses[row->address];
	const char *name = plan_name(p, row->address);

	if (!row->active)
		plan_note(p, NOTE_LEFT, name, row->origin,
		    "an alias to several addresses, or outside, that is "
		    "switched off");
	else if (a->kind != OWNER_NONE)
		plan_note(p, NOTE_LEFT, name, row->origin,
		    "the address belongs to %s", plan_holder(p, row->address));
	else if (plan_has_tail(p, row->address))
		plan_note(p, NOTE_LEFT, name, row->origin,
		    "the server takes off what follows the +, and no mail "
		    "reaches this alias");
	else if (plan_is_missing(p, a->domain))
		plan_note(p, NOTE_LEFT, name, row->origin,
		    "its domain has no id (--existing-domain %s=ID)",
		    p->domains[a->domain].name);
	else
		plan_list(
		    p, row->address, row->origin, row->leaves, row->lacks);
}

/* What the row's address becomes on the new server. */
static void
place(struct plan *p, const struct row *row)
{
	struct model_account *target = NULL;
	const struct address *own;

	if (row->address == 0 || plan_is_catch_all(p, row->address))
		return;
	own = &p->addresses[row->address];
	if (own->kind == OWNER_ACCOUNT) {
		if ((p->accounts[own->owner].flags & ACC_REFUSED) == 0)
			become_forward(p, &p->accounts[own->owner], row);
		return;
	}
	if (plan_is_forward_of_rest(p, row)) {
		/* A list would take the address that the account needs. */
		plan_note(p, NOTE_LEFT, plan_name(p, row->address), row->origin,
		    "the forward of an account that is not in %s: the %s that "
		    "has it brings the forward",
		    p->options->partial ? "this part" : "this plan",
		    p->options->partial ? "part" : "run");
		return;
	}
	if (row->leaves.n == 0) {
		plan_note(p, NOTE_LEFT, plan_name(p, row->address), row->origin,
		    "an alias without a target");
		return;
	}
	if (row->moved)
		plan_note(p, NOTE_CHANGED, plan_name(p, row->address),
		    row->origin,
		    "stood in an alias domain, which mirrors this one");
	if (row->leaves.n == 1)
		target = plan_account_of(p, p->numbers[row->leaves.at]);
	if (target == NULL && row->leaves.n == 1 &&
	    plan_may_come(p, p->numbers[row->leaves.at])) {
		/* Who has it on the server keeps it until then. */
		plan_spare_accounts(p, own->domain, plan_name(p, row->address));
		/* A list would take the address that the account needs. */
		plan_note(p, NOTE_LEFT, plan_name(p, row->address), row->origin,
		    "leads to %s, which is not in %s: the %s that has it "
		    "brings the alias",
		    plan_name(p, p->numbers[row->leaves.at]),
		    p->options->partial ? "this part" : "this plan",
		    p->options->partial ? "part" : "run");
	} else if (target != NULL)
		become_alias(p, target, row);
	else
		become_list(p, row);
}

static void
place_row(struct plan *p, const struct row *row)
{
	const struct address *own;

	place(p, row);
	own = &p->addresses[row->address];
	/* A list that the server may have stays, unless something took its
	 * place; an alias that is one for want of accounts does not. */
	if (row->address != 0 && !plan_is_catch_all(p, row->address) &&
	    (own->kind == OWNER_NONE ||
		(row->lacks && own->kind == OWNER_ALIAS)))
		plan_keep_list(p, row->address);
}

/* --- catch-alls --- */

/*
 * The server rewrites a recipient to the catch-all once, and does not look the
 * result up again: it must be an account, or outside; a list there ends in
 * "Mailbox not found".
 */
static void
resolve_catch_all(struct plan *p, const struct row *row)
{
	uint32_t domain = p->addresses[row->address].domain;
	const struct domain *d = &p->domains[domain];
	const char *reason = NULL;

	if (!row->active)
		reason = "it is switched off";
	else if (d->alias_of != 0)
		reason = "its domain is an alias domain";
	else if (plan_is_missing(p, domain))
		reason = "its domain has no id (--existing-domain)";
	else if (row->leaves.n == 0)
		reason = "it leads nowhere";
	else if (row->leaves.n > 1)
		reason = "it leads to several addresses; the server takes one";
	else if (p->options->partial)
		reason = "in a part of a directory it would take the mail of "
			 "all who are not in it; the last run, without "
			 "--partial, brings it";
	else if (p->options->allow_relaying)
		reason =
		    "with --allow-relaying it would take all mail that is "
		    "to be passed on; the last run, without that, brings it";
	else if (p->spare_all || d->spare_accounts)
		reason = "an account of the domain was refused, left out or "
			 "not read, and it would take the mail of that; the "
			 "run that has all of them brings it";
	if (reason != NULL) {
		p->domains[domain].left_catch_all = row->active;
		plan_note(p, NOTE_LEFT, plan_name(p, row->address), row->origin,
		    "the catch-all: %s", reason);
		return;
	}
	p->domains[domain].catch_all = plan_catch_all_target(p, row);
	p->counts.catch_alls++;
}

/* --- groups, login names --- */

/* One group that an account names; the server has none within groups. */
static void
resolve_group(struct plan *p, struct model_account *a, uint32_t address)
{
	const struct model_account *g =
	    plan_account_of(p, plan_canonical(p, address));

	if (g == NULL || (g->flags & ACC_GROUP) == 0)
		plan_note(p, NOTE_LEFT, plan_name(p, a->address), a->origin,
		    "as a member of %s, which is not a group here",
		    plan_name(p, address));
	else if ((a->flags & ACC_GROUP) != 0)
		plan_note(p, NOTE_LEFT, plan_name(p, a->address), a->origin,
		    "as a member of %s: the server has no groups in groups, "
		    "and its members may have to be made members there",
		    plan_name(p, address));
	else if (plan_once(p, g->address))
		p->numbers[a->groups.at + a->groups.n++] =
		    (uint32_t)(g - p->accounts);
}

/* The groups of each account, as indexes of accounts. */
static void
resolve_groups(struct plan *p)
{
	for (size_t i = 0; i < p->n_accounts; i++) {
		struct model_account *a = &p->accounts[i];
		uint32_t named = a->groups.n;

		a->groups.n = 0;
		plan_set(p);
		for (uint32_t n = 0; n < named; n++)
			resolve_group(p, a, p->numbers[a->groups.at + n]);
	}
}

static void
resolve_logins(struct plan *p)
{
	for (size_t i = 0; i < p->n_logins; i++) {
		const struct model_login *l = &p->logins[i];
		const struct model_account *a = &p->accounts[l->account];

		if ((a->flags & ACC_REFUSED) == 0 &&
		    plan_account_of(p, plan_canonical(p, l->address)) != a)
			plan_note(p, NOTE_LOGIN, plan_name(p, a->address),
			    a->origin,
			    "the login name %s: it is not an address of the "
			    "account",
			    plan_name(p, l->address));
	}
}

void
plan_resolve(struct plan *p)
{
	plan_resolve_elsewhere(p);
	plan_resolve_domains(p);
	plan_refuse_missing_domains(p);
	move_rows(p);
	resolve_own_aliases(p);
	plan_find_leaves(p);
	for (size_t i = 0; i < p->n_rows; i++)
		place_row(p, &p->rows[i]);
	for (size_t i = 0; i < p->n_rows; i++)
		if (p->rows[i].address != 0 &&
		    plan_is_catch_all(p, p->rows[i].address))
			resolve_catch_all(p, &p->rows[i]);
	resolve_groups(p);
	resolve_logins(p);
	plan_resolve_settings(p);
	plan_resolve_forwards(p);
	plan_resolve_signings(p);
	if (p->options->reconcile)
		plan_settle_spared(p);
}
