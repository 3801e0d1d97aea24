/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* Things that name their parents, by number; -1: at the top. Whoever wrote them
 * down may have put a parent below its own child. */
#ifndef FERRY_EXTRACT_FOREST_H
#define FERRY_EXTRACT_FOREST_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* Takes the parent away from the lowest number of each circle; *cut says whose
 * it was. */
void forest_cut_circles(ssize_t *up, bool *cut, size_t n);

/* The numbers of all, parents before their children; the caller frees it. */
size_t *forest_order(const ssize_t *up, size_t n);

#endif
