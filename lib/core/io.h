/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * Bytes in and out of files: lines of bounded length, whole files, files
 * that appear under their name only when they are complete.
 */
#ifndef FERRY_IO_H
#define FERRY_IO_H

#include <stddef.h>
#include <sys/types.h>

#include "core/buf.h"
#include "core/why.h"

/* Writes all of it, through EINTR and short writes. 0, or -1 and errno. */
int write_all(int fd, const void *p, size_t len);

/* fsync(2) of a directory: the names in it are durable then. A file system that
 * cannot says EINVAL, and is left to itself. 0, or -1 and errno. */
int sync_dir(int fd);

/* The same of the directory in which a path has its name. */
int sync_parent(const char *path);

/* 1: something has the name, and be it a symbolic link to nowhere; 0: nothing
 * has; -1 and errno: that cannot be said. */
int name_exists(int dir, const char *path);

/*
 * Reads a whole file, or what is left of a descriptor, into buf (appended).
 * More than buf->max bytes is FAIL_DATA. 0, or -1 and why, which names path.
 */
int read_file(const char *path, struct buf *out, struct why *why);
int read_fd(int fd, const char *path, struct buf *out, struct why *why);

/* Reads the first len bytes of a file, or all where it has fewer: a read of fewer is
 * not its end. How many; -1 and errno. */
ssize_t read_head(int fd, void *p, size_t len);

#endif
