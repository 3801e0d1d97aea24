/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "plan/leaves.h"

/* How deep aliases may lead to aliases: Postfix gives up there as well
 * (postconf(5), virtual_alias_recursion_limit). */
enum {
	DEPTH_MAX = 1000
};

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

/* A target that is not a row: an account, or an address elsewhere. 0, with a
 * note, if it does not exist. */
static uint32_t
leaf(struct plan *p, const struct row *row, uint32_t target)
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
	else if (plan_is_local(p, target) && !plan_may_come(p, target))
		reason = "it is not among the accounts of the plan";
	if (reason == NULL)
		return target;
	plan_note(p, NOTE_LEFT, plan_name(p, row->address), row->origin,
	    "the target %s: %s", plan_name(p, target), reason);
	return 0;
}

bool
plan_is_forward_of_rest(struct plan *p, const struct row *row)
{
	if (p->addresses[row->address].absent)
		return true;
	for (uint32_t n = 0; is_part(p) && n < row->targets.n; n++)
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

/* Adds the leaves of a row that is expanded to the run being built. */
static void
add_nested(struct plan *p, struct row *row, struct run *leaves,
    const struct row *nested)
{
	const char *reason = NULL;

	if (!nested->active)
		reason = "which is switched off";
	else if (nested->state == ROW_OPEN)
		reason = "which leads back to this alias";
	else if (nested->state == ROW_NEW)
		reason = "which leads on too deeply";
	if (reason != NULL)
		plan_note(p, NOTE_LEFT, plan_name(p, row->address), row->origin,
		    "the target %s, %s", plan_name(p, nested->address), reason);
	row->cut = row->cut || reason != NULL || nested->cut;
	for (uint32_t n = 0; reason == NULL && n < nested->leaves.n; n++) {
		uint32_t address = p->numbers[nested->leaves.at + n];

		if (plan_once(p, address))
			plan_append(p, leaves, address);
	}
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

/*
 * Finds the leaves of a row: first those of the rows that it leads to, so that
 * its own run is then built in one piece.
 */
static void
expand(struct plan *p, struct row *row, unsigned int depth)
{
	struct run leaves;

	if (row->state != ROW_NEW || depth > DEPTH_MAX)
		return;
	row->state = ROW_OPEN;
	for (uint32_t n = 0; n < row->targets.n; n++) {
		uint32_t to = target_of(p, row, n);
		struct row *nested = to == 0 ? NULL : nested_row(p, row, to);

		p->numbers[row->targets.at + n] = to;
		if (nested != NULL)
			expand(p, nested, depth + 1);
	}
	leaves = plan_run(p);
	plan_set(p);
	for (uint32_t n = 0; n < row->targets.n; n++) {
		uint32_t target = p->numbers[row->targets.at + n];
		const struct row *nested;

		if (target == 0) {
			row->cut = true;
			continue;
		}
		nested = nested_row(p, row, target);
		if (nested != NULL) {
			add_nested(p, row, &leaves, nested);
			continue;
		}
		target = leaf(p, row, target);
		if (target == 0)
			row->cut = true;
		else if (plan_once(p, target))
			plan_append(p, &leaves, target);
	}
	row->leaves = leaves;
	row->state = ROW_DONE;
}

void
plan_expand(struct plan *p, struct row *row)
{
	expand(p, row, 0);
}
