/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * The account record, mailferry-record(5): one JSON object a line, what
 * readers of directories write and everything else reads.
 */
#ifndef FERRY_RECORD_H
#define FERRY_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "core/buf.h"
#include "core/ndjson.h"
#include "core/why.h"

/* A list of borrowed strings. */
struct strs {
	const char **v;
	size_t n, cap;
};
void strs_add(struct strs *list, const char *s);
bool strs_has(const struct strs *list, const char *s);

enum record_type {
	REC_OTHER, /* a type that this release does not know */
	REC_DOMAIN,
	REC_ACCOUNT,
	REC_ALIAS,
	REC_GROUP,
	REC_END
};

/*
 * The members are those of mailferry-record(5), by their names there. A member
 * that is absent is NULL, an empty list, -1 (numbers), or its default (active,
 * receive and keep: true). Strings are UTF-8 and borrowed: from the caller who
 * set them, or after record_parse from the record itself until the next one.
 */
struct record {
	enum record_type type;
	const char *domain;
	const char *address;
	struct strs logins;
	const char *name;
	const char *secret; /* verbatim */
	const char *default_scheme;
	const char *otp;
	bool active;
	bool receive;
	int64_t quota; /* bytes */
	struct strs aliases;
	struct strs groups;
	struct strs targets;
	struct strs forward;
	bool keep;
	const char *home;
	const char *mail;
	int64_t uid;
	int64_t gid;
	const char *origin;
	const char *source;
	const char *part; /* what a filter has left of a dump; NULL: all */
	int64_t count;
	struct buf text; /* what record_parse's strings point into */
};

/* An empty record of a type; the storage of lists and text is kept. The first
 * call needs a zeroed record. */
void record_reset(struct record *r, enum record_type type);
/* Gives all storage back; the text is overwritten. */
void record_free(struct record *r);

/*
 * Reads one line, which is not changed. Refused (FAIL_DATA, -1): what is no
 * JSON object, a member twice, "v" other than 1, a known member of a wrong
 * type or empty, a missing member that its type requires, an address without
 * "@". Unknown members and types are no error; whoever passes records on passes
 * the line itself.
 */
int record_parse(
    struct record *r, const char *line, size_t len, struct why *why);

/*
 * Reads the next line and parses it: 1 a record, 0 the end, -1 and why. The
 * line stays in in->line.
 */
int record_next(struct ndjson *in, struct record *r, struct why *why);

/* The checks of record_parse, for a record that a source has built. */
int record_check(const struct record *r, struct why *why);

/* Appends the record as one line, newline included. */
void record_write(const struct record *r, struct buf *out);

/* What names the record in messages: address, domain, or its type. */
const char *record_id(const struct record *r);

#endif
