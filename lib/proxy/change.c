/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "proxy/change.h"

#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"

void
change_result_free(struct change_result *r)
{
	buf_free(&r->was);
}

/* Adds to a reason, which is cut where it is too long. */
static void
why_also(struct why *why, const char *id, const char *text)
{
	struct why before = *why;

	why_set(why, before.kind, "%s; %s%s", before.text, id, text);
}

/* Sets or takes away one route, and reads it back. */
static int
change_one(
    struct proxy *p, const char *id, const char *destination, struct why *why)
{
	struct route now = { 0 };
	int r;

	r = destination != NULL ? proxy_put(p, id, destination, why)
				: proxy_delete(p, id, why);
	if (r == 0)
		r = proxy_get(p, id, &now, why);
	if (r == 0 && destination != NULL &&
	    strcmp(now.destination.data, destination) != 0)
		r = why_set(why, FAIL_TEMP, "read back, %s still goes to %s",
		    id, buf_str(&now.destination));
	/* A route to the default may be a mapping or none. */
	if (r == 0 && destination == NULL && !now.is_default)
		r = why_set(why, FAIL_TEMP,
		    "read back, %s still goes to %s, which is not the default",
		    id, buf_str(&now.destination));
	route_free(&now);
	return r;
}

/*
 * Puts the first n routes back. A route to the default may have had a mapping
 * or not, nobody can tell: it gets one, because an account that did not move
 * must not follow when the default is changed one day.
 */
static void
undo(struct proxy *p, const char *const *ids, const struct route *old, size_t n,
    struct why *why)
{
	struct why failed = { 0 };

	while (n-- > 0)
		if (change_one(p, ids[n], old[n].destination.data, &failed) ==
		    -1)
			why_also(why, ids[n], " could not be put back");
}

void
change_kick(struct proxy *p, const char *const *ids, size_t n,
    struct change_result *result)
{
	int64_t kicked;

	result->kicked = 0;
	for (size_t i = 0; i < n; i++) {
		if (proxy_kick(p, ids[i], &kicked, &result->why) == -1)
			return;
		result->kicked += kicked;
	}
}

static int
look(struct proxy *p, const char *const *ids, struct route *old, size_t n,
    struct change_result *result)
{
	for (size_t i = 0; i < n; i++)
		if (proxy_get(p, ids[i], &old[i], &result->why) == -1)
			return -1;
	buf_adds(&result->was, buf_str(&old[0].destination));
	return 0;
}

static int
hold(struct proxy *p, const struct change *c, const char *const *ids, size_t n,
    struct why *why)
{
	for (size_t i = 0; c->delay >= 0 && i < n; i++)
		if (proxy_delay(p, ids[i], c->delay, why) == -1)
			return -1;
	return 0;
}

static int
change_all(struct proxy *p, const struct change *c, const char *const *ids,
    const struct route *old, size_t n, struct why *why)
{
	for (size_t i = 0; i < n; i++)
		if (change_one(p, ids[i], c->destination, why) == -1) {
			/* The one that failed may have been done. After a
			 * refused token nothing more is sent. */
			if (p->reply.status != 401 && p->reply.status != 429)
				undo(p, ids, old, i + 1, why);
			else if (i > 0)
				why_also(why, ids[0], " is changed already");
			return -1;
		}
	return 0;
}

void
change_run(struct proxy *p, const struct change *c, const char *const *ids,
    size_t n, struct change_result *result)
{
	struct route *old = xcalloc(n, sizeof *old);

	result->kicked = -1;
	if (look(p, ids, old, n, result) == 0 && !c->dry_run &&
	    hold(p, c, ids, n, &result->why) == 0 &&
	    change_all(p, c, ids, old, n, &result->why) == 0 && c->kick) {
		change_kick(p, ids, n, result);
		if (result->why.kind != FAIL_NONE)
			why_also(&result->why, "",
			    "its routes are changed, its sessions not ended");
	}
	for (size_t i = 0; i < n; i++)
		route_free(&old[i]);
	free(old);
}
