/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* The state of a run, shared by the files that carry a plan out. */
#ifndef FERRY_APPLY_APPLY_INTERNAL_H
#define FERRY_APPLY_APPLY_INTERNAL_H

#include "apply/apply.h"
#include "apply/entry.h"
#include "apply/job.h"
#include "apply/splice.h"
#include "core/buf.h"
#include "core/map.h"
#include "jmap/mailboxes.h"

/* What a client id is, if something in the plan refers to it. */
struct known {
	char *id;           /* on the server; NULL: planned only, or failed */
	char *name;         /* of a domain */
	bool made;          /* by this run */
	struct why *failed; /* NULL: it did not */
};

/* What was read of all objects of a type; see inventory.c. */
struct inventory;
/* What a reconcile leaves over; after leftover_settle, what of it goes. */
struct leftover {
	struct leftover *next; /* of an earlier operation */
	struct apply_op *op;
	const char *object;
	json_t *ids;
};
/* What waits for the end; see handover.c. */
struct kept {
	struct kept *next;
	struct apply_op *op;
	struct apply_entry e;
	bool changed; /* on the server, in this run */
	bool settled; /* it waits no more */
};
/* An account that gets a script; and one that gets more. */
struct script;
struct holder;
/* Who has which address; see foresee.c. */
struct foresight;

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
	struct apply_job *queue; /* not begun yet */
	size_t running;
	struct inventory *inventories;
	struct leftover *leftovers;
	struct kept *kept, **kept_end;
	struct map gone; /* addresses of accounts that were destroyed */
	/* Of a dry run: who has what now, and "Object/id" that would be destroyed. */
	struct foresight *foresight;
	struct map going;
	/* Accounts that are there, without a second factor in the directory. */
	size_t without_factor;
	/* Addresses (address_key) that an object of the plan should have and
	 * has not -> what to call that. */
	struct map unmet;
	struct map
	    whole; /* names of domains of which the plan has all accounts */
	/* Addresses that catch-alls lead to -> which domains; see references.h.
	 * Domains, by id, of which the plan says what theirs is. */
	json_t *catch_alls;
	struct map catch_said;
	/* Ids: domains that this run has made; others of which the plan has
	 * signing keys; those keys. */
	struct map new_domains, key_domains, plan_keys;
	struct script *scripts;
	struct holder *owners;   /* accounts that get settings */
	size_t without_password; /* app passwords that nobody asked for */
	size_t emptied;          /* accounts that had settings before */
	const char *first_emptied;
	size_t unproven; /* those of which the file does not say so */
	const char *first_unproven;
	struct map sharees; /* address -> id of the account, or NULL */
	struct jmap_domains sharee_domains;
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

/* The run cannot go on. */
void apply_stop(struct apply *a, const struct why *why);
/* Whether it has to end, for whatever reason. */
bool apply_stopping(struct apply *a);
/* Runs the requests that next gives, as many at a time as the server allows, until
 * there are no more or the run is to stop. step takes the argument of one that was
 * answered; it starts the request again or counts it as ended in a->running. */
void apply_run_requests(struct apply *a,
    struct jmap_request *(*next)(struct apply *),
    void (*step)(struct apply *, void *));
/* Reports an entry that is done, and keeps what is needed of it. */
void apply_report(struct apply *a, struct apply_op *op, struct apply_entry *e);
/* Keeps what later operations need to know of an entry: where references to it
 * lead. */
void apply_remember(
    struct apply *a, const struct apply_op *op, const struct apply_entry *e);
/* Whether the server keeps the names of such objects unique, so that what is
 * sent twice is not made twice. */
bool apply_unique(const char *object);

#endif
