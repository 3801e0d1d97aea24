/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * Split delivery put into a Stalwart server, and taken out again: a route to the
 * old server, two rules before all others in the route expression, and relaying
 * for the domains, without which the server refuses mail for those whom it does
 * not have yet. What was changed is noted on the server itself, in lookup keys
 * of a namespace of ours, so that it can be put back from anywhere.
 */
#ifndef FERRY_ROUTE_SETUP_H
#define FERRY_ROUTE_SETUP_H

#include <stdbool.h>
#include <stdint.h>

#include "core/why.h"
#include "jmap/client.h"

enum route_status {
	ROUTE_CREATED,
	ROUTE_UPDATED,
	ROUTE_DESTROYED,
	ROUTE_EXISTS, /* it is as it should be */
	ROUTE_ABSENT, /* it is not there, and should not be */
	ROUTE_PLANNED,
	ROUTE_FAILED
};
/* Their words, by the enum. */
const char *route_status_name(enum route_status s);

/* What became of one object. */
struct route_step {
	const char *object; /* "MtaRoute", "Domain", "Action", ... */
	const char *name;   /* of the object; NULL: there is one only */
	enum route_status status;
	const struct why *why; /* of ROUTE_FAILED */
};

struct route_setup {
	struct jmap *jmap;
	const char *host; /* the old server; NULL: the one that is set */
	uint16_t port;
	/* The server was started again: its settings need no reload. */
	bool restarted;
	bool force; /* teardown: although some have not moved, or are held */
	bool dry_run;
	void (*step)(void *arg, const struct route_step *s);
	void *arg;
};

/* The old server, "HOST[:PORT]" with an IPv6 address in brackets; text is changed,
 * and borrowed. 0, or -1 and why. */
int route_setup_host(struct route_setup *s, char *text, struct why *why);

/*
 * Sets it up, or brings it up to date. Nothing is changed where a domain has a
 * catch-all: the server looks at it before it looks at relaying, so that it
 * would take the mail of all who are not there yet. Each object is reported. 0
 * when it came to the end, whatever failed; -1 and why when the server could not
 * be asked.
 */
int route_setup(const struct route_setup *s, struct why *why);

/*
 * Takes it away: the rules first, and last all keys. Refused, unless forced,
 * while the server has accounts that have not moved: their mail would be kept
 * from then on.
 */
int route_teardown(const struct route_setup *s, struct why *why);

#endif
