/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * The header of a message, read as the mail servers read it: forgiving, bytes
 * are opaque, nothing is decoded.
 */
#ifndef FERRY_MAILDIR_HEADER_H
#define FERRY_MAILDIR_HEADER_H

#include <stdbool.h>
#include <stddef.h>

#include "core/buf.h"

/* A field. The value is raw, with its folds, without the line end after it. */
struct header_field {
	const char *name;
	size_t name_len;
	const char *value;
	size_t value_len;
};

/* A walk over the first bytes of a message. */
struct header {
	const char *at; /* after HEADER_END: where the body begins */
	const char *end;
	bool whole; /* the bytes reach to the end of the message */
};

enum header_step {
	HEADER_FIELD,
	HEADER_END,
	HEADER_MORE /* the bytes end inside the header */
};

/* whole: there are no more bytes than these. A first line "From " or ">From ",
 * left by an mbox file, is passed over. */
void header_init(struct header *h, const char *p, size_t len, bool whole);

/* The next field. A line without a colon is no field, and is passed over. */
enum header_step header_next(struct header *h, struct header_field *f);

/* True if the field has this name, in any case. */
bool header_is(const struct header_field *f, const char *name);

/* Appends the value with its folds undone: every run of blanks and line ends is
 * one space, and there is none at the ends. */
void header_put_unfolded(struct buf *out, const struct header_field *f);

/*
 * Appends the canonical form of a Message-ID: what is in the first <...>, or
 * all of it; comments, blanks, folds and one pair of [] around it are dropped,
 * the case is kept (RFC 5322, 3.6.4; forms seen in the wild are in the tests).
 * Nothing is appended where there is no id.
 */
void msgid_put(struct buf *out, const char *value, size_t len);

#endif
