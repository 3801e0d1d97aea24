/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * An owner's forward. No registry object can hold it; the account's Sieve
 * script can. The server runs only one redirect of a script, so that several
 * targets become a list of their own, LOCAL-forward@DOMAIN, and the script
 * redirects there.
 */
#include "plan/plan.h"

#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "plan/model.h"
#include "record/address.h"

/* The targets as the server will have them, without the account itself, which
 * is a kept copy. */
static void
clean_targets(struct plan *p, struct account *a)
{
	struct chain targets = { 0 };

	for (const struct link *l = a->forward.first; l != NULL; l = l->next) {
		struct why why = { 0 };
		const char *address = plan_canonical(p, l->text, &why);
		enum owner kind;
		size_t i;

		if (address == NULL) {
			plan_note(p, NOTE_LEFT, a->address, a->origin,
			    "the forward to %s: %s", l->text, why.text);
		} else if (plan_account_of(p, address) == a) {
			a->flags |= ACC_KEEP;
		} else if (plan_account_of(p, address) == NULL &&
			   !plan_owner(p, address, &kind, &i) &&
			   plan_is_local(p, address)) {
			plan_note(p, NOTE_LEFT, a->address, a->origin,
			    "the forward to %s, which does not exist", address);
		} else if (!chain_has(&targets, address)) {
			(void)chain_add(p, &targets, address);
		}
	}
	a->forward = targets;
}

/* --- loops --- */

/* A walk along forwards, depth first; the marks stand by account. */
enum mark {
	UNSEEN,
	ON_PATH,
	FINISHED
};
struct walk {
	struct plan *plan;
	unsigned char *marks;
	size_t *path; /* accounts, outermost first */
	size_t n, cap;
	bool *in_loop;
};

/* Marks what lies on the path from the account i to its end as a loop. */
static void
mark_loop(struct walk *w, size_t i)
{
	size_t at = w->n;

	while (w->path[--at] != i)
		w->in_loop[w->path[at]] = true;
	w->in_loop[i] = true;
}

/* The accounts that mail for an address is forwarded by: itself, or those on a
 * list. */
static void follow(struct walk *w, const char *address);

static void
visit(struct walk *w, size_t i)
{
	struct account *a = &w->plan->accounts[i];

	if (w->marks[i] == ON_PATH)
		mark_loop(w, i);
	if (w->marks[i] != UNSEEN || a->forward.first == NULL)
		return;
	w->marks[i] = ON_PATH;
	w->path = grow(w->path, w->n, &w->cap, sizeof *w->path);
	w->path[w->n++] = i;
	for (const struct link *l = a->forward.first; l != NULL; l = l->next)
		follow(w, l->text);
	w->n--;
	w->marks[i] = FINISHED;
}

static void
follow(struct walk *w, const char *address)
{
	const struct account *a = plan_account_of(w->plan, address);
	enum owner kind;
	size_t i;

	if (a != NULL) {
		visit(w, (size_t)(a - w->plan->accounts));
		return;
	}
	if (!plan_owner(w->plan, address, &kind, &i) || kind != OWNER_LIST)
		return;
	for (const struct link *l = w->plan->lists[i].recipients.first;
	     l != NULL; l = l->next) {
		a = plan_account_of(w->plan, l->text);
		if (a != NULL)
			visit(w, (size_t)(a - w->plan->accounts));
	}
}

/* Forwards that lead back to themselves stay behind: the server would pass
 * such a message round until it gives up. */
static void
drop_loops(struct plan *p)
{
	struct walk w = { .plan = p };

	w.marks = xcalloc(p->n_accounts, sizeof *w.marks);
	w.in_loop = xcalloc(p->n_accounts, sizeof *w.in_loop);
	for (size_t i = 0; i < p->n_accounts; i++)
		visit(&w, i);
	for (size_t i = 0; i < p->n_accounts; i++) {
		struct account *a = &p->accounts[i];

		if (!w.in_loop[i])
			continue;
		plan_note(p, NOTE_LEFT, a->address, a->origin,
		    "the forward to %s: a loop of forwards leads back here; "
		    "mail stays in the account",
		    a->forward.first->text);
		a->forward = (struct chain){ 0 };
	}
	free(w.marks);
	free(w.in_loop);
	free(w.path);
}

