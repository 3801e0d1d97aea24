/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* The objects of one operation while they are being applied; shared by the
 * files that do it. */
#ifndef FERRY_JMAP_ENTRY_H
#define FERRY_JMAP_ENTRY_H

#include "core/map.h"
#include "jmap/apply.h"

struct entry {
	const char *ref;   /* client id, without "#"; borrowed from the plan */
	json_t *plan_body; /* borrowed */
	json_t *body;      /* references resolved; owned */
	char *address;     /* owned; NULL: not known */
	char *id;          /* owned */
	enum apply_status status;
	struct why why;
	const char *note;
	bool done;
};

/* What a client id stands for, if something in the plan refers to it. */
struct known {
	char *id;   /* on the server; NULL: planned only, or failed */
	char *name; /* of a domain */
	bool made;  /* by this run */
	bool failed;
};

struct apply {
	struct jmap *jmap;
	struct plan_reader *plan;
	const struct apply_options *options;
	struct map known; /* client id -> struct known */
	struct map names; /* id of a domain -> its name */
	struct arena arena;
	const struct op *op;
	struct entry *entries;
	size_t n, cap;
	bool changed;
	bool canary_done;
	struct why why; /* why it must stop */
};

/* Marks an entry as settled. */
void entry_settle(struct entry *e, enum apply_status status, const char *id);
void entry_fail(struct entry *e, const struct why *why);
struct known *apply_known(const struct apply *a, const char *ref);

/* lookup.c: what exists already.
 * holders: the entries whose names are taken by holder[i] (object, id), NULL
 * where not: decides between "exists" and "failed". 0, or -1 and a->why. */
int apply_judge_holders(struct apply *a, json_t *const *holders);
/* Finds the objects of the entries by their names, for a dry run: sets id and
 * exists, or planned. */
int apply_find(struct apply *a);
/* Reads members of objects: ids (array of strings) -> object id -> members,
 * new; NULL and a->why. */
json_t *apply_get(struct apply *a, const char *object, const json_t *ids,
    const char *const *members);

/* update.c: brings the entries that exist to what the plan says. */
int apply_update_existing(struct apply *a);
/* An operation "update". */
int apply_update_op(struct apply *a);

#endif
