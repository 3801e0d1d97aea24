/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* A zone as VTIMEZONE (RFC 5545, 3.6.5). */
#ifndef FERRY_CONVERT_ZONE_WRITE_H
#define FERRY_CONVERT_ZONE_WRITE_H

#include <stdint.h>

#include "convert/contentline.h"
#include "convert/zone.h"

/* Writes a VTIMEZONE that is right for all times from that local time on. */
void zone_write(const struct zone *z, int64_t from, struct contentline *l);

#endif
