/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * Sieve, RFC 5228, part 8: a text becomes a tree of commands and tests. What they
 * mean is not known here (check.h).
 */
#ifndef FERRY_SIEVE_PARSE_H
#define FERRY_SIEVE_PARSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/arena.h"
#include "core/why.h"

enum sieve_kind {
	SIEVE_STRING,
	SIEVE_LIST, /* of strings, in brackets */
	SIEVE_NUMBER,
	SIEVE_TAG
};

struct sieve_arg {
	enum sieve_kind kind;
	size_t line;
	uint64_t number;
	/* A string, or the name of a tag without its colon; of a list the first
	 * string, NULL where it is empty. */
	const char *text;
	struct sieve_arg *strings; /* of a list, chained by next */
	struct sieve_arg *next;
};

/* A command, or a test. */
struct sieve_node {
	const char *name; /* in lower case */
	size_t line;
	struct sieve_arg *args;
	struct sieve_node *tests; /* chained by next */
	bool list;                /* the tests stand in parentheses */
	struct sieve_node *block;
	bool has_block;
	struct sieve_node *next;
};

struct sieve {
	struct arena arena;
	struct sieve_node *commands; /* NULL: none */
	size_t line;                 /* of an error */
};

/*
 * Reads a script of len bytes. 0, or -1, s->line and why (DATA). Blocks and tests
 * nest 32 deep, as in Pigeonhole. Freed with sieve_free, also after an error.
 */
int sieve_parse(struct sieve *s, const char *text, size_t len, struct why *why);
void sieve_free(struct sieve *s);

#endif
