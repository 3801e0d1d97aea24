/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* Routes as tables of other programs. */
#ifndef FERRY_PROXY_EXPORT_H
#define FERRY_PROXY_EXPORT_H

#include <stdbool.h>
#include <stddef.h>

#include "core/buf.h"
#include "core/why.h"

/* The host of a destination, "HOST[:PORT]". */
struct export_host {
	const char *destination;
	const char *host;
};

struct export_options {
	const char *prefix; /* redis: of the keys; NULL: none */
	const char *table;  /* sql; NULL: "mappings" */
	const struct export_host *hosts;
	size_t n_hosts;
};

struct export_format {
	const char *name;
	/* Before the first and behind the last route; may be NULL. */
	const char *head, *foot;
	/*
	 * Appends one route, in whole lines. 0, or -1 and why: DATA where the
	 * format cannot hold it, FATAL where a host is missing. The identifier
	 * has passed identifier_check.
	 */
	int (*route)(const struct export_options *o, const char *identifier,
	    const char *destination, struct buf *out, struct why *why);
};

/* By name; NULL. */
const struct export_format *export_format(const char *name);

#endif
