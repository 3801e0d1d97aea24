/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* What a variable of Dovecot goes through on its way into a text. */
#ifndef FERRY_SOURCE_PASSWD_MODIFIERS_H
#define FERRY_SOURCE_PASSWD_MODIFIERS_H

#include <stdbool.h>
#include <stddef.h>

#include "core/buf.h"

/* "[offset.]width" of 2.3. */
struct span {
	long offset, width;
	bool zeros; /* in front, up to the width, which then cuts nothing */
};

/*
 * Applies a letter of 2.3: L U (case), R (reverse), T (blanks off the end), D
 * (",dc=" for dots), X (a number in hex), M (MD5), H and N (a number made of the text, in
 * hex: the span is then its modulus and its digits, and is used up). False for
 * another letter. (Dovecot 2.3, src/lib/var-expand.c.)
 */
bool modifier_apply(struct buf *b, char letter, struct span *span);

/* Cuts to width bytes from an offset on; a negative one counts from the end. A
 * width of 0 means no limit, one below 0 leaves so many out at the end. */
void span_apply(struct buf *b, const struct span *span);

/*
 * "sha1", "sha256;rounds=2,salt=x,format=base64": puts a digest in the place of
 * the text. False for one that is not known.
 */
bool digest_apply(struct buf *b, const char *name, size_t len);

/* The same as bytes, in so many rounds (1 or more), each with the salt before the
 * text; a name of len bytes alone. */
bool digest_rounds(struct buf *b, const char *name, size_t len,
    const char *salt, size_t salt_len, long rounds);

#endif
