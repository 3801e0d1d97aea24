/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* As core/command.h; of another machine (source/host.h) the answer that the
 * program gave there is taken, and nothing is run. */
#ifndef FERRY_SOURCE_HOST_COMMAND_H
#define FERRY_SOURCE_HOST_COMMAND_H

#include <stdbool.h>

#include "core/buf.h"
#include "core/command.h"
#include "core/why.h"

struct host_command {
	int fd; /* the output */
	struct command command;
	bool answered; /* on the other machine */
	int status;    /* there */
};

/* As command_open, command_close (which closes fd, unless it is -1) and
 * command_read. */
int host_command_open(
    struct host_command *c, const char *const *argv, struct why *why);
int host_command_close(struct host_command *c, struct why *why);
int host_command_read(
    const char *const *argv, struct buf *out, struct why *why);

#endif
