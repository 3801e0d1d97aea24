/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "through/undo.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/str.h"
#include "doveadm/messages.h"
#include "doveadm/naming.h"
#include "maildir/name.h"
#include "through/flags.h"

enum {
	AT_ONCE = 200 /* messages that one call names */
};

/* A message that the mailbox has now. */
struct present {
	uint32_t uid;
	unsigned int flags;
	char *keywords;
};

/* The folder that is worked on. */
struct taking {
	struct through *t;
	const struct journal_text *text;
	const bool *failed;
	const struct doveadm_mailbox *m;
	const char *dir;
	struct map there; /* by GUID: struct present */
	struct arena keys;
	struct map removed; /* how many, by the folder */
	struct arena dirs;
	size_t *kept;
	struct heirlooms *stays;
};

static void
tell(const struct taking *x, enum undo_object object, const char *name,
    enum undo_status status, const struct why *why)
{
	const struct merge_events *on = &x->t->run->on;
	struct undo_result r = { object, status, x->dir, name, { 0 } };

	if (why != NULL)
		r.why = *why;
	if (status == UNDO_FAILED ||
	    (object == UNDO_MESSAGE && status == UNDO_CHANGED))
		(*x->kept)++;
	on->undone(on->arg, &r);
}

static unsigned int
flags_of_words(const char *text)
{
	char *words = xstrdup(text), *rest = words;
	unsigned int flags = 0;

	while (rest != NULL)
		flags |= mdflag_of_keyword(str_cut(&rest, ' '));
	free(words);
	return flags;
}

static void
free_present(struct present *p)
{
	if (p != NULL)
		free(p->keywords);
	free(p);
}

static void
take_present(void *arg, const struct doveadm_message *msg)
{
	struct taking *x = arg;
	struct present *p = xmalloc(sizeof *p);
	void **slot = map_put_copy(&x->there, &x->keys, msg->guid, NULL);

	*p = (struct present){ msg->uid, flags_of_words(msg->flags),
		through_keywords(msg->flags) };
	free_present(*slot);
	*slot = p;
}

static void
forget_present(struct taking *x)
{
	const char *key;
	void *value;
	size_t at = 0;

	while (map_next(&x->there, &at, &key, &value))
		free_present(value);
	map_free(&x->there);
	arena_free(&x->keys);
}

/* Lists what the mailbox has now. */
static int
look(struct taking *x, struct why *why)
{
	forget_present(x);
	return doveadm_list(
	    &x->t->store.doveadm, x->m, 1, take_present, x, why);
}

static const struct present *
find(const struct taking *x, const char *guid)
{
	void **found = map_get(&x->there, guid);

	return found == NULL ? NULL : *found;
}

static unsigned int
flags_of_info(const char *info)
{
	return info == NULL ? 0 : mdname_flags(info);
}

/* Expunges messages by their UIDs and their GUIDs: those and no others. */
static int
expunge(struct taking *x, const struct journal_record *const *v, size_t n,
    struct why *why)
{
	struct doveadm_args args = { 0 };
	struct buf list = { 0 };
	uint32_t uids[AT_ONCE];
	int r;

	for (size_t i = 0; i < n; i++)
		uids[i] = find(x, v[i]->name)->uid;
	doveadm_put_uids(&list, uids, n);
	doveadm_args(&args, &x->t->store.doveadm,
	    DOVEADM_WORDS("expunge", "-u", x->t->store.doveadm.user, "--",
		"mailbox", x->m->name, "mailbox-guid", x->m->guid, "uid",
		buf_str(&list), "("));
	for (size_t i = 0; i < n; i++) {
		if (i > 0)
			doveadm_args_add(&args, "OR");
		doveadm_args_add(&args, "guid");
		doveadm_args_add(&args, v[i]->name);
	}
	doveadm_args_add(&args, ")");
	r = doveadm_read(&args, NULL, why);
	doveadm_args_free(&args);
	buf_free(&list);
	return r;
}

/* True if somebody gave a message other flags or keywords than the run did. */
static bool
is_changed(const struct present *p, const struct journal_record *rec)
{
	return p->flags != flags_of_info(rec->info) ||
	       (rec->keywords != NULL &&
		   strcmp(p->keywords, rec->keywords) != 0);
}

/* What is to become of a message that the run added. */
static enum undo_status
judge(const struct taking *x, const struct journal_record *rec)
{
	const struct present *p = find(x, rec->name);

	if (p == NULL)
		return UNDO_GONE;
	return x->t->run->set.force || !is_changed(p, rec) ? UNDO_REMOVED
							   : UNDO_CHANGED;
}

static void
note_removed(struct taking *x)
{
	void **n = map_put_copy(&x->removed, &x->dirs, x->dir, NULL);

	*n = (void *)((uintptr_t)*n + 1);
}

