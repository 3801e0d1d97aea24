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
#include "maildir/box.h"
#include "maildir/catalogue-internal.h"
#include "maildir/index.h"
#include "maildir/name.h"

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
entry_name(const struct catalogue *c, const struct catalogue_entry *e)
{
	return c->names.data + e->name;
}

void
entry_put_path(
    struct buf *out, const struct catalogue *c, const struct catalogue_entry *e)
{
	const char *dir = c->tree->folders[e->folder].dir;

	if (c->reader != NULL) {
		buf_addf(out, "%s/%s", dir, entry_name(c, e));
		return;
	}
	if (strcmp(dir, ".") != 0)
		buf_addf(out, "%s/", dir);
	buf_addf(out, "%s/%s", (e->state & ENTRY_NEW) != 0 ? "new" : "cur",
	    entry_name(c, e));
}

const char *
entry_fault(const struct catalogue *c, const struct catalogue_entry *e)
{
	if ((e->state & ENTRY_BAD) != 0)
		return c->faults[e->stamp];
	return (e->state & ENTRY_GONE) != 0 ? "vanished while it was read"
					    : NULL;
}

void
catalogue_set_fault(struct catalogue *c, size_t number, const char *text)
{
	(void)pthread_mutex_lock(&c->lock);
	c->faults =
	    xgrow(c->faults, c->n_faults, &c->cap_faults, sizeof *c->faults);
	c->entries[number].state |= ENTRY_BAD;
	c->entries[number].stamp = (uint32_t)c->n_faults;
	c->faults[c->n_faults++] = xstrdup(text);
	(void)pthread_mutex_unlock(&c->lock);
}

/* What a directory entry is that is not a regular file; NULL if it is one or a
 * directory, which Dovecot clears away itself. */
