/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* Organizations and their units. */
#ifndef FERRY_CONVERT_VCARD_ORG_H
#define FERRY_CONVERT_VCARD_ORG_H

#include "convert/vcard/vcard-internal.h"

/* ORG. */
void card_organizations(struct card *c);

#endif
