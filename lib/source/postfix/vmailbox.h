/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* The mailboxes that a Postfix knows by itself: virtual_mailbox_maps. */
#ifndef FERRY_SOURCE_POSTFIX_VMAILBOX_H
#define FERRY_SOURCE_POSTFIX_VMAILBOX_H

#include "record/record.h"
#include "source/postfix/postfix.h"

/* The zero value, base and what struct postfix needs are a start. */
struct vmailbox {
	struct postfix postfix;
	const char *base; /* virtual_mailbox_base; NULL: not known */
	struct record r;
	struct buf address, mail;
	bool delivers;     /* virtual(8) does, into the place of a mailbox */
	struct map places; /* of mailboxes -> the first address */
	struct arena arena;
};

/* Asks postconf for everything, and writes all records. */
void vmailbox_read(struct vmailbox *v, struct emit *e);

/*
 * The same from what the caller names: tables of aliases, "TYPE:NAME" or the
 * path of a text; tables of mailboxes; and an aliases(5) file, or "hash:..."
 * of one. The lists end with NULL.
 */
void vmailbox_files(struct vmailbox *v, struct emit *e,
    const char *const *aliases, const char *const *mailboxes,
    const char *const *locals);

void vmailbox_free(struct vmailbox *v);

#endif
