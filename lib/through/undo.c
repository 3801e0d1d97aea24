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
#include "through/present.h"

enum {
	AT_ONCE = 200,      /* messages that one call names */
	NAMES_AT_ONCE = 100 /* mailboxes removed with one call */
};

/* A message that is to go. */
struct doomed {
	struct taken_folder *place;
	const struct journal_record *rec;
};

struct taking {
	struct through *t;
	const struct journal_text *text;
	const bool *failed;
	struct taken_folder *places;
	size_t n_places, cap_places;
	struct map by_dir;  /* the number of the place, and 1 */
	struct map removed; /* how many, by the folder */
	struct arena dirs;
	struct doomed doomed[AT_ONCE]; /* what the next call expunges */
	size_t n_doomed;
	size_t *kept;
	struct heirlooms *stays;
};

static void
tell(const struct taking *x, const char *dir, enum undo_object object,
    const char *name, enum undo_status status, const struct why *why)
{
	const struct merge_events *on = &x->t->run->on;
	struct undo_result r = { object, status, dir, name, { 0 } };

	if (why != NULL)
		r.why = *why;
	if (status == UNDO_FAILED ||
	    (object == UNDO_MESSAGE && status == UNDO_CHANGED))
		(*x->kept)++;
	on->undone(on->arg, &r);
}

/* Lists the folders from one number to another. */
static int
look(struct taking *x, size_t from, size_t to, struct why *why)
{
	struct taken_folder *some[FOLDERS_AT_ONCE];
	size_t n = 0;

	for (size_t i = from; i < to; i++)
		if (x->places[i].m != NULL && x->places[i].m->messages > 0)
			some[n++] = &x->places[i];
	return n == 0 ? 0 : present_look(&x->t->store.doveadm, some, n, why);
}

static unsigned int
flags_of_info(const char *info)
{
	return info == NULL ? 0 : mdname_flags(info);
}

/* Adds the words that name messages of one mailbox by their UIDs and their GUIDs:
 * those and no others. */
static void
add_query(struct doveadm_args *args, struct arena *texts,
    const struct doomed *v, size_t n)
{
	const struct taken_folder *p = v->place;
	struct buf list = { 0 };
	uint32_t uids[AT_ONCE];

	for (size_t i = 0; i < n; i++)
		uids[i] = present_find(p, v[i].rec->name)->uid;
	doveadm_put_uids(&list, uids, n);
	doveadm_args_add(args, "mailbox");
	doveadm_args_add(args, p->m->name);
	doveadm_args_add(args, "mailbox-guid");
	doveadm_args_add(args, p->m->guid);
	doveadm_args_add(args, "uid");
	doveadm_args_add(args, arena_adds(texts, buf_str(&list)));
	doveadm_args_add(args, "(");
	for (size_t i = 0; i < n; i++) {
		if (i > 0)
			doveadm_args_add(args, "OR");
		doveadm_args_add(args, "guid");
		doveadm_args_add(args, v[i].rec->name);
	}
	doveadm_args_add(args, ")");
	buf_free(&list);
}

/* Where the messages of the next mailbox begin. */
static size_t
next_place(const struct doomed *v, size_t from, size_t n)
{
	size_t to = from + 1;

	while (to < n && v[to].place == v[from].place)
		to++;
	return to;
}

