/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "merge/merge.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

#include "core/alloc.h"
#include "core/num.h"
#include "maildir/box.h"
#include "maildir/control.h"
#include "maildir/delivery.h"
#include "maildir/name.h"
#include "maildir/quota.h"
#include "maildir/refresh.h"
#include "maildir/subscriptions.h"
#include "merge/arrivals.h"
#include "merge/batch.h"
#include "merge/keywordmap.h"
#include "merge/merge-internal.h"

const char *const date_words[] = {
	[DATE_AUTO] = "auto",
	[DATE_MTIME] = "mtime",
	[DATE_NAME] = "name",
};

/* The mark of the names that export_archive.py gives. */
static const char export_mark[] = ".vandelay";

const struct catalogue_entry *
merge_source(const struct merge *m, const struct item *it)
{
	return &m->plan->source->entries[it->entry];
}

/*
 * The internal date of a source message, in the directory box; adds its size. 0,
 * or -1 and errno. Dovecot caches the date as a number without a sign: one
 * before 1970 would come out as one after 2100.
 */
static int
get_date(
    struct merge *m, const struct catalogue_entry *e, int box, int64_t *date)
{
	const char *name = entry_name(m->plan->source, e);
	enum date_source from = m->dates;
	struct stat st;
	struct mdname n;

	mdname_parse(&n, name);
	if (from == DATE_AUTO)
		from = memmem(name, n.base_len, export_mark,
			   sizeof export_mark - 1) != NULL
			   ? DATE_NAME
			   : DATE_MTIME;
	if (fstatat(box, name, &st, AT_SYMLINK_NOFOLLOW) == -1)
		return -1;
	m->bytes += st.st_size;
	*date = from == DATE_NAME ? n.seconds : st.st_mtim.tv_sec;
	if (*date < 0)
		*date = 0;
	return 0;
}

static int
item_order(const void *a, const void *b)
{
	const struct item *x = a, *y = b;

	if (x->folder != y->folder)
		return x->folder < y->folder ? -1 : 1;
	if (x->date != y->date)
		return x->date < y->date ? -1 : 1;
	return (x->entry > y->entry) - (x->entry < y->entry);
}

/* True if there is such a directory, though no folder yet. */
static bool
dir_exists(int root, const char *dir)
{
	int fd = open_below(root, dir);

	if (fd != -1)
		(void)close(fd);
	return fd != -1;
}

/* Finds a folder to be made that Dovecot lists as the level above others. */
static void
find_level(struct merge *m)
{
	const struct mdtree *t = m->plan->target->tree;

	for (size_t i = 0; t->style.fs && i < t->n; i++)
		if (t->folders[i].missing &&
		    strcmp(t->folders[i].dir, ".") != 0 &&
		    dir_exists(t->fd, t->folders[i].dir))
			m->level = arena_adds(&m->texts, t->folders[i].path);
}

void
merge_prepare(struct merge *m)
{
	const struct merge_plan *p = m->plan;
	struct last_box box = { 0 };
	size_t cap = 0;

	for (uint32_t i = 0; i < p->source->n; i++) {
		const struct catalogue_entry *e = &p->source->entries[i];
		struct item it = { .entry = i };

		if (p->fates[i].outcome != OUT_ADD)
			continue;
		it.folder = (uint32_t)p->folders[e->folder].folder;
		if (get_date(m, e, box_of(&box, p->source, e), &it.date) ==
		    -1) {
			p->fates[i] = (struct fate){ .outcome = OUT_FAILED,
				.again = true,
				.note = "cannot be looked at" };
			continue;
		}
		m->items = xgrow(m->items, m->n, &cap, sizeof *m->items);
		m->items[m->n++] = it;
	}
	box_forget(&box);
	if (m->n > 0)
		qsort(m->items, m->n, sizeof *m->items, item_order);
	find_level(m);
}

void
merge_foresee(struct merge *m)
{
	m->added = m->n;
	if (m->n > 0)
		(void)quota_note(
		    m->plan->target->tree->control, 0, 0, &m->quota);
	merge_foresee_keywords(m);
}

