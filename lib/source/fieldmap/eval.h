/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * What a line of a field map says of one row: its values with their
 * transforms, and whether its condition holds.
 */
#ifndef FERRY_SOURCE_FIELDMAP_EVAL_H
#define FERRY_SOURCE_FIELDMAP_EVAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/map.h"
#include "record/record.h"
#include "source/fieldmap/fieldmap.h"

/* The zero value is ready for eval_begin; eval_free frees it. */
struct eval {
	const struct fieldmap_section *section;
	const struct strs *cells; /* by the section's columns */

	/* Filled in by the caller: names, in lower case, and the address that
	 * the transform "address" puts in place of each. */
	struct map names;

	struct buf **texts; /* of the row; used again for the next one */
	size_t ntexts, texts_cap, texts_used;
};

/* Starts with a row; both are borrowed until the next one. Texts of the row
 * before are gone. */
void eval_begin(struct eval *ev, const struct fieldmap_section *section,
    const struct strs *cells);
void eval_free(struct eval *ev);

/* An empty buffer, and a copy of a text, which live as long as the row. */
struct buf *eval_scratch(struct eval *ev);
char *eval_copy(struct eval *ev, const char *text);

/* Whether the condition of a line holds; target (may be NULL) is the one that
 * "$target" asks about. */
bool eval_holds(
    struct eval *ev, const struct fieldmap_line *line, const char *target);

/* Whether a line sets any of the fields from one to another, in their order. */
static inline bool
eval_sets(const struct eval *ev, enum field from, enum field to)
{
	return ev->section->first[from] != ev->section->first[to + 1];
}

/*
 * Sets out to the non-empty values of a member. Its lines are tried in order;
 * the first whose condition holds and that yields a value wins.
 */
void eval_all(struct eval *ev, enum field field, struct strs *out);

/* The same, of all lines whose condition holds. */
void eval_each(struct eval *ev, enum field field, struct strs *out);

const char *eval_lines(struct eval *ev, enum field field); /* for eval_first */

/* The first of them, or NULL. Few maps have lines for a member. */
static inline const char *
eval_first(struct eval *ev, enum field field)
{
	return eval_sets(ev, field, field) ? eval_lines(ev, field) : NULL;
}

/*
 * A point in time in seconds since 1970: such a number, "2026-12-31" with or
 * without the time of day, or LDAP's "20261231235959Z" (RFC 4517, 3.3.13). 0:
 * what databases write for "no time"; 1: for one before all times. -1 for any
 * other text.
 */
int64_t eval_time(const char *text);

#endif
