/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * Dovecot's chains of databases, followed as the server follows them: the
 * passdbs for a login, the userdbs for the mailbox that it opens. Which password is
 * typed is not known here; so each secret that a database holds is tried, as if
 * its owner had typed just that one. (Dovecot 2.3 and 2.4,
 * src/auth/auth-request.c.)
 */
#ifndef FERRY_SOURCE_DOVECOT_CHAIN_H
#define FERRY_SOURCE_DOVECOT_CHAIN_H

#include <stdbool.h>
#include <stddef.h>

#include "core/arena.h"
#include "core/buf.h"
#include "source/dovecot/answer.h"
#include "source/dovecot/rules.h"

/* A database in a chain. */
struct link {
	struct rules rules;
	bool prefetch; /* of userdbs: what the passdbs set is the answer */
	bool blocking; /* another process asks it */
	bool checks_passdbs; /* of userdbs: it knows whom the passdbs know */
	/* Fields that the block sets by itself, texts with variables: before
	 * and after the lookup. NULL: none. */
	const struct pairs *before, *after;
	void *db; /* for ask */
};

struct chain {
	/* Of a login, and of a delivery: its passdbs say only who exists. */
	const struct link *passdbs, *userdbs, *knowing, *deliveries;
	size_t npassdbs, nuserdbs, nknowing, ndeliveries;
	/* What the passdbs and the userdbs of a login are asked for; NULL: imap.
	 * What they are asked for where mail comes. */
	const char *service, *mailbox_service, *delivery;
	const char *mechanisms; /* that the server offers; NULL: plain */
	bool nopassword_wins;   /* over a password (2.4) */
	bool only_passwords;    /* a login needs no mailbox */
	/* What a database says; good as long as the arena of the call. */
	const struct answer *(*ask)(
	    void *ctx, const struct link *link, const struct asked *who);
	/* Whether no password fits a secret. */
	bool (*is_dead)(void *ctx, const struct answer *a);
	/* A text whose variables cannot be worked out. */
	void (*unknown)(void *ctx, const struct link *link, const char *key,
	    const char *variable);
	void *ctx;
};

/* What becomes of a user. */
struct outcome {
	bool login;         /* a password lets the user in */
	bool unsure;        /* it may, in a database that cannot be read */
	bool another;       /* a second secret lets the user in as well */
	bool maybe_another; /* and so may one that cannot be read */
	const char
	    *mechanism; /* the login needs it; NULL: none in particular */
	/* The secret, of the database that lets the user in or, where none
	 * does, of the first that has one; NULL where there is none. */
	const struct answer *secret;
	bool any_password;    /* whatever is typed is taken */
	const char *disabled; /* protocols that do not let the user in, where
			       * another does, with commas between; NULL: none */
	bool elsewhere;       /* over POP3 another mailbox opens */
	bool locked;          /* a passdb knows the user, whom none lets in */

	/* Other names that open the same mailbox with the same password, ended by
	 * NULL; NULL where there are none. */
	const char *const *logins;

	/* The mailbox: of a login, where one is possible, otherwise of a
	 * delivery. */
	bool found;        /* a userdb knows the user */
	bool found_unsure; /* it may */
	const char *user;  /* its name at the end of the chain */
	struct pairs extra, reply;
	const char *gecos;

	/* A delivery asks the userdbs alone. */
	bool delivers;
	bool nobody;  /* it finds no user of that name */
	bool refuses; /* and there is a mailbox of that name */
	const char *receiver;
	struct pairs delivery;

	/* Logins with other passwords that open other mailboxes. */
	struct outcome *next;
};

/* Whether other is the name, or that with a domain added to it. */
bool user_is_same(const char *name, const char *other);

/* What a field makes of a user's name: "user" is a new one, "username" and
 * "domain" change a part of it. Whether the key is one of them; out is then the
 * name, empty where it is none. (auth-request.c, get_updated_username.) */
bool user_renamed(
    const char *user, const char *key, const char *value, struct buf *out);

/* A copy that lives in another arena, without next. */
void outcome_copy(
    struct outcome *to, const struct outcome *o, struct arena *arena);

/* Follows the chains for a login name. All texts are owned by the arena. */
void chain_follow(const struct chain *c, const char *login, const char *user,
    struct arena *arena, struct outcome *out);

#endif
