/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* Birthdays and other anniversaries. */
#ifndef FERRY_CONVERT_VCARD_DATE_H
#define FERRY_CONVERT_VCARD_DATE_H

#include "convert/vcard/vcard-internal.h"

/* BDAY, ANNIVERSARY and DEATHDATE, and their places (RFC 6474). */
void card_anniversaries(struct card *c);

#endif
