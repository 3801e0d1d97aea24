/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "proxy/pool.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "core/alloc.h"

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

/* One call of pool_run, shared by its threads. */
struct work {
	void (*work)(struct proxy *p, size_t item, void *arg);
	void *arg;
	size_t items;
	atomic_size_t next;
};

struct worker {
	struct work *work;
	struct proxy *client;
	pthread_t thread;
};

static void *
worker_main(void *arg)
{
	struct worker *w = arg;
	size_t item;

	while ((item = atomic_fetch_add(&w->work->next, 1)) < w->work->items)
		w->work->work(w->client, item, w->work->arg);
	return NULL;
}

void
pool_run(struct pool *pool, size_t items,
    void (*work)(struct proxy *p, size_t item, void *arg), void *arg)
{
	struct work w = { .work = work, .arg = arg, .items = items };
	struct worker workers[POOL_MAX];
	size_t n = pool->n < items ? pool->n : items, started;

	for (size_t i = 0; i < n; i++)
		workers[i] = (struct worker){ &w, &pool->clients[i], 0 };
	/* The caller is the first worker; one that cannot be started is
	 * missed, no more. */
	for (started = 1; started < n; started++)
		if (pthread_create(&workers[started].thread, NULL, worker_main,
			&workers[started]) != 0)
			break;
	if (n != 0)
		(void)worker_main(&workers[0]);
	for (size_t i = 1; i < started && i < n; i++)
		(void)pthread_join(workers[i].thread, NULL);
}
