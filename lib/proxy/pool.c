/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "proxy/pool.h"

#include <stdlib.h>

#include "core/alloc.h"
#include "core/workers.h"

int
pool_open(struct pool *pool, const char *url,
    const struct http_options *options, size_t n, struct why *why)
{
	pool->clients = xcalloc(n, sizeof *pool->clients);
	for (pool->n = 0; pool->n < n; pool->n++) {
		struct http *http = http_new(url, options, why);

		if (http == NULL)
			return -1;
		pool->clients[pool->n].http = http;
	}
	return 0;
}

void
pool_close(struct pool *pool)
{
	for (size_t i = 0; i < pool->n; i++)
		proxy_close(&pool->clients[i]);
	free(pool->clients);
	*pool = (struct pool){ 0 };
}

/* One call of pool_run. */
struct job {
	struct pool *pool;
	void (*work)(struct proxy *p, size_t item, void *arg);
	void *arg;
};

static void
work_one(void *arg, size_t worker, size_t item)
{
	const struct job *job = arg;

	job->work(&job->pool->clients[worker], item, job->arg);
}

void
pool_run(struct pool *pool, size_t items,
    void (*work)(struct proxy *p, size_t item, void *arg), void *arg)
{
	struct job job = { pool, work, arg };

	workers_run(pool->n, items, work_one, &job);
}
