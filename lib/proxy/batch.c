/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "proxy/batch.h"

#include <stdlib.h>

#include "core/alloc.h"

enum {
	TEMP_IN_A_ROW = 5 /* so many failures: the proxy is gone */
};

bool
batch_stopped(struct batch *b)
{
	if (b->stop != NULL && b->stop())
		atomic_store(&b->given_up, true);
	return atomic_load(&b->given_up);
}

/* Whether the other accounts are worth trying after this. */
static void
look_at_failure(struct batch *b, const struct proxy *p, const struct why *why)
{
	if (why->kind != FAIL_TEMP && why->kind != FAIL_FATAL)
		atomic_store(&b->temps, 0);
	else if (why->kind == FAIL_FATAL || p->reply.status == 429 ||
		 atomic_fetch_add(&b->temps, 1) + 1 >= TEMP_IN_A_ROW)
		atomic_store(&b->given_up, true);
}

static void
ask_routes(struct proxy *p, const struct subject *s, struct batch_outcome *o)
{
	o->routes = xcalloc(s->n, sizeof *o->routes);
	for (size_t i = 0; i < s->n; i++)
		if (proxy_get(p, s->ids[i], &o->routes[i], &o->result.why) ==
		    -1)
			return;
}

static void
work(struct proxy *p, size_t item, void *arg)
{
	struct batch *b = arg;
	const struct subject *s = &b->subjects->v[b->first + item];
	struct batch_outcome *o = &b->outcomes[item];

	o->result.why = s->why;
	o->begun = !batch_stopped(b);
	if (!o->begun || s->why.kind != FAIL_NONE)
		return;
	switch (b->task) {
	case BATCH_KICK:
		change_kick(p, s->ids, s->n, &o->result);
		break;
	case BATCH_CHANGE:
		change_run(p, b->change, s->ids, s->n, &o->result);
		break;
	case BATCH_ASK:
		ask_routes(p, s, o);
		break;
	}
	look_at_failure(b, p, &o->result.why);
}

struct batch_outcome *
batch_run(struct batch *b, size_t first, size_t n)
{
	b->first = first;
	b->outcomes = xcalloc(n, sizeof *b->outcomes);
	pool_run(b->pool, n, work, b);
	return b->outcomes;
}

void
batch_free(
    struct batch *b, struct batch_outcome *outcomes, size_t first, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct batch_outcome *o = &outcomes[i];
		size_t routes =
		    o->routes == NULL ? 0 : b->subjects->v[first + i].n;

		change_result_free(&o->result);
		for (size_t k = 0; k < routes; k++)
			route_free(&o->routes[k]);
		free(o->routes);
	}
	free(outcomes);
}
