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
	bool off;  /* switched off */
	bool used; /* as a forward, or as another name of a domain */
};

struct aliases {
	const char *domain; /* of names without one; NULL: they are refused */
	const char *catch_all; /* the key that is one: "*" (cPanel) */
	bool keep; /* forwards leave a copy, even those that do not name the
		    * account itself */
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

/* Adds one entry, at e->at; value is changed. What was added, for the caller to
 * say more of; NULL where it was not, which was reported. */
struct alias *aliases_add(
    struct aliases *a, struct emit *e, const char *key, char *value);

/* Says of the domains that "@a @b" entries name what emit_domain_alias takes;
 * before the first record. */
void aliases_domains(struct aliases *a, struct emit *e);

/* Sets forward and keep of an account from the entry with its address. The
 * strings live as long as a. */
void aliases_forward(struct aliases *a, struct emit *e, struct record *r);

/* Writes what is left as alias records. */
void aliases_emit(struct aliases *a, struct emit *e);

void aliases_free(struct aliases *a);

#endif
