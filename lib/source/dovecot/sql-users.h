/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * Where the users of an SQL database are: the settings of dovecot-sql.conf.ext
 * (2.3) or of the configuration (2.4); and what to do about one that nothing
 * lists.
 */
#ifndef FERRY_SOURCE_DOVECOT_SQL_USERS_H
#define FERRY_SOURCE_DOVECOT_SQL_USERS_H

#include <stdbool.h>

#include "core/why.h"
#include "source/dovecot/templates.h"
#include "source/dovecot/userdb.h"
#include "sql/sql.h"

struct sql_users {
	const char *where; /* the file, or the kind of block */
	struct sql_options options;
	const char *query;      /* of one user */
	const char *query_name; /* of that setting */
	const char *list;       /* of all; NULL: there is none */
	struct templates fields;
	bool import_all; /* columns are fields by themselves */
	struct sql *db;
	struct place place;  /* of what it holds */
	bool said_password;  /* that there is no column for it */
	struct strs failing; /* services that the query fails for */
};

/* Reads the settings of a block into own, which is zero; what is wrong is
 * reported as FATAL. */
void sql_users_read(
    struct userdbs *all, struct userdb *db, struct sql_users *own);

/* Fills in why (DATA): there is no iterate_query, the line that would be one,
 * made of the query of one user, and the field maps for such a table. */
void sql_hint(const char *kind, const struct sql_users *own, struct why *why);

#endif
