/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * PostgreSQL, through libpq. The rows of a query come by COPY: a line for each,
 * for which the library makes no result of its own; that is half of its work for a
 * row.
 */
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/mask.h"
#include "core/plugin.h"
#include "core/str.h"
#include "sql/sql-internal.h"

enum {
	PARTS = 12 /* with the NULL at the end */
};

struct parts {
	const char *keys[PARTS];
	const char *values[PARTS];
	size_t n;
};

static void
add(struct parts *p, const char *key, const char *value)
{
	if (value == NULL)
		return;
	p->keys[p->n] = key;
	p->values[p->n++] = value;
}

/* The library's message, its first line. */
static int
fail(const struct sql *db, enum fail kind, const char *text, struct why *why)
{
	char *said;

	if (str_starts(text, "ERROR:  "))
		text += strlen("ERROR:  ");
	said = xmemdup(text, strcspn(text, "\n"));
	mask_said(said);
	(void)why_set(why, kind, "%s: %s", db->name, said);
	free(said);
	return -1;
}

static int
fail_result(const struct sql *db, PGresult *result, struct why *why)
{
	const char *text = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);

	return fail(db, FAIL_FATAL,
	    text != NULL ? text : PQerrorMessage(db->handle), why);
}

/* A command without rows. */
static int
run(struct sql *db, const char *text, struct why *why)
{
	PGresult *result = PQexec(db->handle, text);
	ExecStatusType status = PQresultStatus(result);
	int r = 0;

	if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK)
		r = fail_result(db, result, why);
	PQclear(result);
	return r;
}

/* Where a policy would hide rows from this role, the server is to refuse the query:
 * what is hidden would be taken for gone. Dates are to be written as every reader
 * knows them, whatever the database or the role has set. (pg_dump does both; a
 * server before 9.5 has no such policies.) */
static int
set_up(struct sql *db, struct why *why)
{
	int r = run(db, "SET LOCAL datestyle = ISO", why);

	if (r == 0 && PQserverVersion(db->handle) >= 90500)
		r = run(db, "SET LOCAL row_security = off", why);
	return r;
}

/* The first query fixes the snapshot: from there on nothing can make the transaction
 * one that writes. What is set is of the transaction: a pooler may give the next one
 * another session. */
static int
begin(struct sql *db, struct why *why)
{
	static const char text[] =
	    "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";

	if (run(db, text, why) == -1 || set_up(db, why) == -1)
		return -1;
	return run(db, "SELECT 1", why);
}

static bool
has_password(const char *conninfo)
{
	PQconninfoOption *parts = PQconninfoParse(conninfo, NULL);
	bool found = false;

	for (PQconninfoOption *p = parts; p != NULL && p->keyword != NULL; p++)
		if (p->val != NULL &&
		    (strcmp(p->keyword, "password") == 0 ||
			strcmp(p->keyword, "sslpassword") == 0))
			found = true;
	PQconninfoFree(parts);
	return found;
}

/* Whether a server answers at all, whatever it says. */
static bool
is_there(struct parts p)
{
	PGPing ping;

	add(&p, "sslmode", "disable");
	ping = PQpingParams(p.keys, p.values, 1);
	return ping != PQPING_NO_RESPONSE && ping != PQPING_REJECT;
}

static int
connect_to(struct sql *db, const struct parts *p, struct why *why)
{
	const char *name;
	enum fail kind;

	db->handle = PQconnectdbParams(p->keys, p->values, 1);
	if (db->handle == NULL)
		return why_set(why, FAIL_FATAL, "out of memory");
	/* Wherever the library found it. */
	mask_add(PQpass(db->handle));
	name = PQdb(db->handle);
	db->name = xstrdup(name == NULL || *name == '\0' ? "postgresql" : name);
	if (PQstatus(db->handle) == CONNECTION_OK)
		return 0;
	kind = is_there(*p) ? FAIL_FATAL : FAIL_TEMP;
	return fail(db, kind, PQerrorMessage(db->handle), why);
}

/* What a server says in addition to its answers is not ours to print. */
static void
ignore_notice(void *arg, const char *text)
{
	(void)arg;
	(void)text;
}

