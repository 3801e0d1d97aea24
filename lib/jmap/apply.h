/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * Carries a plan out: batches of creates, what exists already recognised and
 * left alone, updates, references, one result for each object.
 */
#ifndef FERRY_JMAP_APPLY_H
#define FERRY_JMAP_APPLY_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "core/why.h"
#include "jmap/client.h"
#include "plan/read.h"

enum apply_status {
	APPLY_CREATED,
	APPLY_EXISTS,
	APPLY_UPDATED,
	APPLY_PLANNED, /* dry run: it would be created or updated */
	APPLY_FAILED
};
const char *apply_status_name(enum apply_status s);

/* What became of one object. */
struct apply_result {
	enum apply_status status;
	const char *object;    /* "Account" */
	const char *ref;       /* client id; NULL for an update by id */
	const char *address;   /* or a domain's name; NULL: not known */
	const char *id;        /* on the server; NULL: none */
	const char *note;      /* on what exists; NULL: nothing to say */
	const struct why *why; /* of a failure */
	const struct op *op;
	/* Of a failure: the object as it can be applied again on its own. */
	json_t *body;
};

struct apply_options {
	bool update;  /* change what exists as the plan says (-u) */
	bool dry_run; /* create and change nothing */
	bool canary;  /* prove first that the server keeps hashes */
	struct http_options login; /* how the canary connects; no credentials */
	const char *url;
	void (*result)(void *arg, const struct apply_result *r);
	bool (*stop)(void *arg); /* asked between requests */
	void *arg;
};

/*
 * Carries out all operations of the plan in order. 0 when it came to the end
 * (objects may have failed, each was reported), -1 and why when it had to stop:
 * FATAL, TEMP when the server could not be reached any more, FAIL_NONE when
 * stop said so. *changed says whether anything was created or changed, also
 * then.
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

#endif
