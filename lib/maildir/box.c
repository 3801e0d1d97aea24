/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "maildir/box.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

enum {
	ENTRY_FLAGS = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC
};

int
open_box(const struct mdtree *t, const char *dir, bool is_new)
{
	int folder = mdtree_dir(t, dir), box, saved;

	if (folder == -1)
		return -1;
	box = openat(folder, is_new ? "new" : "cur",
	    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	saved = errno;
	(void)close(folder);
	errno = saved;
	return box;
}

int
entry_open(
    const struct catalogue *c, const struct catalogue_entry *e, struct why *why)
{
	struct last_box box = { 0 };
	int fd;

	if (c->reader != NULL)
		return c->reader->open(c->reader->arg, c, e, why);
	fd = open_in_box(&box, c, e);
	if (fd == -1)
		why_errno(why, FAIL_DATA, "cannot be opened");
	box_forget(&box);
	return fd;
}

void
box_forget(struct last_box *b)
{
	if (b->open && b->fd != -1)
		(void)close(b->fd);
	b->open = false;
}

int
box_of(struct last_box *b, const struct catalogue *c,
    const struct catalogue_entry *e)
{
	bool is_new = (e->state & ENTRY_NEW) != 0;

	if (!b->open || b->folder != e->folder || b->is_new != is_new) {
		box_forget(b);
		b->fd =
		    open_box(c->tree, c->tree->folders[e->folder].dir, is_new);
		b->open = b->fd != -1;
		b->folder = e->folder;
		b->is_new = is_new;
	}
	return b->fd;
}

int
open_in_box(struct last_box *b, const struct catalogue *c,
    const struct catalogue_entry *e)
{
	int box = box_of(b, c, e);

	return box == -1 ? -1 : openat(box, entry_name(c, e), ENTRY_FLAGS);
}
