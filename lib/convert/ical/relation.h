/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* What an object belongs to. */
#ifndef FERRY_CONVERT_ICAL_RELATION_H
#define FERRY_CONVERT_ICAL_RELATION_H

#include "convert/ical/ical-internal.h"

/* RELATED-TO (RFC 5545, RFC 9253). */
void ical_relations(struct object *o);
/* CATEGORIES. */
void ical_keywords(struct object *o);

#endif
