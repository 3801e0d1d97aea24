/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* File names made of names that anybody may have chosen. */
#ifndef FERRY_EXTRACT_FILENAME_H
#define FERRY_EXTRACT_FILENAME_H

#include <stdbool.h>
#include <stddef.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/map.h"

/*
 * Appends a text as one file name: valid UTF-8, no slash, backslash or control
 * character, no blanks around it, no dot at its end, and none at its start
 * unless hidden; if it is too long, shortened and followed by a digest of the
 * whole text. Appends nothing if nothing is left.
 */
void filename_put(struct buf *out, const char *text, size_t len, bool hidden);

/* The text as a report shows it, for the caller to free; NULL if it is the name
 * that was made of it. */
char *filename_changed(const char *text, size_t len, const char *name);

/* Appends a text as valid UTF-8 without control characters; those become
 * "_". */
void filename_put_utf8(struct buf *out, const char *text, size_t len);

/* Appends the text up to max bytes of it, cut where a character ends, and then
 * a digest of the whole. */
void filename_put_cut(
    struct buf *out, const char *text, size_t len, size_t max);

/* The names that one directory has. The zero value is an empty one. */
struct labels {
	struct map taken;
	struct arena keys;
};

/*
 * Appends the first of NAME ENDING, NAME-1 ENDING, NAME-2 ENDING ... that is
 * free, and takes it. The same calls in the same order give the same names.
 */
void labels_take(
    struct labels *l, const char *name, const char *ending, struct buf *out);
void labels_free(struct labels *l);

#endif
