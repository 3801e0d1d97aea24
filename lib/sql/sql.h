/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * Databases that are read, never written: one interface over the client
 * libraries of PostgreSQL, MariaDB and SQLite. A connection is one read-only
 * transaction with one snapshot, and runs one query at a time, whose rows come
 * one by one, so that memory does not grow with a table.
 */
#ifndef FERRY_SQL_SQL_H
#define FERRY_SQL_SQL_H

#include <stdbool.h>
#include <stddef.h>

#include "core/buf.h"
#include "core/why.h"

enum sql_kind {
	SQL_POSTGRESQL,
	SQL_MYSQL, /* and MariaDB */
	SQL_SQLITE
};

/*
 * Where a database is. What is NULL or 0 is left to the client library: its
 * defaults, environment, service and option files. All texts are borrowed,
 * until sql_open returns.
 */
struct sql_options {
	enum sql_kind kind;
	const char *database; /* SQLite: the path of the file */
	const char *host;     /* a name or an address */
	const char *socket;   /* instead of a host: the socket of MySQL, the
			       * folder of PostgreSQL's */
	unsigned int port;
	const char *user;
	const char *password;
	/* PostgreSQL: a URL or a list "key=value ...", of which the members
	 * above are preferred. */
	const char *conninfo;
	/* MySQL: the option file and the group in it that are read, instead of
	 * the usual files and [client]. */
	const char *option_file;
	const char *option_group;
	/* MySQL: without an option file none is read, because the options are
	 * those of a server, which has no ~/.my.cnf of ours. */
	bool foreign;
	/* MySQL: TLS is required; the server's certificate must be good; the
	 * authorities that say so (PEM). PostgreSQL takes sslmode of
	 * conninfo. */
	bool tls, tls_verify;
	const char *tls_ca;
	/*
	 * One SQL for all: a double quote encloses a name and never a text, a
	 * backslash is a backslash, || joins texts. Field maps are written so; a query that was written for
	 * the server's own settings is not.
	 */
	bool standard;
	/* What sql_options_url keeps; sql_options_free gives it back. */
	char *text;
};

/*
 * Reads "postgresql://...", "postgres://...", "mysql://...", "mariadb://..." or
 * "sqlite:PATH" into *o, of which nothing else is changed. A URL with a
 * password is refused. 0; or -1 and why (FATAL), which does not repeat the URL.
 */
int sql_options_url(struct sql_options *o, const char *url, struct why *why);
void sql_options_free(struct sql_options *o);

struct sql;

/*
 * Connects, and begins the transaction. NULL and why: TEMP where the server
 * could not be reached, FATAL for the rest. To be given to sql_close.
 */
struct sql *sql_open(const struct sql_options *o, struct why *why);
void sql_close(struct sql *db);

/* The name of the database, for messages: of the file, without folders, for
 * SQLite. */
const char *sql_name(const struct sql *db);
enum sql_kind sql_kind(const struct sql *db);

/*
 * Starts a query; what is left of the one before is thrown away. A statement
 * that does more than read is refused. 0; or -1 and why (FATAL), and then
 * there are no rows.
 */
int sql_query(struct sql *db, const char *text, struct why *why);

/*
 * The columns of the query. They are known when sql_query returns, also where
 * there are no rows.
 */
size_t sql_columns(const struct sql *db);
const char *sql_column(const struct sql *db, size_t i);

/*
 * 1: there is a row. 0: that was the last. -1 and why (FATAL): the rest is
 * lost.
 */
int sql_next(struct sql *db, struct why *why);

/*
 * A value of the row, as text; NULL where the database has NULL. NUL-terminated
 * after its len bytes, which need not be UTF-8 and may hold NULs. Good until
 * the next call of sql_next or sql_query; it may be changed.
 */
char *sql_value(struct sql *db, size_t i, size_t *len);

/* Whether there is such a table or view: 1 or 0; -1 and why. Ends the query
 * before. */
int sql_has_table(struct sql *db, const char *name, struct why *why);

/*
 * Appends text as it is written between the apostrophes of a string in a query,
 * escaped by the client library. 0; or -1 and why (DATA) if the library
 * refuses it.
 */
int sql_escape(
    struct sql *db, const char *text, struct buf *out, struct why *why);

/* Appends the name of a table, or "schema.table", as it is written in a query: each
 * part in the quotes of the database. */
void sql_quote_name(const struct sql *db, const char *name, struct buf *out);

/* Whether the text is one statement that reads: SELECT, WITH, VALUES, TABLE or
 * SHOW, nothing after a ";", no INTO, no FOR UPDATE. 0; or -1 and why. */
int sql_check_read(const char *text, struct why *why);

#endif
