/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* The operators of Dovecot's "if". */
#ifndef FERRY_SOURCE_PASSWD_CONDITION_H
#define FERRY_SOURCE_PASSWD_CONDITION_H

#include <stdbool.h>
#include <stddef.h>

struct buf;

/* A decimal number, with a minus sign where it is below 0. False for another text,
 * or where it does not fit. */
bool read_integer(const char *text, long long *n);

/*
 * What an operator of len bytes says of two texts: 1 or 0; -1 where it is not known
 * or, comparing numbers, a text is none, or the releases do not agree on what a
 * regular expression means (POSIX in 2.3 and 2.4.1, PCRE since).
 * (Dovecot 2.3, src/lib/var-expand-if.c; 2.4,
 * src/lib-var-expand/expansion-filter-if.c.)
 */
int condition_holds(
    const char *a, const char *operator, size_t len, const char *b);

/*
 * "regexp": the text becomes the replacement, in which "\\1" is what is in the first
 * parentheses, where the expression matches all of it; it stays where nothing
 * matches. 1; 0: the server fails, because those match nothing. -1: not known; of a
 * match in a part 2.4.1 keeps nothing else, and later releases do.
 */
int condition_replace(
    struct buf *text, const char *expression, const char *replacement);

/* Whether an operator compares numbers. */
bool condition_of_numbers(const char *operator);

#endif
