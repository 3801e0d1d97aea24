/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* iRedMail, where amavis signs. */
#ifndef FERRY_SOURCE_DKIM_AMAVIS_H
#define FERRY_SOURCE_DKIM_AMAVIS_H

#include "source/dkim/dkim-internal.h"

/* place is the configuration of amavis; NULL: one of the usual ones. */
void amavis_read(struct dkim *d, const char *place);

#endif
