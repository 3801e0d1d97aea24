/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * An owner's forward. No registry object can hold it; the account's Sieve
 * script can. The server runs only one redirect of a script, so that several
 * targets become a list of their own, LOCAL-forward@DOMAIN, and the script
 * redirects there.
 */
#include "plan/forward.h"

#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "plan/model.h"
#include "record/address.h"
#include "sieve/compose.h"

static bool
forwards(const struct model_account *a)
{
	return a->forward.n != 0 && (a->flags & ACC_REFUSED) == 0;
}

/* --- the targets --- */

/* Why a text cannot be a target; NULL if it can. */
static const char *
bad_target(const struct plan *p, uint32_t target)
{
	if (plan_is_catch_all(p, target))
		return "a whole domain";
	if (p->addresses[target].kind == OWNER_ALIAS_OFF)
		return "an alias that is switched off";
	if (p->addresses[target].kind == OWNER_NONE &&
	    plan_account_of(p, target) == NULL && plan_is_local(p, target) &&
	    !p->options->partial)
		return "it is not among the accounts of the plan";
	return NULL;
}

/* One address that a forward leads to. */
static void
add_address(struct plan *p, struct model_account *a, struct run *targets,
    uint32_t target)
{
	if (plan_account_of(p, target) == a)
		a->flags |= ACC_KEEP;
	else if (plan_once(p, target))
		plan_append(p, targets, target);
}

/* What a catch-all leads to, in place of an address that it takes. */
static void
add_caught(struct plan *p, struct model_account *a, struct run *targets,
    const struct row *caught)
{
	if (caught->cut)
		a->flags |= ACC_UNSURE;
	for (uint32_t n = 0; n < caught->leaves.n; n++)
		add_address(p, a, targets, p->numbers[caught->leaves.at + n]);
}

/* The targets as the server will have them, each once, without the account
 * itself, which is a kept copy. */
static void
clean_targets(struct plan *p, struct model_account *a)
{
	struct run targets = plan_run(p);

	plan_set(p);
	for (uint32_t n = 0; n < a->forward.n; n++) {
		uint32_t given = p->numbers[a->forward.at + n];
		uint32_t target = plan_target(p, given);
		const struct row *caught =
		    target == 0 ? NULL : plan_catch_all_of(p, target);
		const char *reason = target == 0
					 ? "the server refuses this local part"
				     : caught != NULL && caught->leaves.n != 0
					 ? NULL
					 : bad_target(p, target);

		if (reason != NULL) {
			a->flags |= ACC_UNSURE;
			plan_note(p, NOTE_LEFT, plan_name(p, a->address),
			    a->origin, "the forward to %s: %s",
			    plan_name(p, given), reason);
		} else if (caught != NULL) {
			add_caught(p, a, &targets, caught);
		} else {
			add_address(p, a, &targets, target);
		}
	}
	a->forward = targets;
}

/* Lists do not nest on the server: who is on a list stands on that of the forward.
 * A forward to one list alone redirects there. */
static void
expand_lists(struct plan *p, struct model_account *a)
{
	struct run targets = plan_run(p);

	if (a->forward.n < 2)
		return;
	plan_set(p);
	for (uint32_t n = 0; n < a->forward.n; n++) {
		const struct address *target =
		    &p->addresses[p->numbers[a->forward.at + n]];
		struct run on = { a->forward.at + n, 1 };

		if (target->kind == OWNER_LIST)
			on = p->lists[target->owner].recipients;
		for (uint32_t i = 0; i < on.n; i++) {
			uint32_t member = p->numbers[on.at + i];

			if (plan_account_of(p, member) == a)
				a->flags |= ACC_KEEP;
			else if (plan_once(p, member))
				plan_append(p, &targets, member);
		}
	}
	a->forward = targets;
}

/* --- loops --- */

/*
 * The accounts that forward, as a graph. Those of one strongly connected part
 * (Tarjan, "Depth-first search and linear graph algorithms", 1972) send mail
 * round in a loop. A loop may have as many members as there are accounts, so
 * that the search keeps its own stack.
 */
