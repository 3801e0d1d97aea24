/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "merge/arrivals.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/random.h>
#include <unistd.h>

#include "core/alloc.h"
#include "maildir/box.h"
#include "maildir/reading.h"
#include "maildir/refresh.h"
#include "merge/copies.h"

enum {
	EVENTS = IN_CREATE | IN_MOVED_TO | IN_ONLYDIR,
	LOOKS = 4 /* for a new folder, which lacks cur/ at first */
};

/* What a watch is of that is no folder's cur/ or new/: a place of folders. */
static const uint32_t a_place = UINT32_MAX;

/* True if this run gave the file its name. */
static bool
is_ours(const struct merge *m, const char *name)
{
	char mark[32];

	(void)snprintf(mark, sizeof mark, ".mailferry-%08lx,",
	    (unsigned long)(m->run & 0xffffffff));
	return strstr(name, mark) != NULL;
}

/* Watches one directory, through its descriptor. False if it cannot be. */
static bool
watch_dir(struct merge *m, int dir, uint32_t folder)
{
	char path[64];
	int wd;

	(void)snprintf(path, sizeof path, "/proc/self/fd/%d", dir);
	wd = inotify_add_watch(m->watch, path, EVENTS);
	if (wd == -1)
		return false;
	while (m->n_watched <= (size_t)wd) {
		m->watched = xgrow(m->watched, m->n_watched, &m->cap_watched,
		    sizeof *m->watched);
		m->watched[m->n_watched++] = a_place;
	}
	m->watched[wd] = folder;
	return true;
}

/* Watches cur/ and new/ of a folder; where one is missing, the folder. */
static bool
watch_folder(struct merge *m, uint32_t number)
{
	const struct mdtree *t = m->plan->target->tree;
	const struct mdfolder *f = &t->folders[number];
	bool good = true;

	if (f->gone || f->missing)
		return true;
	for (int is_new = 0; good && is_new < 2; is_new++) {
		int fd = open_box(t, f->dir, is_new);

		if (fd == -1) /* it may come */
			fd = mdtree_dir(t, f->dir);
		if (fd == -1)
			continue;
		good = watch_dir(m, fd, number);
		(void)close(fd);
	}
	return good;
}

void
merge_watch(struct merge *m)
{
	const struct mdtree *t = m->plan->target->tree;
	bool good;

	merge_unwatch(m);
	m->watch = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	good = m->watch != -1 && watch_dir(m, t->fd, a_place);
	for (uint32_t i = 0; good && i < t->n; i++)
		good = watch_folder(m, i);
	if (!good)
		merge_unwatch(m);
}

void
merge_unwatch(struct merge *m)
{
	if (m->watch > 0)
		(void)close(m->watch);
	m->watch = -1;
	free(m->watched);
	m->watched = NULL;
	m->n_watched = m->cap_watched = 0;
}

/* What happened since the last look. */
struct news {
	bool *changed; /* one for each folder */
	bool any;
	bool overflow; /* it was too much to be told */
	bool made;     /* a folder: it is made in steps, or renamed */
};

static void
heed_event(const struct merge *m, const struct inotify_event *e,
    const char *name, struct news *news)
{
	uint32_t folder = e->wd < 0 || (size_t)e->wd >= m->n_watched
			      ? a_place
			      : m->watched[e->wd];

	if (folder == a_place) {
		news->made |= (e->mask & IN_ISDIR) != 0;
	} else if (e->len == 0 || !is_ours(m, name)) {
		news->any = news->changed[folder] = true;
	}
}

/* Reads what happened. False if that is not known. */
static bool
read_events(struct merge *m, struct news *news)
{
	char chunk[16384];
	ssize_t n;

	if (m->watch == -1)
		return false;
	while ((n = read(m->watch, chunk, sizeof chunk)) > 0) {
		struct inotify_event e;

		for (size_t at = 0; at + sizeof e <= (size_t)n;
		     at += sizeof e + e.len) {
			memcpy(&e, chunk + at, sizeof e);
			if ((e.mask & IN_Q_OVERFLOW) != 0)
				news->any = news->overflow = true;
			heed_event(m, &e, chunk + at + sizeof e, news);
		}
	}
	return n == -1 && errno == EAGAIN;
}

