/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * One login, or one delivery, on its way through the databases: what is set,
 * kept and taken back by each, and which one is asked next.
 */
#ifndef FERRY_SOURCE_DOVECOT_WALK_H
#define FERRY_SOURCE_DOVECOT_WALK_H

#include "source/dovecot/chain.h"
#include "source/dovecot/pairs.h"

enum {
	TRIED_MAX = 16 /* secrets of one user; more are not tried */
};

/* How passdbs are asked: with a password that somebody types, or only whether
 * they know the user. */
enum asking {
	ASK_PASSWORD,
	ASK_EXISTS
};

/* The secrets that a user's databases hold. */
struct secrets {
	const struct answer *v[TRIED_MAX];
	size_t n;
};

/* One login, or one delivery, on its way through the databases. */
struct walk {
	const struct chain *c;
	struct arena *arena;
	const char *login; /* as it was typed */
	const char *user;
	enum asking asking;
	const char *mechanism;
	const struct answer *typed; /* whose password; NULL: nobody's */
	/* What a challenge is checked with: the secret of this lookup, and
	 * that of the first that let in and went on. */
	const struct answer *given, *delayed;
	struct secrets *secrets; /* those that were in the way */
	bool forced;             /* the password fits, whatever it is */
	bool known;              /* a passdb has the user */
	bool delivery;           /* nobody has logged in */
	bool trust_unsure;       /* a userdb that cannot be read has the user */

	struct pairs_undo extra, reply; /* what is set so far */
	bool has_reply, prefetch, prefetch_kept;

	bool success, authenticated, seen_broken;
	bool failed;      /* a field of this lookup makes it fail */
	bool unsure_used; /* an answer was only a guess */
	const char *gecos;
};

/* Goes through the passdbs: whether the login, or the question whether the
 * user exists, comes to a good end. */
bool walk_passdbs(struct walk *w);

/* Goes through the userdbs, of a login or of a delivery: whether the user has a
 * mailbox, whose fields are then in w->reply. */
bool walk_userdbs(struct walk *w);

#endif
