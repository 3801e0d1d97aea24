/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "extract/mailboxes.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/str.h"
#include "extract/filename.h"
#include "extract/parents.h"
#include "mailbox/name.h"
#include "maildir/folder.h"
#include "maildir/folderlist.h"

enum {
	/* Longer ones are shortened: programs add to the names of folders. */
	DIR_MAX = 240,
	/* Bytes that are kept of a level that is moved to the top. */
	CUT_MAX = 100,
	DIGEST_ROOM = 16, /* of filename_put_cut */
	/* Levels of a path that are reported. */
	PATH_LEVELS_MAX = 64
};

/* --- reading --- */

static char *
clean_text(const char *text, size_t len)
{
	struct buf out = { 0 };
	char *s;

	filename_put_utf8(&out, text, len);
	s = xstrdup(buf_str(&out));
	buf_free(&out);
	return s;
}

void
boxes_add(struct boxes *b, int64_t id, const char *name, const char *role,
    bool has_parent, int64_t parent)
{
	b->all = xgrow(b->all, b->n, &b->cap, sizeof *b->all);
	b->all[b->n++] = (struct box){ .id = id,
		.name = xstrdup(name),
		.role = role == NULL ? NULL : xstrdup(role),
		.up = -1,
		.has_parent = has_parent,
		.parent = parent,
		.subscribed = true };
}

static void
add_row(struct boxes *b, const struct archive_rows *r)
{
	size_t name_len, role_len;
	const char *text = rows_text(r, 1, &name_len);
	char *name = clean_text(text, name_len), *role = NULL;
	char *was = filename_changed(text, name_len, name);

	if (!rows_is_null(r, 3)) {
		text = rows_text(r, 3, &role_len);
		role = str_lower(clean_text(text, role_len));
	}
	boxes_add(b, rows_int(r, 0), name,
	    role == NULL || *role == '\0' ? NULL : role, !rows_is_null(r, 2),
	    rows_int(r, 2));
	b->all[b->n - 1].was = was;
	b->all[b->n - 1].subscribed = rows_int(r, 4) != 0;
	free(name);
	free(role);
}

static int
by_id(const void *a, const void *b)
{
	const struct box *x = a, *y = b;

	return x->id < y->id ? -1 : x->id > y->id;
}

int
boxes_read(struct boxes *b, struct archive *a, struct why *why)
{
	struct archive_rows r = { 0 };
	int more = rows_open(&r, a,
	    "SELECT id, name, parent_id, role, is_subscribed FROM mailboxes "
	    "ORDER BY id",
	    why);

	if (more == -1)
		return -1;
	while ((more = rows_next(&r, why)) == 1)
		add_row(b, &r);
	rows_close(&r);
	/* A damaged index may give them in another order. */
	if (b->n > 0)
		qsort(b->all, b->n, sizeof *b->all, by_id);
	return more;
}

bool
boxes_from_disk(struct archive *a)
{
	struct archive_rows r = { 0 };
	bool yes = false;

	if (rows_open(&r, a,
		"SELECT count(*), sum(kind = 'maildir') FROM sources WHERE "
		"kind NOT IN ('caldav', 'carddav', 'webdav', 'managesieve')",
		NULL) == -1)
		return false;
	if (rows_next(&r, NULL) == 1)
		yes = rows_int(&r, 0) > 0 && rows_int(&r, 0) == rows_int(&r, 1);
	rows_close(&r);
	return yes;
}

ssize_t
boxes_find(const struct boxes *b, int64_t id)
{
	const struct box key = { .id = id }, *found;

	if (b->n == 0)
		return -1;
	found = bsearch(&key, b->all, b->n, sizeof *b->all, by_id);
	return found == NULL ? -1 : found - b->all;
}

/* Finds the parents. The numbers of all mailboxes, parents before their
 * children; the caller frees it. */
