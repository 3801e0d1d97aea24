/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * folders.ndjson: what a Maildir tree cannot say about its folders, one object
 * a line. archive2maildir(1) writes it beside the tree, maildir-merge(1) reads
 * it:
 *
 *	{"v":1,"type":"folder","dir":".Sent Items","path":["Sent Items"],
 *	 "role":"sent","subscribed":true}
 *
 * dir is the folder's directory below the root of the tree ("." the INBOX),
 * path the names of its levels as the server had them, role one of RFC 8621.
 */
#ifndef FERRY_MAILDIR_FOLDERLIST_H
#define FERRY_MAILDIR_FOLDERLIST_H

#include <stdbool.h>
#include <stddef.h>

#include "core/buf.h"
#include "core/why.h"

struct folder_note {
	char *dir;
	char **path; /* NULL-terminated */
	char *role;  /* or NULL */
	bool subscribed;
};

/* The zero value is an empty list. */
struct folder_list {
	struct folder_note *notes;
	size_t n, cap;
};

/* Appends one line. */
void folder_note_print(const struct folder_note *note, struct buf *out);

/* Reads a file of such lines; lines of other types are passed over. 0, or -1
 * and why. */
int folder_list_read(struct folder_list *l, const char *file, struct why *why);

/* The note on a directory; NULL if there is none. */
const struct folder_note *folder_list_find(
    const struct folder_list *l, const char *dir);

void folder_list_free(struct folder_list *l);

#endif
