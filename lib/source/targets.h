/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* The text form of Postfix lookup tables and of aliases files. */
#ifndef FERRY_SOURCE_TARGETS_H
#define FERRY_SOURCE_TARGETS_H

#include <stddef.h>

#include "core/buf.h"
#include "core/lines.h"
#include "core/why.h"

enum map_style {
	MAP_TABLE,   /* "key value": virtual(5), transport(5), ... */
	MAP_ALIASES, /* "key: value": aliases(5), and Exim's lsearch files */
	MAP_LISTED   /* what "postmap -s" prints: the first tab ends the key */
};

struct postfix_map {
	enum map_style style;
	int fd;
	struct lines lines;
	struct buf entry;  /* the logical line that is handed out */
	struct buf next;   /* the physical line that begins the next one */
	size_t next_line;  /* its number; 0: there is none */
	size_t line;       /* where the entry begins */
	struct why broken; /* of a line that was read ahead */
	bool bad_next;
};

/* Opens the file. 0, or -1 and why (FATAL). */
int postfix_map_open(struct postfix_map *m, const char *path,
    enum map_style style, struct why *why);
/* The same for a descriptor, which postfix_map_close closes. */
void postfix_map_init(struct postfix_map *m, int fd, enum map_style style);

/*
 * The next entry, its key in lower case and without the quotes of an aliases
 * key. 1: *key and *value may be changed, and are good until the next call; the
 * value is not empty. 0: the end. -1 and why: DATA for an entry that Postfix
 * would skip with a warning, or that is not UTF-8; FATAL if the file cannot be
 * read on. m->line is the number of the line where it begins.
 */
int postfix_map_next(
    struct postfix_map *m, char **key, char **value, struct why *why);

void postfix_map_close(struct postfix_map *m);

#endif
