/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * A query of a Postfix table, which looks one key up, turned into queries that
 * list all keys with their results. (mysql_table(5), "query".)
 */
#ifndef FERRY_SOURCE_POSTFIX_QUERY_H
#define FERRY_SOURCE_POSTFIX_QUERY_H

#include <stdbool.h>
#include <stddef.h>

#include "core/buf.h"
#include "core/why.h"

/* What a column before the results says of the key. */
enum postfix_part {
	KEY_WHOLE,  /* compared with '%s', or '%u@%d' */
	KEY_LOCAL,  /* with '%u' */
	KEY_DOMAIN, /* with '%d' */
	KEY_AT,     /* with '@%d': "@domain" */
	KEY_LONG,   /* with '%u' and what KEY_END says */
	KEY_END,
	POSTFIX_PARTS
};

struct postfix_select {
	struct buf text;
	bool
	    has[POSTFIX_PARTS]; /* the columns that come first, in this order */
	bool domain_too;        /* the key must have a domain */
};

enum {
	POSTFIX_SELECTS = 8 /* that UNION joins */
};

struct postfix_listing {
	struct postfix_select selects[POSTFIX_SELECTS];
	size_t n;
};

/*
 * Sets out to the queries that list. That can be done exactly where each part
 * of the key is compared for equality with something of the row, and all other
 * conditions must hold as well; aggregates are grouped by the key. 0; or -1 and
 * why (DATA). To be freed in either case.
 */
int postfix_query_list(
    const char *query, struct postfix_listing *out, struct why *why);
void postfix_listing_free(struct postfix_listing *l);

/* How many columns come before the results. */
size_t postfix_select_parts(const struct postfix_select *s);

/* Appends the key that the columns of a row are about; values in the order of
 * the parts, none of them NULL. False if the row is about none. */
bool postfix_select_key(
    const struct postfix_select *s, const char *const *values, struct buf *out);

#endif
