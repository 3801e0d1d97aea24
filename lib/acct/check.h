/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* What two servers say of an account becomes a verdict, with its reasons. */
#ifndef FERRY_ACCT_CHECK_H
#define FERRY_ACCT_CHECK_H

#include <stdbool.h>
#include <stddef.h>

#include "acct/compare.h"
#include "acct/side.h"

/* One account on both sides. */
struct acct_subject {
	const char *address;
	const char *where; /* for messages; or NULL */
	const char *line;  /* as it was read; or NULL */
	bool active;       /* its record says that it may log in */
	struct side_account source, target;
};

enum acct_check {
	CHECK_OK,
	CHECK_SHORT,       /* the target lacks something */
	CHECK_FAILED,      /* a side refused to tell */
	CHECK_UNREACHABLE, /* a side could not be asked now */
	CHECK_SKIPPED      /* disabled on the source, which says nothing */
};
enum {
	CHECK_STATES = CHECK_SKIPPED + 1
};
/* "short" */
const char *check_name(enum acct_check c);

/* One thing that was found. */
struct acct_finding {
	const char *what;                 /* "folder-short"; a constant */
	bool is_short;                    /* the account falls short by it */
	const struct folder_pair *folder; /* where it is about one */
	char text[320];
};

struct check_options {
	struct compare_options compare;
	bool counted[DATA_KINDS];
	bool back; /* the source is the new server */
};
/* "old" or "new", whichever server a side is. */
const char *check_source_name(const struct check_options *o);
const char *check_target_name(const struct check_options *o);

/* The zero value is empty. */
struct verification {
	enum acct_check status;
	struct comparison folders;
	struct acct_finding *v;
	size_t n, cap;
};

/* Judges a subject that both sides were asked for; borrows from it. */
void check_account(const struct acct_subject *s, const struct check_options *o,
    struct verification *v);
void verification_free(struct verification *v);

/* What a person must know first: the first finding by which the account falls
 * short, or that a side says nothing. NULL if there is none. */
const struct acct_finding *verification_worst(const struct verification *v);

/* Appends the record of type "verification" (acctcheck(1)). */
void verification_put(const struct verification *v,
    const struct acct_subject *s, const struct check_options *o,
    struct buf *out);

#endif
