/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* The messages of a store as the catalogue of a merge: listed, listed again where the
 * account did not stand still, and what has come since. */
#ifndef FERRY_THROUGH_LISTING_H
#define FERRY_THROUGH_LISTING_H

#include "core/why.h"
#include "doveadm/messages.h"
#include "maildir/catalogue.h"
#include "through/store.h"

/* Lists all messages, for the first time or once more, and their Message-IDs, until
 * none can have been moved meanwhile to where was looked before. 0, or -1 and why
 * (TEMP where that does not come about). */
int store_list(void *store, struct catalogue *c, struct why *why);

/* Appends the messages that came into each mailbox between its listing and the last
 * time that the mailboxes were asked for; told, unless it is NULL, is called for each,
 * perhaps twice. 0, or -1 and why. */
int store_arrivals(struct store *s, struct catalogue *c,
    void (*told)(void *arg, const struct doveadm_message *message), void *arg,
    struct why *why);

#endif
