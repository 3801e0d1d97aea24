/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* Credentials of the operator: from a file or a command, never from argv. */
#ifndef FERRY_CRED_H
#define FERRY_CRED_H

#include "core/why.h"

/*
 * The first line of the file. It must be a regular file or a pipe that belongs
 * to us or to root and that neither group nor others can read or write: this
 * is looked at on the open descriptor. The caller frees the result with
 * free_secret. NULL and why (FATAL), which names the path.
 */
char *cred_file(const char *path, struct why *why);

/* Opens such a file for reading, after the same checks. The descriptor is the
 * caller's to close; -1 and why. */
int cred_open(const char *path, struct why *why);

/* The first line that the shell command prints. NULL and why (FATAL) if it
 * prints nothing or exits with a status other than 0. */
char *cred_command(const char *command, struct why *why);

#endif
