/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "extract/target.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/alloc.h"
#include "core/io.h"
#include "core/output.h"
#include "core/str.h"
#include "mailbox/unfinished.h"
#include "maildir/control.h"
#include "maildir/delivery.h"
#include "maildir/tree.h"

static const char work_dir[] = TREE_WORK_DIR;
static const char label_file[] = "label";

enum {
	DIR_FLAGS = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC,
	BATCH = 256, /* files become durable together */
	/* For fewer files, syncing each costs less than syncing the file
	 * system. */
	SYNCFS_MIN = 16
};

/* A file that is written and does not have its name yet. */
struct pending {
	char *dir, *name;
	char tmp[32];
	size_t *count;
};

enum fail
write_failure(int error)
{
	switch (error) {
	case ENOSPC:
	case EDQUOT:
	case EIO:
	case EROFS:
	case EMFILE:
	case ENFILE:
	case ENOMEM:
		return FAIL_FATAL;
	default:
		return FAIL_DATA;
	}
}

/* --- the root --- */

static int
make_dir(int at, const char *name)
{
	if (mkdirat(at, name, 0700) == -1)
		return errno == EEXIST ? 0 : -1;
	return sync_dir(at);
}

/* The name of the next thing in a directory, "." and ".." passed over. NULL at
 * the end; or, errno being set, where it cannot be read. */
static const char *
next_name(DIR *d)
{
	struct dirent *e;

	while ((errno = 0, e = readdir(d)) != NULL)
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
			return e->d_name;
	return NULL;
}

/* Whether the root holds anything that is not ours: 1, 0, or -1 and errno. */
static int
is_used(int root)
{
	DIR *d = opendir_below(root, ".");
	const char *name;
	int used = 0, saved;

	if (d == NULL)
		return -1;
	while (used == 0 && (name = next_name(d)) != NULL)
		used = strcmp(name, work_dir) != 0;
	saved = errno;
	(void)closedir(d);
	errno = saved;
	return used == 0 && errno != 0 ? -1 : used;
}

/* 0 if a first run may begin in the root; -1 and why. */
static int
check_unused(int root, const char *path, struct why *why)
{
	switch (is_used(root)) {
	case 0:
		return 0;
	case 1:
		return why_set(why, FAIL_FATAL,
		    "%s: is there already, and no run of this program began it",
		    path);
	default:
		return why_errno(why, FAIL_FATAL, "%s", path);
	}
}

/* Removes what a run that was killed left of files. */
static int
sweep(int work)
{
	DIR *d = opendir_below(work, ".");
	const char *name;
	int r = 0, saved;

	if (d == NULL)
		return -1;
	while (r == 0 && (name = next_name(d)) != NULL)
		if (strcmp(name, label_file) != 0 &&
		    strcmp(name, TREE_UNFINISHED) != 0)
			r = unlinkat(work, name, 0);
	if (r == 0 && errno != 0)
		r = -1;
	saved = errno;
	(void)closedir(d);
	errno = saved;
	return r;
}

/* Compares the label that is there with this run's, or writes it. */
static int
check_label(
    struct target *t, const char *path, const char *label, struct why *why)
{
	struct buf there = { 0 }, ours = { 0 };
	int r = read_at(t->work, label_file, &there, why);

	buf_adds(&ours, label);
	if (r == 0 && there.len == 0)
		r = check_unused(t->fd, path, why);
	if (r == 0 && there.len == 0)
		r = replace_at(t->work, label_file, &ours, why);
	else if (r == 0 && strcmp(buf_str(&there), label) != 0)
		r = why_set(why, FAIL_FATAL,
		    "%s: holds another archive, an earlier state of this one, "
		    "or what other options made of it; name another folder",
		    path);
	t->resumed = there.len > 0;
	buf_free(&there);
	buf_free(&ours);
	return r;
}

