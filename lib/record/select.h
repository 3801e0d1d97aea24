/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * What recfilter does: of a dump, the records of some accounts or domains, with
 * all that belongs to them, so that the part can be carried by itself.
 */
#ifndef FERRY_RECORD_SELECT_H
#define FERRY_RECORD_SELECT_H

#include <stdbool.h>
#include <stddef.h>

#include "core/why.h"
#include "record/record.h"

struct selection;

/* keep_rest: the records that are not chosen are kept in memory as well, which
 * select_done needs. */
struct selection *select_new(bool keep_rest);
void select_free(struct selection *s);

/*
 * Before the first record. An address chooses its account or group, or an alias
 * by itself; a domain chooses all that is in it. -1 and why for what is not an
 * address, or not a domain.
 */
int select_address(struct selection *s, const char *address, struct why *why);
int select_domain(struct selection *s, const char *domain, struct why *why);
/* The account of an earlier part: with those that are chosen it may be all. */
int select_done(struct selection *s, const char *address, struct why *why);

/* A record, as it was read; end records are the caller's. */
void select_add(
    struct selection *s, const struct record *r, const char *line, size_t len);

/*
 * After the last record: decides which go on.
 *  - an account or a group that is chosen; a group that a chosen account is in;
 *  - an alias that leads to one of them, directly or through aliases, and an
 *    alias of its own address, which is its forward;
 *  - the aliases that those and the accounts' forwards lead to: mkaccounts
 *    writes the addresses in the end, not their names;
 *  - the records of all these domains, alias domains among them;
 *  - settings of these accounts, and other records that name one of the
 *    addresses or domains, or neither.
 * An alias of another account's address is that account's forward, and stays
 * with it.
 */
struct select_counts {
	size_t records, accounts, aliases; /* that go on */
	size_t left;                       /* records that stay */
	bool last; /* with the earlier parts these are all accounts: everything
		      goes on */
};
void select_resolve(struct selection *s, struct select_counts *counts);

/*
 * Instead: one account after another, where all records were kept (select_new(true))
 * and nothing was chosen. Its address, and what select_next steps through is what
 * goes on with it alone, but for what select_common steps through: the records
 * that name nobody, which go with each. NULL at the end. *at begins as 0.
 */
const char *select_each(struct selection *s, size_t *at);
bool select_common(const struct selection *s, size_t *at, const char **line);

/* Steps through the records that go on, in the order in which they came: false
 * at the end. *at begins as 0. */
bool select_next(const struct selection *s, size_t *at, const char **line);

/* Whether a domain has accounts or groups of its own. */
bool select_owns(const struct selection *s, const char *domain);
/* A name that a domain's record calls another name of it, and that has accounts of
 * its own; NULL: there is none. After the last record. */
const char *select_owned_mirror(const struct selection *s);

/* Steps through the names that were chosen and that no record has. */
bool select_missing(const struct selection *s, size_t *at, const char **name);

#endif
