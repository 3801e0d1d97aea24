/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * What "doveconf -nP" prints, of Dovecot 2.3 and 2.4, as a tree: settings and
 * the blocks that they are in. What the settings mean is for the caller.
 */
#ifndef FERRY_SOURCE_DOVECONF_H
#define FERRY_SOURCE_DOVECONF_H

#include <stdbool.h>
#include <stddef.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/why.h"

/* A setting ("key = value") or a block ("key name { ... }"). Texts are owned
 * by the tree. */
struct setting {
	const char *key;
	const char *name;      /* of a block; NULL where it has none */
	const char *value;     /* NULL: this is a block */
	struct setting *child; /* the first in the block */
	struct setting *next;
	size_t line;
};

struct doveconf {
	/* The release that printed the text, "2.4.1" as 2, 4, 1; of the first
	 * line, or of dovecot_config_version. */
	long major, minor, patch;
	const char *path; /* the file that Dovecot had read; may be NULL */
	struct setting top;
	struct arena arena;
};

/*
 * Reads a text. 0; or -1 and why (FATAL), naming the line,
 * for a text of another form, a cut one, or one without a release. To be freed
 * in either case.
 */
int doveconf_parse(struct doveconf *c, const char *text, struct why *why);
/* The same of what was read, which may have a NUL byte: then -1. */
int doveconf_read(struct doveconf *c, const struct buf *text, struct why *why);
void doveconf_free(struct doveconf *c);

/* Whether the release is this one or a later one. */
bool doveconf_since(
    const struct doveconf *c, long major, long minor, long patch);

/* The value of a setting in a block; NULL where it is not set. Of several the
 * last, as in Dovecot. */
const char *setting_value(const struct setting *block, const char *key);

/* The first block of that key after "after" (NULL: the first of all); NULL
 * where there are no more. */
const struct setting *setting_block(
    const struct setting *block, const char *key, const struct setting *after);

/* Whether a value is one of Dovecot's ways to say yes. */
bool setting_is_yes(const char *value);
/* Whether it is one of the ways to say no; a setting that is not set is not. */
bool setting_is_no(const char *value);

#endif
