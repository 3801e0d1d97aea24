/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "source/fieldmap/sqldump.h"

#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/str.h"
#include "source/fieldmap/parse.h"

enum {
	NOT_THERE = -1
};

/* One section, while its rows are read. */
struct reading {
	struct sql *db;
	struct rows *rows;
	const struct fieldmap_section *section;
	bool strict;
	int *columns;       /* of the section -> of the result */
	struct strs *cells; /* of the section's columns */
};

/* A failure of the whole run. */
static void
fail(struct reading *r, const struct why *why)
{
	emit_fail(r->rows->emit, NULL, why);
}

static int
result_column(const struct sql *db, const char *name)
{
	for (size_t i = 0; i < sql_columns(db); i++)
		if (str_eq_nocase(sql_column(db, i), name))
			return (int)i;
	return NOT_THERE;
}

static bool
is_used(const struct fieldmap_section *s, const char *name)
{
	for (size_t i = 0; i < s->ncolumns; i++)
		if (str_eq_nocase(s->columns[i].name, name))
			return true;
	return false;
}

/* Finds the section's columns in the result. 0, or -1 and why. */
static int
bind(struct reading *r, struct why *why)
{
	const struct fieldmap_section *s = r->section;

	for (size_t i = 0; i < s->ncolumns; i++) {
		r->columns[i] = result_column(r->db, s->columns[i].name);
		if (r->columns[i] == NOT_THERE && s->columns[i].required)
			return why_set(why, FAIL_FATAL,
			    "the table has no column \"%s\"",
			    s->columns[i].name);
	}
	for (size_t i = 0; i < sql_columns(r->db) && r->strict; i++)
		if (!is_used(s, sql_column(r->db, i)))
			return why_set(why, FAIL_FATAL,
			    "the column \"%s\" is named like no member of "
			    "%s records",
			    sql_column(r->db, i), fieldmap_kind_name(s->kind));
	return 0;
}

/* Takes the values of a row. 0, or -1 and why (DATA). */
static int
take(struct reading *r, struct why *why)
{
	const struct fieldmap_section *s = r->section;

	for (size_t i = 0; i < s->ncolumns; i++) {
		char *text;
		size_t len;

		r->cells[i].n = 0;
		if (r->columns[i] == NOT_THERE)
			continue;
		text = sql_value(r->db, (size_t)r->columns[i], &len);
		if (text == NULL)
			continue;
		if (!utf8_text(text, len))
			return why_set(why, FAIL_DATA,
			    "the column \"%s\" is not UTF-8 text",
			    s->columns[i].name);
		strs_add(&r->cells[i], text);
	}
	return 0;
}

static void
read_rows(struct reading *r)
{
	struct emit *e = r->rows->emit;
	struct why why = { 0 };
	int n;

	while (!emit_stop(e) && (n = sql_next(r->db, &why)) != 0) {
		e->at.line++;
		if (n == -1) {
			fail(r, &why);
			return;
		}
		if (take(r, &why) == 0)
			rows_add(r->rows, r->section, r->cells);
		else
			emit_fail(e, NULL, &why);
	}
}

/* The place of messages: "DATABASE/TABLE", and the number of the row. */
static void
set_place(struct reading *r)
{
	const struct fieldmap_section *s = r->section;
	struct buf place = { 0 };

	buf_addf(&place, "%s/%s", sql_name(r->db),
	    s->table != NULL ? s->table : fieldmap_kind_name(s->kind));
	emit_file(r->rows->emit, place.data);
	buf_free(&place);
}

/* 1: the tables that the section needs are there; 0; or -1 and why. */
static int
has_needs(struct reading *r, struct why *why)
{
	int n = 1;

	for (size_t i = 0; i < r->section->needs.n && n == 1; i++)
		n = sql_has_table(r->db, r->section->needs.v[i], why);
	return n;
}

