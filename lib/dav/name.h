/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* Names of calendars and address books, so that both sides have the same. */
#ifndef FERRY_DAV_NAME_H
#define FERRY_DAV_NAME_H

#include "dav/tree.h"

/*
 * A name as every server can keep it, for the caller to free: letters composed
 * (NFC), one blank for what is white space, a control character or none of XML,
 * no blank at an end. NULL if nothing is left.
 */
char *dav_name(const char *name);
/* What one without a name is called. */
const char *dav_no_name(enum dav_kind kind);

#endif
