/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* The folder of each calendar, or address book: "calendars/Work". */
#ifndef FERRY_EXTRACT_COLLECTIONS_DIR_H
#define FERRY_EXTRACT_COLLECTIONS_DIR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "archive/archive.h"
#include "extract/extract.h"

struct collection_dir {
	int64_t id;
	char *path; /* below the target */
	bool made;
};
struct collection_dirs {
	struct collection_dir *all;
	size_t n, cap;
};

/* Names them all, for collection_dirs_free to free. 0, or -1 and why where the
 * rest cannot be read. */
int collection_dirs_read(struct collection_dirs *s, struct archive *a,
    enum extract_part part, struct why *why);
/* NULL if no folder has that id. */
struct collection_dir *collection_dirs_find(
    const struct collection_dirs *s, int64_t id);
void collection_dirs_free(struct collection_dirs *s);

#endif
