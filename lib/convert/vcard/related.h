/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* Other people. */
#ifndef FERRY_CONVERT_VCARD_RELATED_H
#define FERRY_CONVERT_VCARD_RELATED_H

#include "convert/vcard/vcard-internal.h"

/* RELATED. */
void card_related(struct card *c);

#endif
