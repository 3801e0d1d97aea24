/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "core/command.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdint.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/cred.h"
#include "core/io.h"

int
command_open(struct command *c, const char *const *argv, struct why *why)
{
	posix_spawn_file_actions_t actions;
	int ends[2], r;

	*c = (struct command){
		.name = argv[0], .pid = -1, .fd = -1, .status = -1
	};
	cred_hide_variables();
	if (pipe2(ends, O_CLOEXEC) == -1)
		return why_errno(why, FAIL_FATAL, "%s", c->name);
	r = posix_spawn_file_actions_init(&actions);
	if (r == 0) {
		(void)posix_spawn_file_actions_addopen(
		    &actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
		(void)posix_spawn_file_actions_adddup2(
		    &actions, ends[1], STDOUT_FILENO);
		/* posix_spawn(3) does not change the texts. */
		r = posix_spawnp(&c->pid, c->name, &actions, NULL,
		    (char *const *)(uintptr_t)argv, environ);
		(void)posix_spawn_file_actions_destroy(&actions);
	}
	(void)close(ends[1]);
	if (r == 0) {
		c->fd = ends[0];
		return 0;
	}
	(void)close(ends[0]);
	errno = r;
	return why_errno(why, FAIL_FATAL, "%s cannot be run", c->name);
}

int
command_close(struct command *c, struct why *why)
{
	int status;
	pid_t r;

	if (c->fd != -1)
		(void)close(c->fd);
	do {
		r = waitpid(c->pid, &status, 0);
	} while (r == -1 && errno == EINTR);
	if (r == -1)
		return why_errno(why, FAIL_FATAL, "%s", c->name);
	if (WIFEXITED(status))
		c->status = WEXITSTATUS(status);
	if (c->status == 0)
		return 0;
	if (c->status > 0)
		return why_set(why, FAIL_FATAL, "%s failed with status %d",
		    c->name, c->status);
	return why_set(why, FAIL_FATAL, "%s was ended by a signal", c->name);
}

int
command_read(const char *const *argv, struct buf *out, struct why *why)
{
	struct command c;
	struct why late;
	int r;

	if (command_open(&c, argv, why) == -1)
		return -1;
	r = read_fd(c.fd, c.name, out, why);
	if (command_close(&c, &late) == -1 && r == 0) {
		*why = late;
		r = -1;
	}
	return r;
}
