/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* The frame of a program that reads one system's database by its field map,
 * and knows where that system keeps it. bin/dirdump-mail-in-a-box.c is the
 * smallest. */
#ifndef FERRY_SOURCE_SUITE_SUITE_H
#define FERRY_SOURCE_SUITE_SUITE_H

#include "source/fieldmap/fieldmap.h"
#include "source/run.h"
#include "source/suite/config.h"

struct suite {
	const char *map_name; /* its field map, unless --map names another */
	const char *place;    /* where it is, unless the operand says */
	/* Looks there for the way into the database. 0, or -1 and why. */
	int (*find)(struct install *found, const char *place, struct why *why);
	/* Notes what is not in the database; NULL: nothing. */
	void (*note)(struct emit *e, const char *place);
	struct source_run run;
	struct install install;
	struct fieldmap map;
};

/* --map; what: "mailcow" */
#define SUITE_MAP(what, v)                                                     \
	OPT_STRING(                                                            \
	    'm', "map", "FILE", "a field map instead of the one for " what, v)

/* The tool's run: finds the database and dumps it; the exit status. */
int suite_run(
    struct suite *suite, const struct opt_tool *tool, char **operands);

#endif
