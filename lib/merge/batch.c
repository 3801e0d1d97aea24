/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "merge/batch.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/alloc.h"
#include "core/map.h"
#include "maildir/box.h"
#include "maildir/control.h"
#include "maildir/lock.h"
#include "maildir/name.h"
#include "maildir/parallel.h"
#include "maildir/quota.h"
#include "merge/arrivals.h"
#include "merge/keywordmap.h"
#include "merge/merge-internal.h"

enum {
	CHUNK = 131072
};

/* One batch on its way into one folder. */
struct batch {
	struct merge *m;
	const struct drop *drop;
	const struct item *items;
	struct parcel *parcels;
	struct why *whys; /* kind FAIL_NONE: the parcel is good */
};

struct scratch {
	char *chunk;
	struct last_box box;
};

/* Copies one message into tmp/. */
static int
copy(struct merge *m, const struct item *it, const struct drop *d,
    struct parcel *to, size_t number, struct scratch *s, struct why *why)
{
	const struct timespec date = { .tv_sec = it->date };
	int fd = open_in_box(&s->box, m->plan->source, merge_source(m, it));
	struct stat st;
	ssize_t n = 0;
	int r = -1;

	if (fd == -1)
		return why_errno(why, fail_of_errno(errno), "cannot be opened");
	if (fstat(fd, &st) == -1 || !S_ISREG(st.st_mode)) {
		why_set(why, FAIL_DATA, "not a regular file");
		goto out;
	}
	if (parcel_open(to, d, number, why) == -1)
		goto out;
	while ((n = read(fd, s->chunk, CHUNK)) > 0)
		if (parcel_write(to, s->chunk, (size_t)n, why) == -1)
			break;
	if (n != 0) {
		if (n == -1)
			why_errno(why, fail_of_errno(errno), "cannot be read");
		parcel_drop(to, d);
		goto out;
	}
	r = parcel_close(to, d, &date, why);
out:
	(void)close(fd);
	return r;
}

static void
scratch_free(void *arg)
{
	struct scratch *s = arg;

	free(s->chunk);
	box_forget(&s->box);
}

static void
copy_some(void *arg, void *scratch, size_t from, size_t to)
{
	struct batch *b = arg;
	struct scratch *s = scratch;

	if (s->chunk == NULL)
		s->chunk = xmalloc(CHUNK);
	for (size_t i = from; i < to; i++)
		if (copy(b->m, &b->items[i], b->drop, &b->parcels[i], i, s,
			&b->whys[i]) == -1 &&
		    b->whys[i].kind == FAIL_NONE)
			why_set(&b->whys[i], FAIL_DATA, "cannot be copied");
}

/* How many files of one base the folder has got so far. */
static unsigned int
count_copies(struct merge *m, const struct item *it, const struct parcel *p)
{
	struct buf key = { 0 };
	void **n;
	unsigned int copies;

	buf_addf(&key, "%u/", (unsigned int)it->folder);
	mdname_put_base(&key, it->date, p->sha, 0, &p->size);
	n = map_put_copy(&m->copies, &m->texts, key.data, NULL);
	copies = (unsigned int)(uintptr_t)*n;
	*n = (void *)((uintptr_t)*n + 1);
	buf_free(&key);
	return copies;
}

static void
put_name(struct merge *m, const struct item *it, const struct parcel *p,
    struct buf *base, struct buf *info)
{
	const char *name = entry_name(m->plan->source, merge_source(m, it));
	struct mdname n;

	mdname_parse(&n, name);
	buf_reset(base);
	mdname_put_run_base(
	    base, it->date, p->sha, count_copies(m, it, p), m->run, &p->size);
	buf_reset(info);
	mdname_put_info(info, n.flags, merge_letters(m, it));
}

/* Journals and names what is good of a batch. names gets the name in cur/. */
static int
announce(
    struct merge *m, struct batch *b, size_t n, char **names, struct why *why)
{
	struct buf base = { 0 }, info = { 0 };

	for (size_t i = 0; i < n; i++) {
		struct journal_record r = { .kind = JOURNAL_ADD,
			.dir = merge_target(m, b->items[i].folder)->dir,
			.size = (int64_t)b->parcels[i].size.bytes,
			.date = b->items[i].date };

		if (b->whys[i].kind != FAIL_NONE)
			continue;
		if (m->plan->fates[b->items[i].entry].outcome != OUT_ADD) {
			parcel_drop(&b->parcels[i], b->drop);
			continue;
		}
		put_name(m, &b->items[i], &b->parcels[i], &base, &info);
		r.name = base.data;
		r.info = info.data;
		memcpy(r.sha, b->parcels[i].sha, sizeof r.sha);
		journal_put(m->journal, &r);
		names[i] = xasprintf("%s%s", buf_str(&base), buf_str(&info));
	}
	buf_free(&base);
	buf_free(&info);
	return journal_sync(m->journal, why);
}

/* One that was announced, and is not shown. */
static void
withhold(struct merge *m, struct batch *b, size_t i, const char *name)
{
	char *base = xmemdup(name, strcspn(name, ":"));
	struct journal_record failed = { .kind = JOURNAL_FAILED,
		.dir = merge_target(m, b->items[i].folder)->dir,
		.name = base };

	parcel_drop(&b->parcels[i], b->drop);
	journal_put(m->journal, &failed);
	free(base);
}