/* Makes the root, and its name durable. */
static int
make_root(const char *path)
{
	char *copy;
	int parent, r;

	if (mkdir(path, 0700) == -1)
		return errno == EEXIST ? 0 : -1;
	copy = xstrdup(path);
	parent = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	/* A folder that may be written into but not read cannot be synced. */
	r = parent == -1 ? (errno == EACCES ? 0 : -1) : sync_dir(parent);
	if (parent != -1)
		(void)close(parent);
	free(copy);
	return r;
}

static int
open_root(struct target *t, const char *path, struct why *why)
{
	if (make_root(path) == -1)
		return why_errno(why, FAIL_FATAL, "%s", path);
	t->fd = output_folder(path, why);
	if (t->fd == -1)
		return -1;
	if (flock(t->fd, LOCK_EX | LOCK_NB) == 0)
		return 0;
	if (errno == EWOULDBLOCK)
		return why_set(
		    why, FAIL_TEMP, "%s: another run is at work in it", path);
	return why_errno(why, FAIL_FATAL, "%s", path);
}

/* The folder for unfinished files is made only where the root is ours. */
static int
open_work(struct target *t, const char *path, struct why *why)
{
	t->work = openat(t->fd, work_dir, DIR_FLAGS);
	if (t->work == -1 && errno == ENOENT) {
		if (check_unused(t->fd, path, why) == -1)
			return -1;
		errno = 0;
		if (make_dir(t->fd, work_dir) == 0)
			t->work = openat(t->fd, work_dir, DIR_FLAGS);
	}
	if (t->work == -1)
		return why_errno(why, FAIL_FATAL, "%s/%s", path, work_dir);
	return 0;
}

int
target_open(
    struct target *t, const char *path, const char *label, struct why *why)
{
	const struct buf mark = { 0 };

	*t = (struct target){ .fd = -1, .work = -1 };
	if (open_root(t, path, why) == -1 || open_work(t, path, why) == -1 ||
	    check_label(t, path, label, why) == -1) {
		target_close(t);
		return -1;
	}
	if (sweep(t->work) == -1) {
		why_errno(why, FAIL_FATAL, "%s/%s", path, work_dir);
		target_close(t);
		return -1;
	}
	if (replace_at(t->work, TREE_UNFINISHED, &mark, why) == -1) {
		target_close(t);
		return -1;
	}
	return 0;
}

int
target_finish(struct target *t, struct why *why)
{
	if (unlinkat(t->work, TREE_UNFINISHED, 0) == -1 ||
	    sync_dir(t->work) == -1)
		return why_errno(why, FAIL_FATAL,
		    TREE_WORK_DIR "/" TREE_UNFINISHED " cannot be removed");
	return 0;
}

static void
forget_pending(struct target *t)
{
	for (size_t i = 0; i < t->n; i++) {
		free(t->pending[i].dir);
		free(t->pending[i].name);
	}
	t->n = 0;
}

void
target_close(struct target *t)
{
	for (size_t i = 0; i < t->n; i++)
		(void)unlinkat(t->work, t->pending[i].tmp, 0);
	forget_pending(t);
	free(t->pending);
	if (t->work != -1)
		(void)close(t->work);
	if (t->fd != -1)
		(void)close(t->fd);
	*t = (struct target){ .fd = -1, .work = -1 };
}

/* --- directories --- */

int
target_dir(struct target *t, const char *dir, struct why *why)
{
	int at = -1, r = 0;

	for (const char *s = dir; r == 0 && *s != '\0';) {
		size_t len = strcspn(s, "/");
		char *level = xmemdup(s, len);
		int from = at == -1 ? t->fd : at, next = -1;

		if (make_dir(from, level) == 0)
			next = openat(from, level, DIR_FLAGS);
		if (next == -1)
			r = why_errno(why, write_failure(errno),
			    "%s cannot be made", dir);
		free(level);
		if (at != -1)
			(void)close(at);
		at = next;
		s += len + (s[len] == '/');
	}
	if (at != -1)
		(void)close(at);
	return r;
}

int
target_open_dir(struct target *t, const char *dir, struct why *why)
{
	int fd = open_below(t->fd, dir);

	if (fd == -1)
		why_errno(
		    why, write_failure(errno), "%s cannot be opened", dir);
	return fd;
}

