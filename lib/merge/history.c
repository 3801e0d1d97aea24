/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "merge/history.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/alloc.h"
#include "core/map.h"
#include "core/str.h"
#include "maildir/box.h"
#include "merge/journal.h"

struct history_add {
	char *dir;
	char *base;
	int64_t size;
	unsigned char sha[RAW_DIGEST_LEN];
	bool there; /* its file still is, or it was used up */
};

/* The messages that one journal has announced since its last DONE record. */
struct announced {
	const struct journal_record **v;
	size_t n, cap;
};

static void
keep(struct history *x, const struct journal_record *r)
{
	struct history_add *a;

	x->adds = xgrow(x->adds, x->n, &x->cap, sizeof *x->adds);
	a = &x->adds[x->n++];
	*a = (struct history_add){ .dir = xstrdup(r->dir),
		.base = xstrdup(r->name),
		.size = r->size };
	memcpy(a->sha, r->sha, sizeof a->sha);
}

static bool
is_same_file(const struct journal_record *a, const struct journal_record *b)
{
	return strcmp(a->dir, b->dir) == 0 && strcmp(a->name, b->name) == 0;
}

/* Drops the announced message that a FAILED record names. */
static void
take_back(struct announced *a, const struct journal_record *r)
{
	size_t kept = 0;

	for (size_t i = 0; i < a->n; i++)
		if (!is_same_file(a->v[i], r))
			a->v[kept++] = a->v[i];
	a->n = kept;
}

/* Adds a message; a line that was written twice counts once. */
static void
announce(struct announced *a, const struct journal_record *r)
{
	for (size_t i = 0; i < a->n; i++)
		if (is_same_file(a->v[i], r))
			return;
	a->v = xgrow(a->v, a->n, &a->cap, sizeof *a->v);
	a->v[a->n++] = r;
}

/*
 * Only messages that a DONE record follows count, and only if it counts as many
 * as were announced: what was announced and perhaps never became visible must
 * be added by the next run.
 */
static void
take_journal(struct history *x, const struct journal_text *t)
{
	struct announced a = { 0 };

	for (size_t i = 0; i < t->n; i++) {
		const struct journal_record *r = &t->records[i];

		if (r->kind == JOURNAL_ADD)
			announce(&a, r);
		else if (r->kind == JOURNAL_FAILED)
			take_back(&a, r);
		if (r->kind != JOURNAL_DONE)
			continue;
		for (size_t j = 0; (int64_t)a.n == r->number && j < a.n; j++)
			keep(x, a.v[j]);
		a.n = 0;
	}
	free(a.v);
}

static void
warn_of(void (*warn)(const char *text), const char *path, const char *fault)
{
	char *text = xasprintf("%s: %s", path, fault);

	warn(text);
	free(text);
}

int
history_read(struct journal_text *t, const char *path,
    const struct history_faults *f, struct why *why)
{
	struct why fault;

	if (access(path, F_OK) == -1 && errno == ENOENT) {
		if (f->warn != NULL)
			warn_of(f->warn, path,
			    "the journal that this leads to is gone: what that "
			    "run added and was removed since is added again");
		return 0;
	}
	if (journal_read(t, path, &fault) == 0)
		return 1;
	if (f->strict && fault.kind == FAIL_FATAL)
		return why_set(why, FAIL_FATAL,
		    "%s: what that run added and was removed since would come "
		    "again; mend this, move the journal away, or use "
		    "--ignore-unreadable",
		    fault.text);
	if (f->warn != NULL)
		f->warn(fault.text);
	return 0;
}

int
history_each(const char *dir, uint64_t target,
    int (*found)(void *arg, const char *path, struct why *why), void *arg,
    struct why *why)
{
	DIR *d = opendir(dir);
	char *prefix;
	struct dirent *e;
	int r = 0;