static const char *
oddity(int fd, const struct dirent *e, bool *skip)
{
	unsigned char type = e->d_type;

	*skip = false;
	if (type == DT_UNKNOWN) {
		struct stat st;

		if (fstatat(fd, e->d_name, &st, AT_SYMLINK_NOFOLLOW) == -1) {
			*skip = errno == ENOENT;
			return NULL; /* opening it will tell */
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

int
catalogue_add(struct catalogue *c, size_t folder, const char *name,
    uint32_t ino, struct why *why)
{
	c->entries = xgrow(c->entries, c->n, &c->cap, sizeof *c->entries);
	c->entries[c->n] = (struct catalogue_entry){
		.ino = ino,
		.name = (uint32_t)c->names.len,
		.folder = (uint32_t)folder & 0xffffff,
	};
	buf_add(&c->names, name, strlen(name) + 1);
	if (c->names.overflow || c->n >= UINT32_MAX - 1)
		return why_set(
		    why, FAIL_FATAL, "%s: too many messages", c->tree->root);
	c->n++;
	return 0;
}

static int
add_file(struct catalogue *c, size_t folder, bool is_new,
    const struct dirent *d, const char *odd, struct why *why)
{
	struct catalogue_entry *e;

	if (catalogue_add(c, folder, d->d_name,
		(uint32_t)(d->d_ino ^ d->d_ino >> 32), why) == -1)
		return -1;
	e = &c->entries[c->n - 1];
	if (is_new)
		e->state |= ENTRY_NEW;
	if (odd != NULL) {
		e->state |= ENTRY_READ;
		catalogue_set_fault(c, c->n - 1, odd);
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
		r = add_file(c, folder, is_new, e, odd, why);
	}
	if (r == 0 && errno != 0)
		r = why_errno(why, FAIL_FATAL, "%s/%s", c->tree->root,
		    c->tree->folders[folder].dir);
	(void)closedir(d);
	return r;
}

/* What stays of an entry when Dovecot renames its file. The caller frees it. */
static char *
lasting_name(const struct catalogue *c, const struct catalogue_entry *e)
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
static struct catalogue_entry *
recollect(struct map *m, struct catalogue *c, const struct catalogue_entry *e)
{
	char *name = lasting_name(c, e);
	void **value = map_get(m, name);
	struct catalogue_entry *found = NULL;

	if (value != NULL && *value != NULL) {
		found = &c->entries[(uintptr_t)*value - 1];
		*value = NULL;
	}
	free(name);
	return found;
}

/* Gives an entry the name that its file has now, by which it is listed again. */
static void
take_name(struct catalogue_entry *old, const struct catalogue_entry *e)
{
	old->name = e->name;
	old->state &= ~(unsigned int)(ENTRY_GONE | ENTRY_NEW) & 0xff;
	old->state |= e->state & ENTRY_NEW;
}

/* Of the entries from number from on that are of one file, keeps the one that was
 * listed last: it has the name that the file has now. Those from number end on have
 * no later one. */
static void
keep_latest(struct catalogue *c, size_t from, size_t end)
{
	struct map seen = { 0 };
	size_t kept = from;

	if (from == end)
		return;
	for (size_t i = from; i < c->n; i++) {
		struct catalogue_entry *older =
		    recollect(&seen, c, &c->entries[i]);

		if (older != NULL)
			older->state |= ENTRY_GONE;
		if (i < end)
			remember(&seen, c, i);
	}
	free_keys(&seen);
	for (size_t i = from; i < c->n; i++)
		if ((c->entries[i].state & ENTRY_GONE) == 0)
			c->entries[kept++] = c->entries[i];
	c->n = kept;
}

/* new/ comes first, so that no message is missed that is moved to cur/
 * meanwhile; and where it was listed in both, cur/ holds. */
static int
list_once(struct catalogue *c, size_t folder, struct why *why)
{
	struct mdfolder *f = &c->tree->folders[folder];
	size_t first = c->n, mid = first;

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
	keep_latest(c, first, mid);
	if (c->index != NULL && !c->stamps)
		index_recall_all(c->index, c, first);
	return 0;
}

enum {
	PASSES = 8
};

/*
 * A file that is renamed while its directory is read can be missed (readdir(3)
 * may or may not return it), and Dovecot renames a file when its flags change.
 * So a folder that changed meanwhile is listed again, and what was seen once
 * is kept: once, though it can be seen under both names in one pass.
 */
static int
list_folder(struct catalogue *c, size_t folder, struct why *why)
{
	size_t first = c->n;
	struct why local = { 0 };

	for (int i = 0; i < PASSES; i++) {
		bool stale;

		if (list_once(c, folder, &local) == -1) {
			/* What an earlier pass saw would come twice. */
			c->n = first;
			if (why != NULL)
				*why = local;
			return mdtree_fault(c->tree, folder, &local);
		}
		stale = catalogue_is_stale(c, folder, false);
		if (i > 0 || stale)
			keep_latest(c, first, c->n);
		if (!stale)
			break;
	}
	return 0;
}

int
catalogue_list(struct catalogue *c, struct why *why)
{
	(void)clock_gettime(CLOCK_REALTIME_COARSE, &c->began);
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

/* True if an entry's file was made after the first listing began: it was in no
 * other folder then. A link or a rename does not make one. */
static bool
is_newborn(struct last_box *b, const struct catalogue *c,
    const struct catalogue_entry *e)
{
	int box = box_of(b, c, e);
	struct statx st;

	if (box == -1 ||
	    statx(box, entry_name(c, e), AT_SYMLINK_NOFOLLOW, STATX_BTIME,
		&st) == -1 ||
	    (st.stx_mask & STATX_BTIME) == 0)
		return false;
	return st.stx_btime.tv_sec > c->began.tv_sec ||
	       (st.stx_btime.tv_sec == c->began.tv_sec &&
		   st.stx_btime.tv_nsec > (uint32_t)c->began.tv_nsec);
}

/* Lists a folder again. What is in it no more is gone. */
static int
list_again(
    struct catalogue *c, size_t folder, enum refresh *found, struct why *why)
{
	size_t n = c->n, kept = c->n, names = c->names.len;
	struct map known = { 0 };
	struct last_box box = { 0 };
	bool renamed = false;
	const char *key;
	void *value;
	int r;

	for (size_t i = 0; i < n; i++)
		if (c->entries[i].folder == folder)
			remember(&known, c, i);
	r = list_folder(c, folder, why);
	for (size_t i = n; i < c->n; i++) {
		struct catalogue_entry *e = &c->entries[i];
		struct catalogue_entry *old = recollect(&known, c, e);

		if (old == NULL) {
			if (*found != REFRESH_OTHER && !is_newborn(&box, c, e))
				*found = REFRESH_OTHER;
			c->entries[kept++] = *e;
		} else if (strcmp(entry_name(c, old), entry_name(c, e)) != 0 ||
			   ((old->state ^ e->state) &
			       (ENTRY_NEW | ENTRY_GONE)) != 0) {
			take_name(old, e);
			renamed = true;
		}
	}
	if (kept == n && !renamed)
		c->names.len = names;
	box_forget(&box);
	c->n = kept;
	for (size_t at = 0; map_next(&known, &at, &key, &value);)
		if (value != NULL) {
			c->entries[(uintptr_t)value - 1].state |= ENTRY_GONE;
			*found = REFRESH_OTHER;
		}
	free_keys(&known);
	return r;
}

void
catalogue_drop_gone(struct catalogue *c)
{
	size_t kept = 0;

	for (size_t i = 0; i < c->n; i++)
		if ((c->entries[i].state & ENTRY_GONE) == 0 &&
		    !c->tree->folders[c->entries[i].folder].gone)
			c->entries[kept++] = c->entries[i];
	c->n = kept;
}

int
catalogue_refresh(struct catalogue *c, enum refresh *found, struct why *why)
{
	int r = mdtree_refresh(c->tree, found, why);

	for (size_t i = 0; r == 0 && i < c->tree->n; i++) {
		const struct mdfolder *f = &c->tree->folders[i];

		if (f->gone || f->fault != NULL ||
		    !catalogue_is_stale(c, i, false))
			continue;
		if (*found == REFRESH_SAME)
			*found = REFRESH_STAYED;
		r = list_again(c, i, found, why);
	}
	catalogue_drop_gone(c);
	return r;
}

int
catalogue_find_in(
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
		const struct catalogue_entry *e = &c->entries[i];
		struct catalogue_entry *old = recollect(&gone, c, e);

		if (old == NULL)
			continue;
		take_name(old, e);
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
	r = catalogue_find_in(c, in_folder, &found, why);
	free(in_folder);
	return r;
}
