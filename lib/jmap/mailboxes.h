/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * What accounts hold, asked by an administrator with the accounts' own ids
 * (RFC 8621, 2; permission impersonate): many accounts in one request.
 */
#ifndef FERRY_JMAP_MAILBOXES_H
#define FERRY_JMAP_MAILBOXES_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/map.h"
#include "core/why.h"
#include "jmap/client.h"
#include "mailbox/list.h"

/* What can be counted besides mail. */
enum data_kind {
	DATA_CONTACTS,
	DATA_EVENTS,
	DATA_FILES,
	DATA_SCRIPTS,
	DATA_KINDS
};
/* "contacts" */
const char *data_name(enum data_kind k);

/* One account that is looked at. The zero value with address set is ready. */
struct jmap_account {
	const char *address;
	char id[64]; /* empty: the server has no account of this address */
	struct mailboxes mailboxes;
	int64_t counts[DATA_KINDS]; /* of those that were asked for */
	char *active_script;        /* its name; NULL: none is active */
	struct why why;             /* kind NONE: all of it is known */
};
void jmap_account_free(struct jmap_account *a);

/* The ids of domains that were asked for, across calls; the zero value is
 * empty. */
struct jmap_domains {
	struct map ids;
	struct arena texts;
};
void jmap_domains_free(struct jmap_domains *d);

/*
 * Looks up the ids of n accounts by their primary addresses, as many in one
 * request as the server takes. 0; -1 and why where no request is worth sending
 * any more (FATAL), or the server cannot be reached (TEMP).
 */
int jmap_find_accounts(struct jmap *j, struct jmap_domains *domains,
    struct jmap_account *const *accounts, size_t n, struct why *why);

/* How many accounts jmap_fetch_accounts takes at a time. */
size_t jmap_fetch_max(const struct jmap *j, const bool counted[DATA_KINDS]);

/*
 * Asks for the mailboxes of n accounts that have ids, and for the counts of
 * what is counted, in one request. What is wrong with one account is in its
 * why. 0, or -1 and why as above.
 */
int jmap_fetch_accounts(struct jmap *j, struct jmap_account *const *accounts,
    size_t n, const bool counted[DATA_KINDS], struct why *why);

/*
 * The list of a Mailbox/get (RFC 8621, 2.1) as paths: a parent that is not
 * there, or a circle of parents, is FAIL_DATA. 0, or -1 and why.
 */
int jmap_read_mailboxes(
    const json_t *list, struct mailboxes *to, struct why *why);

/*
 * Whether a session belongs to this address: the owner's own password opened
 * it. 0, or -1 and why: DATA; TEMP where it is no session at all, which says
 * nothing of the password.
 */
int jmap_read_owner(
    const struct buf *body, const char *address, struct why *why);

#endif
