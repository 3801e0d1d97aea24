/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * The file of temporary passwords: lines of an address, a tab and the clear
 * password, for the administrator to hand out. What is in it is kept, so that
 * every run gives an account the same password.
 */
#ifndef FERRY_PLAN_TEMPORARY_H
#define FERRY_PLAN_TEMPORARY_H

#include "core/why.h"
#include "secret/passwords.h"

struct temporary {
	const char *path; /* borrowed */
	int fd;           /* 0: not open */
	struct passwords known;
};

/*
 * Opens the file, made with mode 0600, and keeps others out until
 * temporary_close: a second run at the same time is TEMP. A last line that was
 * cut off (a full disk, a kill) is taken out: no plan with its password was
 * completed, because temporary_sync comes before the plan. *mended says so; its
 * kind is FAIL_NONE where all was well. 0, or -1 and why.
 */
int temporary_open(
    struct temporary *t, const char *path, struct why *mended, struct why *why);

/* The password of an address: the one in the file, or a new one, which is
 * appended. Owned by t. NULL and why (FATAL). */
const char *temporary_get(
    struct temporary *t, const char *address, struct why *why);

/* Brings what was appended to the disk, before anybody uses it. 0, or -1 and
 * why. */
int temporary_sync(struct temporary *t, struct why *why);

/* Overwrites what is in memory. */
void temporary_close(struct temporary *t);

#endif
