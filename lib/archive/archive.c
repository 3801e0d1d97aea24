/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "archive/archive.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "archive/readvfs.h"
#include "core/alloc.h"
#include "core/buf.h"

/* The places of SQLite's locks in a file (sqlite3, os.h): PENDING, RESERVED,
 * and the range of SHARED. */
enum {
	PENDING_BYTE = 0x40000000,
	RESERVED_BYTE = PENDING_BYTE + 1,
	SHARED_FIRST = PENDING_BYTE + 2,
	SHARED_SIZE = 510
};

/* What every archive has. */
static const char *const needed[] = { "sources", "blobs", "mailboxes",
	"emails" };

/* What stands beside the archive, with that ending: 1 a file with something in
 * it, 0 none, -1 and why: it cannot be looked at. */
static int
look(const char *path, const char *suffix, struct stat *st, struct why *why)
{
	char *name = xasprintf("%s%s", path, suffix);
	int r = 1;

	if (stat(name, st) == 0)
		r = st->st_size > 0;
	else if (errno == ENOENT)
		r = 0;
	else
		r = why_errno(why, FAIL_FATAL, "%s", name);
	free(name);
	return r;
}

static int
take_seal(struct archive_seal *seal, const char *path, struct why *why)
{
	static const char *const suffix[] = { "", "-wal" };

	*seal = (struct archive_seal){ 0 };
	for (int i = 0; i < 2; i++) {
		struct stat st;
		int r = look(path, suffix[i], &st, why);

		if (r == -1)
			return -1;
		if (r == 1) {
			seal->size[i] = st.st_size;
			seal->changed[i] = st.st_mtim;
		}
	}
	return 0;
}

static bool
same_seal(const struct archive_seal *a, const struct archive_seal *b)
{
	for (int i = 0; i < 2; i++)
		if (a->size[i] != b->size[i] ||
		    a->changed[i].tv_sec != b->changed[i].tv_sec ||
		    a->changed[i].tv_nsec != b->changed[i].tv_nsec)
			return false;
	return true;
}

int
archive_unchanged(const struct archive *a, struct why *why)
{
	struct archive_seal now;

	if (take_seal(&now, a->path, why) == -1)
		return -1;
	if (same_seal(&now, &a->seal))
		return 0;
	return why_set(why, FAIL_FATAL,
	    "%s: another program changed it meanwhile; extract it again, into "
	    "another folder",
	    a->path);
}

/*
 * SQLite's SHARED lock, as any reader takes it, held by the open file instead
 * of by the process, so that no close(2) of the file elsewhere gives it up.
 * Whoever writes holds one of the others.
 */
static int
lock_file(int fd)
{
	struct flock shared = { .l_type = F_RDLCK,
		.l_whence = SEEK_SET,
		.l_start = PENDING_BYTE,
		.l_len = SHARED_FIRST + SHARED_SIZE - PENDING_BYTE };
	struct flock rest = { .l_type = F_UNLCK,
		.l_whence = SEEK_SET,
		.l_start = PENDING_BYTE,
		.l_len = SHARED_FIRST - PENDING_BYTE };

	if (fcntl(fd, F_OFD_SETLK, &shared) == -1)
		return -1;
	return fcntl(fd, F_OFD_SETLK, &rest);
}

static int
open_locked(const char *path, struct why *why)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat st;

	if (fd == -1)
		return why_errno(why, FAIL_FATAL, "%s", path);
	if (fstat(fd, &st) == -1) {
		why_errno(why, FAIL_FATAL, "%s", path);
	} else if (!S_ISREG(st.st_mode)) {
		why_set(why, FAIL_FATAL, "%s: not a file", path);
	} else if (lock_file(fd) == -1) {
		if (errno != EAGAIN && errno != EACCES)
			why_errno(why, FAIL_FATAL, "%s", path);
		else
			why_set(why, FAIL_TEMP,
			    "%s: another program holds it, perhaps a running "
			    "vandelay: wait for its end",
			    path);
	} else {
		return fd;
	}
	(void)close(fd);
	return -1;
}

/*
 * The file as SQLite's URI. We hold the lock, so SQLite takes none; a log is
 * read with an index in memory, because the locking mode is exclusive. Without
 * a log, nothing but the file itself is looked at.
 */
static char *
uri_of(const struct archive *a)
{
	struct buf uri = { 0 };
	char *text;

	buf_adds(&uri, "file:");
	for (const char *s = a->path; *s != '\0'; s++) {
		if (strchr("%?#", *s) != NULL)
			buf_addf(&uri, "%%%02X", (unsigned char)*s);
		else
			buf_addc(&uri, *s);
	}
	buf_adds(&uri, a->logged ? "?mode=ro" : "?mode=ro&immutable=1");
	text = xstrdup(buf_str(&uri));
	buf_free(&uri);
	return text;
}

