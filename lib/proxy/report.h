/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* The result lines of remap; each is begun in out, and not ended. */
#ifndef FERRY_PROXY_REPORT_H
#define FERRY_PROXY_REPORT_H

#include "core/buf.h"
#include "proxy/change.h"
#include "proxy/logins.h"

/* What became of an account's routes. */
void report_change(struct buf *out, const struct subject *s,
    const struct change *c, const char *status, const struct change_result *r);
/* Where the login number i of an account goes. */
void report_route(
    struct buf *out, const struct subject *s, size_t i, const struct route *r);
/* What became of an address in a transport table; why NULL: no failure. */
void report_transport(struct buf *out, const char *address,
    const char *destination, const char *status, const struct why *why);

#endif
