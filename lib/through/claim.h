/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * Keeps runs of two machines out of one account: Dovecot is what both can see. A run
 * claims the account by a subscription to a mailbox that is not there, which no other
 * one takes away, and gives way where it finds another's.
 */
#ifndef FERRY_THROUGH_CLAIM_H
#define FERRY_THROUGH_CLAIM_H

#include "core/why.h"
#include "doveadm/account.h"
#include "doveadm/call.h"
#include "merge/run.h"

/* The zero value claims nothing. */
struct claim {
	struct doveadm doveadm; /* borrowed by what it points to */
	char *name;             /* of the mailbox */
	int fd; /* of its file, in the state directory; used with a name */
};

/*
 * Claims an account whose mailboxes were read, unless the run is a dry one. The claim
 * is noted in the state directory before it is made, so that the next run from there
 * takes over what one that was killed has left. Where Dovecot takes no such
 * subscription, that is a remark. 0, or -1 and why (TEMP if another run has claimed
 * it).
 */
int claim_make(struct claim *c, const struct merge_run *run,
    const struct doveadm_account *account, const struct doveadm *d,
    struct why *why);

/* Gives it back. */
void claim_end(struct claim *c);

#endif