static size_t *
find_parents(struct boxes *b)
{
	ssize_t *up = xcalloc(b->n + 1, sizeof *up);
	bool *cut = xcalloc(b->n + 1, sizeof *cut);
	size_t *order;

	for (size_t i = 0; i < b->n; i++) {
		const struct box *box = &b->all[i];

		up[i] = box->has_parent ? boxes_find(b, box->parent) : -1;
		cut[i] = box->has_parent && up[i] == -1;
	}
	parents_cut_circles(up, cut, b->n);
	order = parents_order(up, b->n);
	for (size_t i = 0; i < b->n; i++) {
		b->all[i].up = up[i];
		b->all[i].cut = cut[i];
	}
	free(up);
	free(cut);
	return order;
}

/* --- names --- */

/* The mailbox that is the INBOX: the first at the top with that role, or else
 * with that name. */
static void
find_inbox(struct boxes *b)
{
	ssize_t by_name = -1;

	for (size_t i = 0; i < b->n; i++) {
		struct box *box = &b->all[i];

		if (box->up != -1)
			continue;
		if (box->role != NULL && strcmp(box->role, "inbox") == 0) {
			box->is_inbox = true;
			return;
		}
		if (by_name == -1 && str_eq_nocase(box->name, "INBOX"))
			by_name = (ssize_t)i;
	}
	if (by_name != -1)
		b->all[by_name].is_inbox = true;
}

/* Two folders with one role would become one in a merge. The rows in
 * account.ndjson keep theirs. */
static void
settle_roles(struct boxes *b)
{
	struct map seen = { 0 };

	for (size_t i = 0; i < b->n; i++) {
		struct box *box = &b->all[i];
		bool first = true;

		if (box->is_inbox) {
			free(box->role);
			box->role = xstrdup("inbox");
			continue;
		}
		if (box->role == NULL)
			continue;
		if (strcmp(box->role, "inbox") == 0)
			first = false;
		else
			(void)map_put(&seen, box->role, &first);
		if (first)
			continue;
		free(box->role);
		box->role = NULL;
	}
	map_free(&seen);
}

/* A level as it is written to disk, of at most max bytes. False if a reader could
 * not tell the name from it. */
static bool
put_level(struct buf *out, const char *name, const struct box_style *style,
    size_t max)
{
	struct buf text = { 0 }, piece = { 0 }, level = { 0 }, disk = { 0 };
	size_t keep = max - DIGEST_ROOM;
	bool same, cut = false;

	if (!style->from_disk || mutf7_decode(&text, name, strlen(name)) == -1)
		buf_adds(&text, name);
	buf_add(&piece, buf_str(&text), text.len);
	for (;;) {
		buf_reset(&level);
		buf_reset(&disk);
		same = folder_put_level(
			   &level, buf_str(&piece), !style->from_disk) &&
		       !cut;
		if (style->utf8)
			buf_add(&disk, buf_str(&level), level.len);
		else
			(void)mutf7_encode(&disk, buf_str(&level), level.len);
		if (disk.len <= max)
			break;
		buf_reset(&piece);
		filename_put_cut(&piece, buf_str(&text), text.len, keep);
		keep = keep * 3 / 4;
		cut = true;
	}
	buf_add(out, buf_str(&disk), disk.len);
	buf_free(&text);
	buf_free(&piece);
	buf_free(&level);
	buf_free(&disk);
	return same;
}

/* Takes a directory, which must be free and not hidden by the INBOX. */
static bool
take_dir(struct boxes *b, const char *dir)
{
	bool added;

	if (strlen(dir) > DIR_MAX || str_eq_nocase(dir, ".INBOX"))
		return false;
	(void)map_put_copy(&b->taken, &b->keys, dir, &added);
	return added;
}

/* DIR-2, DIR-3, ...: the map holds how many there are of DIR. */
static char *
take_numbered(struct boxes *b, const char *dir)
{
	void **slot = map_put_copy(&b->taken, &b->keys, dir, NULL);
	uintptr_t number = (uintptr_t)*slot < 1 ? 1 : (uintptr_t)*slot;
	char *numbered = NULL;

	do {
		free(numbered);
		numbered = xasprintf("%s-%zu", dir, (size_t)++number);
	} while (!take_dir(b, numbered));
	*map_get(&b->taken, dir) = (void *)number;
	return numbered;
}

