/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * The machine that a directory is of: this one; or another one, whose files are
 * in a folder or a tar, with what its programs answered (dirdump-collect(1)).
 * Readers name files as the configuration does, and open them here. As after
 * chroot(2), what is set holds for the whole process, and neither ".." nor a
 * symbolic link leads out.
 */
#ifndef FERRY_SOURCE_HOST_H
#define FERRY_SOURCE_HOST_H

#include <glob.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/why.h"
#include "source/unpack.h"

/*
 * From here on the files are those in a folder or a tar ("-": a tar on standard
 * input). To be called once, before anything is read. said hears of each member
 * of a tar that is left out. 0; or -1 and why (FATAL). host_leave is to be
 * called at the end in either case.
 */
int host_enter(
    const char *root, unpack_left_out *said, void *ctx, struct why *why);
void host_leave(void);
/* Whether the files are those of another machine. */
bool host_is_other(void);

/* Opens a file for reading. Its descriptor, or -1 and errno. */
int host_open(const char *path);
/* As read_file (core/io.h). */
int host_read_file(const char *path, struct buf *out, struct why *why);
/* As stat(2). */
int host_stat(const char *path, struct stat *st);
/* As access(2) with F_OK. */
bool host_has(const char *path);
/* As glob(3). */
int host_glob(const char *pattern, int flags, glob_t *found);

/* The path by which a library can open a file, in the arena; the path itself on
 * this machine. One that leads nowhere, as a link to itself does, becomes one that
 * no file can have. */
const char *host_local(const char *path, struct arena *arena);

/*
 * The output of a program with these arguments, as it was on the other machine:
 * a descriptor, and the exit status that the program had. -1 and why (FATAL)
 * where nobody asked it there. On this machine HOST_ASK: it is to be run.
 */
enum {
	HOST_ASK = -2
};
int host_answer(const char *const *argv, int *status, struct why *why);

/* A user as getpwnam(3) has it; the texts last until the next call. */
struct host_user {
	int64_t uid, gid;
	const char *gecos, *home; /* may be NULL */
};
bool host_user(const char *name, struct host_user *user);
/* A group's id; -1 where there is none. */
int64_t host_group(const char *name);

#endif
