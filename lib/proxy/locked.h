/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * A file of another program that is changed as a whole: read under a lock, and
 * replaced by a new one with the same owner and mode, so that two programs of
 * ours at once lose nothing.
 */
#ifndef FERRY_PROXY_LOCKED_H
#define FERRY_PROXY_LOCKED_H

#include <sys/types.h>

#include "core/buf.h"
#include "core/why.h"

/* Start with fd -1. */
struct locked {
	char *path;     /* symbolic links resolved */
	int fd;         /* holds the lock; -1: not locked */
	struct buf old; /* the content that was read */
	mode_t mode;
	uid_t uid;
	gid_t gid;
};

/*
 * Opens a regular file (a link as output_follow does), waits for its lock, and reads it: at most max bytes. One that is
 * not there is made, empty, where mode is not 0. 0, or -1 and why (FATAL). Ends
 * with locked_close, which gives the lock back; then, too, when this fails.
 */
int locked_open(struct locked *l, const char *path, size_t max, mode_t mode,
    struct why *why);
void locked_close(struct locked *l);

/* Puts a new content into the file's place: whole or not at all. The lock is
 * kept. 0, or -1 and why. */
int locked_replace(struct locked *l, const struct buf *text, struct why *why);

#endif
