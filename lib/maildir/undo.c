/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "maildir/undo.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/alloc.h"
#include "core/arena.h"
#include "core/map.h"
#include "core/str.h"
#include "maildir/catalogue.h"
#include "maildir/control.h"
#include "maildir/delivery.h"
#include "maildir/name.h"
#include "maildir/quota.h"

enum {
	PASSES = 4
};

/* One folder, as it is listed now: the names in it by their bases. */
struct box {
	int fd[2];           /* cur/, new/ */
	struct map names[2]; /* base -> whole name */
};

/* Adds the names of a directory; one that is known gets its name of now. */
static int
list_names(int fd, struct map *names)
{
	DIR *d = opendir_below(fd, ".");
	struct dirent *e;
	int r;

	if (d == NULL)
		return -1;
	while ((errno = 0, e = readdir(d)) != NULL) {
		char *base;
		bool added;
		void **value;

		if (e->d_name[0] == '.')
			continue;
		base = xmemdup(e->d_name, strcspn(e->d_name, ":"));
		value = map_put(names, base, &added);
		if (!added) {
			free(base);
			free(*value);
		}
		*value = xstrdup(e->d_name);
	}
	r = errno == 0 ? 0 : -1;
	(void)closedir(d);
	return r;
}

static void
box_close(struct box *b)
{
	for (int i = 0; i < 2; i++) {
		size_t at = 0;
		const char *key;
		void *value;

		while (map_next(&b->names[i], &at, &key, &value)) {
			free((void *)(uintptr_t)key);
			free(value);
		}
		map_free(&b->names[i]);
		if (b->fd[i] != -1)
			(void)close(b->fd[i]);
	}
}

/* The times of both directories, as one text. */
static void
box_times(const struct box *b, struct buf *out)
{
	struct stat st;

	buf_reset(out);
	for (int i = 0; i < 2; i++)
		if (b->fd[i] != -1 && fstat(b->fd[i], &st) == 0)
			buf_addf(out, "%lld.%09ld ",
			    (long long)st.st_mtim.tv_sec, st.st_mtim.tv_nsec);
}

/* Lists new/, then cur/: what is moved meanwhile is seen. */
static int
box_list(struct box *b)
{
	for (int i = 1; i >= 0; i--)
		if (b->fd[i] != -1 && list_names(b->fd[i], &b->names[i]) == -1)
			return -1;
	return 0;
}

/* Opens a folder and lists it, again where it changed meanwhile: a file that is
 * renamed while its directory is read can be missed. */
static int
box_open(struct box *b, const struct mdtree *t, const char *dir)
{
	struct buf before = { 0 }, after = { 0 };
	int r = 0;

	*b = (struct box){ .fd = { -1, -1 } };
	for (int i = 0; r == 0 && i < 2; i++) {
		b->fd[i] = open_box(t, dir, i == 1);
		r = b->fd[i] == -1 && errno != ENOENT ? -1 : 0;
	}
	for (int i = 0; r == 0 && i < PASSES; i++) {
		box_times(b, &before);
		r = box_list(b);
		box_times(b, &after);
		if (strcmp(buf_str(&before), buf_str(&after)) == 0)
			break;
	}
	buf_free(&before);
	buf_free(&after);
	return r;
}

/* The whole name of a base, and where it is; NULL if it is not there. */
static const char *
box_find(const struct box *b, const char *base, int *which)
{
	for (int i = 0; i < 2; i++) {
		void **value = map_get(&b->names[i], base);

		if (value != NULL) {
			*which = i;
			return *value;
		}
	}
	return NULL;
}

/* True if the file is what the journal says was written. */
static bool
is_ours(int dir, const char *name, const struct journal_record *r)
{
	int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	unsigned char sha[RAW_DIGEST_LEN];
	struct stat st;
	bool same;

	if (fd == -1)
		return false;
	same = fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
	       st.st_size == r->size && st.st_mtim.tv_sec == r->date &&
	       read_raw_digest(fd, sha, NULL) == 0 &&
	       memcmp(sha, r->sha, sizeof sha) == 0;
	(void)close(fd);
	return same;
}

static enum undo_status
remove_message(const struct undo *u, const struct box *b,
    const struct journal_record *r, struct why *why)
{
	int which;
	const char *name = box_find(b, r->name, &which);

	if (name == NULL)
		return UNDO_GONE;
	if (!is_ours(b->fd[which], name, r) ||
	    (!u->force && strcmp(name + strlen(r->name), r->info) != 0))
		return UNDO_CHANGED;
	if (u->dry_run || unlinkat(b->fd[which], name, 0) == 0)
		return UNDO_REMOVED;
	if (errno == ENOENT) /* renamed this moment: somebody is using it */
		return UNDO_CHANGED;
	(void)why_errno(why, FAIL_DATA, "cannot be removed");
	return UNDO_FAILED;
}

