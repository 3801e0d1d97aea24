/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* Which proxy is meant where no option says so. */
#ifndef FERRY_PROXY_HOST_H
#define FERRY_PROXY_HOST_H

#include "core/why.h"

/*
 * The management API and its token: as they are, or from PROXY_ADMIN_URL and
 * PROXY_ADMIN_TOKEN; where nothing says which proxy, those of a proxy on this host, as
 * it is shipped. NULL is what stays unknown; the caller frees the token with
 * free_secret. 0; -1 and why where that proxy's token cannot be read.
 */
int proxy_default(const char **url, char **token, struct why *why);

#endif
