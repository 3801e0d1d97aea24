/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* What an object is about. */
#ifndef FERRY_CONVERT_ICAL_DESCRIPTION_H
#define FERRY_CONVERT_ICAL_DESCRIPTION_H

#include "convert/ical/ical-internal.h"

/* DESCRIPTION; where it is HTML also STYLED-DESCRIPTION (RFC 9073), and the
 * first is its text without marks, for readers that do not know the other. */
void ical_description(struct object *o);

#endif
