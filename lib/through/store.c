/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "through/store.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/alloc.h"
#include "core/map.h"
#include "core/str.h"
#include "doveadm/mailboxes.h"
#include "doveadm/messages.h"
#include "doveadm/naming.h"
#include "mailbox/name.h"
#include "maildir/name.h"
#include "merge/scan.h"
#include "through/reading.h"

enum {
	PASSES = 50, /* of an account that never stands still */
	TRIES = 10   /* of a mailbox from which messages go meanwhile */
};

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

/* One mailbox that is listed, perhaps not for the first time. */
struct listing {
	struct store *s;
	struct catalogue *c;
	size_t folder;
	struct map known; /* by GUID: the number of the entry, and 1 */
	size_t missed;    /* of those that were there, not seen again so far */
	int64_t next;     /* UID of the next new one, where none has gone */
	bool gap;         /* some came, and went before they were seen */
	struct arena keys;
	struct buf name;
	struct why why; /* kind FAIL_NONE: all is well */
};

/* The name of an entry. What is not a flag of IMAP is not needed to compare. */
static const char *
compose_name(struct buf *name, const struct doveadm_message *m)
{
	unsigned int flags = 0;
	char *words = xstrdup(m->flags), *rest = words;

	while (rest != NULL)
		flags |= mdflag_of_keyword(str_cut(&rest, ' '));
	free(words);
	buf_reset(name);
	buf_adds(name, m->guid);
	mdname_put_info(name, flags, 0);
	return buf_str(name);
}

/* The first field alone. A line that does not begin with a blank begins
 * another. */
static size_t
first_field(const char *p, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (p[i] == '\n' &&
		    (i + 1 == len || (p[i + 1] != ' ' && p[i + 1] != '\t')))
			return i;
	return len;
}

/* Without an id in Dovecot's eyes, the text has to be looked at: its parser
 * stops where ours goes on. So it has where the field has U+FFFD, which is what
 * Dovecot shows in place of a NUL. */
static void
take_id(struct listing *l, struct catalogue_entry *e,
    const struct doveadm_message *m)
{
	size_t len = first_field(m->msgid, m->msgid_len);

	if (memmem(m->msgid, len, "\xef\xbf\xbd", 3) == NULL &&
	    msgid_of_field(&l->s->scratch, m->msgid, len, e->id))
		e->state |= ENTRY_READ | ENTRY_ID;
}

static void
remember(struct listing *l, const char *guid, size_t number)
{
	*map_put_copy(&l->known, &l->keys, guid, NULL) =
	    (void *)(uintptr_t)(number + 1);
}

static void
take_new_uid(struct listing *l, uint32_t uid)
{
	l->gap |= uid != l->next;
	l->next = (int64_t)uid + 1;
}

/* One that was known, and is there. */
static void
take_known(struct listing *l, struct catalogue_entry *e,
    const struct doveadm_message *m)
{
	struct catalogue *c = l->c;
	const char *name = compose_name(&l->name, m);

	if ((e->state & ENTRY_GONE) == 0)
		return; /* told once more */
	e->state &= 0xff & ~(unsigned int)ENTRY_GONE;
	if (e->ino == m->uid)
		l->missed--;
	else
		take_new_uid(l, m->uid);
	e->ino = m->uid;
	if (strcmp(entry_name(c, e), name) == 0)
		return;
	e->name = (uint32_t)c->names.len;
	buf_add(&c->names, name, strlen(name) + 1);
	if (c->names.overflow)
		(void)why_set(&l->why, FAIL_FATAL, "too many messages");
}

static void
take_message(void *arg, const struct doveadm_message *m)
{
	struct listing *l = arg;
	struct catalogue *c = l->c;
	void **known = map_get(&l->known, m->guid);

	if (l->why.kind != FAIL_NONE)
		return;
	if (known != NULL) {
		take_known(l, &c->entries[(uintptr_t)*known - 1], m);
	} else if (catalogue_add(c, l->folder, compose_name(&l->name, m),
		       m->uid, &l->why) == 0) {
		take_new_uid(l, m->uid);
		take_id(l, &c->entries[c->n - 1], m);
		remember(l, m->guid, c->n - 1);
	}
}

/* All that is known of the folder is gone, unless it is listed again. */
static void
forget_messages(struct listing *l)
{
	for (size_t i = 0; i < l->c->n; i++) {
		struct catalogue_entry *e = &l->c->entries[i];
		const char *name = entry_name(l->c, e);
		char *guid;

		if (e->folder != l->folder)
			continue;
		l->missed += (e->state & ENTRY_GONE) == 0;
		e->state |= ENTRY_GONE;
		guid = xmemdup(name, strcspn(name, ":"));
		remember(l, guid, i);
		free(guid);
	}
}

/* True if the UIDs of the mailbox are those of the one that was listed. */
static bool
is_same_mailbox(
    const struct doveadm_mailbox *known, const struct doveadm_mailbox *m)
{
	return known->guid != NULL && strcmp(known->guid, m->guid) == 0 &&
	       known->uidvalidity == m->uidvalidity;
}

/* True if the mailbox is not what was listed. */
static bool
is_stale(const struct doveadm_mailbox *known, const struct doveadm_mailbox *m)
{
	if (m == NULL || known->guid == NULL)
		return m != NULL || known->guid != NULL;
	return !is_same_mailbox(known, m) || known->uidnext != m->uidnext ||
	       known->modseq != m->modseq || known->messages != m->messages;
}

