/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "merge/copies.h"

#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/buf.h"
#include "core/num.h"
#include "mailbox/name.h"
#include "maildir/box.h"
#include "maildir/name.h"

bool
copies_holds_drafts(const struct mdfolder *f)
{
	return f->role != NULL && strcmp(f->role, "drafts") == 0;
}

bool
copies_is_draft(const struct catalogue *c, uint32_t number)
{
	const struct catalogue_entry *e = &c->entries[number];

	return (mdname_flags(entry_name(c, e)) & MD_DRAFT) != 0 ||
	       copies_holds_drafts(&c->tree->folders[e->folder]);
}

bool
copies_counts(const struct merge_plan *p, uint32_t number)
{
	const struct catalogue_entry *e = &p->target->entries[number];

	return p->target->tree->folders[e->folder].path != NULL &&
	       (e->state & ENTRY_CLOSED) == 0 &&
	       (p->options.keep_trashed ||
		   (mdname_flags(entry_name(p->target, e)) & MD_TRASHED) == 0);
}

/* True if the words name the folder. */
static bool
is_named(const struct mdfolder *f, const char *word)
{
	return (f->path != NULL && strcmp(f->path, word) == 0) ||
	       strcmp(f->dir, word) == 0;
}

/* True if a folder lies below another one, and so goes with it; folders below the
 * INBOX are no part of it. */
static bool
is_below(const struct mdfolder *f, const struct mdfolder *above)
{
	size_t len = above->path == NULL ? 0 : strlen(above->path);

	return len > 0 && f->path != NULL &&
	       strcmp(above->path, "INBOX") != 0 &&
	       strncmp(f->path, above->path, len) == 0 && f->path[len] == '/';
}

static void
ignore(const struct mdtree *t, size_t folder, bool *ignored)
{
	for (size_t i = 0; i < t->n; i++)
		ignored[i] |= i == folder ||
			      is_below(&t->folders[i], &t->folders[folder]);
}

static bool
is_trash(const char *role)
{
	return role != NULL && strcmp(role, "trash") == 0;
}

/* The Trash, which may be no folder but only the level above some. */
static void
ignore_trash(
    const struct mdtree *t, const struct match_options *o, bool *ignored)
{
	bool found = false;

	for (size_t i = 0; o->is_trash != NULL && i < t->n; i++)
		if (t->folders[i].path != NULL &&
		    o->is_trash(o->arg, t->folders[i].path))
			ignore(t, i, ignored);
	for (size_t i = 0; i < t->n; i++)
		if (is_trash(t->folders[i].role)) {
			ignore(t, i, ignored);
			found = true;
		}
	for (size_t i = 0; !found && i < t->n; i++) {
		const char *path = t->folders[i].path;
		char *top =
		    path == NULL ? NULL : xmemdup(path, strcspn(path, "/"));

		ignored[i] |=
		    top != NULL && is_trash(mailbox_role_of_name(top));
		free(top);
	}
}

/* Folders in which mail does not stay; the Trash is what the options say of it. */
static void
ignore_expiring(
    const struct mdtree *t, const struct match_options *o, bool *ignored)
{
	bool *trash = xcalloc(t->n + 1, sizeof *trash);

	if (o->count_trash)
		ignore_trash(t, o, trash);
	for (size_t i = 0; o->expires != NULL && i < t->n; i++)
		ignored[i] |= t->folders[i].path != NULL && !trash[i] &&
			      o->expires(o->arg, t->folders[i].path);
	free(trash);
}

bool *
copies_ignored(const struct merge_plan *p, struct why *why)
{
	const struct mdtree *t = p->target->tree;
	const struct mdtree *also = p->away == NULL ? NULL : p->away->tree;
	const char *const *word = p->options.ignored;
	bool *ignored = xcalloc(t->n + 1, sizeof *ignored);

	if (word == NULL && !p->options.count_trash)
		ignore_trash(t, &p->options, ignored);
	for (; word != NULL && *word != NULL; word++) {
		bool found = false;

		for (size_t i = 0; i < t->n; i++) {
			if (!is_named(&t->folders[i], *word))
				continue;
			ignore(t, i, ignored);
			found = true;
		}
		for (size_t i = 0; also != NULL && i < also->n; i++)
			found |= is_named(&also->folders[i], *word);
		if (!found) {
			why_set(why, FAIL_FATAL,
			    "--ignore-folders: the target has no folder \"%s\"",
			    *word);
			free(ignored);
			return NULL;
		}
	}
	ignore_expiring(t, &p->options, ignored);
	return ignored;
}

int
copies_check(const struct merge_plan *p, struct why *why)
{
	size_t bad = 0;
	const struct catalogue_entry *first = NULL;
	struct buf path = { 0 };

	for (size_t i = 0; i < p->target->n; i++) {
		const struct catalogue_entry *e = &p->target->entries[i];

		if ((e->state & ENTRY_BAD) != 0 && bad++ == 0)
			first = e;
	}
	if (bad == 0 || p->options.ignore_unreadable)
		return 0;
	entry_put_path(&path, p->target, first);
	why_set(why, FAIL_FATAL,
	    "%zu message%s of the target cannot be compared; the first is "
	    "%s/%s: %s",
	    bad, plural(bad), p->target->tree->root, buf_str(&path),
	    entry_fault(p->target, first));
	buf_free(&path);
	return -1;
}
