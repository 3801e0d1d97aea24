/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* Files of lines "KEY=value" that installers of mail systems write. */
#ifndef FERRY_SOURCE_ASSIGNMENTS_H
#define FERRY_SOURCE_ASSIGNMENTS_H

#include <stddef.h>

#include "core/why.h"

struct assignment {
	const char *key;
	char *value; /* NULL where the file has none; owned by the list */
};

/*
 * Reads the values of the keys that are wanted; of several lines with one key
 * the last counts. Blanks around key and value, quotes around a value, and
 * lines that begin with "#" do not count; " #" after a value without quotes
 * begins a comment. 0; or -1 and why (FATAL). In either case to be given to
 * assignments_free, which overwrites the values: passwords are among them.
 */
int assignments_read(
    const char *path, struct assignment *list, size_t n, struct why *why);
/* The same for a text in memory, which is changed. */
void assignments_parse(char *text, struct assignment *list, size_t n);
void assignments_free(struct assignment *list, size_t n);

#endif
