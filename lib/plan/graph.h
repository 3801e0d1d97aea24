/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * Who leads to whom, and who to one another: the strongly connected parts of a
 * directed graph (Tarjan, "Depth-first search and linear graph algorithms",
 * 1972). A part may be as large as a directory, so that the search keeps its own
 * stack.
 */
#ifndef FERRY_PLAN_GRAPH_H
#define FERRY_PLAN_GRAPH_H

#include <stddef.h>
#include <stdint.h>

struct graph_node;

struct graph {
	struct graph_node *nodes;
	size_t n_nodes, cap_nodes;
	uint32_t *edges;
	size_t n_edges, cap_edges;
	/* Once the parts are found: the nodes, part after part, each part after
	 * those that it leads to. */
	uint32_t *order;
	size_t n_order;
};

/* The next node, from 0. */
void graph_add_node(struct graph *g);
/* From the node that came last to any, which may come later. */
void graph_add_edge(struct graph *g, uint32_t to);
void graph_find_parts(struct graph *g);
/* The part of a node, from 1. */
uint32_t graph_part(const struct graph *g, uint32_t node);
void graph_free(struct graph *g);

#endif
