/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* One object of an operation, and what became of it. */
#ifndef FERRY_APPLY_ENTRY_H
#define FERRY_APPLY_ENTRY_H

#include "apply/apply.h"

struct apply_entry {
	char *ref;     /* client id, without "#"; NULL for an update */
	json_t *body;  /* references resolved where they lead anywhere */
	char *raw;     /* the same as JSON text, until a tree is needed */
	size_t len;    /* about its bytes as JSON */
	char *address; /* for people; NULL: not known */
	char *id;      /* on the server; NULL: none */
	char *op_id;   /* of an update, as the plan has it */
	enum apply_status status;
	struct why why;
	char *note;      /* for people; NULL: nothing to say */
	json_t *differs; /* of what exists: names of members; NULL: not read */
	bool done;
	bool made;      /* an update of what this run has created */
	json_t *holder; /* the object that has the name: {"object","id"} */
	json_t *patch;  /* what remains to be changed */
	/* An address of it is taken: whether it may have it is decided when all
	 * others are done. later: the patch, of what exists. */
	bool waits;
	json_t *later;
	json_t *drops; /* aliases that the plan does not give it, if any */
};

/* Marks an entry as settled. id may be NULL. */
void entry_settle(
    struct apply_entry *e, enum apply_status status, const char *id);
void entry_fail(struct apply_entry *e, const struct why *why);
/* A member that the plan has otherwise; and something to say, after what is said. */
void entry_add_differing(struct apply_entry *e, const char *member);
void entry_add_note(struct apply_entry *e, const char *text);
void entry_clear(struct apply_entry *e);
/* The object as a tree, made where it is not there yet. */
json_t *entry_body(struct apply_entry *e);

#endif
