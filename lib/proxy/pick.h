/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * The filter behind "remap pick": of a dump, the records of the accounts that
 * the proxy sends to one destination, with the aliases that are theirs alone.
 */
#ifndef FERRY_PROXY_PICK_H
#define FERRY_PROXY_PICK_H

#include <stdbool.h>
#include <stddef.h>

#include "core/ndjson.h"
#include "core/why.h"
#include "proxy/batch.h"
#include "proxy/logins.h"

struct pick {
	const char *destination;
	bool logins;  /* all logins of an account must go there */
	bool strict;  /* an account at a time, so that the first failure ends */
	bool partial; /* the dump may lack its end record */
	/* Asks where the accounts go; the outcomes are given back to release. */
	struct batch_outcome *(*ask)(void *arg, const struct subjects *s);
	void (*release)(
	    void *arg, const struct subjects *s, struct batch_outcome *o);
	/* A record that goes on: whole lines. */
	void (*pass)(void *arg, const char *line, size_t len);
	/* A record that failed: an account, or the line at where; or the dump,
	 * which is not whole. All but why may be NULL. */
	void (*fail)(void *arg, const char *where, const char *id,
	    const char *line, const struct why *why);
	/* An account was looked at; for the counts. */
	void (*done)(void *arg);
	/* True ends it; what comes then is not passed on, the end neither. */
	bool (*stop)(void *arg);
	void *arg;
};

/* What was not passed on. */
struct pick_counts {
	size_t accounts, aliases;
};

/*
 * Reads a dump to its end. Records other than accounts, and aliases of an
 * account that was left out (its forward, or what leads to it alone), go on as
 * they are. Where anything was left out, the
 * end record says that this is a part ("remap pick DESTINATION").
 */
void pick_run(
    const struct pick *p, struct ndjson *in, struct pick_counts *counts);

#endif
