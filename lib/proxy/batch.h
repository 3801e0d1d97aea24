/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* The same work for many accounts, on all connections at a time. */
#ifndef FERRY_PROXY_BATCH_H
#define FERRY_PROXY_BATCH_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include "proxy/change.h"
#include "proxy/client.h"
#include "proxy/logins.h"
#include "proxy/pool.h"

enum batch_task {
	BATCH_ASK,    /* where each login goes */
	BATCH_CHANGE, /* as change says */
	BATCH_KICK    /* end sessions */
};

/* What became of one account. */
struct batch_outcome {
	struct change_result result;
	struct route *routes; /* of each login, where they were asked for */
	bool begun;           /* false: it was stopped before */
};

struct batch {
	struct pool *pool;
	const struct subjects *subjects;
	const struct change *change;
	enum batch_task task;
	bool (*stop)(void); /* nothing more is begun; may be NULL */
	/* Set when there is no point in going on: a FATAL failure, or so many
	 * temporary ones in a row that the proxy is gone. */
	atomic_bool given_up;
	/* Private. */
	atomic_uint temps;
	size_t first;
	struct batch_outcome *outcomes;
};

/* True when nothing more will be begun. */
bool batch_stopped(struct batch *b);

/* Does the work for n subjects from number first on; the outcomes of all, for
 * batch_free. An account that is refused is begun, and only its why is set. */
struct batch_outcome *batch_run(struct batch *b, size_t first, size_t n);
void batch_free(
    struct batch *b, struct batch_outcome *outcomes, size_t first, size_t n);

#endif
