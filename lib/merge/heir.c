/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "merge/heir.h"

#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "merge/history.h"

void
heirlooms_add(struct heirlooms *h, const struct journal_record *r)
{
	h->v = xgrow(h->v, h->n, &h->cap, sizeof *h->v);
	h->v[h->n++] = r;
}

void
heirlooms_free(struct heirlooms *h)
{
	free(h->v);
	*h = (struct heirlooms){ 0 };
}

/* In the order of the journal: a folder comes before what is below it. */
static int
by_place(const void *a, const void *b)
{
	const struct journal_record *const *x = a, *const *y = b;

	return (*x > *y) - (*x < *y);
}

static bool
is_text(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

/* True if a run uses what a record is about: it added messages there, or below
 * it, or made a folder of it, or below it. */
static bool
is_used_by(const struct journal_text *t, const struct journal_record *r)
{
	size_t len = strlen(r->dir);
	bool uses = false;

	for (size_t i = 0; i < t->n; i++) {
		const struct journal_record *has = &t->records[i];

		if (has->kind == r->kind && is_text(has->dir, r->dir) &&
		    is_text(has->name, r->name))
			return false; /* it has it */
		uses |=
		    (has->kind == JOURNAL_ADD || has->kind == JOURNAL_FOLDER) &&
		    strncmp(has->dir, r->dir, len) == 0 &&
		    (has->dir[len] == '\0' || has->dir[len] == '/');
	}
	return uses;
}

static int
pass_to(const struct heirlooms *h, const char *path,
    const struct journal_text *t, struct why *why)
{
	struct journal j = { .fd = -1 };
	int r = 0;

	for (size_t i = 0; r == 0 && i < h->n; i++) {
		if (!is_used_by(t, h->v[i]))
			continue;
		if (j.fd == -1)
			r = journal_append(&j, path, why);
		if (r == 0)
			journal_put(&j, h->v[i]);
	}
	if (j.fd != -1 && journal_close(&j, why) == -1)
		r = -1;
	return r;
}

/* What is passed on, and by which run. */
struct passing {
	const struct heirlooms *heirlooms;
	const struct mark *mark;
	uint64_t run;
};

static int
pass_to_file(void *arg, const char *path, struct why *why)
{
	const struct passing *p = arg;
	const struct history_faults faults = { .strict = false };
	struct journal_text t = { 0 };
	int r = history_read(&t, path, &faults, why);

	if (r == 1 && t.records[0].id != p->run &&
	    mark_has(p->mark, t.records[0].id) && !journal_is_undone(&t))
		r = pass_to(p->heirlooms, path, &t, why);
	journal_free(&t);
	return r == -1 ? -1 : 0;
}

int
heirlooms_pass_on(struct heirlooms *h, const char *dir, const struct mark *mark,
    uint64_t run, struct why *why)
{
	struct passing p = { h, mark, run };

	if (h->n == 0)
		return 0;
	qsort(h->v, h->n, sizeof *h->v, by_place);
	return history_each(dir, mark->target, pass_to_file, &p, why);
}
