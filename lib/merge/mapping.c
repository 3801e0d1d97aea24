/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "merge/mapping.h"

#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/str.h"
#include "mailbox/name.h"

static const char inbox_prefix[] = "INBOX/";

/* What all steps look at. */
struct job {
	const struct mdtree *source;
	struct mdtree *target;
	size_t existing; /* folders that the target has */
	const struct mapping_options *options;
	const struct folder_list *notes;
	bool plain;   /* escapes in names are read */
	char **paths; /* the target's path of each source folder, or NULL */
};

/* The number of the target's existing folder of that path; -1 if none. */
static ssize_t
find_path(const struct mdtree *t, size_t n, const char *path)
{
	for (size_t i = 0; i < n; i++)
		if (t->folders[i].path != NULL &&
		    strcmp(t->folders[i].path, path) == 0)
			return (ssize_t)i;
	return -1;
}

static bool
is_from(const struct folder_rule *r, const struct mdfolder *f)
{
	return strcmp(r->from, f->dir) == 0 ||
	       (f->path != NULL && strcmp(r->from, f->path) == 0);
}

static const char *
rule_for(const struct job *j, const struct mdfolder *f)
{
	for (size_t i = 0; i < j->options->n_rules; i++) {
		const struct folder_rule *r = &j->options->rules[i];

		if (is_from(r, f))
			return r->to;
	}
	return NULL;
}

/* A name says something about the role only at the top of the tree. */
static bool
is_top(const char *path)
{
	if (str_starts(path, inbox_prefix))
		path += sizeof inbox_prefix - 1;
	return strchr(path, '/') == NULL;
}

/*
 * The target's folder of a role. Of several that the names speak for, the one
 * of the same name as the source's folder is it.
 */
static ssize_t
find_role(const struct job *j, const char *role, const char *path)
{
	ssize_t found = -1;

	for (size_t i = 0; i < j->existing; i++) {
		const struct mdfolder *f = &j->target->folders[i];

		if (f->path == NULL || f->role == NULL ||
		    strcmp(f->role, role) != 0 || !is_top(f->path))
			continue;
		if (strcmp(f->path, path) == 0)
			return (ssize_t)i;
		if (found == -1)
			found = (ssize_t)i;
	}
	return found;
}

static int
hex_digit(char c)
{
	const char *digits = "0123456789abcdef";
	const char *at = c == '\0' ? NULL : strchr(digits, c | 0x20);

	return at == NULL ? -1 : (int)(at - digits);
}

/* Appends a level with its escapes read, or as it is where that could not be the
 * name of a folder. */
static void
put_plain_level(const struct job *j, struct buf *out, const char *level)
{
	const struct folder_style *style = &j->target->style;
	struct buf plain = { 0 }, path = { 0 }, dir = { 0 };

	for (const char *s = level; *s != '\0'; s++) {
		int high = *s == '\\' ? hex_digit(s[1]) : -1;
		int low = high == -1 ? -1 : hex_digit(s[2]);

		if (low == -1) {
			buf_addc(&plain, *s);
			continue;
		}
		buf_addc(&plain, (char)(high << 4 | low));
		s += 2;
	}
	folder_put_path_level(&path, buf_str(&plain), style);
	if (strlen(buf_str(&plain)) == plain.len &&
	    strchr(buf_str(&path), '/') == NULL &&
	    folder_put_dir(&dir, buf_str(&path), style, NULL) == 0)
		buf_adds(out, buf_str(&path));
	else
		folder_put_path_level(out, level, style);
	buf_free(&plain);
	buf_free(&path);
	buf_free(&dir);
}

/* The path with its escapes read, as the target can have it; the caller frees it. */
static char *
plain_path(const struct job *j, const char *path)
{
	char *copy = xstrdup(path), *rest = copy, *result;
	struct buf out = { 0 };

	while (rest != NULL) {
		put_plain_level(j, &out, str_cut(&rest, '/'));
		if (rest != NULL)
			buf_addc(&out, '/');
	}
	result = xstrdup(buf_str(&out));
	buf_free(&out);
	free(copy);
	return result;
}

