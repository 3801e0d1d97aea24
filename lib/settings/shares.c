/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "settings/shares.h"

#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "jmap/mailboxes.h"
#include "mailbox/list.h"
#include "mailbox/name.h"
#include "settings/owner-internal.h"

/* What the letters are on the server, each with all that it takes. */
static const struct {
	const char *name;
	const char *letters; /* one of them is enough */
} rights[] = {
	{ "mayReadItems", "r" },
	{ "mayAddItems", "i" },
	{ "mayRemoveItems", "te" },
	{ "maySetSeen", "s" },
	{ "maySetKeywords", "w" },
	{ "mayCreateChild", "k" },
	{ "mayRename", "x" },
	{ "mayDelete", "x" },
	{ "maySubmit", "p" },
};

static bool
is_granted(const struct record_share *s, size_t right)
{
	return strpbrk(s->rights, rights[right].letters) != NULL;
}

/* What somebody has, and gets in addition. *more: that is anything. NULL where
 * no letter has a meaning on the server. */
static json_t *
joined(const struct record_share *s, const json_t *has, bool *more)
{
	json_t *out = json_object();
	bool any = false;

	for (size_t i = 0; i < sizeof rights / sizeof *rights; i++) {
		bool had = json_is_true(json_object_get(has, rights[i].name));
		bool gets = is_granted(s, i);

		any = any || gets;
		*more = *more || (gets && !had);
		(void)json_object_set_new(
		    out, rights[i].name, json_boolean(had || gets));
	}
	if (any)
		return out;
	json_decref(out);
	return NULL;
}

/* --- folders --- */

/* The path with its levels as the list has them. */
static bool
is_path(const struct mailbox *m, const char *name)
{
	struct buf composed = { 0 }, shown = { 0 };
	bool same;

	mailbox_put_nfc(&composed, name);
	mailbox_put_name(&shown, m);
	same = strcmp(buf_str(&composed), buf_str(&shown)) == 0;
	buf_free(&composed);
	buf_free(&shown);
	return same;
}

/* By its name, or else as the one folder of the role that the name suggests:
 * "Sent" may be "Sent Items" now. */
static const struct mailbox *
find_folder(const struct mailboxes *list, const char *name)
{
	const char *role;

	for (size_t i = 0; i < list->n; i++)
		if (is_path(&list->v[i], name))
			return &list->v[i];
	role = strchr(name, '/') == NULL ? mailbox_role_of_name(name) : NULL;
	for (size_t i = 0; role != NULL && i < list->n; i++)
		if (list->v[i].role != NULL && list->v[i].role_stated &&
		    strcmp(list->v[i].role, role) == 0)
			return &list->v[i];
	return NULL;
}

/* --- one folder --- */

/* The shares of a folder: their names for the ledger, and the change. */
struct change {
	struct buf label;
	json_t *with;
	bool more;
};

static void
add_share(const struct owner_run *run, struct holder *o, struct change *c,
    const struct record_share *s)
{
	const char *id =
	    run->account_id == NULL ? NULL : run->account_id(run->arg, s->with);
	char *label = xasprintf("%s (%s %s)", s->folder, s->with, s->rights);
	json_t *all;

	if (id == NULL) {
		owner_failed(run, o, ITEM_SHARE, label,
		    "the server has no account of this address");
		free(label);
		return;
	}
	all = joined(s, json_object_get(c->with, id), &c->more);
	if (all == NULL)
		owner_failed(run, o, ITEM_SHARE, label,
		    "none of these rights has a meaning on the server");
	else {
		(void)json_object_set_new(c->with, id, all);
		buf_addf(&c->label, "%s%s %s", c->label.len == 0 ? "" : ", ",
		    s->with, s->rights);
	}
	free(label);
}

static void
change_folder(const struct owner_run *run, struct holder *o, struct change *c,
    const char *folder, const char *id)
{
	char *label = xasprintf("%s (%s)", folder, buf_str(&c->label));
	struct owner_item *i;

	if (!c->more)
		owner_exists(run, o, ITEM_SHARE, label, NULL);
	else if (owner_was_done(run, o, ITEM_SHARE, label))
		owner_exists(run, o, ITEM_SHARE, label,
		    "the owner has changed it since: it is left alone");
	else if ((i = owner_item(run, o, ITEM_SHARE, label)) != NULL) {
		i->id = xstrdup(id);
		i->body = json_pack("{s:O}", "shareWith", c->with);
	}
	free(label);
}

/* All shares of the folder that share n is the first of. */
static void
decide_folder(const struct owner_run *run, struct holder *o, size_t n,
    const struct mailboxes *list)
{
	const struct record_share *v = o->want.shares.v;
	const struct mailbox *m = find_folder(list, v[n].folder);
	struct change c = { 0 };
	const json_t *has;

	if (m == NULL) {
		run->report(run->arg, o, ITEM_SHARE, SET_PLANNED, v[n].folder,
		    "the folder is not there yet: run it again when the mail "
		    "is copied",
		    NULL, NULL);
		return;
	}
	has = json_object_get(
	    owner_find(o->has[ASK_MAILBOXES], "id", m->ident), "shareWith");
	c.with = json_is_object(has) ? json_deep_copy(has) : json_object();
	for (size_t i = n; i < o->want.shares.n; i++)
		if (strcmp(v[i].folder, v[n].folder) == 0)
			add_share(run, o, &c, &v[i]);
	if (c.label.len != 0)
		change_folder(run, o, &c, v[n].folder, m->ident);
	json_decref(c.with);
	buf_free(&c.label);
}

static bool
is_first(const struct record_share *v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(v[i].folder, v[n].folder) == 0)
			return false;
	return true;
}

void
shares_decide(const struct owner_run *run, struct holder *o)
{
	const struct record_share *v = o->want.shares.v;
	struct mailboxes list = { 0 };
	struct why why = { 0 };

	if (o->want.shares.n == 0)
		return;
	if (o->id != NULL &&
	    jmap_read_mailboxes(o->has[ASK_MAILBOXES], &list, &why) == -1) {
		owner_failed(run, o, ITEM_SHARE, NULL, why.text);
		return;
	}
	for (size_t n = 0; n < o->want.shares.n; n++)
		if (is_first(v, n))
			decide_folder(run, o, n, &list);
	mailboxes_free(&list);
}
