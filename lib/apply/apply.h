/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * Carries a plan out: batches of creates, several at a time, what exists already
 * recognised and left alone, updates, references, destroys; one result for each
 * object.
 */
#ifndef FERRY_APPLY_APPLY_H
#define FERRY_APPLY_APPLY_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "core/why.h"
#include "jmap/client.h"
#include "planfile/planfile.h"
#include "planfile/schema.h"

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
	/* Names in the scope, with blanks between, of which the plan does not
	 * know what they should be; NULL: it knows all. */
	const char *unknown;
	size_t line;
	/* Of its work. */
	struct map *seen; /* what tells its objects apart */
	struct arena arena;
	const char *variant; /* of the last object, and its members */
	const json_t *members;
	/* Why nothing can be in its scope; NULL: it can. */
	const struct why *failed_scope;
	bool failed; /* one of its objects */
	bool part;   /* others may have more: see mailferry-plan(5), matchOn */
};

/* What became of one object. */
struct apply_result {
	enum apply_status status;
	/* What APPLY_PLANNED stands for; that itself: not known. */
	enum apply_status would;
	const char *object;  /* "Account" */
	const char *ref;     /* client id; NULL: it has none */
	const char *address; /* or a domain's name; NULL: not known */
	const char *name;    /* of a script, identity, app password */
	const char *id;      /* on the server; NULL: none */
	const char *note;    /* on what exists; NULL: nothing to say */
	/* Of what exists: the names of members that the plan has otherwise, an
	 * array; NULL: none. */
	const json_t *differs;
	const struct why *why; /* of a failure */
	/* Of a failure: the operation, and the object, as they can be applied
	 * again on their own; NULL where there is nothing to apply. */
	const struct apply_op *op;
	const char *update_id; /* of an update, as the plan has it */
	json_t *body;
};

/*
 * A line of a plan that tries the object again, without the newline; for
 * free_secret, because it may hold a password. NULL where there is nothing to
 * apply again. What was in a reconcile becomes an upsert: alone in its line, it
 * would take away all the others.
 */
char *apply_reject(const struct apply_result *r);

struct settings_file;
struct ledger;

struct apply_options {
	bool update;           /* change what exists as the plan says (-u) */
	bool keep_passwords;   /* but no credentials */
	bool add_aliases;      /* what exists gets the aliases that it lacks */
	bool dry_run;          /* create and change nothing */
	bool quiet;            /* do not say what the results say, too */
	bool destroy;          /* accounts and domains may be destroyed */
	bool canary;           /* prove first that the server keeps hashes */
	const char *sieve_dir; /* scripts for accounts; NULL: none */
	/* What is put into accounts after the plan; NULL: nothing. done says
	 * what was put in before; app passwords are made into theirs, NULL:
	 * none. All are open. */
	struct settings_file *settings;
	struct ledger *done;
	struct ledger *app_passwords;
	bool last_plan; /* no other plan comes after this one */
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

#endif