/* Whether libpq understands a connection string. What it says of one that it
 * does not quotes the string, and so may quote a piece of a password. */
static int
check_conninfo(const char *conninfo, struct why *why)
{
	PQconninfoOption *parts;

	if (conninfo == NULL ||
	    (strchr(conninfo, '=') == NULL && strstr(conninfo, "://") == NULL))
		return 0; /* the name of a database */
	parts = PQconninfoParse(conninfo, NULL);
	if (parts == NULL)
		return why_set(why, FAIL_FATAL,
		    "not a valid connection string: it is a list of "
		    "key=value, and a value with a blank is in single quotes");
	PQconninfoFree(parts);
	return 0;
}

static int
open_server(struct sql *db, const struct sql_options *o, struct why *why)
{
	struct parts p = { 0 };
	const char *encoding;
	char port[12];

	if (check_conninfo(o->conninfo, why) == -1)
		return -1;
	(void)snprintf(port, sizeof port, "%u", o->port);
	/* What comes later is preferred to what conninfo says. */
	add(&p, "dbname", o->conninfo);
	add(&p, "dbname", o->database);
	add(&p, "host", o->socket != NULL ? o->socket : o->host);
	add(&p, "port", o->port == 0 ? NULL : port);
	add(&p, "user", o->user);
	add(&p, "password", o->password);
	add(&p, "client_encoding", "UTF8");
	add(&p, "fallback_application_name", "mailferry");
	if (connect_to(db, &p, why) == -1)
		return -1;
	(void)PQsetNoticeProcessor(db->handle, ignore_notice, NULL);
	/* A server that does not know its encoding would refuse the whole
	 * result for one text that is not UTF-8. It shall send what it has:
	 * whoever takes a value looks. */
	encoding = PQparameterStatus(db->handle, "server_encoding");
	if (encoding != NULL && strcmp(encoding, "SQL_ASCII") == 0 &&
	    PQsetClientEncoding(db->handle, encoding) == -1)
		return fail(db, FAIL_FATAL, PQerrorMessage(db->handle), why);
	return begin(db, why);
}

/* The server ends a query of which nobody takes the rows. */
static void
close_server(struct sql *db)
{
	PQfreemem(db->row);
	PQclear(db->result);
	PQfinish(db->handle);
	free(db->values);
	free(db->lengths);
}

/* Reads, and throws away, what the server still sends. Cancelling the query would
 * end the transaction. */
static void
end(struct sql *db)
{
	PGresult *result;
	char *line;

	PQfreemem(db->row);
	db->row = NULL;
	while (PQgetCopyData(db->handle, &line, 0) > 0)
		PQfreemem(line);
	while ((result = PQgetResult(db->handle)) != NULL)
		PQclear(result);
	PQclear(db->result);
	db->result = NULL;
}

/* Takes the result of a call, which is not kept, if it is what was wanted. */
static int
want(struct sql *db, PGresult *result, ExecStatusType status, struct why *why)
{
	int r =
	    PQresultStatus(result) == status ? 0 : fail_result(db, result, why);

	PQclear(result);
	return r;
}

/* The columns of a query, whose names COPY does not send. Only one statement can be
 * prepared. */
static int
describe(struct sql *db, const char *text, struct why *why)
{
	size_t n;

	if (want(db, PQprepare(db->handle, "", text, 0, NULL), PGRES_COMMAND_OK,
		why) == -1)
		return -1;
	db->result = PQdescribePrepared(db->handle, "");
	if (PQresultStatus(db->result) != PGRES_COMMAND_OK)
		return fail_result(db, db->result, why);
	n = (size_t)PQnfields(db->result);
	db->values = xreallocarray(db->values, n + 1, sizeof *db->values);
	db->lengths = xreallocarray(db->lengths, n + 1, sizeof *db->lengths);
	return 0;
}

