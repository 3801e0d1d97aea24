/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* Files of a system that is perhaps not this one, and the keys in them. */
#ifndef FERRY_SOURCE_DKIM_KEYS_H
#define FERRY_SOURCE_DKIM_KEYS_H

#include "source/dkim/dkim-internal.h"

/* Where a path of the system's files is here; lives in the arena. */
const char *dkim_path(struct dkim *d, const char *path);
/* Whether a file or folder is there. */
bool dkim_exists(struct dkim *d, const char *path);
/* "FOLDER/NAME"; lives in the arena. */
const char *dkim_below(struct dkim *d, const char *folder, const char *name);
/*
 * Appends a regular file of at most out->max bytes; a path of the system's
 * files, which does not lead out of the root. 0, or -1 and why, without the
 * path.
 */
int dkim_read(
    struct dkim *d, const char *path, struct buf *out, struct why *why);
/* Emits the key in a text, or in a file. What is wrong is reported at the
 * emitter's place, with the name in DNS. */
void dkim_key(struct dkim *d, const char *domain, const char *selector,
    const char *text, size_t len);
void dkim_file(
    struct dkim *d, const char *domain, const char *selector, const char *path);

/* How many domains the options name for keys that sign the mail of any sender's,
 * of those below another domain where above is not NULL; where there is none, a
 * failure: key is not carried. */
size_t dkim_sender_domains(struct dkim *d, const char *key, const char *above);
/* Whether a domain is below another; everything is below NULL. */
bool dkim_is_below(const char *domain, const char *above);

/*
 * Reads a text file of the system and hands over its lines, trimmed, without
 * comments (from a "#" on) and empty ones; the emitter's place is each line's.
 * False, which is reported, if it cannot be read.
 */
bool dkim_lines(struct dkim *d, const char *path, dkim_line *line, void *arg);
/* Cuts the first word off a line, and returns the rest without its blanks. */
char *dkim_rest(char *line);

#endif
