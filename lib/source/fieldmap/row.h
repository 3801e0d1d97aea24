/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * Rows of a database, or entries of an LDAP directory, become records by a
 * field map (source/fieldmap/fieldmap.h). The caller reads the sections in the order of
 * enum fieldmap_kind, and the rows of each:
 *
 *	rows_init(&m, emit, domain, scheme);
 *	for (kind = 0; kind <= FIELDMAP_NOTE; kind++) {
 *		each section s of the kind:
 *			each row: rows_add(&m, s, cells);
 *		rows_end_kind(&m, kind);
 *	}
 *	rows_free(&m);
 */
#ifndef FERRY_SOURCE_FIELDMAP_ROW_H
#define FERRY_SOURCE_FIELDMAP_ROW_H

#include "core/arena.h"
#include "record/record.h"
#include "source/aliases.h"
#include "source/emit.h"
#include "source/fieldmap/eval.h"
#include "source/fieldmap/fieldmap.h"

struct rows {
	struct emit *emit;
	const char *domain;         /* of bare names; NULL: they are refused */
	const char *default_scheme; /* instead of the map's; NULL: the map's */
	struct aliases aliases;     /* forwards among them */
	struct aliases weak;        /* where nothing else has the address */
	struct aliases inactive;
	struct arena arena;

	/* What the functions below use. */
	struct eval eval;
	struct record r;
	struct strs list, more;
};

/* All is borrowed; domain and default_scheme may be NULL. */
void rows_init(struct rows *m, struct emit *emit, const char *domain,
    const char *default_scheme);
void rows_free(struct rows *m);

/*
 * One row, at emit->at. cells[i] holds the values of the section's column i:
 * nothing where the column is not there or holds NULL; in SQL one value, in LDAP
 * any number. They are UTF-8 without a NUL, and borrowed for the call. What is
 * wrong is reported.
 */
void rows_add(struct rows *m, const struct fieldmap_section *section,
    const struct strs *cells);

/* All sections of the kind have been read. */
void rows_end_kind(struct rows *m, enum fieldmap_kind kind);

#endif
