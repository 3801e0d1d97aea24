/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* How split delivery stands on a server: all that was read of it at once. */
#ifndef FERRY_ROUTE_STATE_H
#define FERRY_ROUTE_STATE_H

#include <jansson.h>
#include <stdint.h>

#include "jmap/client.h"
#include "route/domains.h"
#include "route/keys.h"
#include "route/rules.h"

/* The namespace of our own notes, and what they say: that the settings have to
 * be loaded again; that relaying was switched on for a domain. */
#define ROUTE_MARKS "mailferry"
#define ROUTE_MARK_RELOAD "reload"
#define ROUTE_MARK_RELAYING "relaying:"

struct route_state {
	struct route_domains domains;
	struct keyring keys, marks;
	json_t *expression; /* of the routes */
	char *relay_id;     /* of our route; NULL: there is none */
	char *relay_host;
	int64_t relay_port;
};

/* 0, or -1 and why. The zero value is empty. */
int route_state_read(struct jmap *j, struct route_state *s, struct why *why);
void route_state_free(struct route_state *s);

/* What mail goes by, of what was read; and asked of the server: 0, or -1 and
 * why. */
enum rules_sense route_sense(const struct route_state *s);
int route_sense_read(struct jmap *j, enum rules_sense *sense, struct why *why);

/* Whether the rules of split delivery come first, and are in force: 0, or -1 and
 * why, FATAL where they are not. */
int route_in_force(struct jmap *j, struct why *why);

#endif
