/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "maildir/delivery.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/alloc.h"
#include "core/io.h"
#include "core/str.h"

enum {
	DIR_FLAGS = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC,
	/* Below this many files, syncing each is cheaper for everybody than
	 * syncing the whole file system. */
	SYNCFS_MIN = 16,
	FRESH_MODE = 0600 /* of a message, before it gets the folder's */
};

static const char tmp_prefix[] = "mailferry.";

/* NFS, GlusterFS and OpenZFS before 2.2 say EINVAL to the flag. */
static bool
lacks_noreplace(int error)
{
	return error == EINVAL || error == ENOSYS || error == ENOTSUP;
}

/* Gives a file that nobody sees yet its name: on a file system without
 * RENAME_NOREPLACE by link(2), which does not replace a file either. */
static int
rename_fresh(int from_dir, const char *from, int to_dir, const char *to)
{
	int saved;

	if (renameat2(from_dir, from, to_dir, to, RENAME_NOREPLACE) == 0)
		return 0;
	if (!lacks_noreplace(errno) ||
	    linkat(from_dir, from, to_dir, to, 0) == -1)
		return -1;
	if (unlinkat(from_dir, from, 0) == 0 || errno == ENOENT)
		return 0;
	/* One message under two names would come twice. */
	saved = errno;
	(void)unlinkat(to_dir, to, 0);
	errno = saved;
	return -1;
}

/* A link would show it twice: for a moment, or for good where the file system
 * fails then. */
int
rename_shown(int from_dir, const char *from, int to_dir, const char *to)
{
	struct stat st;

	if (renameat2(from_dir, from, to_dir, to, RENAME_NOREPLACE) == 0)
		return 0;
	if (!lacks_noreplace(errno))
		return -1;
	if (fstatat(to_dir, to, &st, AT_SYMLINK_NOFOLLOW) == 0)
		errno = EEXIST;
	return errno == ENOENT ? renameat(from_dir, from, to_dir, to) : -1;
}

/* The same for a directory: where the file system cannot, a new empty directory
 * takes the name first, which rename(2) replaces only while it is empty. */
static int
rename_dir_fresh(int dir, const char *from, const char *to)
{
	if (renameat2(dir, from, dir, to, RENAME_NOREPLACE) == 0)
		return 0;
	if (!lacks_noreplace(errno) || mkdirat(dir, to, 0700) == -1)
		return -1;
	return renameat(dir, from, dir, to);
}

/* Owner and mode of a new directory, from those of the one that it is modelled
 * on (Dovecot 2.3, lib-storage/mailbox-list.c). */
static int
dress_dir(int fd, const struct stat *model)
{
	if (fchmod(fd, (model->st_mode & 07777) | 0700) == -1)
		return -1;
	if (geteuid() != 0)
		return 0;
	return fchown(fd, model->st_uid, model->st_gid);
}

/* Makes one directory and dresses it. One that is there is left alone. */
static int
make_dir(int at, const char *name, const struct stat *model)
{
	int fd, r = -1;

	if (mkdirat(at, name, 0700) == -1)
		return errno == EEXIST ? 0 : -1;
	fd = openat(at, name, DIR_FLAGS);
	if (fd != -1) {
		r = dress_dir(fd, model);
		(void)close(fd);
	}
	return r;
}

/* The directory that dir is modelled on: its parent folder, or the root. */
static int
model_of(int root, const char *dir, char sep, struct stat *st)
{
	char *parent = xstrdup(dir), *end;
	int r = -1;

	while (
	    r == -1 && (end = strrchr(parent, sep)) != NULL && end != parent) {
		*end = '\0';
		r = fstatat(root, parent, st, AT_SYMLINK_NOFOLLOW);
	}
	free(parent);
	return r == 0 ? 0 : fstat(root, st);
}

