/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * plan_resolve: what each alias becomes. One that ends in one account is that
 * account's alias; one that ends in several addresses, or outside, is a mailing
 * list of all of them, because lists do not nest on the server.
 */
#include "plan/resolve.h"

#include <string.h>

#include "core/alloc.h"
#include "core/num.h"
#include "plan/model.h"
#include "plan/signing.h"
#include "plan/spare.h"

/* How deep aliases may lead to aliases: Postfix gives up there as well
 * (postconf(5), virtual_alias_recursion_limit). */
enum {
	DEPTH_MAX = 1000
};

static bool
is_catch_all(const struct plan *p, uint32_t address)
{
	return *plan_name(p, address) == '@';
}

/* --- domains --- */

/* "@a" -> "@b": the row of a whole domain. */
static bool
is_domain_row(const struct plan *p, const struct row *row)
{
	return is_catch_all(p, row->address) && row->targets.n == 1 &&
	       is_catch_all(p, p->numbers[row->targets.at]) &&
	       p->numbers[row->targets.at] != row->address;
}

static void
chain_domain(struct plan *p, uint32_t of, uint32_t alias)
{
	struct domain *d = &p->domains[of];

	p->domains[alias].alias_of = of + 1;
	if (d->last_alias == 0)
		d->first_alias = alias + 1;
	else
		p->domains[AT(d->last_alias)].next = alias + 1;
	d->last_alias = alias + 1;
}

/* Makes a domain an alias of another, unless it has accounts of its own: on the
 * server an alias domain is a mirror. */
static void
make_alias_domain(struct plan *p, const struct alias_domain *a)
{
	const struct domain *d = &p->domains[a->domain], *of;
	bool left;

	of = &p->domains[a->of];
	if (d == of || d->alias_of == a->of + 1)
		return;
	left = of->left_aliases;
	p->domains[a->of].left_aliases = true;
	if (of->alias_of != 0)
		plan_note(p, NOTE_LEFT, d->name, a->origin,
		    "as an alias domain of %s, which is one itself", of->name);
	else if (d->first_alias != 0)
		plan_note(p, NOTE_LEFT, d->name, a->origin,
		    "as an alias domain of %s: it has alias domains itself",
		    of->name);
	else if (d->accounts != 0)
		plan_note(p, NOTE_LEFT, d->name, a->origin,
		    "as an alias domain of %s: it has %u account%s of its own",
		    of->name, d->accounts, plural(d->accounts));
	else if (d->alias_of != 0)
		plan_note(p, NOTE_LEFT, d->name, a->origin,
		    "as an alias domain of %s: it is one of %s already",
		    of->name, p->domains[AT(d->alias_of)].name);
	else if (plan_is_missing(p, a->of))
		plan_note(p, NOTE_LEFT, d->name, a->origin,
		    "as an alias domain of %s, which has no id "
		    "(--existing-domain %s=ID)",
		    of->name, of->name);
	else {
		p->domains[a->of].left_aliases = left;
		chain_domain(p, a->of, a->domain);
	}
}

static void
resolve_domain_row(struct plan *p, struct row *row)
{
	struct alias_domain a = { p->addresses[row->address].domain,
		p->addresses[p->numbers[row->targets.at]].domain, row->origin };

	row->state = ROW_DONE;
	p->domains[a.domain].left_catch_all = row->active;
	if (!row->active)
		plan_note(p, NOTE_LEFT, plan_name(p, row->address), row->origin,
		    "an alias domain that is switched off");
	else if (!p->domains[a.of].local)
		plan_note(p, NOTE_LEFT, plan_name(p, row->address), row->origin,
		    "mail for the whole domain goes to %s, which is not here",
		    p->domains[a.of].name);
	else
		make_alias_domain(p, &a);
}

static void
resolve_domains(struct plan *p)
{
	for (size_t i = 0; i < p->n_rows; i++)
		p->domains[p->addresses[p->rows[i].address].domain].local =
		    true;
	for (size_t i = 0; i < p->n_alias_domains; i++)
		make_alias_domain(p, &p->alias_domains[i]);
	for (size_t i = 0; i < p->n_rows; i++)
		if (is_domain_row(p, &p->rows[i]))
			resolve_domain_row(p, &p->rows[i]);
		else if (is_catch_all(p, p->rows[i].address) &&
			 p->rows[i].active)
			p->domains[p->addresses[p->rows[i].address].domain]
			    .catch_row = (uint32_t)i + 1;
}

