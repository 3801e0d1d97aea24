/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * Folder names: the path that a person sees ("Archive/2023", UTF-8, the levels
 * divided by "/"), and the directory that holds the folder (".Archive.2023" in
 * a Maildir++ tree, "Archive/2023" in a LAYOUT=fs tree), whose levels are
 * modified UTF-7 (RFC 3501, 5.1.3) or UTF-8. The path of the INBOX is "INBOX",
 * its directory ".".
 */
#ifndef FERRY_MAILDIR_FOLDER_H
#define FERRY_MAILDIR_FOLDER_H

#include <stdbool.h>
#include <stddef.h>

#include "core/buf.h"
#include "core/why.h"

struct folder_style {
	bool fs;    /* LAYOUT=fs instead of Maildir++ */
	bool utf8;  /* names on disk are UTF-8 instead of modified UTF-7 */
	bool mixed; /* without utf8: a level that cannot be modified UTF-7 is
		       UTF-8 all the same */
	const char *dirname; /* DIRNAME= of LAYOUT=fs, or NULL: the directory
				in that of each folder which has its mail */
	bool unseen; /* with fs: the names are only told to Dovecot, whose store
			has no directories cur, new and tmp beside them */
	char escape; /* of Dovecot's listescape; NUL: it has none */
	char separator; /* of levels in Dovecot's names; NUL: the layout's */
	const char *subscriptions; /* the file of them, which can be in another
				      directory; NULL: the usual name, and if
				      unseen none that a folder could have */
};

/*
 * Appends a level as a path of that style has it. Where a level can have a slash in
 * it, the path has "\\2f" in its place, and "\\5c" in that of a backslash.
 */
void folder_put_path_level(
    struct buf *out, const char *level, const struct folder_style *style);

/*
 * Appends one level of a path, made from any text: what cannot be in a name on
 * disk ("/", NUL, control characters) becomes "_"; a dot, and a "~" or "\\"
 * that would mean something else, is written as Dovecot's listescape plugin
 * does ("\\2e"), or becomes "_" too if escape is false. Never empty, never cut.
 * False where something became "_".
 */
bool folder_put_level(struct buf *out, const char *text, bool escape);

/*
 * Appends the directory of a path. -1 and why (DATA) if Dovecot could not open
 * the folder: an empty level, a level ".." or a leading "~", "cur", "new" or
 * "tmp" as a level of LAYOUT=fs, a dot inside a level of Maildir++, a second
 * INBOX, the list of subscriptions, or folders below one that is written in other
 * letters, a control character, not UTF-8, a name too long for the file system.
 */
int folder_put_dir(struct buf *out, const char *path,
    const struct folder_style *style, struct why *why);

/* The length of the directory of a folder without the DIRNAME at its end; 0 if it
 * has to have one and has not. */
size_t folder_length(const char *dir, const struct folder_style *style);

/* The other way round. -1 if the directory is not of a folder that Dovecot
 * could open; the path is appended only if it is. */
int folder_put_path(
    struct buf *out, const char *dir, const struct folder_style *style);

#endif
