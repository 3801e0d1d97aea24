/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * dovecot-keywords: which keyword each letter a-z in the file names of one
 * folder stands for. Every folder of every tree has a list of its own, so
 * letters are never copied, only names.
 */
#ifndef FERRY_MAILDIR_KEYWORDS_H
#define FERRY_MAILDIR_KEYWORDS_H

#include <stdbool.h>
#include <stddef.h>

#include "core/buf.h"
#include "core/why.h"

enum {
	KEYWORDS_MAX = 26
};

/* The zero value is an empty list. */
struct keywords {
	char *name[KEYWORDS_MAX]; /* NULL: the letter is free */
};

/* Reads lines "NUMBER NAME" as Dovecot does: a line may end in CRLF, lines that
 * are none are passed over, and of two lines of a number the second holds. */
void keywords_parse(struct keywords *k, char *text);

/* Appends the list as text. */
void keywords_print(const struct keywords *k, struct buf *out);

/* The number of a name, compared without case; -1 if it is not there. */
int keywords_find(const struct keywords *k, const char *name);

/* The same, the name added under the lowest free number; -1 if none is. */
int keywords_add(struct keywords *k, const char *name);

/* True for a text that can be an IMAP keyword (RFC 9051, flag-keyword: an atom)
 * of at most 255 bytes. */
bool keyword_valid(const char *name);

/*
 * Reads dovecot-keywords of the directory dirfd. A file that is not there is an
 * empty list. 0, or -1 and why.
 */
int keywords_read(struct keywords *k, int dirfd, struct why *why);

/*
 * Writes it: a file beside it, fsync, rename. Its mode and group are those of
 * the directory (without the x bits), and its owner where we are root; its
 * time is made later than the old file's, because Dovecot compares whole
 * seconds. While Dovecot may be at work in the folder the caller holds
 * dovecot-uidlist.lock and has read the list again under it. 0, or -1 and why.
 */
int keywords_write(const struct keywords *k, int dirfd, struct why *why);

void keywords_free(struct keywords *k);

#endif
