/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "plan/spare.h"

#include <stdlib.h>

#include "core/alloc.h"

/* What the plan has of a domain. */
struct there {
	bool users, lists;
};

/* By number of the domain; new. */
static struct there *
look(const struct plan *p)
{
	struct there *there = xcalloc(p->n_domains + 1, sizeof *there);

	for (size_t i = 0; i < p->n_accounts; i++) {
		const struct model_account *a = &p->accounts[i];

		if ((a->flags & (ACC_GROUP | ACC_REFUSED)) == 0)
			there[p->addresses[a->address].domain].users = true;
	}
	for (size_t i = 0; i < p->n_lists; i++)
		there[p->addresses[p->lists[i].address].domain].lists = true;
	return there;
}

/* Not all that the directory has is in the plan. */
static void
note_incomplete(struct plan *p, const struct domain *d)
{
	plan_note(p, NOTE_LEFT, d->name, 0,
	    "no %s of it is taken away: not all that the directory has is in "
	    "the plan%s%s",
	    !d->spare_lists      ? "account"
	    : !d->spare_accounts ? "list"
				 : "account or list",
	    d->spare_for == 0 ? "" : ", such as ",
	    d->spare_for == 0 ? "" : plan_string(p, d->spare_for));
}

/*
 * A directory of which one part was dumped has no account of a domain whose
 * owners are in another part, and one without aliases may be that of a server
 * whose lists are elsewhere. All accounts of a domain are too much to lose by
 * that; lists go where the input has aliases at all.
 */
static bool
spare_unproven(struct plan *p, struct domain *d, const struct there *there)
{
	bool accounts = !d->spare_accounts && !there->users,
	     lists = !d->spare_lists && !there->lists && p->n_rows == 0 &&
		     p->n_lists == 0;

	if (accounts)
		plan_note(p, NOTE_LEFT, d->name, 0,
		    "no account of it is taken away: the input has none in "
		    "this domain");
	if (lists)
		plan_note(p, NOTE_LEFT, d->name, 0,
		    "no list of it is taken away: the input has no aliases at "
		    "all, which may not have been read");
	d->spare_accounts = d->spare_accounts || accounts;
	d->spare_lists = d->spare_lists || lists;
	return accounts || lists;
}

void
plan_settle_spared(struct plan *p)
{
	struct there *there = look(p);

	for (size_t i = 0; i < p->n_domains; i++) {
		struct domain *d = &p->domains[i];
		bool incomplete;

		if (!d->local || d->alias_of != 0)
			continue;
		if (p->spare_all)
			d->spare_accounts = d->spare_lists = true;
		incomplete = d->spare_accounts || d->spare_lists;
		if (incomplete)
			note_incomplete(p, d);
		if (spare_unproven(p, d, &there[i]) || incomplete)
			p->counts.spared++;
	}
	free(there);
}
