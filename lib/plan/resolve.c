/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * plan_resolve: what each alias becomes. One that ends in one account is that
 * account's alias; one that ends in several addresses, or outside, is a mailing
 * list of all of them, because lists do not nest on the server.
 */
#include "plan/plan.h"

#include <string.h>

#include "core/alloc.h"
#include "plan/model.h"
#include "plan/name.h"
#include "record/address.h"

/* --- domains --- */

/* Makes name an alias of a domain, unless it has accounts of its own. */
static void
alias_domain(
    struct plan *p, struct domain *of, const char *name, const char *origin)
{
	struct domain *d = plan_find_domain(p, name);

	if (strcmp(of->name, name) == 0)
		return;
	if (of->alias_of != NULL || (d != NULL && d->aliases.first != NULL)) {
		plan_note(p, NOTE_LEFT, name, origin,
		    "an alias domain of an alias domain, %s", of->name);
		return;
	}
	if (d != NULL && d->accounts != 0) {
		plan_note(p, NOTE_LEFT, name, origin,
		    "it cannot be an alias domain of %s: it has %zu accounts",
		    of->name, d->accounts);
		return;
	}
	if (d != NULL && d->alias_of != NULL) {
		if (strcmp(d->alias_of, of->name) != 0)
			plan_note(p, NOTE_LEFT, name, origin,
			    "an alias domain of %s, and already one of %s",
			    of->name, d->alias_of);
		return;
	}
	/* plan_domain may move the domains. */
	(void)plan_domain(p, name);
	plan_find_domain(p, name)->alias_of = of->name;
}

/* The alias domains that domain records name. A refused one is taken out. */
static void
resolve_domain_records(struct plan *p)
{
	size_t n = p->n_domains;

	for (size_t i = 0; i < n; i++) {
		struct chain named = p->domains[i].aliases, kept = { 0 };

		p->domains[i].aliases = (struct chain){ 0 };
		for (struct link *l = named.first; l != NULL; l = l->next) {
			const struct domain *d;

			alias_domain(
			    p, &p->domains[i], l->text, p->domains[i].origin);
			d = plan_find_domain(p, l->text);
			if (d != NULL && d->alias_of != NULL &&
			    strcmp(d->alias_of, p->domains[i].name) == 0)
				(void)chain_add(p, &kept, l->text);
		}
		p->domains[i].aliases = kept;
	}
}

/* "@a" -> "@b": the alias row of a whole domain. */
static void
resolve_domain_row(struct plan *p, struct alias *a)
{
	struct buf name = { 0 };
	struct why why = { 0 };
	const char *target = a->targets.first->text;
	struct domain *of;

	a->state = ALIAS_DONE;
	if (!a->active) {
		plan_note(p, NOTE_LEFT, a->address, a->origin,
		    "an alias domain that is switched off");
	} else if (name_domain(target + 1, &name, &why) == -1) {
		plan_note(p, NOTE_LEFT, a->address, a->origin, "%s", why.text);
	} else if ((of = plan_find_domain(p, name.data)) == NULL) {
		plan_note(p, NOTE_LEFT, a->address, a->origin,
		    "mail for a whole domain goes to %s, which is not here",
		    target);
	} else {
		alias_domain(p, of, a->address + 1, a->origin);
		of = plan_find_domain(p, name.data);
		if (plan_find_domain(p, a->address + 1) != NULL &&
		    plan_find_domain(p, a->address + 1)->alias_of == of->name &&
		    !chain_has(&of->aliases, a->address + 1))
			(void)chain_add(p, &of->aliases, a->address + 1);
	}
	buf_free(&name);
}

static bool
is_domain_row(const struct alias *a)
{
	return *a->address == '@' && a->targets.first != NULL &&
	       a->targets.first->next == NULL &&
	       *a->targets.first->text == '@' &&
	       strcmp(a->address, a->targets.first->text) != 0;
}

static void
resolve_domains(struct plan *p)
{
	for (size_t i = 0; i < p->n_aliases; i++) {
		const char *name = address_domain(p->aliases[i].address);

		if (!is_domain_row(&p->aliases[i]))
			(void)plan_domain(p, name);
	}
	resolve_domain_records(p);
	for (size_t i = 0; i < p->n_aliases; i++)
		if (is_domain_row(&p->aliases[i]))
			resolve_domain_row(p, &p->aliases[i]);
}

/* --- addresses --- */

const char *
plan_canonical(struct plan *p, const char *address, struct why *why)
{
	const struct domain *d;
	const char *domain;

	buf_reset(&p->scratch);
	if (name_address(address, &p->scratch, why) == -1)
		return NULL;
	domain = address_domain(p->scratch.data);
	d = plan_find_domain(p, domain);
	if (d != NULL && d->alias_of != NULL) {
		p->scratch.len = (size_t)(domain - p->scratch.data);
		buf_adds(&p->scratch, d->alias_of);
	}
	return arena_add(&p->arena, p->scratch.data, p->scratch.len);
}

bool
plan_is_local(const struct plan *p, const char *address)
{
	return plan_find_domain(p, address_domain(address)) != NULL;
}