/* What items and their lines in the journal take: whole blocks. */
static uint64_t
room_needed(const struct merge *m, uint64_t block)
{
	enum {
		LINE = 512 /* of the journal, more or less */
	};

	return (uint64_t)m->bytes + m->n * (block / 2 + LINE);
}

bool
merge_has_room(const struct merge *m, struct why *why)
{
	struct statvfs fs;
	uint64_t room;

	if (m->n == 0 || fstatvfs(m->plan->target->tree->fd, &fs) == -1)
		return true;
	room = (uint64_t)fs.f_bavail * fs.f_frsize;
	if (room_needed(m, fs.f_frsize) > room)
		why_set(why, FAIL_FATAL,
		    "no room: %llu bytes are to be added, %llu are free",
		    (unsigned long long)room_needed(m, fs.f_frsize),
		    (unsigned long long)room);
	else if (fs.f_files > 0 && m->n > fs.f_favail)
		why_set(why, FAIL_FATAL, "no room for %zu file%s: %llu free",
		    m->n, plural(m->n), (unsigned long long)fs.f_favail);
	else
		return true;
	return false;
}

void
merge_free(struct merge *m)
{
	merge_unwatch(m);
	map_free(&m->copies);
	arena_free(&m->texts);
	free(m->items);
	free(m->touched);
	free(m->ids.heads);
	free(m->counts_not);
}

void
merge_settle(struct merge *m, size_t entry)
{
	if (m->settled != NULL)
		m->settled(m->arg, entry);
}

void
merge_fail(struct merge *m, const struct item *it, const struct why *why)
{
	m->plan->fates[it->entry] = (struct fate){ .outcome = OUT_FAILED,
		.again = why->kind == FAIL_TEMP,
		.note = arena_adds(&m->texts, why->text) };
	merge_settle(m, it->entry);
}

struct mdfolder *
merge_target(const struct merge *m, uint32_t folder)
{
	return &m->plan->target->tree->folders[folder];
}

void
merge_sweep(const struct mdtree *target)
{
	for (size_t i = 0; i < target->n; i++) {
		const struct mdfolder *f = &target->folders[i];
		int control = f->missing ? -1 : mdtree_control(target, f->dir);
		int folder = f->missing ? -1 : mdtree_dir(target, f->dir);

		if (control != -1) {
			dot_sweep(control, UIDLIST_LOCK);
			(void)close(control);
		}
		if (folder != -1) {
			drop_sweep_at(folder);
			(void)close(folder);
		}
	}
	subscriptions_sweep(target->control, &target->style);
	folder_sweep(target->fd);
}

/* Journals what making a folder makes. What is there already is not journalled:
 * to take it away would not be to undo this run. */
static void
announce_folder(struct merge *m, const char *dir)
{
	const struct mdtree *t = m->plan->target->tree;
	char was[] = FOLDER_WAS_LEVEL, *level = xstrdup(dir);
	struct journal_record r = { .kind = JOURNAL_LEVEL, .dir = level };

	for (char *end = level; (end = strchr(end, '/')) != NULL;) {
		*end = '\0';
		if (!dir_exists(t->fd, level))
			journal_put(m->journal, &r);
		*end++ = '/';
	}
	r.kind = JOURNAL_FOLDER;
	if (dir_exists(t->fd, dir))
		r.was = was;
	if (r.was == NULL || t->style.fs || strcmp(dir, ".") == 0)
		journal_put(m->journal, &r);
	free(level);
}

/* The subscription comes first: a run that is killed in between finds the
 * folder missing the next time, and does both. */
