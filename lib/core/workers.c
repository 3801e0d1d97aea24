/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "core/workers.h"

#include <pthread.h>
#include <stdatomic.h>

/* One call of workers_run, shared by its threads. */
struct job {
	void (*work)(void *arg, size_t worker, size_t item);
	void *arg;
	size_t items;
	atomic_size_t next;
};

struct worker {
	struct job *job;
	size_t number;
	pthread_t thread;
};

static void *
worker_main(void *arg)
{
	struct worker *w = arg;
	size_t item;

	while ((item = atomic_fetch_add(&w->job->next, 1)) < w->job->items)
		w->job->work(w->job->arg, w->number, item);
	return NULL;
}

void
workers_run(size_t n, size_t items,
    void (*work)(void *arg, size_t worker, size_t item), void *arg)
{
	struct job job = { .work = work, .arg = arg, .items = items };
	struct worker workers[WORKERS_MAX];
	size_t started;

	if (n > WORKERS_MAX)
		n = WORKERS_MAX;
	if (n > items)
		n = items;
	for (size_t i = 0; i < n; i++)
		workers[i] = (struct worker){ &job, i, 0 };
	/* The caller is the first worker; if another cannot be started, the
	 * rest do its share. */
	for (started = 1; started < n; started++)
		if (pthread_create(&workers[started].thread, NULL, worker_main,
			&workers[started]) != 0)
			break;
	if (n != 0)
		(void)worker_main(&workers[0]);
	for (size_t i = 1; i < started && i < n; i++)
		(void)pthread_join(workers[i].thread, NULL);
}
