/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "maildir/check.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/alloc.h"
#include "core/arena.h"
#include "core/io.h"
#include "core/map.h"
#include "core/str.h"
#include "maildir/box.h"
#include "maildir/content.h"
#include "maildir/control.h"
#include "maildir/delivery.h"
#include "maildir/name.h"
#include "maildir/parallel.h"

const char *
finding_name(enum finding f)
{
	static const char *const names[] = {
		[FINDING_SIZE] = "size",
		[FINDING_VSIZE] = "vsize",
		[FINDING_OWNER] = "owner",
		[FINDING_MODE] = "mode",
		[FINDING_LETTER] = "letter",
		[FINDING_FOLDER] = "folder",
		[FINDING_TWICE] = "twice",
		[FINDING_COLON] = "colon",
		[FINDING_UNSEEN] = "unseen",
		[FINDING_FILE] = "file",
	};

	return names[f];
}

/* What reading one message showed. */
struct seen {
	struct msgsize size;
	uid_t uid;
	mode_t mode;
	bool plain; /* stored as it is, so that the sizes can be judged */
	bool read;
};

static const char *
dir_of(const struct check *k, const struct catalogue_entry *e)
{
	return k->c->tree->folders[e->folder].dir;
}

static void
tell(const struct check *k, enum finding f, const struct catalogue_entry *e,
    const char *text, bool fixed)
{
	k->told(k->arg, f, dir_of(k, e), entry_name(k->c, e), text, fixed);
}

struct job {
	struct check *k;
	struct seen *seen;
};

static void
look(struct catalogue *c, struct last_box *box, size_t number, struct seen *s)
{
	struct catalogue_entry *e = &c->entries[number];
	int fd = open_in_box(box, c, e);
	struct mdname n;
	char head[16];
	ssize_t got;
	struct stat st;

	if (fd == -1) {
		if (errno == ENOENT)
			e->state |= ENTRY_GONE;
		return;
	}
	mdname_parse(&n, entry_name(c, e));
	if (fstat(fd, &st) == 0 &&
	    (got = read_head(fd, head, sizeof head)) >= 0) {
		s->uid = st.st_uid;
		s->mode = st.st_mode;
		s->plain = store_form(head, (size_t)got) == STORE_PLAIN;
		s->read = true;
		s->size.bytes = (uint64_t)st.st_size;
		/* Only a name with ,W= makes the whole file worth reading. */
		if (n.vsize != MD_SIZE_NONE)
			s->read = read_size(fd, &s->size, NULL) == 0;
	}
	(void)close(fd);
}

static void
look_some(void *arg, void *scratch, size_t from, size_t to)
{
	struct job *j = arg;

	for (size_t i = from; i < to; i++)
		if ((j->k->c->entries[i].state & (ENTRY_BAD | ENTRY_GONE)) == 0)
			look(j->k->c, scratch, i, &j->seen[i]);
}

static void
free_box(void *scratch)
{
	box_forget(scratch);
}

/* One folder on its way through the check. */
struct folder {
	const struct check *k;
	const struct seen *seen; /* of the entry `from' and those after it */
	size_t from, to;
	const char *dir;
	uid_t owner;
	struct map bases;
	struct arena texts;
	bool locked_out; /* Dovecot holds its lock for long */
};

/* What is wrong with the name of a message. */
struct wrong {
	bool size, vsize, colon, twice;
};

/*
 * The name that a message should have: what is before the first comma, a number
 * if it is not the first of its base, the fields with the right sizes, and the
 * information that Dovecot reads, which follows the last colon.
 */
static char *
right_name(const struct mdname *n, const struct msgsize *size,
    const struct wrong *w, unsigned int copy)
{
	struct buf out = { 0 };
	const char *at = n->name, *end = n->name + n->base_len;
	const char *info = strrchr(n->name, ':');
	char *result;

	while (at < end) {
		const char *comma = memchr(at + 1, ',', (size_t)(end - at - 1));
		const char *stop = comma == NULL ? end : comma;

		if (w->size && strncmp(at, ",S=", 3) == 0)
			buf_addf(
			    &out, ",S=%llu", (unsigned long long)size->bytes);
		else if (w->vsize && strncmp(at, ",W=", 3) == 0)
			buf_addf(&out, ",W=%llu",
			    (unsigned long long)msgsize_crlf(size));
		else
			buf_add(&out, at, (size_t)(stop - at));
		if (at == n->name && copy > 0)
			buf_addf(&out, ".%u", copy);
		at = stop;
	}
	if (!w->colon)
		buf_adds(&out, end);
	else
		buf_adds(&out, strncmp(info, ":2,", 3) == 0 ? info : ":2,");
	result = xstrdup(buf_str(&out));
	buf_free(&out);
	return result;
}

/* Takes the base of a name; false if the folder has it already. */
static bool
take_base(struct folder *f, const char *name)
{
	char *base = xmemdup(name, strcspn(name, ":"));
	bool added;

	(void)map_put_copy(&f->bases, &f->texts, base, &added);
	free(base);
	return added;
}

