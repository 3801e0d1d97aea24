/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* The messages of one mailbox, whatever its store is: Dovecot opens them. */
#ifndef FERRY_DOVEADM_MESSAGES_H
#define FERRY_DOVEADM_MESSAGES_H

#include <stddef.h>
#include <stdint.h>

#include "core/buf.h"
#include "core/why.h"
#include "doveadm/account.h"
#include "doveadm/call.h"

struct doveadm_message {
	const char *guid;
	uint32_t uid;
	const char *flags; /* "\\Seen $Forwarded", as IMAP has them */
	/* The fields Message-ID as they are, one a line where there are
	 * several; may hold NULs. */
	const char *msgid;
	size_t msgid_len;
};

/* Some messages of a mailbox. Everything is borrowed. */
struct doveadm_range {
	const struct doveadm_mailbox *mailbox;
	uint32_t uid; /* those from this one on */
	const uint32_t *uids;
	size_t n; /* unless it is 0: those of these UIDs, which ascend */
};

/*
 * Calls told for each message of n mailboxes, with the number of its range: of each
 * mailbox in the order of their UIDs; what it gets is good until it returns. 0, or -1
 * and why (FATAL). Of several mailboxes, Dovecot passes over one in silence that it
 * does not list, such as another name of the same one: of what a call for several has
 * not told, a call for one is to be asked.
 */
int doveadm_list(const struct doveadm *d, const struct doveadm_range *v,
    size_t n,
    void (*told)(
	void *arg, size_t range, const struct doveadm_message *message),
    void *arg, struct why *why);

/*
 * The same with each of the messages and its text, which the descriptor stands at the
 * start of; not for one that is gone. 0, or -1 and why (FATAL): Dovecot could not
 * read one of them, or told other sizes than their texts have. Those that told was not
 * called for may then be asked for one by one.
 */
int doveadm_texts(const struct doveadm *d, const struct doveadm_range *v,
    size_t n, void (*told)(void *arg, size_t range, const char *guid, int fd),
    void *arg, struct why *why);

/* The text of one message: a descriptor at its start. -1 and why: DATA, or TEMP
 * where the message is gone. */
int doveadm_text(const struct doveadm *d, const struct doveadm_mailbox *m,
    uint32_t uid, struct why *why);

/* Appends "1:3,7" for UIDs that ascend. */
void doveadm_put_uids(struct buf *out, const uint32_t *uids, size_t n);

#endif
