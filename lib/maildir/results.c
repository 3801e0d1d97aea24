/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "maildir/results.h"

#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/json.h"
#include "core/str.h"
#include "maildir/flags.h"
#include "maildir/name.h"

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

void
jw_kvis(struct buf *out, const char *key, const char *text)
{
	jw_key(out, key);
	jw_vis(out, text);
}

void
jw_vis(struct buf *out, const char *text)
{
	struct buf shown = { 0 };

	str_vis(&shown, text, 0);
	jw_str(out, buf_str(&shown));
	buf_free(&shown);
}

void
jw_kvisn(struct buf *out, const char *key, const struct buf *text)
{
	struct buf shown = { 0 };

	/* Piece by piece between the NULs. */
	for (size_t at = 0; at < text->len; at++) {
		str_vis(&shown, text->data + at, 0);
		at += strlen(text->data + at);
		if (at < text->len)
			buf_adds(&shown, "\\x00");
	}
	jw_kstr(out, key, buf_str(&shown));
	buf_free(&shown);
}

static void
put_path(struct buf *out, const char *key, const struct catalogue *c,
    const struct entry *e)
{
	struct buf path = { 0 };

	entry_put_path(&path, c, e);
	jw_kvis(out, key, buf_str(&path));
	buf_free(&path);
}

/* What the two copies' flags are, where they are not the same. */
static void
put_flags(struct buf *out, const struct plan *p, size_t number)
{
	unsigned int here = flags_wanted(p, number, FLAGS_REPORT);
	unsigned int there = flags_wanted(p, number, FLAGS_MIRROR);
	struct buf text = { 0 };

	if (here == there)
		return;
	mdname_put_info(&text, here, 0);
	jw_kstr(out, "flags", text.data + 3);
	buf_reset(&text);
	mdname_put_info(&text, there, 0);
	jw_kstr(out, "source_flags", text.data + 3);
	buf_free(&text);
}

void
result_put(struct buf *out, const struct plan *p, size_t number, bool planned)
{
	const struct fate *f = &p->fates[number];
	const struct entry *e = &p->source->entries[number];
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
		put_path(out, "twin", p->target, &p->target->entries[f->twin]);
		put_flags(out, p, number);
	}
	jw_kstr(out, "reason", f->note);
	jw_close(out, '}');
	buf_addc(out, '\n');
}

static void
put_folder(struct buf *out, const struct plan *p, size_t folder)
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

void
summary_put(struct buf *out, const struct plan *p)
{
	static const char *const names[OUTCOMES] = { "ADD", "PRESENT",
		"ELSEWHERE", "SKIPPED", "FAILED" };
	size_t folders = p->source->tree->n;
	size_t *counts = xcalloc(folders * OUTCOMES, sizeof *counts);

	for (size_t i = 0; i < p->source->n; i++)
		counts[p->source->entries[i].folder * (size_t)OUTCOMES +
		       p->fates[i].outcome]++;
	for (int i = 0; i < OUTCOMES; i++)
		buf_addf(out, "%9s ", names[i]);
	buf_adds(out, " FOLDER\n");
	for (size_t i = 0; i < folders; i++) {
		for (size_t j = 0; j < OUTCOMES; j++)
			buf_addf(out, "%9zu ", counts[i * OUTCOMES + j]);
		buf_addc(out, ' ');
		put_folder(out, p, i);
	}
	free(counts);
}