/* The path of a new folder, its parent replaced by what the parent became. */
static char *
below_parent(const struct job *j, const char *path, const char *new)
{
	const char *end = strrchr(path, '/'), *leaf = strrchr(new, '/');
	char *parent, *result = NULL;
	ssize_t n;

	if (end == NULL || leaf == NULL)
		return xstrdup(new);
	parent = xmemdup(path, (size_t)(end - path));
	n = find_path(j->source, j->source->n, parent);
	free(parent);
	if (n != -1 && j->paths[n] != NULL && strcmp(j->paths[n], "INBOX") != 0)
		result = xasprintf("%s%s", j->paths[n], leaf);
	return result == NULL ? xstrdup(new) : result;
}

static size_t
count_levels(const struct folder_note *note)
{
	size_t n = 0;

	while (note != NULL && note->path[n] != NULL)
		n++;
	return n;
}

/* True if the folder was in the INBOX on the server that it comes from, and its
 * directory does not say so. */
static bool
was_in_inbox(const struct job *j, const struct mdfolder *f)
{
	const struct folder_note *note = folder_list_find(j->notes, f->dir);
	const struct folder_note *inbox = folder_list_find(j->notes, ".");

	return count_levels(inbox) == 1 && count_levels(note) > 1 &&
	       strcmp(note->path[0], inbox->path[0]) == 0 &&
	       !str_starts(f->path, inbox_prefix);
}

/* True if the target has folders in its INBOX. */
static bool
has_in_inbox(const struct job *j)
{
	for (size_t i = 0; i < j->existing; i++)
		if (j->target->folders[i].path != NULL &&
		    str_starts(j->target->folders[i].path, inbox_prefix))
			return true;
	return false;
}

/* The path in the INBOX of the target, for a folder that was in one, where the target
 * has it, or has others there and none of the name beside it; NULL: it has not. The
 * caller frees it. */
static char *
path_in_inbox(const struct job *j, const struct mdfolder *f, const char *path,
    const char *other)
{
	char *in;

	if (!was_in_inbox(j, f) || !has_in_inbox(j))
		return NULL;
	in = xasprintf("%s%s", inbox_prefix, path);
	if (find_path(j->target, j->existing, in) != -1 ||
	    (find_path(j->target, j->existing, path) == -1 &&
		find_path(j->target, j->existing, other) == -1))
		return in;
	free(in);
	return NULL;
}

/* The path that the target knows the folder under; the caller frees it. */
static char *
choose_path(const struct job *j, const struct mdfolder *f, const char *path)
{
	struct buf decoded = { 0 };
	char *result, *plain = plain_path(j, path);
	/* Where no new folder would get the plain name, one that is there can have
	 * it: without listescape a backslash is nothing else. */
	const char *first = j->plain ? plain : path;
	const char *second = j->plain ? path : plain;
	char *in = path_in_inbox(j, f, first, second);
	ssize_t n = -1;

	if (f->role != NULL && (f->role_stated || is_top(path)))
		n = find_role(j, f->role, path);
	if (n == -1 && in != NULL)
		n = find_path(j->target, j->existing, in);
	if (n == -1 && in == NULL)
		n = find_path(j->target, j->existing, first);
	if (n == -1 && in == NULL)
		n = find_path(j->target, j->existing, second);
	if (n != -1)
		result = xstrdup(j->target->folders[n].path);
	else if (mutf7_decode(&decoded, path, strlen(path)) == 0 &&
		 find_path(j->target, j->existing, buf_str(&decoded)) != -1)
		result = xstrdup(buf_str(&decoded));
	else
		result = below_parent(j, path, in == NULL ? first : in);
	free(plain);
	free(in);
	buf_free(&decoded);
	return result;
}

