/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "source/scratch.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <spawn.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/alloc.h"

enum {
	FOLDERS_OPEN = 32
};

static int
remove_one(const char *path, const struct stat *st, int kind, struct FTW *at)
{
	(void)st;
	(void)at;
	if (kind == FTW_DP || kind == FTW_D || kind == FTW_DNR)
		(void)rmdir(path);
	else
		(void)unlink(path);
	return 0;
}

static void
remove_tree(const char *path)
{
	(void)nftw(path, remove_one, FOLDERS_OPEN, FTW_DEPTH | FTW_PHYS);
}

/*
 * Starts the guard, in a process group of its own, so that the keys of a terminal
 * do not reach it. Nothing of ours stays open in it but the end of a pipe, which
 * it reads: nobody who reads our output waits for it.
 */
static int
spawn_guard(struct scratch *s, int fd)
{
	static const char script[] = "cat >/dev/null; rm -rf -- \"$0\"";
	const char *const argv[] = { "sh", "-c", script, s->path, NULL };
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attr;
	int r = posix_spawn_file_actions_init(&actions);

	if (r != 0)
		return r;
	r = posix_spawnattr_init(&attr);
	if (r == 0) {
		(void)posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETPGROUP);
		(void)posix_spawn_file_actions_adddup2(
		    &actions, fd, STDIN_FILENO);
		(void)posix_spawn_file_actions_addopen(
		    &actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
		(void)posix_spawn_file_actions_adddup2(
		    &actions, STDOUT_FILENO, STDERR_FILENO);
		/* posix_spawn(3) does not change the texts. */
		r = posix_spawn(&s->pid, "/bin/sh", &actions, &attr,
		    (char *const *)(uintptr_t)argv, environ);
		(void)posix_spawnattr_destroy(&attr);
	}
	(void)posix_spawn_file_actions_destroy(&actions);
	return r;
}

static int
start_guard(struct scratch *s, struct why *why)
{
	int ends[2], r;

	if (pipe2(ends, O_CLOEXEC) == -1)
		return why_errno(why, FAIL_FATAL, "a pipe");
	r = spawn_guard(s, ends[0]);
	(void)close(ends[0]);
	if (r == 0) {
		s->guard = ends[1];
		return 0;
	}
	(void)close(ends[1]);
	s->pid = -1;
	errno = r;
	return why_errno(why, FAIL_FATAL, "no second process can be started");
}

int
scratch_make(struct scratch *s, struct why *why)
{
	const char *dir = getenv("TMPDIR");

	s->pid = -1;
	s->path = xasprintf(
	    "%s/mailferry.XXXXXX", dir == NULL || *dir == '\0' ? "/tmp" : dir);
	if (mkdtemp(s->path) == NULL) {
		why_errno(why, FAIL_FATAL, "no folder can be made in TMPDIR");
		free(s->path);
		s->path = NULL;
		return -1;
	}
	s->fd = open(s->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (s->fd == -1)
		why_errno(why, FAIL_FATAL, "%s", s->path);
	if (s->fd != -1 && start_guard(s, why) == 0)
		return 0;
	scratch_remove(s);
	return -1;
}

void
scratch_remove(struct scratch *s)
{
	remove_tree(s->path);
	if (s->fd != -1)
		(void)close(s->fd);
	free(s->path);
	if (s->pid > 0) {
		(void)close(s->guard);
		while (waitpid(s->pid, NULL, 0) == -1 && errno == EINTR)
			;
	}
	*s = (struct scratch){ .fd = -1, .pid = -1 };
}
