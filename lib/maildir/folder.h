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

/* Appends valid UTF-8 as modified UTF-7. -1 if it is not valid. */
int mutf7_encode(struct buf *out, const char *utf8, size_t len);

/* Appends modified UTF-7 as UTF-8. -1 and nothing appended if it is not the one
 * right encoding of a text: Dovecot cannot open a folder of such a name. */
int mutf7_decode(struct buf *out, const char *text, size_t len);

struct folder_style {
	bool fs;   /* LAYOUT=fs instead of Maildir++ */
	bool utf8; /* names on disk are UTF-8 instead of modified UTF-7 */
};

/*
 * Appends one level of a path, made from any text: what cannot stand in a name
 * on disk ("/", NUL, control characters) becomes "_"; a dot, and a "~" or "\\"
 * that would mean something else, is written as Dovecot's listescape plugin
 * does ("\\2e"), or becomes "_" too if escape is false. Never empty, never cut.
 */
void folder_put_level(struct buf *out, const char *text, bool escape);

/*
 * Appends the directory of a path. -1 and why (DATA) if Dovecot could not open
 * the folder: an empty level, a level ".." or a leading "~", "cur", "new" or
 * "tmp" as a level of LAYOUT=fs, a dot inside a level of Maildir++, a second
 * INBOX, a control character, not UTF-8, a name too long for the file system.
 */
int folder_put_dir(struct buf *out, const char *path,
    const struct folder_style *style, struct why *why);

/* The other way round. -1 if the directory is no folder's that Dovecot could
 * open; the path is appended only if it is. */
int folder_put_path(
    struct buf *out, const char *dir, const struct folder_style *style);

/* Appends the path with its letters composed (NFC): Dovecot compares bytes, but
 * two spellings of one name are one folder to a person. */
void folder_put_nfc(struct buf *out, const char *path);

/*
 * The role (RFC 8621, 2, lower case) that a folder of this name commonly has:
 * "sent" for "Sent Items"; "inbox" for the INBOX; NULL for none. Only the last
 * level counts, in any case.
 */
const char *folder_role_of_name(const char *path);

#endif
