/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "merge/undo-folders.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/alloc.h"
#include "core/str.h"
#include "maildir/control.h"
#include "maildir/delivery.h"
#include "maildir/keywords.h"
#include "maildir/name.h"
#include "maildir/subscriptions.h"

/* The letters that the messages of a folder use, but for those that the undoing
 * removes. 0, or -1 and errno. */
static int
letters_in_use(const struct undoing *x, const char *dir, unsigned int *used)
{
	struct names b;
	int r = names_open(&b, x->u->tree, dir);

	*used = 0;
	for (int i = 0; r == 0 && i < 2; i++) {
		size_t at = 0;
		const char *key;
		void *value;
		struct mdname n;

		while (map_next(&b.by_base[i], &at, &key, &value)) {
			if (undo_has_removed(x, dir, key))
				continue;
			mdname_parse(&n, value);
			*used |= n.letters;
		}
	}
	names_close(&b);
	return r;
}

/* Takes a keyword out of a folder's list, under the lock, if no message has
 * it. */
static enum undo_status
remove_keyword(const struct undoing *x, const struct journal_record *r,
    int control, struct why *why)
{
	struct keywords k = { 0 };
	enum undo_status status = UNDO_REMOVED;
	unsigned int used;
	int n;

	if (keywords_read(&k, control, why) == -1)
		return UNDO_FAILED;
	n = keywords_find(&k, r->name);
	if (n == -1 || n != r->number) {
		status = UNDO_GONE;
	} else if (letters_in_use(x, r->dir, &used) == -1) {
		(void)why_errno(why, fail_of_errno(errno), "cannot be listed");
		status = UNDO_FAILED;
	} else if ((used >> n & 1) != 0) {
		status = UNDO_IN_USE;
	} else if (!x->u->dry_run) {
		free(k.name[n]);
		k.name[n] = NULL;
		if (keywords_write(&k, control, why) == -1)
			status = UNDO_FAILED;
	}
	keywords_free(&k);
	return status;
}

static enum undo_status
undo_keyword(
    const struct undoing *x, const struct journal_record *r, struct why *why)
{
	int fd = mdtree_control(x->u->tree, r->dir);
	enum undo_status status;

	if (fd == -1 && errno == ENOENT)
		return UNDO_GONE;
	if (fd == -1) {
		(void)why_errno(why, fail_of_errno(errno), "%s", r->dir);
		return UNDO_FAILED;
	}
	if (!x->u->dry_run && dot_lock(fd, UIDLIST_LOCK, why) == -1) {
		(void)close(fd);
		return UNDO_FAILED;
	}
	status = remove_keyword(x, r, fd, why);
	if (!x->u->dry_run)
		dot_unlock(fd, UIDLIST_LOCK);
	(void)close(fd);
	return status;
}

/* Removes what Dovecot and we keep in a folder beside the mail. */
static void
remove_control_files(int fd)
{
	DIR *d = opendir_below(fd, ".");
	struct dirent *e;

	if (d == NULL)
		return;
	while ((e = readdir(d)) != NULL)
		if (str_starts(e->d_name, "dovecot") ||
		    str_starts(e->d_name, "mailferry.") ||
		    strcmp(e->d_name, "maildirfolder") == 0)
			(void)unlinkat(fd, e->d_name, 0);
	(void)closedir(d);
}

/* True if a directory was empty and is gone, now or since an earlier try. */
static bool
is_removed(int fd, const char *name)
{
	return unlinkat(fd, name, AT_REMOVEDIR) == 0 || errno == ENOENT;
}

static bool
is_not_empty(int error)
{
	return error == ENOTEMPTY || error == EEXIST;
}

/* The same of a directory of the tree, whatever the levels above it are by
 * now. */
static bool
is_dir_removed(const struct mdtree *t, const char *dir)
{
	const char *name = strrchr(dir, '/');
	char *above;
	bool removed;
	int fd, saved;

	if (name == NULL)
		return is_removed(t->fd, dir);
	above = xmemdup(dir, (size_t)(name - dir));
	fd = mdtree_dir(t, above);
	free(above);
	if (fd == -1)
		return errno == ENOENT;
	removed = is_removed(fd, name + 1);
	saved = errno;
	(void)close(fd);
	errno = saved;
	return removed;
}

/* True if what is left of a folder is gone: its directory; or of one that was a
 * level before, what made it a folder. */
static bool
is_taken_back(const struct undo *u, const struct journal_record *r, int fd)
{
	if (strcmp(r->dir, ".") != 0) /* those there are of the whole tree */
		remove_control_files(fd);
	return is_removed(fd, "tmp") &&
	       (r->was != NULL || is_dir_removed(u->tree, r->dir));
}

/*
 * Removes a folder that the run made, if no message is in it: rmdir(2) says so,
 * however busy the folder is. What was taken away of one that turns out to be
 * in use is put back.
 */
static enum undo_status
remove_folder(const struct undo *u, const struct journal_record *r, int fd,
    struct why *why)
{
	const char *dir = r->dir;
	struct drop d;
	int saved;

	if (is_removed(fd, "new") && is_removed(fd, "cur")) {
		/* Twice: what failed to go would look like somebody's use. */
		for (int i = 0; i < 2; i++) {
			drop_sweep_at(fd);
			if (is_taken_back(u, r, fd))
				return UNDO_REMOVED;
		}
	}
	saved = errno;
	if (drop_open_at(&d, mdtree_dir(u->tree, dir), dir, NULL) == 0)
		drop_close(&d);
	if (is_not_empty(saved))
		return UNDO_IN_USE;
	errno = saved;
	(void)why_errno(why, fail_of_errno(errno), "cannot be removed");
	return UNDO_FAILED;
}

