/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * Field maps: texts that say which tables of a database, or which entries of
 * an LDAP directory, hold a user directory, and how their columns become
 * members of records. mailferry-fieldmap(5) is the definition. parse.h reads the
 * text, eval.h works out what a line says of a row, row.h makes the records.
 */
#ifndef FERRY_SOURCE_FIELDMAP_FIELDMAP_H
#define FERRY_SOURCE_FIELDMAP_FIELDMAP_H

#include <stdbool.h>
#include <stddef.h>

#include "core/arena.h"
#include "record/record.h"

/* What the rows of a section are, in the order in which sections are read. */
enum fieldmap_kind {
	FIELDMAP_NAME,
	FIELDMAP_DOMAIN_ALIAS,
	FIELDMAP_ALIAS,
	FIELDMAP_DOMAIN,
	FIELDMAP_GROUP,
	FIELDMAP_ACCOUNT,
	FIELDMAP_SETTINGS, /* more about an account */
	FIELDMAP_NOTE
};

/* What a line sets: the members of records, and beside them what becomes of
 * the row. */
enum field {
	FIELD_ADDRESS,
	FIELD_DOMAIN,
	FIELD_LOGINS,
	FIELD_NAME,
	FIELD_SECRET,
	FIELD_DEFAULT_SCHEME,
	FIELD_OTP,
	FIELD_ACTIVE,
	FIELD_RECEIVE,
	FIELD_UNTIL,
	FIELD_QUOTA,
	FIELD_ALIASES,
	FIELD_GROUPS,
	FIELD_TARGETS,
	FIELD_FORWARD,
	FIELD_KEEP,
	FIELD_HOME,
	FIELD_MAIL,
	FIELD_UID,
	FIELD_GID,
	FIELD_DISABLED,
	FIELD_ALLOW_NETS,
	FIELD_ACL_GROUPS,
	FIELD_ACL_SETTINGS,
	FIELD_SEND_AS,
	FIELD_LOCALE,
	FIELD_TIME_ZONE,
	FIELD_ADMIN,
	FIELD_VACATION_ACTIVE, /* this one and the others: of objects */
	FIELD_VACATION_SUBJECT,
	FIELD_VACATION_TEXT,
	FIELD_VACATION_HTML,
	FIELD_VACATION_FROM,
	FIELD_VACATION_UNTIL,
	FIELD_SCRIPT_NAME,
	FIELD_SCRIPT_ACTIVE,
	FIELD_SCRIPT_TEXT,
	FIELD_APP_PASSWORD,
	FIELD_DROP,
	FIELD_FAIL,
	FIELD_NOTE,
	FIELD_COUNT
};

enum fieldmap_transform {
	TRANSFORM_NONE,
	TRANSFORM_ADDRESS,
	TRANSFORM_BIT2,
	TRANSFORM_CATCHALL,
	TRANSFORM_DAYS,
	TRANSFORM_DOMAIN,
	TRANSFORM_FILETIME,
	TRANSFORM_FUTURE,
	TRANSFORM_GIB,
	TRANSFORM_KIB,
	TRANSFORM_LOCAL,
	TRANSFORM_LOWER,
	TRANSFORM_MIB,
	TRANSFORM_NOT,
	TRANSFORM_SMTP,
};

enum {
	FIELDMAP_KINDS = FIELDMAP_NOTE + 1,
	FIELDMAP_TRANSFORMS = 4, /* of one value */
	FIELDMAP_NO_COLUMN = -1,
	FIELDMAP_TARGET = -2 /* "$target": the target that is looked at */
};

/* A text, or a column's value. */
struct fieldmap_piece {
	const char *text; /* NULL: the column's */
	int column;       /* by its place in the section's columns */
	enum fieldmap_transform transforms[FIELDMAP_TRANSFORMS];
};

/* A column with all its values; or a text of pieces. */
struct fieldmap_value {
	bool is_text;
	struct fieldmap_piece *pieces;
	size_t n, cap;
	enum fieldmap_transform transforms[FIELDMAP_TRANSFORMS];
};

enum fieldmap_test {
	TEST_YES,
	TEST_NO,
	TEST_EQUAL,
	TEST_UNEQUAL
};

struct fieldmap_term {
	enum fieldmap_test test;
	int column;
	struct fieldmap_value pattern;
};

struct fieldmap_line {
	enum field field;
	struct fieldmap_value value;
	struct fieldmap_term *terms; /* all must hold */
	size_t nterms, terms_cap;
	bool of_target; /* a term asks about the target */
};

struct fieldmap_column {
	const char *name;
	bool required; /* written without a "?" */
};

struct fieldmap_section {
	enum fieldmap_kind kind;
	size_t line; /* in the file, of the "[...]" */
	/* One of them; or a query, and the table that messages name. */
	const char *table, *query, *filter;
	struct strs needs; /* tables without which it is passed over */
	bool weak;
	struct fieldmap_column *columns;
	size_t ncolumns, columns_cap;
	/* Those of field f are lines[first[f]] to lines[first[f + 1] - 1];
	 * FIELD_DROP includes drop, fail and note. */
	struct fieldmap_line *lines;
	size_t nlines, lines_cap;
	size_t first[FIELD_DROP + 2];
};

/* The zero value is empty. */
struct fieldmap {
	const char *path; /* as messages name it */
	struct fieldmap_section *sections;
	size_t nsections, cap;
	struct arena arena;
};

/* Frees all of a map; after the last message, which may show its texts. */
void fieldmap_free(struct fieldmap *map);

/* The section that has the kind and comes after the one given (NULL: the
 * first); NULL when there are no more. */
const struct fieldmap_section *fieldmap_next(const struct fieldmap *map,
    enum fieldmap_kind kind, const struct fieldmap_section *after);

/* The word that a map has for it. */
const char *fieldmap_kind_name(enum fieldmap_kind kind);

/* What "yes", "no" and their likes say: 1, 0; -1 for another word. */
int fieldmap_flag(const char *text);

#endif
