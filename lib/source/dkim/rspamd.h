/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* rspamd: the module dkim_signing. */
#ifndef FERRY_SOURCE_DKIM_RSPAMD_H
#define FERRY_SOURCE_DKIM_RSPAMD_H

#include "source/dkim/dkim-internal.h"

/* folder is that of its configuration, /etc/rspamd. */
void rspamd_read(struct dkim *d, const char *folder);

#endif
