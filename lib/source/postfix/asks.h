/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* Tables of aliases that cannot be listed, asked for keys that are known from
 * elsewhere. */
#ifndef FERRY_SOURCE_POSTFIX_ASKS_H
#define FERRY_SOURCE_POSTFIX_ASKS_H

#include <stdbool.h>
#include <stddef.h>

#include "core/buf.h"
#include "source/emit.h"
#include "source/postfix/lookup.h"

struct postfix_ask_table {
	struct postfix_lookup *lookup; /* NULL: it failed */
	const char *name;              /* "TYPE:FILE" */
};

/* The zero value is empty. */
struct postfix_asks {
	struct postfix_ask_table *tables;
	size_t n, cap;
	struct arena arena;
};

/* Adds a table. 0; or -1 and why where it cannot be asked. */
int postfix_asks_add(
    struct postfix_asks *asks, const char *table, struct why *why);

/* The same for one that postmap asks (postfix_lookup_patterns). */
int postfix_asks_add_patterns(struct postfix_asks *asks, const char *dir,
    const char *table, struct why *why);

/* Appends what the first table that has the key says, and sets e->at to it. A
 * table that fails is reported, and not asked again. ctx is the asks. */
bool postfix_ask(void *ctx, struct emit *e, const char *key, struct buf *value);

void postfix_asks_free(struct postfix_asks *asks);

#endif
