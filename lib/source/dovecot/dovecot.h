/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * The user directory that a Dovecot uses: its configuration says which
 * databases hold the users, and each user is looked up in them in the order in
 * which the server does it.
 */
#ifndef FERRY_SOURCE_DOVECOT_DOVECOT_H
#define FERRY_SOURCE_DOVECOT_DOVECOT_H

#include "source/aliases.h"
#include "source/emit.h"

struct dovecot_options {
	const char *config; /* a saved output of doveconf; NULL: it is run */
	const char *domain; /* of bare names; may be NULL */
	const char *default_scheme; /* NULL: that of the configuration */
	bool mail_elsewhere;        /* Dovecot does not deliver the mail */
	/*
	 * Where a database cannot be listed, or its names are no addresses:
	 * calls found for the addresses of mailboxes that are known from
	 * elsewhere, and for "@domain" where every name has one. May be NULL.
	 */
	void (*names)(void *names_ctx, struct emit *e,
	    void (*found)(void *ctx, const char *name), void *ctx);
	/* Whether mail from elsewhere may come for an address that no alias has.
	 * NULL: nobody knows. ctx is names_ctx. */
	bool (*takes)(void *names_ctx, struct emit *e, const char *address);
	/* Says of an account whether mail comes for it. NULL: nobody knows. ctx is
	 * names_ctx. */
	void (*judge)(void *names_ctx, struct emit *e, struct record *r);
	void *names_ctx;
};

/* Writes the accounts, with the forwards that aliases (may be NULL) has for
 * them. What cannot be read or listed is reported. */
void dovecot_read(
    struct emit *e, const struct dovecot_options *o, struct aliases *aliases);

#endif
