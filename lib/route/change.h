/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * The new server told that it keeps somebody's mail, or that it passes it on:
 * a key for each address of an account, all of them or none.
 */
#ifndef FERRY_ROUTE_CHANGE_H
#define FERRY_ROUTE_CHANGE_H

#include <stdbool.h>
#include <stddef.h>

#include "core/why.h"
#include "jmap/client.h"
#include "route/known.h"
#include "route/owners.h"

/* What is known, or was done, of one owner; by its number. */
struct moving {
	size_t keys;    /* of its addresses have a key */
	size_t changed; /* were made, or taken away */
};

/*
 * Makes the keys of all owners that have no why, or (away) takes them away, and
 * has the server load its keys again, once. Owners whose keys could not all be
 * changed get a why, and those that were changed are changed back. With dry_run
 * keys are only read: changed is what would be. The array is new, one for each
 * owner; NULL and why where nothing could be done at all.
 *
 * A key of an owner that the server does not have any more is taken away by the
 * address that was asked for and the aliases of its record.
 */
struct moving *route_change(struct jmap *j, struct owners *o,
    const struct known_keys *known, bool away, bool dry_run, struct why *why);

#endif
