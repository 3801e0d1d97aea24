/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "merge/undo.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/alloc.h"
#include "maildir/catalogue.h"
#include "maildir/control.h"
#include "maildir/delivery.h"
#include "maildir/name.h"
#include "maildir/quota.h"
#include "merge/undo-folders.h"

const char *const undo_object_words[] = {
	[UNDO_MESSAGE] = "message",
	[UNDO_FLAGS] = "flags",
	[UNDO_KEYWORD] = "keyword",
	[UNDO_FOLDER] = "folder",
	[UNDO_SUBSCRIPTION] = "subscription",
};

const char *const undo_words[] = {
	[UNDO_REMOVED] = "removed",
	[UNDO_RESTORED] = "restored",
	[UNDO_GONE] = "gone",
	[UNDO_CHANGED] = "changed",
	[UNDO_IN_USE] = "in use",
	[UNDO_FAILED] = "failed",
};

void
undo_tell(struct undoing *x, enum undo_object object, const char *dir,
    const char *name, enum undo_status status, const struct why *why)
{
	struct undo_result r = { object, status, dir, name, { 0 } };

	if (why != NULL)
		r.why = *why;
	if (status == UNDO_FAILED ||
	    (object == UNDO_MESSAGE && status == UNDO_CHANGED))
		x->u->kept++;
	x->u->told(x->u->arg, &r);
}

static void
note_removed(struct undoing *x, const char *dir, const char *base)
{
	char *key = xasprintf("%s/%s", dir, base);

	(void)map_put_copy(&x->removed, &x->texts, key, NULL);
	free(key);
}

bool
undo_has_removed(const struct undoing *x, const char *dir, const char *name)
{
	char *key = xasprintf("%s/%.*s", dir, (int)strcspn(name, ":"), name);
	bool yes = map_get(&x->removed, key) != NULL;

	free(key);
	return yes;
}

/* Whether the file is what the journal says was written: 1, 0, or -1 and
 * errno. */
static int
is_ours(int dir, const char *name, const struct journal_record *r)
{
	int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	unsigned char sha[RAW_DIGEST_LEN];
	struct stat st;
	int same = -1, saved;

	if (fd == -1)
		return errno == ELOOP ? 0 : -1;
	if (fstat(fd, &st) == 0)
		same = S_ISREG(st.st_mode) && st.st_size == r->size &&
		       st.st_mtim.tv_sec == r->date;
	if (same == 1)
		same = read_raw_digest(fd, sha, NULL) == -1
			   ? -1
			   : memcmp(sha, r->sha, sizeof sha) == 0;
	saved = errno;
	(void)close(fd);
	errno = saved;
	return same;
}

static enum undo_status
cannot(struct why *why, const char *what)
{
	(void)why_errno(why, fail_of_errno(errno), "cannot be %s", what);
	return UNDO_FAILED;
}

static enum undo_status
remove_message(const struct undo *u, const struct names *b,
    const struct journal_record *r, struct why *why)
{
	int which, ours;
	const char *name = names_find(b, r->name, &which);

	if (name == NULL)
		return UNDO_GONE;
	ours = is_ours(b->fd[which], name, r);
	if (ours == -1)
		return errno == ENOENT ? UNDO_CHANGED : cannot(why, "read");
	if (ours == 0)
		return UNDO_CHANGED;
	if (strcmp(name + strlen(r->name), r->info) != 0) {
		if (!u->force)
			return UNDO_CHANGED;
		if (u->forces != NULL)
			u->forces(u->arg, r->dir, name);
	}
	if (u->dry_run || unlinkat(b->fd[which], name, 0) == 0)
		return UNDO_REMOVED;
	if (errno == ENOENT) /* renamed this moment: somebody is using it */
		return UNDO_CHANGED;
	return cannot(why, "removed");
}

