/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* SQLite: a file, opened for reading. A write-ahead log next to it is read too.
 */
#include "sql/sqlite.h"

#include <sqlite3.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>

#include "core/alloc.h"

enum {
	BUSY_MS = 10000 /* how long a lock of a writer is waited for */
};

static int
fail(const struct sql *db, struct why *why)
{
	return why_set(
	    why, FAIL_FATAL, "%s: %s", db->name, sqlite3_errmsg(db->handle));
}

static int
run(struct sql *db, const char *text, struct why *why)
{
	if (sqlite3_exec(db->handle, text, NULL, NULL, NULL) != SQLITE_OK)
		return fail(db, why);
	return 0;
}

static int
open_file(struct sql *db, const struct sql_options *o, struct why *why)
{
	const char *slash;
	sqlite3 *handle = NULL;
	struct stat st;
	int r;

	if (o->database == NULL || *o->database == '\0')
		return why_set(
		    why, FAIL_FATAL, "no file of the SQLite database is named");
	/* SQLite would wait for ever at a FIFO. */
	if (stat(o->database, &st) == 0 && !S_ISREG(st.st_mode))
		return why_set(
		    why, FAIL_FATAL, "%s: not a regular file", o->database);
	slash = strrchr(o->database, '/');
	db->name = xstrdup(slash == NULL ? o->database : slash + 1);
	r = sqlite3_open_v2(o->database, &handle,
	    SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, NULL);
	db->handle = handle;
	if (r != SQLITE_OK)
		return why_set(why, FAIL_FATAL, "%s: %s", o->database,
		    handle == NULL ? "out of memory" : sqlite3_errmsg(handle));
	(void)sqlite3_busy_timeout(handle, BUSY_MS);
	(void)sqlite3_extended_result_codes(handle, 1);
	/* A name that is not a column must not become a text; and a schema that
	 * somebody made to be read by us must not run functions of its own. */
	(void)sqlite3_db_config(handle, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	(void)sqlite3_db_config(
	    handle, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
	if (o->standard)
		(void)sqlite3_db_config(
		    handle, SQLITE_DBCONFIG_DQS_DML, 0, NULL);
	return run(db, "PRAGMA query_only = 1; BEGIN", why);
}

static void
end(struct sql *db)
{
	(void)sqlite3_finalize(db->result);
	db->result = NULL;
}

static void
close_file(struct sql *db)
{
	end(db);
	(void)sqlite3_close(db->handle);
}

static int
query(struct sql *db, const char *text, struct why *why)
{
	sqlite3_stmt *stmt = NULL;

	if (sqlite3_prepare_v2(db->handle, text, -1, &stmt, NULL) != SQLITE_OK)
		return fail(db, why);
	db->result = stmt;
	if (stmt == NULL || sqlite3_stmt_readonly(stmt) == 0)
		return why_set(why, FAIL_FATAL,
		    "%s: a statement that does more than read is not run",
		    db->name);
	return 0;
}

static size_t
columns(const struct sql *db)
{
	return (size_t)sqlite3_column_count(db->result);
}

static const char *
column(const struct sql *db, size_t i)
{
	const char *name = sqlite3_column_name(db->result, (int)i);

	return name == NULL ? "" : name;
}

static int
next(struct sql *db, struct why *why)
{
	switch (sqlite3_step(db->result)) {
	case SQLITE_ROW:
		return 1;
	case SQLITE_DONE:
		return 0;
	default:
		return fail(db, why);
	}
}

static char *
value(struct sql *db, size_t i, size_t *len)
{
	/* The text is the library's, and may be changed until the next step:
	 * it is made anew for each row. */
	const unsigned char *text = sqlite3_column_text(db->result, (int)i);

	*len = (size_t)sqlite3_column_bytes(db->result, (int)i);
	return (char *)(uintptr_t)text;
}

static int
escape(struct sql *db, const char *text, struct buf *out, struct why *why)
{
	char *escaped = sqlite3_mprintf("%q", text);

	if (escaped == NULL)
		return why_set(why, FAIL_FATAL, "%s: out of memory", db->name);
	buf_adds(out, escaped);
	sqlite3_free(escaped);
	return 0;
}

const struct sql_driver sql_sqlite = {
	.open = open_file,
	.close = close_file,
	.query = query,
	.columns = columns,
	.column = column,
	.next = next,
	.value = value,
	.end = end,
	.escape = escape,
	.find_table = "SELECT 1 FROM sqlite_master WHERE type IN "
		      "('table', 'view') AND name = '%s' COLLATE NOCASE",
	.quote = '"',
};