/* Accounts in a domain that will not exist are not written. */
static void
refuse_missing_domains(struct plan *p)
{
	if (!p->options->no_domains)
		return;
	for (size_t i = 0; i < p->n_accounts; i++) {
		struct model_account *a = &p->accounts[i];
		uint32_t domain = p->addresses[a->address].domain;

		if (!plan_is_missing(p, domain) ||
		    (a->flags & ACC_REFUSED) != 0)
			continue;
		a->flags |= ACC_REFUSED;
		plan_spare_accounts(p, domain, plan_name(p, a->address));
		plan_note(p, NOTE_REFUSED, plan_name(p, a->address), a->origin,
		    "its domain has no id (--existing-domain %s=ID)",
		    p->domains[domain].name);
	}
}

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

			if (is_catch_all(p, address)) {
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
		uint32_t to = plan_canonical(p, row->address);
		const char *name = plan_name(p, row->address);

		if (to == row->address || is_catch_all(p, to))
			continue;
		row->moved = true;
		if (p->addresses[to].row != 0) {
			plan_note(p, NOTE_LEFT, name, row->origin,
			    "its domain mirrors %s, where %s is another alias",
			    p->domains[p->addresses[to].domain].name,
			    plan_name(p, to));
			row->state = ROW_DONE;
			row->targets.n = 0;
			row->address = 0;
			continue;
		}
		p->addresses[to].row = (uint32_t)i + 1;
		row->address = to;
	}
}

/* Where not all records were read, an address that nobody has may be one of the
 * rest. */
static bool
is_part(const struct plan *p)
{
	return p->options->partial || p->spare_all;
}

/* Whether the address is, or may be, that of an account that is not in the plan,
 * but comes later or is on the server. */
static bool
may_come(const struct plan *p, uint32_t address)
{
	return plan_is_local(p, address) &&
	       (is_part(p) || p->addresses[address].absent);
}

/* A target that is not a row: an account, or an address elsewhere. 0, with a
 * note, if it does not exist. */
static uint32_t
leaf(struct plan *p, const struct row *row, uint32_t target)
{
	const struct model_account *account = plan_account_of(p, target);
	const char *reason = NULL;

	if (account != NULL)
		return plan_has_tail(p, target) ? target : account->address;
	if (is_catch_all(p, target))
		reason = "a whole domain cannot be a target";
	else if (target == row->address && may_come(p, target))
		return 0; /* said by place() */
	else if (target == row->address)
		reason = "it leads to itself, and is not an account";
	else if (plan_is_local(p, target) && !may_come(p, target))
		reason = "it is not among the accounts of the plan";
	if (reason == NULL)
		return target;
	plan_note(p, NOTE_LEFT, plan_name(p, row->address), row->origin,
	    "the target %s: %s", plan_name(p, target), reason);
	return 0;
}

/* A row of an account's own address, or one that is among its own targets, is
 * the forward of an account (that keeps a copy); the account itself may be
 * missing. */
static bool
is_forward_of_rest(struct plan *p, const struct row *row)
{
	if (p->addresses[row->address].absent)
		return true;
	for (uint32_t n = 0; is_part(p) && n < row->targets.n; n++)
		if (plan_target(p, p->numbers[row->targets.at + n]) ==
		    row->address)
			return true;
	return false;
}

/* The row that a target leads to, which may be a catch-all; NULL for an account, for
 * the address itself (its mailbox), and where there is none. */
static struct row *
nested_row(struct plan *p, const struct row *row, uint32_t target)
{
	uint32_t nested = p->addresses[target].row;

	if (nested == 0)
		return plan_catch_all_of(p, target);
	if (target == row->address || is_catch_all(p, target) ||
	    plan_account_of(p, target) != NULL ||
	    is_forward_of_rest(p, &p->rows[AT(nested)]))
		return NULL;
	return &p->rows[AT(nested)];
}

/* Adds the leaves of a row that is expanded to the run being built. */
static void
add_nested(struct plan *p, struct row *row, struct run *leaves,
    const struct row *nested)
{
	const char *reason = NULL;

	if (!nested->active)
		reason = "which is switched off";
	else if (nested->state == ROW_OPEN)
		reason = "which leads back to this alias";
	else if (nested->state == ROW_NEW)
		reason = "which leads on too deeply";
	if (reason != NULL)
		plan_note(p, NOTE_LEFT, plan_name(p, row->address), row->origin,
		    "the target %s, %s", plan_name(p, nested->address), reason);
	row->cut = row->cut || reason != NULL || nested->cut;
	for (uint32_t n = 0; reason == NULL && n < nested->leaves.n; n++) {
		uint32_t address = p->numbers[nested->leaves.at + n];

		if (plan_once(p, address))
			plan_append(p, leaves, address);
	}
}

