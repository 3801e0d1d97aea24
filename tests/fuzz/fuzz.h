/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* What each fuzz target has: the function that libFuzzer, or replay.c, calls, and
 * its way to say that something does not hold. */
#ifndef FERRY_TEST_FUZZ_H
#define FERRY_TEST_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/* What is false is a finding. */
static inline void
must(bool good)
{
	if (!good)
		abort();
}

#endif
