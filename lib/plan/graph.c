/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "plan/graph.h"

#include <stdlib.h>

#include "core/alloc.h"

struct graph_node {
	uint32_t first, n; /* edges */
	uint32_t done;     /* edges that were followed */
	uint32_t index;    /* in the order of discovery, from 1 */
	uint32_t low;
	uint32_t part; /* from 1 */
};

/* The stacks of a search, of nodes. */
struct search {
	uint32_t *path, *open;
	size_t n_path, n_open;
	uint32_t found, parts;
};

void
graph_add_node(struct graph *g)
{
	g->nodes = xgrow(g->nodes, g->n_nodes, &g->cap_nodes, sizeof *g->nodes);
	g->nodes[g->n_nodes++] =
	    (struct graph_node){ .first = (uint32_t)g->n_edges };
}

void
graph_add_edge(struct graph *g, uint32_t to)
{
	g->edges = xgrow(g->edges, g->n_edges, &g->cap_edges, sizeof *g->edges);
	g->edges[g->n_edges++] = to;
	g->nodes[g->n_nodes - 1].n++;
}

static void
enter(struct graph *g, struct search *s, uint32_t node)
{
	g->nodes[node].index = g->nodes[node].low = ++s->found;
	s->path[s->n_path++] = node;
	s->open[s->n_open++] = node;
}

static void
lower(struct graph_node *node, uint32_t low)
{
	if (low < node->low)
		node->low = low;
}

/* The node at the end of the path is done: it may close a part. */
static void
leave(struct graph *g, struct search *s)
{
	uint32_t node = s->path[--s->n_path], last;

	if (s->n_path != 0)
		lower(&g->nodes[s->path[s->n_path - 1]], g->nodes[node].low);
	if (g->nodes[node].low != g->nodes[node].index)
		return;
	s->parts++;
	do {
		last = s->open[--s->n_open];
		g->nodes[last].part = s->parts;
		g->order[g->n_order++] = last;
	} while (last != node);
}

static void
search_from(struct graph *g, struct search *s, uint32_t start)
{
	if (g->nodes[start].index != 0)
		return;
	enter(g, s, start);
	while (s->n_path != 0) {
		struct graph_node *at = &g->nodes[s->path[s->n_path - 1]];
		uint32_t next;

		if (at->done == at->n) {
			leave(g, s);
			continue;
		}
		/* done < n: there are edges. */
		/* NOLINTNEXTLINE(clang-analyzer-core.NullDereference) */
		next = g->edges[at->first + at->done++];
		if (g->nodes[next].index == 0)
			enter(g, s, next);
		else if (g->nodes[next].part == 0)
			lower(at, g->nodes[next].index);
	}
}

void
graph_find_parts(struct graph *g)
{
	struct search s = { 0 };

	s.path = xcalloc(g->n_nodes, sizeof *s.path);
	s.open = xcalloc(g->n_nodes, sizeof *s.open);
	g->order = xcalloc(g->n_nodes, sizeof *g->order);
	for (size_t i = 0; i < g->n_nodes; i++)
		search_from(g, &s, (uint32_t)i);
	free(s.path);
	free(s.open);
}

uint32_t
graph_part(const struct graph *g, uint32_t node)
{
	return g->nodes[node].part;
}

void
graph_free(struct graph *g)
{
	free(g->nodes);
	free(g->edges);
	free(g->order);
	*g = (struct graph){ 0 };
}
