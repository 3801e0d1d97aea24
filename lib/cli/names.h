/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* Whom a run is about: bare names and records, one a line, mixed. What is wrong
 * with a line is reported here, as with the program's own records. */
#ifndef FERRY_CLI_NAMES_H
#define FERRY_CLI_NAMES_H

#include <stdbool.h>

#include "cli/tool.h"
#include "record/record.h"

struct name_input {
	/* A line that is not a JSON object, without blanks around it. */
	void (*name)(const char *name, const char *where, const char *line);
	void (*record)(
	    const struct record *r, const char *where, const char *line);
	struct tally *tally;
	bool partial; /* records may lack their end, or be missing */
};

/* Reads standard input to its end, or until the tally stops. False, and said, if
 * something is missing (record/intake.h): the run has failed then, and nothing
 * is to be begun. */
bool names_read(const struct name_input *n);

/* Whether an operand can be a name. One that a file has, without an "@", is that
 * file, whose names are read from standard input: false, and said. */
bool names_operand(const char *text);

#endif