struct node {
	uint32_t account;
	uint32_t first, n; /* edges */
	uint32_t done;     /* edges that were followed */
	uint32_t index;    /* in the order of discovery, from 1 */
	uint32_t low;
	uint32_t part; /* from 1 */
};
struct graph {
	struct plan *plan;
	struct node *nodes;
	uint32_t n_nodes;
	uint32_t *node_of; /* by account, 1 + index */
	uint32_t *edges;   /* nodes */
	size_t n_edges, cap_edges;
	uint32_t *path, *open; /* stacks of nodes */
	uint32_t n_path, n_open;
	uint32_t found, parts;
};

static void
add_edge(struct graph *g, struct node *from, uint32_t address)
{
	const struct model_account *to = plan_account_of(g->plan, address);
	uint32_t node = to == NULL ? 0 : g->node_of[to - g->plan->accounts];

	if (node == 0)
		return;
	g->edges = xgrow(g->edges, g->n_edges, &g->cap_edges, sizeof *g->edges);
	g->edges[g->n_edges++] = AT(node);
	from->n++;
}

/* The accounts that a target reaches: one, or those on a list. */
static void
add_target(struct graph *g, struct node *from, uint32_t target)
{
	const struct plan *p = g->plan;
	const struct run *on;

	if (p->addresses[target].kind != OWNER_LIST) {
		add_edge(g, from, target);
		return;
	}
	on = &p->lists[p->addresses[target].owner].recipients;
	for (uint32_t n = 0; n < on->n; n++)
		add_edge(g, from, p->numbers[on->at + n]);
}

static void
enter(struct graph *g, uint32_t i)
{
	g->nodes[i].index = g->nodes[i].low = ++g->found;
	g->path[g->n_path++] = i;
	g->open[g->n_open++] = i;
}

static void
lower(struct node *node, uint32_t low)
{
	if (low < node->low)
		node->low = low;
}

/* The node at the end of the path is done: it may close a part. */
static void
leave(struct graph *g)
{
	uint32_t i = g->path[--g->n_path];

	if (g->n_path != 0)
		lower(&g->nodes[g->path[g->n_path - 1]], g->nodes[i].low);
	if (g->nodes[i].low != g->nodes[i].index)
		return;
	g->parts++;
	do
		g->nodes[g->open[--g->n_open]].part = g->parts;
	while (g->open[g->n_open] != i);
}

static void
find_parts(struct graph *g, uint32_t start)
{
	if (g->nodes[start].index != 0)
		return;
	enter(g, start);
	while (g->n_path != 0) {
		struct node *at = &g->nodes[g->path[g->n_path - 1]];
		const struct node *next;

		if (at->done == at->n) {
			leave(g);
			continue;
		}
		/* done < n: there are edges. */
		/* NOLINTNEXTLINE(clang-analyzer-core.NullDereference) */
		next = &g->nodes[g->edges[at->first + at->done++]];
		if (next->index == 0)
			enter(g, (uint32_t)(next - g->nodes));
		else if (next->part == 0)
			lower(at, next->index);
	}
}

/* Whether mail that goes to the target comes back to the node. */
static bool
comes_back(struct graph *g, const struct node *from, uint32_t target)
{
	struct node to = { 0 };
	size_t edges = g->n_edges;
	bool back = false;

	add_target(g, &to, target);
	for (; to.n != 0; to.n--)
		if (g->nodes[g->edges[edges + to.n - 1]].part == from->part)
			back = true;
	g->n_edges = edges;
	return back;
}

/* Takes out the targets from which mail comes back. */
static void
drop_loops(struct graph *g, const struct node *node)
{
	struct plan *p = g->plan;
	struct model_account *a = &p->accounts[node->account];
	uint32_t n_targets = a->forward.n;

	a->forward.n = 0;
	for (uint32_t n = 0; n < n_targets; n++) {
		uint32_t target = p->numbers[a->forward.at + n];

		if (!comes_back(g, node, target)) {
			p->numbers[a->forward.at + a->forward.n++] = target;
			continue;
		}
		a->flags |= ACC_UNSURE;
		plan_note(p, NOTE_LEFT, plan_name(p, a->address), a->origin,
		    "the forward to %s: mail would come back to the account, "
		    "in a loop",
		    plan_name(p, target));
	}
}

