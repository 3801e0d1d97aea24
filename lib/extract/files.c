/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * The files of the account. Directories and files come first, symbolic links
 * when nothing is written any more; only links that stay inside are made.
 */
#include "extract/files.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "convert/stamp.h"
#include "core/alloc.h"
#include "core/io.h"
#include "extract/filename.h"
#include "extract/parents.h"

static const char files_dir[] = "files";

enum {
	DEPTH_MAX = 64, /* deeper nodes are moved to the orphans */
	LINK_MAX = 1024
};

enum node_kind {
	NODE_FILE,
	NODE_DIR,
	NODE_LINK,
	NODE_ODD
};

struct node {
	int64_t id, parent, blob;
	int64_t date;
	enum node_kind kind;
	bool has_parent, has_blob, has_date;
	char *name;   /* as one file name */
	char *was;    /* the archive's, to show, if it is another; or NULL */
	char *target; /* of a link, JSON */
	char *path;   /* below the tree */
	unsigned int depth;
	struct labels labels; /* of what is in it */
};

struct nodes {
	struct extract_run *j;
	struct node *all;
	size_t n, cap;
	struct labels top, orphans;
	char *orphans_dir; /* NULL: there are none */
};

/* --- reading --- */

static enum node_kind
kind_of(const char *type)
{
	if (strcmp(type, "file") == 0)
		return NODE_FILE;
	if (strcmp(type, "directory") == 0)
		return NODE_DIR;
	return strcmp(type, "symlink") == 0 ? NODE_LINK : NODE_ODD;
}

static void
clean_name(struct node *n, const struct archive_rows *r, int column)
{
	struct buf clean = { 0 };
	size_t len;
	const char *text = rows_text(r, column, &len);

	filename_put(&clean, text, len, true);
	n->name = xstrdup(clean.len == 0 ? "_unnamed" : buf_str(&clean));
	n->was = filename_changed(text, len, n->name);
	buf_free(&clean);
}

static void
add_row(struct nodes *t, const struct archive_rows *r)
{
	struct node n = { .id = rows_int(r, 0),
		.has_parent = !rows_is_null(r, 1),
		.parent = rows_int(r, 1),
		.kind = kind_of(rows_text(r, 2, NULL)),
		.has_blob = !rows_is_null(r, 3),
		.blob = rows_int(r, 3) };
	int date = rows_is_null(r, 6) ? 7 : 6;
	size_t len;
	const char *text;

	clean_name(&n, r, 5);
	n.target = xstrdup(rows_text(r, 4, NULL));
	text = rows_text(r, date, &len);
	n.has_date = stamp_parse(text, len, &n.date);
	t->all = xgrow(t->all, t->n, &t->cap, sizeof *t->all);
	t->all[t->n++] = n;
}

static int
by_id(const void *a, const void *b)
{
	const struct node *x = a, *y = b;

	return x->id < y->id ? -1 : x->id > y->id;
}

static int
read_nodes(struct nodes *t)
{
	struct why bad = { 0 };
	struct archive_rows r = { 0 };
	int more = rows_open(&r, t->j->archive,
	    "SELECT id, parent_id, node_type, blob_id, target, name, modified, "
	    "created FROM file_nodes ORDER BY id",
	    &bad);

	while (more != -1 && (more = rows_next(&r, &bad)) == 1)
		add_row(t, &r);
	rows_close(&r);
	if (t->n > 0)
		qsort(t->all, t->n, sizeof *t->all, by_id);
	for (size_t i = 0; i < t->n; i++)
		t->j->x->counts[PART_FILES].total += t->all[i].kind != NODE_DIR;
	return more == -1
		   ? run_broken_table(t->j, PART_FILES, "file_nodes", &bad)
		   : 0;
}

/* --- places --- */

static ssize_t
find_node(const struct nodes *t, int64_t id)
{
	const struct node key = { .id = id }, *found;

	found = bsearch(&key, t->all, t->n, sizeof *t->all, by_id);
	return found == NULL ? -1 : found - t->all;
}

/* A node whose directory is missing, is not a directory, or is too deep. */
static bool
is_orphan(const struct nodes *t, ssize_t up, bool cut)
{
	return cut || (up != -1 && (t->all[up].kind != NODE_DIR ||
				       t->all[up].depth >= DEPTH_MAX));
}

static void
place_in(
    struct node *n, struct labels *labels, const char *dir, unsigned int depth)
{
	struct buf name = { 0 };

	labels_take(labels, n->name, "", &name);
	n->path = xasprintf("%s/%s", dir, buf_str(&name));
	n->depth = depth;
	buf_free(&name);
}

