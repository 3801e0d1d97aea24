/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * The filter of a Postfix table in LDAP, which looks one key up, turned into
 * one that finds all entries that could have a key. (ldap_table(5),
 * "query_filter".)
 */
#ifndef FERRY_SOURCE_POSTFIX_FILTER_H
#define FERRY_SOURCE_POSTFIX_FILTER_H

#include <stdbool.h>
#include <stddef.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/why.h"

enum {
	POSTFIX_FILTER_KEYS = 16
};

/* "(NAME=BEFORE%sAFTER)": an attribute that holds keys. */
struct postfix_filter_key {
	const char *name, *before, *after;
};

struct postfix_filter {
	struct buf text; /* the filter for all entries */
	struct postfix_filter_key keys[POSTFIX_FILTER_KEYS];
	size_t n;
	/* An entry that is found has the keys in its attributes, and no others.
	 * False: whether it has one, only the table's own filter says. */
	bool exact;
	struct arena arena;
};

/* 0; or -1 and why (DATA) where no attribute holds keys. To be freed in either
 * case. */
int postfix_filter_list(
    const char *filter, struct postfix_filter *out, struct why *why);
void postfix_filter_free(struct postfix_filter *f);

/* Appends the key in a value. False if it is not of that form. */
bool postfix_filter_key(
    const struct postfix_filter_key *k, const char *value, struct buf *out);

#endif
