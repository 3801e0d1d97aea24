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
#include "maildir/content.h"
#include "maildir/control.h"
#include "maildir/name.h"
#include "maildir/parallel.h"

enum {
	UIDLIST_MAX = 1 << 30
};

const char *
finding_name(enum finding f)
{
	static const char *const names[] = { "size", "vsize", "owner", "mode",
		"letter", "folder", "twice", "colon", "unseen", "file" };

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
dir_of(const struct check *k, const struct entry *e)
{
	return k->c->tree->folders[e->folder].dir;
}

static void
tell(const struct check *k, enum finding f, const struct entry *e,
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
	struct entry *e = &c->entries[number];
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
	    (got = pread(fd, head, sizeof head, 0)) >= 0) {
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

/* The base with the right sizes: what stands before the first comma, then the
 * other fields as they are. */
static char *
right_name(const struct mdname *n, const struct msgsize *size)
{
	struct buf out = { 0 };
	const char *at = n->name, *end = n->name + n->base_len;
	char *result;

	while (at < end) {
		const char *comma = memchr(at + 1, ',', (size_t)(end - at - 1));
		const char *stop = comma == NULL ? end : comma;

		if (strncmp(at, ",S=", 3) == 0)
			buf_addf(
			    &out, ",S=%llu", (unsigned long long)size->bytes);
		else if (strncmp(at, ",W=", 3) == 0)
			buf_addf(&out, ",W=%llu",
			    (unsigned long long)msgsize_crlf(size));
		else
			buf_add(&out, at, (size_t)(stop - at));
		at = stop;
	}
	buf_adds(&out, end);
	result = xstrdup(buf_str(&out));
	buf_free(&out);
	return result;
}

/* Renames one under Dovecot's lock. */
static bool
correct(const struct check *k, const struct entry *e, const struct mdname *n,
    const struct seen *s)
{
	int control = mdtree_control(k->c->tree, dir_of(k, e));
	int box =
	    open_box(k->c->tree, dir_of(k, e), (e->state & ENTRY_NEW) != 0);
	char *name = right_name(n, &s->size);
	bool done = false;

	if (control != -1 && box != -1 &&
	    dot_lock(control, UIDLIST_LOCK, NULL) == 0) {
		done =
		    renameat2(box, n->name, box, name, RENAME_NOREPLACE) == 0;
		dot_unlock(control, UIDLIST_LOCK);
	}
	if (control != -1)
		(void)close(control);
	if (box != -1)
		(void)close(box);
	free(name);
	return done;
}

static void
check_sizes(const struct check *k, const struct entry *e,
    const struct mdname *n, const struct seen *s)
{
	int64_t size = (int64_t)s->size.bytes;
	int64_t vsize = (int64_t)msgsize_crlf(&s->size);
	bool bad_s = n->size != MD_SIZE_NONE && n->size != size;
	bool bad_w = n->vsize != MD_SIZE_NONE && n->vsize != vsize;
	bool fixed;
	char text[128];

	if (!s->plain || (!bad_s && !bad_w))
		return;
	fixed = k->fix && correct(k, e, n, s);
	if (bad_s) {
		(void)snprintf(text, sizeof text,
		    "the name says S=%lld, the file has %lld bytes",
		    (long long)n->size, (long long)size);
		tell(k, FINDING_SIZE, e, text, fixed);
	}
	if (bad_w) {
		(void)snprintf(text, sizeof text,
		    "the name says W=%lld, with CRLF it has %lld bytes",
		    (long long)n->vsize, (long long)vsize);
		tell(k, FINDING_VSIZE, e, text, fixed);
	}
}

static void
check_letters(
    const struct check *k, const struct entry *e, const struct mdname *n)
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
check_message(const struct check *k, const struct entry *e,
    const struct seen *s, uid_t owner)
{
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
	if (s->uid != owner)
		tell(k, FINDING_OWNER, e, "not the owner of the folder", false);
	if ((s->mode & 0600) != 0600)
		tell(k, FINDING_MODE, e, "its owner cannot read and write it",
		    false);
	if (strchr(n.name, ':') != strrchr(n.name, ':'))
		tell(k, FINDING_COLON, e, "a second colon", false);
	check_letters(k, e, &n);
	check_sizes(k, e, &n, s);
}

/* One base in two files of a folder: Dovecot renames one, and its flags go. */
static void
check_bases(const struct check *k, size_t folder)
{
	struct map bases = { 0 };
	struct arena keys = { 0 };

	for (size_t i = 0; i < k->c->n; i++) {
		const struct entry *e = &k->c->entries[i];
		const char *name = entry_name(k->c, e);
		bool added;

		if (e->folder != folder || (e->state & ENTRY_GONE) != 0)
			continue;
		(void)map_put(
		    &bases, arena_add(&keys, name, strcspn(name, ":")), &added);
		if (!added)
			tell(k, FINDING_TWICE, e,
			    "another file has the same base name", false);
	}
	map_free(&bases);
	arena_free(&keys);
}

/* The bases that dovecot-uidlist has; false if there is no such file. */
static bool
read_uidlist(
    const struct check *k, const char *dir, struct buf *text, struct map *bases)
{
	int fd = mdtree_control(k->c->tree, dir), file;
	char *rest, *line;

	if (fd == -1)
		return false;
	file = openat(fd, "dovecot-uidlist", O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	(void)close(fd);
	if (file == -1)
		return false;
	buf_init(text, UIDLIST_MAX);
	if (read_fd(file, dir, text, NULL) == -1 || text->len == 0) {
		(void)close(file);
		return false;
	}
	(void)close(file);
	rest = text->data;
	while (rest != NULL) {
		line = str_cut(&rest, '\n');
		line = strchr(line, ':');
		if (line == NULL)
			continue;
		line++;
		line[strcspn(line, ":")] = '\0';
		(void)map_put(bases, line, NULL);
	}
	return true;
}

/*
 * Dovecot looks into cur/ and new/ when their time changes. Where somebody put
 * the time back after adding a file (cp -a, tar, rsync -t do), it never finds
 * it: the time was set by hand, and a message is not in dovecot-uidlist.
 */
static void
check_times(const struct check *k, size_t folder)
{
	const char *dir = k->c->tree->folders[folder].dir;
	struct map bases = { 0 };
	struct buf text = { 0 };
	bool listed = read_uidlist(k, dir, &text, &bases);
	bool unlisted[2] = { false, false };

	for (size_t i = 0; listed && i < k->c->n; i++) {
		const struct entry *e = &k->c->entries[i];
		const char *name = entry_name(k->c, e);
		char *base;

		if (e->folder != folder || (e->state & ENTRY_GONE) != 0)
			continue;
		base = xmemdup(name, strcspn(name, ":"));
		if (map_get(&bases, base) == NULL)
			unlisted[(e->state & ENTRY_NEW) != 0] = true;
		free(base);
	}
	for (int is_new = 0; is_new < 2; is_new++) {
		int fd =
		    unlisted[is_new] ? open_box(k->c->tree, dir, is_new) : -1;
		struct stat st;

		if (fd == -1)
			continue;
		if (fstat(fd, &st) == 0 &&
		    st.st_mtim.tv_sec + 1 < st.st_ctim.tv_sec)
			k->told(k->arg, FINDING_UNSEEN, dir, NULL,
			    is_new ? "the time of new/ was put back: Dovecot "
				     "does not see all messages"
				   : "the time of cur/ was put back: Dovecot "
				     "does not see all messages",
			    k->fix && futimens(fd, NULL) == 0);
		(void)close(fd);
	}
	map_free(&bases);
	buf_free(&text);
}

static uid_t
owner_of(const struct check *k, size_t folder)
{
	int fd = open_below(k->c->tree->fd, k->c->tree->folders[folder].dir);
	struct stat st = { 0 };

	if (fd != -1) {
		(void)fstat(fd, &st);
		(void)close(fd);
	}
	return st.st_uid;
}

int
check_run(struct check *k, struct why *why)
{
	const struct mdtree *t = k->c->tree;
	struct job job = { k, NULL };
	uid_t *owners = xcalloc(t->n + 1, sizeof *owners);

	if (catalogue_list(k->c, why) == -1) {
		free(owners);
		return -1;
	}
	job.seen = xcalloc(k->c->n + 1, sizeof *job.seen);
	parallel(k->c->n, k->c->jobs, look_some, &job, sizeof(struct last_box),
	    free_box);
	for (size_t i = 0; i < t->n; i++) {
		owners[i] = owner_of(k, i);
		if (t->folders[i].path == NULL)
			k->told(k->arg, FINDING_FOLDER, t->folders[i].dir, NULL,
			    "Dovecot cannot open a folder of this name", false);
		check_times(k, i);
		check_bases(k, i);
	}
	for (size_t i = 0; i < k->c->n; i++) {
		const struct entry *e = &k->c->entries[i];

		check_message(k, e, &job.seen[i], owners[e->folder]);
	}
	free(owners);
	free(job.seen);
	return 0;
}