/* A query that fails ends the transaction: others need a new one. */
static int
query(struct sql *db, const char *text, struct why *why)
{
	struct buf copy = { 0 };
	int r = describe(db, text, why);

	if (r == 0) {
		/* It may end in a comment. */
		buf_addf(&copy, "COPY (%s\n) TO STDOUT", text);
		r = want(db,
		    PQexecParams(
			db->handle, copy.data, 0, NULL, NULL, NULL, NULL, 0),
		    PGRES_COPY_OUT, why);
	}
	buf_free(&copy);
	if (r == -1) {
		struct why ignored = { 0 };

		(void)run(db, "ROLLBACK", &ignored);
		(void)begin(db, &ignored);
	}
	return r;
}

static size_t
columns(const struct sql *db)
{
	return (size_t)PQnfields(db->result);
}

static const char *
column(const struct sql *db, size_t i)
{
	return PQfname(db->result, (int)i);
}

/* Replaces each backslash and what follows it, in place, and returns the length. */
static size_t
unescape(char *text)
{
	static const char names[] = "bfnrtv", bytes[] = "\b\f\n\r\t\v";
	char *to = strchr(text, '\\');

	if (to == NULL)
		return strlen(text);
	for (const char *from = to; *from != '\0'; from++) {
		const char *name = NULL;

		if (*from == '\\' && from[1] != '\0')
			name = strchr(names, *++from);
		*to++ = name == NULL ? *from : bytes[name - names];
	}
	*to = '\0';
	return (size_t)(to - text);
}

/* A value in which there may be escapes; "\N" is NULL. */
static void
unescape_value(struct sql *db, size_t i)
{
	char *text = db->values[i];

	if (strcmp(text, "\\N") == 0)
		db->values[i] = NULL;
	else
		db->lengths[i] = unescape(text);
}

/* The values of a row: tabs between them. Few rows have an escape. */
static int
split(struct sql *db, char *line, size_t len, struct why *why)
{
	size_t n = columns(db);
	char *end = line + len - 1;
	bool escaped = memchr(line, '\\', len) != NULL;

	if (*end != '\n' || strlen(line) != len)
		return why_set(
		    why, FAIL_FATAL, "%s: a row that is not a line", db->name);
	*end = '\0';
	for (size_t i = 0; i < n; i++) {
		char *text = str_cut(&line, '\t');

		if (text == NULL)
			return why_set(why, FAIL_FATAL,
			    "%s: a row without all of its columns", db->name);
		db->values[i] = text;
		db->lengths[i] =
		    (size_t)((line == NULL ? end : line - 1) - text);
		if (escaped)
			unescape_value(db, i);
	}
	return 1;
}

static int
next(struct sql *db, struct why *why)
{
	char *line;
	int len;

	PQfreemem(db->row);
	len = PQgetCopyData(db->handle, &line, 0);
	db->row = line;
	if (len > 0)
		return split(db, line, (size_t)len, why);
	return want(db, PQgetResult(db->handle), PGRES_COMMAND_OK, why);
}

static char *
value(struct sql *db, size_t i, size_t *len)
{
	*len = db->lengths[i];
	return db->values[i];
}

static int
escape(struct sql *db, const char *text, struct buf *out, struct why *why)
{
	size_t len = strlen(text), n;
	char *to = buf_room(out, 2 * len + 1);
	int wrong = 0;

	if (to == NULL)
		return why_set(why, FAIL_DATA, "a text that is too long");
	n = PQescapeStringConn(db->handle, to, text, len, &wrong);
	to[n] = '\0';
	if (wrong != 0) {
		to[0] = '\0';
		return why_set(
		    why, FAIL_DATA, "a text that the server would not take");
	}
	out->len += n;
	return 0;
}

static const struct sql_driver driver = {
	.open = open_server,
	.close = close_server,
	.query = query,
	.columns = columns,
	.column = column,
	.next = next,
	.value = value,
	.end = end,
	.escape = escape,
	.find_table = "SELECT 1 FROM pg_catalog.pg_class WHERE relname = '%s' "
		      "AND relkind IN ('r', 'v', 'm', 'f', 'p') "
		      "AND pg_catalog.pg_table_is_visible(oid)",
	.quote = '"',
	.has_password = has_password,
};
PLUGIN(driver);
