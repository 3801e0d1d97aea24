/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* The same work for many items, by several threads that wait for the network.
 */
#ifndef FERRY_WORKERS_H
#define FERRY_WORKERS_H

#include <stddef.h>

enum {
	WORKERS_MAX = 64
};

/*
 * Calls work for each item below items, in about that order, by as many threads
 * as workers, at most WORKERS_MAX; worker is the thread's number, below
 * workers. Returns when all is done.
 */
void workers_run(size_t workers, size_t items,
    void (*work)(void *arg, size_t worker, size_t item), void *arg);

#endif
