/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* MariaDB and MySQL, through libmariadb, results not buffered. */
#include <errmsg.h>
#include <mysql.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/mask.h"
#include "core/plugin.h"
#include "sql/sql-internal.h"

enum {
	CONNECT_SECONDS = 30
};

static int
fail(const struct sql *db, enum fail kind, struct why *why)
{
	char *said = xstrdup(mysql_error(db->handle));

	mask_said(said);
	(void)why_set(why, kind, "%s: %s", db->name, said);
	free(said);
	return -1;
}

/* Errors of a server that is not there, or not now. */
static bool
is_unreachable(unsigned int error)
{
	enum {
		ER_CON_COUNT_ERROR = 1040,
		ER_SERVER_SHUTDOWN = 1053
	};

	return error == CR_CONNECTION_ERROR || error == CR_CONN_HOST_ERROR ||
	       error == CR_UNKNOWN_HOST || error == ER_CON_COUNT_ERROR ||
	       error == ER_SERVER_SHUTDOWN;
}

static int
run(struct sql *db, const char *text, struct why *why)
{
	if (mysql_query(db->handle, text) != 0)
		return fail(db, FAIL_FATAL, why);
	return 0;
}

static void
set_options(MYSQL *handle, const struct sql_options *o)
{
	unsigned int seconds = CONNECT_SECONDS, no = 0;
	my_bool yes = 1;

	(void)mysql_options(handle, MYSQL_OPT_CONNECT_TIMEOUT, &seconds);
	(void)mysql_options(handle, MYSQL_SET_CHARSET_NAME, "utf8mb4");
	/* Or a server could ask for files of ours. */
	(void)mysql_options(handle, MYSQL_OPT_LOCAL_INFILE, &no);
	if (o->option_file != NULL)
		(void)mysql_options(
		    handle, MYSQL_READ_DEFAULT_FILE, o->option_file);
	if (o->option_file != NULL || !o->foreign)
		(void)mysql_options(handle, MYSQL_READ_DEFAULT_GROUP,
		    o->option_group == NULL ? "client" : o->option_group);
	if (o->tls || o->tls_verify || o->tls_ca != NULL)
		(void)mysql_options(handle, MYSQL_OPT_SSL_ENFORCE, &yes);
	if (o->tls_ca != NULL)
		(void)mysql_options(handle, MYSQL_OPT_SSL_CA, o->tls_ca);
	if (o->tls_verify || o->tls_ca != NULL)
		(void)mysql_options(
		    handle, MYSQL_OPT_SSL_VERIFY_SERVER_CERT, &yes);
}

/* The database may have been chosen by an option file. */
static int
find_name(struct sql *db, struct why *why)
{
	MYSQL_RES *result;
	MYSQL_ROW row;
	int r = 0;

	if (run(db, "SELECT DATABASE()", why) == -1)
		return -1;
	result = mysql_store_result(db->handle);
	row = result == NULL ? NULL : mysql_fetch_row(result);
	if (row == NULL || row[0] == NULL) {
		r = why_set(why, FAIL_FATAL,
		    "the URL has no database: mysql://HOST/DATABASE");
	} else {
		free(db->name);
		db->name = xstrdup(row[0]);
	}
	mysql_free_result(result);
	return r;
}

static int
open_server(struct sql *db, const struct sql_options *o, struct why *why)
{
	MYSQL *handle = mysql_init(NULL);

	db->name = xstrdup(o->database == NULL ? "mysql" : o->database);
	db->handle = handle;
	if (handle == NULL)
		return why_set(why, FAIL_FATAL, "out of memory");
	mask_add(o->password);
	set_options(handle, o);
	if (mysql_real_connect(handle, o->socket != NULL ? NULL : o->host,
		o->user, o->password, o->database, o->port, o->socket,
		0) == NULL)
		return fail(db,
		    is_unreachable(mysql_errno(handle)) ? FAIL_TEMP
							: FAIL_FATAL,
		    why);
	/* An option file may have chosen another one. */
	if (mysql_set_character_set(handle, "utf8mb4") != 0)
		return fail(db, FAIL_FATAL, why);
	if (find_name(db, why) == -1)
		return -1;
	if (o->standard) {
		db->quote = '"';
		if (run(db,
			"SET SESSION sql_mode = 'ANSI,NO_BACKSLASH_ESCAPES'",
			why) == -1)
			return -1;
	}
	/* The server waits a minute for whoever reads our output slowly. */
	if (run(db, "SET SESSION net_write_timeout = 86400", why) == -1)
		return -1;
	return run(
	    db, "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY", why);
}

static void
end(struct sql *db)
{
	/* Reads, and throws away, what the server still sends. */
	mysql_free_result(db->result);
	db->result = NULL;
	db->row = NULL;
}

static void
close_server(struct sql *db)
{
	end(db);
	mysql_close(db->handle);
}

static int
query(struct sql *db, const char *text, struct why *why)
{
	if (run(db, text, why) == -1)
		return -1;
	db->result = mysql_use_result(db->handle);
	return db->result == NULL ? fail(db, FAIL_FATAL, why) : 0;
}

static size_t
columns(const struct sql *db)
{
	return mysql_num_fields(db->result);
}

static const char *
column(const struct sql *db, size_t i)
{
	return mysql_fetch_field_direct(db->result, (unsigned int)i)->name;
}

static int
next(struct sql *db, struct why *why)
{
	MYSQL_ROW row = mysql_fetch_row(db->result);

	db->row = row;
	if (row == NULL)
		return mysql_errno(db->handle) == 0 ? 0
						    : fail(db, FAIL_FATAL, why);
	db->lengths = mysql_fetch_lengths(db->result);
	return 1;
}

static char *
value(struct sql *db, size_t i, size_t *len)
{
	*len = db->lengths[i];
	return ((MYSQL_ROW)db->row)[i];
}

static int
escape(struct sql *db, const char *text, struct buf *out, struct why *why)
{
	size_t len = strlen(text);
	char *to = buf_room(out, 2 * len + 1);

	if (to == NULL)
		return why_set(why, FAIL_DATA, "a text that is too long");
	out->len += mysql_real_escape_string(db->handle, to, text, len);
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
	.find_table = "SELECT 1 FROM information_schema.tables WHERE "
		      "table_schema = DATABASE() AND table_name = '%s'",
	.quote = '`',
};
PLUGIN(driver);
