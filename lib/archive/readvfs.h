/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * The way in which SQLite reads an archive: a VFS that opens files for reading
 * only, and cannot write, create or remove one. It is told how many bytes will
 * be wanted next, and reads them, if they follow each other, many at a time.
 */
#ifndef FERRY_ARCHIVE_READVFS_H
#define FERRY_ARCHIVE_READVFS_H

/* Makes it known to SQLite, once for all threads; its name. NULL: out of
 * memory. */
const char *readvfs_register(void);

/* For sqlite3_file_control: a size_t, of the blob that is read next. */
enum {
	READVFS_EXPECT = 0x6d66 /* above those of SQLite itself */
};

#endif
