/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * A Vandelay archive: an SQLite file with the mail, calendars, contacts,
 * scripts and files of one account. It is only read: nothing is written into it
 * or next to it. What its log (the file of the same name with "-wal") holds is
 * part of it. While another program holds it, it is not read at all. It may be
 * damaged, and it may have been made by somebody else: views, triggers and
 * functions in its schema are not run.
 */
#ifndef FERRY_ARCHIVE_ARCHIVE_H
#define FERRY_ARCHIVE_ARCHIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

#include "core/why.h"

struct sqlite3;
struct sqlite3_blob;
struct sqlite3_stmt;

/* The archive's file and its log as they were when it was opened. */
struct archive_seal {
	off_t size[2];
	struct timespec changed[2];
};

struct archive {
	struct sqlite3 *db;
	char *path;
	bool logged; /* a log has to be read, too */
	bool failed; /* the disk failed while it was read */
	int lock;    /* keeps writers away; -1 in those of archive_again */
	struct archive_seal seal;
};

/*
 * Opens an archive. 0, or -1 and why: TEMP where another program holds it,
 * FATAL for what is not an archive.
 */
int archive_open(struct archive *a, const char *path, struct why *why);
/* Opens it once more, for another thread. */
int archive_again(
    struct archive *copy, const struct archive *a, struct why *why);
void archive_close(struct archive *a);

/* 0 if nobody changed it since it was opened; -1 and why, FATAL: somebody did, or it
 * cannot be looked at. */
int archive_unchanged(const struct archive *a, struct why *why);

/* Whether it has a table, and a table a column: releases differ. */
bool archive_has(struct archive *a, const char *table);
bool archive_has_column(
    struct archive *a, const char *table, const char *column);

/*
 * The rows of a query, which may have one parameter. Texts and bytes are good
 * until the next step.
 */
struct archive_rows {
	struct archive *archive;
	struct sqlite3_stmt *stmt;
};

/* 0, or -1 and why. The zero value is closed. */
int rows_open(struct archive_rows *r, struct archive *a, const char *sql,
    struct why *why);
/* Begins anew, with a value for the parameter. */
void rows_restart(struct archive_rows *r, int64_t parameter);
/* 1: there is a row. 0: that was all. -1 and why: the rest cannot be read. */
int rows_next(struct archive_rows *r, struct why *why);
void rows_close(struct archive_rows *r);

bool rows_is_null(const struct archive_rows *r, int column);
bool rows_is_int(const struct archive_rows *r, int column);
int64_t rows_int(const struct archive_rows *r, int column);
/* Any bytes, NULs included, followed by a NUL; "" for NULL. len may be NULL. */
const char *rows_text(const struct archive_rows *r, int column, size_t *len);
int rows_columns(const struct archive_rows *r);
const char *rows_name(const struct archive_rows *r, int column);

/* The bytes of one blob after another, in pieces. The zero value is ready. */
struct blob {
	struct archive *archive;
	struct sqlite3_blob *handle;
	size_t size;
	size_t at;
};

/* 0, or -1 and why (DATA). */
int blob_open(struct blob *b, struct archive *a, int64_t id, struct why *why);
/* How many bytes, 0 at the end; -1 and why (DATA). */
ssize_t blob_read(struct blob *b, void *to, size_t max, struct why *why);
void blob_close(struct blob *b);

#endif
