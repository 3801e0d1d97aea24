/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* Reads what tells the messages of a catalogue from each other, with several
 * threads. */
#ifndef FERRY_MAILDIR_READING_H
#define FERRY_MAILDIR_READING_H

#include <stddef.h>

#include "core/why.h"
#include "maildir/catalogue.h"

/*
 * Looks for the Message-IDs of all entries from number first on that have not
 * been read; or takes the digests of those that are ENTRY_WANT. A file that was
 * renamed meanwhile is found again by its base. 0, or -1 and why (FATAL).
 */
int catalogue_read_ids(struct catalogue *c, size_t first, struct why *why);
int catalogue_read_digests(struct catalogue *c, struct why *why);

#endif
