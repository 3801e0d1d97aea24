/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* Systems whose database names the keys: Modoboa and ISPConfig. */
#ifndef FERRY_SOURCE_DKIM_DATABASE_H
#define FERRY_SOURCE_DKIM_DATABASE_H

#include "source/dkim/dkim-internal.h"

void database_read(struct dkim *d, const char *url);

#endif
