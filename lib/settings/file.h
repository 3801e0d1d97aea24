/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * A file of settings records (mailferry-record(5)), found by address: only the
 * addresses are in memory.
 */
#ifndef FERRY_SETTINGS_FILE_H
#define FERRY_SETTINGS_FILE_H

#include <stdbool.h>
#include <stdio.h>

#include "core/arena.h"
#include "core/map.h"
#include "core/why.h"
#include "record/record.h"

struct settings_file {
	const char *path; /* borrowed; NULL: not open */
	FILE *file;
	struct map lines; /* address -> struct settings_line */
	struct arena arena;
	char *line;
	size_t cap, number;       /* the last line that was read */
	int64_t records, counted; /* lines; what end records count */
	bool ended;               /* the last line is an end record */
	/* All accounts that have anything are in it: one that is not has
	 * nothing. */
	bool whole;
};

struct settings_line {
	long offset;
	bool used; /* the caller's */
};

/*
 * Reads all of it once. Each bad line is reported: a record that cannot be
 * read, an address that is there twice. Records of types that nobody knows are
 * passed over. 0, or -1 and why (FATAL): also where it has other records, and is
 * a dump. Whether it is whole, its end record says.
 */
int settings_file_open(struct settings_file *f, const char *path,
    void (*bad)(void *arg, const char *where, const struct why *why), void *arg,
    struct why *why);

/* The line of an address; NULL: there is none. */
struct settings_line *settings_file_find(
    const struct settings_file *f, const char *address);

/* Reads the record of a line; its strings are its own. 0, or -1 and why. */
int settings_file_read(struct settings_file *f,
    const struct settings_line *line, struct record *r, struct why *why);

void settings_file_close(struct settings_file *f);

#endif
