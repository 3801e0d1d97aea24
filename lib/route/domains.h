/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* The domains of the new server. */
#ifndef FERRY_ROUTE_DOMAINS_H
#define FERRY_ROUTE_DOMAINS_H

#include <stdbool.h>
#include <stddef.h>

#include "core/arena.h"
#include "core/map.h"
#include "core/why.h"
#include "jmap/client.h"

struct route_domain {
	const char *id;
	const char **names; /* its name, then its aliases */
	size_t n;
	const char *catch_all; /* an address; NULL: none */
	bool relays; /* takes mail for addresses that it does not have */
};

/* The zero value is empty. */
struct route_domains {
	struct route_domain *v;
	size_t n, cap;
	struct map by_name, by_id; /* number + 1 */
	struct arena texts;
};

/* Reads all of them: 0, or -1 and why. */
int route_domains_read(
    struct jmap *j, struct route_domains *d, struct why *why);
void route_domains_free(struct route_domains *d);

/* By name or alias, and by id; NULL. */
const struct route_domain *route_domain_named(
    const struct route_domains *d, const char *name);
const struct route_domain *route_domain_by_id(
    const struct route_domains *d, const char *id);

#endif
