/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * Plans, mailferry-plan(5), from files or standard input. A plan is read twice:
 * once to check all of it before the first request, and once to carry it out,
 * so that memory does not grow with it.
 */
#ifndef FERRY_PLAN_READ_H
#define FERRY_PLAN_READ_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "core/arena.h"
#include "core/io.h"
#include "core/map.h"
#include "core/why.h"

enum op_type {
	OP_CREATE,
	OP_UPDATE,
	OP_UPSERT
};

/* One line. Everything is owned by the reader, until the next line. */
struct op {
	enum op_type type;
	const char *object; /* without "x:": "Account" */
	const char *id;     /* OP_UPDATE; NULL: the one object of its type */
	const json_t *match_on;
	json_t *value;
	size_t line;
};

struct plan_reader {
	char *name;
	int fd;
	struct lines lines;
	json_t *root;
	struct op op;
	struct map refs; /* client ids that something refers to */
	struct arena arena;
	size_t objects; /* in the whole plan */
};

/*
 * Opens a plan ("-" is standard input, which is copied into an unnamed file of
 * mode 0600 where it cannot be read twice) and checks all of it: JSON, known
 * operations and members, client ids that are there twice, references to
 * nothing. 0, or -1 and why, which names "FILE:LINE".
 */
int plan_reader_open(struct plan_reader *r, const char *path, struct why *why);
void plan_reader_free(struct plan_reader *r);

/* The next operation: 1 and r->op, 0 at the end, -1 and why. */
int plan_reader_next(struct plan_reader *r, struct why *why);

/* Whether anything in the plan refers to the object with this client id. */
bool plan_reader_referred(const struct plan_reader *r, const char *client_id);

/*
 * Whether "#x" is a reference as a value of this member (or as a key in it):
 * the server resolves them only where ids belong, and a description may begin
 * with
 * "#". (Stalwart, crates/registry/src/jmap/properties.rs.)
 */
bool plan_is_id_member(const char *member);

#endif
