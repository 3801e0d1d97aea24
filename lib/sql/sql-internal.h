/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* What a driver of sql/sql.h is. Only sql.c and the drivers include this. */
#ifndef FERRY_SQL_SQL_INTERNAL_H
#define FERRY_SQL_SQL_INTERNAL_H

#include "sql/sql.h"

struct sql_driver {
	/* Connects into db, in a read-only transaction. 0; or -1 and why; close
	 * is called in either case. */
	int (*open)(
	    struct sql *db, const struct sql_options *o, struct why *why);
	/* A query may be running. */
	void (*close)(struct sql *db);
	/* Starts a query, which has no ";" at its end; the one before was
	 * ended. */
	int (*query)(struct sql *db, const char *text, struct why *why);
	size_t (*columns)(const struct sql *db);
	const char *(*column)(const struct sql *db, size_t i);
	int (*next)(struct sql *db, struct why *why);
	char *(*value)(struct sql *db, size_t i, size_t *len);
	/* Throws away what is left of a query; also where there is none. */
	void (*end)(struct sql *db);
	int (*escape)(
	    struct sql *db, const char *text, struct buf *out, struct why *why);
	/* Of a query with one row for each table of a name; the name is put
	 * in place of "%s", escaped. */
	const char *find_table;
	char quote; /* of names */
	/* PostgreSQL: whether a URL, or a list "key=value ...", holds a
	 * password. */
	bool (*has_password)(const char *conninfo);
};

struct sql {
	const struct sql_driver *driver;
	enum sql_kind kind;
	char *name;
	char quote;
	void *handle;  /* the library's connection */
	void *result;  /* the library's result or statement */
	void *row;     /* the current row, as the library has it */
	char **values; /* PostgreSQL: of the row */
	unsigned long *lengths;
	bool done; /* the last row was taken */
};

#endif
