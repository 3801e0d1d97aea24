/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* The folder that owners' Sieve scripts are written to. */
#ifndef FERRY_PLAN_SCRIPTS_H
#define FERRY_PLAN_SCRIPTS_H

#include "core/why.h"

struct scripts {
	const char *path; /* borrowed; NULL: none are written */
	int fd;
};

/* Opens the folder, which is made if it is not there. 0, or -1 and why. */
int scripts_open(struct scripts *s, const char *path, struct why *why);
/* Writes the script of an account, in place of an older one. It is not synced
 * to disk, and neither is the plan: another run writes both again. */
int scripts_put(
    struct scripts *s, const char *address, const char *text, struct why *why);
void scripts_close(struct scripts *s);

#endif
