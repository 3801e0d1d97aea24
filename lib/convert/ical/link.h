/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* Attachments, images and links. */
#ifndef FERRY_CONVERT_ICAL_LINK_H
#define FERRY_CONVERT_ICAL_LINK_H

#include "convert/ical/ical-internal.h"

/* ATTACH, IMAGE (RFC 7986) and URL. */
void ical_links(struct object *o);

#endif
