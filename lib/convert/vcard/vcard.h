/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* JSContact (RFC 9553) to vCard, by RFC 9555. */
#ifndef FERRY_CONVERT_VCARD_VCARD_H
#define FERRY_CONVERT_VCARD_VCARD_H

#include <stddef.h>

#include "convert/convert.h"

/*
 * Appends one vCard, made of the JSON text of a Card: version 4 (RFC 6350) or 3
 * (RFC 2426). c may be NULL. What has no place in a vCard is in JSPROP
 * properties (X-JSPROP in version 3). CONVERT_WRITTEN, or -1 and why (DATA) and
 * nothing appended.
 */
int vcard_write(struct buf *out, const char *json, size_t len, int version,
    const struct convert *c, struct why *why);

#endif
