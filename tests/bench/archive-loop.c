/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * archive-loop ARCHIVE TARGET: the bare loop that archive2maildir is measured
 * against. Copies every blob of an archive into a file, in the order of their
 * rows: written to TARGET/tmp, one syncfs for 1024 of them, renamed into
 * TARGET/cur, fsync of that. It looks at nothing else.
 */
#include <fcntl.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/io.h"

enum {
	BATCH = 1024,
	CHUNK = 131072
};

static void
must(bool good, const char *what)
{
	if (good)
		return;
	perror(what);
	exit(2);
}

static int
open_dir(const char *root, const char *part)
{
	char path[4096];
	int fd;

	must(
	    snprintf(path, sizeof path, "%s/%s", root, part) < (int)sizeof path,
	    root);
	must(mkdir(path, 0700) == 0, path);
	fd = open(path, O_RDONLY | O_DIRECTORY);
	must(fd != -1, path);
	return fd;
}

static void
copy(sqlite3 *db, sqlite3_blob **blob, sqlite3_int64 id, int tmp)
{
	static char chunk[CHUNK];
	char name[32];
	int fd, size, at, n;

	if (*blob == NULL)
		must(sqlite3_blob_open(
			 db, "main", "blobs", "data", id, 0, blob) == SQLITE_OK,
		    "blob");
	else
		must(sqlite3_blob_reopen(*blob, id) == SQLITE_OK, "blob");
	(void)snprintf(name, sizeof name, "%lld", (long long)id);
	fd = openat(tmp, name, O_WRONLY | O_CREAT | O_EXCL, 0600);
	must(fd != -1, name);
	size = sqlite3_blob_bytes(*blob);
	for (at = 0; at < size; at += n) {
		n = size - at < CHUNK ? size - at : CHUNK;
		must(sqlite3_blob_read(*blob, chunk, n, at) == SQLITE_OK, name);
		must(write_all(fd, chunk, (size_t)n) == 0, name);
	}
	must(close(fd) == 0, name);
}

static void
publish(const sqlite3_int64 *ids, size_t n, int tmp, int cur)
{
	must(syncfs(tmp) == 0, "syncfs");
	for (size_t i = 0; i < n; i++) {
		char name[32];

		(void)snprintf(name, sizeof name, "%lld", (long long)ids[i]);
		must(renameat(tmp, name, cur, name) == 0, name);
	}
	must(fsync(cur) == 0, "fsync");
}

int
main(int argc, char **argv)
{
	static sqlite3_int64 ids[BATCH];
	sqlite3 *db = NULL;
	sqlite3_stmt *rows = NULL;
	sqlite3_blob *blob = NULL;
	size_t n = 0;
	int tmp, cur;

	if (argc != 3)
		return 2;
	must(mkdir(argv[2], 0700) == 0, argv[2]);
	tmp = open_dir(argv[2], "tmp");
	cur = open_dir(argv[2], "cur");
	must(sqlite3_open_v2(argv[1], &db, SQLITE_OPEN_READONLY, NULL) ==
		 SQLITE_OK,
	    argv[1]);
	must(sqlite3_prepare_v2(db, "SELECT blob_id FROM emails ORDER BY id",
		 -1, &rows, NULL) == SQLITE_OK,
	    "emails");
	while (sqlite3_step(rows) == SQLITE_ROW) {
		ids[n] = sqlite3_column_int64(rows, 0);
		copy(db, &blob, ids[n++], tmp);
		if (n == BATCH) {
			publish(ids, n, tmp, cur);
			n = 0;
		}
	}
	if (n > 0)
		publish(ids, n, tmp, cur);
	(void)sqlite3_blob_close(blob);
	(void)sqlite3_finalize(rows);
	(void)sqlite3_close(db);
	(void)close(tmp);
	(void)close(cur);
	return 0;
}
