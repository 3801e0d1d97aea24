/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* What one database says of one user, before the chain makes anything of it. */
#ifndef FERRY_SOURCE_DOVECOT_ANSWER_H
#define FERRY_SOURCE_DOVECOT_ANSWER_H

#include <stdbool.h>

#include "core/arena.h"
#include "source/dovecot/pairs.h"
#include "source/emit.h"

enum found {
	FOUND_NO,
	FOUND_YES,
	FOUND_UNSURE, /* the database cannot be read here */
	FOUND_BROKEN  /* the server would report an internal failure */
};

/* Who is asked for. The texts may hold anything. */
struct asked {
	const char *user;          /* as it is called by now */
	const char *login;         /* as it was typed */
	const struct pairs *extra; /* what passdbs have set */
	const struct pairs *reply; /* what userdbs have set */
	const char *service;       /* that asks; NULL: imap */
};

struct answer {
	enum found found;
	/* Of a passdb. secret is NULL where there is none; it is text that can
	 * be carried unless hidden, which says that a password is checked where
	 * it cannot be read. */
	char *secret;
	bool hidden;
	bool empty;   /* it is the empty password, whatever the fields say */
	bool pwdfile; /* it may have a suffix of libpam-pwdfile */
	const char *scheme; /* of a secret without one */
	/* The full name; NULL where there is none. */
	char *gecos;
	/* The fields, in their order: "userdb_..." of a passdb too. */
	struct pairs fields;
	bool variables;    /* their values have variables */
	size_t block_from; /* those of the block (2.4), which see the name that
	                    * the ones before have made */
	bool prefetch;     /* of a passdb: it answers for the userdb, too */
	/* Other names that the database may know the user by, ended by NULL; NULL
	 * where there are none. */
	const char *const *names;
	struct place at;
};

struct userdb;

/* Adds a column or an attribute to an answer: the password is set apart. */
void answer_add(struct answer *a, const struct userdb *db, struct arena *arena,
    const char *key, const char *value);

/* Whether two databases hold the same text: then one password fits both. */
bool answer_same_secret(const struct answer *a, const struct answer *b);

#endif
