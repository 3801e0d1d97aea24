/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* The file of a Postfix table in a database (mysql_table(5), pgsql_table(5),
 * sqlite_table(5), ldap_table(5)): where the database is. */
#ifndef FERRY_SOURCE_POSTFIX_TABLE_FILE_H
#define FERRY_SOURCE_POSTFIX_TABLE_FILE_H

#include "core/arena.h"
#include "source/doveconf.h"
#include "sql/sql.h"

/* The value of a setting; preset (may be NULL) where it is not there or
 * empty. */
const char *table_file_value(
    const struct setting *conf, const char *key, const char *preset);

/* Fills in the options of a database whose kind is set; of several hosts the
 * first. Texts are those of the settings and the arena. */
void table_file_sql(
    const struct setting *conf, struct arena *arena, struct sql_options *o);

/* The URI of the LDAP server, of several the first. */
const char *table_file_ldap_uri(
    const struct setting *conf, struct arena *arena);

#endif
