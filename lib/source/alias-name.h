/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * Names without a domain among the targets of aliases(5), and of virtual aliases that
 * lead to them, where the users' names are in another domain than the aliases': a
 * name is first another alias, and then a user (local(8)).
 */
#ifndef FERRY_SOURCE_ALIAS_NAME_H
#define FERRY_SOURCE_ALIAS_NAME_H

#include "source/aliases.h"

/* Keeps a target that is such a name till all aliases are known, where
 * a->names_wait; false: it is none. */
bool alias_name_waits(
    struct aliases *a, struct alias *alias, const char *target);

/* Gives each name its address: that of the alias in the domain of local names, or
 * of the user. Before any record of the aliases. */
void alias_settle_names(struct aliases *a, struct emit *e, const char *domain);

/* Whether a key without a "@" is a domain, as far as the entries tell. */
bool alias_is_domain(
    const struct aliases *a, const char *key, const char *value);

#endif
