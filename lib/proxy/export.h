/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* Routes as tables of other programs. */
#ifndef FERRY_PROXY_EXPORT_H
#define FERRY_PROXY_EXPORT_H

#include <stdbool.h>
#include <stddef.h>

#include "cli/hostport.h"
#include "core/buf.h"
#include "core/why.h"

enum {
	EXPORT_HOSTS_MAX = 16
};

/* The host of a destination; "-": mail that goes there needs no line in a
 * transport table. */
struct export_host {
	const char *destination;
	struct host_port at;
};

struct export_options {
	const char *prefix; /* redis: of the keys; NULL: none */
	const char *table;  /* sql; NULL: "mappings" */
	struct export_host hosts[EXPORT_HOSTS_MAX];
	size_t n_hosts;
};

struct export_format {
	const char *name;
	/* Names are looked for as the proxy says, in lower case or as they are
	 * typed: where it is not asked, both belong into the table. */
	bool both;
	/* Before the first and after the last route; may be NULL. */
	const char *head, *foot;
	/*
	 * Appends one route, in whole lines. 0, or -1 and why: DATA where the
	 * format cannot hold it, FATAL where a host is missing. The identifier
	 * has passed identifier_check.
	 */
	int (*route)(const struct export_options *o, const char *identifier,
	    const char *destination, struct buf *out, struct why *why);
};

/* Reads "DESTINATION=HOST[:PORT]", which is changed and kept. 0, or -1 and why
 * (FATAL). */
int export_add_host(struct export_options *o, char *text, struct why *why);
/* Whether this may name a table of SQL, "schema.table" too: 0, or -1 and why
 * (FATAL). */
int export_check_table(const char *name, struct why *why);

/* Appends where Postfix sends mail for a destination, "smtp:[HOST]:PORT", or
 * nothing for a host "-". 0, or -1 and why (FATAL) where there is no host. */
int export_transport(const struct export_options *o, const char *destination,
    struct buf *out, struct why *why);
/* Whether a transport table can have this as key: 0, or -1 and why (DATA). */
int export_transport_key(const char *identifier, struct why *why);

/*
 * Hands over all routes of a mapping file, in lower case, too, where both. 0, or
 * -1 and why: DATA, and none was handed over, where a name is in the file in other
 * capitals, too, and to another destination; the proxy may follow either.
 */
int export_mapping_file(const char *path, bool both,
    void (*route)(const char *identifier, const char *destination),
    struct why *why);

/* By name; NULL. */
const struct export_format *export_format(const char *name);

#endif
