/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * What the block of a passdb or a userdb says of its place in the chain: for
 * whom it is asked, and what follows from its answer. (Dovecot 2.3 and 2.4,
 * src/auth/auth.c and auth-settings.c.)
 */
#ifndef FERRY_SOURCE_DOVECOT_RULES_H
#define FERRY_SOURCE_DOVECOT_RULES_H

#include <stdbool.h>

#include "core/why.h"
#include "source/doveconf.h"

enum rule {
	RULE_RETURN,
	RULE_RETURN_OK,
	RULE_RETURN_FAIL,
	RULE_CONTINUE,
	RULE_CONTINUE_OK,
	RULE_CONTINUE_FAIL
};

/* When a database is left out: never, once an earlier one has let the user in
 * (or, of userdbs, found the user), or as long as none has. */
enum skip_when {
	SKIP_NEVER,
	SKIP_DONE,
	SKIP_NOT_DONE
};

struct rules {
	bool deny;   /* whoever is in it may not log in */
	bool master; /* of administrators, who are not mailboxes */
	enum skip_when skip;
	enum rule success, failure, internalfail;
	const char *names;      /* username_filter; NULL: all */
	const char *mechanisms; /* NULL: all */
};

/* Reads a block. 0; or -1 and why (FATAL) at a value that the server does not
 * know either. */
int rules_read(struct rules *r, const struct setting *block, bool is_passdb,
    bool v24, struct why *why);

/*
 * The first setting of the block after s (NULL: the first of all) that neither
 * this program knows nor is known not to matter; NULL where there are no more.
 */
const struct setting *rules_unknown(
    const struct setting *block, const struct setting *s);

/* Whether a username_filter lets a name through: words with "*" and "?", a "!"
 * before those that keep names out. */
bool rules_name(const char *filter, const char *name);

/* Whether a mechanism proves a password without sending it. */
bool rules_challenge(const char *mechanism);

/* Whether such a mechanism can do with a stored secret. scheme: of one that does
 * not say its own; may be NULL. */
bool rules_suits(const char *mechanism, const char *secret, const char *scheme);

/* Whether a list of mechanisms (NULL: all) has this one. */
bool rules_mechanism(const char *list, const char *mechanism);

#endif
