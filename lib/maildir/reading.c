/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "maildir/reading.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/alloc.h"
#include "maildir/box.h"
#include "maildir/catalogue-internal.h"
#include "maildir/content.h"
#include "maildir/index.h"
#include "maildir/owner.h"
#include "maildir/parallel.h"

/* What one thread of a reading pass has at hand. */
struct pass {
	struct reader reader;
	struct last_box box;
};

static void
pass_free(void *arg)
{
	struct pass *p = arg;

	box_forget(&p->box);
	reader_free(&p->reader);
}

/* Notes whether its owner could read it. */
static void
judge(
    struct catalogue_entry *e, const struct catalogue *c, const struct stat *st)
{
	if (!owner_may(&c->tree->owner, st, 04))
		e->state |= ENTRY_CLOSED;
}

/* True if the index knows the file, as it is now. */
static bool
recall(struct catalogue *c, struct catalogue_entry *e, int box)
{
	struct stat st;

	if (!c->stamps ||
	    fstatat(box, entry_name(c, e), &st, AT_SYMLINK_NOFOLLOW) == -1)
		return false;
	e->stamp = index_stamp(&st);
	judge(e, c, &st);
	if (c->index != NULL)
		index_recall(c->index, c, e);
	return (e->state & ENTRY_READ) != 0;
}

static void
read_one(struct catalogue *c, struct pass *p, size_t number, bool digest)
{
	struct catalogue_entry *e = &c->entries[number];
	int box = box_of(&p->box, c, e), fd, r;
	struct why why = { 0 };
	struct stat st;

	if (!digest && box != -1 && recall(c, e, box))
		return;
	fd = open_in_box(&p->box, c, e);
	if (fd == -1 && errno == ENOENT) {
		e->state |= ENTRY_GONE;
		return;
	}
	if (fd == -1) {
		why_errno(&why, FAIL_DATA, "cannot be opened");
		catalogue_set_fault(c, number, why.text);
		return;
	}
	if (c->tree->owner.known && fstat(fd, &st) == 0)
		judge(e, c, &st);
	c->learned = true;
	if (digest) {
		r = read_content(&p->reader, fd, e->digest, &why);
		if (r == 0)
			e->state |= ENTRY_DIGEST;
	} else {
		r = read_msgid(&p->reader, fd, e->id, &why);
		e->state |= ENTRY_READ | (r == 1 ? ENTRY_ID : 0);
	}
	if (r == -1)
		catalogue_set_fault(c, number, why.text);
	(void)close(fd);
}

struct range {
	struct catalogue *c;
	size_t first;
};

static void
read_ids(void *arg, void *scratch, size_t from, size_t to)
{
	struct range *r = arg;

	for (size_t i = r->first + from; i < r->first + to; i++)
		if ((r->c->entries[i].state &
			(ENTRY_READ | ENTRY_BAD | ENTRY_GONE)) == 0)
			read_one(r->c, scratch, i, false);
}

static void
read_digests(void *arg, void *scratch, size_t from, size_t to)
{
	struct range *r = arg;

	for (size_t i = r->first + from; i < r->first + to; i++)
		if ((r->c->entries[i].state &
			(ENTRY_WANT | ENTRY_DIGEST | ENTRY_BAD | ENTRY_GONE)) ==
		    ENTRY_WANT)
			read_one(r->c, scratch, i, true);
}

enum {
	TRIES = 40 /* a message can be renamed again and again */
};

static int
read_all(struct catalogue *c, size_t first, parallel_fn *fn, struct why *why)
{
	bool *in_folder = xcalloc(c->tree->n + 1, sizeof *in_folder);
	struct range range = { c, first };
	int r = 0;

	for (int i = 0; i < TRIES; i++) {
		bool gone = false, found = false;

		parallel_run(c->n - first, c->jobs, fn, &range,
		    sizeof(struct pass), pass_free);
		memset(in_folder, 0, c->tree->n * sizeof *in_folder);
		for (size_t j = first; j < c->n; j++) {
			if ((c->entries[j].state & ENTRY_GONE) != 0)
				in_folder[c->entries[j].folder] = gone = true;
		}
		if (!gone)
			break;
		r = catalogue_find_in(c, in_folder, &found, why);
		if (r == -1 || !found)
			break;
	}
	free(in_folder);
	return r;
}

int
catalogue_read_ids(struct catalogue *c, size_t first, struct why *why)
{
	if (c->reader != NULL)
		return c->reader->read_ids(c->reader->arg, c, first, why);
	return read_all(c, first, read_ids, why);
}

int
catalogue_read_digests(struct catalogue *c, struct why *why)
{
	if (c->reader != NULL)
		return c->reader->read_digests(c->reader->arg, c, why);
	return read_all(c, 0, read_digests, why);
}
