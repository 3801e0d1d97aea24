/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* A user directory in a database, read by a field map. */
#ifndef FERRY_SOURCE_FIELDMAP_SQLDUMP_H
#define FERRY_SOURCE_FIELDMAP_SQLDUMP_H

#include "source/fieldmap/fieldmap.h"
#include "source/fieldmap/row.h"
#include "sql/sql.h"

/* The same for a database that is opened and closed for it. domain and scheme
 * are those of rows_init. */
void sqldump_database(const struct sql_options *o, const struct fieldmap *map,
    struct emit *emit, const char *domain, const char *scheme, bool strict);

/*
 * Makes the map for queries whose columns are named like the members of
 * records: accounts is the query for accounts, aliases the one for aliases, both
 * borrowed; one of them may be NULL. 0, or -1 and why.
 */
int sqldump_query_map(struct fieldmap *map, const char *accounts,
    const char *aliases, struct why *why);

#endif
