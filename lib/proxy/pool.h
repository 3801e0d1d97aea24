/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* Several connections to the proxy at a time, because it answers one request a
 * connection. */
#ifndef FERRY_PROXY_POOL_H
#define FERRY_PROXY_POOL_H

#include <stddef.h>

#include "core/why.h"
#include "core/workers.h"
#include "http/http.h"
#include "proxy/client.h"

enum {
	POOL_MAX = WORKERS_MAX
};

/* The zero value is an empty pool. */
struct pool {
	struct proxy *clients;
	size_t n;
};

/* n clients, 1 to POOL_MAX; nothing is sent. 0, or -1 and why (FATAL). */
int pool_open(struct pool *pool, const char *url,
    const struct http_options *options, size_t n, struct why *why);
void pool_close(struct pool *pool);

/* Calls work for each number below items, in about that order, as many at a
 * time as the pool has clients; returns when all is done. */
void pool_run(struct pool *pool, size_t items,
    void (*work)(struct proxy *p, size_t item, void *arg), void *arg);

#endif
