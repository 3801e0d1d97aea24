/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "maildir/refresh.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/alloc.h"
#include "maildir/tree-internal.h"

/* True if both are one folder, by whatever name. */
static bool
is_same(const struct mdfolder *a, const struct mdfolder *b)
{
	if (a->ino == 0 && b->ino == 0)
		return strcmp(a->dir, b->dir) == 0;
	return a->ino == b->ino && a->dev == b->dev;
}

/*
 * The number of a folder of the list among the first n that are known, and not
 * found yet; n if it is new. It is mostly where it was. One of the same name is
 * better: a symbolic link is the same folder, too.
 */
static size_t
find_known(const struct mdtree *t, size_t n, const bool *found,
    const struct mdfolder *f, size_t guess)
{
	size_t renamed = n;

	if (guess < n && !found[guess] && !t->folders[guess].gone &&
	    is_same(&t->folders[guess], f) &&
	    strcmp(t->folders[guess].dir, f->dir) == 0)
		return guess;
	for (size_t i = 0; i < n; i++) {
		if (found[i] || t->folders[i].gone ||
		    !is_same(&t->folders[i], f))
			continue;
		if (strcmp(t->folders[i].dir, f->dir) == 0)
			return i;
		renamed = i;
	}
	return renamed;
}

static void
forget_name(struct mdfolder *f)
{
	free(f->path);
	free(f->role);
	f->path = f->role = NULL;
}

/* Opens what a folder of the list is called; -1 and errno if that is not it. */
static int
open_same(const struct mdtree *t, const struct mdfolder *f)
{
	int fd = mdtree_dir(t, f->dir);
	struct stat st;

	if (fd == -1 || f->ino == 0)
		return fd;
	if (fstat(fd, &st) == 0 && st.st_ino == f->ino && st.st_dev == f->dev)
		return fd;
	(void)close(fd);
	errno = ENOENT;
	return -1;
}

bool
mdtree_is_there(const struct mdtree *t, const struct mdfolder *f)
{
	int fd = open_same(t, f);

	if (fd == -1)
		return false;
	(void)close(fd);
	return true;
}

static int
add_new(struct mdtree *t, const char *dir, struct why *why)
{
	size_t added = mdtree_add(t, dir, NULL);

	mdtree_name(t, &t->folders[added]);
	mdtree_identify(t, &t->folders[added]);
	return mdtree_read_keywords(t, added, why);
}

/* Takes over what a new list says. */
static int
adopt(struct mdtree *t, const struct mdtree *now, enum refresh *look,
    struct why *why)
{
	size_t n = t->n;
	bool *found = xcalloc(n + 1, sizeof *found);
	int r = 0;

	for (size_t i = 0; r == 0 && i < now->n; i++) {
		const char *dir = now->folders[i].dir;
		size_t at = find_known(t, n, found, &now->folders[i], i);
		struct mdfolder *f = &t->folders[at];

		found[at] = true;
		if (at < n && strcmp(f->dir, dir) == 0)
			continue;
		*look = REFRESH_OTHER;
		if (at == n) {
			r = add_new(t, dir, why);
			continue;
		}
		free(f->dir);
		f->dir = xstrdup(dir);
		forget_name(f);
		mdtree_name(t, f);
	}
	for (size_t i = 0; i < n; i++) {
		if (found[i] || t->folders[i].gone || t->folders[i].missing ||
		    mdtree_is_there(t, &t->folders[i])) /* no folder yet */
			continue;
		*look = REFRESH_OTHER;
		t->folders[i].gone = true;
		forget_name(&t->folders[i]);
	}
	free(found);
	return r;
}

/* Takes the INBOX out of a list where it lies among the folders. */
static int
drop_inbox(struct mdtree *t)
{
	struct stat st;

	if (t->inbox_dir == NULL)
		return 0;
	if (fstat(t->inbox, &st) == -1)
		return -1;
	for (size_t i = t->n; i-- > 0;)
		if (t->folders[i].ino == st.st_ino &&
		    t->folders[i].dev == st.st_dev)
			mdtree_forget(t, i);
	return 0;
}

int
mdtree_refresh(struct mdtree *t, enum refresh *found, struct why *why)
{
	struct mdtree now = *t;
	bool touched;
	int r = 0;

	now.folders = NULL;
	now.n = now.cap = 0;
	if (mdtree_list(&now, t->style.fs, &touched) == -1 ||
	    drop_inbox(&now) == -1)
		r = why_errno(why, FAIL_FATAL, "%s", t->root);
	if (r == 0) {
		mdtree_list_inbox(&now);
		mdtree_sort(&now);
		*found = touched ? REFRESH_STAYED : REFRESH_SAME;
		r = adopt(t, &now, found, why);
	}
	mdtree_clear(&now);
	free(now.folders);
	return r;
}

int
mdtree_find_dir(struct mdtree *t, size_t folder, int *fd, struct why *why)
{
	enum {
		TRIES = 40 /* it can be renamed again and again */
	};
	enum refresh found;

	*fd = open_same(t, &t->folders[folder]);
	for (int i = 0; *fd == -1 && errno == ENOENT && i < TRIES; i++) {
		if (mdtree_refresh(t, &found, why) == -1)
			return -1;
		errno = ENOENT;
		if (t->folders[folder].gone)
			break;
		*fd = open_same(t, &t->folders[folder]);
	}
	if (*fd != -1)
		return 0;
	return why_errno(why,
	    errno == ENOENT ? FAIL_TEMP : fail_of_errno(errno),
	    "the folder %s cannot be opened", t->folders[folder].dir);
}
