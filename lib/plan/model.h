/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* The plan in memory: what the files of this folder share, and nobody else.
 * A million accounts have to fit, so that strings live in one arena and lists
 * are chains in it. */
#ifndef FERRY_PLAN_MODEL_H
#define FERRY_PLAN_MODEL_H

#include <stdint.h>

#include "core/arena.h"
#include "plan/plan.h"

/* A chain of strings in the order in which they were added. */
struct link {
	struct link *next;
	const char *text;
	bool enabled;
};
struct chain {
	struct link *first;
	struct link *last;
};

struct domain {
	const char *name;
	const char *id;     /* on the server, where it is said to exist */
	const char *origin; /* NULL: it comes from an address */
	const char *alias_of;
	struct chain aliases;
	const char *catch_all;
	size_t accounts; /* and groups that are in it */
};

enum account_flags {
	ACC_GROUP = 1,
	ACC_LOCKED = 2,     /* no login */
	ACC_NO_RECEIVE = 4, /* no mail either */
	ACC_KEEP = 8,       /* a forward keeps a copy */
	ACC_REFUSED = 16,   /* fell together with another: not written */
	ACC_SCRIPT = 32,    /* the forward is carried as a script */
	/* where the secret comes from; none of them: there is none */
	ACC_VERBATIM = 64,
	ACC_TRANSCODED = 128,
	ACC_TEMPORARY = 256
};

struct account {
	const char *address; /* as the server will have it */
	const char *given;   /* as the record had it, if that differs */
	const char *name;
	const char *secret; /* as it is sent; NULL: none */
	const char *otp;
	const char *origin;
	struct chain aliases;
	struct chain groups;
	struct chain forward;
	const char *redirect; /* where the script sends to */
	int64_t quota;
	uint32_t domain;
	uint32_t flags;
};

/* An alias record; state and leaves are of its resolution. */
enum alias_state {
	ALIAS_NEW,
	ALIAS_OPEN,
	ALIAS_DONE
};
struct alias {
	const char *address;
	const char *origin;
	struct chain targets;
	struct chain leaves; /* accounts and outside addresses it ends in */
	enum alias_state state;
	bool active;
	bool cycle;
};

struct list {
	const char *address;
	const char *origin;
	struct chain recipients;
	uint32_t domain;
};

/* Whose an address is: an index with a kind, in a map of addresses. */
enum owner {
	OWNER_ACCOUNT,
	OWNER_ACCOUNT_ALIAS,
	OWNER_LIST
};

struct plan {
	const struct plan_options *options;
	const struct plan_calls *calls;
	struct plan_counts counts;
	struct arena arena;
	struct map owners; /* address -> owner */
	struct map domain; /* name -> index in domains */
	struct map alias;  /* address -> index in alias records */
	struct domain *domains;
	size_t n_domains, cap_domains;
	struct account *accounts;
	size_t n_accounts, cap_accounts;
	struct alias *aliases;
	size_t n_aliases, cap_aliases;
	struct list *lists;
	size_t n_lists, cap_lists;
	struct buf scratch;
};

/* chain.c */
struct link *chain_add(struct plan *p, struct chain *c, const char *text);
bool chain_has(const struct chain *c, const char *text);
size_t chain_len(const struct chain *c);

/* collect.c */
/* The index of a domain, which is put in where it is not there. */
uint32_t plan_domain(struct plan *p, const char *name);
struct domain *plan_find_domain(const struct plan *p, const char *name);
/* Who holds an address; false if nobody. */
bool plan_owner(
    const struct plan *p, const char *address, enum owner *kind, size_t *index);
/* Gives an address, which must live as long as the plan, to an owner. */
void plan_own(
    struct plan *p, const char *address, enum owner kind, size_t index);
void plan_note(struct plan *p, enum note_kind kind, const char *address,
    const char *origin, const char *fmt, ...)
    __attribute__((format(printf, 5, 6)));
/* The account that an address leads to as its name, alias, or with a tail after
 * "+"; NULL if none. */
struct account *plan_account_of(const struct plan *p, const char *address);

/* resolve.c: forward.c's part of plan_resolve */
void plan_resolve_forwards(struct plan *p);
/*
 * An address as the server will have it, its domain the one that an alias
 * domain stands for; a copy in the arena. NULL and why (DATA) if it is none.
 */
const char *plan_canonical(
    struct plan *p, const char *address, struct why *why);
bool plan_is_local(const struct plan *p, const char *address);

#endif