static void
resolve_loops(struct plan *p, uint32_t n_forwards)
{
	struct graph g = { .plan = p };

	g.nodes = xcalloc(n_forwards, sizeof *g.nodes);
	g.path = xcalloc(n_forwards, sizeof *g.path);
	g.open = xcalloc(n_forwards, sizeof *g.open);
	g.node_of = xcalloc(p->n_accounts, sizeof *g.node_of);
	for (size_t i = 0; i < p->n_accounts; i++)
		if (forwards(&p->accounts[i])) {
			g.nodes[g.n_nodes].account = (uint32_t)i;
			g.node_of[i] = ++g.n_nodes;
		}
	for (uint32_t i = 0; i < g.n_nodes; i++) {
		const struct model_account *a =
		    &p->accounts[g.nodes[i].account];

		g.nodes[i].first = (uint32_t)g.n_edges;
		for (uint32_t n = 0; n < a->forward.n; n++)
			add_target(
			    &g, &g.nodes[i], p->numbers[a->forward.at + n]);
	}
	for (uint32_t i = 0; i < g.n_nodes; i++)
		find_parts(&g, i);
	for (uint32_t i = 0; i < g.n_nodes; i++)
		drop_loops(&g, &g.nodes[i]);
	free(g.nodes);
	free(g.path);
	free(g.open);
	free(g.node_of);
	free(g.edges);
}

/* --- scripts --- */

/* The address of the list that holds the targets of a forward; 0: the server
 * refuses it. */
static uint32_t
list_address(struct plan *p, const struct model_account *a)
{
	const char *name = plan_name(p, a->address);
	const char *domain = address_domain(name);
	struct buf text = { 0 };
	uint32_t address;

	buf_add(&text, name, (size_t)(domain - 1 - name));
	buf_addf(&text, FORWARD_TAIL "@%s", domain);
	address = plan_address(p, text.data, NULL);
	buf_free(&text);
	return address;
}

/* The list that holds the targets of a forward; 0, with a note, where its
 * address is taken. */
static uint32_t
forward_list(struct plan *p, const struct model_account *a)
{
	uint32_t address = list_address(p, a);

	if (address == 0 || p->addresses[address].kind != OWNER_NONE) {
		plan_note(p, NOTE_LEFT, plan_name(p, a->address), a->origin,
		    "the forward to %u addresses: the list that would hold "
		    "them, %s, is taken",
		    a->forward.n, address == 0 ? "" : plan_name(p, address));
		return 0;
	}
	plan_list(p, address, a->origin, a->forward);
	return address;
}

static void
make_script(struct plan *p, struct model_account *a)
{
	const char *name = plan_name(p, a->address);
	uint32_t target = p->numbers[a->forward.at], list;

	if (!p->options->sieve) {
		/* An earlier run may have made the list that holds them. */
		list = list_address(p, a);
		if (list != 0)
			plan_keep_list(p, list);
		plan_note(p, NOTE_LEFT, name, a->origin,
		    "the forward to %s%s (--settings carries it)",
		    plan_name(p, target),
		    a->forward.n == 1 ? "" : " and others");
		return;
	}
	a->redirect = a->forward.n == 1 ? target : forward_list(p, a);
	if (a->redirect != 0)
		p->counts.forwards++;
	else
		a->flags |= ACC_UNSURE;
}

void
plan_resolve_forwards(struct plan *p)
{
	uint32_t n = 0;

	for (size_t i = 0; i < p->n_accounts; i++)
		if (forwards(&p->accounts[i])) {
			n++;
			clean_targets(p, &p->accounts[i]);
			expand_lists(p, &p->accounts[i]);
		}
	if (n == 0)
		return;
	resolve_loops(p, n);
	for (size_t i = 0; i < p->n_accounts; i++)
		if (forwards(&p->accounts[i]))
			make_script(p, &p->accounts[i]);
}

int
plan_each_script(struct plan *p,
    int (*script)(
	void *arg, const char *address, const char *text, struct why *why),
    void *arg, struct why *why)
{
	struct buf b = { 0 };
	int r = 0;

	for (size_t i = 0; i < p->n_accounts && r == 0; i++) {
		const struct model_account *a = &p->accounts[i];
		bool keep = (a->flags & ACC_KEEP) != 0;

		if (a->redirect == 0)
			continue;
		buf_reset(&b);
		sieve_forward(&b, plan_name(p, a->redirect), keep);
		r = script(arg, plan_name(p, a->address), b.data, why);
	}
	buf_free(&b);
	return r;
}