/* Gives the good ones their names, for as long as no run through Dovecot is at
 * work. How many of the batch come before the first that is withheld; why tells
 * the reason if there is one. */
static size_t
show_each(
    struct merge *m, struct batch *b, size_t n, char **names, struct why *why)
{
	size_t i, shown;

	for (i = 0; i < n; i++) {
		if (names[i] == NULL)
			continue;
		if (mdtree_lock_account(m->plan->target->tree, why) == -1)
			break;
		if (drop_show(b->drop, b->parcels[i].tmp, names[i],
			&b->whys[i]) == -1)
			withhold(m, b, i, names[i]);
	}
	for (shown = i; i < n; i++)
		if (names[i] != NULL)
			withhold(m, b, i, names[i]);
	return shown;
}

/*
 * The same message can arrive between the last look and the moment when ours
 * appears. Ours goes again then, unless somebody has used it already.
 */
static int
retract(
    struct merge *m, struct batch *b, size_t n, char **names, struct why *why)
{
	if (merge_find_arrivals(m, b->items[0].folder, why) == -1)
		return -1;
	for (size_t i = 0; i < n; i++) {
		const struct fate *f = &m->plan->fates[b->items[i].entry];
		struct journal_record r = { .kind = JOURNAL_FAILED,
			.dir = merge_target(m, b->items[i].folder)->dir };

		if (names[i] == NULL || b->whys[i].kind != FAIL_NONE ||
		    f->outcome == OUT_ADD ||
		    unlinkat(b->drop->cur, names[i], 0) == -1)
			continue;
		names[i][strcspn(names[i], ":")] = '\0';
		r.name = names[i];
		journal_put(m->journal, &r);
		free(names[i]);
		names[i] = NULL;
	}
	return 0;
}

/*
 * The quota file is told after the messages are there, and the journal before:
 * a run that is killed in between leaves it a batch behind, never ahead.
 */
static int
note_quota(struct merge *m, const struct journal_record *done, struct why *why)
{
	struct journal_record r = *done;
	int fd = m->plan->target->tree->control;

	if (r.number == 0)
		return 0;
	r.kind = JOURNAL_QUOTA;
	if (has_quota_file(fd))
		journal_put(m->journal, &r);
	if (journal_sync(m->journal, why) == -1)
		return -1;
	(void)quota_note(fd, r.size, r.number, &m->quota);
	return 0;
}

/* Shows the good ones, and sees to what follows from that. */
static int
show(struct merge *m, struct batch *b, size_t n, char **names, struct why *why)
{
	struct journal_record done = { .kind = JOURNAL_DONE };
	struct why other = { 0 };

	n = show_each(m, b, n, names, &other);
	if (retract(m, b, n, names, why) == -1 ||
	    drop_settle(b->drop, why) == -1)
		return -1;
	for (size_t i = 0; i < n; i++) {
		if (b->whys[i].kind != FAIL_NONE) {
			merge_fail(m, &b->items[i], &b->whys[i]);
			continue;
		}
		merge_settle(m, b->items[i].entry);
		if (names[i] == NULL)
			continue; /* it arrived by itself */
		m->touched[b->items[i].folder] = true;
		done.number++;
		done.size += (int64_t)b->parcels[i].size.bytes;
	}
	m->added += (size_t)done.number;
	m->added_bytes += (uint64_t)done.size;
	journal_put(m->journal, &done);
	if (note_quota(m, &done, why) == -1)
		return -1;
	*why = other;
	return other.kind == FAIL_NONE ? 0 : -1;
}

/* Makes a batch durable in tmp/. If that fails, all of it has failed. */
static void
sync_batch(struct batch *b, size_t n)
{
	struct parcel **good = xcalloc(n, sizeof *good);
	struct why why = { 0 };
	size_t n_good = 0;

	for (size_t i = 0; i < n; i++)
		if (b->whys[i].kind == FAIL_NONE)
			good[n_good++] = &b->parcels[i];
	if (drop_sync(b->drop, good, n_good, &why) == -1) {
		for (size_t i = 0; i < n; i++) {
			if (b->whys[i].kind != FAIL_NONE)
				continue;
			parcel_drop(&b->parcels[i], b->drop);
			b->whys[i] = why;
		}
	}
	free(good);
}

int
merge_batch(struct merge *m, const struct drop *d, const struct item *items,
    size_t left, struct why *why)
{
	size_t n = left < BATCH ? left : BATCH;
	struct batch b = { m, d, items, xcalloc(n, sizeof *b.parcels),
		xcalloc(n, sizeof *b.whys) };
	char **names = xcalloc(n, sizeof *names);
	int r;

	parallel_run(n, m->plan->source->jobs, copy_some, &b,
	    sizeof(struct scratch), scratch_free);
	sync_batch(&b, n);
	r = mdtree_lock_account(m->plan->target->tree, why);
	if (r == 0)
		r = merge_find_arrivals(m, items[0].folder, why);
	if (r == 0)
		r = announce(m, &b, n, names, why);
	if (r == 0)
		r = show(m, &b, n, names, why);
	else
		for (size_t i = 0; i < n; i++)
			parcel_drop(&b.parcels[i], d);
	for (size_t i = 0; i < n; i++)
		free(names[i]);
	free(names);
	free(b.parcels);
	free(b.whys);
	return r;
}