/* Gives an address to an account; says so and returns false where somebody
 * else has it. True only if it is new to this account. */
static bool
claim(struct plan *p, const char *address, size_t account, const char *origin)
{
	enum owner kind;
	size_t holder;

	if (!plan_owner(p, address, &kind, &holder)) {
		plan_own(p, address, OWNER_ACCOUNT_ALIAS, account);
		return true;
	}
	if (kind == OWNER_LIST || holder != account)
		plan_note(p, NOTE_LEFT, address, origin,
		    "an alias of %s: the address belongs to %s",
		    p->accounts[account].address,
		    kind == OWNER_LIST ? p->lists[holder].address
				       : p->accounts[holder].address);
	return false;
}

static void
note_tail(struct plan *p, const char *address, const char *origin)
{
	const char *plus = strchr(address, '+');

	if (plus != NULL && plus < address_domain(address))
		plan_note(p, NOTE_CHANGED, address, origin,
		    "the server takes the part from + off, and no mail "
		    "reaches this alias");
}

/* The aliases that account records name. */
static void
resolve_own_aliases(struct plan *p, size_t i)
{
	struct chain named = p->accounts[i].aliases, kept = { 0 };
	const char *origin = p->accounts[i].origin;

	for (struct link *l = named.first; l != NULL; l = l->next) {
		struct why why = { 0 };
		const char *address = plan_canonical(p, l->text, &why);

		if (address == NULL) {
			plan_note(p, NOTE_LEFT, l->text, origin,
			    "an alias of %s: %s", p->accounts[i].address,
			    why.text);
			continue;
		}
		(void)plan_domain(p, address_domain(address));
		if (claim(p, address, i, origin)) {
			(void)chain_add(p, &kept, address);
			note_tail(p, address, origin);
			p->counts.aliases++;
		}
	}
	p->accounts[i].aliases = kept;
}

/* --- alias records --- */

/* Alias records in alias domains are known by the address that they stand for;
 * one that meets another there is left behind. */
static void
canonical_aliases(struct plan *p)
{
	for (size_t i = 0; i < p->n_aliases; i++) {
		struct alias *row = &p->aliases[i];
		const char *address;
		bool added;
		void **slot;

		if (*row->address == '@')
			continue;
		address = plan_canonical(p, row->address, NULL);
		if (address == NULL || strcmp(address, row->address) == 0)
			continue;
		slot = map_put(&p->alias, address, &added);
		if (added) {
			*slot = (void *)(uintptr_t)i;
			row->address = address;
		} else {
			plan_note(p, NOTE_LEFT, row->address, row->origin,
			    "the alias domain makes it %s, which is another "
			    "alias",
			    address);
			row->state = ALIAS_DONE;
			row->active = false;
			row->targets = (struct chain){ 0 };
		}
	}
}

static void expand(struct plan *p, size_t i);

/* Adds where one target of an alias leads. */
static void
expand_target(struct plan *p, size_t i, const char *target)
{
	struct why why = { 0 };
	const char *address = plan_canonical(p, target, &why);
	const struct account *account;
	void **nested;

	if (address == NULL) {
		plan_note(p, NOTE_LEFT, p->aliases[i].address,
		    p->aliases[i].origin, "the target %s: %s", target,
		    why.text);
		return;
	}
	account = plan_account_of(p, address);
	nested = map_get(&p->alias, address);
	/* An account's own address among the targets of its alias row is the
	 * mailbox itself. */
	if (account != NULL || nested == NULL ||
	    strcmp(address, p->aliases[i].address) == 0) {
		if (account == NULL && plan_is_local(p, address))
			plan_note(p, NOTE_LEFT, p->aliases[i].address,
			    p->aliases[i].origin,
			    "the target %s, which does not exist", address);
		else if (!chain_has(&p->aliases[i].leaves, address))
			(void)chain_add(p, &p->aliases[i].leaves, address);
		return;
	}
	expand(p, (size_t)(uintptr_t)*nested);
	if (p->aliases[(uintptr_t)*nested].state == ALIAS_OPEN) {
		p->aliases[i].cycle = true;
		plan_note(p, NOTE_LEFT, p->aliases[i].address,
		    p->aliases[i].origin,
		    "the target %s, which leads back to this alias", address);
		return;
	}
	for (const struct link *l = p->aliases[(uintptr_t)*nested].leaves.first;
	     l != NULL; l = l->next)
		if (!chain_has(&p->aliases[i].leaves, l->text))
			(void)chain_add(p, &p->aliases[i].leaves, l->text);
}

static void
expand(struct plan *p, size_t i)
{
	if (p->aliases[i].state != ALIAS_NEW)
		return;
	p->aliases[i].state = ALIAS_OPEN;
	for (const struct link *l = p->aliases[i].targets.first; l != NULL;
	     l = l->next)
		expand_target(p, i, l->text);
	p->aliases[i].state = ALIAS_DONE;
}

