/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* The address books of Roundcube as files. */
#ifndef FERRY_SOURCE_WEBMAIL_ROUNDCUBE_CARDS_H
#define FERRY_SOURCE_WEBMAIL_ROUNDCUBE_CARDS_H

#include "source/webmail/owner.h"

/*
 * Writes the contacts of each user below the folder, as ADDRESS/contacts/
 * Contacts/ID.vcf: what davmerge takes. What was there is written again. *n is
 * how many were written.
 */
void roundcube_vcards(struct emit *e, const struct webmail_options *o,
    const char *folder, size_t *n);

#endif
