/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * A query of a Postfix table, which looks one key up, turned into one that
 * lists all keys with their results.
 */
#ifndef FERRY_SOURCE_POSTFIX_QUERY_H
#define FERRY_SOURCE_POSTFIX_QUERY_H

#include <stdbool.h>

#include "core/buf.h"
#include "core/why.h"

/*
 * Sets out to the query that lists: it selects the key first, or its local part
 * and its domain (*parts), then what the query selects. That can be done where
 * the key is compared as a whole ('%s'), or its two parts ('%u' and '%d'), with
 * something of the row, and nothing but conditions that must all hold stands
 * beside that. 0; or -1 and why (DATA). (mysql_table(5), "query".)
 */
int postfix_query_list(
    const char *query, struct buf *out, bool *parts, struct why *why);

/*
 * The same for the filter of an LDAP table: "(attribute=%s)" becomes
 * "(attribute=*)" in out, and the attributes are added to keys, one a line. 0;
 * or -1 and why (DATA). (ldap_table(5), "query_filter".)
 */
int postfix_filter_list(
    const char *filter, struct buf *out, struct buf *keys, struct why *why);

/*
 * Appends a result as the table's result_format writes it: %s, %u, %d and %%.
 * False at anything else, or where the result has no such part, which makes
 * Postfix leave it out.
 */
bool postfix_result(const char *format, const char *result, struct buf *out);

#endif
