/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* Answers of web servers that are lists of flat objects: rows of a table. */
#ifndef FERRY_SOURCE_SUITE_WEBROWS_H
#define FERRY_SOURCE_SUITE_WEBROWS_H

#include <stddef.h>
#include <stdint.h>

#include "core/why.h"

/* A member that is wanted. The value is set for each row. */
struct web_field {
	const char *name;
	const char *in;   /* the member, an object, that holds it; or NULL */
	const char *text; /* in the answer; NULL where it is not a string */
	int64_t
	    number; /* of a number, a boolean, or digits; -1: none of these */
};

/*
 * Calls each for every object of a list, or of an object that holds nothing but
 * objects by their numbers. The text is changed. 0; or -1 and why (FATAL): not such
 * an answer, or one that says "type": "error".
 */
int web_rows(char *text, struct web_field *fields, size_t n,
    void (*each)(void *ctx, const struct web_field *fields), void *ctx,
    struct why *why);

#endif
