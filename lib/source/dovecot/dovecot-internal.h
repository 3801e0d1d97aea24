/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* What the files that read a Dovecot share. */
#ifndef FERRY_SOURCE_DOVECOT_DOVECOT_INTERNAL_H
#define FERRY_SOURCE_DOVECOT_DOVECOT_INTERNAL_H

#include "core/map.h"
#include "source/dovecot/chain.h"
#include "source/dovecot/dovecot.h"
#include "source/dovecot/userdb.h"
#include "source/passwd/account.h"

/* An answer that is known: a user's databases are asked once for a name. */
struct known_answer {
	const struct userdb *db;
	const char *user, *service;
	struct answer answer;
	struct known_answer *next;
};

enum {
	SERVICES_MAX = 4
};

/* A service that people log in for, beside IMAP. */
struct service {
	const char *name; /* in the configuration */
	bool offered;
	bool apart; /* it has other databases than IMAP */
	struct chain chain;
};

struct dovecot {
	struct emit *emit;
	const struct dovecot_options *options;
	struct doveconf conf;
	struct doveconf full; /* of passdbs and userdbs */
	struct userdbs dbs;
	struct chain chain;
	struct service services[SERVICES_MAX];
	struct link *links;
	bool delivers; /* mail comes through it, as its configuration says */
	const char *name_format; /* auth_username_format */
	const char *name_chars;  /* auth_username_chars; NULL: all */
	const char
	    *translation;  /* of letters of a login: from, to, ...; NULL */
	const char *realm; /* of a login without a domain; may be NULL */
	struct account account;
	bool lists_passdb; /* the names come from a passdb */

	struct arena asked; /* of the user who is asked for */
	struct known_answer *known;

	/* name_format makes one user of addresses in two domains. */
	bool merges;
	struct bare_name *bare, **bare_tail; /* that were listed */
	struct map bare_names;               /* -> struct bare_name */
	struct map waiting; /* users of other names among them */

	struct map others; /* names -> what else their entries have */
	struct second *seconds, **seconds_tail; /* other names of mailboxes */
	struct second *apart, **apart_tail;   /* with mailboxes of their own */
	struct shared *shared, **shared_tail; /* entries with one listed name */

	struct map done; /* users that were followed -> the name listed */
	struct pending *pending, **pending_tail;
	struct again *again, **again_tail; /* other names of them */
	struct map places; /* of mailboxes -> the address of the first */
	struct map leads;  /* names that only open other mailboxes */
	struct map moved;  /* a mailbox -> the address that it has now */
	/* The address of a mailbox that another name has opened first -> the
	 * outcome of that. */
	struct map opened;
	struct arena arena;
};

#endif
