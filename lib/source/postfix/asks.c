/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "source/postfix/asks.h"

#include <stdlib.h>

#include "core/alloc.h"

static int
add(struct postfix_asks *asks, const char *table, struct postfix_lookup *lookup)
{
	if (lookup == NULL)
		return -1;
	asks->tables =
	    xgrow(asks->tables, asks->n, &asks->cap, sizeof *asks->tables);
	asks->tables[asks->n++] = (struct postfix_ask_table){ .lookup = lookup,
		.name = arena_adds(&asks->arena, table) };
	return 0;
}

int
postfix_asks_add(struct postfix_asks *asks, const char *table, struct why *why)
{
	return add(asks, table, postfix_lookup_open(table, why));
}

int
postfix_asks_add_patterns(struct postfix_asks *asks, const char *dir,
    const char *table, struct why *why)
{
	return add(asks, table, postfix_lookup_patterns(dir, table, why));
}

bool
postfix_ask(void *ctx, struct emit *e, const char *key, struct buf *value)
{
	struct postfix_asks *asks = ctx;

	for (size_t i = 0; i < asks->n; i++) {
		struct postfix_ask_table *t = &asks->tables[i];
		struct why why = { 0 };
		int r;

		if (t->lookup == NULL)
			continue;
		r = postfix_lookup(t->lookup, key, value, &why);
		if (r == 1) {
			emit_file(e, t->name);
			return true;
		}
		if (r == -1) {
			emit_fail_at(e, t->name, NULL, &why);
			postfix_lookup_close(t->lookup);
			t->lookup = NULL;
		}
	}
	return false;
}

void
postfix_asks_free(struct postfix_asks *asks)
{
	for (size_t i = 0; i < asks->n; i++)
		postfix_lookup_close(asks->tables[i].lookup);
	free(asks->tables);
	arena_free(&asks->arena);
}
