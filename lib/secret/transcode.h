/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * The strings that Stalwart keeps as hashes and verifies, complete shapes, and
 * the way there from strings that mean the same. What the server would keep but
 * never verify counts as a shape that has to be mended, or is refused.
 */
#ifndef FERRY_SECRET_TRANSCODE_H
#define FERRY_SECRET_TRANSCODE_H

#include <stdbool.h>

#include "core/buf.h"

/* What became of a string. The texts are constants. */
struct canon {
	const char *name;   /* the scheme, "SHA512-CRYPT"; NULL: no known one */
	const char *reason; /* why it cannot be carried; NULL: it can */
	const char *note;   /* what was rewritten; NULL: nothing */
};

/*
 * Appends the string that the server verifies for a crypt(3), PHC or passlib
 * string: the string itself, or its loss-free rewriting (c->note). A DES hash
 * is appended as it is; only the tag {CRYPT} makes the server take it. False
 * and c->reason if there is none; c->name where the method is known.
 */
bool canon_hash(const char *hash, struct buf *out, struct canon *c);

#endif
