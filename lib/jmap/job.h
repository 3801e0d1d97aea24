/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * How a plan is carried out, shared by the files that do it. Objects travel in
 * jobs: some of the objects of one operation, and the request that they wait
 * for. Several jobs are under way at a time, each a small machine with states
 * (enum stage); apply.c fills them, job.c moves them.
 */
#ifndef FERRY_JMAP_JOB_H
#define FERRY_JMAP_JOB_H

#include "core/buf.h"
#include "core/map.h"
#include "jmap/apply.h"

struct entry {
	char *ref;     /* client id, without "#"; NULL for an update */
	json_t *body;  /* references resolved where they lead anywhere */
	char *raw;     /* the same as JSON text, until a tree is needed */
	size_t len;    /* about its bytes as JSON */
	char *address; /* for people; NULL: not known */
	char *id;      /* on the server; NULL: none */
	char *op_id;   /* of an update, as the plan has it */
	enum apply_status status;
	struct why why;
	const char *note; /* a constant */
	bool done;
	bool made;      /* an update of what this run has created */
	json_t *holder; /* the object that has the name: {"object","id"} */
	json_t *patch;  /* what remains to be changed */
};

/* What a client id stands for, if something in the plan refers to it. */
struct known {
	char *id;   /* on the server; NULL: planned only, or failed */
	char *name; /* of a domain */
	bool made;  /* by this run */
	bool failed;
};

/* Objects that are read for a job: [{"object","id"}], and their members. */
struct fetch {
	json_t *wanted;
	json_t *members; /* names */
	size_t sent, from;
	json_t *found; /* "Object/id" -> members */
};

enum stage {
	STAGE_CREATE,
	STAGE_FIND,  /* asks by name what exists (dry run) */
	STAGE_FETCH, /* reads what exists */
	STAGE_UPDATE
};

struct job {
	struct apply_op *op;
	struct entry *entries;
	size_t n, cap;
	size_t bytes; /* of the bodies */
	size_t max;   /* objects in a request */
	size_t sent;  /* objects in the last one */
	enum stage stage;
	int tries;
	struct jmap_request request;
	struct fetch fetch;
	struct job *next;
};

/* What was read of all objects of a type; see inventory.c. */
struct inventory;
/* What a reconcile leaves over. */
struct leftover;
/* An account that gets a script. */
struct script;

/* An object as text, and what its address is made of. */
struct raw {
	struct buf text, name, domain;
};

struct apply {
	struct jmap *jmap;
	struct plan_reader *plan;
	const struct apply_options *options;
	const struct schema *schema;
	struct map known;   /* client id -> struct known */
	struct map names;   /* id of a domain -> its name */
	struct raw raw;     /* of the object that is being read */
	struct map touched; /* "Object/id" that the plan wrote */
	struct arena arena;
	struct job *queue; /* not begun yet */
	size_t running;
	struct inventory *inventories;
	struct leftover *leftovers;
	struct script *scripts;
	struct map script_files; /* file names that were taken */
	/* For accounts; see inventory_cheaper. */
	enum {
		NOT_WEIGHED,
		INVENTORY_CHEAPER,
		LOOKUPS_CHEAPER
	} weighed;
	bool changed;
	bool canary_done;
	bool stopping;
	struct why why; /* why it must stop; FAIL_NONE: somebody said so */
};

/* --- apply.c --- */

/* Marks an entry as settled. id may be NULL. */
void entry_settle(struct entry *e, enum apply_status status, const char *id);
void entry_fail(struct entry *e, const struct why *why);
void entry_clear(struct entry *e);
/* The object as a tree, made where it is not there yet. */
json_t *entry_body(struct entry *e);
/* The id behind "#ref": 1 and *id; 0 when it stays as it is; -1 and why if it
 * leads nowhere. */
int apply_resolve_ref(
    struct apply *a, const char *ref, const char **id, struct why *why);
/* The run cannot go on. */
void apply_stop(struct apply *a, const struct why *why);
/* Whether it has to end, for whatever reason. */
bool apply_stopping(struct apply *a);
/* Reports an entry that is done, and keeps what is needed of it. */
void apply_report(struct apply *a, struct apply_op *op, struct entry *e);
/* Whether the server keeps the names of such objects unique, so that what is
 * sent twice is not made twice. */
bool apply_unique(const char *object);
void apply_op_free(struct apply_op *op);

/* --- raw.c --- */

/* Copies the text of an object of the plan, its references replaced. False, and
 * nothing is said about raw, where it has to go as a tree. */