/* What would become of it in a dry run. */
static enum undo_status
foresee_folder(const struct undoing *x, const char *dir, struct why *why)
{
	enum undo_status status = UNDO_REMOVED;
	struct names b;

	if (names_open(&b, x->u->tree, dir) == -1) {
		(void)why_errno(why, fail_of_errno(errno), "cannot be listed");
		status = UNDO_FAILED;
	}
	for (int i = 0; status == UNDO_REMOVED && i < 2; i++) {
		size_t at = 0;
		const char *key;
		void *value;

		while (map_next(&b.by_base[i], &at, &key, &value))
			if (!undo_has_removed(x, dir, key))
				status = UNDO_IN_USE;
	}
	names_close(&b);
	return status;
}

/* The same of a level: whether nothing would be left in it. */
static enum undo_status
foresee_level(const char *dir, int fd, const struct map *going)
{
	enum undo_status status = UNDO_REMOVED;
	DIR *d = opendir_below(fd, ".");
	struct dirent *e;

	while (d != NULL && (e = readdir(d)) != NULL) {
		char *path = xasprintf("%s/%s", dir, e->d_name);

		if (strcmp(e->d_name, ".") != 0 &&
		    strcmp(e->d_name, "..") != 0 &&
		    map_get(going, path) == NULL)
			status = UNDO_IN_USE;
		free(path);
	}
	if (d != NULL)
		(void)closedir(d);
	return status;
}

static enum undo_status
remove_level(const struct undo *u, const char *dir, struct why *why)
{
	if (is_dir_removed(u->tree, dir))
		return UNDO_REMOVED;
	if (is_not_empty(errno))
		return UNDO_IN_USE;
	(void)why_errno(why, fail_of_errno(errno), "cannot be removed");
	return UNDO_FAILED;
}

static enum undo_status
undo_dir(const struct undoing *x, const struct journal_record *r,
    const struct map *going, struct why *why)
{
	const char *dir = r->dir;
	int fd = mdtree_dir(x->u->tree, dir);
	enum undo_status status;

	if (fd == -1 && errno == ENOENT)
		return UNDO_GONE;
	if (fd == -1) {
		(void)why_errno(why, fail_of_errno(errno), "cannot be opened");
		return UNDO_FAILED;
	}
	if (strcmp(dir, ".") == 0 && mdtree_was_opened(x->u->tree, dir) != 0)
		status = UNDO_IN_USE;
	else if (r->kind == JOURNAL_LEVEL)
		status = x->u->dry_run ? foresee_level(dir, fd, going)
				       : remove_level(x->u, dir, why);
	else
		status = x->u->dry_run ? foresee_folder(x, dir, why)
				       : remove_folder(x->u, r, fd, why);
	(void)close(fd);
	return status;
}

static enum undo_status
undo_subscription(const struct undoing *x, const char *dir, struct why *why)
{
	const struct mdtree *t = x->u->tree;
	bool changed;

	if (x->u->dry_run)
		return is_subscribed(t->control, dir, &t->style, &changed)
			   ? UNDO_REMOVED
			   : UNDO_GONE;
	if (subscriptions_set(
		t->control, dir, &t->style, false, &changed, why) == -1)
		return UNDO_FAILED;
	return changed ? UNDO_REMOVED : UNDO_GONE;
}

static void
note_stay(const struct undoing *x, const struct journal_record *r,
    enum undo_status status)
{
	if (status == UNDO_IN_USE && !x->u->dry_run)
		heirlooms_add(&x->u->stays, r);
}

/* Folders that the run made and that stay, because they are in use now, are
 * put into kept; directories that go into going. */
static void
undo_record(struct undoing *x, const struct journal_record *r, struct map *kept,
    struct map *going)
{
	enum undo_status status;
	struct why why = { 0 };

	if (r->kind == JOURNAL_KEYWORD) {
		status = undo_keyword(x, r, &why);
		note_stay(x, r, status);
		undo_tell(x, UNDO_KEYWORD, r->dir, r->name, status, &why);
	} else if (r->kind == JOURNAL_FOLDER || r->kind == JOURNAL_LEVEL) {
		status = undo_dir(x, r, going, &why);
		if (status != UNDO_REMOVED && status != UNDO_GONE)
			(void)map_put(kept, r->dir, NULL);
		else if (r->was == NULL)
			(void)map_put(going, r->dir, NULL);
		if (status == UNDO_REMOVED && r->was != NULL &&
		    strcmp(r->dir, ".") != 0)
			x->u->level = r->dir;
		note_stay(x, r, status);
		undo_tell(x, UNDO_FOLDER, r->dir, NULL, status, &why);
	}
}

void
undo_folders(struct undoing *x)
{
	const struct journal_text *t = x->u->text;
	struct map kept = { 0 }, going = { 0 };
	size_t n, *order = journal_bottom_up(t, &n);

	for (size_t i = 0; i < n; i++)
		undo_record(x, &t->records[order[i]], &kept, &going);
	free(order);
	/* A folder that stays keeps its subscription. */
	for (size_t i = t->n; i-- > 0;) {
		const struct journal_record *r = &t->records[i];
		enum undo_status status = UNDO_IN_USE;
		struct why why = { 0 };

		if (r->kind != JOURNAL_SUBSCRIBE)
			continue;
		if (map_get(&kept, r->dir) == NULL)
			status = undo_subscription(x, r->dir, &why);
		note_stay(x, r, status);
		undo_tell(x, UNDO_SUBSCRIPTION, r->dir, NULL, status, &why);
	}
	map_free(&kept);
	map_free(&going);
}
