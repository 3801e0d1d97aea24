/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* What to do about an SQL database that nothing lists. */
#ifndef FERRY_SOURCE_DOVECOT_SQL_HINT_H
#define FERRY_SOURCE_DOVECOT_SQL_HINT_H

#include "core/why.h"
#include "source/dovecot/sql-users.h"

/* Whether the list that Dovecot has built in, "SELECT username, domain FROM
 * users", lists those whom a query of one user finds. */
bool sql_lists_users(const char *query);

/* Fills in why (DATA): there is no iterate_query, the line that would be one,
 * made of the query of one user, and the field maps for such a table. */
void sql_hint(const char *kind, const struct sql_users *own, struct why *why);

#endif
