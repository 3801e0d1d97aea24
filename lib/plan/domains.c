/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "plan/domains.h"

#include "core/num.h"
#include "plan/spare.h"

/* "@a" -> "@b": the row of a whole domain. */
static bool
is_domain_row(const struct plan *p, const struct row *row)
{
	return plan_is_catch_all(p, row->address) && row->targets.n == 1 &&
	       plan_is_catch_all(p, p->numbers[row->targets.at]) &&
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
	const char *name = plan_name(p, row->address);

	row->address = 0;
	row->targets.n = 0;
	p->domains[a.domain].left_catch_all = row->active;
	if (!row->active)
		plan_note(p, NOTE_LEFT, name, row->origin,
		    "an alias domain that is switched off");
	else if (!p->domains[a.of].local)
		plan_note(p, NOTE_LEFT, name, row->origin,
		    "mail for the whole domain goes to %s, which is not here",
		    p->domains[a.of].name);
	else
		make_alias_domain(p, &a);
}

/* --- domains whose mail goes elsewhere --- */

static void
leave_account(struct plan *p, struct model_account *a, const struct domain *d)
{
	bool skip = p->options->elsewhere == ELSEWHERE_SKIP;

	if ((a->flags & ACC_REFUSED) != 0)
		return;
	a->flags |= ACC_REFUSED;
	plan_spare_accounts(
	    p, p->addresses[a->address].domain, plan_name(p, a->address));
	if (skip)
		p->counts.skipped++;
	plan_note(p, skip ? NOTE_LEFT : NOTE_REFUSED, plan_name(p, a->address),
	    a->origin,
	    "the old server takes no mail for %s, and the new one would take "
	    "over the whole domain: mail of its users for anybody there would "
	    "not leave it any more (see --elsewhere)",
	    d->name);
}

static void
leave_row(struct plan *p, struct row *row)
{
	plan_note(p, NOTE_LEFT, plan_name(p, row->address), row->origin,
	    "an alias in a domain that the old server takes no mail for");
	p->addresses[row->address].row = 0;
	row->address = 0;
	row->targets.n = 0;
}

/* On the server, an account logs in with an address of a domain that it has, and what
 * it has is its own: there is no domain for logins alone. */
static void
take_domain(struct plan *p, const struct domain *d)
{
	plan_note(p, NOTE_CHANGED, d->name, 0,
	    "the old server takes no mail for this domain; the new one takes "
	    "it for its own, so that its owners can log in: mail of its users "
	    "for others there does not leave it any more");
}

void
plan_resolve_elsewhere(struct plan *p)
{
	bool any = false;

	for (size_t i = 0; i < p->n_domains; i++) {
		struct domain *d = &p->domains[i];

		if (!d->elsewhere)
			continue;
		any = true;
		d->local =
		    p->options->elsewhere == ELSEWHERE_LOGIN || d->id != NULL;
		if (d->local)
			take_domain(p, d);
	}
	for (size_t i = 0; any && i < p->n_accounts; i++) {
		struct model_account *a = &p->accounts[i];
		const struct domain *d =
		    &p->domains[p->addresses[a->address].domain];

		if (d->elsewhere && !d->local)
			leave_account(p, a, d);
	}
	for (size_t i = 0; any && i < p->n_rows; i++) {
		struct row *row = &p->rows[i];
		const struct domain *d =
		    &p->domains[p->addresses[row->address].domain];

		if (d->elsewhere && !d->local)
			leave_row(p, row);
	}
}

void
plan_resolve_domains(struct plan *p)
{
	for (size_t i = 0; i < p->n_rows; i++)
		if (p->rows[i].address != 0)
			p->domains[p->addresses[p->rows[i].address].domain]
			    .local = true;
	for (size_t i = 0; i < p->n_alias_domains; i++)
		make_alias_domain(p, &p->alias_domains[i]);
	for (size_t i = 0; i < p->n_rows; i++)
		if (p->rows[i].address == 0)
			continue;
		else if (is_domain_row(p, &p->rows[i]))
			resolve_domain_row(p, &p->rows[i]);
		else if (plan_is_catch_all(p, p->rows[i].address) &&
			 p->rows[i].active)
			p->domains[p->addresses[p->rows[i].address].domain]
			    .catch_row = (uint32_t)i + 1;
}

void
plan_refuse_missing_domains(struct plan *p)
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
