/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* The cards of a webmail made whole: what RFC 2426 and CardDAV want of them. */
#ifndef FERRY_SOURCE_WEBMAIL_CARD_H
#define FERRY_SOURCE_WEBMAIL_CARD_H

#include <stdbool.h>

#include "core/buf.h"
#include "core/why.h"
#include "record/record.h"

/* A contact; texts are UTF-8 and borrowed, NULL where there is none. */
struct webmail_card {
	const char *vcard;
	const char *name, *first, *last;
	const char *email; /* several are divided by commas */
	const char *uid;   /* for a card that has none */
	bool own_uid;      /* and for one whose UID is another card's */
	struct strs groups;
};

/*
 * Appends the contact as one vCard with CRLF. Its own vCard is kept line for
 * line; VERSION, FN, UID and the groups (CATEGORIES) are added where they are
 * missing. Without one it is made of the other members. 0; or -1 and why (DATA)
 * for a text that is not one vCard.
 */
int card_write(const struct webmail_card *c, struct buf *out, struct why *why);

/* Appends the UID of a card that was written. */
void card_uid(const char *card, struct buf *uid);

#endif
