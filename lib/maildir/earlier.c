/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "maildir/earlier.h"

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
#include "maildir/journal.h"

struct earlier_add {
	char *dir;
	char *base;
	int64_t size;
	unsigned char sha[RAW_DIGEST_LEN];
	bool there; /* its file still is, or it was used up */
};

static void
take(struct earlier *x, const struct journal_record *r)
{
	struct earlier_add *a;

	x->adds = grow(x->adds, x->n, &x->cap, sizeof *x->adds);
	a = &x->adds[x->n++];
	*a = (struct earlier_add){ .dir = xstrdup(r->dir),
		.base = xstrdup(r->name),
		.size = r->size };
	memcpy(a->sha, r->sha, sizeof a->sha);
}

/* Drops the announced message that a FAILED record names. */
static void
take_back(struct earlier *x, size_t from, const struct journal_record *r)
{
	for (size_t i = from; i < x->n; i++) {
		struct earlier_add *a = &x->adds[i];

		if (strcmp(a->dir, r->dir) == 0 &&
		    strcmp(a->base, r->name) == 0)
			a->there = true;
	}
}

static void
forget(struct earlier *x, size_t from)
{
	while (x->n > from) {
		x->n--;
		free(x->adds[x->n].dir);
		free(x->adds[x->n].base);
	}
}

/*
 * Only messages that a DONE record follows count: what was announced and never
 * became visible must be added by the next run.
 */
static void
take_journal(struct earlier *x, const struct journal_text *t)
{
	size_t begun = x->n, done = x->n;

	for (size_t i = 0; i < t->n; i++) {
		const struct journal_record *r = &t->records[i];

		switch (r->kind) {
		case JOURNAL_ADD:
			take(x, r);
			break;
		case JOURNAL_FAILED:
			take_back(x, done, r);
			break;
		case JOURNAL_DONE:
			done = x->n;
			break;
		case JOURNAL_UNDONE:
			forget(x, begun);
			return;
		default:
			break;
		}
	}
	forget(x, done);
}

static void
load_one(struct earlier *x, const char *path, void (*warn)(const char *text))
{
	struct journal_text t = { 0 };
	struct why why = { 0 };

	if (journal_read(&t, path, &why) == -1)
		warn(why.text);
	else
		take_journal(x, &t);
	journal_free(&t);
}

int
earlier_load(struct earlier *x, const char *dir, uint64_t identity,
    void (*warn)(const char *text), struct why *why)
{
	DIR *d = opendir(dir);
	char *prefix;
	struct dirent *e;

	if (d == NULL)
		return errno == ENOENT ? 0
				       : why_errno(why, FAIL_FATAL, "%s", dir);
	prefix = xasprintf("merge-%016" PRIx64 "-", identity);
	while ((e = readdir(d)) != NULL) {
		char *path;

		if (!str_starts(e->d_name, prefix))
			continue;
		path = xasprintf("%s/%s", dir, e->d_name);
		load_one(x, path, warn);
		free(path);
	}
	free(prefix);
	(void)closedir(d);
	return 0;
}

/* Finds out which of the messages are still there. */
static size_t
find_removed(struct earlier *x, const struct plan *p)
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
		const struct entry *e = &p->target->entries[i];
		const char *name = entry_name(p->target, e);
		char *full = xasprintf("%s/%.*s",
		    p->target->tree->folders[e->folder].dir,
		    (int)strcspn(name, ":"), name);
		void **found = map_get(&by_name, full);

		if (found != NULL)
			((struct earlier_add *)*found)->there = true;
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
	const struct earlier_add *x = a, *y = b;

	if (x->size != y->size)
		return x->size < y->size ? -1 : 1;
	return 0;
}

/* One that was removed; with sha NULL, any of that size in that folder. */
static struct earlier_add *
find(const struct earlier *x, const char *dir, int64_t size,
    const unsigned char *sha)
{
	const struct earlier_add key = { .size = size };
	struct earlier_add *a =
	    bsearch(&key, x->adds, x->n, sizeof *x->adds, add_order);

	if (a == NULL)
		return NULL;
	while (a > x->adds && a[-1].size == size)
		a--;
	for (; a < x->adds + x->n && a->size == size; a++)
		if (!a->there && strcmp(a->dir, dir) == 0 &&
		    (sha == NULL || memcmp(a->sha, sha, sizeof a->sha) == 0))
			return a;
	return NULL;
}

static void
apply_one(struct earlier *x, struct plan *p, size_t number)
{
	const struct entry *e = &p->source->entries[number];
	const char *dir =
	    p->target->tree->folders[p->folders[e->folder].folder].dir;
	unsigned char sha[RAW_DIGEST_LEN];
	struct earlier_add *a = NULL;
	int fd = entry_open(p->source, e, NULL);
	struct stat st;

	if (fd == -1)
		return;
	if (fstat(fd, &st) == 0 && find(x, dir, st.st_size, NULL) != NULL &&
	    read_raw_digest(fd, sha, NULL) == 0)
		a = find(x, dir, st.st_size, sha);
	(void)close(fd);
	if (a == NULL)
		return;
	a->there = true;
	p->fates[number] = (struct fate){ .outcome = OUT_SKIPPED,
		.note = "merged before and removed since" };
}

void
earlier_apply(struct earlier *x, struct plan *p)
{
	if (x->n == 0 || find_removed(x, p) == 0)
		return;
	qsort(x->adds, x->n, sizeof *x->adds, add_order);
	for (size_t i = 0; i < p->source->n; i++)
		if (p->fates[i].outcome == OUT_ADD)
			apply_one(x, p, i);
}

void
earlier_free(struct earlier *x)
{
	forget(x, 0);
	free(x->adds);
	*x = (struct earlier){ 0 };
}
