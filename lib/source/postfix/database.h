/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* All of a Postfix table in a database. */
#ifndef FERRY_SOURCE_POSTFIX_DATABASE_H
#define FERRY_SOURCE_POSTFIX_DATABASE_H

#include "core/arena.h"
#include "core/buf.h"
#include "core/map.h"
#include "core/why.h"
#include "record/record.h"

/* What a table holds, each key once. */
struct postfix_rows {
	struct postfix_row *first, **tail;
	/* Keys that Postfix never finds, for their capitals or their blanks: see
	 * below. */
	struct strs capital, spaced;
	struct map by_key, padded;
	struct arena arena;
};
struct postfix_row {
	const char *key;
	struct buf value; /* the results, divided by commas */
	struct postfix_row *next;
};

/*
 * Reads all of a table "TYPE:FILE", whose file says how one key is looked up.
 * 0; or -1 and why: DATA where that cannot be turned into a list. To be freed
 * in either case. Postfix lowers the key that it asks for: one with capitals is
 * not found in a database that tells them apart (all but MySQL and LDAP). Nor is
 * one with blanks, but for those around it that MySQL or LDAP may pass over, which
 * they are asked.
 */
int postfix_database_read(
    struct postfix_rows *rows, const char *table, struct why *why);
void postfix_rows_free(struct postfix_rows *rows);

#endif
