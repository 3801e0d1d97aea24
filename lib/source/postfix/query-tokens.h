/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* The words of an SQL query in the file of a Postfix table. */
#ifndef FERRY_SOURCE_POSTFIX_QUERY_TOKENS_H
#define FERRY_SOURCE_POSTFIX_QUERY_TOKENS_H

#include <stdbool.h>
#include <stddef.h>

#include "core/buf.h"

enum {
	TOKENS_MAX = 512
};

/* A word, a text in quotes, "||", or one other character. */
struct token {
	const char *p;
	size_t len;
	int depth; /* parentheses around it; they themselves are within */
};

struct tokens {
	struct token t[TOKENS_MAX];
	size_t n;
};

/* False where there are too many, or parentheses do not match. */
bool tokens_read(struct tokens *q, const char *text);

bool token_is(const struct token *t, const char *word); /* in any case */
bool token_is_any(const struct token *t, const char *const *words);
/* Whether it is exactly one of two texts. */
bool tokens_equal(const struct token *t, const char *a, const char *b);

/* All of what follows is about the tokens from one up to another. */

/* How deep in parentheses the outermost are. */
int tokens_depth(const struct token *from, const struct token *to);
/* The first of a kind among the outermost; to where there is none. */
const struct token *tokens_find(
    const struct token *from, const struct token *to, const char *word);
/* The parenthesis that closes the one at open. */
const struct token *tokens_close(
    const struct token *open, const struct token *to);
/* Whether one has a variable; "%%" is not one. */
bool tokens_have_variable(const struct token *from, const struct token *to);
/* Appends their text, "%%" as "%". */
void tokens_text(
    struct buf *out, const struct token *from, const struct token *to);
/* Takes parentheses around the whole away. */
void tokens_strip(const struct token **from, const struct token **to);

#endif
