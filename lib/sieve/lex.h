/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* The tokens of Sieve: RFC 5228, 8.1. */
#ifndef FERRY_SIEVE_LEX_H
#define FERRY_SIEVE_LEX_H

#include <stddef.h>
#include <stdint.h>

#include "core/arena.h"
#include "core/buf.h"

enum sieve_token {
	TOKEN_END,
	TOKEN_WORD, /* an identifier */
	TOKEN_TAG,
	TOKEN_NUMBER,
	TOKEN_STRING,
	TOKEN_MARK, /* one of { } [ ] ( ) ; , */
	TOKEN_BAD   /* error says why */
};

struct sieve_lexer {
	const char *at, *end;
	size_t line;
	struct arena *arena; /* texts are put there */
	struct buf scratch;
	/* Of the last token. */
	const char *text; /* of a word, a tag or a string */
	char mark;
	uint64_t number;
	const char *error;
};

enum sieve_token sieve_lex(struct sieve_lexer *l);

#endif
