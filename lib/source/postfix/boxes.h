/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* Whether Postfix takes mail for an address that no alias has: which is in one of
 * its domains and, where there are tables of mailboxes, in these. */
#ifndef FERRY_SOURCE_POSTFIX_BOXES_H
#define FERRY_SOURCE_POSTFIX_BOXES_H

#include "core/map.h"
#include "source/postfix/postfix.h"

/* The zero value is a start. */
struct postfix_boxes {
	bool read;
	bool all; /* every name of the domains, or nobody knows which */
	struct map names;
	struct postfix_asks asks; /* tables that cannot be listed */
	struct arena arena;
};

bool postfix_boxes_takes(struct postfix_boxes *b, struct postfix *p,
    struct emit *e, const char *address);

void postfix_boxes_free(struct postfix_boxes *b);

#endif
