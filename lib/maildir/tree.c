/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "maildir/tree.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/alloc.h"
#include "core/io.h"
#include "core/str.h"
#include "mailbox/name.h"
#include "maildir/layout.h"
#include "maildir/tree-internal.h"

enum {
	DIR_FLAGS = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC,
	LEVELS_MAX = 64
};

const char *const layout_words[] = {
	[LAYOUT_AUTO] = "auto",
	[LAYOUT_MAILDIR] = "maildir++",
	[LAYOUT_FS] = "fs",
};

const char *const names_words[] = {
	[NAMES_AUTO] = "auto",
	[NAMES_MUTF7] = "mutf7",
	[NAMES_UTF8] = "utf8",
};

/* The same, level by level and following no link. */
static int
open_levels(int fd, const char *dir)
{
	int at = -1;

	do {
		size_t len = strcspn(dir, "/");
		char *level = xmemdup(dir, len);
		int next = openat(at == -1 ? fd : at, level, DIR_FLAGS);
		int saved = errno;

		free(level);
		if (at != -1)
			(void)close(at);
		errno = saved;
		at = next;
		dir += len;
	} while (at != -1 && *dir++ == '/');
	return at;
}

int
open_below(int fd, const char *dir)
{
	struct open_how how = {
		.flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS,
	};
	int found = open_levels(fd, dir), saved = errno;

	if (found != -1 || (errno != ELOOP && errno != ENOTDIR))
		return found;
	found = (int)syscall(SYS_openat2, fd, dir, &how, sizeof how);
	if (found == -1)
		errno = saved;
	return found;
}

