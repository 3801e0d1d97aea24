/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* The domains of mydestination, which all have the same local names. */
#ifndef FERRY_SOURCE_POSTFIX_LOCALS_H
#define FERRY_SOURCE_POSTFIX_LOCALS_H

#include "source/emit.h"
#include "source/postfix/postfix.h"
#include "source/postfix/tables.h"

/*
 * When the other tables are read: which domains of mydestination may be other
 * names of the one that stands for all. Those with addresses of their own cannot
 * be that, and are kept apart.
 */
void postfix_name_locals(struct postfix *p, const char *domain);

/* The entry of an alias_maps table; ctx is the struct postfix. One that a virtual
 * alias hides in the domain that stands for all keeps the others apart. */
postfix_entry postfix_local_alias;

/* When those are read: makes the rest other names. */
void postfix_end_locals(struct postfix *p, struct emit *e, const char *domain);

/*
 * When the accounts are written, and before the aliases are: in the domains that
 * are kept apart each local name that is known gets an address that leads to it,
 * where nothing else has it. Where no account is known, a note says so.
 */
void postfix_link_locals(struct postfix *p, struct emit *e);

#endif
