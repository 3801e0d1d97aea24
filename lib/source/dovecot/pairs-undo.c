/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "source/dovecot/pairs-undo.h"

/* Before the first change of a field that is there already: all of them are
 * copied, those too that came after the mark. */
static void
preserve(struct pairs_undo *u, struct arena *arena, const char *key)
{
	if (!u->marked || u->copied || pairs_get(&u->now, key) == NULL)
		return;
	u->kept = pairs_copy(&u->now, arena);
	u->copied = true;
}

void
pairs_undo_set(struct pairs_undo *u, struct arena *arena, const char *key,
    const char *value)
{
	preserve(u, arena, key);
	pairs_set(&u->now, arena, key, value);
}

void
pairs_undo_remove(struct pairs_undo *u, struct arena *arena, const char *key)
{
	preserve(u, arena, key);
	pairs_remove(&u->now, key);
}

void
pairs_undo_mark(struct pairs_undo *u, struct arena *arena)
{
	u->marked = true;
	if (u->copied)
		u->kept = pairs_copy(&u->now, arena);
	else
		u->n = u->now.n;
}

void
pairs_undo_back(struct pairs_undo *u, struct arena *arena)
{
	if (u->copied)
		u->now = pairs_copy(&u->kept, arena);
	else if (u->now.n > u->n)
		u->now.n = u->n;
}

struct pairs_undo
pairs_undo_copy(const struct pairs_undo *u, struct arena *arena)
{
	struct pairs_undo copy = *u;

	copy.now = pairs_copy(&u->now, arena);
	copy.kept = pairs_copy(&u->kept, arena);
	return copy;
}