static char *
target_path(const struct job *j, const struct mdfolder *f)
{
	const char *rule = rule_for(j, f), *path = f->path;

	if (rule != NULL)
		return xstrdup(rule);
	if (path == NULL) /* Courier's second name of the INBOX */
		return str_eq_nocase(f->dir, ".INBOX") ? xstrdup("INBOX")
						       : NULL;
	if (strcmp(path, "INBOX") == 0)
		return xstrdup(path);
	if (j->options->strip_inbox && str_starts(path, inbox_prefix))
		path += sizeof inbox_prefix - 1;
	return choose_path(j, f, path);
}

static void
place(struct job *j, struct target_folder *to, const char *path)
{
	struct why why = { 0 };
	struct buf dir = { 0 };
	ssize_t n;

	if (path == NULL) {
		to->fault = xstrdup("the name of the folder cannot be read; "
				    "name one with --map");
		return;
	}
	n = find_path(j->target, j->target->n, path);
	if (n == -1 &&
	    folder_put_dir(&dir, path, &j->target->style, &why) == -1)
		to->fault = xstrdup(why.text);
	else if (n == -1 && j->options->refuse != NULL)
		to->fault =
		    j->options->refuse(j->options->arg, path, buf_str(&dir));
	if (n == -1 && to->fault == NULL)
		n = (ssize_t)mdtree_add(j->target, buf_str(&dir), path);
	if (n != -1) {
		to->folder = (size_t)n;
		to->create = j->target->folders[n].missing;
	}
	buf_free(&dir);
}

static void
take_roles(struct mdtree *source, const struct folder_list *notes)
{
	for (size_t i = 0; i < source->n; i++) {
		struct mdfolder *f = &source->folders[i];
		const struct folder_note *note =
		    folder_list_find(notes, f->dir);

		if (note == NULL)
			continue;
		free(f->role);
		f->role = note->role == NULL ? NULL : xstrdup(note->role);
		f->role_stated = f->role != NULL;
	}
}

struct target_folder *
map_folders(struct mdtree *source, struct mdtree *target,
    const struct folder_list *notes, const struct mapping_options *options)
{
	struct target_folder *m = xcalloc(source->n, sizeof *m);
	struct job j = { source, target, target->n, options, notes,
		options->plain == PLAIN_ALWAYS ||
		    (options->plain == PLAIN_AUTO &&
			(target->style.fs || target->style.escape != '\0')),
		xcalloc(source->n, sizeof *j.paths) };

	take_roles(source, notes);
	/* Parents come before their children: the folders are in the order of
	 * their directories. */
	for (size_t i = 0; i < source->n; i++) {
		j.paths[i] = target_path(&j, &source->folders[i]);
		place(&j, &m[i], j.paths[i]);
	}
	for (size_t i = 0; i < source->n; i++)
		free(j.paths[i]);
	free(j.paths);
	return m;
}

int
mapping_check(const struct mapping_options *options,
    const struct mdtree *source, struct why *why)
{
	for (size_t i = 0; i < options->n_rules; i++) {
		const struct folder_rule *r = &options->rules[i];
		bool found = false;

		for (size_t j = 0; j < source->n && !found; j++)
			found = is_from(r, &source->folders[j]);
		if (!found)
			return why_set(why, FAIL_FATAL,
			    "--map: the source has no folder \"%s\"", r->from);
	}
	return 0;
}

void
mapping_hide(const struct mapping_options *options, struct mdtree *target)
{
	for (size_t i = 0; options->refuse != NULL && i < target->n; i++) {
		struct mdfolder *f = &target->folders[i];
		char *fault = f->path == NULL ? NULL
					      : options->refuse(options->arg,
						    f->path, f->dir);

		if (fault == NULL)
			continue;
		free(f->path);
		f->path = NULL;
		free(fault);
	}
}

void
mapping_free(struct target_folder *m, size_t n)
{
	for (size_t i = 0; m != NULL && i < n; i++)
		free(m[i].fault);
	free(m);
}