	if (d == NULL)
		return errno == ENOENT ? 0
				       : why_errno(why, FAIL_FATAL, "%s", dir);
	prefix = xasprintf("merge-%016" PRIx64 "-", target);
	while (r == 0 && (errno = 0, e = readdir(d)) != NULL) {
		char *path, *real;

		if (!str_starts(e->d_name, prefix))
			continue;
		path = xasprintf("%s/%s", dir, e->d_name);
		real = realpath(path, NULL);
		r = found(arg, real == NULL ? path : real, why);
		free(path);
		free(real);
	}
	if (r == 0 && errno != 0)
		r = why_errno(why, FAIL_FATAL, "%s", dir);
	free(prefix);
	(void)closedir(d);
	return r;
}

struct loading {
	struct history *history;
	const struct mark *mark;
	const struct history_faults *faults;
};

/* One journal. Those that were taken back, that added nothing, or whose run the
 * target has no mark of do not count. */
static int
load_one(void *arg, const char *path, struct why *why)
{
	const struct loading *l = arg;
	struct journal_text t = { 0 };
	int r = history_read(&t, path, l->faults, why);

	l->history->known += r == 1 && mark_has(l->mark, t.records[0].id);
	if (r == 1 && journal_find(&t, JOURNAL_UNDONE) == -1 &&
	    journal_find(&t, JOURNAL_DONE) != -1) {
		if (t.damaged > 0)
			warn_of(l->faults->warn, path,
			    "some of its lines are damaged");
		if (mark_has(l->mark, t.records[0].id))
			take_journal(l->history, &t);
		else
			l->history->unmarked++;
	}
	journal_free(&t);
	return r == -1 ? -1 : 0;
}

int
history_load(struct history *x, const char *dir, const struct mark *mark,
    const struct history_faults *f, struct why *why)
{
	struct loading l = { x, mark, f };

	return history_each(dir, mark->target, load_one, &l, why);
}

/* Finds out which of the messages are still there. */
static size_t
find_removed(struct history *x, const struct merge_plan *p)
{
	struct map by_name = { 0 };
	size_t removed = 0, at = 0;
	const char *key;
	void *value;

	for (size_t i = 0; i < x->n; i++) {
		char *name =
		    xasprintf("%s/%s", x->adds[i].dir, x->adds[i].base);
		bool added;

		*map_put(&by_name, name, &added) = &x->adds[i];
		if (!added)
			free(name);
	}
	for (size_t i = 0; x->n > 0 && i < p->target->n; i++) {
		const struct catalogue_entry *e = &p->target->entries[i];
		const char *name = entry_name(p->target, e);
		char *full = xasprintf("%s/%.*s",
		    p->target->tree->folders[e->folder].dir,
		    (int)strcspn(name, ":"), name);
		void **found = map_get(&by_name, full);

		if (found != NULL)
			((struct history_add *)*found)->there = true;
		free(full);
	}
	while (map_next(&by_name, &at, &key, &value))
		free((void *)(uintptr_t)key);
	map_free(&by_name);
	for (size_t i = 0; i < x->n; i++)
		removed += !x->adds[i].there;
	return removed;
}

/* By size: those of one size are next to each other, and found by bsearch. */
static int
add_order(const void *a, const void *b)
{
	const struct history_add *x = a, *y = b;

	if (x->size != y->size)
		return x->size < y->size ? -1 : 1;
	return 0;
}

/* One that was removed; with sha NULL, any of that size; with dir NULL, in any
 * folder. */
static struct history_add *
find(const struct history *x, const char *dir, int64_t size,
    const unsigned char *sha)
{
	const struct history_add key = { .size = size };
	struct history_add *a =
	    bsearch(&key, x->adds, x->n, sizeof *x->adds, add_order);

	if (a == NULL)
		return NULL;
	while (a > x->adds && a[-1].size == size)
		a--;
	for (; a < x->adds + x->n && a->size == size; a++)
		if (!a->there && (dir == NULL || strcmp(a->dir, dir) == 0) &&
		    (sha == NULL || memcmp(a->sha, sha, sizeof a->sha) == 0))
			return a;
	return NULL;
}

