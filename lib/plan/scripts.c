/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "plan/scripts.h"

#include <string.h>
#include <unistd.h>

#include "core/buf.h"
#include "core/io.h"
#include "core/output.h"
#include "plan/name.h"

int
scripts_open(struct scripts *s, const char *path, struct why *why)
{
	*s = (struct scripts){ path, output_folder(path, why) };
	if (s->fd != -1)
		return 0;
	s->path = NULL;
	return -1;
}

int
scripts_put(
    struct scripts *s, const char *address, const char *text, struct why *why)
{
	struct buf name = { 0 };
	int fd, r = 0;

	name_script(address, &name);
	fd = output_at(s->fd, name.data);
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
