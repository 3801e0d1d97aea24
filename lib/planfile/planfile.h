/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * Plans, mailferry-plan(5), from files or standard input. A plan is read more
 * than once: to check all of it before the first request, backwards for what it
 * destroys, and to carry out the rest. One line is in memory at a time, and of
 * its objects one as a tree, so that memory does not grow with the plan.
 *
 * What is checked here needs no server. The rules are those of stalwart-cli
 * apply 1.0.13 (src/commands/apply.rs of its repository).
 */
#ifndef FERRY_PLANFILE_PLANFILE_H
#define FERRY_PLANFILE_PLANFILE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "core/arena.h"
#include "core/json.h"
#include "core/lines.h"
#include "core/map.h"
#include "core/why.h"

enum op_type {
	OP_CREATE,
	OP_UPDATE,
	OP_UPSERT,
	OP_RECONCILE,
	OP_DESTROY
};
const char *op_name(enum op_type type); /* "create" */

/* One line. Everything is owned by the reader, until the next line. */
struct op {
	enum op_type type;
	const char *object; /* without "x:"; its case is as in the plan */
	const char *id;     /* OP_UPDATE; NULL: the one object of its type */
	json_t *match_on;   /* a list of members; NULL: not given */
	bool match_all;     /* matchOn is "*": by all values */
	json_t *scope;      /* members and their values; NULL: everything */
	json_t *value; /* the patch of OP_UPDATE, the filter of OP_DESTROY */
	size_t line;
};

/* What the server's schema has to say about before anything is sent: each
 * combination of operation, type and members is there once. */
struct plan_shape {
	enum op_type type;
	char *object;
	bool has_id; /* other than "singleton" */
	json_t *match_on;
	bool match_all;
	json_t *scope;
	size_t line; /* the first */
};

struct plan_reader {
	char *name;
	int fd;
	struct lines lines;
	off_t next; /* where the next line begins */
	struct op op;
	struct json_reader entries; /* what is left of the objects of op */
	struct map refs;            /* client ids that something refers to */
	struct arena arena;
	struct plan_shape *shapes;
	size_t n_shapes, cap_shapes;
	struct plan_place {
		off_t offset;
		size_t line;
	} * destroys; /* the lines with OP_DESTROY */
	size_t n_destroys, cap_destroys;
	size_t objects; /* in the whole plan */
};

/*
 * Opens a plan ("-" is standard input, which is copied into an unnamed file of
 * mode 0600 where it cannot be read twice) and checks all of it: JSON, known
 * operations and members, client ids that are there twice in an operation,
 * references to nothing or to what comes later. 0, or -1 and why, which names
 * "FILE:LINE".
 */
int plan_reader_open(struct plan_reader *r, const char *path, struct why *why);
void plan_reader_free(struct plan_reader *r);

/* The next operation: 1 and r->op, 0 at the end, -1 and why. */
int plan_reader_next(struct plan_reader *r, struct why *why);
/* The next object of a create, upsert or reconcile: 1, the client id without
 * "#" and the object's JSON text, which is len bytes and not terminated, both
 * owned by the reader until the next line; 0 after the last, -1 and why. */
int plan_reader_entry(struct plan_reader *r, const char **ref,
    const char **text, size_t *len, struct why *why);
/* The i-th destroy as r->op, 0 being the first in the plan; 0, or -1 and why.
 * plan_reader_rewind goes back to the start after the last. */
int plan_reader_destroy(struct plan_reader *r, size_t i, struct why *why);
int plan_reader_rewind(struct plan_reader *r, struct why *why);

/* Whether anything in the plan refers to the object with this client id. */
bool plan_reader_referred(const struct plan_reader *r, const char *client_id);

/*
 * Whether "#x" is a reference as a value of this member (or as a key in it):
 * the server resolves them only where ids belong, and a description may begin
 * with "#". (Stalwart, crates/registry/src/jmap/properties.rs.)
 */
bool plan_is_id_member(const char *member);

#endif
