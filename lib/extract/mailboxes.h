/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * The mailboxes of an archive, and the Maildir++ folder of each. The archive
 * has them as rows that name their parents, by any text; two of them may be
 * called the same, and a parent may be missing or below its own child.
 */
#ifndef FERRY_EXTRACT_MAILBOXES_H
#define FERRY_EXTRACT_MAILBOXES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "archive/archive.h"
#include "core/arena.h"
#include "core/buf.h"
#include "core/map.h"
#include "core/why.h"

struct box {
	int64_t id;
	int64_t parent;
	char *name; /* UTF-8, no control characters */
	char *was;  /* the archive's, to show, if it is another; or NULL */
	char *role; /* or NULL */
	char *dir;  /* ".Work", "." the INBOX; by boxes_name */
	ssize_t up; /* number of the parent; -1 at the top */
	bool has_parent;
	bool subscribed;
	bool is_inbox;
	bool below_inbox;
	bool cut; /* its parent is missing or below it */
	bool renamed;
};

/* In the order of their ids. The zero value is empty. */
struct boxes {
	struct box *all;
	size_t n, cap;
	struct map taken;
	struct arena keys;
};

struct box_style {
	bool utf8; /* names on disk are UTF-8 instead of modified UTF-7 */
	/* The names come from a Maildir: modified UTF-7 is decoded, and nothing
	 * is escaped a second time. */
	bool from_disk;
};

/* Reads them. 0, or -1 and why where the rest cannot be read. */
int boxes_read(struct boxes *b, struct archive *a, struct why *why);
/* True if all mail must have come from Maildirs. */
bool boxes_from_disk(struct archive *a);

/* Adds one that the archive does not have, at the top. */
void boxes_add(struct boxes *b, int64_t id, const char *name, const char *role,
    bool has_parent, int64_t parent);

/* Finds the parents, and gives each mailbox its folder. Of several with one
 * role, the first keeps it. */
void boxes_name(struct boxes *b, const struct box_style *style);

/* The number of a mailbox; -1 if there is none. */
ssize_t boxes_find(const struct boxes *b, int64_t id);

/* Names one more folder, as no mailbox is named. The caller frees it. */
char *boxes_spare(
    struct boxes *b, const char *name, const struct box_style *style);

/* Appends folders.ndjson: one line for each. */
void boxes_print(const struct boxes *b, struct buf *out);

void boxes_free(struct boxes *b);

#endif
