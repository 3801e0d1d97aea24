/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "maildir/catalogue.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "core/alloc.h"
#include "core/map.h"
#include "maildir/index.h"
#include "maildir/name.h"
#include "maildir/parallel.h"

enum {
	ENTRY_FLAGS = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC
};

void
catalogue_init(struct catalogue *c, struct mdtree *tree)
{
	*c = (struct catalogue){ .tree = tree };
	(void)pthread_mutex_init(&c->lock, NULL);
	c->names.max = UINT32_MAX;
}

void
catalogue_free(struct catalogue *c)
{
	for (size_t i = 0; i < c->n_faults; i++)
		free(c->faults[i]);
	free(c->faults);
	free(c->entries);
	buf_free(&c->names);
	(void)pthread_mutex_destroy(&c->lock);
}

const char *
entry_name(const struct catalogue *c, const struct entry *e)
{
	return c->names.data + e->name;
}

void
entry_put_path(
    struct buf *out, const struct catalogue *c, const struct entry *e)
{
	const char *dir = c->tree->folders[e->folder].dir;

	if (strcmp(dir, ".") != 0)
		buf_addf(out, "%s/", dir);
	buf_addf(out, "%s/%s", (e->state & ENTRY_NEW) != 0 ? "new" : "cur",
	    entry_name(c, e));
}

const char *
entry_fault(const struct catalogue *c, const struct entry *e)
{
	if ((e->state & ENTRY_BAD) != 0)
		return c->faults[e->stamp];
	return (e->state & ENTRY_GONE) != 0 ? "vanished while it was read"
					    : NULL;
}

static void
set_fault(struct catalogue *c, size_t number, const char *text)
{
	(void)pthread_mutex_lock(&c->lock);
	c->faults =
	    grow(c->faults, c->n_faults, &c->cap_faults, sizeof *c->faults);
	c->entries[number].state |= ENTRY_BAD;
	c->entries[number].stamp = (uint32_t)c->n_faults;
	c->faults[c->n_faults++] = xstrdup(text);
	(void)pthread_mutex_unlock(&c->lock);
}

