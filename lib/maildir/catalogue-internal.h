/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* What listing and reading a catalogue share, and nobody else uses. */
#ifndef FERRY_MAILDIR_CATALOGUE_INTERNAL_H
#define FERRY_MAILDIR_CATALOGUE_INTERNAL_H

#include "maildir/catalogue.h"

/* Makes an entry ENTRY_BAD and keeps a copy of the reason. Safe from several
 * threads for different entries. */
void catalogue_set_fault(struct catalogue *c, size_t number, const char *text);

/*
 * Lists the folders that in_folder marks again, and gives entries that are
 * ENTRY_GONE the names that their files have now. Sets *found if there were
 * some. 0, or -1 and why (FATAL).
 */
int catalogue_find_in(
    struct catalogue *c, const bool *in_folder, bool *found, struct why *why);

#endif
