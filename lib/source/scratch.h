/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * A private folder for secrets that libraries have to open by name. It is gone
 * when the process is, however that ends.
 */
#ifndef FERRY_SOURCE_SCRATCH_H
#define FERRY_SOURCE_SCRATCH_H

#include <sys/types.h>

#include "core/why.h"

struct scratch {
	char *path; /* NULL: there is none */
	int fd;     /* of the folder */
	int guard;  /* what the guard waits at */
	pid_t pid;  /* of the guard */
};

/*
 * Makes the folder (0700, in TMPDIR or /tmp), and starts a process that removes
 * it, with all that is in it, when this one has ended. 0; or -1 and why (FATAL).
 */
int scratch_make(struct scratch *s, struct why *why);
void scratch_remove(struct scratch *s);

#endif
