/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * Secrets that no message may hold: a server may repeat what it was sent. "***"
 * stands in their place. What is looked for is said here alone:
 *
 * - A secret of MASK_LONG bytes or more, wherever it stands, also within base64
 *   of more than itself, of which the whole is covered.
 * - A shorter one only in what a server said, where it stands as a word, with no
 *   letter or digit on either side, and its base64 likewise: elsewhere a gap in
 *   words of ours would tell it. Below MASK_MIN bytes: never.
 * - Each byte as itself, in percent encoding, escaped as in JSON, or as a
 *   character reference of HTML.
 * - The beginning of a long one where it was cut: MASK_CUT bytes at the end of a
 *   text that did not fit; elsewhere MASK_LONG bytes that are half of it, with no
 *   letter or digit after it.
 *
 * A plugin has a list of its own: it adds what it logs in with.
 */
#ifndef FERRY_MASK_H
#define FERRY_MASK_H

#include <stdbool.h>

enum {
	MASK_MIN = 3,
	MASK_CUT = 4,
	MASK_LONG = 8
};

/* From here on no message holds this text. Copied; NULL is nothing. */
void mask_add(const char *secret);

/* Covers the long secrets in a text, in place; cut: the end of it is missing. */
void mask_text(char *text, bool cut);
/* Covers all secrets in what a server said, in place, before it becomes part of a
 * message. NULL is nothing. */
void mask_said(char *text);

#endif
