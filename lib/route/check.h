/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* Whether split delivery is what it should be, and who is between the servers:
 * with the mail on one side and the logins on the other. */
#ifndef FERRY_ROUTE_CHECK_H
#define FERRY_ROUTE_CHECK_H

#include <stdbool.h>

#include "core/why.h"
#include "jmap/client.h"
#include "proxy/pool.h"
#include "route/keys.h"
#include "route/owners.h"
#include "route/rules.h"

enum route_side {
	SIDE_UNKNOWN, /* nobody was asked */
	SIDE_OLD,
	SIDE_NEW,
	SIDE_PARTLY, /* some addresses here, some there */
	SIDE_UNSURE  /* the server was asked, and its rules do not say */
};
/* Their words, by the enum; NULL for SIDE_UNKNOWN. */
const char *route_side_name(enum route_side side);

/* Whether mail and logins of an owner are on one side, as far as is known. */
bool route_sides_agree(enum route_side mail, enum route_side login);

/* Where mail for an owner is kept, by the rules of the server and the keys of
 * those who have moved. */
enum route_side route_mail_side(
    enum rules_sense sense, const struct keyring *keys, const struct owner *w);

enum route_finding {
	ROUTE_FINE,
	ROUTE_DOUBTFUL,
	ROUTE_WRONG
};

struct route_check {
	struct jmap *jmap;
	struct pool *proxy;      /* NULL: logins are not asked for */
	const char *destination; /* the new server's name at the proxy */
	bool (*stop)(void);      /* ends the questions to the proxy */
	/* Something about the server as a whole. */
	void (*found)(void *arg, enum route_finding f, const char *what,
	    const char *text);
	/* Somebody, with the keys that there are. */
	void (*owner)(void *arg, const struct owner *w,
	    const struct keyring *keys, enum route_side mail,
	    enum route_side login);
	void *arg;
};

/*
 * Looks at rules, route, domains, keys and, where there is a proxy, logins; and
 * hands each owner over: those of o, or where o is empty everybody whom the
 * server has, who are then in o. Nothing is changed. 0, or -1 and why where a
 * server could not be asked.
 */
int route_check(const struct route_check *c, struct owners *o, struct why *why);

#endif
