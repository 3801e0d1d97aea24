/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* A Postfix table in a database, or one that only Postfix's own program asks,
 * asked for one key at a time. */
#ifndef FERRY_SOURCE_POSTFIX_LOOKUP_H
#define FERRY_SOURCE_POSTFIX_LOOKUP_H

#include "core/buf.h"
#include "core/why.h"

struct postfix_lookup;

/* Connects to the database of a table "TYPE:FILE". NULL and why. */
struct postfix_lookup *postfix_lookup_open(const char *table, struct why *why);
/* A table of patterns or of a server, asked by postmap(1), which reads the
 * configuration folder dir (NULL: the default). NULL and why where it does not
 * answer. */
struct postfix_lookup *postfix_lookup_patterns(
    const char *dir, const char *table, struct why *why);
void postfix_lookup_close(struct postfix_lookup *l); /* NULL is fine */

/*
 * Asks as Postfix does. 1: the results, divided by commas, are appended; 0: the
 * table has no such key; -1 and why.
 */
int postfix_lookup(struct postfix_lookup *l, const char *key, struct buf *value,
    struct why *why);

#endif
