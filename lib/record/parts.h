/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * An index of a dump: for each account, where in the file the records are that go
 * on with it alone. Whoever moves ten thousand accounts one by one need not read
 * the dump ten thousand times.
 */
#ifndef FERRY_RECORD_PARTS_H
#define FERRY_RECORD_PARTS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include "core/buf.h"
#include "core/why.h"
#include "record/select.h"

/* A line of a dump, without its end. */
struct dump_line {
	uint64_t at;
	size_t len;
};

/* Reads a line of the dump that is open as fd into out, in place of what is there.
 * 0, or -1 and why: the dump does not have it. */
int dump_line_read(
    int fd, const struct dump_line *span, struct buf *out, struct why *why);

/* The text that stands for a line in the selection of parts_write. */
void dump_line_write(const struct dump_line *span, struct buf *out);

/*
 * Writes the index of the dump whose lines, as spans, are in s, to path; end is
 * its last record, st what stat(2) said of it before it was read. 0, or -1 and
 * why.
 */
int parts_write(const char *path, const struct stat *st, struct selection *s,
    const struct dump_line *end, struct why *why);

/*
 * The lines that go on with an account, in their order, from the index of a dump,
 * with the end record at last; the caller's to free, *n of them. NULL if the dump
 * has to be read: there is no index, it is of another state of the dump, or it
 * does not have the account. fd is the dump.
 */
struct dump_line *parts_find(
    const char *path, int fd, const char *address, size_t *n);

#endif
