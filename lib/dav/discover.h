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
	unsigned int takes; /* components, as in dav/answer.h; 0: any */
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

/* What a collection is to be: takes is 0 for what the server makes by itself. */
struct dav_new {
	enum dav_kind kind;
	const char *name;
	unsigned int takes;
};

/* Whether the place takes objects of these components. */
bool dav_takes(const struct dav_place *place, unsigned int components);

/* Makes a collection (MKCALENDAR, or extended MKCOL of RFC 5689) in the home, with
 * an href that no other has; it is appended, and so is one that is there. */
enum dav_make dav_make(struct dav *d, const struct dav_new *new,
    struct dav_places *places, struct why *why);
/* Appends it as if it were made: its href is empty. */
void dav_pretend(const struct dav_new *new, struct dav_places *places);

#endif
