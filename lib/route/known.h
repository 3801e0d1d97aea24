/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * Keys whose ids an earlier run has written down. The server finds keys by their
 * ids, or gives all of a namespace: to ask for a few of many takes their ids.
 */
#ifndef FERRY_ROUTE_KNOWN_H
#define FERRY_ROUTE_KNOWN_H

#include "core/arena.h"
#include "core/why.h"
#include "jmap/client.h"
#include "record/record.h"
#include "route/keys.h"
#include "route/owners.h"

/* The zero value knows none. */
struct known_keys {
	struct strs ids;
	struct arena texts;
};

/* Takes the ids from the result lines of a file, and passes over all other lines.
 * 0, or -1 and why where it cannot be read. */
int known_read(struct known_keys *k, char *file, struct why *why);
void known_free(struct known_keys *k);

/*
 * Reads the keys of all owners that have no why, and perhaps others: those that
 * are known, and where an address has none among them, all. 0, or -1 and why.
 */
int known_find(struct jmap *j, const struct known_keys *k,
    const struct owners *o, struct keyring *ring, struct why *why);

#endif
