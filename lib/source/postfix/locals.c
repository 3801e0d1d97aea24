/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "source/postfix/locals.h"

#include <stdlib.h>
#include <string.h>

#include "record/address.h"

/* --- other names of one domain --- */

void
postfix_name_locals(struct postfix *p, const char *domain)
{
	for (size_t i = 0; i < p->locals.names.n; i++) {
		const char *name = p->locals.names.v[i];

		if (postfix_is_localhost(name) || strcmp(name, domain) == 0)
			continue;
		if (!postfix_domains_has(&p->domains, name) &&
		    map_get(&p->aliases.key_domains, name) == NULL)
			strs_add(&p->alike, name);
		else
			strs_add(&p->apart, name);
	}
}

static void
name_alike(const struct postfix *p, struct emit *e, const char *domain)
{
	for (size_t i = 0; i < p->alike.n; i++)
		emit_domain_alias(e, domain, p->alike.v[i]);
}

void
postfix_end_locals(struct postfix *p, struct emit *e, const char *domain)
{
	if (!p->with_users) {
		name_alike(p, e, domain);
		return;
	}
	emit_domain_hold(e, domain);
	p->aliases.names_of = domain;
	for (size_t i = 0; i < p->alike.n; i++)
		strs_add(&p->aliases.named, p->alike.v[i]);
	for (size_t i = 0; i < p->apart.n; i++)
		strs_add(&p->aliases.named, p->apart.v[i]);
}

/* Mail for a name is another's in the domain that stands for all: the others get
 * addresses of their own. Without the accounts those of the users would be lost
 * with that. */
static void
part(struct postfix *p, struct emit *e, const char *name)
{
	if (!p->with_users && p->alike.n != 0)
		emit_note(e, name,
		    "a local alias that a virtual one hides in the first "
		    "domain "
		    "of mydestination, and not in the others, which are other "
		    "names of it",
		    NULL);
	for (size_t i = 0; p->with_users && i < p->alike.n; i++)
		strs_add(&p->apart, p->alike.v[i]);
	if (p->with_users)
		p->alike.n = 0;
}

/* The entry of a name in a domain; NULL: there is none. */
static struct alias *
entry_in(
    const struct aliases *a, const char *name, size_t len, const char *domain)
{
	struct buf key = { 0 };
	void **value;

	buf_add(&key, name, len);
	buf_addf(&key, "@%s", domain);
	value = map_get(&a->by_address, buf_str(&key));
	buf_free(&key);
	return value == NULL ? NULL : *value;
}

/* An alias that a virtual one hides in the domain that stands for all is there in
 * those that are kept apart. */
void
postfix_local_alias(void *ctx, struct emit *e, const char *key, char *value)
{
	struct postfix *p = ctx;
	struct aliases *a = &p->aliases;
	const char *domain = a->key_domain;
	const struct alias *alias;

	postfix_add_alias(a, e, key, value);
	alias = entry_in(a, key, strlen(key), domain);
	if (alias == NULL || alias->bare)
		return;
	part(p, e, key);
	for (size_t i = 0; i < p->apart.n; i++) {
		a->key_domain = p->apart.v[i];
		if (entry_in(a, key, strlen(key), a->key_domain) == NULL)
			aliases_add(a, e, key, value);
	}
	a->key_domain = domain;
}

/* --- addresses of their own, for each name --- */

/* Names a forward of the first domain that holds in another, too. */
static void
note_forward(const struct aliases *a, struct emit *e, const char *address,
    const char *key)
{
	void **first = map_get(&a->by_address, address);

	if (first != NULL && !((struct alias *)*first)->bare)
		emit_note(e, key,
		    "mail for a name in another domain of mydestination "
		    "follows the forward that a virtual alias makes of it in "
		    "the first",
		    NULL);
}

/* Leads the name of an address to it, in another domain. What is there already
 * and leads to itself goes on to the local name. */
static void
link_name(
    struct aliases *a, struct emit *e, const char *address, const char *domain)
{
	size_t len = (size_t)(address_domain(address) - 1 - address);
	struct alias *alias = entry_in(a, address, len, domain);
	struct buf key = { 0 };