/* Takes the files that we added out of what was just listed. */
static void
drop_ours(struct merge *m, size_t first)
{
	struct catalogue *t = m->plan->target;
	size_t kept = first;

	for (size_t i = first; i < t->n; i++)
		if (!is_ours(m, entry_name(t, &t->entries[i])))
			t->entries[kept++] = t->entries[i];
	t->n = kept;
}

/* True for a folder that changed, or is none of so many that were known. */
static bool
is_news(const struct mdfolder *f, const struct news *news, size_t known,
    size_t number)
{
	return !f->gone && !f->missing && f->fault == NULL &&
	       (number >= known || news->changed[number]);
}

/* True if one of these folders is not where it was listed, or a message of it is
 * not. */
static bool
lost_some(struct merge *m, const struct news *news, size_t known, size_t first)
{
	struct catalogue *t = m->plan->target;
	bool lost = false;

	for (size_t i = 0; i < t->tree->n; i++) {
		const struct mdfolder *f = &t->tree->folders[i];

		if (is_news(f, news, known, i))
			lost |= !mdtree_is_there(t->tree, f);
	}
	for (size_t i = first; i < t->n; i++) {
		if ((t->entries[i].state & ENTRY_GONE) == 0)
			continue;
		t->entries[i].ino = 0; /* it will be listed anew */
		lost = true;
	}
	return lost;
}

/* Lists the folders that changed, and those that are new. */
static int
list_once(
    struct merge *m, const struct news *news, size_t known, struct why *why)
{
	struct catalogue *t = m->plan->target;
	size_t first = t->n;
	enum refresh found;
	int r = mdtree_refresh(t->tree, &found, why);

	for (size_t i = 0; r == 0 && i < t->tree->n; i++) {
		const struct mdfolder *f = &t->tree->folders[i];

		if (!is_news(f, news, known, i))
			continue;
		if (m->watch != -1 && !watch_folder(m, (uint32_t)i))
			merge_unwatch(m);
		r = catalogue_update(t, i, why);
	}
	drop_ours(m, first);
	return r == -1 ? -1 : merge_pair_arrivals(m, first, why);
}

/* Does so until nothing was renamed or moved meanwhile. */
static int
list_news(struct merge *m, const struct news *news, struct why *why)
{
	enum {
		TRIES = 40
	};
	size_t known = m->plan->target->tree->n;

	for (int i = 0; i < TRIES; i++) {
		size_t first = m->plan->target->n;

		if (list_once(m, news, known, why) == -1)
			return -1;
		if (!lost_some(m, news, known, first))
			break;
	}
	return 0;
}

int
merge_first_look(struct merge *m, struct why *why)
{
	struct catalogue *t = m->plan->target;
	struct news news = { xcalloc(t->tree->n + 1, sizeof *news.changed),
		false, false, false };
	int r = 0;

	for (size_t i = 0; i < t->tree->n; i++) {
		const struct mdfolder *f = &t->tree->folders[i];

		news.changed[i] =
		    !f->gone && !f->missing && catalogue_is_stale(t, i, false);
		news.any |= news.changed[i];
	}
	if (news.any)
		r = list_news(m, &news, why);
	free(news.changed);
	return r;
}

int
merge_find_arrivals(struct merge *m, uint32_t folder, struct why *why)
{
	const struct catalogue *t = m->plan->target;
	struct news news = { xcalloc(t->tree->n + 1, sizeof *news.changed),
		false, false, false };
	int r = 0;

	if (!read_events(m, &news))
		news.changed[folder] = news.any = true;
	if (news.made)
		m->looks = LOOKS;
	if (m->looks > 0) {
		m->looks--;
		news.any = true;
	}
	for (size_t i = 0; news.overflow && i < t->tree->n; i++)
		news.changed[i] = true;
	if (news.any)
		r = list_news(m, &news, why);
	free(news.changed);
	return r;
}

/* True if a message of the source waits to be added. */
static bool
is_waiting(const struct merge *m, uint32_t entry)
{
	const struct fate *f = &m->plan->fates[entry];

	return f->outcome == OUT_ADD && !f->settled;
}