int
open_box(const struct mdtree *t, const char *dir, bool is_new)
{
	int folder = open_below(t->fd, dir), box, saved;

	if (folder == -1)
		return -1;
	box = openat(folder, is_new ? "new" : "cur",
	    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	saved = errno;
	(void)close(folder);
	errno = saved;
	return box;
}

/* What a directory entry is that is no regular file; NULL if it is one or a
 * directory, which Dovecot clears away itself. */
static const char *
oddity(int fd, const struct dirent *e, bool *skip)
{
	unsigned char type = e->d_type;

	*skip = false;
	if (type == DT_UNKNOWN) {
		struct stat st;

		if (fstatat(fd, e->d_name, &st, AT_SYMLINK_NOFOLLOW) == -1) {
			*skip = true;
			return NULL;
		}
		type = (unsigned char)IFTODT(st.st_mode);
	}
	if (type == DT_REG)
		return NULL;
	*skip = type == DT_DIR;
	if (type == DT_LNK)
		return "a symbolic link, which is not followed";
	return "not a regular file";
}

static int
add_entry(struct catalogue *c, size_t folder, bool is_new,
    const struct dirent *d, const char *odd, struct why *why)
{
	size_t len = strlen(d->d_name) + 1;
	struct entry *e;

	c->entries = grow(c->entries, c->n, &c->cap, sizeof *c->entries);
	e = &c->entries[c->n];
	*e = (struct entry){ .ino = (uint32_t)(d->d_ino ^ d->d_ino >> 32),
		.name = (uint32_t)c->names.len,
		.folder = (uint32_t)folder & 0xffffff,
		.state = is_new ? ENTRY_NEW : 0 };
	buf_add(&c->names, d->d_name, len);
	if (c->names.overflow || c->n >= UINT32_MAX - 1)
		return why_set(
		    why, FAIL_FATAL, "%s: too many messages", c->tree->root);
	c->n++;
	if (odd != NULL) {
		e->state |= ENTRY_READ;
		set_fault(c, c->n - 1, odd);
	}
	return 0;
}

/* Takes fd, of cur/ or new/. */
static int
list_box(
    struct catalogue *c, size_t folder, bool is_new, int fd, struct why *why)
{
	DIR *d = fdopendir(fd);
	struct dirent *e;
	int r = 0;

	if (d == NULL) {
		(void)close(fd);
		return why_errno(why, FAIL_FATAL, "%s/%s", c->tree->root,
		    c->tree->folders[folder].dir);
	}
	while (r == 0 && (errno = 0, e = readdir(d)) != NULL) {
		const char *odd;
		bool skip;

		if (e->d_name[0] == '.')
			continue;
		odd = oddity(fd, e, &skip);
		if (skip)
			continue;
		if (mdname_ignored(e->d_name) && c->tree->strict)
			continue; /* Dovecot passes it over */
		if (odd == NULL && mdname_ignored(e->d_name))
			odd = "a line end in its file name";
		r = add_entry(c, folder, is_new, e, odd, why);
	}
	if (r == 0 && errno != 0)
		r = why_errno(why, FAIL_FATAL, "%s/%s", c->tree->root,
		    c->tree->folders[folder].dir);
	(void)closedir(d);
	return r;
}

/* What stays of an entry when Dovecot renames its file. The caller frees it. */
static char *
lasting_name(const struct catalogue *c, const struct entry *e)
{
	const char *name = entry_name(c, e);

	return xasprintf("%u/%u/%.*s", (unsigned int)e->folder,
	    (unsigned int)e->ino, (int)strcspn(name, ":"), name);
}

static void
free_keys(struct map *m)
{
	const char *key;
	void *value;
	size_t at = 0;

	while (map_next(m, &at, &key, &value))
		free((void *)(uintptr_t)key);
	map_free(m);
}

/* Puts lasting names of entries into a map, the value being the number and 1.
 */
static void
remember(struct map *m, const struct catalogue *c, size_t number)
{
	char *name = lasting_name(c, &c->entries[number]);
	bool added;
	void **value = map_put(m, name, &added);

	*value = (void *)(uintptr_t)(number + 1);
	if (!added)
		free(name);
}

/* The entry of the same file in the map, which forgets it; NULL if none. */
static struct entry *
recollect(struct map *m, struct catalogue *c, const struct entry *e)
{
	char *name = lasting_name(c, e);
	void **value = map_get(m, name);
	struct entry *found = NULL;

	if (value != NULL && *value != NULL) {
		found = &c->entries[(uintptr_t)*value - 1];
		*value = NULL;
	}
	free(name);
	return found;
}

/* Of the entries from number from to mid, drops those whose files are listed
 * again behind them, under the names that they have now. */
static void
drop_older(struct catalogue *c, size_t from, size_t mid)
{
	struct map older = { 0 };
	size_t kept = from;

	if (from == mid)
		return;
	for (size_t i = from; i < mid; i++)
		remember(&older, c, i);
	for (size_t i = mid; i < c->n; i++) {
		struct entry *e = recollect(&older, c, &c->entries[i]);

		if (e != NULL)
			e->state |= ENTRY_GONE;
	}
	free_keys(&older);
	for (size_t i = from; i < c->n; i++)
		if (i >= mid || (c->entries[i].state & ENTRY_GONE) == 0)
			c->entries[kept++] = c->entries[i];
	c->n = kept;
}

/*
 * The time of a directory that is about to be listed. The clock of a file
 * system goes in ticks: a change in the same tick would leave no trace, so a
 * time that is so young counts as none.
 */
static struct timespec
steady_time(int fd)
{
	const int64_t tick = 20000000; /* of a kernel with HZ=100, twice */
	struct timespec now;
	struct stat st;
	int64_t age;

	if (fstat(fd, &st) == -1)
		return (struct timespec){ 0 };
	(void)clock_gettime(CLOCK_REALTIME, &now);
	age = (now.tv_sec - st.st_mtim.tv_sec) * INT64_C(1000000000) +
	      now.tv_nsec - st.st_mtim.tv_nsec;
	if (age >= 0 && age < tick)
		return (struct timespec){ 0 };
	return st.st_mtim;
}

/* new/ comes first, so that no message is missed that is moved to cur/
 * meanwhile; and where it was listed in both, cur/ holds. */
static int
list_once(struct catalogue *c, size_t folder, struct why *why)
{
	struct mdfolder *f = &c->tree->folders[folder];
	size_t first = c->n, mid = c->n;

	for (int is_new = 1; is_new >= 0; is_new--) {
		int fd = open_box(c->tree, f->dir, is_new);

		mid = c->n;
		f->seen[is_new] = (struct timespec){ 0 };
		if (fd == -1 && errno == ENOENT)
			continue; /* Dovecot makes it when it is needed */
		if (fd == -1)
			return why_errno(why, FAIL_FATAL, "%s/%s/%s",
			    c->tree->root, f->dir, is_new ? "new" : "cur");
		f->seen[is_new] = steady_time(fd);
		if (list_box(c, folder, is_new, fd, why) == -1)
			return -1;
	}
	drop_older(c, first, mid);
	if (c->index != NULL && !c->stamps)
		index_recall_all(c->index, c, first);
	return 0;
}

enum {
	PASSES = 4
};

/*
 * A file that is renamed while its directory is read can be missed (readdir(3)
 * may or may not return it), and Dovecot renames a file when its flags change.
 * So a folder that changed meanwhile is listed again, and what was seen once
 * is kept.
 */
static int
list_folder(struct catalogue *c, size_t folder, struct why *why)
{
	size_t first = c->n;
	struct why local = { 0 };

	for (int i = 0; i < PASSES; i++) {
		size_t begun = c->n;

		if (list_once(c, folder, &local) == -1) {
			if (why != NULL)
				*why = local;
			return mdtree_fault(c->tree, folder, &local);
		}
		drop_older(c, first, begun);
		if (!catalogue_is_stale(c, folder, false))
			break;
	}
	return 0;
}

int
catalogue_list(struct catalogue *c, struct why *why)
{
	for (size_t i = 0; i < c->tree->n; i++)
		if (list_folder(c, i, why) == -1)
			return -1;
	return 0;
}

/* True if cur/ or new/ of a folder has not the time that it had when it was
 * listed last. */
static bool
box_is_stale(const struct catalogue *c, const struct mdfolder *f, bool is_new)
{
	const struct timespec *seen = &f->seen[is_new];
	int fd = open_box(c->tree, f->dir, is_new);
	struct stat st;
	bool same;

	if (fd == -1) /* not there, as before? */
		return errno != ENOENT || seen->tv_sec != 0;
	same = fstat(fd, &st) == 0 && st.st_mtim.tv_sec == seen->tv_sec &&
	       st.st_mtim.tv_nsec == seen->tv_nsec;
	(void)close(fd);
	return !same;
}

bool
catalogue_is_stale(const struct catalogue *c, size_t folder, bool new_only)
{
	const struct mdfolder *f = &c->tree->folders[folder];

	return box_is_stale(c, f, true) ||
	       (!new_only && box_is_stale(c, f, false));
}

int
catalogue_update(struct catalogue *c, size_t folder, struct why *why)
{
	size_t n = c->n, kept = c->n, names = c->names.len;
	struct map known = { 0 };
	int r;

	for (size_t i = 0; i < n; i++)
		if (c->entries[i].folder == folder)
			remember(&known, c, i);
	r = list_folder(c, folder, why);
	for (size_t i = n; i < c->n; i++)
		if (recollect(&known, c, &c->entries[i]) == NULL)
			c->entries[kept++] = c->entries[i];
	if (kept == n)
		c->names.len = names;
	c->n = kept;
	free_keys(&known);
	return r;
}

int
entry_open(const struct catalogue *c, const struct entry *e, struct why *why)
{
	struct last_box box = { 0 };
	int fd = open_in_box(&box, c, e);

	if (fd == -1)
		why_errno(why, FAIL_DATA, "cannot be opened");
	box_forget(&box);
	return fd;
}

void
box_forget(struct last_box *b)
{
	if (b->open && b->fd != -1)
		(void)close(b->fd);
	b->open = false;
}

int
box_of(struct last_box *b, const struct catalogue *c, const struct entry *e)
{
	bool is_new = (e->state & ENTRY_NEW) != 0;

	if (!b->open || b->folder != e->folder || b->is_new != is_new) {
		box_forget(b);
		b->fd =
		    open_box(c->tree, c->tree->folders[e->folder].dir, is_new);
		b->open = b->fd != -1;
		b->folder = e->folder;
		b->is_new = is_new;
	}
	return b->fd;
}

int
open_in_box(
    struct last_box *b, const struct catalogue *c, const struct entry *e)
{
	int box = box_of(b, c, e);

	return box == -1 ? -1 : openat(box, entry_name(c, e), ENTRY_FLAGS);
}

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

/* True if the index knows the file, as it is now. */
static bool
recall(struct catalogue *c, struct entry *e, int box)
{
	struct stat st;

	if (!c->stamps ||
	    fstatat(box, entry_name(c, e), &st, AT_SYMLINK_NOFOLLOW) == -1)
		return false;
	e->stamp = index_stamp(&st);
	if (c->index != NULL)
		index_recall(c->index, c, e);
	return (e->state & ENTRY_READ) != 0;
}

static void
read_one(struct catalogue *c, struct pass *p, size_t number, bool digest)
{
	struct entry *e = &c->entries[number];
	int box = box_of(&p->box, c, e), fd, r;
	struct why why = { 0 };

	if (!digest && box != -1 && recall(c, e, box))
		return;
	fd = open_in_box(&p->box, c, e);
	if (fd == -1 && errno == ENOENT) {
		e->state |= ENTRY_GONE;
		return;
	}
	if (fd == -1) {
		why_errno(&why, FAIL_DATA, "cannot be opened");
		set_fault(c, number, why.text);
		return;
	}
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
		set_fault(c, number, why.text);
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

/*
 * Gives the entries that are gone the names that their files have now. *found
 * says that there were some.
 */
static int
find_again(
    struct catalogue *c, const bool *in_folder, bool *found, struct why *why)
{
	struct map gone = { 0 };
	size_t n = c->n;
	int r = 0;

	for (size_t i = 0; i < n; i++)
		if ((c->entries[i].state & ENTRY_GONE) != 0 &&
		    in_folder[c->entries[i].folder])
			remember(&gone, c, i);
	for (size_t f = 0; r == 0 && f < c->tree->n; f++)
		if (in_folder[f])
			r = list_folder(c, f, why);
	for (size_t i = n; i < c->n; i++) {
		const struct entry *e = &c->entries[i];
		struct entry *old = recollect(&gone, c, e);

		if (old == NULL)
			continue;
		old->name = e->name;
		old->state &= ~(unsigned int)(ENTRY_GONE | ENTRY_NEW) & 0xff;
		old->state |= e->state & ENTRY_NEW;
		*found = true;
	}
	c->n = n;
	free_keys(&gone);
	return r;
}

int
catalogue_find_again(struct catalogue *c, size_t folder, struct why *why)
{
	bool *in_folder = xcalloc(c->tree->n + 1, sizeof *in_folder);
	bool found = false;
	int r;

	in_folder[folder] = true;
	r = find_again(c, in_folder, &found, why);
	free(in_folder);
	return r;
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

		parallel(c->n - first, c->jobs, fn, &range, sizeof(struct pass),
		    pass_free);
		memset(in_folder, 0, c->tree->n * sizeof *in_folder);
		for (size_t j = first; j < c->n; j++) {
			if ((c->entries[j].state & ENTRY_GONE) != 0)
				in_folder[c->entries[j].folder] = gone = true;
		}
		if (!gone)
			break;
		r = find_again(c, in_folder, &found, why);
		if (r == -1 || !found)
			break;
	}
	free(in_folder);
	return r;
}

int
catalogue_read_ids(struct catalogue *c, size_t first, struct why *why)
{
	return read_all(c, first, read_ids, why);
}

int
catalogue_read_digests(struct catalogue *c, struct why *why)
{
	return read_all(c, 0, read_digests, why);
}
