/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* Finds in a Maildir what breaks IMAP sessions. */
#ifndef FERRY_MAILDIR_CHECK_H
#define FERRY_MAILDIR_CHECK_H

#include <stdbool.h>
#include <stddef.h>

#include "core/why.h"
#include "maildir/catalogue.h"

enum finding {
	FINDING_SIZE,   /* ,S= is not the file's size */
	FINDING_VSIZE,  /* ,W= is not the size as IMAP counts it */
	FINDING_OWNER,  /* a file or directory is somebody else's */
	FINDING_MODE,   /* its owner cannot use it */
	FINDING_LETTER, /* a keyword letter without a line */
	FINDING_FOLDER, /* one that cannot be opened, or read */
	FINDING_TWICE,  /* one base name, two files */
	FINDING_COLON,  /* a second colon in a name */
	FINDING_UNSEEN, /* Dovecot will not look at the directory */
	FINDING_FILE    /* no regular file, or one that cannot be read */
};

/* The word for records: "size". */
const char *finding_name(enum finding f);

struct check {
	struct catalogue *c; /* listed */
	bool fix;
	/* Told of each finding: the directory of the folder, the file (or
	 * NULL), what is wrong, and whether it was mended. */
	void (*told)(void *arg, enum finding f, const char *dir,
	    const char *file, const char *text, bool fixed);
	void *arg;
};

/*
 * Checks all of it. With fix, messages that only need another name get it, under
 * Dovecot's lock: wrong sizes, a second colon, one base twice. (To Dovecot, a
 * message with another base is a new one, with a new UID.) And directories that
 * Dovecot would not look at are touched. 0, or -1 and why.
 */
int check_run(struct check *k, struct why *why);

#endif