static int
run_query(struct reading *r, struct why *why)
{
	struct buf text = { 0 };
	int n;

	if (r->section->filter != NULL)
		return why_set(why, FAIL_FATAL,
		    "the field map is one for LDAP (it has a filter)");
	if (r->section->query != NULL)
		return sql_query(r->db, r->section->query, why);
	buf_adds(&text, "SELECT * FROM ");
	sql_quote_name(r->db, r->section->table, &text);
	n = sql_query(r->db, text.data, why);
	buf_free(&text);
	return n;
}

static void
read_section(struct reading *r)
{
	struct why why = { 0 };
	int n;

	set_place(r);
	n = has_needs(r, &why);
	if (n == 0)
		return;
	if (n == -1 || run_query(r, &why) == -1 || bind(r, &why) == -1)
		fail(r, &why);
	else
		read_rows(r);
}

static void
read_kind(
    struct reading *r, const struct fieldmap *map, enum fieldmap_kind kind)
{
	const struct fieldmap_section *s = NULL;

	while ((s = fieldmap_next(map, kind, s)) != NULL) {
		const struct emit *e = r->rows->emit;
		size_t n = s->ncolumns + 1;

		if (emit_stop(e) || e->tally->fatal)
			return;
		r->section = s;
		r->columns = xcalloc(n, sizeof *r->columns);
		r->cells = xcalloc(n, sizeof *r->cells);
		read_section(r);
		for (size_t i = 0; i < n; i++)
			free(r->cells[i].v);
		free(r->cells);
		free(r->columns);
	}
}

/*
 * Reads all sections of the map and hands each row to the rows, which has
 * been set up. What fails is reported. strict: a column of a result that the
 * map does not use is an error; for maps that sqldump_query_map made.
 */
static void
sqldump_read(
    struct sql *db, const struct fieldmap *map, struct rows *m, bool strict)
{
	struct reading r = { .db = db, .rows = m, .strict = strict };

	for (int kind = 0; kind <= FIELDMAP_NOTE; kind++) {
		read_kind(&r, map, (enum fieldmap_kind)kind);
		if (m->emit->tally->fatal)
			return;
		rows_end_kind(m, (enum fieldmap_kind)kind);
	}
}

void
sqldump_database(const struct sql_options *o, const struct fieldmap *map,
    struct emit *emit, const char *domain, const char *scheme, bool strict)
{
	struct why why = { 0 };
	struct rows m;
	struct sql *db = sql_open(o, &why);

	if (db == NULL) {
		emit_fail_at(emit, NULL, NULL, &why);
		return;
	}
	rows_init(&m, emit, domain, scheme);
	sqldump_read(db, map, &m, strict);
	rows_free(&m);
	sql_close(db);
}

int
sqldump_query_map(struct fieldmap *map, const char *accounts,
    const char *aliases, struct why *why)
{
	/* The queries, which may have several lines, come later. */
	static const char alias_map[] =
	    "[alias]\nquery = -\naddress = address\ntargets = targets\n"
	    "active = active?\nuntil = until?\n";
	struct buf text = { 0 };
	int r;

	if (aliases != NULL)
		buf_adds(&text, alias_map);
	if (accounts != NULL) {
		buf_adds(&text, "[account]\nquery = -\naddress = address\n");
		for (int f = FIELD_ADDRESS + 1; f < FIELD_DROP; f++)
			if (fieldmap_has(FIELDMAP_ACCOUNT, (enum field)f))
				buf_addf(&text, "%s = %s?\n",
				    fieldmap_word((enum field)f),
				    fieldmap_word((enum field)f));
	}
	buf_addc(&text, '\0');
	r = fieldmap_parse(map, "query", text.data, why);
	for (size_t i = 0; i < map->nsections && r == 0; i++)
		map->sections[i].query = map->sections[i].kind == FIELDMAP_ALIAS
					     ? aliases
					     : accounts;
	buf_free(&text);
	return r;
}