/* True if the mailbox holds more than what the run added and a dry run would
 * remove; what a run has removed is gone already. */
static bool
is_used(struct taking *x)
{
	int64_t removed = 0;

	if (x->t->run->set.dry_run)
		removed = (int64_t)(uintptr_t)*map_put_copy(
		    &x->removed, &x->dirs, x->dir, NULL);
	return x->m->messages > removed;
}

/* Removes a few and looks whether they are gone. */
static int
remove_some(struct taking *x, const struct journal_record *const *v, size_t n,
    struct why *why)
{
	struct why stays = { .kind = FAIL_TEMP,
		.text = "Dovecot did not expunge it" };
	struct why own;

	if (n == 0)
		return 0;
	if (!x->t->run->set.dry_run) {
		(void)expunge(x, v, n, &own);
		if (look(x, why) == -1)
			return -1;
	}
	for (size_t i = 0; i < n; i++) {
		bool there =
		    !x->t->run->set.dry_run && find(x, v[i]->name) != NULL;

		tell(x, UNDO_MESSAGE, v[i]->name,
		    there ? UNDO_FAILED : UNDO_REMOVED, there ? &stays : NULL);
		note_removed(x);
	}
	return 0;
}

/* True if a record is of a message of the mailbox that the run added. */
static bool
is_added(const struct taking *x, size_t number)
{
	const struct journal_record *rec = &x->text->records[number];

	return rec->kind == JOURNAL_ADD && !x->failed[number] &&
	       strcmp(rec->dir, x->dir) == 0;
}

/* Says which messages of the mailbox only force removes. */
static int
foretell_force(struct taking *x, struct why *why)
{
	if (x->m != NULL && look(x, why) == -1)
		return -1;
	for (size_t i = 0; i < x->text->n; i++) {
		const struct journal_record *rec = &x->text->records[i];
		const struct present *p =
		    is_added(x, i) ? find(x, rec->name) : NULL;
		char *message;

		if (p == NULL || !is_changed(p, rec))
			continue;
		message = xasprintf("%s/%s", x->dir, rec->name);
		merge_run_warn_of_force(x->t->run, message);
		free(message);
	}
	forget_present(x);
	return 0;
}

static int
remove_messages(struct taking *x, struct why *why)
{
	const struct journal_record *some[AT_ONCE];
	size_t n = 0;

	for (size_t i = 0; i < x->text->n; i++) {
		const struct journal_record *rec = &x->text->records[i];
		enum undo_status status;

		if (!is_added(x, i))
			continue;
		status = judge(x, rec);
		if (status != UNDO_REMOVED) {
			tell(x, UNDO_MESSAGE, rec->name, status, NULL);
			continue;
		}
		some[n++] = rec;
		if (n < AT_ONCE)
			continue;
		if (remove_some(x, some, n, why) == -1)
			return -1;
		n = 0;
	}
	return remove_some(x, some, n, why);
}

/* Puts back the flags of one message, where they are what the run made them. */
static enum undo_status
restore_one(struct taking *x, const struct journal_record *rec, struct why *why)
{
	const struct present *p = find(x, rec->name);
	unsigned int was = flags_of_info(rec->was);
	unsigned int now = flags_of_info(rec->info);

	if (p == NULL)
		return UNDO_GONE;
	if (p->flags == was)
		return UNDO_RESTORED; /* by a run that was cut off */
	if (p->flags != now)
		return UNDO_CHANGED;
	if (x->t->run->set.dry_run)
		return UNDO_RESTORED;
	if (((now & ~was) != 0 && through_change_flags(x->t, x->m, "remove",
				      now & ~was, &p->uid, 1, why) == -1) ||
	    ((was & ~now) != 0 && through_change_flags(x->t, x->m, "add",
				      was & ~now, &p->uid, 1, why) == -1))
		return UNDO_FAILED;
	return UNDO_RESTORED;
}

static void
restore_flags(struct taking *x)
{
	for (size_t i = 0; i < x->text->n; i++) {
		const struct journal_record *rec = &x->text->records[i];
		struct why why = { 0 };

		if (rec->kind != JOURNAL_FLAGS || strcmp(rec->dir, x->dir) != 0)
			continue;
		tell(x, UNDO_FLAGS, rec->name, restore_one(x, rec, &why), &why);
	}
}

/* True if there is a mailbox where none is looked for: a release before this one
 * made some in namespaces that are not the owner's own. Whether it was ours cannot be
 * known. */
static bool
is_foreign(const struct taking *x)
{
	const struct store *s = &x->t->store;
	char *name = doveadm_mailbox_name(&s->account, x->dir);
	struct why none;
	bool there = name != NULL &&
		     doveadm_mailbox_foreign(&s->account, name) &&
		     doveadm_run(&s->doveadm,
			 DOVEADM_WORDS("mailbox", "status", "-u",
			     s->doveadm.user, "messages", "--", name),
			 NULL, &none) == 0;

	free(name);
	return there;
}

