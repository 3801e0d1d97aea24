/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* Work on many files with several threads. */
#ifndef FERRY_MAILDIR_PARALLEL_H
#define FERRY_MAILDIR_PARALLEL_H

#include <stddef.h>

/* Does items from..to-1. scratch is the thread's own. */
typedef void parallel_fn(void *arg, void *scratch, size_t from, size_t to);

/*
 * Calls fn for all of n items, a few hundred at a time and in no order. Begins
 * with a thread per processor, and adds more while the items take so long that
 * they must be waiting for a disk. Each thread has scratch_size zeroed bytes,
 * which scratch_free (may be NULL) empties at the end. jobs: how many threads
 * at most; 0: up to 32. Where no thread can be started the caller does it all.
 */
void parallel_run(size_t n, unsigned int jobs, parallel_fn *fn, void *arg,
    size_t scratch_size, void (*scratch_free)(void *scratch));

#endif
