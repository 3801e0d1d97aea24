/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* Numbers from the command line and from input. */
#ifndef FERRY_NUM_H
#define FERRY_NUM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/buf.h"

/*
 * Reads a decimal number that must lie in min..max; digits and one leading
 * minus only. Returns true and sets *out, or false and sets *wrong (may be
 * NULL) to "invalid", "too small" or "too large".
 */
bool parse_num(
    const char *s, int64_t min, int64_t max, int64_t *out, const char **wrong);

/*
 * Reads a size in bytes: a number, optional blanks, and an optional unit B, K,
 * M, G or T in either case, each 1024 of the one before, optionally followed by
 * "i" and "B" ("5G", "5 GiB", "5gb"). No unit means bytes. False on anything
 * else and past INT64_MAX. (Dovecot 2.4, src/lib/str-parse.c.)
 */
bool parse_size(const char *s, int64_t *out);

/* The ending of a noun after a number: "s", or "" for 1. */
const char *plural(size_t n);
/* The same of "alias": "es", or "". */
const char *plural_es(size_t n);

/* n times the unit letter's value as above; -1 past INT64_MAX. An unknown
 * letter returns -1. */
int64_t size_units(int64_t n, char unit);

/*
 * Copies JSON that has been checked. Whole numbers of at most 64 bits that are
 * written with a fraction or an exponent (1e3, 1.0) are written in their digits.
 * False, and nothing is copied, where there is none. (A double cannot tell whole
 * numbers past 2^53.)
 */
bool json_whole_numbers(const char *text, size_t len, struct buf *out);

#endif