static enum undo_status
restore_flags(const struct undo *u, const struct names *b,
    const struct journal_record *r, struct why *why)
{
	int which;
	const char *name = names_find(b, r->name, &which);
	char *was;
	int done;

	if (name == NULL)
		return UNDO_GONE;
	if (strcmp(name + strlen(r->name), r->was) == 0)
		return UNDO_RESTORED; /* by a run that was cut off */
	if (strcmp(name + strlen(r->name), r->info) != 0)
		return UNDO_CHANGED;
	if (u->dry_run)
		return UNDO_RESTORED;
	was = xasprintf("%s%s", r->name, r->was);
	done = rename_shown(b->fd[which], name, b->fd[which], was);
	free(was);
	if (done == 0)
		return UNDO_RESTORED;
	return errno == ENOENT ? UNDO_CHANGED : cannot(why, "renamed");
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

static void
restore_each(struct undoing *x, const struct names *b, const char *dir)
{
	const struct journal_text *t = x->u->text;

	for (size_t i = 0; i < t->n; i++) {
		const struct journal_record *r = &t->records[i];
		struct why why = { 0 };

		if (r->kind != JOURNAL_FLAGS || x->failed[i] || !is_in(r, dir))
			continue;
		undo_tell(x, UNDO_FLAGS, dir, r->name,
		    restore_flags(x->u, b, r, &why), &why);
	}
}

/* Puts flags back, under Dovecot's lock: what has the name that the run gave
 * it. */
static int
undo_flags(struct undoing *x, const char *dir, struct why *why)
{
	const struct mdtree *t = x->u->tree;
	int control = mdtree_control(t, dir), r = 0;
	struct names b;

	if (control == -1 && errno == ENOENT)
		return 0; /* the folder was removed */
	if (control == -1)
		return why_errno(why, FAIL_DATA, "%s", dir);
	if (!x->u->dry_run && dot_lock(control, UIDLIST_LOCK, why) == -1) {
		(void)close(control);
		return -1;
	}
	if (names_open(&b, t, dir) == -1)
		r = why_errno(why, FAIL_DATA, "%s", dir);
	else
		restore_each(x, &b, dir);
	names_close(&b);
	if (!x->u->dry_run)
		dot_unlock(control, UIDLIST_LOCK);
	(void)close(control);
	return r;
}

/* Removes the messages of one folder, and tells the quota file. */
static int
remove_messages(struct undoing *x, const char *dir, struct why *why)
{
	struct undo *u = x->u;
	const struct journal_text *t = u->text;
	int64_t bytes = 0, messages = 0;
	struct names b;

	if (names_open(&b, u->tree, dir) == -1) {
		(void)why_errno(why, FAIL_DATA, "%s", dir);
		names_close(&b);
		return -1;
	}
	for (size_t i = 0; i < t->n; i++) {
		const struct journal_record *rec = &t->records[i];
		struct why one = { 0 };
		enum undo_status status;

		if (rec->kind != JOURNAL_ADD || x->failed[i] ||
		    !is_in(rec, dir) || undo_has_removed(x, dir, rec->name))
			continue;
		status = remove_message(u, &b, rec, &one);
		if (status == UNDO_REMOVED) {
			note_removed(x, dir, rec->name);
			bytes -= rec->size;
			messages--;
		}
		undo_tell(x, UNDO_MESSAGE, dir, rec->name, status, &one);
	}
	if (b.fd[0] != -1)
		(void)fsync(b.fd[0]);
	names_close(&b);
	if (messages < 0)
		(void)quota_note(u->tree->control, u->dry_run ? 0 : bytes,
		    u->dry_run ? 0 : messages, &u->quota);
	return 0;
}

/* Removing needs no lock: to Dovecot, a file that vanishes is an expunged
 * message. */
static int
undo_folder(struct undoing *x, const char *dir, struct why *why)
{
	const struct journal_text *t = x->u->text;
	bool flags = false;

	if (remove_messages(x, dir, why) == -1)
		return -1;
	for (size_t i = 0; i < t->n && !flags; i++)
		flags = t->records[i].kind == JOURNAL_FLAGS &&
			is_in(&t->records[i], dir);
	return flags ? undo_flags(x, dir, why) : 0;
}

int
undo_run(struct undo *u, struct why *why)
{
	const struct journal_text *t = u->text;
	struct undoing x = { .u = u, .failed = find_failed(t) };
	struct map seen = { 0 };
	int r = 0;

	for (size_t i = 0; r == 0 && i < t->n; i++) {
		const struct journal_record *rec = &t->records[i];
		bool added = false;

		if (rec->dir != NULL &&
		    (rec->kind == JOURNAL_ADD || rec->kind == JOURNAL_FLAGS))
			(void)map_put(&seen, rec->dir, &added);
		if (added)
			r = undo_folder(&x, rec->dir, why);
	}
	if (r == 0)
		undo_folders(&x);
	map_free(&seen);
	map_free(&x.removed);
	arena_free(&x.texts);
	free(x.failed);
	return r;
}
