/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* A Postfix table in a database, as its file describes it: mysql_table(5),
 * pgsql_table(5), sqlite_table(5) and ldap_table(5). */
#ifndef FERRY_SOURCE_POSTFIX_DB_TABLE_H
#define FERRY_SOURCE_POSTFIX_DB_TABLE_H

#include <stdbool.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/why.h"
#include "ldap/client.h"
#include "record/record.h"
#include "source/doveconf.h"
#include "sql/sql.h"

struct db_table {
	struct setting conf; /* of its file */
	const char *format;  /* of the results */
	bool is_ldap;
	enum sql_kind kind;  /* where it is not LDAP */
	bool exact;          /* capitals and small letters are not the same */
	struct strs domains; /* of the keys; empty: all */
	struct arena arena;
};

/* Whether a type of table is one of these. */
bool db_table_is_type(const char *type, size_t len);

/* Reads the file of a table "TYPE:FILE". 0; or -1 and why, DATA where the table
 * cannot be listed. To be freed in either case. */
int db_table_read(struct db_table *t, const char *table, struct why *why);
void db_table_free(struct db_table *t);

/* Whether the table is asked for such a key at all. (mysql_table(5),
 * "domain".) */
bool db_table_asks(const struct db_table *t, const char *key);

/* The query for one key, also where the file has it in pieces. NULL and why. */
const char *db_table_query(struct db_table *t, struct why *why);

/* Connect to the database. NULL and why. */
struct sql *db_table_sql(struct db_table *t, struct why *why);
struct ldapconn *db_table_ldap(struct db_table *t, struct why *why);

/* The words of a setting of LDAP tables; preset where it is not there. Owned by
 * the caller, its texts by the table. */
struct strs db_table_words(
    struct db_table *t, const char *key, const char *preset);

/* A search of an LDAP table without base, filter and attributes. */
enum ldap_scope db_table_scope(const struct db_table *t);

/*
 * Expands a query, a filter or a result_format: %s is the value, %u and %d its
 * parts, %S, %U and %D those of the key, %1 to %9 the labels of the key's
 * domain from the last one on, %% a percent sign. quote appends what replaces
 * one; NULL: as it is. False where a part is missing, for which Postfix finds
 * nothing, or for another letter.
 */
typedef bool db_table_quote(
    void *ctx, const char *text, size_t len, struct buf *out);
bool db_table_expand(const char *format, const char *value, const char *key,
    db_table_quote *quote, void *ctx, struct buf *out);

#endif
