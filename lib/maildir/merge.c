/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "maildir/merge.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/alloc.h"
#include "maildir/delivery.h"
#include "maildir/lock.h"
#include "maildir/name.h"
#include "maildir/parallel.h"

enum {
	/* How many messages become durable, and visible, together. */
	BATCH = 512,
	CHUNK = 131072
};

/* The mark of our names, and of those of export_archive.py. */
static const char our_mark[] = ".mailferry";
static const char export_mark[] = ".vandelay";

/* One batch on its way into one folder. */
struct batch {
	struct merge *m;
	const struct drop *drop;
	const struct item *items;
	struct parcel *parcels;
	struct why *whys; /* kind FAIL_NONE: the parcel is good */
};

static const struct entry *
source_entry(const struct merge *m, const struct item *it)
{
	return &m->plan->source->entries[it->entry];
}

static int64_t
date_of(const struct merge *m, const struct entry *e, const struct stat *st)
{
	const char *name = entry_name(m->plan->source, e);
	struct mdname n;
	enum date_source from = m->dates;

	mdname_parse(&n, name);
	if (from == DATE_AUTO)
		from = memmem(name, n.base_len, export_mark,
			   sizeof export_mark - 1) != NULL
			   ? DATE_NAME
			   : DATE_MTIME;
	return from == DATE_NAME ? n.seconds : st->st_mtim.tv_sec;
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

/* The date only serves for the order here; it is taken again with the copy. */
static int64_t
early_date(const struct merge *m, const struct entry *e)
{
	struct stat st = { 0 };
	int fd = entry_open(m->plan->source, e, NULL);

	if (fd != -1) {
		(void)fstat(fd, &st);
		(void)close(fd);
	}
	return date_of(m, e, &st);
}

void
merge_prepare(struct merge *m)
{
	const struct plan *p = m->plan;
	size_t cap = 0;

	for (uint32_t i = 0; i < p->source->n; i++) {
		const struct entry *e = &p->source->entries[i];

		if (p->fates[i].outcome != OUT_ADD)
			continue;
		m->items = grow(m->items, m->n, &cap, sizeof *m->items);
		m->items[m->n++] =
		    (struct item){ i, (uint32_t)p->folders[e->folder].folder,
			    early_date(m, e) };
	}
	if (m->n > 0)
		qsort(m->items, m->n, sizeof *m->items, item_order);
}

void
merge_free(struct merge *m)
{
	map_free(&m->taken);
	arena_free(&m->texts);
	free(m->items);
	free(m->touched);
}

static void
settle(struct merge *m, size_t entry)
{
	if (m->settled != NULL)
		m->settled(m->arg, entry);
}

static void
fail(struct merge *m, const struct item *it, const char *text)
{
	m->plan->fates[it->entry] =
	    (struct fate){ OUT_FAILED, 0, arena_adds(&m->texts, text) };
	settle(m, it->entry);
}

/* Copies one message into tmp/. */
static int
copy(struct merge *m, const struct item *it, const struct drop *d,
    struct parcel *to, size_t number, char *chunk, struct why *why)
{
	const struct entry *e = source_entry(m, it);
	int fd = entry_open(m->plan->source, e, why);
	struct timespec date = { 0 };
	struct stat st;
	ssize_t n = 0;
	int r = -1;

	if (fd == -1)
		return -1;
	if (fstat(fd, &st) == -1 || !S_ISREG(st.st_mode)) {
		why_set(why, FAIL_DATA, "not a regular file");
		goto out;
	}
	if (parcel_open(to, d, number, why) == -1)
		goto out;
	while ((n = read(fd, chunk, CHUNK)) > 0)
		if (parcel_write(to, chunk, (size_t)n, why) == -1)
			break;
	if (n != 0) {
		if (n == -1)
			why_errno(why, FAIL_DATA, "cannot be read");
		parcel_drop(to, d);
		goto out;
	}
	date.tv_sec = date_of(m, e, &st);
	r = parcel_close(to, d, &date, why);
out:
	(void)close(fd);
	return r;
}

struct scratch {
	char *chunk;
};

static void
scratch_free(void *arg)
{
	struct scratch *s = arg;

	free(s->chunk);
}

static void
copy_some(void *arg, void *scratch, size_t from, size_t to)
{
	struct batch *b = arg;
	struct scratch *s = scratch;

	if (s->chunk == NULL)
		s->chunk = xmalloc(CHUNK);
	for (size_t i = from; i < to; i++)
		if (copy(b->m, &b->items[i], b->drop, &b->parcels[i], i,
			s->chunk, &b->whys[i]) == -1 &&
		    b->whys[i].kind == FAIL_NONE)
			why_set(&b->whys[i], FAIL_DATA, "cannot be copied");
}

/* True if the base was not there; then it is. */
static bool
take_base(struct merge *m, uint32_t folder, const char *base)
{
	char *key = xasprintf("%u/%s", (unsigned int)folder, base);
	bool added;

	(void)map_put(&m->taken, arena_adds(&m->texts, key), &added);
	free(key);
	return added;
}

static void
list_taken(struct merge *m)
{
	const struct catalogue *t = m->plan->target;

	for (size_t i = 0; i < t->n; i++) {
		const struct entry *e = &t->entries[i];
		const char *name = entry_name(t, e);
		size_t len = strcspn(name, ":");
		char *base;

		if (memmem(name, len, our_mark, sizeof our_mark - 1) == NULL)
			continue;
		base = xmemdup(name, len);
		(void)take_base(m, e->folder, base);
		free(base);
	}
}

static struct mdfolder *
target_folder(const struct merge *m, uint32_t folder)
{
	return &m->plan->target->tree->folders[folder];
}

/* The keyword names of a message, one call of add for each. */
static void
each_keyword(struct merge *m, const struct item *it,
    void (*add)(struct merge *, const char *, void *), void *arg)
{
	const struct entry *e = source_entry(m, it);
	const struct mdfolder *f = &m->plan->source->tree->folders[e->folder];
	struct mdname n;

	mdname_parse(&n, entry_name(m->plan->source, e));
	/* Dovecot does not read P; it keeps the mark as a keyword. */
	if ((n.flags & MD_PASSED) != 0)
		add(m, "$Forwarded", arg);
	for (int i = 0; i < KEYWORDS_MAX; i++) {
		if ((n.letters >> i & 1) == 0)
			continue;
		if (f->keywords.name[i] == NULL)
			m->nameless_letters++;
		else
			add(m, f->keywords.name[i], arg);
	}
}

struct letters {
	const struct keywords *keywords;
	unsigned int letters;
};

static void
add_letter(struct merge *m, const char *name, void *arg)
{
	struct letters *l = arg;
	int n = keywords_find(l->keywords, name);

	if (n == -1)
		m->lost_keywords++;
	else
		l->letters |= 1U << n;
}

static void
put_name(struct merge *m, const struct item *it, const struct parcel *p,
    struct buf *base, struct buf *info)
{
	struct letters l = { &target_folder(m, it->folder)->keywords, 0 };
	const char *name = entry_name(m->plan->source, source_entry(m, it));
	unsigned int copies = 0;
	struct mdname n;

	mdname_parse(&n, name);
	each_keyword(m, it, add_letter, &l);
	do {
		buf_reset(base);
		mdname_put_base(base, it->date, p->sha, copies++, &p->size);
	} while (!take_base(m, it->folder, buf_str(base)));
	buf_reset(info);
	mdname_put_info(info, n.flags, l.letters);
}

/* Journals and names what is good of a batch. names gets the name in cur/. */
static int
announce(
    struct merge *m, struct batch *b, size_t n, char **names, struct why *why)
{
	struct buf base = { 0 }, info = { 0 };

	for (size_t i = 0; i < n; i++) {
		struct journal_record r = { .kind = JOURNAL_ADD,
			.dir = target_folder(m, b->items[i].folder)->dir,
			.size = (int64_t)b->parcels[i].size.bytes,
			.date = b->items[i].date };

		if (b->whys[i].kind != FAIL_NONE)
			continue;
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

/* Gives the good ones their names. */
static int
show(struct merge *m, struct batch *b, size_t n, char **names, struct why *why)
{
	struct journal_record done = { .kind = JOURNAL_DONE };

	for (size_t i = 0; i < n; i++) {
		if (names[i] == NULL)
			continue;
		if (drop_show(b->drop, b->parcels[i].tmp, names[i],
			&b->whys[i]) == -1)
			parcel_drop(&b->parcels[i], b->drop);
	}
	if (drop_settle(b->drop, why) == -1)
		return -1;
	for (size_t i = 0; i < n; i++) {
		if (b->whys[i].kind != FAIL_NONE) {
			fail(m, &b->items[i], b->whys[i].text);
			continue;
		}
		m->touched[b->items[i].folder] = true;
		done.number++;
		done.size += (int64_t)b->parcels[i].size.bytes;
		settle(m, b->items[i].entry);
	}
	m->added += (size_t)done.number;
	m->added_bytes += (uint64_t)done.size;
	journal_put(m->journal, &done);
	return 0;
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

static int
run_batch(struct merge *m, const struct drop *d, const struct item *items,
    size_t n, struct why *why)
{
	struct batch b = { m, d, items, xcalloc(n, sizeof *b.parcels),
		xcalloc(n, sizeof *b.whys) };
	char **names = xcalloc(n, sizeof *names);
	int r;

	parallel(n, m->plan->source->jobs, copy_some, &b,
	    sizeof(struct scratch), scratch_free);
	sync_batch(&b, n);
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

static void
want_keyword(struct merge *m, const char *name, void *arg)
{
	struct keywords *wanted = arg;

	(void)m;
	(void)keywords_add(wanted, name);
}

/* True if the list has all of the wanted names. */
static bool
has_all(const struct keywords *k, const struct keywords *wanted)
{
	for (int i = 0; i < KEYWORDS_MAX; i++)
		if (wanted->name[i] != NULL &&
		    keywords_find(k, wanted->name[i]) == -1)
			return false;
	return true;
}

/* Adds names to a folder's list, under Dovecot's lock; f->keywords is what
 * stands in the file afterwards. */
static int
add_keywords(struct merge *m, struct mdfolder *f, const struct keywords *wanted,
    struct why *why)
{
	int fd = mdtree_control(m->plan->target->tree, f->dir), r;
	bool changed = false;

	if (fd == -1)
		return why_errno(why, FAIL_DATA, "the folder %s", f->dir);
	if (uidlist_lock(fd, why) == -1) {
		(void)close(fd);
		return -1;
	}
	keywords_free(&f->keywords);
	r = keywords_read(&f->keywords, fd, why);
	for (int i = 0; r == 0 && i < KEYWORDS_MAX; i++) {
		struct journal_record rec = { .kind = JOURNAL_KEYWORD,
			.dir = f->dir,
			.name = wanted->name[i] };

		if (wanted->name[i] == NULL ||
		    keywords_find(&f->keywords, wanted->name[i]) != -1)
			continue;
		rec.number = keywords_add(&f->keywords, wanted->name[i]);
		if (rec.number == -1)
			continue;
		journal_put(m->journal, &rec);
		changed = true;
	}
	if (r == 0 && changed && journal_sync(m->journal, why) == -1)
		r = -1;
	if (r == 0 && changed)
		r = keywords_write(&f->keywords, fd, why);
	uidlist_unlock(fd);
	(void)close(fd);
	return r;
}

static int
prepare_keywords(
    struct merge *m, const struct item *items, size_t n, struct why *why)
{
	struct mdfolder *f = target_folder(m, items[0].folder);
	struct keywords wanted = { 0 };
	size_t nameless = m->nameless_letters;
	int r = 0;

	for (size_t i = 0; i < n; i++)
		each_keyword(m, &items[i], want_keyword, &wanted);
	m->nameless_letters = nameless; /* they are counted with the names */
	if (!has_all(&f->keywords, &wanted))
		r = add_keywords(m, f, &wanted, why);
	keywords_free(&wanted);
	return r;
}

static int
make_folder(struct merge *m, struct mdfolder *f, struct why *why)
{
	const struct mdtree *t = m->plan->target->tree;
	struct journal_record r = { .kind = JOURNAL_FOLDER, .dir = f->dir };
	bool made;

	journal_put(m->journal, &r);
	if (journal_sync(m->journal, why) == -1 ||
	    folder_make(t->fd, f->dir, t->style.fs, &made, why) == -1)
		return -1;
	f->missing = false;
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

		if (t->folders[i].missing &&
		    make_folder(m, &t->folders[i], &local) == -1 &&
		    local.kind == FAIL_FATAL) {
			*why = local;
			return -1;
		}
	}
	return 0;
}

/* Everything that goes into one folder. */
static int
fill_folder(
    struct merge *m, const struct item *items, size_t n, struct why *why)
{
	const struct mdtree *t = m->plan->target->tree;
	struct mdfolder *f = target_folder(m, items[0].folder);
	struct drop d = { .cur = -1, .tmp = -1 };
	struct why local = { 0 };
	int r = 0;

	if ((f->missing && make_folder(m, f, &local) == -1) ||
	    drop_open(&d, t->fd, f->dir, &local) == -1 ||
	    prepare_keywords(m, items, n, &local) == -1) {
		drop_close(&d);
		if (local.kind == FAIL_FATAL) {
			*why = local;
			return -1;
		}
		for (size_t i = 0; i < n; i++)
			fail(m, &items[i], local.text);
		return 0;
	}
	drop_sweep(&d);
	for (size_t i = 0; r == 0 && i < n; i += BATCH)
		r = run_batch(
		    m, &d, items + i, n - i < BATCH ? n - i : BATCH, why);
	drop_touch(&d);
	drop_close(&d);
	return r;
}

int
merge_run(struct merge *m, struct why *why)
{
	size_t from = 0;
	int r = make_folders(m, why);

	m->touched = xcalloc(m->plan->target->tree->n + 1, sizeof *m->touched);
	list_taken(m);
	for (size_t i = 0; r == 0 && i < m->plan->source->n; i++)
		if (m->plan->fates[i].outcome != OUT_ADD)
			settle(m, i);
	while (r == 0 && from < m->n) {
		size_t to = from;

		while (
		    to < m->n && m->items[to].folder == m->items[from].folder)
			to++;
		r = fill_folder(m, m->items + from, to - from, why);
		from = to;
	}
	return r;
}
