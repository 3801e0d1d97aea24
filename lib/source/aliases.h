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
#include "source/postfix-map.h"

struct alias {
	const char *address; /* "@domain": a catch-all */
	struct strs targets;
	struct place at;
	bool keep; /* as a forward it leaves a copy */
	bool used; /* as a forward, or as another name of a domain */
};

struct aliases {
	const char *domain; /* of names without one; NULL: they are refused */
	const char *catch_all; /* the key that is one: "*" (cPanel) */
	bool keep;     /* forwards leave a copy, even those that do not name the
		    * account itself */
	bool inactive; /* the records of aliases_emit are not active */
	bool first_counts; /* of an address in several files the first entry */
	struct map by_address;
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

/* Adds one entry, at e->at; value is changed. */
void aliases_add(
    struct aliases *a, struct emit *e, const char *key, char *value);

/*
 * The entry of an address, made where there is none; for readers whose
 * directory has a row for each target. NULL if it is no address, which is
 * reported.
 */
struct alias *aliases_entry(
    struct aliases *a, struct emit *e, const char *address);
/* Adds one target to an entry, or reports why it cannot be carried; the text is
 * changed. */
void aliases_target(
    struct aliases *a, struct emit *e, struct alias *alias, char *target);

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
