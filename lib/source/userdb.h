/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * The databases of a Dovecot: "passdb" blocks, which know passwords, and
 * "userdb" blocks, which know homes and quotas. Each driver can look a user up
 * as the server does, and some can list.
 */
#ifndef FERRY_SOURCE_USERDB_H
#define FERRY_SOURCE_USERDB_H

#include <stdbool.h>

#include "core/arena.h"
#include "core/map.h"
#include "source/account.h"
#include "source/doveconf.h"
#include "source/emit.h"
#include "source/extra.h"

/* A field that a lookup found. */
struct found_field {
	char *key; /* without "userdb_" */
	const char *value;
	struct found_field *next;
};

/* What the databases say of one user. */
struct lookup {
	const char *user; /* as the databases are asked for it */
	struct place at;  /* where it was found last; file 0: nowhere */
	bool in_passdb, in_userdb;
	struct fields fields;
	const char *scheme;
	struct extra extra;
	struct found_field *prefetch; /* "userdb_..." of a passdb */
	struct arena arena;           /* what the texts above live in */
};

struct userdb {
	const struct setting *block;
	const char *driver;
	bool is_passdb;
	bool v24; /* Dovecot 2.4 */
	bool deny, master;

	const char *path;   /* passwd-file: with variables */
	const char *format; /* of the names in it */
	const char *scheme; /* of passwords without one */
	const char *args;   /* of 2.3 */
};

/* The files that were read, by their path. */
struct passwd_cache {
	struct map by_path;
	struct arena arena;
};
void passwd_cache_free(struct passwd_cache *c);

/*
 * Looks l->user up in a passwd-file, and sets what it has there. False where
 * the user is not in it. A file that cannot be read is reported (FATAL).
 */
bool passwd_lookup(struct passwd_cache *c, struct emit *e,
    const struct userdb *db, struct lookup *l);

/* Calls user for each name that the files of a database list, with its domain
 * where that stands in the path only. */
typedef void userdb_listed(void *ctx, const char *name, const char *domain);
void passwd_list(struct passwd_cache *c, struct emit *e,
    const struct userdb *db, userdb_listed *user, void *ctx);

/* Adds a field that a passdb or a userdb found to l. */
void lookup_set(struct lookup *l, bool is_passdb, bool v24, const char *key,
    const char *value);

#endif
