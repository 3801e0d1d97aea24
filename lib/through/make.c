/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "through/make.h"

#include <stdlib.h>

#include "core/alloc.h"
#include "doveadm/naming.h"

enum {
	NAMES_AT_ONCE = 100 /* mailboxes made with one call */
};

/* One folder that the target lacks. */
struct lack {
	size_t folder;
	char *name; /* of its mailbox */
	bool subscribe;
};

static void
announce_folder(struct through *t, const struct lack *l)
{
	struct journal_record rec = { .kind = JOURNAL_SUBSCRIBE,
		.dir = t->store.tree->folders[l->folder].dir };

	if (l->subscribe)
		journal_put(&t->run->journal, &rec);
	rec.kind = JOURNAL_FOLDER;
	journal_put(&t->run->journal, &rec);
}

/* The folders that are missing and that a mailbox can have the name of; the others
 * are refused. The caller frees them. */
static struct lack *
find_lacks(struct through *t, bool *refused, size_t *n)
{
	const struct merge *m = &t->run->merge;
	const struct mdtree *tree = t->store.tree;
	struct lack *v = xcalloc(tree->n + 1, sizeof *v);
	struct why why;

	*n = 0;
	for (size_t i = 0; i < tree->n; i++) {
		struct lack *l = &v[*n];

		if (!tree->folders[i].missing)
			continue;
		*l = (struct lack){ i,
			doveadm_mailbox_name(
			    &t->store.account, tree->folders[i].dir),
			m->subscribe != NULL && m->subscribe[i] };
		if (l->name != NULL) {
			(*n)++;
			continue;
		}
		refused[i] = true;
		(void)why_set(&why, FAIL_DATA,
		    "Dovecot has '%c' between the levels of a name",
		    t->store.account.separator);
		m->refused(m->arg, tree->folders[i].dir, &why);
	}
	return v;
}

/* Has Dovecot make some of them. -1: not all, or they were there: the one below was
 * made before, or somebody else did it. */
static int
create_some(struct through *t, const struct lack *v, size_t n, bool subscribe)
{
	struct doveadm_args args = { 0 };
	struct why why;
	size_t named = 0;
	int r = 0;

	doveadm_args(&args, &t->store.doveadm,
	    DOVEADM_WORDS("mailbox", "create", "-u", t->store.doveadm.user));
	if (subscribe)
		doveadm_args_add(&args, "-s");
	doveadm_args_add(&args, "--");
	for (size_t i = 0; i < n; i++)
		if (v[i].subscribe == subscribe) {
			doveadm_args_add(&args, v[i].name);
			named++;
		}
	if (named > 0)
		r = doveadm_read(&args, NULL, &why);
	doveadm_args_free(&args);
	return r;
}

/* Those that are missing after a call for many are asked for one by one: it can have
 * ended at the first of which it did not like the name. */
static int
create_left(struct through *t, const struct lack *v, size_t n, struct why *why)
{
	if (store_refresh(&t->store, why) == -1)
		return -1;
	for (size_t i = 0; i < n; i++)
		if (t->store.tree->folders[v[i].folder].missing)
			(void)create_some(t, &v[i], 1, v[i].subscribe);
	return 0;
}

/* Makes all of them. 0, or -1 and why. */
static int
create_all(struct through *t, const struct lack *v, size_t n, struct why *why)
{
	bool left = false;

	for (size_t i = 0; i < n; i++)
		announce_folder(t, &v[i]);
	if (n == 0)
		return 0;
	if (journal_sync(&t->run->journal, why) == -1)
		return -1;
	for (size_t i = 0; i < n; i += NAMES_AT_ONCE) {
		size_t some = n - i < NAMES_AT_ONCE ? n - i : NAMES_AT_ONCE;

		left |= create_some(t, v + i, some, true) == -1;
		left |= create_some(t, v + i, some, false) == -1;
	}
	return left ? create_left(t, v, n, why) : 0;
}

int
through_make_folders(struct through *t, bool *refused, struct why *why)
{
	const struct why unwanted = { .kind = FAIL_DATA,
		.text = "Dovecot does not make a mailbox of this name" };
	const struct merge *m = &t->run->merge;
	size_t n;
	struct lack *v = find_lacks(t, refused, &n);
	int r = create_all(t, v, n, why);

	if (r == 0)
		r = store_refresh(&t->store, why);
	for (size_t i = 0; i < n; i++) {
		const struct mdfolder *f = &t->store.tree->folders[v[i].folder];

		if (r == 0 && f->missing) {
			refused[v[i].folder] = true;
			m->refused(m->arg, f->dir, &unwanted);
		}
		free(v[i].name);
	}
	free(v);
	return r;
}
