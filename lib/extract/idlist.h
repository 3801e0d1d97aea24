/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* Lists of ids, as the archive keeps them in JSON. */
#ifndef FERRY_EXTRACT_IDLIST_H
#define FERRY_EXTRACT_IDLIST_H

#include <stddef.h>
#include <stdint.h>

struct ids {
	int64_t *all;
	size_t n, cap;
	size_t odd; /* elements that are not a number */
};

/* Reads a JSON array; the caller frees all. 0, or -1 if it is not an array:
 * empty then. */
int ids_read(struct ids *l, const char *json, size_t len);
/* How many references they make: an empty list makes one. */
size_t ids_count(const struct ids *l);

#endif
