/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* Many routes at once, in the mapping file of a proxy on this host. */
#ifndef FERRY_PROXY_BULK_H
#define FERRY_PROXY_BULK_H

#include <stdbool.h>

#include "core/why.h"
#include "proxy/client.h"
#include "proxy/logins.h"

/*
 * Sets the routes of all accounts that are not refused to destination (NULL:
 * takes them away) in the file at path, lets the proxy load it, and asks it for
 * a few of them. What the proxy does not load, or does not do, is undone: the
 * old file is put back and loaded. The file's lock is held meanwhile. lowers: the
 * proxy lowers names. With dry_run only the file is read. 0, or -1 and why.
 */
int bulk_set(struct proxy *p, const char *path, bool lowers,
    const struct subjects *all, const char *destination, bool dry_run,
    struct why *why);

#endif