/* --- scripts --- */

/* The list that holds the targets of a forward; NULL where its address is
 * taken. */
static const char *
forward_list(struct plan *p, struct account *a)
{
	const char *domain = address_domain(a->address), *address;
	struct list *l;
	enum owner kind;
	size_t i;

	buf_reset(&p->scratch);
	buf_add(&p->scratch, a->address, (size_t)(domain - 1 - a->address));
	buf_addf(&p->scratch, "-forward@%s", domain);
	if (plan_owner(p, p->scratch.data, &kind, &i)) {
		plan_note(p, NOTE_LEFT, a->address, a->origin,
		    "the forward to %zu addresses: %s, which would hold them, "
		    "is taken",
		    chain_len(&a->forward), p->scratch.data);
		return NULL;
	}
	address = arena_adds(&p->arena, p->scratch.data);
	p->lists = grow(p->lists, p->n_lists, &p->cap_lists, sizeof *p->lists);
	l = &p->lists[p->n_lists];
	*l = (struct list){ .address = address,
		.origin = a->origin,
		.recipients = a->forward,
		.domain = a->domain };
	plan_own(p, address, OWNER_LIST, p->n_lists++);
	p->counts.lists++;
	return address;
}

static void
make_script(struct plan *p, struct account *a)
{
	if (!p->options->sieve) {
		plan_note(p, NOTE_LEFT, a->address, a->origin,
		    "the forward to %s%s (--sieve-dir writes a script for it)",
		    a->forward.first->text,
		    a->forward.first->next == NULL ? "" : " and others");
		return;
	}
	a->redirect = a->forward.first->next == NULL ? a->forward.first->text
						     : forward_list(p, a);
	if (a->redirect == NULL)
		return;
	a->flags |= ACC_SCRIPT;
	p->counts.forwards++;
}

void
plan_resolve_forwards(struct plan *p)
{
	bool any = false;

	for (size_t i = 0; i < p->n_accounts; i++)
		if (p->accounts[i].forward.first != NULL) {
			any = true;
			clean_targets(p, &p->accounts[i]);
		}
	if (!any)
		return;
	drop_loops(p);
	for (size_t i = 0; i < p->n_accounts; i++)
		if (p->accounts[i].forward.first != NULL &&
		    (p->accounts[i].flags & ACC_REFUSED) == 0)
			make_script(p, &p->accounts[i]);
}

/* A string of Sieve: RFC 5228, 2.4.2. */
static void
add_quoted(struct buf *b, const char *s)
{
	buf_addc(b, '"');
	for (; *s != '\0'; s++) {
		if (*s == '"' || *s == '\\')
			buf_addc(b, '\\');
		buf_addc(b, *s);
	}
	buf_addc(b, '"');
}

int
plan_each_script(struct plan *p,
    int (*script)(void *arg, const char *address, const char *text), void *arg)
{
	struct buf b = { 0 };
	int r = 0;

	for (size_t i = 0; i < p->n_accounts && r == 0; i++) {
		const struct account *a = &p->accounts[i];
		bool keep = (a->flags & ACC_KEEP) != 0;

		if ((a->flags & ACC_SCRIPT) == 0)
			continue;
		buf_reset(&b);
		if (keep) /* RFC 3894 */
			buf_adds(&b, "require [\"copy\"];\n");
		buf_adds(&b, keep ? "redirect :copy " : "redirect ");
		add_quoted(&b, a->redirect);
		buf_adds(&b, ";\n");
		r = script(arg, a->address, b.data);
	}
	buf_free(&b);
	return r;
}
