/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * One account in several records: its own, and settings records from elsewhere.
 */
#ifndef FERRY_RECORD_JOIN_H
#define FERRY_RECORD_JOIN_H

#include "record/record.h"

/*
 * Two records say different things of one account: the member, and of a list
 * of objects which one (NULL: the member itself). The first one's stays.
 */
struct record_conflict {
	void (*tell)(void *arg, const char *member, const char *which);
	void *arg;
};

/*
 * Adds to a settings record what only another record of the same account has:
 * members that both types of record share. Lists are joined, except the
 * networks. Strings of from are borrowed. A vacation that is switched off gives
 * way to one that is not.
 */
void record_join(struct record *into, const struct record *from,
    const struct record_conflict *conflict);

/* Whether a record has such members, apart from its forward. */
bool record_has_settings(const struct record *r);

#endif
