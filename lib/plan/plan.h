/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * From account records to a plan of Stalwart objects, mailferry-plan(5). All
 * records are read first, because aliases decide what an account carries; then
 * the plan is resolved and written.
 */
#ifndef FERRY_PLAN_PLAN_H
#define FERRY_PLAN_PLAN_H

#include <stdbool.h>
#include <stddef.h>

#include "core/map.h"
#include "core/why.h"

/* What to do with an account whose password cannot be carried. */
enum no_secret {
	NO_SECRET_FAIL, /* refuse the account */
	NO_SECRET_SKIP, /* leave the account out */
	NO_SECRET_TEMP, /* give it a temporary password */
	NO_SECRET_EMPTY /* create it without a password */
};
extern const char *const no_secret_words[NO_SECRET_EMPTY + 1];

/* What to do with an account in a domain for which the old server takes no mail: to let
 * its owner log in, the new server has to take the domain for its own. */
enum elsewhere {
	ELSEWHERE_FAIL, /* refuse the account */
	ELSEWHERE_SKIP, /* leave the account out */
	ELSEWHERE_LOGIN /* create it, and the domain */
};
extern const char *const elsewhere_words[ELSEWHERE_LOGIN + 1];

struct plan_options {
	enum no_secret no_secret;
	enum elsewhere elsewhere;
	bool skip_inactive;
	bool no_domains;
	bool allow_relaying;
	bool manual_dkim;
	bool reconcile;
	bool carry_otp;
	const char *default_domain; /* of the server, normalised; or NULL */
	bool sieve;    /* forwards become scripts (plan_each_script) */
	bool settings; /* what else there is is carried, too */
	/* Switches of accounts (switches.h), each by an option. */
	bool protocols;
	bool networks;
	bool send_as;
	bool locale;
	bool partial; /* other accounts of these domains are elsewhere */
	/* All that the directory has of an account is in the plan: what it does
	 * not have is written as nothing. */
	bool whole_accounts;
	bool part;               /* not all that the directory has was read */
	const char *tenant;      /* id */
	const char *description; /* of what has none of its own */
	struct map existing; /* domain name -> id on the server, both char * */
};

/* Something that is not carried, or was changed on the way. */
enum note_kind {
	NOTE_LEFT,
	NOTE_LOGIN, /* a login name that is not carried: there are many */
	NOTE_CHANGED,
	NOTE_CARRIED, /* beyond the mailbox: what, by its kind */
	NOTE_REFUSED
};
struct note {
	enum note_kind kind;
	const char *address; /* or a domain */
	const char *reason;
	const char *origin; /* NULL: none is known */
	const char *form;   /* the same for notes that differ only in names */
	size_t count;       /* how many things it stands for */
};

/* What the caller does when the plan has something to say or to ask. */
struct plan_calls {
	void *arg;
	void (*note)(void *arg, const struct note *note);
	/* The temporary password of an account; owned by the callee, copied.
	 * NULL and why if none can be made. Only for NO_SECRET_TEMP. */
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
	size_t signings;
	size_t send_as;  /* keys */
	size_t settings; /* accounts with any */
	size_t domains;
	size_t spared; /* domains that --reconcile takes nothing from */
};

/* options and calls are borrowed. Freed with plan_free, which overwrites the
 * secrets. */
struct plan *plan_new(
    const struct plan_options *options, const struct plan_calls *calls);
void plan_free(struct plan *p);

/* The directory has more than the records that were added: with
 * options->reconcile nothing is taken away. */
void plan_spare(struct plan *p);

const struct plan_counts *plan_counts(const struct plan *p);

#endif
