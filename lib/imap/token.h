/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * The tokens of lines with literals (RFC 9051, 9; RFC 5804, 4), which come from
 * a server of any origin.
 */
#ifndef FERRY_IMAP_TOKEN_H
#define FERRY_IMAP_TOKEN_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "core/buf.h"

/* The longest response, literals included. */
enum {
	IMAP_RESPONSE_MAX = 1 << 20
};

/*
 * How many bytes at the start of data are one response, with its line end and
 * its literals. 0: more must be read first. -1: it cannot become one.
 */
ssize_t imap_complete(const char *data, size_t len);

/* Reads a response as imap_complete measured it, without its line end. */
struct token_reader {
	const char *at, *end;
	bool bad; /* sticky */
};

struct token_reader token_reader_of(const char *data, size_t len);
bool token_at_end(const struct token_reader *r);
/* The next byte; NUL at the end, which no token has. */
char token_peek(const struct token_reader *r);
void token_blanks(struct token_reader *r);

/* These read one token, instead of what was in out; false, and bad set, where
 * there is none. */
bool token_take(struct token_reader *r, char c);
bool token_atom(struct token_reader *r, struct buf *out);
/* astring (RFC 9051, 9), and nstring, whose NIL reads as "NIL". */
bool token_string(struct token_reader *r, struct buf *out);
/* Any value, which is skipped: a list, a string or an atom. */
bool token_value(struct token_reader *r, struct buf *scratch);
/* Sets bad; false. */
bool token_fail(struct token_reader *r);

#endif