bool
target_has(struct target *t, const char *dir, const char *name, int64_t size)
{
	int fd = t->resumed ? open_below(t->fd, dir) : -1;
	struct stat st;
	bool yes;

	if (fd == -1)
		return false;
	yes = fstatat(fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	      S_ISREG(st.st_mode) && (size < 0 || st.st_size == size);
	(void)close(fd);
	return yes;
}

/* --- files --- */

static int
why_write(struct why *why)
{
	return why_errno(why, write_failure(errno), "cannot be written");
}

int
draft_open(struct target *t, struct draft *d, struct why *why)
{
	(void)snprintf(d->tmp, sizeof d->tmp, "t%llu", t->serial++);
	d->fd = openat(t->work, d->tmp,
	    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	return d->fd == -1 ? why_write(why) : 0;
}

int
draft_write(struct draft *d, const void *p, size_t len, struct why *why)
{
	return write_all(d->fd, p, len) == -1 ? why_write(why) : 0;
}

void
draft_drop(struct target *t, struct draft *d)
{
	int saved = errno;

	if (d->fd != -1)
		(void)close(d->fd);
	d->fd = -1;
	(void)unlinkat(t->work, d->tmp, 0);
	errno = saved;
}

int
draft_close(struct target *t, struct draft *d, const char *dir,
    const char *name, const int64_t *date, size_t *count, struct why *why)
{
	struct timespec times[2] = { { .tv_nsec = UTIME_OMIT },
		{ .tv_nsec = UTIME_OMIT } };
	struct pending *p;
	int r = 0;

	if (date != NULL)
		times[0] = times[1] = (struct timespec){ .tv_sec = *date };
	if (date != NULL && futimens(d->fd, times) == -1)
		r = -1;
	if (close(d->fd) == -1)
		r = -1;
	d->fd = -1;
	if (r == -1) {
		draft_drop(t, d);
		return why_write(why);
	}
	t->pending = xgrow(t->pending, t->n, &t->cap, sizeof *t->pending);
	p = &t->pending[t->n++];
	*p = (struct pending){ xstrdup(dir), xstrdup(name), "", count };
	memcpy(p->tmp, d->tmp, sizeof p->tmp);
	return t->n < BATCH ? 0 : target_commit(t, why);
}

int
target_put(struct target *t, const char *dir, const char *name,
    const struct buf *text, size_t *count, struct why *why)
{
	struct draft d = { .fd = -1 };

	if (draft_open(t, &d, why) == -1)
		return -1;
	if (draft_write(&d, buf_str(text), text->len, why) == -1) {
		draft_drop(t, &d);
		return -1;
	}
	return draft_close(t, &d, dir, name, NULL, count, why);
}

static int
sync_pending(const struct target *t)
{
	int r = 0;

	if (t->n >= SYNCFS_MIN)
		return syncfs(t->work);
	for (size_t i = 0; r == 0 && i < t->n; i++)
		r = sync_file(t->work, t->pending[i].tmp);
	return r;
}

/* Names the files from number i on that go into the same directory. */
static int
show_some(struct target *t, size_t *i)
{
	const char *dir = t->pending[*i].dir;
	int fd = open_below(t->fd, dir), r = fd == -1 ? -1 : 0;
	size_t first = *i;

	for (; r == 0 && *i < t->n && strcmp(t->pending[*i].dir, dir) == 0;
	     ++*i)
		r = renameat(
		    t->work, t->pending[*i].tmp, fd, t->pending[*i].name);
	if (r == 0)
		r = sync_dir(fd);
	for (; r == 0 && first < *i; first++)
		if (t->pending[first].count != NULL)
			++*t->pending[first].count;
	if (fd != -1) {
		int saved = errno;

		(void)close(fd);
		errno = saved;
	}
	return r;
}

int
target_commit(struct target *t, struct why *why)
{
	int r = sync_pending(t);

	for (size_t i = 0; r == 0 && i < t->n;)
		r = show_some(t, &i);
	if (r == -1)
		return why_errno(why, FAIL_FATAL, "cannot be made durable");
	forget_pending(t);
	return 0;
}