bool raw_copy(struct apply *a, struct apply_op *op, const char *text,
    size_t len, struct raw *raw);

/* --- job.c --- */

struct job *job_new(struct apply_op *op); /* takes a reference */
/* Room for one object more; zeroed, owned by the job. */
struct entry *job_entry(struct job *job);
/* Gives a job up that was not put into the queue; nothing of it is reported. */
void job_abandon(struct job *job);
/* Puts a job into the queue, and waits until there is room for the next. */
void job_submit(struct apply *a, struct job *job);
/* Waits until all jobs are done. */
void job_drain(struct apply *a);

/* What is to be done about a request that failed. */
enum remedy {
	REMEDY_WAIT,  /* it is sent again by itself */
	REMEDY_HALVE, /* send less at a time */
	REMEDY_FAIL,  /* the one object that was in it has failed */
	REMEDY_STOP   /* the run ends */
};
/* n: the objects in the request; why: for REMEDY_FAIL and REMEDY_STOP. */
enum remedy job_remedy(struct apply *a, struct job *job,
    enum jmap_status status, size_t n, const struct why *why);

/* --- fetch.c --- */

void fetch_want(struct fetch *f, const char *object, const char *id);
void fetch_member(struct fetch *f, const char *name);
/* Makes the next request; false when all is there. */
bool fetch_fill(struct apply *a, struct fetch *f, struct jmap_request *r);
/* Reads its answer: 0, or -1 and why. */
int fetch_take(struct fetch *f, const struct jmap_request *r, struct why *why);
/* Members of an object; borrowed, NULL if it is not there. */
const json_t *fetch_found(
    const struct fetch *f, const char *object, const char *id);
void fetch_clear(struct fetch *f);
/* Fills it, waiting for each answer: 0, or -1 and why. */
int fetch_all(struct apply *a, struct fetch *f, struct why *why);
/* The ids of all objects that fit a filter (NULL: all), in the order of the
 * server; a new array, or NULL and why. */
json_t *fetch_ids(
    struct apply *a, const char *object, const json_t *filter, struct why *why);

/* --- lookup.c --- */

/* The members that tell the objects of the job apart. */
void lookup_members(struct job *job);
/* Decides between exists and failed for an entry whose name is taken. */
void lookup_judge(struct job *job, struct entry *e);
/* The request that asks for the objects of a job by their names, and its
 * answers. */
void lookup_fill(struct job *job);
int lookup_take(struct job *job, struct why *why);

/* --- inventory.c --- */

/*
 * Whether it costs less to read all objects of the type than to look up each
 * object of the plan: -1 and why where the server cannot say.
 */
int inventory_cheaper(
    struct apply *a, const char *object, bool *cheaper, struct why *why);
/* The objects of the operation's type as it tells them apart, read where they
 * are not there yet. NULL and why. */
struct inventory *inventory_get(
    struct apply *a, struct apply_op *op, struct why *why);
/* Settles an entry that exists, or that cannot be matched: an object of the
 * plan that is the same as an earlier one of its operation is refused. */
void inventory_match(
    struct apply *a, struct inventory *v, struct apply_op *op, struct entry *e);
/* An object of the type is new. */
void inventory_note(struct apply *a, struct apply_op *op, struct entry *e);
/* What is known of the type is not right any more. object NULL: of all. */
void inventory_drop(struct apply *a, const char *object);
/* The ids within the scope of the operation that none of its objects matched; a
 * new array. */
json_t *inventory_rest(struct inventory *v, struct apply_op *op);

/* --- update.c --- */

/* Decides what is to be changed of an entry that exists: sets patch, or
 * settles it. */
void update_decide(struct apply *a, struct job *job, struct entry *e);
/* The request that sends the patches of a job, up to its limits; false when
 * there is none left. */
bool update_fill(struct apply *a, struct job *job, size_t *n);
void update_take(struct job *job, const json_t *answer);
/* Members that the current values of an update are needed of. */
void update_members(struct job *job);

/* --- destroy.c --- */

/* All operations "destroy", the last first. 0, or -1 (a->why). */
int destroy_pass(struct apply *a);
/* Keeps what a reconcile leaves over, and destroys it at the end. */
void leftover_add(struct apply *a, const char *object, json_t *ids);
int leftover_pass(struct apply *a);

/* --- sieve.c --- */

/* Notes an account that exists now, if there is a script for it. */
void sieve_note(struct apply *a, const struct entry *e);
/* Puts the scripts into the accounts; only forgets them if go is false. */
int sieve_pass(struct apply *a, bool go);

#endif
