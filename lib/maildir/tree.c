/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "maildir/tree.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/alloc.h"
#include "core/str.h"

enum {
	DIR_FLAGS = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC,
	LEVELS_MAX = 64
};

bool
hint_layout(const char *word, int *fs)
{
	*fs = strcmp(word, "fs") == 0;
	return *fs || strcmp(word, "maildir++") == 0;
}

bool
hint_names(const char *word, int *utf8)
{
	*utf8 = strcmp(word, "utf8") == 0;
	return *utf8 || strcmp(word, "mutf7") == 0;
}

int
open_below(int fd, const char *dir)
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
	if (t->control == t->fd || strcmp(dir, ".") != 0)
		return open_below(t->control, dir);
	return open_below(t->control, ".INBOX");
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
	       strcmp(name, "tmp") == 0;
}

/* Calls found for each directory below fd that can be a folder's. */
struct walk {
	struct mdtree *tree;
	bool fs;
	int levels;
};
static int walk_dir(
    struct walk *w, int fd, const char *name, const char *prefix);

static int
walk_entry(struct walk *w, int fd, const char *prefix, const char *name)
{
	char *dir;
	int r = 0;

	if (!is_dir_at(fd, name))
		return 0;
	dir =
	    *prefix == '\0' ? xstrdup(name) : xasprintf("%s/%s", prefix, name);
	if (is_folder(fd, name))
		(void)mdtree_add(w->tree, dir, NULL);
	if (w->fs && w->levels < LEVELS_MAX) {
		w->levels++;
		r = walk_dir(w, fd, name, dir);
		if (r == -1 && !is_absent(errno))
			r = 0; /* it counts as a folder, and has a fault */
		w->levels--;
	}
	free(dir);
	return r;
}

static int
walk_dir(struct walk *w, int fd, const char *name, const char *prefix)
{
	DIR *d = opendir_below(fd, name);
	struct dirent *e;
	int r = 0;

	if (d == NULL)
		return -1;
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
	(void)closedir(d);
	return r;
}

static int
list(struct mdtree *t, bool fs)
{
	struct walk w = { t, fs, 0 };

	return walk_dir(&w, t->fd, ".", "");
}

static bool
has_high_bytes(const char *s)
{
	for (; *s != '\0'; s++)
		if ((unsigned char)*s >= 0x80)
			return true;
	return false;
}

/* True if Dovecot has opened the folder before: its list of UIDs is there. */
static bool
was_opened(const struct mdtree *t, const char *dir)
{
	int fd = mdtree_control(t, dir);
	bool yes = fd != -1 && faccessat(fd, "dovecot-uidlist", F_OK,
				   AT_SYMLINK_NOFOLLOW) == 0;

	if (fd != -1)
		(void)close(fd);
	return yes;
}

/*
 * The encoding of the names: UTF-8 if one says so (bytes above 0x7f that are
 * valid UTF-8, or a "&" that modified UTF-7 cannot have) and none is, beyond
 * doubt, modified UTF-7. Where Dovecot is at work, a folder that it never
 * opened says nothing: it may be one that it cannot open.
 */
static bool
looks_utf8(const struct mdtree *t)
{
	const struct folder_style mutf7 = { t->style.fs, false };
	bool utf8 = false, live = false;

	for (size_t i = 0; i < t->n && !live; i++)
		live = was_opened(t, t->folders[i].dir);
	for (size_t i = 0; i < t->n; i++) {
		const char *dir = t->folders[i].dir;
		struct buf path = { 0 };
		bool decodes = folder_put_path(&path, dir, &mutf7) == 0;

		buf_free(&path);
		if ((has_high_bytes(dir) && utf8_valid(dir, strlen(dir))) ||
		    (!decodes && strchr(dir, '&') != NULL))
			utf8 |= !live || was_opened(t, dir);
	}
	return utf8;
}

static int
by_dir(const void *a, const void *b)
{
	const struct mdfolder *x = a, *y = b;

	return strcmp(x->dir, y->dir);
}

static void
name_folders(struct mdtree *t)
{
	for (size_t i = 0; i < t->n; i++) {
		struct mdfolder *f = &t->folders[i];
		struct buf path = { 0 }, nfc = { 0 };
		const char *role;

		if (folder_put_path(&path, f->dir, &t->style) == 0) {
			folder_put_nfc(&nfc, buf_str(&path));
			f->path = xstrdup(buf_str(&nfc));
			role = folder_role_of_name(f->path);
			f->role = role == NULL ? NULL : xstrdup(role);
		}
		buf_free(&path);
		buf_free(&nfc);
	}
}

static void
forget_folders(struct mdtree *t)
{
	for (size_t i = 0; i < t->n; i++) {
		free(t->folders[i].dir);
		free(t->folders[i].path);
		free(t->folders[i].role);
		free(t->folders[i].fault);
		keywords_free(&t->folders[i].keywords);
	}
	t->n = 0;
}

