/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* The folders of an account, as IMAP or JMAP tells them. */
#ifndef FERRY_MAILBOX_LIST_H
#define FERRY_MAILBOX_LIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/arena.h"
#include "core/buf.h"

/* Separates the levels of a path: no folder name has this control character,
 * while some have every other delimiter. */
#define MAILBOX_SEP '\x1f'

struct mailbox {
	const char *path;  /* UTF-8, composed (NFC); owned by the list */
	const char *role;  /* "sent" (RFC 8621, 2); a constant; or NULL */
	bool role_stated;  /* by the server, not guessed from the name */
	int64_t messages;  /* -1: the server does not say */
	const char *ident; /* the name or id for further commands; or NULL */
};

/* The zero value is empty. */
struct mailboxes {
	struct mailbox *v;
	size_t n, cap;
	struct arena texts;
};

/*
 * Adds a folder; path is composed, "INBOX" above others put into capitals, and
 * both are copied. role is what the server states, in any case; a role that
 * this project does not know is ignored. Without one, the name of a folder at
 * the top of the tree decides (mailbox_role_of_name). The result is good until
 * the next call.
 */
struct mailbox *mailboxes_add(struct mailboxes *list, const char *path,
    const char *role, const char *ident, int64_t messages);
void mailboxes_free(struct mailboxes *list);

/* All messages; folders that cannot be counted count as empty. */
int64_t mailboxes_total(const struct mailboxes *list);

/* The path below the INBOX, where some servers have all folders; NULL if the
 * path is not below it. */
const char *mailbox_below_inbox(const char *path);

/* The path for people and records: levels joined by "/". */
void mailbox_put_name(struct buf *out, const struct mailbox *m);

#endif
