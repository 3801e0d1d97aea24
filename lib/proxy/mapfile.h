/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * The mapping file of the proxy: "identifier destination" a line, "#" begins a
 * comment line. Changed as a whole, under a lock, so that two programs of ours
 * at once lose nothing; comments and the order of lines stay. A proxy that lowers
 * identifiers does it with those of its file, too, as it loads them: "Al" and
 * "al" are one then, and the last line counts.
 */
#ifndef FERRY_PROXY_MAPFILE_H
#define FERRY_PROXY_MAPFILE_H

#include <stdbool.h>
#include <stddef.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/map.h"
#include "core/why.h"
#include "proxy/locked.h"

/* A line: a mapping, or (identifier NULL) the text of a comment. */
struct mapline {
	const char *identifier;
	const char *destination; /* NULL: taken out */
	const char *text;
	size_t earlier; /* the line before with this identifier + 1; or 0 */
};

struct mapfile {
	struct locked file;
	struct mapline *lines;
	size_t n, cap;
	bool lowers;      /* set before the file is read: so does the proxy */
	struct map index; /* identifier, lowered -> its last line + 1 */
	struct arena texts;
};

/*
 * Reads the text of a mapping file. 0, or -1 and why (DATA) with the number of
 * the line, for what the proxy could not load. With file.fd -1 *m is empty.
 */
int mapfile_parse(
    struct mapfile *m, const char *text, size_t len, struct why *why);

/*
 * Opens a file, waits for its lock, and reads it. 0, or -1 and why (FATAL).
 * Ends with mapfile_close, which gives the lock back.
 */
int mapfile_open(
    struct mapfile *m, const char *path, bool lowers, struct why *why);
void mapfile_close(struct mapfile *m);

/* The destination of an identifier; NULL where it has no line. */
const char *mapfile_get(const struct mapfile *m, const char *identifier);
/* Sets it, or with NULL takes all its lines out. The identifier has passed
 * identifier_check, and so has the destination. */
void mapfile_set(
    struct mapfile *m, const char *identifier, const char *destination);

/* Appends the file's new content. */
void mapfile_text(const struct mapfile *m, struct buf *out);

/*
 * Puts a new content, or the old one again, into the file's place: whole or not
 * at all, with the old owner and mode. The lock is kept. 0, or -1 and why.
 */
int mapfile_commit(struct mapfile *m, struct why *why);
int mapfile_restore(struct mapfile *m, struct why *why);

#endif