static void
tell_name(struct nodes *t, const struct node *n)
{
	const char *slash = n->path == NULL ? NULL : strrchr(n->path, '/');

	if (slash != NULL &&
	    (n->was != NULL || strcmp(slash + 1, n->name) != 0))
		run_note(t->j, "file", n->id,
		    "\"%s\": it is %s: the name is taken, too long, or "
		    "impossible on disk",
		    n->was == NULL ? n->name : n->was, n->path);
}

/* Gives a node its path below its parent's, which must have one. */
static void
place(struct nodes *t, struct node *n, ssize_t up)
{
	struct node *parent = up == -1 ? NULL : &t->all[up];

	if (parent == NULL)
		place_in(n, &t->top, files_dir, 1);
	else if (parent->path != NULL)
		place_in(n, &parent->labels, parent->path, parent->depth + 1);
	tell_name(t, n);
}

static void
place_orphan(struct nodes *t, struct node *n)
{
	struct buf name = { 0 };

	if (t->orphans_dir == NULL) {
		labels_take(&t->top, "_orphans", "", &name);
		t->orphans_dir = xasprintf("%s/%s", files_dir, buf_str(&name));
		buf_free(&name);
	}
	place_in(n, &t->orphans, t->orphans_dir, 2);
	run_note(t->j, "file", n->id,
	    "its directory is missing, not a directory, or too deep: moved to "
	    "%s",
	    n->path);
}

/* Gives every node its place, first those whose parents are all there. Returns
 * the numbers in the order in which they are to be made. */
static size_t *
place_all(struct nodes *t)
{
	struct node *const all = t->all;
	ssize_t *up = xcalloc(t->n + 1, sizeof *up);
	bool *cut = xcalloc(t->n + 1, sizeof *cut);
	size_t *order;

	for (size_t i = 0; i < t->n; i++) {
		const struct node *n = &all[i];

		up[i] = n->has_parent ? find_node(t, n->parent) : -1;
		cut[i] = n->has_parent && up[i] == -1;
	}
	parents_cut_circles(up, cut, t->n);
	order = parents_order(up, t->n);
	for (size_t i = 0; i < t->n; i++)
		if (!is_orphan(t, up[order[i]], cut[order[i]]))
			place(t, &all[order[i]], up[order[i]]);
	for (size_t i = 0; i < t->n; i++) {
		struct node *n = &all[order[i]];

		if (n->path == NULL &&
		    is_orphan(t, up[order[i]], cut[order[i]]))
			place_orphan(t, n);
		else if (n->path == NULL)
			place(t, n, up[order[i]]);
	}
	free(up);
	free(cut);
	return order;
}

/* --- files --- */

static int
tell_failed(struct nodes *t, const struct node *n, struct why *why)
{
	if (why->kind != FAIL_DATA)
		return -1;
	run_tell(t->j, PART_FILES, TOLD_FAILED, "file", n->id, why);
	return 0;
}

/* Splits a path into the directory and the name in it; dir is freed by the
 * caller. */
static const char *
split(const char *path, char **dir)
{
	const char *slash = strrchr(path, '/');

	*dir = xmemdup(path, (size_t)(slash - path));
	return slash + 1;
}

static int
put_file(struct nodes *t, const struct node *n, struct why *why)
{
	struct extract_count *count = &t->j->x->counts[PART_FILES];
	const struct buf none = { 0 };
	char *dir;
	const char *name = split(n->path, &dir);
	int r = target_dir(&t->j->target, dir, why);

	if (r == 0 && n->has_blob) {
		r = run_put_blob(t->j, n->blob, dir, name,
		    n->has_date ? &n->date : NULL, &count->written, why);
	} else if (r == 0) {
		run_note(t->j, "file", n->id,
		    "the archive has no content for it: it is empty");
		r = target_put(
		    &t->j->target, dir, name, &none, &count->written, why);
	}
	free(dir);
	return r == 0 ? 0 : tell_failed(t, n, why);
}

static int
put_dir(struct nodes *t, const struct node *n, struct why *why)
{
	if (target_dir(&t->j->target, n->path, why) == -1) {
		t->j->x->counts[PART_FILES].total++;
		return tell_failed(t, n, why);
	}
	t->j->x->directories++;
	return 0;
}

/* --- links --- */

/*
 * The text of a link, made of its parts. False if it would lead outside. ".."
 * is allowed only at the start, where the directories above are real; after a
 * name, which may be another link, nobody knows where it leads.
 */
