/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "source/host-command.h"

#include <unistd.h>

#include "core/io.h"
#include "source/host.h"

int
host_command_open(
    struct host_command *c, const char *const *argv, struct why *why)
{
	*c = (struct host_command){ .command.name = argv[0] };
	c->fd = host_answer(argv, &c->status, why);
	c->answered = c->fd != HOST_ASK;
	if (c->answered)
		return c->fd == -1 ? -1 : 0;
	if (command_open(&c->command, argv, why) == -1)
		return -1;
	c->fd = c->command.fd;
	return 0;
}

int
host_command_close(struct host_command *c, struct why *why)
{
	c->command.fd = c->fd;
	if (!c->answered)
		return command_close(&c->command, why);
	if (c->fd != -1)
		(void)close(c->fd);
	if (c->status == 0)
		return 0;
	return why_set(why, FAIL_FATAL, "%s failed with status %d",
	    c->command.name, c->status);
}

int
host_command_read(const char *const *argv, struct buf *out, struct why *why)
{
	struct host_command c;
	struct why late;
	int r;

	if (host_command_open(&c, argv, why) == -1)
		return -1;
	r = read_fd(c.fd, argv[0], out, why);
	if (host_command_close(&c, &late) == -1 && r == 0) {
		*why = late;
		r = -1;
	}
	return r;
}