/* "PATH: TEXT" for what SQLite says, and for the system where it cannot open. */
static int
why_sqlite(struct why *why, enum fail kind, const struct archive *a)
{
	int code = a->db == NULL ? 0 : sqlite3_system_errno(a->db);

	if (code != 0 && (sqlite3_errcode(a->db) & 0xff) == SQLITE_CANTOPEN) {
		errno = code;
		return why_errno(
		    why, kind, "%s: %s", a->path, sqlite3_errmsg(a->db));
	}
	return why_set(why, kind, "%s: %s", a->path,
	    a->db == NULL ? "out of memory" : sqlite3_errmsg(a->db));
}

/*
 * The settings that https://www.sqlite.org/security.html advises for a file
 * from elsewhere. Writable schema: a file that was cut off, and a schema with
 * one bad entry, are still read as far as they go; nothing can be written.
 */
static int
configure(struct archive *a)
{
	static const struct {
		int what, value;
	} config[] = { { SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1 },
		{ SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0 },
		{ SQLITE_DBCONFIG_ENABLE_TRIGGER, 0 },
		{ SQLITE_DBCONFIG_ENABLE_VIEW, 0 },
		{ SQLITE_DBCONFIG_WRITABLE_SCHEMA, 1 } };
	static const char pragmas[] = "PRAGMA locking_mode=EXCLUSIVE;"
				      "PRAGMA cell_size_check=ON;"
				      "PRAGMA mmap_size=0;"
				      "PRAGMA cache_size=-1024;"
				      "PRAGMA query_only=ON;"
				      "PRAGMA temp_store=MEMORY";
	int r = SQLITE_OK;

	for (size_t i = 0; r == SQLITE_OK && i < sizeof config / sizeof *config;
	     i++)
		r = sqlite3_db_config(
		    a->db, config[i].what, config[i].value, (int *)NULL);
	if (r == SQLITE_OK)
		r = sqlite3_exec(a->db, pragmas, NULL, NULL, NULL);
	return r;
}

/* Whether a result says that the disk failed, not that the archive is damaged. */
static bool
is_disk_error(int r)
{
	return (r & 0xff) == SQLITE_IOERR || (r & 0xff) == SQLITE_NOMEM ||
	       (r & 0xff) == SQLITE_CANTOPEN;
}

/* Reads the schema once before configure() lets errors in it pass: on a disk
 * that fails there, tables would vanish silently. */
static int
connect_archive(struct archive *a, struct why *why)
{
	char *uri = uri_of(a);
	int r = sqlite3_open_v2(uri, &a->db,
	    SQLITE_OPEN_READONLY | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX,
	    readvfs_register());

	free(uri);
	if (r == SQLITE_OK) {
		r = sqlite3_exec(a->db,
		    "PRAGMA locking_mode=EXCLUSIVE;"
		    "PRAGMA cell_size_check=ON;"
		    "PRAGMA mmap_size=0;"
		    "SELECT count(*) FROM sqlite_master",
		    NULL, NULL, NULL);
		if (!is_disk_error(r))
			r = configure(a);
	}
	return r == SQLITE_OK ? 0 : why_sqlite(why, FAIL_FATAL, a);
}

static int
check_tables(struct archive *a, struct why *why)
{
	struct archive_rows r = { 0 };
	int n;

	if (rows_open(&r, a, "SELECT count(*) FROM sqlite_master", why) == -1)
		return -1;
	n = rows_next(&r, why);
	rows_close(&r);
	if (n == -1)
		return -1;
	for (size_t i = 0; i < sizeof needed / sizeof *needed; i++)
		if (!archive_has(a, needed[i]))
			return why_set(why, FAIL_FATAL,
			    "%s: not an archive of vandelay: it has no table "
			    "\"%s\"",
			    a->path, needed[i]);
	return 0;
}

/* Without its log the archive would lack what was written last. */
static int
find_log(struct archive *a, struct why *why)
{
	struct stat st;
	int r = a->seal.size[1] > 0 ? 1 : look(a->path, "-journal", &st, why);

	a->logged = r == 1;
	return r == -1 ? -1 : 0;
}

int
archive_open(struct archive *a, const char *path, struct why *why)
{
	*a = (struct archive){ .lock = -1 };
	a->path = realpath(path, NULL);
	if (a->path == NULL)
		return why_errno(why, FAIL_FATAL, "%s", path);
	a->lock = open_locked(a->path, why);
	if (a->lock == -1)
		goto fail;
	if (take_seal(&a->seal, a->path, why) == -1 || find_log(a, why) == -1 ||
	    connect_archive(a, why) == -1 || check_tables(a, why) == -1)
		goto fail;
	return 0;
fail:
	archive_close(a);
	return -1;
}

int
archive_again(struct archive *copy, const struct archive *a, struct why *why)
{
	*copy = (struct archive){ .path = xstrdup(a->path),
		.logged = a->logged,
		.lock = -1,
		.seal = a->seal };
	if (connect_archive(copy, why) == 0)
		return 0;
	archive_close(copy);
	return -1;
}

void
archive_close(struct archive *a)
{
	(void)sqlite3_close_v2(a->db);
	if (a->lock != -1)
		(void)close(a->lock);
	free(a->path);
	*a = (struct archive){ .lock = -1 };
}

