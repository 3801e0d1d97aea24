/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* Things that name their parents, by number; -1: at the top. Whoever wrote them
 * down may have put a parent below its own child. */
#ifndef FERRY_EXTRACT_PARENTS_H
#define FERRY_EXTRACT_PARENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* Breaks each cycle: its lowest number loses its parent, and *cut says so. */
void parents_cut_circles(ssize_t *up, bool *cut, size_t n);

/* The numbers of all, parents before their children; the caller frees it. */
size_t *parents_order(const ssize_t *up, size_t n);

#endif
