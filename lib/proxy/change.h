/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * The routes of one account: its address and its other logins, changed together
 * or not at all, and read back.
 */
#ifndef FERRY_PROXY_CHANGE_H
#define FERRY_PROXY_CHANGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/buf.h"
#include "core/why.h"
#include "proxy/client.h"

/* What to do, the same for all accounts. */
struct change {
	const char *destination; /* NULL: the mapping is taken away */
	int64_t delay;           /* seconds to hold logins; -1: not */
	bool kick;               /* end the sessions that are open */
	bool dry_run;            /* only look */
};

/* What became of one account; .was is freed with change_result_free. */
struct change_result {
	struct buf was; /* where its address went before */
	int64_t kicked; /* connections ended; -1: none was asked for */
	struct why why; /* kind NONE: done */
};
void change_result_free(struct change_result *r);

/*
 * Changes the routes of the n identifiers, which have passed identifier_check.
 * When one of them fails, those before it are put back; when that fails too,
 * why says so. A failure to end sessions fails the account, and its routes stay
 * changed: why says that as well.
 */
void change_run(struct proxy *p, const struct change *c, const char *const *ids,
    size_t n, struct change_result *result);
/* Only the last step: ends sessions. */
void change_kick(struct proxy *p, const char *const *ids, size_t n,
    struct change_result *result);

#endif