static void
expunge(struct taking *x, const struct doomed *v, size_t n)
{
	struct doveadm_args args = { 0 };
	struct arena texts = { 0 };
	bool several = next_place(v, 0, n) < n;
	struct why own; /* whether they are gone is seen */

	doveadm_args(&args, &x->t->store.doveadm,
	    DOVEADM_WORDS("expunge", "-u", x->t->store.doveadm.user, "--"));
	for (size_t from = 0, to; from < n; from = to) {
		to = next_place(v, from, n);
		if (from > 0)
			doveadm_args_add(&args, "OR");
		if (several)
			doveadm_args_add(&args, "(");
		add_query(&args, &texts, v + from, to - from);
		if (several)
			doveadm_args_add(&args, ")");
	}
	(void)doveadm_read(&args, NULL, &own);
	doveadm_args_free(&args);
	arena_free(&texts);
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
judge(const struct taking *x, const struct taken_folder *p,
    const struct journal_record *rec)
{
	const struct present *is = present_find(p, rec->name);

	if (is == NULL)
		return UNDO_GONE;
	return x->t->run->set.force || !is_changed(is, rec) ? UNDO_REMOVED
							    : UNDO_CHANGED;
}

/* How many messages of a folder were removed. */
static size_t
n_removed(struct taking *x, const char *dir, size_t more)
{
	void **n = map_put_copy(&x->removed, &x->dirs, dir, NULL);

	*n = (void *)((uintptr_t)*n + more);
	return (uintptr_t)*n;
}

/* True if the mailbox holds more than what the run added and a dry run would
 * remove; what a run has removed is gone already. */
static bool
is_used(struct taking *x, const char *dir, const struct doveadm_mailbox *m)
{
	int64_t removed =
	    x->t->run->set.dry_run ? (int64_t)n_removed(x, dir, 0) : 0;

	return m->messages > removed;
}

/* Asks for the mailboxes of all folders again. 0, or -1 and why: one that something
 * was removed from is gone. */
static int
refresh(struct taking *x, struct why *why)
{
	const struct store *store = &x->t->store;

	if (store_refresh(&x->t->store, why) == -1)
		return -1;
	for (size_t i = 0; i < x->n_places; i++)
		x->places[i].m = store_find(store, x->places[i].dir);
	for (size_t i = 0; i < x->n_doomed; i++) {
		const struct taken_folder *p = x->doomed[i].place;

		if (p->m == NULL || strcmp(p->m->guid, p->guid) != 0)
			return why_set(why, FAIL_FATAL,
			    "%s: the mailbox is gone; run it again", p->dir);
	}
	return 0;
}

/* Lists the mailboxes of the doomed once more, which are of one group. */
static int
look_again(struct taking *x, struct why *why)
{
	size_t n = x->n_doomed;
	size_t from = (size_t)(x->doomed[0].place - x->places);
	size_t to = (size_t)(x->doomed[n - 1].place - x->places) + 1;

	for (size_t i = from; i < to; i++)
		present_forget(&x->places[i]);
	return refresh(x, why) == -1 ? -1 : look(x, from, to, why);
}

static bool
is_there(const struct doomed *v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (present_find(v[i].place, v[i].rec->name) != NULL)
			return true;
	return false;
}

/* Has Dovecot expunge the doomed. What it leaves of several mailboxes is asked for
 * once more, of each mailbox alone: it passes over one that it does not list. */
static int
remove_doomed(struct taking *x, struct why *why)
{
	struct doomed *v = x->doomed;
	size_t n = x->n_doomed;
	bool again = false;

	expunge(x, v, n);
	if (look_again(x, why) == -1)
		return -1;
	for (size_t from = 0, to; next_place(v, 0, n) < n && from < n;
	     from = to) {
		struct doomed left[AT_ONCE];
		size_t n_left = 0;

		to = next_place(v, from, n);
		for (size_t i = from; i < to; i++)
			if (is_there(&v[i], 1))
				left[n_left++] = v[i];
		if (n_left > 0)
			expunge(x, left, n_left);
		again |= n_left > 0;
	}
	return again ? look_again(x, why) : 0;
}

/* Removes the doomed and looks whether they are gone. */
static int
end_doomed(struct taking *x, struct why *why)
{
	const struct why stays = { .kind = FAIL_TEMP,
		.text = "Dovecot did not expunge it" };
	bool dry = x->t->run->set.dry_run;

	if (x->n_doomed > 0 && !dry && remove_doomed(x, why) == -1)
		return -1;
	for (size_t i = 0; i < x->n_doomed; i++) {
		const struct doomed *d = &x->doomed[i];
		bool there = !dry && is_there(d, 1);

		tell(x, d->place->dir, UNDO_MESSAGE, d->rec->name,
		    there ? UNDO_FAILED : UNDO_REMOVED, there ? &stays : NULL);
		(void)n_removed(x, d->place->dir, 1);
	}
	x->n_doomed = 0;
	return 0;
}

/* The place of a record of a kind; NULL where it is none. */
static struct taken_folder *
place_of(struct taking *x, size_t number, enum journal_kind kind)
{
	const struct journal_record *rec = &x->text->records[number];
	void **found = rec->kind == kind && !x->failed[number]
			   ? map_get(&x->by_dir, rec->dir)
			   : NULL;

	return found == NULL ? NULL : &x->places[(uintptr_t)*found - 1];
}

/* Where the places end that are dealt with together: what is removed from them is
 * named in one call, so that they were looked at right before. */
static size_t
next_group(const struct taking *x, size_t from)
{
	size_t to = from + 1, n = x->places[from].added;

	while (to < x->n_places && to - from < FOLDERS_AT_ONCE &&
	       n + x->places[to].added <= AT_ONCE)
		n += x->places[to++].added;
	return to;
}

/* Says which messages only force removes. */
static int
foretell_force(struct taking *x, struct why *why)
{
	for (size_t from = 0, to; from < x->n_places; from = to) {
		to = next_group(x, from);
		if (look(x, from, to, why) == -1)
			return -1;
	}
	for (size_t i = 0; i < x->text->n; i++) {
		const struct journal_record *rec = &x->text->records[i];
		const struct taken_folder *p = place_of(x, i, JOURNAL_ADD);
		const struct present *is =
		    p == NULL ? NULL : present_find(p, rec->name);
		char *message;

		if (is == NULL || !is_changed(is, rec))
			continue;
		message = xasprintf("%s/%s", p->dir, rec->name);
		merge_run_warn_of_force(x->t->run, message);
		free(message);
	}
	return 0;
}

/* The messages of one folder. */
static int
remove_messages(struct taking *x, const struct taken_folder *p, struct why *why)
{
	for (size_t i = 0; i < x->text->n; i++) {
		const struct journal_record *rec = &x->text->records[i];
		enum undo_status status;

		if (place_of(x, i, JOURNAL_ADD) != p)
			continue;
		status = judge(x, p, rec);
		if (status != UNDO_REMOVED) {
			tell(x, p->dir, UNDO_MESSAGE, rec->name, status, NULL);
			continue;
		}
		if (x->n_doomed == AT_ONCE && end_doomed(x, why) == -1)
			return -1;
		x->doomed[x->n_doomed++] =
		    (struct doomed){ &x->places[p - x->places], rec };
	}
	return 0;
}

/* Puts back the flags of one message, where they are what the run made them. */
static enum undo_status
restore_one(struct taking *x, const struct taken_folder *place,
    const struct journal_record *rec, struct why *why)
{
	const struct present *p = present_find(place, rec->name);
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
	if (((now & ~was) != 0 && through_change_flags(x->t, place->m, "remove",
				      now & ~was, &p->uid, 1, why) == -1) ||
	    ((was & ~now) != 0 && through_change_flags(x->t, place->m, "add",
				      was & ~now, &p->uid, 1, why) == -1))
		return UNDO_FAILED;
	return UNDO_RESTORED;
}

static void
restore_flags(struct taking *x, size_t from, size_t to)
{
	for (size_t i = 0; i < x->text->n; i++) {
		const struct journal_record *rec = &x->text->records[i];
		const struct taken_folder *p = place_of(x, i, JOURNAL_FLAGS);
		struct why why = { 0 };

		if (p != NULL && p >= x->places + from && p < x->places + to)
			tell(x, p->dir, UNDO_FLAGS, rec->name,
			    restore_one(x, p, rec, &why), &why);
	}
}

static int
work_on_all(struct taking *x, struct why *why)
{
	for (size_t from = 0, to; from < x->n_places; from = to) {
		to = next_group(x, from);
		if (look(x, from, to, why) == -1)
			return -1;
		for (size_t i = from; i < to; i++)
			if (remove_messages(x, &x->places[i], why) == -1)
				return -1;
		if (end_doomed(x, why) == -1)
			return -1;
		restore_flags(x, from, to);
		for (size_t i = from; i < to; i++)
			present_forget(&x->places[i]);
	}
	return 0;
}

/* True if there is a mailbox where none is looked for: a release before this one
 * made some in namespaces that are not the owner's own. Whether it was ours cannot be
 * known. */
static bool
is_foreign(const struct taking *x, const char *dir)
{
	const struct store *s = &x->t->store;
	char *name = doveadm_mailbox_name(&s->account, dir);
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

/* A mailbox that the run made. */
struct made {
	size_t number; /* of its record */
	const char *dir;
	char *name; /* NULL: there is none, or it stays */
	enum undo_status status;
	struct why why;
};

/* What is to become of it: it goes where nobody uses it. */
static void
judge_mailbox(struct taking *x, struct made *made)
{
	const struct doveadm_mailbox *m = store_find(&x->t->store, made->dir);

	made->status = UNDO_REMOVED;
	if (m == NULL && is_foreign(x, made->dir)) {
		made->status = UNDO_FAILED;
		(void)why_set(&made->why, FAIL_DATA,
		    "it is in a namespace that is not the owner's own, and "
		    "stays");
	} else if (m == NULL) {
		made->status = UNDO_GONE;
	} else if (is_used(x, made->dir, m)) {
		made->status = UNDO_IN_USE;
	} else if (!x->t->run->set.dry_run) {
		made->name = xstrdup(m->name);
	}
}

/* Has Dovecot remove some. 0, or -1 and why: not all of them. */
static int
delete_some(
    const struct taking *x, const struct made *v, size_t n, struct why *why)
{
	const struct doveadm *d = &x->t->store.doveadm;
	struct doveadm_args args = { 0 };
	size_t named = 0;
	int r = 0;

	doveadm_args(&args, d,
	    DOVEADM_WORDS(
		"mailbox", "delete", "-u", d->user, "-e", "-s", "--"));
	for (size_t i = 0; i < n; i++)
		if (v[i].name != NULL) {
			doveadm_args_add(&args, v[i].name);
			named++;
		}
	if (named > 0)
		r = doveadm_read(&args, NULL, why);
	doveadm_args_free(&args);
	return r;
}

/* Removes all. Of those that a call for many has left, each is asked for alone, which
 * says why it stays. */
static int
delete_all(struct taking *x, struct made *v, size_t n, struct why *why)
{
	bool left = false;

	for (size_t i = 0; i < n; i += NAMES_AT_ONCE) {
		size_t some = n - i < NAMES_AT_ONCE ? n - i : NAMES_AT_ONCE;
		struct why own;

		left |= delete_some(x, v + i, some, &own) == -1;
	}
	if (left && store_refresh(&x->t->store, why) == -1)
		return -1;
	for (size_t i = 0; left && i < n; i++)
		if (v[i].name != NULL &&
		    store_find(&x->t->store, v[i].dir) != NULL &&
		    delete_some(x, &v[i], 1, &v[i].why) == -1) {
			v[i].status = UNDO_FAILED;
			v[i].why.kind = FAIL_DATA; /* the others can go */
		}
	return 0;
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
	struct made *v = xcalloc(x->text->n + 1, sizeof *v);
	size_t n_order, *order, n = 0;
	bool dry = x->t->run->set.dry_run;
	int r = dry ? 0 : store_refresh(&x->t->store, why);

	order = journal_bottom_up(x->text, &n_order);
	for (size_t i = 0; r == 0 && i < n_order; i++) {
		const struct journal_record *rec = &x->text->records[order[i]];

		if (rec->kind != JOURNAL_FOLDER)
			continue;
		v[n] = (struct made){ .number = order[i], .dir = rec->dir };
		judge_mailbox(x, &v[n++]);
	}
	if (r == 0)
		r = delete_all(x, v, n, why);
	for (size_t i = 0; i < n; i++) {
		if (r == 0)
			tell(x, v[i].dir, UNDO_FOLDER, NULL, v[i].status,
			    &v[i].why);
		if (r == 0 && v[i].status == UNDO_IN_USE && !dry)
			note_stay(x, v[i].number);
		free(v[i].name);
	}
	free(order);
	free(v);
	return r;
}

static void
note_place(struct taking *x, const char *dir)
{
	const struct doveadm_mailbox *m = store_find(&x->t->store, dir);

	x->places =
	    xgrow(x->places, x->n_places, &x->cap_places, sizeof *x->places);
	x->places[x->n_places++] = (struct taken_folder){
		.dir = dir, .m = m, .guid = m == NULL ? NULL : xstrdup(m->guid)
	};
}

/* Notes each folder in which the run added or changed messages. */
static void
find_places(struct taking *x)
{
	for (size_t i = 0; i < x->text->n; i++) {
		const struct journal_record *rec = &x->text->records[i];
		bool fresh;
		void **number;

		if (rec->kind != JOURNAL_ADD && rec->kind != JOURNAL_FLAGS)
			continue;
		number = map_put(&x->by_dir, rec->dir, &fresh);
		if (fresh) {
			note_place(x, rec->dir);
			*number = (void *)(uintptr_t)x->n_places;
		}
		x->places[(uintptr_t)*number - 1].added +=
		    rec->kind == JOURNAL_ADD;
	}
}

static void
forget_places(struct taking *x)
{
	for (size_t i = 0; i < x->n_places; i++) {
		present_forget(&x->places[i]);
		free(x->places[i].guid);
	}
	free(x->places);
	x->places = NULL;
	x->n_places = x->cap_places = 0;
	map_free(&x->by_dir);
}

int
through_take_back(struct through *t, const struct journal_text *text,
    size_t *kept, struct heirlooms *stays, struct why *why)
{
	bool *failed = find_failed(text);
	struct taking *x = xcalloc(1, sizeof *x);
	int r;

	*x = (struct taking){ .t = t,
		.text = text,
		.failed = failed,
		.kept = kept,
		.stays = stays };
	*kept = 0;
	find_places(x);
	/* All of it is said before any of it is done. */
	r = t->run->set.force ? foretell_force(x, why) : 0;
	if (r == 0)
		r = work_on_all(x, why);
	forget_places(x);
	if (r == 0)
		r = remove_mailboxes(x, why);
	map_free(&x->removed);
	arena_free(&x->dirs);
	free(x);
	free(failed);
	return r;
}