static bool
link_text(const struct node *n, struct buf *out)
{
	json_t *parts = json_loads(n->target, 0, NULL), *part;
	bool good = json_array_size(parts) > 0, named = false;
	unsigned int up = 0;
	size_t i;

	json_array_foreach (parts, i, part) {
		const char *s = json_string_value(part);
		struct buf clean = { 0 };

		if (s == NULL || *s == '\0' || strchr(s, '/') != NULL) {
			good = false;
			continue;
		}
		buf_adds(out, i > 0 ? "/" : "");
		if (strcmp(s, "..") == 0) {
			good = good && !named && ++up < n->depth;
			buf_adds(out, s);
			continue;
		}
		if (strcmp(s, ".") == 0) {
			buf_adds(out, s);
			continue;
		}
		named = true;
		filename_put(&clean, s, strlen(s), true);
		buf_adds(out, clean.len == 0 ? "_unnamed" : buf_str(&clean));
		buf_free(&clean);
	}
	json_decref(parts);
	return good && out->len <= LINK_MAX;
}

/* Makes the link; an earlier run may have made the same one. */
static int
make_link(
    struct nodes *t, const struct node *n, const char *text, struct why *why)
{
	char *dir, there[LINK_MAX + 1];
	const char *name = split(n->path, &dir);
	int fd = target_dir(&t->j->target, dir, why) == -1
		     ? -1
		     : target_open_dir(&t->j->target, dir, why);
	int r = fd == -1 ? -1 : symlinkat(text, fd, name);
	ssize_t len;

	if (fd != -1 && r == -1 && errno == EEXIST) {
		len = readlinkat(fd, name, there, sizeof there);
		r = len >= 0 && (size_t)len == strlen(text) &&
			    memcmp(there, text, (size_t)len) == 0
			? 0
			: -1;
		errno = EEXIST;
	}
	if (fd != -1 && r == 0)
		r = sync_dir(fd);
	if (fd != -1 && r == -1)
		why_errno(why, write_failure(errno), "cannot be made");
	if (fd != -1)
		(void)close(fd);
	free(dir);
	return r;
}

static int
put_link(struct nodes *t, const struct node *n, struct why *why)
{
	struct buf text = { 0 };
	struct why odd = { 0 };
	int r = 0;

	if (!link_text(n, &text)) {
		why_set(&odd, FAIL_DATA,
		    "a symbolic link that leads out of the tree, or nowhere: "
		    "%.200s",
		    n->target);
		run_tell(t->j, PART_FILES, TOLD_SKIPPED, "file", n->id, &odd);
	} else if (make_link(t, n, buf_str(&text), why) == -1) {
		r = tell_failed(t, n, why);
	} else {
		t->j->x->counts[PART_FILES].written++;
	}
	buf_free(&text);
	return r;
}

/* --- all --- */

static int
put_node(struct nodes *t, const struct node *n, struct why *why)
{
	struct why odd = { 0 };

	switch (n->kind) {
	case NODE_FILE:
		return put_file(t, n, why);
	case NODE_DIR:
		return put_dir(t, n, why);
	case NODE_LINK:
		return 0;
	case NODE_ODD:
		break;
	}
	why_set(&odd, FAIL_DATA, "neither file nor directory nor link");
	run_tell(t->j, PART_FILES, TOLD_SKIPPED, "file", n->id, &odd);
	return 0;
}

static int
put_nodes(struct nodes *t, struct why *why)
{
	size_t *order = place_all(t);
	int r = 0;

	for (size_t i = 0; r == 0 && i < t->n; i++) {
		r = put_node(t, &t->all[order[i]], why);
		t->j->x->progress(t->j->x->arg, 1);
		if (r == 0 && run_stopped(t->j, why))
			r = -1;
	}
	if (r == 0)
		r = target_commit(&t->j->target, why);
	for (size_t i = 0; r == 0 && i < t->n; i++)
		if (t->all[order[i]].kind == NODE_LINK)
			r = put_link(t, &t->all[order[i]], why);
	free(order);
	return r;
}

static void
nodes_free(struct nodes *t)
{
	for (size_t i = 0; i < t->n; i++) {
		free(t->all[i].name);
		free(t->all[i].was);
		free(t->all[i].target);
		free(t->all[i].path);
		labels_free(&t->all[i].labels);
	}
	free(t->all);
	labels_free(&t->top);
	labels_free(&t->orphans);
	free(t->orphans_dir);
}

int
extract_files(struct extract_run *j, struct why *why)
{
	struct nodes t = { .j = j };
	int r = 0;

	if (!archive_has(j->archive, "file_nodes"))
		return 0;
	if (read_nodes(&t) == 0 && t.n > 0) {
		r = target_dir(&j->target, files_dir, why);
		if (r == 0)
			r = put_nodes(&t, why);
	}
	nodes_free(&t);
	return r;
}
