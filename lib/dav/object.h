/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* What is in a collection, and putting something new there. */
#ifndef FERRY_DAV_OBJECT_H
#define FERRY_DAV_OBJECT_H

#include <stddef.h>

#include "dav/discover.h"

/* Who is told of the objects of a collection. */
struct dav_lister {
	void (*each)(void *arg, const char *uid, const char *href,
	    unsigned int components);
	/* One without a UID, or with several; may be NULL. */
	void (*odd)(void *arg, const char *href, const struct why *why);
	void *arg;
};

/* Reads a collection. 0, or -1 and why: also where the server lists only a part
 * of it, for what it leaves out is not missing. */
int dav_list(struct dav *d, const struct dav_place *place,
    const struct dav_lister *to, struct why *why);

/* The text of an object, appended: 1; 0 if it is not there; -1 and why. */
int dav_get(struct dav *d, const char *href, struct buf *out, struct why *why);

/* Removes an object. 0, also if it is not there; -1 and why. */
int dav_remove(struct dav *d, const char *href, struct why *why);

enum dav_put {
	DAV_PUT_FAILED = -1, /* and why */
	DAV_PUT_CREATED,
	DAV_PUT_EXISTS /* the server has the UID in that collection already */
};

/* Puts a new object; never over another. *href is what it is called, for the
 * caller to free. */
enum dav_put dav_put(struct dav *d, const struct dav_place *place,
    const char *uid, const char *data, size_t len, char **href,
    struct why *why);

#endif
