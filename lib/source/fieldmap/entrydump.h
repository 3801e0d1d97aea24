/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * A user directory whose rows are entries, read by a field map
 * (source/fieldmap/fieldmap.h): an attribute is a column with any number of values, and
 * "dn" is one too.
 */
#ifndef FERRY_SOURCE_FIELDMAP_ENTRYDUMP_H
#define FERRY_SOURCE_FIELDMAP_ENTRYDUMP_H

#include "ldap/entry.h"
#include "source/fieldmap/fieldmap.h"
#include "source/fieldmap/row.h"

/* Where entries come from. */
struct entry_reader {
	/* Starts with the entries that the filter finds; attributes are those
	 * that will be looked at, NULL at the end. 0, or -1 and why. */
	int (*start)(void *ctx, const char *filter,
	    const char *const *attributes, struct why *why);
	/* The next one, the emitter's place set to it: 1; 0 at the end; -1 and
	 * why, of which DATA is about this entry alone. */
	int (*next)(void *ctx, struct ldap_entry *e, struct why *why);
	/* Behind the last, or wherever reading ends. */
	void (*end)(void *ctx);
	void *ctx;
};

/*
 * Reads all sections of the map and hands each entry to the rows, which have
 * been set up. What fails is reported.
 */
void entrydump_read(const struct entry_reader *from, const struct fieldmap *map,
    struct rows *m);

#endif
