/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* Puts what a tree has, and a server lacks, onto the server: by UID, never over
 * anything. */
#ifndef FERRY_DAV_MERGE_H
#define FERRY_DAV_MERGE_H

#include "dav/discover.h"
#include "dav/tree.h"

enum dav_status {
	DAV_CREATED,
	DAV_EXISTS,
	DAV_ELSEWHERE, /* in another collection, where its owner moved it */
	DAV_PLANNED,
	DAV_FAILED
};

/* What became of one file, or of one collection (file and uid are NULL). */
struct dav_result {
	enum dav_status status;
	enum dav_kind kind;
	const char *file;
	const char *uid;
	const char *collection; /* the server's name for it */
	const char *href;       /* may be NULL */
	const struct why *why;  /* of a failure */
};

struct dav_mapping {
	char *from; /* a folder of the tree, or its name */
	char *to;   /* the name or the last part of the href */
};

struct dav_merge {
	bool dry_run;
	const struct dav_mapping *mappings;
	size_t n_mappings;
	void (*result)(void *arg, const struct dav_result *r);
	bool (*stop)(void *arg);
	void *arg;
};

/* "created", "exists" ... */
const char *dav_status_name(enum dav_status status);

/* 0, or -1 and why where the run cannot go on. */
int dav_merge(struct dav *d, const struct dav_tree *t,
    const struct dav_merge *m, struct why *why);

#endif
