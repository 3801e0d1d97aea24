/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* Phones and online services. */
#ifndef FERRY_CONVERT_VCARD_SERVICE_H
#define FERRY_CONVERT_VCARD_SERVICE_H

#include "convert/vcard/vcard-internal.h"

/* TEL. */
void card_phones(struct card *c);
/* IMPP, and SOCIALPROFILE (RFC 9554). */
void card_services(struct card *c);

#endif
