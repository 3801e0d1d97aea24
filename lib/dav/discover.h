/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* Where a server keeps its calendars and address books (RFC 6764). */
#ifndef FERRY_DAV_DISCOVER_H
#define FERRY_DAV_DISCOVER_H

#include <stddef.h>

#include "dav/client.h"
#include "dav/tree.h"

/* A collection of the server. */
struct dav_place {
	enum dav_kind kind;
	char *href;
	/* displayname, as dav_name() has it; the last part of the href where
	 * it has none */
	char *name;
};

struct dav_places {
	struct dav_place *list;
	size_t n, cap;
	/* Every href in the homes, of a collection of any kind or not. */
	char **taken;
	size_t n_taken, cap_taken;
};

/*
 * Finds the homes of the kinds that are wanted (RFC 6764: the URL or its
 * well-known place, the principal, its home), and appends the collections in them.
 * FATAL where there is none.
 */
int dav_discover(struct dav *d, const bool wanted[2], struct dav_places *places,
    struct why *why);
void dav_places_free(struct dav_places *places);

enum dav_make {
	DAV_MAKE_CREATED,
	DAV_MAKE_THERE, /* somebody else has made it since the discovery */
	DAV_MAKE_FAILED /* why says so */
};

/* Makes a collection (MKCALENDAR, or extended MKCOL of RFC 5689) of that name
 * in the home, with an href that no other has; it is appended, and so is one that
 * is there. */
enum dav_make dav_make(struct dav *d, enum dav_kind kind, const char *name,
    struct dav_places *places, struct why *why);

#endif