/* The right name, with a base that no other message of the folder has. */
static char *
free_name(struct folder *f, const struct mdname *n, const struct msgsize *size,
    const struct wrong *w)
{
	unsigned int copy = w->twice ? 2 : 0;
	bool new_base = w->twice || w->size || w->vsize;
	char *name = right_name(n, size, w, copy);

	while (new_base && !take_base(f, name)) {
		free(name);
		copy = copy == 0 ? 2 : copy + 1;
		name = right_name(n, size, w, copy);
	}
	return name;
}

/* Renames one under Dovecot's lock. */
static bool
rename_locked(struct folder *f, const struct catalogue_entry *e,
    const char *from, const char *to)
{
	const struct mdtree *t = f->k->c->tree;
	int control = mdtree_control(t, f->dir);
	int box = open_box(t, f->dir, (e->state & ENTRY_NEW) != 0);
	bool done = false;

	if (control != -1 && box != -1 && !f->locked_out) {
		f->locked_out = dot_lock(control, UIDLIST_LOCK, NULL) == -1;
		if (!f->locked_out) {
			done = rename_shown(box, from, box, to) == 0;
			dot_unlock(control, UIDLIST_LOCK);
		}
	}
	if (control != -1)
		(void)close(control);
	if (box != -1)
		(void)close(box);
	return done;
}

static void
check_name(struct folder *f, const struct catalogue_entry *e,
    const struct mdname *n, const struct seen *s, bool twice)
{
	const struct check *k = f->k;
	int64_t size = (int64_t)s->size.bytes;
	int64_t vsize = (int64_t)msgsize_crlf(&s->size);
	struct wrong w = { .twice = twice,
		.colon = strchr(n->name, ':') != strrchr(n->name, ':'),
		.size = s->plain && n->size != MD_SIZE_NONE && n->size != size,
		.vsize =
		    s->plain && n->vsize != MD_SIZE_NONE && n->vsize != vsize };
	bool fixed = false;
	char text[128];

	if (!w.twice && !w.colon && !w.size && !w.vsize)
		return;
	if (k->fix) {
		char *name = free_name(f, n, &s->size, &w);

		fixed = rename_locked(f, e, n->name, name);
		free(name);
	}
	if (w.twice)
		tell(k, FINDING_TWICE, e, "another file has the same base name",
		    fixed);
	if (w.colon)
		tell(k, FINDING_COLON, e, "a second colon", fixed);
	if (w.size) {
		(void)snprintf(text, sizeof text,
		    "the name says S=%lld, the file has %lld bytes",
		    (long long)n->size, (long long)size);
		tell(k, FINDING_SIZE, e, text, fixed);
	}
	if (w.vsize) {
		(void)snprintf(text, sizeof text,
		    "the name says W=%lld, with CRLF it has %lld bytes",
		    (long long)n->vsize, (long long)vsize);
		tell(k, FINDING_VSIZE, e, text, fixed);
	}
}

static void
check_letters(const struct check *k, const struct catalogue_entry *e,
    const struct mdname *n)
{
	const struct mdfolder *f = &k->c->tree->folders[e->folder];
	char text[64];

	for (int i = 0; i < KEYWORDS_MAX; i++) {
		if ((n->letters >> i & 1) == 0 || f->keywords.name[i] != NULL)
			continue;
		(void)snprintf(text, sizeof text,
		    "the letter %c has no line in dovecot-keywords", 'a' + i);
		tell(k, FINDING_LETTER, e, text, false);
	}
}

static void
check_message(struct folder *f, const struct catalogue_entry *e,
    const struct seen *s, bool twice)
{
	const struct check *k = f->k;
	struct mdname n;

	if ((e->state & ENTRY_GONE) != 0)
		return;
	if ((e->state & ENTRY_BAD) != 0 || !s->read) {
		tell(k, FINDING_FILE, e,
		    (e->state & ENTRY_BAD) != 0 ? entry_fault(k->c, e)
						: "cannot be read",
		    false);
		return;
	}
	mdname_parse(&n, entry_name(k->c, e));
	if (s->uid != f->owner)
		tell(k, FINDING_OWNER, e, "not the owner of the folder", false);
	if ((s->mode & 0600) != 0600)
		tell(k, FINDING_MODE, e, "its owner cannot read and write it",
		    false);
	check_letters(k, e, &n);
	check_name(f, e, &n, s, twice);
}

/* All messages of a folder. One base in two files: Dovecot renames one, and its
 * flags go. */
static void
check_messages(struct folder *f)
{
	const struct catalogue *c = f->k->c;
	bool *twice = xcalloc(f->to - f->from + 1, sizeof *twice);

	for (size_t i = f->from; i < f->to; i++)
		if ((c->entries[i].state & ENTRY_GONE) == 0)
			twice[i - f->from] =
			    !take_base(f, entry_name(c, &c->entries[i]));
	for (size_t i = f->from; i < f->to; i++)
		check_message(f, &c->entries[i], &f->seen[i - f->from],
		    twice[i - f->from]);
	free(twice);
}