/* An alias row of an account's own address is that account's forward. */
static void
become_forward(struct plan *p, struct account *a, const struct alias *row)
{
	struct chain targets = { 0 };
	bool keep = false;

	if (!row->active)
		return;
	for (const struct link *l = row->leaves.first; l != NULL; l = l->next)
		if (plan_account_of(p, l->text) == a)
			keep = true;
		else
			(void)chain_add(p, &targets, l->text);
	if (targets.first == NULL)
		return;
	if (a->forward.first != NULL)
		plan_note(p, NOTE_LEFT, a->address, row->origin,
		    "a second forward of the same account");
	else
		a->forward = targets;
	a->flags = keep ? a->flags | ACC_KEEP : a->flags & ~(uint32_t)ACC_KEEP;
}

static void
become_alias(struct plan *p, struct account *a, const struct alias *row)
{
	const char *address = row->address;
	struct link *l;

	if (!claim(p, address, (size_t)(a - p->accounts), row->origin))
		return;
	l = chain_add(p, &a->aliases, address);
	l->enabled = row->active;
	note_tail(p, address, row->origin);
	p->counts.aliases++;
}

static void
become_list(struct plan *p, const struct alias *row)
{
	const char *address = row->address;
	struct list *l;
	enum owner kind;
	size_t holder;

	if (!row->active) {
		plan_note(p, NOTE_LEFT, row->address, row->origin,
		    "an alias to several addresses that is switched off");
		return;
	}
	if (plan_owner(p, address, &kind, &holder)) {
		plan_note(p, NOTE_LEFT, row->address, row->origin,
		    "the address belongs to %s",
		    kind == OWNER_LIST ? p->lists[holder].address
				       : p->accounts[holder].address);
		return;
	}
	p->lists = grow(p->lists, p->n_lists, &p->cap_lists, sizeof *p->lists);
	l = &p->lists[p->n_lists];
	*l = (struct list){ .address = address,
		.origin = row->origin,
		.recipients = row->leaves,
		.domain = plan_domain(p, address_domain(address)) };
	plan_own(p, address, OWNER_LIST, p->n_lists++);
	p->counts.lists++;
}

static void
place_alias(struct plan *p, size_t i)
{
	struct alias *row = &p->aliases[i];
	const char *address = row->address;
	struct account *self, *target;

	if (*address == '@' || row->targets.first == NULL)
		return;
	self = plan_account_of(p, address);
	if (self != NULL && strcmp(self->address, address) == 0) {
		become_forward(p, self, row);
		return;
	}
	if (row->leaves.first == NULL) {
		plan_note(p, NOTE_LEFT, row->address, row->origin,
		    "an alias without a target that exists");
		return;
	}
	target = row->leaves.first->next == NULL
		     ? plan_account_of(p, row->leaves.first->text)
		     : NULL;
	if (target != NULL)
		become_alias(p, target, row);
	else
		become_list(p, row);
}

/* --- catch-alls --- */

/*
 * The server rewrites a recipient to the catch-all once: it must be an account,
 * or outside; a list there ends in "Mailbox not found".
 */
static const char *
catch_all_target(struct plan *p, const struct alias *row, struct why *why)
{
	const char *address = NULL;
	const struct account *account;

	for (const struct link *l = row->leaves.first; l != NULL; l = l->next)
		address = l->text;
	if (address == NULL) {
		why_set(why, FAIL_DATA, "a catch-all to nowhere");
		return NULL;
	}
	if (row->leaves.first->next != NULL) {
		why_set(why, FAIL_DATA,
		    "a catch-all to several addresses: the server takes one");
		return NULL;
	}
	account = plan_account_of(p, address);
	return account == NULL ? address : account->address;
}

static void
resolve_catch_all(struct plan *p, size_t i)
{
	struct alias *row = &p->aliases[i];
	struct why why = { 0 };
	struct domain *d;
	const char *target;

	if (*row->address != '@' || row->state == ALIAS_DONE)
		return;
	expand(p, i);
	row = &p->aliases[i];
	d = plan_find_domain(p, row->address + 1);
	target = catch_all_target(p, row, &why);
	if (!row->active)
		plan_note(p, NOTE_LEFT, row->address, row->origin,
		    "a catch-all that is switched off");
	else if (target == NULL)
		plan_note(
		    p, NOTE_LEFT, row->address, row->origin, "%s", why.text);
	else if (d->alias_of != NULL)
		plan_note(p, NOTE_LEFT, row->address, row->origin,
		    "the catch-all of an alias domain (of %s)", d->alias_of);
	else {
		d->catch_all = target;
		p->counts.catch_alls++;
	}
}

void
plan_resolve(struct plan *p)
{
	resolve_domains(p);
	canonical_aliases(p);
	for (size_t i = 0; i < p->n_accounts; i++)
		if (p->accounts[i].aliases.first != NULL)
			resolve_own_aliases(p, i);
	for (size_t i = 0; i < p->n_aliases; i++)
		if (*p->aliases[i].address != '@')
			expand(p, i);
	for (size_t i = 0; i < p->n_aliases; i++)
		place_alias(p, i);
	for (size_t i = 0; i < p->n_aliases; i++)
		resolve_catch_all(p, i);
	plan_resolve_forwards(p);
}
