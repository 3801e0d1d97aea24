/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "mailbox/list.h"

#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/str.h"
#include "maildir/folder.h"

static const char *
known_role(const char *role)
{
	/* RFC 8621, 2, of those in IANA's registry that a folder has for its
	 * content; "all" and "flagged" are views. */
	static const char *const roles[] = { "inbox", "sent", "drafts", "trash",
		"junk", "archive" };

	for (size_t i = 0; i < sizeof roles / sizeof *roles; i++)
		if (str_eq_nocase(role, roles[i]))
			return roles[i];
	return NULL;
}

static const char inbox[] = { 'I', 'N', 'B', 'O', 'X', MAILBOX_SEP, '\0' };

const char *
mailbox_below_inbox(const char *path)
{
	return str_starts(path, inbox) ? path + sizeof inbox - 1 : NULL;
}

/* The name, where the folder is at the top of the tree or directly below the
 * INBOX; NULL where it is not. */
static const char *
top_name(const char *path)
{
	const char *below = mailbox_below_inbox(path);

	if (below != NULL)
		path = below;
	return strchr(path, MAILBOX_SEP) == NULL ? path : NULL;
}

/* Composed, and the INBOX above it in one case: "Inbox" is the same. */
static char *
canonical(struct arena *texts, const char *path)
{
	struct buf nfc = { 0 };
	char *copy;

	folder_put_nfc(&nfc, path);
	copy = arena_adds(texts, buf_str(&nfc));
	buf_free(&nfc);
	if (str_starts_nocase(copy, inbox))
		memcpy(copy, inbox, sizeof inbox - 1);
	return copy;
}

struct mailbox *
mailboxes_add(struct mailboxes *list, const char *path, const char *role,
    const char *ident, int64_t messages)
{
	struct mailbox *m;

	list->v = grow(list->v, list->n, &list->cap, sizeof *list->v);
	m = &list->v[list->n++];
	*m = (struct mailbox){ .messages = messages };
	m->path = canonical(&list->texts, path);
	if (ident != NULL)
		m->ident = arena_adds(&list->texts, ident);
	if (role != NULL)
		m->role = known_role(role);
	m->role_stated = m->role != NULL;
	if (m->role == NULL && top_name(m->path) != NULL)
		m->role = folder_role_of_name(top_name(m->path));
	return m;
}

void
mailboxes_free(struct mailboxes *list)
{
	free(list->v);
	arena_free(&list->texts);
	*list = (struct mailboxes){ 0 };
}

int64_t
mailboxes_total(const struct mailboxes *list)
{
	int64_t total = 0;

	for (size_t i = 0; i < list->n; i++)
		if (list->v[i].messages > 0 &&
		    list->v[i].messages <= INT64_MAX - total)
			total += list->v[i].messages;
	return total;
}

void
mailbox_put_name(struct buf *out, const struct mailbox *m)
{
	for (const char *s = m->path; *s != '\0'; s++)
		buf_addc(out, *s == MAILBOX_SEP ? '/' : *s);
}
