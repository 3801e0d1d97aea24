/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * The tree that an archive is extracted into. Everything in it is reached
 * through descriptors, level by level, and no symbolic link is followed. A file
 * is written in a folder of its own, made durable together with others, and
 * only then gets its name: so what has a name is whole, and a run that was
 * interrupted is completed by another.
 */
#ifndef FERRY_EXTRACT_TARGET_H
#define FERRY_EXTRACT_TARGET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/buf.h"
#include "core/why.h"

struct target {
	int fd;
	int work;     /* where unfinished files are */
	bool resumed; /* an earlier run was here */
	unsigned long long serial;
	struct pending *pending;
	size_t n, cap;
};

/*
 * Opens or makes the tree; label says what is extracted, and how. 0, or -1 and
 * why (FATAL): a folder that is there already was not made by an earlier run
 * with the same label. TEMP where another run is at work in it.
 */
int target_open(
    struct target *t, const char *path, const char *label, struct why *why);
void target_close(struct target *t);

/* Takes the mark away that the tree is not complete. 0, or -1 and why. */
int target_finish(struct target *t, struct why *why);

/* Makes a directory, "a/b/c", and those above it. 0, or -1 and why. */
int target_dir(struct target *t, const char *dir, struct why *why);
/* Opens it. The descriptor, or -1 and why. */
int target_open_dir(struct target *t, const char *dir, struct why *why);
/* True if the directory has a regular file of that name and size (any size if
 * it is negative). */
bool target_has(
    struct target *t, const char *dir, const char *name, int64_t size);

/* A file being written. */
struct draft {
	int fd;
	char tmp[32];
};

/* 0, or -1 and why: FATAL where writing anything else would fail, too. */
int draft_open(struct target *t, struct draft *d, struct why *why);
int draft_write(struct draft *d, const void *p, size_t len, struct why *why);
/*
 * Ends it: the file becomes dir/name, in place of an older one. *count (may be
 * NULL) goes up when it gets its name, in target_commit at the latest. date:
 * its time; NULL: now.
 */
int draft_close(struct target *t, struct draft *d, const char *dir,
    const char *name, const int64_t *date, size_t *count, struct why *why);
void draft_drop(struct target *t, struct draft *d);

/* The three above in one, for a short text. */
int target_put(struct target *t, const char *dir, const char *name,
    const struct buf *text, size_t *count, struct why *why);

/* Makes durable and visible what was closed. 0, or -1 and why (FATAL). */
int target_commit(struct target *t, struct why *why);

/* The kind of a failure by errno: FATAL for a full disk and the like, where
 * going on makes no sense, else DATA. */
enum fail write_failure(int error);

#endif
