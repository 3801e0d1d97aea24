/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* What the folders have now in which a run added or changed messages. */
#ifndef FERRY_THROUGH_PRESENT_H
#define FERRY_THROUGH_PRESENT_H

#include <stddef.h>
#include <stdint.h>

#include "core/arena.h"
#include "core/map.h"
#include "core/why.h"
#include "doveadm/account.h"
#include "doveadm/call.h"

enum {
	FOLDERS_AT_ONCE = 50 /* that one call is asked for */
};

/* A message that the mailbox has now. */
struct present {
	uint32_t uid;
	unsigned int flags;
	char *keywords;
};

/* A folder; the zero value has not been looked at. */
struct taken_folder {
	const char *dir;
	const struct doveadm_mailbox *m; /* NULL: there is none */
	char *guid;                      /* of it when it was noted */
	struct map there;                /* by GUID: struct present */
	struct arena keys;
	size_t added; /* messages that the run announced */
};

/* Lists what n of them have now, at most FOLDERS_AT_ONCE, which all have a mailbox with
 * messages: with one call, if Dovecot tells of each by that. 0, or -1 and why. */
int present_look(const struct doveadm *d, struct taken_folder **some, size_t n,
    struct why *why);

/* The message of a GUID, or NULL. */
const struct present *present_find(
    const struct taken_folder *p, const char *guid);

/* Forgets what it has. */
void present_forget(struct taken_folder *p);

#endif