/* Removes a mailbox that the run made and nobody uses. */
static enum undo_status
remove_mailbox(struct taking *x)
{
	const struct doveadm *d = &x->t->store.doveadm;
	struct why why = { 0 };
	enum undo_status status = UNDO_REMOVED;

	if (x->m == NULL && is_foreign(x)) {
		status = UNDO_FAILED;
		(void)why_set(&why, FAIL_DATA,
		    "it is in a namespace that is not the owner's own, and "
		    "stays");
	} else if (x->m == NULL) {
		status = UNDO_GONE;
	} else if (is_used(x)) {
		status = UNDO_IN_USE;
	}
	if (status == UNDO_REMOVED && !x->t->run->set.dry_run &&
	    doveadm_run(d,
		DOVEADM_WORDS("mailbox", "delete", "-u", d->user, "-e", "-s",
		    "--", x->m->name),
		NULL, &why) == -1) {
		status = UNDO_FAILED;
		why.kind = FAIL_DATA; /* the others can go */
	}
	tell(x, UNDO_FOLDER, NULL, status, &why);
	return status;
}

/* A mailbox that stays, and its subscription, which its maker noted before it. */
static void
note_stay(struct taking *x, size_t number)
{
	const struct journal_record *r = x->text->records;

	if (number > 0 && r[number - 1].kind == JOURNAL_SUBSCRIBE &&
	    strcmp(r[number - 1].dir, r[number].dir) == 0)
		heirlooms_add(x->stays, &r[number - 1]);
	heirlooms_add(x->stays, &r[number]);
}

static int
work_on_folder(struct taking *x, struct why *why)
{
	int r = x->m == NULL ? 0 : look(x, why);

	if (r == 0)
		r = remove_messages(x, why);
	if (r == 0)
		restore_flags(x);
	forget_present(x);
	return r;
}

/* Marks what was announced and then did not come. The caller frees it. */
static bool *
find_failed(const struct journal_text *text)
{
	bool *failed = xcalloc(text->n + 1, sizeof *failed);
	struct map names = { 0 };

	for (size_t i = 0; i < text->n; i++)
		if (text->records[i].kind == JOURNAL_ADD)
			*map_put(&names, text->records[i].name, NULL) =
			    &failed[i];
	for (size_t i = 0; i < text->n; i++) {
		void **found = text->records[i].kind == JOURNAL_FAILED
				   ? map_get(&names, text->records[i].name)
				   : NULL;

		if (found != NULL)
			*(bool *)*found = true;
	}
	map_free(&names);
	return failed;
}

/* The folders that the run made, first those below others. */
static int
remove_mailboxes(struct taking *x, struct why *why)
{
	size_t n, *order;

	if (!x->t->run->set.dry_run && store_refresh(&x->t->store, why) == -1)
		return -1;
	order = journal_bottom_up(x->text, &n);
	for (size_t i = 0; i < n; i++) {
		const struct journal_record *rec = &x->text->records[order[i]];

		if (rec->kind != JOURNAL_FOLDER)
			continue;
		x->dir = rec->dir;
		x->m = store_find(&x->t->store, rec->dir);
		if (remove_mailbox(x) == UNDO_IN_USE && !x->t->run->set.dry_run)
			note_stay(x, order[i]);
	}
	free(order);
	return 0;
}

/* Calls fn for each folder in which the run added or changed messages. */
static int
each_folder(struct taking *x, int (*fn)(struct taking *x, struct why *why),
    struct why *why)
{
	struct map seen = { 0 };
	int r = 0;

	for (size_t i = 0; r == 0 && i < x->text->n; i++) {
		const struct journal_record *rec = &x->text->records[i];
		bool fresh = false;

		if (rec->kind == JOURNAL_ADD || rec->kind == JOURNAL_FLAGS)
			(void)map_put(&seen, rec->dir, &fresh);
		if (!fresh)
			continue;
		x->dir = rec->dir;
		x->m = store_find(&x->t->store, rec->dir);
		r = fn(x, why);
	}
	map_free(&seen);
	return r;
}

int
through_take_back(struct through *t, const struct journal_text *text,
    size_t *kept, struct heirlooms *stays, struct why *why)
{
	bool *failed = find_failed(text);
	struct taking x = { .t = t,
		.text = text,
		.failed = failed,
		.kept = kept,
		.stays = stays };
	int r = 0;

	*kept = 0;
	/* All of it is said before any of it is done. */
	if (t->run->set.force)
		r = each_folder(&x, foretell_force, why);
	if (r == 0)
		r = each_folder(&x, work_on_folder, why);
	if (r == 0)
		r = remove_mailboxes(&x, why);
	map_free(&x.removed);
	arena_free(&x.dirs);
	free(failed);
	return r;
}
