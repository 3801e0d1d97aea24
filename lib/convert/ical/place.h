/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* Where an event takes place. */
#ifndef FERRY_CONVERT_ICAL_PLACE_H
#define FERRY_CONVERT_ICAL_PLACE_H

#include "convert/ical/ical-internal.h"

/* LOCATION and GEO of the main location, CONFERENCE (RFC 7986) of every virtual
 * one. */
void ical_places(struct object *o);

#endif
