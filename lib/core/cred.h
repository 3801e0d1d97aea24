/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* Credentials of the operator: from a file or a command, never from argv. What
 * is read here is in no message from then on (core/mask.h). */
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

/*
 * The value of a variable of the environment that holds a secret; NULL where it
 * is not set, or empty. It is taken out of the environment, and overwritten
 * there, so that neither a child nor /proc/PID/environ shows it; further calls
 * return it again. The caller frees it with free_secret.
 */
char *cred_variable(const char *name);

/* Takes all variables that our programs read secrets from out of the
 * environment, as cred_variable does: before a child is started. */
void cred_hide_variables(void);

/* The first line that the shell command prints. NULL and why (FATAL) if it
 * prints nothing or exits with a status other than 0. */
char *cred_command(const char *command, struct why *why);

#endif