int
mdtree_dir(const struct mdtree *t, const char *dir)
{
	if (strcmp(dir, ".") == 0)
		return open_below(t->inbox, ".");
	if (t->follow)
		return openat(t->fd, dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return open_below(t->fd, dir);
}

DIR *
opendir_below(int fd, const char *name)
{
	int dir = open_below(fd, name);
	DIR *d = dir == -1 ? NULL : fdopendir(dir);
	int saved = errno;

	if (d == NULL && dir != -1)
		(void)close(dir);
	errno = saved;
	return d;
}

int
mdtree_control(const struct mdtree *t, const char *dir)
{
	char *name;
	int fd, saved;

	if (t->control == t->fd)
		return mdtree_dir(t, dir);
	if (strcmp(dir, ".") == 0)
		return open_below(t->control, t->style.fs ? "INBOX" : ".INBOX");
	/* There is no DIRNAME in there. */
	name = xmemdup(dir, folder_length(dir, &t->style));
	fd = open_below(t->control, name);
	saved = errno;
	free(name);
	errno = saved;
	return fd;
}

/* True if an error says that there is no such directory; after any other one
 * there may be one that cannot be looked at. */
static bool
is_absent(int error)
{
	return error == ENOENT || error == ENOTDIR || error == ELOOP;
}

static bool
is_dir_at(int fd, const char *name)
{
	struct stat st;

	if (fstatat(fd, name, &st, AT_SYMLINK_NOFOLLOW) == -1)
		return !is_absent(errno);
	return S_ISDIR(st.st_mode);
}

/* A directory that holds a folder: Dovecot heals one that lacks some of the
 * three. One that cannot be read may hold messages. */
static bool
is_folder(int fd, const char *name)
{
	int dir = openat(fd, name, DIR_FLAGS);
	bool yes;

	if (dir == -1)
		return !is_absent(errno);
	yes = is_dir_at(dir, "cur") || is_dir_at(dir, "new");
	(void)close(dir);
	return yes;
}

bool
uidlist_each(const struct mdtree *t, const char *dir,
    void (*fn)(void *arg, const char *base), void *arg)
{
	int fd = mdtree_control(t, dir), list = -1;
	FILE *f = NULL;
	char *line = NULL;
	size_t size = 0;

	if (fd != -1) {
		list = openat(fd, "dovecot-uidlist",
		    O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
		(void)close(fd);
	}
	if (list != -1)
		f = fdopen(list, "r");
	if (f == NULL && list != -1)
		(void)close(list);
	if (f == NULL)
		return false;
	while (getline(&line, &size, f) != -1) {
		char *base = strchr(line, ':');

		if (base == NULL)
			continue;
		base[1 + strcspn(base + 1, ":\n")] = '\0';
		fn(arg, base + 1);
	}
	free(line);
	(void)fclose(f);
	return true;
}

static bool
is_reserved(const char *name)
{
	return strcmp(name, "cur") == 0 || strcmp(name, "new") == 0 ||
	       strcmp(name, "tmp") == 0 ||
	       strcmp(name, "mailferry-unfinished-folder") == 0;
}

/* Adds each directory below fd that can be a folder's. */
struct walk {
	struct mdtree *tree;
	bool fs;
	bool touched; /* a directory was changed while it was listed */
	int levels;
};
static int walk_dir(
    struct walk *w, int fd, const char *name, const char *prefix);

/* A symbolic link where a folder could be: one that leads to a folder and that
 * the tree does not follow is a folder with a fault, never one that is not
 * there. */
static void
walk_link(struct walk *w, int fd, const char *name, const char *dir)
{
	struct mdtree *t = w->tree;
	int to = openat(fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC), own;
	size_t n;

	if (to == -1 || !is_folder(to, ".")) {
		if (to != -1)
			(void)close(to);
		return;
	}
	(void)close(to);
	n = mdtree_add(t, dir, NULL);
	own = mdtree_dir(t, dir);
	if (own != -1)
		(void)close(own);
	else
		t->folders[n].fault =
		    xstrdup("a symbolic link out of the tree; --follow "
			    "follows it");
}

static bool
is_link_at(int fd, const char *name)
{
	struct stat st;

	return fstatat(fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	       S_ISLNK(st.st_mode);
}

static int
walk_entry(struct walk *w, int fd, const char *prefix, const char *name)
{
	char *dir =
	    *prefix == '\0' ? xstrdup(name) : xasprintf("%s/%s", prefix, name);
	int r = 0;

	if (is_link_at(fd, name)) {
		walk_link(w, fd, name, dir);
	} else if (is_dir_at(fd, name)) {
		if (is_folder(fd, name))
			(void)mdtree_add(w->tree, dir, NULL);
		if (w->fs && w->levels < LEVELS_MAX) {
			w->levels++;
			r = walk_dir(w, fd, name, dir);
			w->levels--;
		}
	}
	free(dir);
	return r;
}

struct timespec
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

static bool
has_time(int fd, const struct timespec *time)
{
	struct stat st;

	return fstat(fd, &st) == 0 && st.st_mtim.tv_sec == time->tv_sec &&
	       st.st_mtim.tv_nsec == time->tv_nsec;
}

/* What is below a level cannot be known. */
static void
fault_level(struct mdtree *t, const char *dir)
{
	size_t n = t->n;

	if (n == 0 || strcmp(t->folders[n - 1].dir, dir) != 0)
		n = mdtree_add(t, dir, NULL) + 1;
	if (t->folders[n - 1].fault == NULL)
		t->folders[n - 1].fault = xstrdup(strerror(errno));
}

/* A level that cannot be opened counts as a folder, and has a fault; or it went
 * just now. */
static int
walk_dir(struct walk *w, int fd, const char *name, const char *prefix)
{
	DIR *d = opendir_below(fd, name);
	struct timespec before;
	struct dirent *e;
	int r = 0;

	if (d == NULL) {
		w->touched |= is_absent(errno);
		if (*prefix != '\0' && !is_absent(errno))
			fault_level(w->tree, prefix);
		return *prefix == '\0' ? -1 : 0;
	}
	before = steady_time(dirfd(d));
	while (r == 0 && (errno = 0, e = readdir(d)) != NULL) {
		if (strcmp(e->d_name, ".") == 0 ||
		    strcmp(e->d_name, "..") == 0 || is_reserved(e->d_name))
			continue;
		if ((e->d_name[0] == '.') == w->fs)
			continue;
		r = walk_entry(w, dirfd(d), prefix, e->d_name);
	}
	if (errno != 0)
		r = -1;
	w->touched |= !has_time(dirfd(d), &before);
	(void)closedir(d);
	return r;
}

void
mdtree_identify(const struct mdtree *t, struct mdfolder *f)
{
	int fd = mdtree_dir(t, f->dir);
	struct stat st;

	if (fd == -1)
		return;
	if (fstat(fd, &st) == 0) {
		f->dev = st.st_dev;
		f->ino = st.st_ino;
	}
	(void)close(fd);
}

int
mdtree_list(struct mdtree *t, bool fs, bool *touched)
{
	struct walk w = { .tree = t, .fs = fs };
	size_t first = t->n;
	int r = walk_dir(&w, t->fd, ".", "");

	if (touched != NULL)
		*touched = w.touched;
	for (size_t i = first; i < t->n; i++)
		mdtree_identify(t, &t->folders[i]);
	return r;
}

int
mdtree_was_opened(const struct mdtree *t, const char *dir)
{
	int fd = mdtree_control(t, dir), found = -1, saved;

	if (fd != -1)
		found = name_exists(fd, "dovecot-uidlist");
	else if (is_absent(errno))
		found = 0;
	saved = errno;
	if (fd != -1)
		(void)close(fd);
	errno = saved;
	return found == -1 && (!t->strict || errno == EACCES) ? 1 : found;
}

static int
by_dir(const void *a, const void *b)
{
	const struct mdfolder *x = a, *y = b;

	return strcmp(x->dir, y->dir);
}

void
mdtree_sort(struct mdtree *t)
{
	if (t->n > 0)
		qsort(t->folders, t->n, sizeof *t->folders, by_dir);
}

void
mdtree_name(const struct mdtree *t, struct mdfolder *f)
{
	struct buf path = { 0 }, nfc = { 0 };
	const char *role;

	if (folder_put_path(&path, f->dir, &t->style) == 0) {
		mailbox_put_nfc(&nfc, buf_str(&path));
		f->path = xstrdup(buf_str(&nfc));
		role = mailbox_role_of_name(f->path);
		f->role = role == NULL ? NULL : xstrdup(role);
	}
	buf_free(&path);
	buf_free(&nfc);
}

static void
folder_free(struct mdfolder *f)
{
	free(f->dir);
	free(f->path);
	free(f->role);
	free(f->fault);
	free(f->no_keywords);
	keywords_free(&f->keywords);
}

void
mdtree_clear(struct mdtree *t)
{
	for (size_t i = 0; i < t->n; i++)
		folder_free(&t->folders[i]);
	t->n = 0;
}

void
mdtree_forget(struct mdtree *t, size_t folder)
{
	folder_free(&t->folders[folder]);
	t->n--;
	memmove(&t->folders[folder], &t->folders[folder + 1],
	    (t->n - folder) * sizeof *t->folders);
}

/* Lists the folders in the one layout, or in the other where there are none; a
 * tree that has both is none that Dovecot made. */
static int
list_layout(struct mdtree *t, const struct tree_hint *hint, struct why *why)
{
	size_t dotted;

	t->style.fs = hint->layout == LAYOUT_FS;
	if (mdtree_list(t, t->style.fs, NULL) == -1)
		return why_errno(why, FAIL_FATAL, "%s", t->root);
	if (hint->layout != LAYOUT_AUTO)
		return 0;
	dotted = t->n;
	if (mdtree_list(t, true, NULL) == -1)
		return why_errno(why, FAIL_FATAL, "%s", t->root);
	if (dotted > 0 && t->n > dotted)
		return why_set(why, FAIL_FATAL,
		    "%s: folders of both layouts, %s and %s: name the right "
		    "one with --%s%slayout",
		    t->root, t->folders[0].dir, t->folders[dotted].dir,
		    hint->side == NULL ? "" : hint->side,
		    hint->side == NULL ? "" : "-");
	t->style.fs = t->n > 0 && dotted == 0;
	return 0;
}

void
mdtree_list_inbox(struct mdtree *t)
{
	if (!is_folder(t->inbox, "."))
		return;
	(void)mdtree_add(t, ".", NULL);
	mdtree_identify(t, &t->folders[t->n - 1]);
}

static int
find_folders(struct mdtree *t, const struct tree_hint *hint, struct why *why)
{
	if (list_layout(t, hint, why) == -1)
		return -1;
	if (layout_find_inbox(t, hint, why) == -1)
		return -1;
	mdtree_list_inbox(t);
	if (t->n == 0 && layout_judge_empty(t, hint, why) == -1)
		return -1;
	mdtree_sort(t);
	if (layout_find_names(t, hint, why) == -1)
		return -1;
	for (size_t i = 0; i < t->n; i++)
		mdtree_name(t, &t->folders[i]);
	for (size_t i = 0; t->strict && i < t->n; i++)
		if (t->folders[i].fault != NULL)
			return why_set(why, FAIL_FATAL, "%s/%s: %s", t->root,
			    t->folders[i].dir, t->folders[i].fault);
	return 0;
}

/*
 * LAYOUT=index names the directories by GUIDs, of 32 hexadecimal digits; which
 * folder is which is only in Dovecot's index, which nobody else can write.
 */
static int
check_layout(const struct mdtree *t, struct why *why)
{
	int indexed =
	    t->style.fs ? name_exists(t->fd, "dovecot.list.index.log") : 0;

	if (indexed == -1)
		return why_errno(why, FAIL_FATAL, "%s", t->root);
	if (indexed == 0)
		return 0;
	for (size_t i = 0; i < t->n; i++) {
		const char *dir = t->folders[i].dir;

		if (strspn(dir, "0123456789abcdef") == 32 && dir[32] == '\0')
			return why_set(why, FAIL_FATAL,
			    "%s: LAYOUT=index: folder names are only in "
			    "Dovecot's index; see --through-doveadm",
			    t->root);
	}
	return 0;
}

int
mdtree_fault(struct mdtree *t, size_t folder, const struct why *why)
{
	struct mdfolder *f = &t->folders[folder];

	if (t->strict)
		return -1;
	if (f->fault == NULL)
		f->fault = xstrdup(why->text);
	return 0;
}

int
mdtree_read_keywords(struct mdtree *t, size_t folder, struct why *why)
{
	struct mdfolder *f = &t->folders[folder];
	int fd = mdtree_control(t, f->dir), r;

	if (fd == -1 && errno == ENOENT)
		return 0; /* nothing yet in CONTROL=, or it went just now */
	if (fd == -1) {
		why_errno(why, FAIL_FATAL, "%s/%s", t->root, f->dir);
		return mdtree_fault(t, folder, why);
	}
	r = keywords_read(&f->keywords, fd, why);
	(void)close(fd);
	if (r == -1 && !t->strict) {
		f->no_keywords = xstrdup(why->text);
		r = 0;
	}
	return r;
}

static int
read_keywords(struct mdtree *t, struct why *why)
{
	for (size_t i = 0; i < t->n; i++)
		if (mdtree_read_keywords(t, i, why) == -1)
			return -1;
	return 0;
}

/*
 * Tells this tree from others, from one run to the next, for the index. The
 * time of birth is part of it: a Maildir that is made anew often gets the inode
 * number of the one that was removed. The device's number is not: many file
 * systems get another one each time they are mounted.
 */
static int
identify(struct mdtree *t)
{
	const uint64_t odd = 0x9e3779b97f4a7c15ULL;
	struct statx st;
	uint64_t facts[3];

	if (statx(t->fd, "", AT_EMPTY_PATH, STATX_INO | STATX_BTIME, &st) == -1)
		return -1;
	facts[0] = st.stx_ino;
	facts[1] = (uint64_t)st.stx_btime.tv_sec;
	facts[2] = st.stx_btime.tv_nsec;
	if ((st.stx_mask & STATX_BTIME) == 0)
		facts[1] = facts[2] = 0;
	for (size_t i = 0; i < 3; i++) {
		t->identity = (t->identity ^ facts[i]) * odd;
		t->identity ^= t->identity >> 32;
	}
	return 0;
}

int
mdtree_open(struct mdtree *t, const char *root, const struct tree_hint *hint,
    struct why *why)
{
	*t = (struct mdtree){ .root = xstrdup(root),
		.fd = -1,
		.inbox = -1,
		.control = -1,
		.lock = -1,
		.inbox_lock = -1,
		.follow = hint->follow,
		.strict = hint->strict,
		.style = { .dirname = hint->dirname,
		    .escape = hint->escape,
		    .separator = hint->separator,
		    .subscriptions = hint->subscriptions } };
	t->fd = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (t->fd == -1 || identify(t) == -1) {
		why_errno(why, FAIL_FATAL, "%s", root);
		goto fail;
	}
	t->control = t->inbox = t->fd;
	if (hint->control != NULL)
		t->control =
		    open(hint->control, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (t->control == -1) {
		why_errno(why, FAIL_FATAL, "%s", hint->control);
		goto fail;
	}
	if (find_folders(t, hint, why) == -1 || check_layout(t, why) == -1 ||
	    read_keywords(t, why) == -1)
		goto fail;
	return 0;
fail:
	mdtree_close(t);
	return -1;
}

void
mdtree_close(struct mdtree *t)
{
	mdtree_clear(t);
	free(t->folders);
	free(t->root);
	if (t->control != -1 && t->control != t->fd)
		(void)close(t->control);
	if (t->inbox != -1 && t->inbox != t->fd)
		(void)close(t->inbox);
	free(t->inbox_dir);
	free(t->dirname);
	if (t->fd != -1)
		(void)close(t->fd);
	if (t->lock != -1)
		(void)close(t->lock);
	if (t->inbox_lock != -1)
		(void)close(t->inbox_lock);
	*t = (struct mdtree){ .fd = -1,
		.inbox = -1,
		.control = -1,
		.lock = -1,
		.inbox_lock = -1 };
}

size_t
mdtree_add(struct mdtree *t, const char *dir, const char *path)
{
	t->folders = xgrow(t->folders, t->n, &t->cap, sizeof *t->folders);
	t->folders[t->n] = (struct mdfolder){ .dir = xstrdup(dir),
		.path = path == NULL ? NULL : xstrdup(path),
		.missing = path != NULL };
	return t->n++;
}