static void
restore_flags(const struct box *b, const struct journal_record *r)
{
	int which;
	const char *name = box_find(b, r->name, &which);
	char *was;

	if (name == NULL || strcmp(name + strlen(r->name), r->info) != 0)
		return;
	was = xasprintf("%s%s", r->name, r->was);
	(void)renameat2(
	    b->fd[which], name, b->fd[which], was, RENAME_NOREPLACE);
	free(was);
}

/* True if a record is about something in the folder dir. */
static bool
is_in(const struct journal_record *r, const char *dir)
{
	return r->dir != NULL && strcmp(r->dir, dir) == 0;
}

/* Marks the records of what was announced and then failed. One bool for each
 * record; the caller frees them. */
static bool *
find_failed(const struct journal_text *t)
{
	bool *failed = xcalloc(t->n + 1, sizeof *failed);
	struct map last = { 0 };
	struct arena keys = { 0 };

	for (size_t i = 0; i < t->n; i++) {
		const struct journal_record *r = &t->records[i];
		void **number;
		char *key;

		if (r->kind != JOURNAL_ADD && r->kind != JOURNAL_FLAGS &&
		    r->kind != JOURNAL_FAILED)
			continue;
		key = xasprintf("%s/%s", r->dir, r->name);
		number = map_put_copy(&last, &keys, key, NULL);
		free(key);
		if (r->kind != JOURNAL_FAILED)
			*number = (void *)(uintptr_t)(i + 1);
		else if (*number != NULL)
			failed[(uintptr_t)*number - 1] = true;
	}
	map_free(&last);
	arena_free(&keys);
	return failed;
}

/* Puts flags back, under Dovecot's lock: what has the name that the run gave
 * it. */
static int
undo_flags(
    const struct undo *u, const char *dir, const bool *failed, struct why *why)
{
	const struct journal_text *t = u->text;
	int control = mdtree_control(u->tree, dir), r = 0;
	struct box b;

	if (control == -1 && errno == ENOENT)
		return 0; /* the folder was removed */
	if (control == -1)
		return why_errno(why, FAIL_DATA, "%s", dir);
	if (dot_lock(control, UIDLIST_LOCK, why) == -1) {
		(void)close(control);
		return -1;
	}
	if (box_open(&b, u->tree, dir) == -1)
		r = why_errno(why, FAIL_DATA, "%s", dir);
	for (size_t i = 0; r == 0 && i < t->n; i++)
		if (t->records[i].kind == JOURNAL_FLAGS && !failed[i] &&
		    is_in(&t->records[i], dir))
			restore_flags(&b, &t->records[i]);
	box_close(&b);
	dot_unlock(control, UIDLIST_LOCK);
	(void)close(control);
	return r;
}

/* Removes the messages of one folder, and tells the quota file. */
static int
remove_messages(
    struct undo *u, const char *dir, const bool *failed, struct why *why)
{
	const struct journal_text *t = u->text;
	int64_t bytes = 0, messages = 0;
	struct box b;

	if (box_open(&b, u->tree, dir) == -1) {
		(void)why_errno(why, FAIL_DATA, "%s", dir);
		box_close(&b);
		return -1;
	}
	for (size_t i = 0; i < t->n; i++) {
		const struct journal_record *rec = &t->records[i];
		struct why one = { 0 };
		enum undo_status status;

		if (rec->kind != JOURNAL_ADD || failed[i] || !is_in(rec, dir))
			continue;
		status = remove_message(u, &b, rec, &one);
		if (status == UNDO_REMOVED) {
			bytes -= rec->size;
			messages--;
		}
		u->told(u->arg, dir, rec->name, status, &one);
	}
	if (b.fd[0] != -1)
		(void)fsync(b.fd[0]);
	box_close(&b);
	return u->dry_run ? 0
			  : quota_note(u->tree->control, bytes, messages, why);
}

/* Removing needs no lock: to Dovecot, a file that vanishes is an expunged
 * message. */
static int
undo_folder(
    struct undo *u, const char *dir, const bool *failed, struct why *why)
{
	const struct journal_text *t = u->text;
	bool flags = false;
	int r = remove_messages(u, dir, failed, why);

