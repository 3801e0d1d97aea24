/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * A field map up to the first NUL, and behind it the values of a row: every map
 * is read or refused with its line, and every record that comes out is one. The
 * map is also tried as a query and as a URL.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/str.h"
#include "fuzz/fuzz.h"
#include "source/fieldmap/parse.h"
#include "source/fieldmap/row.h"
#include "sql/sql.h"

/* Each line that was written is a record. */
static void
check_output(char *text)
{
	struct record r = { 0 };
	struct why why = { 0 };
	char *line;

	while ((line = str_cut(&text, '\n')) != NULL && *line != '\0')
		must(record_parse(&r, line, strlen(line), &why) == 0 &&
		     r.type != REC_OTHER && record_check(&r, &why) == 0);
	record_free(&r);
}

/* The values one after another, and again from the first. */
static void
add_row(struct rows *m, const struct fieldmap_section *s, const char *values,
    size_t len)
{
	struct strs *cells = xcalloc(s->ncolumns + 1, sizeof *cells);
	size_t at = 0;

	for (size_t i = 0; i < s->ncolumns && len > 0; i++) {
		/* A value that begins with a "\1" has another one beside it. */
		do {
			if (at >= len)
				at = 0;
			strs_add(&cells[i], values + at);
			at += strlen(values + at) + 1;
		} while (
		    cells[i].n < 3 && cells[i].v[cells[i].n - 1][0] == '\1');
	}
	rows_add(m, s, cells);
	for (size_t i = 0; i < s->ncolumns; i++)
		free(cells[i].v);
	free(cells);
}

static void
run(const struct fieldmap *map, const char *values, size_t len)
{
	struct tally tally = { 0 };
	struct emit e;
	struct rows m;

	emit_init(&e, "fuzz", &tally);
	emit_file(&e, "f");
	rows_init(&m, &e, "bare.test", NULL);
	for (int kind = 0; kind <= FIELDMAP_NOTE; kind++) {
		const struct fieldmap_section *s = NULL;

		while ((s = fieldmap_next(map, (enum fieldmap_kind)kind, s)) !=
		       NULL)
			add_row(&m, s, values, len);
		rows_end_kind(&m, (enum fieldmap_kind)kind);
	}
	check_output(e.out.data);
	rows_free(&m);
	emit_free(&e);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct fieldmap map = { 0 };
	struct sql_options o = { 0 };
	struct why why = { 0 };
	char *text = xmemdup(data, len);
	size_t map_len = strlen(text);
	char *values = map_len < len ? text + map_len + 1 : text + len;
	size_t values_len = (size_t)(text + len - values);

	if (!utf8_valid(text, map_len) || !utf8_valid(values, values_len))
		goto out;
	(void)sql_check_read(text, NULL);
	(void)sql_options_url(&o, text, NULL);
	if (fieldmap_parse(&map, "f", text, &why) == 0)
		run(&map, values, values_len);
	else
		must(why.kind == FAIL_FATAL && strncmp(why.text, "f:", 2) == 0);
	sql_options_free(&o);
	fieldmap_free(&map);
out:
	free(text);
	return 0;
}
