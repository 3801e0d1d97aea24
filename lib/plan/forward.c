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
#include "plan/graph.h"
#include "plan/model.h"
#include "record/address.h"
#include "sieve/compose.h"

static bool
forwards(const struct model_account *a)
{
	return a->forward.n != 0 && (a->flags & ACC_REFUSED) == 0;
}

/* --- the targets --- */

static const char no_account[] = "it is not among the accounts of the plan";

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
		return no_account;
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
	if (caught->lacks)
		a->flags |= ACC_LACKS;
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
			a->flags |= reason == no_account
					? ACC_UNSURE | ACC_LACKS
					: ACC_UNSURE;
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

/* Where a target, given by its place in p->numbers, leads: to whom is on the list,
 * or to itself. */
static struct run
reached(const struct plan *p, uint32_t at)
{
	const struct address *target = &p->addresses[p->numbers[at]];

	return target->kind == OWNER_LIST ? p->lists[target->owner].recipients
					  : (struct run){ at, 1 };
}

/* Whether it is a list that has not all whom its alias names. */
static bool
is_lacking(const struct plan *p, uint32_t at)
{
	const struct address *target = &p->addresses[p->numbers[at]];

	return target->kind == OWNER_LIST && p->lists[target->owner].lacks;
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
		struct run on = reached(p, a->forward.at + n);

		if (is_lacking(p, a->forward.at + n))
			a->flags |= ACC_LACKS;
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

/* The accounts that forward, as a graph: those of one part send mail round in a
 * loop. */
struct loops {
	struct plan *plan;
	struct graph graph;
	uint32_t *node_of; /* by account, 1 + node; 0: it does not forward */
};

/* The node of the account that has an address, 1 + node; 0: it does not forward. */
static uint32_t
node_of(const struct loops *l, uint32_t address)
{
	const struct model_account *a = plan_account_of(l->plan, address);

	return a == NULL ? 0 : l->node_of[a - l->plan->accounts];
}

static void
add_edges(struct loops *l, const struct model_account *from)
{
	const struct plan *p = l->plan;

	for (uint32_t n = 0; n < from->forward.n; n++) {
		struct run on = reached(p, from->forward.at + n);

		for (uint32_t i = 0; i < on.n; i++) {
			uint32_t to = node_of(l, p->numbers[on.at + i]);

			if (to != 0)
				graph_add_edge(&l->graph, AT(to));
		}
	}
}

/* Whether mail that goes to the target, given by its place in p->numbers, comes back
 * to that part. */
static bool
comes_back(const struct loops *l, uint32_t part, uint32_t at)
{
	struct run on = reached(l->plan, at);

	for (uint32_t i = 0; i < on.n; i++) {
		uint32_t to = node_of(l, l->plan->numbers[on.at + i]);

		if (to != 0 && graph_part(&l->graph, AT(to)) == part)
			return true;
	}
	return false;
}

/* Takes out the targets from which mail comes back. */
static void
drop_loops(struct loops *l, struct model_account *a)
{
	struct plan *p = l->plan;
	uint32_t part = graph_part(&l->graph, AT(l->node_of[a - p->accounts]));
	uint32_t n_targets = a->forward.n;

	a->forward.n = 0;
	for (uint32_t n = 0; n < n_targets; n++) {
		uint32_t target = p->numbers[a->forward.at + n];

		if (!comes_back(l, part, a->forward.at + n)) {
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
resolve_loops(struct plan *p)
{
	struct loops l = { .plan = p };
	uint32_t n = 0;

	l.node_of = xcalloc(p->n_accounts, sizeof *l.node_of);
	for (size_t i = 0; i < p->n_accounts; i++)
		if (forwards(&p->accounts[i]))
			l.node_of[i] = ++n;
	for (size_t i = 0; i < p->n_accounts; i++)
		if (l.node_of[i] != 0) {
			graph_add_node(&l.graph);
			add_edges(&l, &p->accounts[i]);
		}
	graph_find_parts(&l.graph);
	for (size_t i = 0; i < p->n_accounts; i++)
		if (l.node_of[i] != 0)
			drop_loops(&l, &p->accounts[i]);
	graph_free(&l.graph);
	free(l.node_of);
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
	plan_list(
	    p, address, a->origin, a->forward, (a->flags & ACC_LACKS) != 0);
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
	bool any = false;

	for (size_t i = 0; i < p->n_accounts; i++)
		if (forwards(&p->accounts[i])) {
			any = true;
			clean_targets(p, &p->accounts[i]);
			expand_lists(p, &p->accounts[i]);
		}
	if (!any)
		return;
	resolve_loops(p);
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
