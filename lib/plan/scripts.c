/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "plan/scripts.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/buf.h"
#include "core/io.h"
#include "plan/name.h"

int
scripts_open(struct scripts *s, const char *path, struct why *why)
{
	(void)mkdir(path, 0700);
	*s = (struct scripts){ path,
		open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) };
	if (s->fd != -1)
		return 0;
	s->path = NULL;
	return why_errno(why, FAIL_FATAL, "%s", path);
}

int
scripts_put(
    struct scripts *s, const char *address, const char *text, struct why *why)
{
	struct buf name = { 0 };
	int fd, r = 0;

	name_script(address, &name);
	fd = openat(s->fd, name.data,
	    O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC,
	    0600);
	if (fd == -1 || write_all(fd, text, strlen(text)) == -1)
		r = -1;
	if (fd != -1 && close(fd) == -1)
		r = -1;
	if (r == -1)
		why_errno(why, FAIL_FATAL, "%s/%s", s->path, name.data);
	buf_free(&name);
	return r;
}

void
scripts_close(struct scripts *s)
{
	if (s->path != NULL)
		(void)close(s->fd);
	*s = (struct scripts){ 0 };
}
