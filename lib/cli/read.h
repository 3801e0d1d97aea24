/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* The records that a tool reads, one after another. One bad record never stops
 * it: a line that is not a record is reported here, and counted. */
#ifndef FERRY_CLI_READ_H
#define FERRY_CLI_READ_H

#include <stdbool.h>

#include "cli/tool.h"
#include "core/ndjson.h"
#include "record/intake.h"
#include "record/record.h"

/* The next record. False at the end, and when the tally says that going on is
 * useless. intake learns of each line; NULL: nobody asks. */
bool record_read(struct ndjson *in, struct record *r, struct intake *intake,
    struct tally *tally);

#endif