/*
 * The directory of a mailbox below that of its parent ("" at the top). Folders
 * of the INBOX are put next to it, as Stalwart's clients see them, or below it
 * if another folder has that name.
 */
static char *
choose_dir(struct boxes *b, const char *above, const char *name, bool in_inbox,
    const struct box_style *style, bool *renamed)
{
	struct buf level = { 0 };
	char *dir, *longer;

	*renamed = !put_level(&level, name, style, DIR_MAX - DIGEST_ROOM);
	dir = xasprintf("%s.%s", above, buf_str(&level));
	if (strlen(dir) > DIR_MAX) {
		struct buf flat = { 0 };

		/* Too deep: to the top, with a digest of where it was. */
		buf_reset(&level);
		buf_addc(&flat, '.');
		filename_put_cut(&flat, dir, strlen(dir), 0);
		(void)put_level(&level, name, style, CUT_MAX);
		free(dir);
		dir = xasprintf(".%s%s", buf_str(&level), flat.data + 1);
		buf_free(&flat);
		*renamed = true;
	}
	if (!take_dir(b, dir)) {
		*renamed = true;
		longer = xasprintf(".INBOX%s", dir);
		if (in_inbox && take_dir(b, longer)) {
			free(dir);
			dir = longer;
		} else {
			free(longer);
			longer = take_numbered(b, dir);
			free(dir);
			dir = longer;
		}
	}
	buf_free(&level);
	return dir;
}

static void
name_one(struct boxes *b, struct box *box, const struct box_style *style)
{
	const struct box *up = box->up == -1 ? NULL : &b->all[box->up];
	bool in_inbox = up != NULL && up->is_inbox;

	if (box->is_inbox)
		box->dir = xstrdup(".");
	else
		box->dir = choose_dir(b, up == NULL || in_inbox ? "" : up->dir,
		    box->name, in_inbox, style, &box->renamed);
}

void
boxes_name(struct boxes *b, const struct box_style *style)
{
	size_t *order = find_parents(b);

	find_inbox(b);
	settle_roles(b);
	for (size_t i = 0; i < b->n; i++) {
		struct box *box = &b->all[order[i]];

		box->below_inbox =
		    box->up != -1 &&
		    (b->all[box->up].is_inbox || b->all[box->up].below_inbox);
	}
	/* Those that have no INBOX above them come first, so that they keep a
	 * name that two want. */
	for (int below = 0; below < 2; below++)
		for (size_t i = 0; i < b->n; i++)
			if (b->all[order[i]].below_inbox == (below == 1))
				name_one(b, &b->all[order[i]], style);
	free(order);
}

char *
boxes_spare(struct boxes *b, const char *name, const struct box_style *style)
{
	bool renamed;

	return choose_dir(b, "", name, false, style, &renamed);
}

/* --- folders.ndjson --- */

/* The names from the top down, at most as many levels as are reported.
 * NULL-terminated, the strings borrowed. */
static char **
path_of(const struct boxes *b, const struct box *box)
{
	size_t levels = 1;
	char **path;

	for (ssize_t at = box->up; at != -1 && levels < PATH_LEVELS_MAX;
	     at = b->all[at].up)
		levels++;
	path = xcalloc(levels + 1, sizeof *path);
	while (levels-- > 0) {
		path[levels] = box->name;
		box = box->up == -1 ? box : &b->all[box->up];
	}
	return path;
}

void
boxes_print(const struct boxes *b, struct buf *out)
{
	for (size_t i = 0; i < b->n; i++) {
		struct box *box = &b->all[i];
		struct folder_note note = { .dir = box->dir,
			.path = path_of(b, box),
			.role = box->role,
			.subscribed = box->subscribed };

		folder_note_print(&note, out);
		free(note.path);
	}
}

void
boxes_free(struct boxes *b)
{
	for (size_t i = 0; i < b->n; i++) {
		free(b->all[i].name);
		free(b->all[i].was);
		free(b->all[i].role);
		free(b->all[i].dir);
	}
	free(b->all);
	map_free(&b->taken);
	arena_free(&b->keys);
	*b = (struct boxes){ 0 };
}
