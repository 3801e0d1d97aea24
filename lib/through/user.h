/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* Where the Maildir of a user is, how its folders lie and which of them have a
 * special use: asked of Dovecot instead of guessed. */
#ifndef FERRY_THROUGH_USER_H
#define FERRY_THROUGH_USER_H

#include "core/why.h"
#include "doveadm/account.h"
#include "merge/scan.h"
#include "through/store.h"

/* Why a user's mail is not merged into from outside, where doveadm can do it. */
enum obstacle {
	OBSTACLE_NONE,
	OBSTACLE_STORE,  /* no Maildir, or none whose names mean folders */
	OBSTACLE_LAYOUT, /* how folders lie is not understood */
	OBSTACLE_SUBSCRIPTIONS, /* another namespace keeps them */
	OBSTACLE_ENCRYPTED,  /* what was put beside it would be in clear text */
	OBSTACLE_COMPRESSED, /* mail may be there that only Dovecot can read */
	OBSTACLE_ABSENT      /* what Dovecot has is not on this machine */
};
extern const char *const obstacle_words[];

/* The zero value is empty. What scan_options gets of it is borrowed. */
struct located {
	struct doveadm_account account;
	struct doveadm doveadm; /* borrowed by what it points to */
	char *root, *control, *inbox, *dirname, *subscriptions;
	struct scan_role *roles;
	size_t n, cap;
	struct store
	    others; /* mail in namespaces of its own; not open: user NULL */
	bool fs;    /* LAYOUT=fs */
	enum obstacle obstacle; /* where it failed for one */
};

/*
 * Asks, and fills in the target, its hints and the roles of its folders. 0, or
 * -1 and why (FATAL): no such user, or no Maildir that could be written from
 * outside; if it subscribes to folders, nor one whose subscriptions are kept
 * elsewhere.
 */
int user_locate(struct located *l, const struct doveadm *d, bool subscribes,
    struct scan_options *o, struct why *why);

/*
 * Asks only whether the Maildir can be written from outside. 0: it can, or
 * l->obstacle is why not, in the words of why, and doveadm can open the mail; -1 and
 * why: nothing can.
 */
int user_find_way(struct located *l, const struct doveadm *d, struct why *why);

/*
 * Makes Dovecot look at all folders again: of one whose directory was there it
 * says for ever what it was, unless a mailbox is made or removed by Dovecot
 * itself (the refresh flag of its list index, mailbox-list-index.c). A mailbox is
 * made for that, and removed. 0, or -1 and why.
 */
int user_relist(
    const struct located *l, const struct doveadm *d, struct why *why);

/* Makes Dovecot take new folders into its list (ITERINDEX). 0, or -1 and why. */
int user_list_new(
    const struct located *l, const struct doveadm *d, struct why *why);

void located_free(struct located *l);

#endif
