/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* What the readers of signing keys share. */
#ifndef FERRY_SOURCE_DKIM_DKIM_INTERNAL_H
#define FERRY_SOURCE_DKIM_DKIM_INTERNAL_H

#include "source/dkim/dkim.h"

struct dkim {
	struct emit *emit;
	const struct dkim_options *options;
	/* A folder of the system's own view, and where it is for us: in a
	 * container, or an archive. */
	struct {
		const char *from, *to;
	} moved[3];
	struct arena arena;
	struct map seen; /* name in DNS -> struct dkim_seen */
	size_t found;
};

/* Takes a line of a file or a table, which it may change. */
typedef void dkim_line(struct dkim *d, char *text, void *arg);

#endif
