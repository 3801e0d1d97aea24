/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * Allocations that end the program with status 2 when memory runs out: for
 * small things whose size this project decides. A size that comes from input
 * goes through struct buf, which has a maximum.
 */
#ifndef FERRY_ALLOC_H
#define FERRY_ALLOC_H

#include <stddef.h>

/* Says so and ends the process with status 2 (mailferry(7)), for library calls
 * that fail only for want of memory. */
_Noreturn void out_of_memory(void);

/* As malloc(3), calloc(3), reallocarray(3), strdup(3); never NULL. The caller
 * owns the result and frees it with free(3). */
void *xmalloc(size_t size);
void *xcalloc(size_t n, size_t size);
void *xreallocarray(void *p, size_t n, size_t size);
char *xstrdup(const char *s);

/* A copy of len bytes, followed by a NUL that is not counted. */
char *xmemdup(const void *p, size_t len);

/* As asprintf(3), the result returned; never NULL. */
char *xasprintf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Overwrites the string before it is freed. NULL is fine. */
void free_secret(char *s);

/*
 * Grows an array for one element more. Returns the array, with room for at
 * least n + 1 elements of the given size, and keeps *cap.
 */
void *xgrow(void *p, size_t n, size_t *cap, size_t size);

#endif
