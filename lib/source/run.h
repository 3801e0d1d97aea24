/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* The frame of a program dirdump-SOURCE: options that all sources share, and
 * the end of a run. */
#ifndef FERRY_SOURCE_RUN_H
#define FERRY_SOURCE_RUN_H

#include "core/buf.h"
#include "core/tool.h"
#include "source/emit.h"
#include "source/fieldmap.h"

struct source_run {
	const char *usage, *help;
	struct tally tally;
	struct emit emit;
	struct buf domain; /* of -d, normalised; data is NULL without it */
};

/* What source_option returns where there is no exit status yet. */
enum {
	SOURCE_GO_ON = -1
};

/* First in main. name: "dirdump-SOURCE"; all texts are borrowed. */
void source_run_init(struct source_run *run, const char *name,
    const char *usage, const char *help);

/* -d, -h, -q, -V, -v, -x; anything else is a wrong call. SOURCE_GO_ON, or the
 * exit status. */
int source_option(struct source_run *run, int option, const char *value);

/* A secret that an option names by its value; get is cred_file or cred_command.
 * Takes the place of the one before. SOURCE_GO_ON, or says why not. */
int source_secret(
    char **secret, char *(*get)(const char *, struct why *), const char *value);

/* Reads the field map of --map. SOURCE_GO_ON, or says why not. */
int source_map(struct fieldmap *map, const char *name);

/* Last: ends the dump; the exit status. */
int source_finish(struct source_run *run);

void source_run_free(struct source_run *run);

#endif
