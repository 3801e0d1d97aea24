/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* Files that take their name when they are complete. */
#ifndef FERRY_OUTFILE_H
#define FERRY_OUTFILE_H

#include <stdio.h>
#include <sys/stat.h>

#include "core/why.h"

/*
 * A file that is written next to its place and renamed into it by
 * outfile_commit, after fsync(2) of the file and of its directory. Mode 0600. A
 * file that exists already keeps its content until then; a link is followed by
 * the rules of output_follow. Unfinished files are removed by outfile_abort,
 * and by exit(3) and SIGINT, SIGTERM, SIGHUP. What is not a regular file, such
 * as /dev/null or a FIFO, is never replaced but written to directly. A file that
 * the run writes to already is FATAL, and one whose place is taken is not read by
 * it any more (input_claim).
 */
struct outfile {
	FILE *file; /* write here */
	char *path;
	char *tmp;       /* NULL: file is the place itself */
	struct stat old; /* what has the name now; st_mode 0: nothing */
	struct outfile *next;
};
int outfile_open(struct outfile *o, const char *path, struct why *why);
int outfile_commit(struct outfile *o, struct why *why);
void outfile_abort(struct outfile *o);
/* Removes what is unfinished, for a process that is about to be ended by a
 * signal; safe in its handler. */
void outfile_abandon(void);

#endif