static int
make_marker(int fd, const struct stat *model)
{
	int file = openat(fd, "maildirfolder",
	    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	int r = 0;

	if (file == -1)
		return errno == EEXIST ? 0 : -1;
	if (fchmod(file, (model->st_mode & 0666) | 0600) == -1 ||
	    (geteuid() == 0 &&
		fchown(file, model->st_uid, model->st_gid) == -1))
		r = -1;
	if (close(file) == -1)
		r = -1;
	return r;
}

/* The three, cur/ last: with it the folder is one. */
static int
fill_folder(int fd, const struct stat *model, bool marker)
{
	if (make_dir(fd, "tmp", model) == -1 ||
	    make_dir(fd, "new", model) == -1 ||
	    (marker && make_marker(fd, model) == -1) ||
	    make_dir(fd, "cur", model) == -1)
		return -1;
	return sync_dir(fd);
}

static void
remove_folder(int root, const char *name)
{
	static const char *const parts[] = { "cur", "new", "tmp" };
	int fd = openat(root, name, DIR_FLAGS);

	if (fd == -1)
		return;
	(void)unlinkat(fd, "maildirfolder", 0);
	for (size_t i = 0; i < 3; i++)
		(void)unlinkat(fd, parts[i], AT_REMOVEDIR);
	(void)close(fd);
	(void)unlinkat(root, name, AT_REMOVEDIR);
}

static const char unfinished[] = "mailferry-unfinished-folder";

void
folder_sweep(int root)
{
	remove_folder(root, unfinished);
}

/* A Maildir++ folder is made under a name without a dot, which Dovecot does
 * not take for one, and renamed when it is complete. */
static int
make_dotted(int root, const char *dir, const struct stat *model)
{
	int fd, r = -1;

	folder_sweep(root);
	if (make_dir(root, unfinished, model) == -1)
		return -1;
	fd = openat(root, unfinished, DIR_FLAGS);
	if (fd != -1) {
		r = fill_folder(fd, model, true);
		(void)close(fd);
	}
	if (r == 0)
		r = rename_dir_fresh(root, unfinished, dir);
	if (r == -1) {
		int saved = errno;

		remove_folder(root, unfinished);
		errno = saved;
	}
	return r;
}

/*
 * Makes the levels of a path that are not there, each in the one above it by
 * its descriptor: a path would follow a link that somebody puts in the place of
 * a level. The descriptor of the last one, or -1 and errno.
 */
static int
make_levels(int root, const char *dir, const struct stat *model)
{
	int at = -1;

	for (;;) {
		size_t len = strcspn(dir, "/");
		char *level = xmemdup(dir, len);
		int above = at == -1 ? root : at, saved;

		at = make_dir(above, level, model) == -1
			 ? -1
			 : openat(above, level, DIR_FLAGS);
		saved = errno;
		free(level);
		if (above != root)
			(void)close(above);
		errno = saved;
		if (at == -1 || dir[len] == '\0')
			return at;
		dir += len + 1;
	}
}

static int
make_nested(int root, const char *dir, const struct stat *model)
{
	int fd = make_levels(root, dir, model), r;

	if (fd == -1)
		return -1;
	r = fill_folder(fd, model, false);
	(void)close(fd);
	return r;
}

int
control_open(const struct mdtree *t, const char *dir)
{
	int fd = mdtree_control(t, dir);
	struct stat model;

	if (fd != -1 || errno != ENOENT || t->control == t->fd)
		return fd;
	if (fstat(t->control, &model) == -1)
		return -1;
	return make_levels(
	    t->control, strcmp(dir, ".") == 0 ? ".INBOX" : dir, &model);
}

int
folder_make(int root, const char *dir, bool fs, bool *made, struct why *why)
{
	struct stat model;
	int fd = open_below(root, dir), r;

	*made = false;
	if (fd != -1) { /* a level, or one that lacks some of the three */
		fs |= strcmp(dir, ".") == 0;
		r = fstat(fd, &model) == -1 ? -1 : fill_folder(fd, &model, !fs);
		if (r == -1)
			why_errno(why, fail_of_errno(errno),
			    "the folder %s cannot be made", dir);
		(void)close(fd);
		return r;
	}
	if (errno != ENOENT ||
	    model_of(root, dir, fs ? '/' : '.', &model) == -1)
		return why_errno(why, FAIL_DATA, "%s", dir);
	r = fs ? make_nested(root, dir, &model)
	       : make_dotted(root, dir, &model);
	if (r == -1 && errno == EEXIST)
		return 0; /* Dovecot made it just now */
	if (r == -1 || sync_dir(root) == -1)
		return why_errno(why, fail_of_errno(errno),
		    "the folder %s cannot be made", dir);
	*made = true;
	return 0;
}

/* Opens cur/ or tmp/, which may have to be made. */
static int
open_part(int folder, const char *part, const struct stat *model)
{
	int fd = openat(folder, part, DIR_FLAGS);

	if (fd != -1 || errno != ENOENT)
		return fd;
	if (make_dir(folder, part, model) == -1)
		return -1;
	return openat(folder, part, DIR_FLAGS);
}

int
drop_open(struct drop *d, int root, const char *dir, struct why *why)
{
	return drop_open_at(d, open_below(root, dir), dir, why);
}

int
drop_open_at(struct drop *d, int folder, const char *dir, struct why *why)
{
	struct stat st;

	*d = (struct drop){ .cur = -1, .new = -1, .tmp = -1 };
	if (folder == -1 || fstat(folder, &st) == -1)
		goto fail;
	d->tmp = open_part(folder, "tmp", &st);
	if (d->tmp == -1)
		goto fail;
	d->new = open_part(folder, "new", &st);
	if (d->new == -1)
		goto fail;
	d->cur = open_part(folder, "cur", &st);
	if (d->cur == -1)
		goto fail;
	(void)close(folder);
	d->mode = (st.st_mode & 0666) | 0600;
	d->uid = st.st_uid;
	d->gid = st.st_gid;
	d->chown = geteuid() == 0 && (st.st_uid != 0 || st.st_gid != getegid());
	return 0;
fail:
	why_errno(
	    why, fail_of_errno(errno), "the folder %s cannot be opened", dir);
	if (folder != -1)
		(void)close(folder);
	drop_close(d);
	return -1;
}

void
drop_close(struct drop *d)
{
	if (d->cur != -1)
		(void)close(d->cur);
	if (d->new != -1)
		(void)close(d->new);
	if (d->tmp != -1)
		(void)close(d->tmp);
	*d = (struct drop){ .cur = -1, .new = -1, .tmp = -1 };
}

void
drop_sweep(int root, const char *dir)
{
	int folder = open_below(root, dir);

	if (folder == -1)
		return;
	drop_sweep_at(folder);
	(void)close(folder);
}

void
drop_sweep_at(int folder)
{
	DIR *d = opendir_below(folder, "tmp");
	struct dirent *e;

	if (d == NULL)
		return;
	while ((e = readdir(d)) != NULL)
		if (str_starts(e->d_name, tmp_prefix))
			(void)unlinkat(dirfd(d), e->d_name, 0);
	(void)closedir(d);
}

int
parcel_open(
    struct parcel *m, const struct drop *d, size_t number, struct why *why)
{
	*m = (struct parcel){ .fd = -1 };
	(void)snprintf(m->tmp, sizeof m->tmp, "%s%ld.%zu", tmp_prefix,
	    (long)getpid(), number);
	if (!d->plain)
		digest_start(&m->md);
	m->fd = openat(d->tmp, m->tmp,
	    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, FRESH_MODE);
	if (m->fd != -1)
		return 0;
	why_errno(why, fail_of_errno(errno), "cannot be written");
	digest_free(&m->md);
	return -1;
}

int
parcel_write(struct parcel *m, const void *p, size_t len, struct why *why)
{
	if (write_all(m->fd, p, len) == -1)
		return why_errno(
		    why, fail_of_errno(errno), "cannot be written");
	if (m->md.state != NULL)
		digest_add(&m->md, p, len);
	msgsize_add(&m->size, p, len);
	return 0;
}

int
parcel_close(struct parcel *m, const struct drop *d,
    const struct timespec *date, struct why *why)
{
	const struct timespec times[2] = { *date, *date };
	int r = 0;

	if (m->md.state != NULL)
		digest_end(&m->md, m->sha);
	digest_free(&m->md);
	if ((d->chown && fchown(m->fd, d->uid, d->gid) == -1) ||
	    (d->mode != FRESH_MODE && fchmod(m->fd, d->mode) == -1) ||
	    futimens(m->fd, times) == -1)
		r = -1;
	if (close(m->fd) == -1)
		r = -1;
	m->fd = -1;
	if (r == -1) {
		why_errno(why, fail_of_errno(errno), "cannot be written");
		parcel_drop(m, d);
	}
	return r;
}

void
parcel_drop(struct parcel *m, const struct drop *d)
{
	int saved = errno;

	if (m->fd != -1)
		(void)close(m->fd);
	m->fd = -1;
	digest_free(&m->md);
	if (m->tmp[0] != '\0')
		(void)unlinkat(d->tmp, m->tmp, 0);
	m->tmp[0] = '\0';
	errno = saved;
}

int
sync_file(int dir, const char *name)
{
	int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	int r;

	if (fd == -1)
		return -1;
	r = fsync(fd);
	(void)close(fd);
	return r;
}

int
drop_sync(
    const struct drop *d, struct parcel *const *m, size_t n, struct why *why)
{
	int r = 0;

	if (n >= SYNCFS_MIN)
		r = syncfs(d->tmp);
	for (size_t i = 0; n < SYNCFS_MIN && r == 0 && i < n; i++)
		r = sync_file(d->tmp, m[i]->tmp);
	return r == 0
		   ? 0
		   : why_errno(why, fail_of_errno(errno), "cannot be written");
}

int
drop_show(
    const struct drop *d, const char *tmp, const char *name, struct why *why)
{
	if (rename_fresh(d->tmp, tmp, d->cur, name) == 0)
		return 0;
	return why_errno(why, fail_of_errno(errno), "cannot be put into cur");
}

int
drop_settle(const struct drop *d, struct why *why)
{
	if (sync_dir(d->cur) == -1)
		return why_errno(
		    why, fail_of_errno(errno), "cannot be put into cur");
	return 0;
}
