/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* Photos, logos, sounds and keys. */
#ifndef FERRY_CONVERT_VCARD_MEDIA_H
#define FERRY_CONVERT_VCARD_MEDIA_H

#include "convert/vcard/vcard-internal.h"

/* PHOTO, LOGO, SOUND and KEY. */
void card_media(struct card *c);

#endif
