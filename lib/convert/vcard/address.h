/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* Postal addresses. */
#ifndef FERRY_CONVERT_VCARD_ADDRESS_H
#define FERRY_CONVERT_VCARD_ADDRESS_H

#include "convert/vcard/vcard-internal.h"

/* ADR; in version 3 also LABEL, GEO and TZ. */
void card_addresses(struct card *c);

#endif
