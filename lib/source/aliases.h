/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * The aliases of a directory, read before its accounts: an entry whose key is
 * the address of an account is that account's forward, "@a @b" says that a
 * domain has another name, and the rest are aliases.
 */
#ifndef FERRY_SOURCE_ALIASES_H
#define FERRY_SOURCE_ALIASES_H

#include <stdbool.h>
#include <stddef.h>

#include "core/arena.h"
#include "core/map.h"
#include "record/record.h"
#include "source/emit.h"
#include "source/rights.h"
#include "source/targets.h"

struct alias {
	const char *address; /* "@domain": a catch-all */
	struct strs targets;
	struct map has; /* the targets, where there are many */
	struct place at;
	bool keep;       /* as a forward it leaves a copy */
	bool local;      /* an entry of local aliases is in it */
	bool bare;       /* its key had no domain */
	size_t shadowed; /* mailboxes whose mail this catch-all takes */
	bool used;       /* as a forward, or as another name of a domain */
};

/* A key without "@" that may be a domain or a name. */
struct alias_bare {
	const char *key, *value;
	struct place at;
};

/* A target of a local alias that is a name. */
struct alias_name {
	struct alias *alias;
	const char *name;
};

struct aliases {
	const char *domain; /* of names without one; NULL: they are refused */
	const char *key_domain;  /* of keys without one; NULL: domain */
	const char *also_domain; /* of keys without one, too; may be NULL */
	const char *catch_all;   /* the key that is one: "*" (Exim) */
	bool star_at;            /* "*@domain" is a catch-all (HestiaCP) */
	/* ":include:/file" is read, with the rights of the owner of the table that
	 * is read, by its name (source/rights.h). */
	bool includes;
	struct rights rights; /* of the list that is being read */
	struct map included;  /* lists of an alias that were read */
	bool locals;     /* an entry adds to one of before that names itself */
	bool no_markers; /* keys without "@" are names, never domains */
	bool keep;     /* forwards leave a copy, even those that do not name the
		    * account itself */
	bool inactive; /* the records of aliases_emit are not active */
	bool first_counts; /* of an address in several files the first entry */
	bool shadows;      /* a catch-all comes before mailboxes (virtual(5)) */
	/* Characters that begin an extension of a local part, which is cut off
	 * targets in domains that the keys are in, where nobody has the address
	 * with it, and somebody the one without; NULL: none. */
	const char *delimiter;
	/* May be NULL: asks tables that cannot be listed for the value of a
	 * key, sets e->at, and returns false where none has it. */
	bool (*ask)(
	    void *ctx, struct emit *e, const char *key, struct buf *value);
	void *ask_ctx;
	/* May be NULL: completes the address of a target. */
	void (*rewrite)(void *ctx, struct buf *address);
	void *rewrite_ctx;
	/* May be NULL: whether another reader has the use of a target. */
	bool (*take)(void *ctx, const char *address, const char *target);
	void *take_ctx;
	/* May be NULL: whether mail from elsewhere is taken for a domain. */
	bool (*serves)(void *ctx, const char *domain);
	void *serves_ctx;
	/* Domains that have the local names of another: an entry of that one whose
	 * key had no domain is there in each of them. NULL: there are none. */
	const char *names_of;
	struct strs named;
	struct map by_address;
	struct map markers;     /* domains that a key without "@" names */
	struct map key_domains; /* of the keys, and those of aliases_domain */
	struct alias_bare *bare;
	size_t nbare, bare_cap;
	bool names_wait; /* targets without a domain, see source/alias-name.h */
	struct alias_name *names;
	size_t nnames, names_cap;
	unsigned int depth; /* of ":include:" */
	struct alias **v;
	size_t n, cap;
	struct arena arena;
};

/*
 * Reads a file. Entries and targets that cannot be carried are reported; the
 * rest is kept. required: the file must be there. False if it could not be
 * read, which has been reported.
 */
bool aliases_read(struct aliases *a, struct emit *e, const char *path,
    enum map_style style, bool required);

/* Adds one entry, at e->at; value is a list as Postfix writes it. */
void aliases_add(
    struct aliases *a, struct emit *e, const char *key, const char *value);

/* Says that a name is a domain: a key that is its name, without a "@", is no
 * alias. Copied. */
void aliases_domain(struct aliases *a, const char *domain);

/*
 * The entry of an address, made where there is none; for readers whose
 * directory has a row for each target. NULL if it is not an address, which is
 * reported.
 */
struct alias *aliases_entry(
    struct aliases *a, struct emit *e, const char *address);
/* Adds one target to an entry, as address_list_read writes it, or reports why it
 * cannot be carried. */
void aliases_target(
    struct aliases *a, struct emit *e, struct alias *alias, const char *target);

/* Says of the domains that "@a @b" entries name what emit_domain_alias takes;
 * before the first record. */
void aliases_domains(struct aliases *a, struct emit *e);

/* Sets forward and keep of an account from the entry with its address. The
 * strings live as long as a. */
void aliases_forward(struct aliases *a, struct emit *e, struct record *r);

/* Writes what is left as alias records. */
void aliases_emit(struct aliases *a, struct emit *e);
/* The same for aliases that give way to every record that was written. */
void aliases_emit_rest(struct aliases *a, struct emit *e);

void aliases_free(struct aliases *a);

#endif