/* Notes how a mailbox was before it is listed. */
static void
note(struct doveadm_mailbox *known, const struct doveadm_mailbox *m)
{
	free(known->guid);
	*known = (struct doveadm_mailbox){ 0 };
	if (m == NULL)
		return;
	*known = *m;
	known->name = known->path = known->role = NULL;
	known->guid = xstrdup(m->guid);
}

int
store_each(struct store *s, const char *path, uint32_t first,
    void (*told)(void *arg, const struct doveadm_message *message), void *arg,
    struct why *why)
{
	struct doveadm_mailbox before = { 0 };
	int r = 0;

	for (int i = 0; i < TRIES; i++) {
		const struct doveadm_mailbox *m = store_find(s, path);
		struct why own;

		if (m == NULL)
			break;
		note(&before, m);
		r = doveadm_list(&s->doveadm, m, first, told, arg, why);
		if (r == 0 || store_refresh(s, &own) == -1 ||
		    !is_stale(&before, store_find(s, path)))
			break;
		r = scan_say_restless(s->tree, why);
	}
	free(before.guid);
	return r;
}

static void
grow_known(struct store *s)
{
	for (; s->n < s->tree->n; s->n++) {
		s->known = xgrow(s->known, s->n, &s->cap, sizeof *s->known);
		s->known[s->n] = (struct doveadm_mailbox){ 0 };
	}
}

static int
end_listing(struct listing *l, int r, struct why *why)
{
	if (r == 0 && l->why.kind != FAIL_NONE) {
		*why = l->why;
		r = -1;
	}
	map_free(&l->known);
	arena_free(&l->keys);
	buf_free(&l->name);
	return r;
}

/*
 * Lists a mailbox that is not what was listed. *lost is set where a message can have
 * been in it that was not seen: it was listed for the first time, or messages have
 * gone from it since.
 */
static int
list_mailbox(struct store *s, struct catalogue *c, size_t folder, bool *lost,
    struct why *why)
{
	const struct doveadm_mailbox *m = store_mailbox(s, folder);
	struct doveadm_mailbox *known = &s->known[folder];
	struct listing l = { .s = s, .c = c, .folder = folder };
	bool same = m != NULL && is_same_mailbox(known, m);
	int64_t uidnext = m == NULL ? 0 : m->uidnext;
	bool empty = m == NULL || m->messages == 0;
	int r = 0;

	l.next = same ? known->uidnext : 0;
	note(known, m);
	forget_messages(&l);
	if (!empty)
		r = store_each(
		    s, s->tree->folders[folder].dir, 1, take_message, &l, why);
	*lost |= !same || l.missed > 0 || l.gap || l.next < uidnext;
	if (l.next > known->uidnext)
		known->uidnext = l.next; /* came after it was noted */
	return end_listing(&l, r, why);
}

static int
list_stale(struct store *s, struct catalogue *c, bool *lost, struct why *why)
{
	*lost = false;
	for (size_t i = 0; i < s->n; i++)
		if (is_stale(&s->known[i], store_mailbox(s, i)) &&
		    list_mailbox(s, c, i, lost, why) == -1)
			return -1;
	return 0;
}

/* True if a message has come into any mailbox since that was listed, or the mailbox
 * has gone. */
static bool
has_moved(const struct store *s)
{
	for (size_t i = 0; i < s->n; i++) {
		const struct doveadm_mailbox *m = store_mailbox(s, i);

		if (m == NULL ? s->known[i].guid != NULL
			      : !is_same_mailbox(&s->known[i], m) ||
				    m->uidnext > s->known[i].uidnext)
			return true;
	}
	return false;
}

/*
 * While one mailbox after the other is listed, a client can move a message from one
 * that comes late into one that was listed before. So they are looked at again until
 * no message has come into any since it was listed, or none has gone from any: then
 * none was moved, and whatever was in the account before that look was seen. Where
 * mail is only delivered or only deleted, that is soon.
 */
int
store_list(void *arg, struct catalogue *c, struct why *why)
{
	struct store *s = arg;
	bool lost = true;

	c->reader = &s->reader;
	for (int pass = 0; lost; pass++) {
		if (s->n > 0 && store_refresh(s, why) == -1)
			return -1;
		grow_known(s);
		if (!has_moved(s))
			break;
		if (pass == PASSES)
			return scan_say_restless(s->tree, why);
		if (list_stale(s, c, &lost, why) == -1)
			return -1;
	}
	catalogue_drop_gone(c);
	return store_read_ids(s, c, 0, why);
}

static int
list_arrivals(
    struct store *s, struct catalogue *c, size_t folder, struct why *why)
{
	const struct doveadm_mailbox *m = store_mailbox(s, folder);
	struct doveadm_mailbox *known = &s->known[folder];
	struct listing l = { .s = s, .c = c, .folder = folder };
	uint32_t first = m != NULL && is_same_mailbox(known, m)
			     ? (uint32_t)known->uidnext
			     : 1;
	bool some = m != NULL && (int64_t)first < m->uidnext;
	int r = 0;

	note(known, m);
	if (some)
		r = store_each(s, s->tree->folders[folder].dir, first,
		    take_message, &l, why);
	return end_listing(&l, r, why);
}

int
store_arrivals(struct store *s, struct catalogue *c, struct why *why)
{
	grow_known(s);
	for (size_t i = 0; i < s->n; i++)
		if (list_arrivals(s, c, i, why) == -1)
			return -1;
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