	buf_add(&key, address, len);
	buf_addf(&key, "@%s", domain);
	if (alias == NULL && map_get(&e->seen, key.data) != NULL) {
		buf_free(&key);
		return;
	}
	note_forward(a, e, address, key.data);
	if (alias == NULL) {
		alias = aliases_entry(a, e, key.data);
		if (alias != NULL)
			aliases_target(a, e, alias, address);
	} else {
		for (size_t i = 0; i < alias->targets.n; i++)
			if (strcmp(alias->targets.v[i], key.data) == 0)
				alias->targets.v[i] = address;
	}
	buf_free(&key);
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The domains that have accounts of their own. */
static void
owned_domains(const struct emit *e, struct map *domains)
{
	const char *address;

	for (size_t at = 0;
	     map_next(&e->seen, &at, &address, &(void *){ NULL });)
		if (emit_has_account(e, address))
			(void)map_put(domains, address_domain(address), NULL);
}

/* A domain with accounts is no other name of the first. */
static void
part_owned(struct postfix *p, const struct map *owned)
{
	struct strs alike = p->alike;
	size_t n = 0;

	for (size_t i = 0; i < alike.n; i++)
		if (map_get(owned, alike.v[i]) != NULL)
			strs_add(&p->apart, alike.v[i]);
		else
			alike.v[n++] = alike.v[i];
	p->alike.n = n;
}

/* The names of the domain that stands for all: the accounts that are written, and
 * the aliases whose keys have no domain. */
static void
known_names(struct postfix *p, const struct emit *e, struct strs *names,
    bool *has_accounts)
{
	const struct aliases *a = &p->aliases;
	const char *address, *domain = p->local_domain;

	for (size_t at = 0;
	     postfix_hidden_by(p, domain) == NULL &&
	     map_next(&e->seen, &at, &address, &(void *){ NULL });)
		if (*address != '@' &&
		    strcmp(address_domain(address), domain) == 0) {
			*has_accounts |= emit_has_account(e, address);
			strs_add(names, address);
		}
	for (size_t i = 0; i < a->n; i++)
		if (a->v[i]->bare && *a->v[i]->address != '@' &&
		    map_get(&e->seen, a->v[i]->address) == NULL &&
		    strcmp(address_domain(a->v[i]->address), domain) == 0)
			strs_add(names, a->v[i]->address);
	if (names->n != 0)
		qsort(names->v, names->n, sizeof *names->v, by_name);
}

/* Whether mail for an address is an account's own, without an alias of its local
 * name: the same name in a domain with accounts is another's. */
static bool
is_own(const struct aliases *a, const struct emit *e, const char *address)
{
	void **value = map_get(&a->by_address, address);

	return emit_has_account(e, address) &&
	       (value == NULL || !((struct alias *)*value)->bare);
}

void
postfix_link_locals(struct postfix *p, struct emit *e)
{
	struct aliases *a = &p->aliases;
	struct strs names = { 0 };
	struct map owned = { 0 };
	struct place before = e->at;
	bool has_accounts = false;

	owned_domains(e, &owned);
	if (p->with_users)
		part_owned(p, &owned);
	if (p->apart.n != 0 || p->alike.n != 0)
		known_names(p, e, &names, &has_accounts);
	emit_file(e, "mydestination");
	for (size_t i = 0; i < p->apart.n; i++) {
		const char *domain = p->apart.v[i];
		bool is_owned = map_get(&owned, domain) != NULL;

		/* A catch-all, or the name of another domain, has them all. */
		if (entry_in(a, "", 0, domain) != NULL)
			continue;
		for (size_t j = 0; j < names.n; j++)
			if (!is_owned || !is_own(a, e, names.v[j]))
				link_name(a, e, names.v[j], domain);
		if (!has_accounts && !is_owned)
			emit_note_record(e, domain,
			    "in mydestination: each user of the system has an "
			    "address in it, which is not carried, as it has "
			    "addresses of its own: give each account its alias "
			    "there");
	}
	for (size_t j = 0; p->alike.n != 0 && j < names.n; j++)
		note_forward(a, e, names.v[j], names.v[j]);
	if (p->with_users && p->local_domain != NULL) {
		name_alike(p, e, p->local_domain);
		emit_domain_release(e, p->local_domain);
	}
	free(names.v);
	map_free(&owned);
	e->at = before;
}
