/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* References between the objects of a plan, "#ref", the names of domains, and the
 * accounts that catch-alls lead to. */
#ifndef FERRY_APPLY_REFERENCES_H
#define FERRY_APPLY_REFERENCES_H

#include "apply/apply-internal.h"

/* What is kept of a client id; NULL: nothing refers to it, or it was not written
 * yet. */
struct known *known_ref(const struct apply *a, const char *ref);
/* Says that what an object refers to failed, and why: for now where that was for
 * now. -1. */
int reference_failed(const struct known *k, const char *ref, struct why *why);
/* The id that "#ref" leads to: 1 and *id; 0 when it stays as it is; -1 and why if it
 * leads nowhere. */
int apply_resolve_ref(
    struct apply *a, const char *ref, const char **id, struct why *why);
/* Replaces all references in v, the value of member. Those that lead nowhere
 * stay as they are; -1 and why then, of one of them. */
int apply_resolve(
    struct apply *a, const char *member, json_t *v, struct why *why);
/* The name of a domain, by its id or a reference; "?" where nobody knows it. */
const char *domain_name(struct apply *a, const char *id);
/* What to call an object: its address or name; new, or NULL. */
char *apply_address(
    struct apply *a, const struct apply_op *op, const json_t *body);

/* The address of an alias, or of an object that has a domain; new. */
char *alias_address(struct apply *a, const json_t *v);

/*
 * A catch-all refers to an account by an address, and the server destroys that all
 * the same. Reads where all of them lead (0, or -1 and why), once until that is
 * forgotten; and says of an account on its way out which domains' lead to it.
 */
int catch_alls_read(struct apply *a, struct why *why);
void catch_alls_forget(struct apply *a);
void catch_alls_note(
    struct apply *a, struct apply_entry *e, const json_t *have);
/* An entry is done: it may say what the catch-all of its domain is. */
void catch_alls_note_said(
    struct apply *a, const struct apply_op *op, struct apply_entry *e);
/* At the end: names those of which the plan says nothing, of domains that are in it
 * with all their accounts (a->whole). 0, or -1 and why. */
int catch_alls_name_rest(struct apply *a, struct why *why);

#endif
