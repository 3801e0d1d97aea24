/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * A table for Postfix's transport_maps (transport(5)) in which some lines are
 * ours: an address and where its mail goes on to. Lines of others, comments and
 * the order stay as they are, byte for byte.
 */
#ifndef FERRY_PROXY_TRANSPORT_H
#define FERRY_PROXY_TRANSPORT_H

#include <stdbool.h>
#include <stddef.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/map.h"
#include "core/why.h"
#include "proxy/export.h"
#include "proxy/locked.h"

/* One line with those that continue it; a comment has no key. */
struct transport_line {
	const char *raw;   /* as it is, newlines included; NULL: taken out */
	const char *key;   /* in lower case, as Postfix looks for it */
	const char *value; /* NULL: it goes on in further lines */
	size_t earlier;    /* the line before with this key + 1; or 0 */
};

struct transport {
	struct locked file;
	struct transport_line *lines;
	size_t n, cap;
	struct map index; /* key -> its last line + 1 */
	struct arena texts;
	bool changed;
};

/* Reads a text. Any text is a table; *t is empty before, its file.fd -1. */
void transport_parse(struct transport *t, const char *text, size_t len);

/* Opens a table and waits for its lock; one that is not there is made, for all
 * to read. 0, or -1 and why (FATAL). Ends with transport_close. */
int transport_open(struct transport *t, const char *path, struct why *why);
void transport_close(struct transport *t);

/* What became of an address. */
enum transport_change {
	TRANSPORT_SET,
	TRANSPORT_EXISTS, /* it has this line already */
	TRANSPORT_UNSET,
	TRANSPORT_ABSENT /* it has no line, and needs none */
};
/* Their words, by the enum. */
const char *transport_change_name(enum transport_change c);

/*
 * Has an address go to a destination, or where its host is "-" takes its lines
 * out. 0, or -1 and why: DATA for what a
 * table cannot hold, and where the address has a line that none of the hosts in o
 * explains, because that is not ours; FATAL for a destination without a host.
 */
int transport_set(struct transport *t, const struct export_options *o,
    const char *address, const char *destination, enum transport_change *change,
    struct why *why);

/* Appends the table as it is now. */
void transport_text(const struct transport *t, struct buf *out);

/*
 * Puts the table into its place, and has postmap(1) make the database that
 * Postfix reads: of Postfix's default type where type is NULL, and none where it
 * is "none". Where postmap fails, the old table is put back. With reload a
 * Postfix that runs is told: by itself it looks for a new table every ten
 * seconds only. 0, or -1 and why.
 */
int transport_commit(
    struct transport *t, const char *type, bool reload, struct why *why);

#endif
