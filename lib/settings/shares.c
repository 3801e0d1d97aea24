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

/* What becomes of a share. */
enum change {
	CHANGE_NONE, /* all is there */
	CHANGE_LEFT, /* the owner has taken some of it away */
	CHANGE_MORE, /* rights are added */
	CHANGES
};

/* A folder with all that it is shared with. */
struct folder {
	const struct owner_run *run;
	struct holder *o;
	const char *name;
	json_t *with; /* id -> rights, as they will be */
	struct buf labels[CHANGES];
	json_t *added; /* rights, as the ledger names them */
	bool left;     /* some were taken away */
};

/* A right of somebody in the ledger, so that each is given once. */
static char *
key_of(const struct record_share *s, size_t right)
{
	return xasprintf("%s (%s %s)", s->folder, s->with, rights[right].name);
}

static bool
was_given(const struct folder *f, const char *key)
{
	return owner_was_done(f->run, f->o, ITEM_SHARE, key);
}

/* The rights that somebody will have: those of now, and of the record's those
 * that were never given. */
static enum change
join(struct folder *f, const struct record_share *s, const char *id)
{
	const json_t *has = json_object_get(f->with, id);
	json_t *out = json_object();
	bool more = false, left = false;

	for (size_t i = 0; i < sizeof rights / sizeof *rights; i++) {
		bool had = json_is_true(json_object_get(has, rights[i].name));
		char *key = key_of(s, i);
		bool gets = !had && is_granted(s, i) && !was_given(f, key);

		more = more || gets;
		left = left || (is_granted(s, i) && !had && !gets);
		if (is_granted(s, i) && (gets || had))
			(void)json_array_append_new(f->added, json_string(key));
		(void)json_object_set_new(
		    out, rights[i].name, json_boolean(had || gets));
		free(key);
	}
	(void)json_object_set_new(f->with, id, out);
	f->left = f->left || left;
	return more ? CHANGE_MORE : left ? CHANGE_LEFT : CHANGE_NONE;
}

static bool
has_meaning(const struct record_share *s)
{
	for (size_t i = 0; i < sizeof rights / sizeof *rights; i++)
		if (is_granted(s, i))
			return true;
	return false;
}

/* The id of somebody; NULL: none is known, and why says the reason. */
static const char *
find_sharee(const struct owner_run *run, const char *address, struct why *why)
{
	const char *id = run->account_id == NULL
			     ? NULL
			     : run->account_id(run->arg, address, why);

	if (id == NULL && why->kind == FAIL_NONE)
		why_set(why, FAIL_DATA,
		    "the server has no account of this address");
	return id;
}

static void
add_share(struct folder *f, const struct record_share *s)
{
	const struct owner_run *run = f->run;
	struct why why = { 0 };
	const char *id = find_sharee(run, s->with, &why);
	char *label = xasprintf("%s (%s %s)", s->folder, s->with, s->rights);
	struct buf *labels;

	if (id == NULL)
		run->report(run->arg, f->o, ITEM_SHARE, SET_FAILED, label, NULL,
		    NULL, &why);
	else if (!has_meaning(s))
		owner_failed(run, f->o, ITEM_SHARE, label,
		    "none of these rights has a meaning on the server");
	else {
		labels = &f->labels[join(f, s, id)];
		buf_addf(labels, "%s%s %s", labels->len == 0 ? "" : ", ",
		    s->with, s->rights);
	}
	free(label);
}

static void
change_folder(struct folder *f, const char *id)
{
	static const char since[] =
	    "the owner has changed it since: it is left alone";

	for (enum change c = CHANGE_NONE; c < CHANGES; c++) {
		char *label;
		struct owner_item *i = NULL;

		if (f->labels[c].len == 0)
			continue;
		label = xasprintf("%s (%s)", f->name, buf_str(&f->labels[c]));
		if (c == CHANGE_MORE)
			i = owner_noted_item(f->run, f->o, ITEM_SHARE, label,
			    f->left ? "what the owner has taken away since "
				      "stays so"
				    : NULL);
		else
			owner_exists(f->run, f->o, ITEM_SHARE, label,
			    c == CHANGE_LEFT ? since : NULL);
		if (i != NULL) {
			i->id = xstrdup(id);
			i->body = json_pack("{s:O}", "shareWith", f->with);
			i->given = json_incref(f->added);
		}
		free(label);
	}
	if (f->labels[CHANGE_MORE].len == 0)
		owner_given(f->run, f->o, f->added);
}

