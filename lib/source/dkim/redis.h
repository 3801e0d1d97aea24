/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* Keys in Redis: mailcow, and rspamd where it is told so. */
#ifndef FERRY_SOURCE_DKIM_REDIS_H
#define FERRY_SOURCE_DKIM_REDIS_H

#include "source/dkim/dkim-internal.h"

/* folder is that of mailcow.conf. */
void mailcow_dkim_read(struct dkim *d, const char *folder);
/* The hash of keys by "selector.domain", and the hash of selectors by domain;
 * NULL: each key counts. */
void redis_read(struct dkim *d, const char *host, const char *port,
    const char *keys, const char *selectors);

#endif
