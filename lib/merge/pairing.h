/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * The plan of a merge: what becomes of each message of the source. Nothing is
 * written.
 *
 * Copies are counted. Of the copies that both sides have in one folder as many
 * are present as there are on both; what is left in the source is matched with
 * what is left elsewhere in the target (--scope=account); the rest is added.
 */
#ifndef FERRY_MERGE_PAIRING_H
#define FERRY_MERGE_PAIRING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/why.h"
#include "maildir/catalogue.h"
#include "merge/mapping.h"

enum outcome {
	OUT_ADD,
	OUT_PRESENT,   /* in the folder where it belongs */
	OUT_ELSEWHERE, /* in another folder of the target */
	OUT_SKIPPED,
	OUT_FAILED
};

struct fate {
	enum outcome outcome : 8;
	bool again;       /* failed: the next run may do better */
	bool settled;     /* it is final; a run that broke off leaves some */
	bool away;        /* the twin is one of the plan's away */
	uint32_t twin;    /* present, elsewhere: the entry of the target */
	const char *note; /* a phrase, or NULL; not freed */
};

enum same_id {
	SAME_ID_COMPARE, /* other content: another message, if not a variant */
	SAME_ID_TRUST,   /* one id, one message */
	SAME_ID_ADD      /* other content: another message */
};
/* The words of the option. */
extern const char *const same_id_words[SAME_ID_ADD + 1];

/* Where a copy of the target counts. */
enum merge_scope {
	SCOPE_ACCOUNT, /* in any folder */
	SCOPE_FOLDER   /* in the folder where the message belongs */
};
extern const char *const scope_words[SCOPE_FOLDER + 1];

struct match_options {
	enum same_id same_id;
	enum merge_scope scope;
	bool collapse;     /* of several copies in the source add one */
	bool keep_trashed; /* merge messages that are marked as deleted */
	bool skip_drafts;
	bool ignore_unreadable;     /* messages of the target */
	bool count_trash;           /* a copy in the Trash is a copy, too */
	const char *const *ignored; /* target folders that do not count as
				       elsewhere; NULL-terminated; NULL: the
				       Trash */
	/* True if mail does not stay in the folder of the target: Dovecot removes
	 * it by itself. May be NULL. */
	bool (*expires)(const void *arg, const char *path);
	/* True if it is a Trash that has no role. May be NULL. */
	bool (*is_trash)(const void *arg, const char *path);
	const void *arg; /* borrowed */
};

struct merge_plan {
	struct catalogue *source, *target;
	struct catalogue
	    *away; /* mail of the target's owner in other places, where
				   a copy counts as elsewhere; or NULL */
	const struct target_folder *folders; /* one for each source folder */
	struct match_options options;
	struct fate *fates; /* one for each source entry */
};

/* Where the twin of a message is. */
const struct catalogue *pairing_twins(
    const struct merge_plan *p, const struct fate *f);

/*
 * Fills in the fates. Both catalogues are listed and their ids read. 0, or -1
 * and why (FATAL).
 */
int pairing_make(struct merge_plan *p, struct why *why);

#endif
