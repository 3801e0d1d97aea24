/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* The frame of a program that reads one system's database by its field map,
 * and knows where that system keeps it. */
#ifndef FERRY_SOURCE_SHORTFORM_H
#define FERRY_SOURCE_SHORTFORM_H

#include "source/fieldmap.h"
#include "source/install.h"
#include "source/run.h"

struct shortform {
	struct source_run run;
	struct install install; /* the caller fills it in before the dump */
	const char *map_name;
	struct fieldmap map;
};

/* First in main, as source_run_init; map: the field map without --map. */
void shortform_init(struct shortform *f, const char *name, const char *usage,
    const char *help, const char *map);

/* -m, and what source_option takes. SOURCE_GO_ON, or the exit status. */
int shortform_option(struct shortform *f, int option, const char *value);

/* Reads the map and the database; the exit status. */
int shortform_dump(struct shortform *f);

void shortform_free(struct shortform *f);

#endif
