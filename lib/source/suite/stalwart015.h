/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* The directory of a Stalwart 0.13 to 0.15, through its management API. */
#ifndef FERRY_SOURCE_SUITE_STALWART015_H
#define FERRY_SOURCE_SUITE_STALWART015_H

#include "source/suite/webapi.h"

/*
 * Writes the records of the domains, groups, individuals and lists. Pages only
 * are asked for, never one principal; memory holds a page, and the name and
 * address of each principal.
 */
void stalwart015_read(struct emit *e, struct webapi *w);

#endif
