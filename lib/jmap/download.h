/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* The bytes of a blob: RFC 8620, 6.2. */
#ifndef FERRY_JMAP_DOWNLOAD_H
#define FERRY_JMAP_DOWNLOAD_H

#include "core/buf.h"
#include "jmap/client.h"

/* Appends what a blob of an account holds, and waits for it. 0, or -1 and why. */
int jmap_download(struct jmap *j, const char *account, const char *blob,
    struct buf *out, struct why *why);

#endif