/* What is needed once there are arrivals. */
static int
prepare(struct merge *m, struct why *why)
{
	uint64_t seed = 0;

	if (m->counts_not != NULL)
		return 0;
	m->n_counted = m->plan->target->tree->n;
	m->counts_not = copies_ignored(m->plan, why);
	if (m->counts_not == NULL)
		return -1;
	(void)!getrandom(&seed, sizeof seed, GRND_NONBLOCK);
	idtable_init(&m->ids, m->plan->source, seed);
	idtable_add_nameless(&m->ids);
	return 0;
}

/* Marks what must be read whole to know whether the arrival is one of ours. */
static void
want_twins(struct merge *m, struct candidates *c, struct catalogue_entry *e)
{
	struct catalogue *source = m->plan->source;

	if ((e->state & ENTRY_ID) == 0) {
		e->state |= ENTRY_WANT;
		return;
	}
	candidates_gather(c, &m->ids, e);
	for (size_t i = 0; i < c->n; i++) {
		if (!is_waiting(m, c->v[i]))
			continue;
		source->entries[c->v[i]].state |= ENTRY_WANT;
		e->state |= ENTRY_WANT;
	}
}

/* True if an arrival is a message that the target had before, and that a client
 * moved: Dovecot links its file. */
static bool
was_moved(const struct merge *m, const struct catalogue_entry *e, size_t first)
{
	const struct catalogue *t = m->plan->target;

	for (size_t i = 0; t->reader == NULL && i < first; i++)
		if (t->entries[i].ino == e->ino &&
		    ((t->entries[i].state ^ e->state) & ENTRY_ID) == 0 &&
		    memcmp(t->entries[i].id, e->id, sizeof e->id) == 0)
			return true;
	return false;
}

/* True if a copy in another folder than its own counts. */
static bool
counts_elsewhere(const struct merge *m, uint32_t number)
{
	const struct catalogue *t = m->plan->target;
	uint32_t folder = t->entries[number].folder;

	return m->plan->options.scope == SCOPE_ACCOUNT &&
	       !copies_is_draft(t, number) &&
	       (folder >= m->n_counted || !m->counts_not[folder]);
}

/* A message that came meanwhile takes the place of one that is the same. */
static void
pair_arrival(
    struct merge *m, struct candidates *c, uint32_t number, size_t first)
{
	const struct merge_plan *p = m->plan;
	struct catalogue_entry *e = &p->target->entries[number];
	uint32_t best = CANDIDATE_USED;
	bool here = false;

	if ((e->state & ENTRY_DIGEST) == 0 || !copies_counts(p, number))
		return;
	if ((e->state & ENTRY_ID) == 0)
		candidate_name_by_content(e);
	candidates_gather(c, &m->ids, e);
	for (size_t i = 0; i < c->n && !here; i++) {
		const struct catalogue_entry *s = &p->source->entries[c->v[i]];
		bool same = p->folders[s->folder].folder == e->folder;

		if (!is_waiting(m, c->v[i]) || (s->state & ENTRY_DIGEST) == 0 ||
		    memcmp(s->digest, e->digest, sizeof s->digest) != 0 ||
		    (!same && !counts_elsewhere(m, number)))
			continue;
		best = c->v[i];
		here = same;
	}
	if (best == CANDIDATE_USED || was_moved(m, e, first))
		return;
	p->fates[best] =
	    (struct fate){ .outcome = here ? OUT_PRESENT : OUT_ELSEWHERE,
		    .twin = number,
		    .note = "arrived while the merge ran" };
}

int
merge_pair_arrivals(struct merge *m, size_t first, struct why *why)
{
	struct catalogue *t = m->plan->target;
	struct candidates c = { 0 };
	int r = catalogue_read_ids(t, first, why);

	if (first == t->n)
		return r;
	if (r == 0)
		r = prepare(m, why);
	for (size_t i = first; r == 0 && i < t->n; i++)
		want_twins(m, &c, &t->entries[i]);
	if (r == 0 && (catalogue_read_digests(t, why) == -1 ||
			  catalogue_read_digests(m->plan->source, why) == -1))
		r = -1;
	for (size_t i = first; r == 0 && i < t->n; i++)
		pair_arrival(m, &c, (uint32_t)i, first);
	free(c.v);
	return r;
}
