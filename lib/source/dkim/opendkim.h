/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* opendkim: opendkim.conf(5), and the tables that it names. */
#ifndef FERRY_SOURCE_DKIM_OPENDKIM_H
#define FERRY_SOURCE_DKIM_OPENDKIM_H

#include "source/dkim/dkim-internal.h"

/* conf is the path of opendkim.conf. */
void opendkim_read(struct dkim *d, const char *conf);
/* The two tables, as the configuration names them, which rspamd can use as well;
 * signing may be NULL. */
void opendkim_tables(struct dkim *d, const char *keys, const char *signing);
/* The same, however they are kept: read hands each line of a table to line; false
 * where it could not. */
typedef bool opendkim_table(
    struct dkim *d, const void *table, dkim_line *line, void *arg);
void opendkim_tables_by(struct dkim *d, opendkim_table *read, const void *keys,
    const void *signing);

#endif
