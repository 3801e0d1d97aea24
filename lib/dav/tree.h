/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* The calendars and address books of a tree as archive2maildir writes it, and
 * the UIDs of their files; or of a server, see dav/server-tree.h. */
#ifndef FERRY_DAV_TREE_H
#define FERRY_DAV_TREE_H

#include <stdbool.h>
#include <stddef.h>

#include "core/buf.h"
#include "core/why.h"

enum dav_kind {
	DAV_CALENDAR,
	DAV_ADDRESSBOOK
};

struct dav_item {
	char *file; /* "calendars/Work/a.ics", below the tree; or the href */
	char *uid;
	size_t collection; /* of dav_tree.collections */
};

struct dav_collection {
	enum dav_kind kind;
	char *dir; /* in calendars or contacts */
	/* As dav_name() has them: the same, and what its owner sees, which
	 * account.ndjson knows, or it is the same. */
	char *folder, *name;
	/* Of its items, as in dav/answer.h; 0: it has none, or they are cards.
	 * A folder of events and tasks is two collections, since a server may
	 * keep them apart. */
	unsigned int components;
};

struct dav;

struct dav_tree {
	int fd;             /* of the folder; -1: none */
	struct dav *server; /* instead of it; borrowed */
	struct dav_collection *collections;
	size_t n, cap;
	struct dav_item *items;
	size_t n_items, cap_items;
};

/* What is wrong with a file; the others go on. */
typedef void dav_bad_fn(
    void *arg, enum dav_kind kind, const char *file, const struct why *why);

/* Who is told of what does not become an item. */
struct dav_told {
	dav_bad_fn *bad;
	/* What no item is looked for in, and why: a folder in another place, a
	 * link. */
	void (*skipped)(void *arg, const char *path, const char *reason);
	void *arg;
};

/*
 * Reads calendars/NAME/ *.ics and contacts/NAME/ *.vcf, in the order of their
 * names; files of other names are passed over. What a folder could not be called is
 * read from account.ndjson, if that is there. 0, or -1 and why (FATAL) where the
 * tree has neither.
 */
int dav_tree_open(struct dav_tree *t, const char *path,
    const struct dav_told *told, struct why *why);
void dav_tree_free(struct dav_tree *t);
/* Adds a collection of that folder or name, and an item of the last one, of these
 * components; both are copied. */
void dav_tree_add(struct dav_tree *t, enum dav_kind kind, const char *dir);
void dav_tree_add_item(struct dav_tree *t, const char *file, const char *uid,
    unsigned int components);
/* The content of a file, appended; of a tree in a folder. */
int dav_tree_read(const struct dav_tree *t, const struct dav_item *item,
    struct buf *out, struct why *why);

/* The next content line, unfolded, into line; false at the end. */
bool dav_next_line(const char **at, const char *end, struct buf *line);

/* Whether a text can be in an answer of WebDAV: what cannot would keep everybody
 * from reading its collection. 0, or -1 and why (DATA). */
int dav_text_check(const char *text, size_t len, struct why *why);

/*
 * The one UID of a calendar object or a card; the caller frees it. NULL and why
 * (DATA) if there is none, or several. *components (may be NULL) is what the
 * calendar object is made of.
 */
char *dav_uid(const char *text, size_t len, enum dav_kind kind,
    unsigned int *components, struct why *why);

#endif
