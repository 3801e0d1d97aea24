/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "source/fieldmap/entrydump.h"

#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/str.h"
#include "source/fieldmap/file.h"
#include "source/run.h"

/* One section, while its entries are read. */
struct reading {
	const struct entry_reader *from;
	struct rows *rows;
	const struct fieldmap_section *section;
	struct ldap_entry entry;
	struct strs *cells;         /* of the section's columns */
	bool *secret;               /* the columns that hold passwords */
	const char **attributes;    /* what the reader is asked for */
	size_t accounts, passwords; /* in all sections */
};

static bool
is_dn(const char *name)
{
	return str_eq_nocase(name, "dn");
}

/* Sets up what is known of a section's columns. */
static void
prepare(struct reading *r, const struct fieldmap_section *s)
{
	size_t n = 0;

	r->section = s;
	r->cells = xcalloc(s->ncolumns + 1, sizeof *r->cells);
	r->secret = xcalloc(s->ncolumns + 1, sizeof *r->secret);
	r->attributes = xcalloc(s->ncolumns + 2, sizeof *r->attributes);
	for (size_t i = 0; i < s->ncolumns; i++)
		if (!is_dn(s->columns[i].name))
			r->attributes[n++] = s->columns[i].name;
	/* Ask for no attribute: an empty list would mean all (RFC 4511, 4.5.1.8). */
	if (n == 0)
		r->attributes[n] = "1.1";
	for (size_t i = 0; i < s->nlines; i++) {
		const struct fieldmap_value *v = &s->lines[i].value;

		if (s->lines[i].field == FIELD_SECRET && !v->is_text)
			r->secret[v->pieces[0].column] = true;
	}
}

static void
release(struct reading *r)
{
	for (size_t i = 0; i < r->section->ncolumns; i++)
		free(r->cells[i].v);
	free(r->cells);
	free(r->secret);
	free(r->attributes);
}

/* Takes the values of one column. 0, or -1 and why (DATA). */
static int
take_column(struct reading *r, size_t i, struct why *why)
{
	const char *name = r->section->columns[i].name;
	struct value v;

	r->cells[i].n = 0;
	if (r->secret[i])
		r->passwords += entry_count(&r->entry, name);
	if (is_dn(name))
		strs_add(&r->cells[i], entry_dn(&r->entry));
	for (size_t at = 0; entry_next(&r->entry, name, &at, &v);) {
		if (utf8_text(v.data, v.len))
			strs_add(&r->cells[i], v.data);
		else if (r->secret[i])
			emit_note(r->rows->emit, entry_dn(&r->entry),
			    "a password that is not text is not carried", NULL);
		else
			return why_set(why, FAIL_DATA,
			    "the attribute \"%s\" is not UTF-8 text", name);
	}
	return 0;
}

static int
take(struct reading *r, struct why *why)
{
	for (size_t i = 0; i < r->section->ncolumns; i++)
		if (take_column(r, i, why) == -1)
			return -1;
	return 0;
}

static void
read_entries(struct reading *r)
{
	struct emit *e = r->rows->emit;
	struct why why = { 0 };
	int n;

	while (!emit_stop(e) &&
	       (n = r->from->next(r->from->ctx, &r->entry, &why)) != 0) {
		const char *dn = entry_dn(&r->entry);

		if (n == 1 && r->section->kind == FIELDMAP_ACCOUNT)
			r->accounts++;
		if (n == 1)
			n = take(r, &why) == 0 ? 1 : -1;
		if (n == 1)
			rows_add(r->rows, r->section, r->cells);
		else
			emit_fail(e, *dn == '\0' ? NULL : dn, &why);
		if (n == -1 && why.kind != FAIL_DATA)
			break;
	}
}

/* A section that cannot be read: the map is wrong, or all else is. */
static void
fail_section(
    struct reading *r, const struct fieldmap *map, const struct why *why)
{
	struct why more = *why;

	if (why->kind == FAIL_DATA)
		why_set(&more, FAIL_FATAL, "%s:%zu: %s", map->path,
		    r->section->line, why->text);
	emit_fail(r->rows->emit, NULL, &more);
}

static void
read_section(struct reading *r, const struct fieldmap *map)
{
	const struct fieldmap_section *s = r->section;
	const struct entry_reader *from = r->from;
	struct why why = { 0 };
	int n;

	if (s->filter == NULL)
		n = why_set(&why, FAIL_DATA,
		    "[%s] has no filter: the map is one for databases",
		    fieldmap_kind_name(s->kind));
	else
		n = from->start(from->ctx, s->filter, r->attributes, &why);
	if (n == 0)
		read_entries(r);
	else
		fail_section(r, map, &why);
	from->end(from->ctx);
}

static void
read_kind(
    struct reading *r, const struct fieldmap *map, enum fieldmap_kind kind)
{
	const struct fieldmap_section *s = NULL;
	const struct emit *e = r->rows->emit;

	while ((s = fieldmap_next(map, kind, s)) != NULL) {
		if (emit_stop(e) || e->tally->fatal || e->tally->temp != 0)
			return;
		prepare(r, s);
		read_section(r, map);
		release(r);
	}
}

void
entrydump_read(
    const struct entry_reader *from, const struct fieldmap *map, struct rows *m)
{
	struct reading r = { .from = from, .rows = m };

	entry_init(&r.entry);
	for (int kind = 0; kind <= FIELDMAP_NOTE; kind++) {
		read_kind(&r, map, (enum fieldmap_kind)kind);
		if (m->emit->tally->fatal || m->emit->tally->temp != 0)
			break;
		rows_end_kind(m, (enum fieldmap_kind)kind);
	}
	entry_free(&r.entry);
	/* Attributes that one may not read are as if they were not there. */
	if (r.accounts > 0 && r.passwords == 0 && !m->emit->tally->fatal)
		emit_note(m->emit, NULL,
		    "no account has a readable password: does the bind DN "
		    "(-D) have read access to userPassword?",
		    NULL);
}