	for (size_t i = 0; i < t->n && !flags; i++)
		flags = t->records[i].kind == JOURNAL_FLAGS &&
			is_in(&t->records[i], dir);
	if (r == 0 && flags && !u->dry_run)
		r = undo_flags(u, dir, failed, why);
	return r;
}

/* The letters that the messages of a folder use. */
static unsigned int
letters_in_use(const struct mdtree *t, const char *dir)
{
	unsigned int used = 0;
	struct box b;

	if (box_open(&b, t, dir) == -1)
		used = ~0U;
	for (int i = 0; i < 2; i++) {
		size_t at = 0;
		const char *key;
		void *value;
		struct mdname n;

		while (map_next(&b.names[i], &at, &key, &value)) {
			mdname_parse(&n, value);
			used |= n.letters;
		}
	}
	box_close(&b);
	return used;
}

/* Takes a keyword out of a folder's list again if no message has it. */
static int
undo_keyword(
    const struct undo *u, const struct journal_record *r, struct why *why)
{
	struct keywords k = { 0 };
	int fd = mdtree_control(u->tree, r->dir), n, result = 0;

	if (fd == -1)
		return errno == ENOENT
			   ? 0
			   : why_errno(why, FAIL_DATA, "%s", r->dir);
	if (dot_lock(fd, UIDLIST_LOCK, why) == -1) {
		(void)close(fd);
		return -1;
	}
	result = keywords_read(&k, fd, why);
	n = keywords_find(&k, r->name);
	if (result == 0 && n == r->number &&
	    (letters_in_use(u->tree, r->dir) >> n & 1) == 0) {
		free(k.name[n]);
		k.name[n] = NULL;
		result = keywords_write(&k, fd, why);
	}
	keywords_free(&k);
	dot_unlock(fd, UIDLIST_LOCK);
	(void)close(fd);
	return result;
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

/*
 * Removes a folder that the run made, if no message is in it: rmdir(2) says so,
 * however busy the folder is. What was taken away of one that turns out to be
 * in use is put back.
 */
static void
undo_made_folder(const struct undo *u, const char *dir)
{
	int fd = open_below(u->tree->fd, dir);
	struct drop d;

	if (fd == -1)
		return;
	if (is_removed(fd, "new") && is_removed(fd, "cur")) {
		(void)unlinkat(fd, "tmp", AT_REMOVEDIR);
		remove_control_files(fd);
		(void)close(fd);
		(void)unlinkat(u->tree->fd, dir, AT_REMOVEDIR);
		return;
	}
	(void)close(fd);
	if (drop_open(&d, u->tree->fd, dir, NULL) == 0)
		drop_close(&d);
}

/* True if the run made the folder and it is in use now: it stays, and so does
 * its subscription. */
static bool
was_kept(const struct undo *u, const char *dir)
{
	const struct journal_text *t = u->text;
	int fd = open_below(u->tree->fd, dir);
	bool made = false;

	if (fd == -1)
		return false;
	(void)close(fd);
	for (size_t i = 0; i < t->n && !made; i++)
		made = t->records[i].kind == JOURNAL_FOLDER &&
		       is_in(&t->records[i], dir);
	return made;
}

static int
undo_rest(struct undo *u, struct why *why)
{
	const struct journal_text *t = u->text;
	int r = 0;

	for (size_t i = t->n; r == 0 && i-- > 0;) {
		const struct journal_record *rec = &t->records[i];
		bool changed;

		if (rec->dir == NULL)
			continue;
		if (rec->kind == JOURNAL_KEYWORD)
			r = undo_keyword(u, rec, why);
		else if (rec->kind == JOURNAL_FOLDER)
			undo_made_folder(u, rec->dir);
		else if (rec->kind == JOURNAL_SUBSCRIBE &&
			 !was_kept(u, rec->dir))
			r = subscribe(u->tree->control, rec->dir,
			    &u->tree->style, false, &changed, why);
	}
	return r;
}

int
undo_run(struct undo *u, struct why *why)
{
	const struct journal_text *t = u->text;
	bool *failed = find_failed(t);
	struct map seen = { 0 };
	int r = 0;

	for (size_t i = 0; r == 0 && i < t->n; i++) {
		const struct journal_record *rec = &t->records[i];
		bool added = false;

		if (rec->dir != NULL &&
		    (rec->kind == JOURNAL_ADD || rec->kind == JOURNAL_FLAGS))
			(void)map_put(&seen, rec->dir, &added);
		if (added)
			r = undo_folder(u, rec->dir, failed, why);
	}
	map_free(&seen);
	free(failed);
	if (r == 0 && !u->dry_run)
		r = undo_rest(u, why);
	return r;
}
