/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "merge/report.h"

#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/json.h"
#include "core/str.h"
#include "maildir/name.h"
#include "merge/flags.h"

enum {
	OUTCOMES = OUT_FAILED + 1
};

static const char *
outcome_name(enum outcome o, bool planned)
{
	switch (o) {
	case OUT_ADD:
		return planned ? "planned" : "added";
	case OUT_PRESENT:
		return "present";
	case OUT_ELSEWHERE:
		return "elsewhere";
	case OUT_SKIPPED:
		return "skipped";
	case OUT_FAILED:
		break;
	}
	return "failed";
}

static void
put_path(struct buf *out, const char *key, const struct catalogue *c,
    const struct catalogue_entry *e)
{
	struct buf path = { 0 };

	entry_put_path(&path, c, e);
	jw_kvis(out, key, buf_str(&path));
	buf_free(&path);
}

static void
put_info(struct buf *out, const char *key, unsigned int flags)
{
	struct buf text = { 0 };

	mdname_put_info(&text, flags, 0);
	jw_kstr(out, key, text.data + sizeof ":2," - 1);
	buf_free(&text);
}

/* What the two copies' flags are, where --flags could make a difference. */
static void
put_flags(struct buf *out, const struct merge_plan *p, size_t number)
{
	const struct catalogue *c = pairing_twins(p, &p->fates[number]);
	const struct catalogue_entry *twin = &c->entries[p->fates[number].twin];

	if (flags_wanted(p, number, FLAGS_REPORT) ==
	    flags_wanted(p, number, FLAGS_MIRROR))
		return;
	put_info(out, "flags", flags_of(c, twin));
	put_info(out, "source_flags",
	    flags_of(p->source, &p->source->entries[number]));
}

void
result_put(
    struct buf *out, const struct merge_plan *p, size_t number, bool planned)
{
	const struct fate *f = &p->fates[number];
	const struct catalogue_entry *e = &p->source->entries[number];
	const struct target_folder *to = &p->folders[e->folder];

	jw_open(out, '{');
	jw_kint(out, "v", 1);
	jw_kstr(out, "type", "result");
	jw_kstr(out, "object", "message");
	put_path(out, "file", p->source, e);
	jw_kstr(out, "status", outcome_name(f->outcome, planned));
	if (to->fault == NULL)
		jw_kvis(
		    out, "folder", p->target->tree->folders[to->folder].path);
	if (f->outcome == OUT_PRESENT || f->outcome == OUT_ELSEWHERE) {
		const struct catalogue *c = pairing_twins(p, f);

		put_path(out, "twin", c, &c->entries[f->twin]);
		put_flags(out, p, number);
	}
	jw_kstr(out, "reason", f->note);
	jw_close(out, '}');
	buf_addc(out, '\n');
}

static void
put_folder(struct buf *out, const struct merge_plan *p, size_t folder)
{
	const struct mdfolder *from = &p->source->tree->folders[folder];
	const struct target_folder *to = &p->folders[folder];
	const char *name = from->path == NULL ? from->dir : from->path;

	str_vis(out, name, 0);
	if (to->fault != NULL) {
		buf_addf(out, " (%s)\n", to->fault);
		return;
	}
	if (strcmp(name, p->target->tree->folders[to->folder].path) != 0) {
		buf_adds(out, " -> ");
		str_vis(out, p->target->tree->folders[to->folder].path, 0);
	}
	buf_adds(out, to->create ? " (new)\n" : "\n");
}

/* The columns: one for each outcome, and, where the run broke off, what it did
 * not come to. */
enum {
	COLUMN_LEFT = OUTCOMES,
	COLUMNS
};
static const char *const columns[COLUMNS] = {
	[OUT_ADD] = "ADD",
	[OUT_PRESENT] = "PRESENT",
	[OUT_ELSEWHERE] = "ELSEWHERE",
	[OUT_SKIPPED] = "SKIPPED",
	[OUT_FAILED] = "FAILED",
	[COLUMN_LEFT] = "LEFT",
};

void
summary_put(struct buf *out, const struct merge_plan *p)
{
	size_t folders = p->source->tree->n, shown = OUTCOMES;
	size_t *counts = xcalloc(folders * COLUMNS, sizeof *counts);

	for (size_t i = 0; i < p->source->n; i++) {
		const struct fate *f = &p->fates[i];
		size_t column =
		    f->settled ? (size_t)f->outcome : (size_t)COLUMN_LEFT;

		counts[p->source->entries[i].folder * (size_t)COLUMNS +
		       column]++;
		if (!f->settled)
			shown = COLUMNS;
	}
	for (size_t i = 0; i < shown; i++)
		buf_addf(out, "%9s ", columns[i]);
	buf_adds(out, " FOLDER\n");
	for (size_t i = 0; i < folders; i++) {
		for (size_t j = 0; j < shown; j++)
			buf_addf(out, "%9zu ", counts[i * COLUMNS + j]);
		buf_addc(out, ' ');
		put_folder(out, p, i);
	}
	free(counts);
}
