/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* Whether all folders and messages of one server are on another. */
#ifndef FERRY_ACCT_COMPARE_H
#define FERRY_ACCT_COMPARE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mailbox/list.h"

/* How many messages a folder may lack: a number, or percent of the source's. */
struct tolerance {
	int64_t n;
	bool percent;
};

/* "5" or "2%". False for anything else. */
bool tolerance_parse(const char *text, struct tolerance *t);

enum folder_verdict {
	FOLDER_SAME,
	FOLDER_SHORT,     /* messages are missing */
	FOLDER_TOLERATED, /* some are missing, within the tolerance */
	FOLDER_MISSING,   /* the whole folder */
	FOLDER_MORE,      /* the target has messages that the source has not */
	FOLDER_EXTRA,     /* only the target has the folder */
	FOLDER_UNKNOWN    /* a server does not say how many messages, of a
			     missing one too */
};
/* The account does not have what it had. */
bool folder_is_short(enum folder_verdict v);

struct folder_pair {
	const struct mailbox *source; /* NULL: an extra folder */
	const struct mailbox *target; /* NULL: a missing one */
	enum folder_verdict verdict;
};

/* The zero value is empty. */
struct comparison {
	struct folder_pair *v; /* as the source has them, then extra ones */
	size_t n;
};

struct compare_options {
	struct tolerance tolerance;
	bool ignore_empty; /* a missing folder without messages is not missed */
	/* Patterns (fnmatch(3)) of names that do not count, on either side;
	 * NULL at the end; or NULL. */
	const char *const *ignore;
};

/*
 * Finds for each folder of the source the target's, each at most once: by the
 * role that a server states or that the name speaks for, then by the name, then
 * by the name that it decodes to where it is itself modified UTF-7 (a Maildir
 * imported as it stood on disk), then by the name below the INBOX. The result
 * refers to both lists.
 */
void folders_compare(const struct mailboxes *source,
    const struct mailboxes *target, const struct compare_options *options,
    struct comparison *result);
void comparison_free(struct comparison *c);

#endif
