/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * From account records to a plan of Stalwart objects, mailferry-plan(5). All
 * records are read first, because aliases decide what an account carries; then
 * the plan is resolved and written.
 */
#ifndef FERRY_PLAN_H
#define FERRY_PLAN_H

#include <stdbool.h>
#include <stddef.h>

#include "core/map.h"
#include "core/why.h"
#include "record/record.h"

/* What to do with an account whose password cannot be carried. */
enum no_secret {
	NO_SECRET_FAIL, /* refuse the account */
	NO_SECRET_SKIP, /* leave the account out */
	NO_SECRET_TEMP, /* give it a temporary password */
	NO_SECRET_EMPTY /* create it without a password */
};

struct plan_options {
	enum no_secret no_secret;
	bool skip_inactive;
	bool no_domains;
	bool allow_relaying;
	bool manual_dkim;
	bool reconcile;
	bool carry_otp;
	bool sieve;         /* forwards become scripts (plan_each_script) */
	bool partial;       /* other accounts of these domains are elsewhere */
	const char *tenant; /* id */
	const char *description; /* of what has none of its own */
	struct map existing; /* domain name -> id on the server, both char * */
};

/* Something that is not carried, or was changed on the way. */
enum note_kind {
	NOTE_LEFT,
	NOTE_LOGIN, /* a login name that is not carried: there are many */
	NOTE_CHANGED,
	NOTE_REFUSED
};
struct note {
	enum note_kind kind;
	const char *address; /* or a domain */
	const char *reason;
	const char *origin; /* NULL: none is known */
};

/* What the caller does when the plan has something to say or to ask. */
struct plan_calls {
	void *arg;
	void (*note)(void *arg, const struct note *note);
	/* The temporary password of an account; owned by the callee, copied.
	 * NULL and why if there can be none. Only for NO_SECRET_TEMP. */
	const char *(*temporary)(
	    void *arg, const char *address, struct why *why);
};

/* What the plan holds, for the summary. */
struct plan_counts {
	size_t accounts;
	size_t groups;
	size_t verbatim;
	size_t transcoded;
	size_t temporary;
	size_t without_secret;
	size_t skipped; /* accounts left out on demand */
	size_t aliases;
	size_t lists;
	size_t catch_alls;
	size_t forwards;
	size_t domains;
};

/* options and calls are borrowed. Freed with plan_free, which overwrites the
 * secrets. */
struct plan *plan_new(
    const struct plan_options *options, const struct plan_calls *calls);
void plan_free(struct plan *p);

/*
 * Takes a record in; its strings are copied. FAIL_DATA for one that cannot
 * become an object: a name that the server refuses or that falls together with
 * one that is there, or a password that cannot be carried (NO_SECRET_FAIL).
 * Types that are none of ours are passed over. 0 or -1.
 */
int plan_add(struct plan *p, const struct record *r, struct why *why);

/*
 * Decides what each alias, forward and catch-all becomes. Once, after the last
 * record.
 */
void plan_resolve(struct plan *p);

/*
 * Writes the plan: lines of at most 500 objects, domains, groups, users, lists,
 * catch-alls. write gets whole lines; it returns -1 and why to stop. 0, or -1
 * and why.
 */
int plan_write(struct plan *p,
    int (*write)(void *arg, const char *line, size_t len, struct why *why),
    void *arg, struct why *why);

/*
 * Calls back with each account's Sieve script, by address; only with
 * options->sieve. -1 and why from the callback stop. 0, or -1 and why.
 */
int plan_each_script(struct plan *p,
    int (*script)(
	void *arg, const char *address, const char *text, struct why *why),
    void *arg, struct why *why);

const struct plan_counts *plan_counts(const struct plan *p);

#endif
