/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* Extensions of local parts in the targets of aliases ("anna+lists"), which
 * a->delimiter begins. What is returned is the address, or lives as long as a. */
#ifndef FERRY_SOURCE_ALIAS_EXTENSION_H
#define FERRY_SOURCE_ALIAS_EXTENSION_H

#include "source/aliases.h"
#include "source/emit.h"

/* The address without its extension, where one of a domain of ours has any;
 * otherwise as it is. */
const char *alias_base(struct aliases *a, const char *address);

/*
 * The address that gets the mail for one: without its extension, where nobody
 * has it as it is. "anna-maria" may be somebody else than "anna": where neither
 * is known, nothing is cut off.
 */
const char *alias_without_extension(
    struct aliases *a, const struct emit *e, const char *address);

/* The same while not all accounts are known: an extension after "+" is rarely
 * part of a name, one after "-" often. */
const char *alias_forward_target(
    struct aliases *a, const struct emit *e, const char *address);

/* Now that all accounts are known: names a forward that was written with an
 * extension which Postfix cuts off. */
void alias_check_forward(
    struct aliases *a, struct emit *e, const struct alias *alias);

#endif
