/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* The output of another program: doveconf, postconf, postmap. */
#ifndef FERRY_COMMAND_H
#define FERRY_COMMAND_H

#include <sys/types.h>

#include "core/buf.h"
#include "core/why.h"

struct command {
	const char *name;
	pid_t pid;
	int fd;     /* its standard output */
	int status; /* once it was closed: its exit status; -1: it has none */
};

/* Starts argv[0], which is searched for in PATH, without a shell; standard
 * input is empty, standard error is ours. 0; or -1 and why (FATAL). */
int command_open(struct command *c, const char *const *argv, struct why *why);

/* Closes the descriptor and waits. 0; or -1 and why (FATAL) if the program was
 * not there, or failed. */
int command_close(struct command *c, struct why *why);

/* Reads all of the output of a program that prints little. 0, or -1 and why. */
int command_read(const char *const *argv, struct buf *out, struct why *why);

#endif