/* Looks for a message among those that were removed, first in the folder where it
 * belongs now. 1: *a is it; 0; or -1: the message cannot be read. */
static int
look_up(const struct history *x, const struct merge_plan *p,
    const struct catalogue_entry *e, struct history_add **a)
{
	const char *dir =
	    p->target->tree->folders[p->folders[e->folder].folder].dir;
	unsigned char sha[RAW_DIGEST_LEN];
	int fd = entry_open(p->source, e, NULL), r = -1;
	struct stat st;

	*a = NULL;
	if (fd == -1)
		return -1;
	if (fstat(fd, &st) == 0) {
		r = 0;
		if (find(x, NULL, st.st_size, NULL) != NULL &&
		    (r = read_raw_digest(fd, sha, NULL)) == 0) {
			*a = find(x, dir, st.st_size, sha);
			if (*a == NULL)
				*a = find(x, NULL, st.st_size, sha);
		}
	}
	(void)close(fd);
	return r == -1 ? -1 : *a != NULL;
}

/* True if the message of the source still belongs where it was added. */
static bool
is_home(const struct merge_plan *p, size_t number, const struct history_add *a)
{
	const struct catalogue_entry *e = &p->source->entries[number];

	return strcmp(a->dir,
		   p->target->tree->folders[p->folders[e->folder].folder]
		       .dir) == 0;
}

static void
skip(struct history *x, struct merge_plan *p, size_t number,
    struct history_add *a)
{
	bool home = is_home(p, number, a);

	a->there = true;
	x->skipped++;
	p->fates[number] = (struct fate){ .outcome = OUT_SKIPPED,
		.note = home ? "merged before and removed since"
			     : "merged before into another folder and removed "
			       "since" };
}

/* Messages of the source, by number. */
struct numbers {
	size_t *v;
	size_t n, cap;
};

/* What was removed from the folder where it belongs is skipped; what was removed
 * from another one, is noted. */
static void
apply_one(struct history *x, struct merge_plan *p, size_t number,
    struct numbers *moved)
{
	struct history_add *a;

	switch (look_up(x, p, &p->source->entries[number], &a)) {
	case 1:
		if (is_home(p, number, a)) {
			skip(x, p, number, a);
			break;
		}
		moved->v =
		    xgrow(moved->v, moved->n, &moved->cap, sizeof *moved->v);
		moved->v[moved->n++] = number;
		break;
	case -1:
		p->fates[number] = (struct fate){ .outcome = OUT_FAILED,
			.again = true,
			.note = "cannot be read" };
		break;
	default:
		break;
	}
}

/* What the owner moved is in another folder of the target, and not removed. */
static void
find_moved(struct history *x, const struct merge_plan *p)
{
	struct history_add *a;

	for (size_t i = 0; i < p->source->n; i++)
		if (p->fates[i].outcome == OUT_ELSEWHERE &&
		    look_up(x, p, &p->source->entries[i], &a) == 1)
			a->there = true;
}

void
history_apply(struct history *x, struct merge_plan *p)
{
	struct numbers moved = { 0 };
	struct history_add *a;

	if (x->n == 0 || find_removed(x, p) == 0)
		return;
	qsort(x->adds, x->n, sizeof *x->adds, add_order);
	for (size_t i = 0; i < p->source->n; i++)
		if (p->fates[i].outcome == OUT_ADD)
			apply_one(x, p, i, &moved);
	/* The folder is part of what a message is, if that was asked for. */
	if (p->options.scope == SCOPE_FOLDER)
		moved.n = 0;
	if (moved.n > 0)
		find_moved(x, p);
	for (size_t i = 0; i < moved.n; i++)
		if (look_up(x, p, &p->source->entries[moved.v[i]], &a) == 1)
			skip(x, p, moved.v[i], a);
	free(moved.v);
}

void
history_free(struct history *x)
{
	for (size_t i = 0; i < x->n; i++) {
		free(x->adds[i].dir);
		free(x->adds[i].base);
	}
	free(x->adds);
	*x = (struct history){ 0 };
}
