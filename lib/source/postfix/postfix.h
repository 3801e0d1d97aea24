/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* The aliases and domains in the tables that a Postfix uses. */
#ifndef FERRY_SOURCE_POSTFIX_POSTFIX_H
#define FERRY_SOURCE_POSTFIX_POSTFIX_H

#include "source/aliases.h"
#include "source/emit.h"
#include "source/postfix/asks.h"
#include "source/postfix/config.h"
#include "source/postfix/domains.h"
#include "source/postfix/senders.h"
#include "source/postfix/tables.h"

/* The zero value, config.dir and aliases.domain are a start. */
struct postfix {
	struct postfix_config config;
	struct aliases aliases;
	struct postfix_domains domains; /* of virtual aliases and mailboxes */
	bool marks; /* a key of the aliases says that it is one of them */
	struct postfix_domains locals; /* mydestination */
	struct strs relays;            /* relay_domains, in arena */
	bool knows_domains;       /* those are all that it takes mail for */
	const char *local_domain; /* that stands for locals; may be NULL */
	/* Of locals, those with addresses of their own, which cannot be other
	 * names of it. */
	struct strs apart;
	struct strs alike; /* the others: other names of it */
	bool with_users;   /* their accounts are written as well */
	const char *below; /* what a host without a dot is in; NULL: nothing */
	bool users_apart;  /* the domain of names was given, not myorigin */
	bool keeps_bangs, keeps_percents; /* of "host!user", "user%host" */
	struct arena arena;
	struct postfix_asks asks; /* of aliases */
	struct postfix_senders senders;
};

/*
 * Asks postconf, reads the tables, writes the records of the domains and the
 * notes of what is not carried. What cannot be listed is reported. A machine
 * without Postfix has no aliases, unless config.dir is set. When the accounts
 * are written, postfix_end writes the rest: aliases, and who may send as others.
 */
void postfix_read(struct postfix *p, struct emit *e);
void postfix_end(struct postfix *p, struct emit *e);

/* Whether Postfix takes mail from elsewhere for a domain; true where nobody
 * knows. ctx is the struct postfix. */
bool postfix_serves(void *ctx, const char *domain);

/* What a domain of virtual mailboxes is in as well, which Postfix looks at first:
 * then it knows no mailbox in it. NULL: nothing. */
const char *postfix_hidden_by(const struct postfix *p, const char *domain);

/* Says of an account in a domain of aliases alone, or in none that Postfix takes mail
 * for, that it receives nothing, and of the second that its mail goes elsewhere:
 * before the record is written. */
void postfix_judge(struct postfix *p, struct emit *e, struct record *r);

/* Whether the mail for mailboxes comes by this Postfix, as far as its settings show
 * it: another may be before a Dovecot. */
bool postfix_has_mailboxes(const struct postfix *p);

/* Whether virtual(8) of Postfix delivers to all mailboxes. */
bool postfix_delivers(struct postfix *p);

/* Whether a name is one that every host has for itself. */
bool postfix_is_localhost(const char *name);

/* The entry of a virtual_alias_maps table; ctx is the struct aliases. */
postfix_entry postfix_add_alias;

void postfix_free(struct postfix *p);

#endif
