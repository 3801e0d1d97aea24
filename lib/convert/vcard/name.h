/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* What somebody is called. */
#ifndef FERRY_CONVERT_VCARD_NAME_H
#define FERRY_CONVERT_VCARD_NAME_H

#include "convert/vcard/vcard-internal.h"

/* FN, N, and SORT-STRING in version 3. */
void card_names(struct card *c);

#endif