static int
make_folder(struct merge *m, struct mdfolder *f, struct why *why)
{
	const struct mdtree *t = m->plan->target->tree;
	struct journal_record r = { .kind = JOURNAL_SUBSCRIBE, .dir = f->dir };
	bool wanted = m->subscribe != NULL && m->subscribe[f - t->folders];
	bool made;

	wanted = wanted && !is_subscribed(t->control, f->dir, &t->style, &made);
	if (wanted)
		journal_put(m->journal, &r);
	announce_folder(m, f->dir);
	if (journal_sync(m->journal, why) == -1 ||
	    (wanted && subscriptions_set(t->control, f->dir, &t->style, true,
			   &made, why) == -1) ||
	    folder_make(strcmp(f->dir, ".") == 0 ? t->inbox : t->fd, f->dir,
		t->style.fs, &made, why) == -1)
		return -1;
	f->missing = false;
	mdtree_identify(t, f);
	return 0;
}

/* Makes the folders that the target lacks, those without messages too. One that
 * cannot be made fails with its messages. */
static int
make_folders(struct merge *m, struct why *why)
{
	const struct mdtree *t = m->plan->target->tree;

	for (size_t i = 0; i < t->n; i++) {
		struct why local = { 0 };

		if (!t->folders[i].missing ||
		    make_folder(m, &t->folders[i], &local) == 0)
			continue;
		if (local.kind == FAIL_FATAL) {
			*why = local;
			return -1;
		}
		if (m->refused != NULL)
			m->refused(m->arg, t->folders[i].dir, &local);
	}
	return 0;
}

/* Opens a folder of the target, under the name that it has by now. */
static int
open_drop(struct merge *m, uint32_t number, struct drop *d, struct why *why)
{
	struct mdtree *t = m->plan->target->tree;
	struct mdfolder *f = merge_target(m, number);
	int fd = -1;

	if ((f->missing && make_folder(m, f, why) == -1) ||
	    mdtree_find_dir(t, number, &fd, why) == -1)
		return -1;
	return drop_open_at(d, fd, merge_target(m, number)->dir, why);
}

/* Everything that goes into one folder. */
static int
fill_folder(
    struct merge *m, const struct item *items, size_t n, struct why *why)
{
	struct drop d = { .cur = -1, .new = -1, .tmp = -1 };
	struct why local = { 0 };
	int r = 0;

	if (open_drop(m, items[0].folder, &d, &local) == -1 ||
	    merge_prepare_keywords(m, items, n, &local) == -1) {
		drop_close(&d);
		if (local.kind == FAIL_FATAL) {
			*why = local;
			return -1;
		}
		for (size_t i = 0; i < n; i++)
			merge_fail(m, &items[i], &local);
		return 0;
	}
	for (size_t i = 0; r == 0 && i < n; i += BATCH)
		r = merge_batch(m, &d, items + i, n - i, why);
	drop_close(&d);
	return r;
}

/*
 * Dovecot looks into a directory when its time has changed. A sync of its own
 * can have seen the time of the last rename and not the file, if both fell into
 * one tick of the file system's clock: a later time makes it look again.
 */
static void
touch_folders(const struct merge *m)
{
	const struct timespec tick = { 0, 10000000 };
	const struct mdtree *t = m->plan->target->tree;

	if (m->added > 0)
		(void)nanosleep(&tick, NULL);
	for (size_t i = 0; i < m->n_touched; i++) {
		int cur =
		    m->touched[i] ? open_box(t, t->folders[i].dir, false) : -1;

		if (cur == -1)
			continue;
		(void)futimens(cur, NULL);
		(void)close(cur);
	}
}

int
merge_execute(struct merge *m, struct why *why)
{
	size_t from = 0;
	int r = make_folders(m, why);

	m->n_touched = m->plan->target->tree->n;
	m->touched = xcalloc(m->n_touched + 1, sizeof *m->touched);
	merge_watch(m);
	if (r == 0)
		r = merge_first_look(m, why);
	for (size_t i = 0; r == 0 && i < m->plan->source->n; i++)
		if (m->plan->fates[i].outcome != OUT_ADD)
			merge_settle(m, i);
	while (r == 0 && from < m->n) {
		size_t to = from;

		while (
		    to < m->n && m->items[to].folder == m->items[from].folder)
			to++;
		r = fill_folder(m, m->items + from, to - from, why);
		from = to;
	}
	touch_folders(m);
	return r;
}
