/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "mailbox/list.h"

#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/str.h"
#include "mailbox/name.h"

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
	if (str_starts(path, inbox))
		path += sizeof inbox - 1;
	return strchr(path, MAILBOX_SEP) == NULL ? path : NULL;
}

/* Composed, and the INBOX above it in one case: "Inbox" is the same. */
static void
put_canonical(struct buf *out, const char *path)
{
	mailbox_put_nfc(out, path);
	if (out->data != NULL && str_starts_nocase(out->data, inbox))
		memcpy(out->data, inbox, sizeof inbox - 1);
}

struct mailbox *
mailboxes_add(struct mailboxes *list, const char *path, const char *role,
    const char *ident, int64_t messages)
{
	struct buf name = { 0 };
	struct mailbox *m;
	const char *top;

	list->v = xgrow(list->v, list->n, &list->cap, sizeof *list->v);
	m = &list->v[list->n++];
	*m = (struct mailbox){ .messages = messages };
	put_canonical(&name, path);
	m->path = arena_adds(&list->texts, buf_str(&name));
	if (ident != NULL)
		m->ident = arena_adds(&list->texts, ident);
	if (role != NULL)
		m->role = known_role(role);
	m->role_stated = m->role != NULL;
	top = top_name(buf_str(&name));
	if (m->role == NULL && top != NULL)
		m->role = mailbox_role_of_name(top);
	buf_free(&name);
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
