/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* The entries of Postfix lookup tables of any type that can be listed. */
#ifndef FERRY_SOURCE_POSTFIX_TABLES_H
#define FERRY_SOURCE_POSTFIX_TABLES_H

#include <stdbool.h>

#include "source/emit.h"
#include "source/postfix/asks.h"
#include "source/targets.h"

/* What becomes of an entry; value may be changed. */
typedef void postfix_entry(
    void *ctx, struct emit *e, const char *key, char *value);

/* Where tables are read from, and what is done with their entries. */
struct postfix_reader {
	const char *dir; /* the configuration folder; NULL: the default */
	struct emit *emit;
	postfix_entry *entry;
	void *ctx;
	/* Takes the tables that can only be asked; NULL: they are reported. */
	struct postfix_asks *asks;
	/* The keys are local names (alias_maps): of a rule that puts parts of the
	 * key into the value Postfix takes nothing there, and postmap does, which
	 * is not asked for that. */
	bool of_names;
	/* A table that cannot be read makes a note record, no failure. */
	bool optional;
};

/*
 * Calls entry for each entry of a table "TYPE:NAME", as text or by postmap(1).
 * What cannot be listed or read is reported; where names the parameter or file
 * that the table comes from.
 */
void postfix_table(
    const struct postfix_reader *r, const char *table, const char *where);
/* The same for a list of tables, which is changed. */
void postfix_tables(
    const struct postfix_reader *r, char *list, const char *where);

/* Whether a word of a list names a table. */
bool postfix_is_table(const char *word);

#endif
