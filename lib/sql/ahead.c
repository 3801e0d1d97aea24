/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "sql/ahead.h"

#include <pthread.h>
#include <stdlib.h>

#include "core/alloc.h"

enum {
	BLOCKS = 4
};

struct ahead {
	bool (*take)(void *from, struct buf *block);
	void *from;
	/* A ring: the caller has the one before given, the thread fills the one
	 * at filled. */
	struct buf blocks[BLOCKS];
	size_t filled, given;
	bool last; /* no more will be filled */
	bool stop; /* the caller wants no more */
	bool threaded;
	pthread_t thread;
	pthread_mutex_t lock; /* of all numbers and flags above */
	pthread_cond_t changed;
};

struct ahead *
ahead_new(bool (*take)(void *from, struct buf *block), void *from)
{
	struct ahead *a = xcalloc(1, sizeof *a);

	a->take = take;
	a->from = from;
	(void)pthread_mutex_init(&a->lock, NULL);
	(void)pthread_cond_init(&a->changed, NULL);
	return a;
}

/* Fills the next block of the ring, which is free. */
static void
fill(struct ahead *a)
{
	struct buf *block = &a->blocks[a->filled % BLOCKS];
	bool more;

	buf_reset(block);
	more = a->take(a->from, block);
	(void)pthread_mutex_lock(&a->lock);
	a->filled++;
	a->last = !more;
	(void)pthread_cond_signal(&a->changed);
	(void)pthread_mutex_unlock(&a->lock);
}

/* Waits for a free block. False if none is needed. */
static bool
wait_room(struct ahead *a)
{
	bool more;

	(void)pthread_mutex_lock(&a->lock);
	while (!a->stop && a->filled - a->given == BLOCKS - 1)
		(void)pthread_cond_wait(&a->changed, &a->lock);
	more = !a->stop && !a->last;
	(void)pthread_mutex_unlock(&a->lock);
	return more;
}

static void *
receive(void *arg)
{
	struct ahead *a = arg;

	while (wait_room(a))
		fill(a);
	return NULL;
}

/* Waits until a block was filled, and gives back the one before. False if there
 * is none. */
static bool
wait_block(struct ahead *a)
{
	bool more;

	(void)pthread_mutex_lock(&a->lock);
	while (!a->last && a->filled == a->given)
		(void)pthread_cond_wait(&a->changed, &a->lock);
	more = a->filled != a->given;
	if (more) {
		a->given++;
		(void)pthread_cond_signal(&a->changed);
	}
	(void)pthread_mutex_unlock(&a->lock);
	return more;
}

struct buf *
ahead_next(struct ahead *a)
{
	/* The first block comes without a thread; the others do, where none can
	 * be had. */
	if (!a->threaded && a->given == 1 && !a->last)
		a->threaded = pthread_create(&a->thread, NULL, receive, a) == 0;
	if (!a->threaded && !a->last)
		fill(a);
	return wait_block(a) ? &a->blocks[(a->given - 1) % BLOCKS] : NULL;
}

void
ahead_free(struct ahead *a)
{
	if (a == NULL)
		return;
	if (a->threaded) {
		(void)pthread_mutex_lock(&a->lock);
		a->stop = true;
		(void)pthread_cond_signal(&a->changed);
		(void)pthread_mutex_unlock(&a->lock);
		(void)pthread_join(a->thread, NULL);
	}
	for (size_t i = 0; i < BLOCKS; i++)
		buf_wipe(&a->blocks[i]);
	(void)pthread_cond_destroy(&a->changed);
	(void)pthread_mutex_destroy(&a->lock);
	free(a);
}