/* All shares of the folder that share n is the first of. */
static void
decide_folder(const struct owner_run *run, struct holder *o, size_t n,
    const struct mailboxes *list)
{
	const struct record_share *v = o->want.shares.v;
	const struct mailbox *m = find_folder(list, v[n].folder);
	struct folder f = { run, o, v[n].folder, NULL, { { 0 } }, NULL, false };
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
	f.with = json_is_object(has) ? json_deep_copy(has) : json_object();
	f.added = json_array();
	for (size_t i = n; i < o->want.shares.n; i++)
		if (strcmp(v[i].folder, v[n].folder) == 0)
			add_share(&f, &v[i]);
	change_folder(&f, m->ident);
	json_decref(f.with);
	json_decref(f.added);
	for (enum change c = CHANGE_NONE; c < CHANGES; c++)
		buf_free(&f.labels[c]);
}

/* --- what the directory does not give any more --- */

/* Whether the record still gives what this line of the ledger is about. */
static bool
is_given(const struct holder *o, const char *key)
{
	const struct record_share *v = o->want.shares.v;
	bool given = false;

	for (size_t n = 0; n < o->want.shares.n && !given; n++)
		for (size_t i = 0; i < sizeof rights / sizeof *rights; i++) {
			char *one = key_of(&v[n], i);

			given = given ||
				(is_granted(&v[n], i) && strcmp(one, key) == 0);
			free(one);
		}
	return given;
}

/* Whether somebody still has the right of an entry, "FOLDER (WITH RIGHT)"; line is
 * its text, which is cut at its end, and *right becomes the last word. */
static bool
still_has(const struct owner_run *run, const struct holder *o,
    const struct mailboxes *list, const struct ledger_entry *e, char *line,
    const char **right)
{
	char *with = strrchr(line, '('), *end = strrchr(line, ' ');
	const struct mailbox *m;
	struct why why = { 0 };
	const char *id;
	const json_t *shared;

	if (with == NULL || with == line || end < with ||
	    run->account_id == NULL)
		return false;
	end[strcspn(end, ")")] = '\0';
	*end = '\0';
	*right = end + 1;
	with[-1] = '\0';
	m = find_folder(list, line);
	with[-1] = ' ';
	id = run->account_id(run->arg, with + 1, &why);
	if (id == NULL && why.kind != FAIL_NONE)
		run->report(run->arg, o, ITEM_SHARE, SET_FAILED, e->fourth,
		    NULL, NULL, &why);
	if (m == NULL || id == NULL)
		return false;
	shared = json_object_get(
	    owner_find(o->has[ASK_MAILBOXES], "id", m->ident), "shareWith");
	return json_is_true(
	    json_object_get(json_object_get(shared, id), *right));
}

static void
note_gone(const struct owner_run *run, const struct holder *o,
    const struct mailboxes *list)
{
	const struct ledger_entry *e = owner_entries(run, o, ITEM_SHARE);
	json_t *gone = json_object(), *v; /* "FOLDER (WITH" -> rights */
	const char *right, *key;

	for (; e != NULL; e = e->next) {
		char *line = xstrdup(e->fourth);

		if (owner_is_entry(o, e) && !is_given(o, e->fourth) &&
		    still_has(run, o, list, e, line, &right)) {
			key = json_string_value(json_object_get(gone, line));
			(void)json_object_set_new(gone, line,
			    json_sprintf(
				"%s %s", key == NULL ? "" : key, right));
		}
		free(line);
	}
	json_object_foreach (gone, key, v) {
		char *label = xasprintf("%s%s)", key, json_string_value(v));

		owner_exists(run, o, ITEM_SHARE, label,
		    "the directory does not give it any more: it stays until "
		    "somebody takes it away");
		free(label);
	}
	json_decref(gone);
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

	if (o->want.shares.n == 0 && o->has[ASK_MAILBOXES] == NULL)
		return;
	if (o->id != NULL &&
	    jmap_read_mailboxes(o->has[ASK_MAILBOXES], &list, &why) == -1) {
		owner_failed(run, o, ITEM_SHARE, NULL, why.text);
		return;
	}
	for (size_t n = 0; n < o->want.shares.n; n++)
		if (is_first(v, n))
			decide_folder(run, o, n, &list);
	note_gone(run, o, &list);
	mailboxes_free(&list);
}
