/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "through/store.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/alloc.h"
#include "core/str.h"
#include "doveadm/mailboxes.h"
#include "doveadm/naming.h"
#include "mailbox/name.h"
#include "through/listing.h"
#include "through/reading.h"

const struct doveadm_mailbox *
store_find(const struct store *s, const char *path)
{
	for (size_t i = 0; i < s->account.n; i++)
		if (strcmp(s->account.mailboxes[i].path, path) == 0 &&
		    !(s->others && s->account.mailboxes[i].home))
			return &s->account.mailboxes[i];
	return NULL;
}

const struct doveadm_mailbox *
store_mailbox(const struct store *s, size_t folder)
{
	return store_find(s, s->tree->folders[folder].dir);
}

/* By its name, unless a mailbox is said to be it. */
static void
guess_role(const struct store *s, struct mdfolder *f)
{
	const char *role = mailbox_role_of_name(f->path);

	for (size_t i = 0; role != NULL && i < s->account.n; i++)
		if (s->account.mailboxes[i].role != NULL &&
		    strcmp(s->account.mailboxes[i].role, role) == 0)
			return;
	/* Roles are asked for once: what was said is in the tree. */
	for (size_t i = 0; role != NULL && i < s->tree->n; i++)
		if (s->tree->folders[i].role_stated &&
		    strcmp(s->tree->folders[i].role, role) == 0)
			return;
	for (size_t i = 0; role != NULL && i < s->account.n_latent; i++)
		if (s->account.latent[i].role != NULL &&
		    !s->account.latent[i].unmade &&
		    strcmp(s->account.latent[i].role, role) == 0)
			return;
	if (role != NULL)
		f->role = xstrdup(role);
}

/* Makes a folder of each mailbox that has none. */
static void
add_folders(struct store *s)
{
	for (size_t i = 0; i < s->account.n; i++) {
		const struct doveadm_mailbox *m = &s->account.mailboxes[i];
		struct mdfolder *f = NULL;

		if (s->others && m->home)
			continue;
		for (size_t j = 0; j < s->tree->n && f == NULL; j++)
			if (strcmp(s->tree->folders[j].dir, m->path) == 0)
				f = &s->tree->folders[j];
		if (f == NULL) {
			size_t n = mdtree_add(s->tree, m->path, m->path);

			f = &s->tree->folders[n];
		}
		f->missing = false;
		if (f->role != NULL)
			continue;
		f->role_stated = m->role != NULL;
		if (m->role != NULL)
			f->role = xstrdup(m->role);
		else if (strchr(m->path, '/') == NULL)
			guess_role(s, f);
	}
}

static bool
has_role(const struct mdtree *t, const char *role)
{
	for (size_t i = 0; i < t->n; i++)
		if (t->folders[i].role != NULL &&
		    strcmp(t->folders[i].role, role) == 0)
			return true;
	return false;
}

/* Makes folders of the mailboxes that will be there when something goes there. */
static void
add_latent(struct store *s)
{
	for (size_t i = 0; i < s->account.n_latent; i++) {
		const struct doveadm_mailbox *m = &s->account.latent[i];
		struct mdfolder *f;
		size_t n;

		if (m->unmade && has_role(s->tree, m->role))
			continue;
		n = mdtree_add(s->tree, m->path, m->path);
		f = &s->tree->folders[n];
		f->role = xstrdup(m->role);
		f->role_stated = true;
	}
}

/* A dbox does not list the INBOX before somebody has opened it, or mail came. */
static int
open_inbox(struct store *s, struct why *why)
{
	const struct doveadm *d = &s->doveadm;

	if (doveadm_run(d,
		DOVEADM_WORDS(
		    "mailbox", "status", "-u", d->user, "messages", "INBOX"),
		NULL, why) == -1 ||
	    doveadm_mailboxes_read(&s->account, d, why) == -1)
		return -1;
	return doveadm_roles_read(&s->account, d, why);
}

static void
begin(struct store *s, const struct doveadm *d, struct mdtree *tree)
{
	*s = (struct store){ .doveadm = *d, .tree = tree };
	s->reader = (struct catalogue_reader){ s, store_read_ids,
		store_read_digests, store_entry_open, store_list };
	tree->root = xstrdup(d->user);
	tree->fd = tree->inbox = tree->control = -1;
}