/* A target of a row as the server will have it; 0, with a note, for one that it
 * refuses. */
static uint32_t
target_of(struct plan *p, const struct row *row, uint32_t n)
{
	uint32_t given = p->numbers[row->targets.at + n];
	uint32_t to = plan_target(p, given);

	if (to == 0)
		plan_note(p, NOTE_LEFT, plan_name(p, row->address), row->origin,
		    "the target %s: the server refuses this local part",
		    plan_name(p, given));
	return to;
}

/*
 * Finds the leaves of a row: first those of the rows that it leads to, so that
 * its own run is then built in one piece.
 */
static void
expand(struct plan *p, struct row *row, unsigned int depth)
{
	struct run leaves;

	if (row->state != ROW_NEW || depth > DEPTH_MAX)
		return;
	row->state = ROW_OPEN;
	for (uint32_t n = 0; n < row->targets.n; n++) {
		uint32_t to = target_of(p, row, n);
		struct row *nested = to == 0 ? NULL : nested_row(p, row, to);

		p->numbers[row->targets.at + n] = to;
		if (nested != NULL)
			expand(p, nested, depth + 1);
	}
	leaves = plan_run(p);
	plan_set(p);
	for (uint32_t n = 0; n < row->targets.n; n++) {
		uint32_t target = p->numbers[row->targets.at + n];
		const struct row *nested;

		if (target == 0) {
			row->cut = true;
			continue;
		}
		nested = nested_row(p, row, target);
		if (nested != NULL) {
			add_nested(p, row, &leaves, nested);
			continue;
		}
		target = leaf(p, row, target);
		if (target == 0)
			row->cut = true;
		else if (plan_once(p, target))
			plan_append(p, &leaves, target);
	}
	row->leaves = leaves;
	row->state = ROW_DONE;
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
		plan_list(p, row->address, row->origin, row->leaves);
}

/* What the row's address becomes on the new server. */
static void
place(struct plan *p, const struct row *row)
{
	struct model_account *target = NULL;
	const struct address *own;

	if (row->address == 0 || is_catch_all(p, row->address))
		return;
	own = &p->addresses[row->address];
	if (own->kind == OWNER_ACCOUNT) {
		if ((p->accounts[own->owner].flags & ACC_REFUSED) == 0)
			become_forward(p, &p->accounts[own->owner], row);
		return;
	}
	if (is_forward_of_rest(p, row)) {
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
	    may_come(p, p->numbers[row->leaves.at])) {
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
	 * place. */
	if (row->address != 0 && !is_catch_all(p, row->address) &&
	    own->kind == OWNER_NONE)
		plan_keep_list(p, row->address);
}

/* --- catch-alls --- */

/*
 * The server rewrites a recipient to the catch-all once, and does not look the
 * result up again: it must be an account, or outside; a list there ends in
 * "Mailbox not found".
 */
static void
resolve_catch_all(struct plan *p, struct row *row)
{
	uint32_t domain = p->addresses[row->address].domain;
	const struct domain *d = &p->domains[domain];
	const char *reason = NULL;

	expand(p, row, 0);
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
	resolve_domains(p);
	refuse_missing_domains(p);
	move_rows(p);
	resolve_own_aliases(p);
	for (size_t i = 0; i < p->n_rows; i++)
		if (p->rows[i].address != 0 &&
		    !is_catch_all(p, p->rows[i].address))
			expand(p, &p->rows[i], 0);
	for (size_t i = 0; i < p->n_rows; i++)
		place_row(p, &p->rows[i]);
	for (size_t i = 0; i < p->n_rows; i++)
		if (p->rows[i].address != 0 &&
		    is_catch_all(p, p->rows[i].address) &&
		    !is_domain_row(p, &p->rows[i]))
			resolve_catch_all(p, &p->rows[i]);
	resolve_groups(p);
	resolve_logins(p);
	plan_resolve_settings(p);
	plan_resolve_forwards(p);
	plan_resolve_signings(p);
	if (p->options->reconcile)
		plan_settle_spared(p);
}
