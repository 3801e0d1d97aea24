/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * Whether a server keeps what was put. Some take a value apart at its commas and
 * semicolons, store the first part, and say that all is well.
 */
#ifndef FERRY_DAV_KEPT_H
#define FERRY_DAV_KEPT_H

#include <stdbool.h>
#include <stddef.h>

#include "core/buf.h"

/* What a server has cut. The zero value is ready. */
struct dav_cut {
	struct buf names; /* "PHOTO, URL" */
	size_t n;
	bool
	    version_4; /* bytes in a vCard 4: version 3 has another form for them */
	struct buf guarded; /* the object, its cut values in a form that such a
			       server keeps; empty: there is none for all */
};

/* Compares what was put with what the server has. */
void dav_cut_find(struct dav_cut *c, const char *sent, size_t len,
    const char *stored, size_t stored_len);
void dav_cut_free(struct dav_cut *c);

#endif
