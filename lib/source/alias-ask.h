/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* What aliases do with the mail of one address, and those in tables that cannot
 * be listed, only asked (a->ask). */
#ifndef FERRY_SOURCE_ALIAS_ASK_H
#define FERRY_SOURCE_ALIAS_ASK_H

#include "source/aliases.h"

/* The entry of an address, which is asked for; NULL where there is none. */
struct alias *alias_of(struct aliases *a, struct emit *e, const char *address);

/* Whether all mail for an address goes elsewhere, by an entry or a catch-all. */
bool alias_takes(struct aliases *a, struct emit *e, const char *address);

/*
 * An address is another name of a mailbox: what its entry leaves it goes to
 * that. False where there is no entry, and no catch-all.
 */
bool alias_lead_on(
    struct aliases *a, struct emit *e, const char *address, const char *to);

/* Asks for what is known when all accounts are written: catch-alls, the names
 * that every domain should have (RFC 2142), and targets that have no record. */
void alias_ask_rest(struct aliases *a, struct emit *e);

#endif
