/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * Carries a plan out: batches of creates, several at a time, what exists already
 * recognised and left alone, updates, references, destroys; one result for each
 * object.
 */
#ifndef FERRY_JMAP_APPLY_H
#define FERRY_JMAP_APPLY_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "core/why.h"
#include "jmap/client.h"
#include "jmap/schema.h"
#include "plan/read.h"

enum apply_status {
	APPLY_CREATED,
	APPLY_EXISTS,
	APPLY_UPDATED,
	APPLY_DESTROYED,
	APPLY_PLANNED, /* dry run: it would be created, changed or destroyed */
	APPLY_FAILED
};
const char *apply_status_name(enum apply_status s);

/* An operation of the plan that objects belong to. */
struct apply_op {
	size_t uses;
	enum op_type type;
	const char *object; /* as the server spells it: "Account" */
	const char *id;     /* of an update */
	json_t *match_on;
	bool match_all;
	json_t *plan_scope;
	json_t *scope; /* references resolved */
	size_t line;
	/* Of its work. */
	struct map *seen; /* what tells its objects apart */
	struct arena arena;
	const char *variant; /* of the last object, and its members */
	const json_t *members;
	bool failed; /* one of its objects */
};

/* What became of one object. */
struct apply_result {
	enum apply_status status;
	const char *object;    /* "Account" */
	const char *ref;       /* client id; NULL: it has none */
	const char *address;   /* or a domain's name; NULL: not known */
	const char *id;        /* on the server; NULL: none */
	const char *note;      /* on what exists; NULL: nothing to say */
	const struct why *why; /* of a failure */
	/* Of a failure: the operation, and the object, as they can be applied
	 * again on their own; NULL where there is nothing to apply. */
	const struct apply_op *op;
	const char *update_id; /* of an update, as the plan has it */
	json_t *body;
};

struct apply_options {
	bool update;           /* change what exists as the plan says (-u) */
	bool dry_run;          /* create and change nothing */
	bool canary;           /* prove first that the server keeps hashes */
	const char *sieve_dir; /* scripts for accounts; NULL: none */
	const struct schema *schema;
	struct http_options login; /* how the canary connects; no credentials */
	const char *url;
	void (*result)(void *arg, const struct apply_result *r);
	/* Something that a person should know. where may be NULL. */
	void (*say)(void *arg, const char *where, const char *text);
	bool (*stop)(void *arg); /* asked between requests */
	void *arg;
};

/*
 * Carries out all operations of the plan: those that destroy, the last first;
 * the others in order; then what the reconciles leave over; then the scripts. 0
 * when it came to the end (objects may have failed, each was reported), -1 and
 * why when it had to stop: FATAL, TEMP when the server could not be reached any
 * more, FAIL_NONE when stop said so. *changed says whether anything was created
 * or changed, also then.
 */
int apply_plan(struct jmap *j, struct plan_reader *plan,
    const struct apply_options *options, bool *changed, struct why *why);

/* The Action that makes the server forget cached addresses: "InvalidateCaches"
 * or "InvalidateNegativeCaches". 0, or -1 and why. */
int apply_invalidate(struct jmap *j, const char *action, struct why *why);

/* canary.c: creates an account with a known hash in a domain (id), logs in as
 * it, and removes it. 0 if the login worked; -1 and why (FATAL) if not. */
int apply_canary(struct jmap *j, const char *domain_id,
    const struct apply_options *options, struct why *why);

/* One finding of apply_check. */
enum check_status {
	CHECK_OK,
	CHECK_WARNING,
	CHECK_FAILED
};
/*
 * preflight.c: whether the server, the account and its permissions will do for
 * the plans (n may be 0: for accounts, domains and lists). Each finding goes to
 * found. 0, or -1 and why when the server could not be asked.
 */
int apply_check(struct jmap *j, const struct schema *schema,
    const struct plan_reader *plans, size_t n,
    const struct apply_options *options,
    void (*found)(
	void *arg, enum check_status s, const char *what, const char *text),
    void *arg, struct why *why);

#endif
