/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * A target that only Dovecot can open (sdbox, mdbox, mail that is compressed or
 * encrypted in a Maildir): its mailboxes and messages, asked of doveadm(1), as
 * the tree and the catalogue that a merge compares. The directory of a folder
 * is its path; the name of a message is "GUID:2,FLAGS", and its ino the UID.
 */
#ifndef FERRY_THROUGH_STORE_H
#define FERRY_THROUGH_STORE_H

#include <stddef.h>
#include <stdint.h>

#include "core/why.h"
#include "doveadm/account.h"
#include "doveadm/call.h"
#include "doveadm/messages.h"
#include "maildir/catalogue.h"
#include "maildir/content.h"
#include "maildir/tree.h"
#include "merge/pairing.h"

struct store {
	struct doveadm doveadm;
	struct doveadm_account account;
	struct catalogue_reader reader; /* of the catalogue */
	struct mdtree *tree;
	bool others; /* only what is in other namespaces than the INBOX's */
	struct doveadm_mailbox *known; /* as each was when last listed */
	size_t n, cap;
	char *subscriptions; /* the file of them, beside folders; or NULL */
	uint64_t identity;   /* of the target, from the GUID of its INBOX */
	struct reader scratch;
};

/*
 * Asks who the user is and which mailboxes there are, and makes folders of the
 * tree of them, which has no files. 0, or -1 and why (FATAL).
 */
int store_open(struct store *s, const struct doveadm *d, struct mdtree *tree,
    struct why *why);

/*
 * Opens what the same user has in other namespaces, but for those that lie within
 * the directory root, which are known from there; NULL: there are none such. 0, or
 * -1 and why.
 */
int store_open_others(struct store *s, const struct doveadm *d,
    struct mdtree *tree, const char *root, struct why *why);

/* Asks for all mailboxes again. 0, or -1 and why. */
int store_refresh(struct store *s, struct why *why);

/* The mailbox of a folder as it was when the mailboxes were asked for last;
 * NULL if there is none. */
const struct doveadm_mailbox *store_mailbox(
    const struct store *s, size_t folder);

/* The same of a path. */
const struct doveadm_mailbox *store_find(
    const struct store *s, const char *path);

/* Has a merge heed in which mailboxes mail does not stay, by the settings of an
 * account, which is borrowed. */
void store_heed(struct match_options *o, const struct doveadm_account *account);

/* Frees all but the tree. */
void store_free(struct store *s);

#endif
