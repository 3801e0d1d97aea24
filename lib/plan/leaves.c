/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "plan/leaves.h"

#include "plan/graph.h"

/* Where not all records were read, an address that nobody has may be one of the
 * rest. */
static bool
is_part(const struct plan *p)
{
	return p->options->partial || p->spare_all;
}

bool
plan_may_come(const struct plan *p, uint32_t address)
{
	return plan_is_local(p, address) &&
	       (is_part(p) || p->addresses[address].absent);
}

/* No account of the domain is in the input: they may be in a directory that it is
 * not from. */
static bool
is_unread(const struct plan *p, uint32_t address)
{
	return p->domains[p->addresses[address].domain].accounts == 0;
}

/* The row has a target whose account the input does not have. */
static void
lack(struct plan *p, struct row *row, uint32_t target)
{
	struct domain *d = &p->domains[p->addresses[target].domain];

	row->lacks = true;
	if (d->accounts != 0 || d->unread_said)
		return;
	d->unread_said = true;
	plan_note(p, NOTE_LEFT, d->name, row->origin,
	    "aliases lead to accounts of it, such as %s, and the input has "
	    "none: see that all of the directory was read; nobody is taken "
	    "from a list for that",
	    plan_name(p, target));
}

/* A target that is not a row: an account, or an address elsewhere. 0, with a
 * note, if it does not exist. */
static uint32_t
leaf(struct plan *p, struct row *row, uint32_t target)
{
	const struct model_account *account = plan_account_of(p, target);
	const char *reason = NULL;

	if (account != NULL)
		return plan_has_tail(p, target) ? target : account->address;
	if (plan_is_catch_all(p, target))
		reason = "a whole domain cannot be a target";
	else if (target == row->address && plan_may_come(p, target))
		return 0; /* said by place() */
	else if (target == row->address)
		reason = "it leads to itself, and is not an account";
	else if (plan_is_local(p, target) && !plan_may_come(p, target) &&
		 !p->domains[p->addresses[target].domain].elsewhere)
		reason = "it is not among the accounts of the plan";
	if (reason == NULL)
		return target;
	if (!plan_is_catch_all(p, target))
		lack(p, row, target);
	plan_note(p, NOTE_LEFT, plan_name(p, row->address), row->origin,
	    "the target %s: %s", plan_name(p, target), reason);
	return 0;
}

bool
plan_is_forward_of_rest(struct plan *p, const struct row *row)
{
	if (p->addresses[row->address].absent)
		return true;
	/* What leads to itself alone says nothing in a whole dump. */
	if (!is_part(p) && (row->targets.n < 2 || !is_unread(p, row->address)))
		return false;
	for (uint32_t n = 0; n < row->targets.n; n++)
		if (plan_target(p, p->numbers[row->targets.at + n]) ==
		    row->address)
			return true;
	return false;
}

/* The row that a target leads to, which may be a catch-all; NULL for an account, for
 * the address itself (its mailbox), and where there is none. */
static struct row *
nested_row(struct plan *p, const struct row *row, uint32_t target)
{
	uint32_t nested = p->addresses[target].row;

	if (nested == 0)
		return plan_catch_all_of(p, target);
	if (target == row->address || plan_is_catch_all(p, target) ||
	    plan_account_of(p, target) != NULL ||
	    plan_is_forward_of_rest(p, &p->rows[AT(nested)]))
		return NULL;
	return &p->rows[AT(nested)];
}

/* A target of a row as the server will have it; 0, with a note, for one that it
 * refuses. */
static uint32_t
target_of(struct plan *p, const struct row *row, uint32_t n)
{
	uint32_t given = p->numbers[row->targets.at + n];
	uint32_t to = plan_target(p, given);

	if (to == 0)
		plan_note(p, NOTE_LEFT, plan_name(p, row->address), row->origin,
		    "the target %s: the server refuses this local part",
		    plan_name(p, given));
	return to;
}

/* --- the rows as a graph --- */

/* A row and those that it leads to. */
static void
add_row(struct plan *p, struct graph *g, const struct row *row)
{
	graph_add_node(g);
	for (uint32_t n = 0; n < row->targets.n; n++) {
		uint32_t to = target_of(p, row, n);
		const struct row *nested =
		    to == 0 ? NULL : nested_row(p, row, to);

		p->numbers[row->targets.at + n] = to;
		if (nested != NULL && nested->active)
			graph_add_edge(g, (uint32_t)(nested - p->rows));
	}
}

/* Adds where a target of a row leads to the leaves of the row's part. */
static void
add_target(struct plan *p, const struct graph *g, struct row *row,
    uint32_t target, struct run *leaves)
{
	const struct row *nested = nested_row(p, row, target);
	const char *name = plan_name(p, row->address);

	if (nested == NULL) {
		target = leaf(p, row, target);
		if (target == 0)
			row->cut = true;
		else if (plan_once(p, target))
			plan_append(p, leaves, target);
		return;
	}
	if (!nested->active) {
		row->cut = true;
		plan_note(p, NOTE_LEFT, name, row->origin,
		    "the target %s, which is switched off",
		    plan_name(p, target));
	} else if (graph_part(g, (uint32_t)(nested - p->rows)) ==
		   graph_part(g, (uint32_t)(row - p->rows))) {
		plan_note(p, NOTE_CHANGED, name, row->origin,
		    "the target %s leads back to this alias: in its place "
		    "stands whom it leads to",
		    plan_name(p, target));
	} else {
		row->cut = row->cut || nested->cut;
		/* A catch-all takes what no account has. */
		row->lacks =
		    row->lacks || nested->lacks ||
		    (p->addresses[target].row == 0 && is_unread(p, target));
		for (uint32_t n = 0; n < nested->leaves.n; n++) {
			uint32_t address = p->numbers[nested->leaves.at + n];

			if (plan_once(p, address))
				plan_append(p, leaves, address);
		}
	}
}

/*
 * Rows that lead to one another have the same leaves: Postfix's local(8) delivers
 * what comes for one of them to all whom any of them names.
 */
static void
settle_part(
    struct plan *p, const struct graph *g, const uint32_t *rows, size_t n_rows)
{
	struct run leaves = plan_run(p);
	bool cut = false, lacks = false;

	plan_set(p);
	for (size_t i = 0; i < n_rows; i++) {
		struct row *row = &p->rows[rows[i]];

		for (uint32_t n = 0; n < row->targets.n; n++) {
			uint32_t target = p->numbers[row->targets.at + n];

			if (target == 0)
				row->cut = true;
			else
				add_target(p, g, row, target, &leaves);
		}
		cut = cut || row->cut;
		lacks = lacks || row->lacks;
	}
	for (size_t i = 0; i < n_rows; i++) {
		p->rows[rows[i]].leaves = leaves;
		p->rows[rows[i]].cut = cut;
		p->rows[rows[i]].lacks = lacks;
	}
}

void
plan_find_leaves(struct plan *p)
{
	struct graph g = { 0 };
	size_t n;

	for (size_t i = 0; i < p->n_rows; i++)
		add_row(p, &g, &p->rows[i]);
	graph_find_parts(&g);
	for (size_t i = 0; i < g.n_order; i += n) {
		for (n = 1;
		     i + n < g.n_order && graph_part(&g, g.order[i + n]) ==
					      graph_part(&g, g.order[i]);)
			n++;
		settle_part(p, &g, &g.order[i], n);
	}
	graph_free(&g);
}
