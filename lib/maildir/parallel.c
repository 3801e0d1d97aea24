/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "maildir/parallel.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "core/alloc.h"

enum {
	CHUNK = 128,
	JOBS_MAX = 32,
	/* Opening, reading and closing a file that is in memory takes 3 to 9
	 * microseconds, one that is not 50 to 100. */
	SLOW_NS = 25000
};

struct pool {
	size_t n;
	atomic_size_t next;
	unsigned int max;
	unsigned int started; /* under lock */
	pthread_t threads[JOBS_MAX];
	pthread_mutex_t lock;
	parallel_fn *fn;
	void *arg;
	size_t scratch_size;
	void (*scratch_free)(void *);
};

static void *worker(void *arg);

static bool
start_one(struct pool *p)
{
	bool started = false;

	(void)pthread_mutex_lock(&p->lock);
	if (p->started < p->max &&
	    pthread_create(&p->threads[p->started], NULL, worker, p) == 0) {
		p->started++;
		started = true;
	}
	(void)pthread_mutex_unlock(&p->lock);
	return started;
}

static long long
now_ns(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (long long)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void
work(struct pool *p)
{
	void *scratch =
	    p->scratch_size == 0 ? NULL : xcalloc(1, p->scratch_size);
	bool grow_pool = true;

	for (;;) {
		size_t from = atomic_fetch_add(&p->next, CHUNK), to;
		long long begun = now_ns();

		if (from >= p->n)
			break;
		to = p->n - from < CHUNK ? p->n : from + CHUNK;
		p->fn(p->arg, scratch, from, to);
		if (grow_pool &&
		    now_ns() - begun > (long long)(to - from) * SLOW_NS)
			grow_pool = start_one(p);
	}
	if (p->scratch_free != NULL && scratch != NULL)
		p->scratch_free(scratch);
	free(scratch);
}

static void *
worker(void *arg)
{
	work(arg);
	return NULL;
}

void
parallel_run(size_t n, unsigned int jobs, parallel_fn *fn, void *arg,
    size_t scratch_size, void (*scratch_free)(void *scratch))
{
	struct pool p = { .n = n,
		.max = jobs == 0 || jobs > JOBS_MAX ? JOBS_MAX : jobs,
		.fn = fn,
		.arg = arg,
		.scratch_size = scratch_size,
		.scratch_free = scratch_free };
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);

	if (p.max > 0)
		p.max--; /* the caller is one of them */
	(void)pthread_mutex_init(&p.lock, NULL);
	for (long i = 1; i < cpus && n > (size_t)i * CHUNK; i++)
		(void)start_one(&p);
	work(&p);
	/* A thread can start another until it is done itself. */
	for (unsigned int i = 0;; i++) {
		unsigned int started;

		(void)pthread_mutex_lock(&p.lock);
		started = p.started;
		(void)pthread_mutex_unlock(&p.lock);
		if (i == started)
			break;
		(void)pthread_join(p.threads[i], NULL);
	}
	(void)pthread_mutex_destroy(&p.lock);
}
