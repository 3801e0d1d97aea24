/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* Postfix tables in databases: mysql_table(5), pgsql_table(5), sqlite_table(5)
 * and ldap_table(5). */
#ifndef FERRY_SOURCE_POSTFIX_DATABASE_H
#define FERRY_SOURCE_POSTFIX_DATABASE_H

#include "core/arena.h"
#include "core/map.h"
#include "source/emit.h"

/* What a table holds, each key once. */
struct postfix_rows {
	struct postfix_row *first, **tail;
	size_t never; /* keys that Postfix never finds: see below */
	struct map by_key;
	struct arena arena;
};
struct postfix_row {
	const char *key;
	char *value; /* the results, divided by commas */
	struct postfix_row *next;
};

/* Whether a type of table is one of these. */
bool postfix_is_database(const char *type, size_t len);

/*
 * Reads all of a table "TYPE:FILE", whose file says how one key is looked up.
 * 0; or -1 and why: DATA where that cannot be turned into a list. To be freed
 * in either case. Postfix lowers the key that it asks for: one with capitals is
 * not found in a database that tells them apart (all but MySQL and LDAP).
 */
int postfix_database_read(
    struct postfix_rows *rows, const char *table, struct why *why);
void postfix_rows_free(struct postfix_rows *rows);

#endif