static bool
finds(struct archive *a, const char *sql, const char *one, const char *two)
{
	sqlite3_stmt *s = NULL;
	int r = sqlite3_prepare_v2(a->db, sql, -1, &s, NULL);

	if (r == SQLITE_OK)
		r = sqlite3_bind_text(s, 1, one, -1, SQLITE_STATIC);
	if (r == SQLITE_OK && two != NULL)
		r = sqlite3_bind_text(s, 2, two, -1, SQLITE_STATIC);
	if (r == SQLITE_OK)
		r = sqlite3_step(s);
	if (is_disk_error(r))
		a->failed = true;
	(void)sqlite3_finalize(s);
	return r == SQLITE_ROW;
}

bool
archive_has(struct archive *a, const char *table)
{
	return finds(a,
	    "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?1 "
	    "COLLATE NOCASE",
	    table, NULL);
}

bool
archive_has_column(struct archive *a, const char *table, const char *column)
{
	return finds(a,
	    "SELECT 1 FROM pragma_table_info(?1) WHERE name = ?2 "
	    "COLLATE NOCASE",
	    table, column);
}

/* --- rows --- */

int
rows_open(
    struct archive_rows *r, struct archive *a, const char *sql, struct why *why)
{
	int result = sqlite3_prepare_v2(a->db, sql, -1, &r->stmt, NULL);

	*r = (struct archive_rows){ .archive = a, .stmt = r->stmt };
	if (result == SQLITE_OK)
		return 0;
	a->failed = a->failed || is_disk_error(result);
	return why_sqlite(why, FAIL_FATAL, a);
}

void
rows_restart(struct archive_rows *r, int64_t parameter)
{
	(void)sqlite3_reset(r->stmt);
	(void)sqlite3_bind_int64(r->stmt, 1, parameter);
}

int
rows_next(struct archive_rows *r, struct why *why)
{
	int result = sqlite3_step(r->stmt);

	switch (result) {
	case SQLITE_ROW:
		return 1;
	case SQLITE_DONE:
		return 0;
	default:
		r->archive->failed =
		    r->archive->failed || is_disk_error(result);
		return why_sqlite(why, FAIL_FATAL, r->archive);
	}
}

void
rows_close(struct archive_rows *r)
{
	(void)sqlite3_finalize(r->stmt);
	*r = (struct archive_rows){ 0 };
}

bool
rows_is_null(const struct archive_rows *r, int column)
{
	return sqlite3_column_type(r->stmt, column) == SQLITE_NULL;
}

bool
rows_is_int(const struct archive_rows *r, int column)
{
	return sqlite3_column_type(r->stmt, column) == SQLITE_INTEGER;
}

int64_t
rows_int(const struct archive_rows *r, int column)
{
	return sqlite3_column_int64(r->stmt, column);
}

const char *
rows_text(const struct archive_rows *r, int column, size_t *len)
{
	const unsigned char *text = sqlite3_column_text(r->stmt, column);
	int n = sqlite3_column_bytes(r->stmt, column);

	if (len != NULL)
		*len = text == NULL || n < 0 ? 0 : (size_t)n;
	return text == NULL ? "" : (const char *)text;
}

int
rows_columns(const struct archive_rows *r)
{
	return sqlite3_column_count(r->stmt);
}

const char *
rows_name(const struct archive_rows *r, int column)
{
	const char *name = sqlite3_column_name(r->stmt, column);

	return name == NULL ? "" : name;
}

/* --- blobs --- */

int
blob_open(struct blob *b, struct archive *a, int64_t id, struct why *why)
{
	int r;

	/* A blob handle moves from row to row, but not after a failure. */
	r = b->handle == NULL ? sqlite3_blob_open(a->db, "main", "blobs",
				    "data", id, 0, &b->handle)
			      : sqlite3_blob_reopen(b->handle, id);
	b->archive = a;
	b->at = b->size = 0;
	if (r == SQLITE_OK) {
		b->size = (size_t)sqlite3_blob_bytes(b->handle);
		(void)sqlite3_file_control(
		    a->db, "main", READVFS_EXPECT, &b->size);
		return 0;
	}
	why_set(why, FAIL_DATA, "its content (blob %lld) cannot be read: %s",
	    (long long)id, sqlite3_errmsg(a->db));
	blob_close(b);
	return -1;
}

ssize_t
blob_read(struct blob *b, void *to, size_t max, struct why *why)
{
	size_t left = b->size - b->at, n = left < max ? left : max;

	if (n > INT_MAX)
		n = INT_MAX;
	if (n == 0)
		return 0;
	if (sqlite3_blob_read(b->handle, to, (int)n, (int)b->at) == SQLITE_OK) {
		b->at += n;
		return (ssize_t)n;
	}
	why_set(why, FAIL_DATA, "its content cannot be read to its end: %s",
	    sqlite3_errmsg(b->archive->db));
	blob_close(b);
	return -1;
}

void
blob_close(struct blob *b)
{
	(void)sqlite3_blob_close(b->handle);
	*b = (struct blob){ 0 };
}
