/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "proxy/bulk.h"

#include <string.h>

#include "proxy/mapfile.h"

enum {
	SAMPLE = 16 /* read back after the file was loaded */
};

/* Puts all accounts that are not refused into the file. */
static void
merge(struct mapfile *m, const struct subjects *all, const char *destination)
{
	for (size_t i = 0; i < all->n; i++) {
		const struct subject *s = &all->v[i];

		for (size_t k = 0; k < s->n && s->why.kind == FAIL_NONE; k++)
			mapfile_set(m, s->ids[k], destination);
	}
}

/* The proxy refused the new file: puts the old one back. */
static int
take_back(struct proxy *p, struct mapfile *m, const struct why *cause,
    struct why *why)
{
	bool refused;

	if (mapfile_restore(m, why) == -1)
		return -1;
	*why = (struct why){ 0 };
	/* It may have loaded it after all, where the answer was lost. */
	if (p->reply.status != 401 && p->reply.status != 429)
		(void)proxy_reload(p, &refused, why);
	return why_set(why, cause->kind,
	    "%s; the old mapping file is in its place again", cause->text);
}

/* Asks where an account's logins go now. */
static int
read_back_one(struct proxy *p, const struct subject *s, const char *destination,
    struct why *why)
{
	struct route now = { 0 };
	int r = 0;

	for (size_t i = 0; i < s->n && r == 0; i++) {
		r = proxy_get(p, s->ids[i], &now, why);
		if (r == 0 && destination != NULL &&
		    strcmp(now.destination.data, destination) != 0)
			r = why_set(why, FAIL_FATAL,
			    "read back, %s goes to %s: is this the proxy's "
			    "mapping file?",
			    s->ids[i], now.destination.data);
	}
	route_free(&now);
	return r;
}

/* Asks for a few of them what the proxy does now. */
static int
read_back(struct proxy *p, const struct subjects *all, const char *destination,
    struct why *why)
{
	size_t step = all->n / SAMPLE + 1;
	int r = 0;

	for (size_t i = 0; i < all->n && r == 0; i += step)
		if (all->v[i].why.kind == FAIL_NONE)
			r = read_back_one(p, &all->v[i], destination, why);
	return r;
}

static int
replace(struct proxy *p, struct mapfile *m, const struct subjects *all,
    const char *destination, struct why *why)
{
	struct why cause = { 0 };
	bool refused;

	if (mapfile_commit(m, why) == -1)
		return -1;
	if (proxy_reload(p, &refused, &cause) == -1 ||
	    proxy_invalidate(p, &cause) == -1 ||
	    read_back(p, all, destination, &cause) == -1)
		return take_back(p, m, &cause, why);
	return 0;
}

int
bulk_set(struct proxy *p, const char *path, bool lowers,
    const struct subjects *all, const char *destination, bool dry_run,
    struct why *why)
{
	struct mapfile m;
	int r = mapfile_open(&m, path, lowers, why);

	if (r == 0)
		merge(&m, all, destination);
	if (r == 0 && !dry_run)
		r = replace(p, &m, all, destination, why);
	mapfile_close(&m);
	return r;
}