int
store_open_others(struct store *s, const struct doveadm *d, struct mdtree *tree,
    const char *root, struct why *why)
{
	begin(s, d, tree);
	s->others = s->account.files = true;
	if (doveadm_account_read(&s->account, d, why) == -1)
		return -1;
	for (size_t i = 0; root != NULL && i < s->account.n_namespaces; i++) {
		struct doveadm_namespace *ns = &s->account.namespaces[i];
		size_t len = strlen(root);
		char *name, *dir;

		if (ns->inbox || !ns->own)
			continue;
		name = xasprintf("%smailferrylook", ns->prefix);
		dir = doveadm_mailbox_directory(d, name, DOVEADM_MAILBOX);
		ns->own = strncmp(dir, root, len) != 0 || dir[len] != '/';
		free(name);
		free(dir);
	}
	if (doveadm_mailboxes_read(&s->account, d, why) == -1)
		return -1;
	add_folders(s);
	return 0;
}

/* The name of the list of subscriptions where it lies among the folders: in a Maildir
 * of LAYOUT=fs. NULL where it does not. The caller frees it. */
static char *
list_among_folders(const struct doveadm_account *a, const struct doveadm *d)
{
	static const char option[] = ":SUBSCRIPTIONS=";
	const char *location = a->location == NULL ? "" : a->location;
	const char *own = strstr(location, option);
	char *look = xasprintf("mailferry%clook", a->separator), *dir, *name;

	if (own != NULL)
		own += sizeof option - 1;
	name = own == NULL ? xstrdup("subscriptions")
			   : xmemdup(own, strcspn(own, ":"));
	dir = str_starts(location, "maildir:") && !a->indexed
		  ? doveadm_home_directory(a, d, look, DOVEADM_MAILBOX)
		  : xstrdup("");
	if (strstr(dir, "/mailferry/look") == NULL) {
		free(name);
		name = NULL;
	}
	free(look);
	free(dir);
	return name;
}

int
store_open(struct store *s, const struct doveadm *d, struct mdtree *tree,
    struct why *why)
{
	const struct doveadm_mailbox *inbox;

	begin(s, d, tree);
	if (doveadm_account_read(&s->account, d, why) == -1 ||
	    doveadm_mailboxes_read(&s->account, d, why) == -1 ||
	    doveadm_roles_read(&s->account, d, why) == -1)
		return -1;
	s->subscriptions = list_among_folders(&s->account, d);
	tree->style = (struct folder_style){ .fs = true,
		.subscriptions = s->subscriptions,
		.utf8 = true,
		.unseen = true,
		.escape = s->account.escape,
		.separator = s->account.separator };
	inbox = store_find(s, "INBOX");
	if (inbox == NULL && open_inbox(s, why) == -1)
		return -1;
	if (inbox == NULL)
		inbox = store_find(s, "INBOX");
	if (inbox == NULL)
		return why_set(
		    why, FAIL_FATAL, "%s: Dovecot shows no INBOX", d->user);
	s->identity = str_fnv(inbox->guid) | 1;
	add_folders(s);
	add_latent(s);
	return 0;
}

void
store_free(struct store *s)
{
	for (size_t i = 0; i < s->n; i++)
		free(s->known[i].guid);
	free(s->known);
	doveadm_account_free(&s->account);
	free(s->subscriptions);
	reader_free(&s->scratch);
	*s = (struct store){ 0 };
}

int
store_refresh(struct store *s, struct why *why)
{
	if (doveadm_mailboxes_read(&s->account, &s->doveadm, why) == -1)
		return -1;
	add_folders(s);
	return 0;
}

static bool
expires(const void *account, const char *path)
{
	return doveadm_mailbox_expires(account, path);
}

static bool
is_trash(const void *account, const char *path)
{
	return doveadm_mailbox_is_trash(account, path);
}

void
store_heed(struct match_options *o, const struct doveadm_account *account)
{
	o->expires = expires;
	o->is_trash = is_trash;
	o->arg = account;
}
