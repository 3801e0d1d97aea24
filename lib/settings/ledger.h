/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * A file that says what was done, one line each, fields divided by tabs: what
 * is in it is not done again.
 */
#ifndef FERRY_SETTINGS_LEDGER_H
#define FERRY_SETTINGS_LEDGER_H

#include <stdbool.h>
#include <stddef.h>

#include "core/arena.h"
#include "core/map.h"
#include "core/why.h"

struct ledger {
	const char *path; /* borrowed; NULL: not open, nothing is known */
	int fd;           /* -1: it is only read */
	size_t keys;      /* fields that tell lines apart */
	bool more;        /* what follows them is kept */
	size_t lines;
	struct map known; /* number of the last line, from 1 */
	struct map rest;  /* what follows the keys in the last line */
	struct map lists; /* struct ledger_entry, by first and third key */
	struct arena arena;
};

/* What was done, each once, the latest first. */
struct ledger_entry {
	const struct ledger_entry *next;
	const char *second, *fourth; /* keys */
};

/*
 * Opens it, made with mode 0600, and keeps other runs out until ledger_close
 * (TEMP). Others must not be able to read it. The first `keys` fields of a line
 * are what was done; what follows them is kept if more says so. A last line that
 * was cut off is taken out. read_only: only what is in it; a file that is not
 * there is empty. 0, or -1 and why.
 */
int ledger_open(struct ledger *l, const char *path, size_t keys, bool more,
    bool read_only, struct why *why);

/* Whether a line with these fields is there; n of them, at most keys: with
 * fewer, whether any line begins with them. */
bool ledger_has(const struct ledger *l, const char *const *fields, size_t n);
/* The number of the last such line, from 1; 0: there is none. */
size_t ledger_line(const struct ledger *l, const char *const *fields, size_t n);

/* What follows the keys in the last line that begins with them, all of them given;
 * NULL: nothing. */
const char *ledger_more(const struct ledger *l, const char *const *fields);

/* What was done that has these keys, of a ledger of four; NULL: nothing. */
const struct ledger_entry *ledger_entries(
    const struct ledger *l, const char *first, const char *third);

/* Appends a line, and brings it to the disk if durable. Control characters in
 * fields become "?". 0, or -1 and why (FATAL). */
int ledger_add(struct ledger *l, const char *const *fields, size_t n,
    bool durable, struct why *why);

void ledger_close(struct ledger *l);

#endif
