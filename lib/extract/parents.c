/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "extract/parents.h"

#include <stdlib.h>

#include "core/alloc.h"

/* Breaks the cycle that i is part of. */
static void
cut_one(ssize_t *up, bool *cut, size_t i)
{
	size_t lowest = i;

	for (size_t at = (size_t)up[i]; at != i; at = (size_t)up[at])
		lowest = at < lowest ? at : lowest;
	up[lowest] = -1;
	cut[lowest] = true;
}

void
parents_cut_circles(ssize_t *up, bool *cut, size_t n)
{
	/* seen[i]: 1 + the start of the walk that first reached i; 0: none
	 * did. */
	size_t *seen = xcalloc(n + 1, sizeof *seen);

	for (size_t i = 0; i < n; i++) {
		ssize_t at = (ssize_t)i;

		while (at != -1 && seen[at] == 0) {
			seen[at] = i + 1;
			at = up[at];
		}
		if (at != -1 && seen[at] == i + 1)
			cut_one(up, cut, (size_t)at);
	}
	free(seen);
}

size_t *
parents_order(const ssize_t *up, size_t n)
{
	size_t *order = xcalloc(n + 1, sizeof *order), got = 0;
	size_t *stack = xcalloc(n + 1, sizeof *stack);
	bool *done = xcalloc(n + 1, sizeof *done);

	for (size_t i = 0; i < n; i++) {
		size_t depth = 0;

		for (ssize_t at = (ssize_t)i; at != -1 && !done[at];
		     at = up[at]) {
			done[at] = true;
			stack[depth++] = (size_t)at;
		}
		while (depth > 0)
			order[got++] = stack[--depth];
	}
	free(stack);
	free(done);
	return order;
}
