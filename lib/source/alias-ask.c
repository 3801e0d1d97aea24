/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "source/alias-ask.h"

#include <stdlib.h>
#include <string.h>

#include "record/address.h"
#include "source/alias-extension.h"

/* Asks for an address that has no entry. True: it has one now. */
static bool
ask(struct aliases *a, struct emit *e, const char *address)
{
	struct place before = e->at;
	struct buf value = { 0 };
	bool found = a->ask != NULL &&
		     map_get(&a->by_address, address) == NULL &&
		     a->ask(a->ask_ctx, e, address, &value);

	if (found)
		aliases_add(a, e, address, buf_str(&value));
	buf_free(&value);
	e->at = before;
	return found;
}

static void
ask_target(struct aliases *a, struct emit *e, const char *target)
{
	if (map_get(&a->key_domains, address_domain(target)) != NULL &&
	    map_get(&e->seen, target) == NULL)
		(void)ask(a, e, target);
}

/*
 * Asks for what is known when all accounts are written: catch-alls, the names
 * that every domain should have (RFC 2142), and targets that have no record.
 */
void
alias_ask_rest(struct aliases *a, struct emit *e)
{
	static const char *const names[] = { "", "postmaster", "abuse",
		"hostmaster", "webmaster", "info", "support", "sales",
		"marketing", "security", "noc", "root" };
	struct strs domains = { 0 };
	const char *domain;
	void *value;

	if (a->ask == NULL)
		return;
	for (size_t at = 0; map_next(&a->key_domains, &at, &domain, &value);)
		strs_add(&domains, domain);
	for (size_t i = 0; i < domains.n; i++)
		for (size_t j = 0; j < sizeof names / sizeof *names; j++) {
			struct buf key = { 0 };

			buf_addf(&key, "%s@%s", names[j], domains.v[i]);
			(void)ask(a, e, key.data);
			buf_free(&key);
		}
	/* What is found adds entries, whose targets are asked for, too. */
	for (size_t i = 0; i < a->n; i++)
		for (size_t j = 0; j < a->v[i]->targets.n; j++) {
			const char *target = a->v[i]->targets.v[j];

			ask_target(a, e, target);
			ask_target(a, e, alias_base(a, target));
		}
	free(domains.v);
}

/* The entry of a local name in another domain of those names, made an entry of the
 * address; NULL: there is none. */
static struct alias *
of_name(struct aliases *a, struct emit *e, const char *address)
{
	struct alias *alias = NULL, *local;
	struct buf key = { 0 };
	void **value;

	buf_add(&key, address, (size_t)(address_domain(address) - address));
	buf_adds(&key, a->names_of);
	value = map_get(&a->by_address, key.data);
	buf_free(&key);
	if (value == NULL || !((struct alias *)*value)->bare)
		return NULL;
	local = *value;
	alias = aliases_entry(a, e, address);
	if (alias == NULL)
		return NULL;
	alias->at = local->at;
	alias->keep = local->keep;
	for (size_t i = 0; i < local->targets.n; i++)
		aliases_target(a, e, alias, local->targets.v[i]);
	return alias;
}

struct alias *
alias_of(struct aliases *a, struct emit *e, const char *address)
{
	void **value;

	if (a->ask != NULL) {
		aliases_domain(a, address_domain(address));
		(void)ask(a, e, address);
	}
	value = map_get(&a->by_address, address);
	if (value == NULL && strs_has(&a->named, address_domain(address)))
		return of_name(a, e, address);
	return value == NULL ? NULL : *value;
}

bool
alias_takes(struct aliases *a, struct emit *e, const char *address)
{
	const struct alias *alias = alias_of(a, e, address);

	if (alias != NULL)
		return !strs_has(&alias->targets, address);
	return map_get(&a->by_address, strrchr(address, '@')) != NULL;
}

bool
alias_lead_on(
    struct aliases *a, struct emit *e, const char *address, const char *to)
{
	struct alias *alias = alias_of(a, e, address);

	if (alias == NULL || alias_takes(a, e, address))
		return alias_takes(a, e, address);
	for (size_t i = 0; i < alias->targets.n; i++)
		if (strcmp(alias->targets.v[i], address) == 0)
			alias->targets.v[i] = arena_adds(&a->arena, to);
	return true;
}
