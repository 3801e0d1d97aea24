/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* The directories cur/ and new/ of a folder, and the files of messages in them.
 */
#ifndef FERRY_MAILDIR_BOX_H
#define FERRY_MAILDIR_BOX_H

#include <stdbool.h>
#include <stdint.h>

#include "core/why.h"
#include "maildir/catalogue.h"
#include "maildir/tree.h"

/* Opens an entry's file for reading. The descriptor, or -1 and why (DATA). */
int entry_open(const struct catalogue *c, const struct catalogue_entry *e,
    struct why *why);

/*
 * The directory that was used last, kept open, since neighbours in a catalogue
 * are neighbours in a directory. The zero value is ready.
 */
struct last_box {
	bool open;
	bool is_new;
	uint32_t folder;
	int fd;
};
/* The directory of an entry's file, which stays the cache's; and the file,
 * opened for reading. -1 and errno. */
int box_of(struct last_box *b, const struct catalogue *c,
    const struct catalogue_entry *e);
int open_in_box(struct last_box *b, const struct catalogue *c,
    const struct catalogue_entry *e);
void box_forget(struct last_box *b);

/* Opens cur/ or new/ of a folder. -1 and errno. */
int open_box(const struct mdtree *t, const char *dir, bool is_new);

#endif
