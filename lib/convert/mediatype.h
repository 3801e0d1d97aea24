/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* What bytes are, where nobody says so. */
#ifndef FERRY_CONVERT_MEDIATYPE_H
#define FERRY_CONVERT_MEDIATYPE_H

#include <stddef.h>

/* The media type by the first bytes of pictures, sounds, documents and keys
 * that calendars and address books hold; NULL if they say nothing. */
const char *mediatype_guess(const void *p, size_t len);

#endif