static int
find_folders(struct mdtree *t, const struct tree_hint *hint, struct why *why)
{
	t->style.fs = hint->fs == 1;
	if (list(t, t->style.fs) == -1)
		return why_errno(why, FAIL_FATAL, "%s", t->root);
	if (hint->fs == -1 && t->n == 0) {
		t->style.fs = true;
		if (list(t, true) == -1)
			return why_errno(why, FAIL_FATAL, "%s", t->root);
		t->style.fs = t->n > 0;
	}
	if (is_folder(t->fd, "."))
		(void)mdtree_add(t, ".", NULL);
	if (t->n == 0)
		return why_set(why, FAIL_FATAL,
		    "%s: not a Maildir: no folder with cur and new in it",
		    t->root);
	qsort(t->folders, t->n, sizeof *t->folders, by_dir);
	t->style.utf8 = hint->utf8 == -1 ? looks_utf8(t) : hint->utf8 == 1;
	name_folders(t);
	return 0;
}

/*
 * LAYOUT=index names the directories by GUIDs, of 32 hexadecimal digits; which
 * folder is which stands only in Dovecot's index, which nobody else can write.
 */
static int
check_layout(const struct mdtree *t, struct why *why)
{
	if (!t->style.fs ||
	    faccessat(t->fd, "dovecot.list.index.log", F_OK, 0) == -1)
		return 0;
	for (size_t i = 0; i < t->n; i++) {
		const char *dir = t->folders[i].dir;

		if (strspn(dir, "0123456789abcdef") == 32 && dir[32] == '\0')
			return why_set(why, FAIL_FATAL,
			    "%s: LAYOUT=index: folder names are only in "
			    "Dovecot's index; use doveadm or IMAP",
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

/* One folder's keyword list. Of a list that cannot be read, all letters lack
 * a name; where messages are added to the folder they could get wrong ones. */
static int
read_keywords_of(struct mdtree *t, size_t folder, struct why *why)
{
	struct mdfolder *f = &t->folders[folder];
	int fd = mdtree_control(t, f->dir), r;

	if (fd == -1 && errno == ENOENT && t->control != t->fd)
		return 0;
	if (fd == -1) {
		why_errno(why, FAIL_FATAL, "%s/%s", t->root, f->dir);
		return mdtree_fault(t, folder, why);
	}
	r = keywords_read(&f->keywords, fd, why);
	(void)close(fd);
	return t->strict ? r : 0;
}

static int
read_keywords(struct mdtree *t, struct why *why)
{
	for (size_t i = 0; i < t->n; i++)
		if (read_keywords_of(t, i, why) == -1)
			return -1;
	return 0;
}

/*
 * Tells this tree from others, from one run to the next. The time of birth is
 * part of it: a Maildir that is made anew often gets the inode number of the
 * one that was removed.
 */
static int
identify(struct mdtree *t)
{
	const uint64_t odd = 0x9e3779b97f4a7c15ULL;
	struct statx st;
	uint64_t facts[5];

	if (statx(t->fd, "", AT_EMPTY_PATH, STATX_INO | STATX_BTIME, &st) == -1)
		return -1;
	facts[0] = st.stx_dev_major;
	facts[1] = st.stx_dev_minor;
	facts[2] = st.stx_ino;
	facts[3] = (uint64_t)st.stx_btime.tv_sec;
	facts[4] = st.stx_btime.tv_nsec;
	if ((st.stx_mask & STATX_BTIME) == 0)
		facts[3] = facts[4] = 0;
	for (size_t i = 0; i < 5; i++) {
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
		.control = -1,
		.strict = hint->strict };
	t->fd = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (t->fd == -1 || identify(t) == -1) {
		why_errno(why, FAIL_FATAL, "%s", root);
		goto fail;
	}
	t->control = t->fd;
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

/* A lock on the directory itself, which Dovecot does not use. */
int
mdtree_lock(const struct mdtree *t, struct why *why)
{
	if (flock(t->fd, LOCK_EX | LOCK_NB) == 0)
		return 0;
	if (errno == EWOULDBLOCK)
		return why_set(why, FAIL_TEMP,
		    "%s: another merge or check is at work in it", t->root);
	return why_errno(why, FAIL_FATAL, "%s", t->root);
}

void
mdtree_close(struct mdtree *t)
{
	forget_folders(t);
	free(t->folders);
	free(t->root);
	if (t->control != -1 && t->control != t->fd)
		(void)close(t->control);
	if (t->fd != -1)
		(void)close(t->fd);
	*t = (struct mdtree){ .fd = -1, .control = -1 };
}

size_t
mdtree_add(struct mdtree *t, const char *dir, const char *path)
{
	t->folders = grow(t->folders, t->n, &t->cap, sizeof *t->folders);
	t->folders[t->n] = (struct mdfolder){ .dir = xstrdup(dir),
		.path = path == NULL ? NULL : xstrdup(path),
		.missing = path != NULL };
	return t->n++;
}

ssize_t
mdtree_find(const struct mdtree *t, const char *dir)
{
	for (size_t i = 0; i < t->n; i++)
		if (strcmp(t->folders[i].dir, dir) == 0)
			return (ssize_t)i;
	return -1;
}
