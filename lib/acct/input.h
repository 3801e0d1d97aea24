/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* The accounts that are to be compared: from records, or addresses. */
#ifndef FERRY_ACCT_INPUT_H
#define FERRY_ACCT_INPUT_H

#include <stdbool.h>
#include <stddef.h>

#include "acct/check.h"
#include "core/arena.h"
#include "core/ndjson.h"
#include "record/intake.h"
#include "record/record.h"
#include "secret/passwords.h"

struct acct_input {
	struct ndjson lines;
	/* Owners' passwords on each side; borrowed, may be NULL. */
	struct passwords *source, *target;
	/* The accounts that were read and not cleared yet. */
	struct acct_subject *v;
	size_t n, max;
	/* Private. */
	struct intake intake;
	struct record record;
	struct arena texts;
};

/* Reads files ("-" and an empty list: standard input), at most max accounts at
 * a time. */
void acct_input_open(struct acct_input *in, char **files, size_t max,
    struct passwords *source, struct passwords *target);

/*
 * Reads one line: 1, and where it was an account there is one more in v; 0 at
 * the end; -1 and why, of the line that lines is at. An account is tried by all
 * its login names: on the source by the directory's own spelling first, on the
 * target by the address.
 */
int acct_input_next(struct acct_input *in, struct why *why);

/* After the last line: false and why if accounts are missing, because the dump
 * was cut off, had entries that could not be read, or nothing came at all. */
bool acct_input_is_complete(struct acct_input *in, struct why *why);

/* Forgets the accounts, and what was asked about them. */
void acct_input_clear(struct acct_input *in);
void acct_input_close(struct acct_input *in);

#endif