/* The bases that Dovecot has in its list. */
struct listed {
	struct map bases;
	struct arena texts;
};

static void
put_listed(void *arg, const char *base)
{
	struct listed *l = arg;

	(void)map_put_copy(&l->bases, &l->texts, base, NULL);
}

/*
 * Dovecot looks into cur/ and new/ when their time changes. Where somebody put
 * the time back after adding a file (cp -a, tar, rsync -t do), it never finds
 * it: the time was set by hand, and a message is not in dovecot-uidlist.
 */
static void
check_times(const struct folder *f)
{
	const struct check *k = f->k;
	struct listed l = { 0 };
	bool listed = uidlist_each(k->c->tree, f->dir, put_listed, &l);
	bool unlisted[2] = { false, false };

	for (size_t i = f->from; listed && i < f->to; i++) {
		const struct catalogue_entry *e = &k->c->entries[i];
		const char *name = entry_name(k->c, e);
		char *base;

		if ((e->state & ENTRY_GONE) != 0)
			continue;
		base = xmemdup(name, strcspn(name, ":"));
		if (map_get(&l.bases, base) == NULL)
			unlisted[(e->state & ENTRY_NEW) != 0] = true;
		free(base);
	}
	for (int is_new = 0; is_new < 2; is_new++) {
		int fd = unlisted[is_new] ? open_box(k->c->tree, f->dir, is_new)
					  : -1;
		struct stat st;

		if (fd == -1)
			continue;
		if (fstat(fd, &st) == 0 &&
		    st.st_mtim.tv_sec + 1 < st.st_ctim.tv_sec)
			k->told(k->arg, FINDING_UNSEEN, f->dir, NULL,
			    is_new ? "the time of new/ was put back: Dovecot "
				     "does not see all messages"
				   : "the time of cur/ was put back: Dovecot "
				     "does not see all messages",
			    k->fix && futimens(fd, NULL) == 0);
		(void)close(fd);
	}
	map_free(&l.bases);
	arena_free(&l.texts);
}

/* A directory of a folder that its owner cannot use: clients see a folder that
 * is read-only, or empty. */
static void
check_dir(const struct folder *f, int fd, const char *name, uid_t owner)
{
	const struct check *k = f->k;
	struct stat st;
	char text[128];

	if (fstatat(fd, name, &st, AT_SYMLINK_NOFOLLOW) == -1)
		return;
	if (st.st_uid != owner) {
		(void)snprintf(text, sizeof text,
		    "the directory %s is not the owner's of the Maildir", name);
		k->told(k->arg, FINDING_OWNER, f->dir, NULL, text, false);
	}
	if ((st.st_mode & 0700) != 0700) {
		(void)snprintf(text, sizeof text,
		    "its owner cannot read, write and enter the directory %s",
		    name);
		k->told(k->arg, FINDING_MODE, f->dir, NULL, text, false);
	}
}

static void
check_dirs(struct folder *f, uid_t owner)
{
	static const char *const names[] = { ".", "cur", "new", "tmp" };
	int fd = mdtree_dir(f->k->c->tree, f->dir);
	struct stat st;

	if (fd == -1)
		return;
	f->owner = fstat(fd, &st) == 0 ? st.st_uid : owner;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		check_dir(f, fd, names[i], owner);
	(void)close(fd);
}

static void
check_folder(struct folder *f, const struct mdfolder *folder, uid_t owner)
{
	const struct check *k = f->k;

	if (folder->path == NULL)
		k->told(k->arg, FINDING_FOLDER, f->dir, NULL,
		    "Dovecot cannot open a folder of this name", false);
	if (folder->fault != NULL)
		k->told(
		    k->arg, FINDING_FOLDER, f->dir, NULL, folder->fault, false);
	check_dirs(f, owner);
	check_times(f);
	check_messages(f);
	map_free(&f->bases);
	arena_free(&f->texts);
}

int
check_run(struct check *k, struct why *why)
{
	const struct mdtree *t = k->c->tree;
	struct job job = { k, NULL };
	struct stat st;
	size_t to = 0;

	if (fstat(t->fd, &st) == -1)
		return why_errno(why, FAIL_FATAL, "%s", t->root);
	if (catalogue_list(k->c, why) == -1)
		return -1;
	job.seen = xcalloc(k->c->n + 1, sizeof *job.seen);
	parallel_run(k->c->n, k->c->jobs, look_some, &job,
	    sizeof(struct last_box), free_box);
	/* The entries are in the order of the folders. */
	for (size_t i = 0; i < t->n; i++) {
		struct folder f = { .k = k,
			.seen = job.seen + to,
			.from = to,
			.dir = t->folders[i].dir };

		while (to < k->c->n && k->c->entries[to].folder == i)
			to++;
		f.to = to;
		check_folder(&f, &t->folders[i], st.st_uid);
	}
	free(job.seen);
	return 0;
}
