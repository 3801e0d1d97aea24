/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "merge/scan.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "core/alloc.h"
#include "core/io.h"
#include "mailbox/unfinished.h"
#include "maildir/control.h"
#include "maildir/folder.h"
#include "maildir/index.h"
#include "maildir/lock.h"
#include "maildir/owner.h"
#include "maildir/reading.h"
#include "maildir/refresh.h"
#include "maildir/subscriptions.h"
#include "merge/history.h"
#include "merge/state.h"

const char *const subscribe_words[] = {
	[SUBSCRIBE_SOURCE] = "source",
	[SUBSCRIBE_ALL] = "all",
	[SUBSCRIBE_NONE] = "none",
};

void
scan_init(struct scan *s)
{
	const struct mdtree closed = { .fd = -1,
		.inbox = -1,
		.control = -1,
		.lock = -1,
		.inbox_lock = -1 };

	*s = (struct scan){ .source_tree = closed,
		.target_tree = closed,
		.away_tree = closed };
	catalogue_init(&s->source, &s->source_tree);
	catalogue_init(&s->target, &s->target_tree);
	catalogue_init(&s->away, &s->away_tree);
}

void
scan_free(struct scan *s)
{
	free(s->plan.fates);
	mark_free(&s->mark);
	mapping_free(s->folders, s->source_tree.n);
	free(s->subscribe);
	catalogue_free(&s->source);
	catalogue_free(&s->target);
	catalogue_free(&s->away);
	mdtree_close(&s->source_tree);
	mdtree_close(&s->target_tree);
	mdtree_close(&s->away_tree);
	folder_list_free(&s->notes);
}

/* True if one path is the other, or lies below it. */
static bool
is_nested(const char *a, const char *b)
{
	size_t len = strlen(a);

	return strncmp(a, b, len) == 0 && (b[len] == '\0' || b[len] == '/');
}

static int
check_apart(const struct scan_options *o, struct why *why)
{
	char *a = realpath(o->source, NULL), *b = NULL;
	int result = 0;

	if (a != NULL)
		b = realpath(o->target, NULL);
	if (b == NULL)
		result = why_errno(
		    why, FAIL_FATAL, "%s", a == NULL ? o->source : o->target);
	else if (is_nested(a, b) || is_nested(b, a))
		result = why_set(why, FAIL_FATAL,
		    "source and target overlap: one is the other, or lies in "
		    "it");
	free(a);
	free(b);
	return result;
}

/* folders.ndjson: where the option says, else in the source or beside it. */
static int
read_notes(struct scan *s, const struct scan_options *o, struct why *why)
{
	static const char *const places[] = { "folders.ndjson",
		"../folders.ndjson" };
	int result = 0;

	if (o->folders != NULL)
		return folder_list_read(&s->notes, o->folders, why);
	for (size_t i = 0; i < 2; i++) {
		char *path = xasprintf("%s/%s", o->source, places[i]);
		struct stat st;
		bool there = stat(path, &st) == 0;

		if (!there && errno != ENOENT && errno != ENOTDIR)
			result = why_errno(why, FAIL_FATAL, "%s", path);
		else if (there && !S_ISREG(st.st_mode)) /* a FIFO would wait */
			result = why_set(
			    why, FAIL_FATAL, "%s: not a regular file", path);
		else if (there)
			result = folder_list_read(&s->notes, path, why);
		free(path);
		if (there || result == -1)
			break;
	}
	return result;
}

int
scan_target(struct scan *s, const struct scan_options *o, struct why *why)
{
	int fd = open(o->target, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct tree_hint hint = o->target_hint;
	int result = 0;

	/* What cannot be read could hold any of the source's messages. */
	hint.strict = !o->match.ignore_unreadable;
	hint.follow = o->follow;
	hint.side = "target";
	hint.new = true;
	if (fd == -1)
		return why_errno(why, FAIL_FATAL, "%s", o->target);
	if (o->owner)
		result = become_owner(fd, o->target, why);
	(void)close(fd);
	if (result == -1 ||
	    mdtree_open(&s->target_tree, o->target, &hint, why) == -1)
		return -1;
	s->target_tree.owner =
	    o->whose.known ? o->whose : owner_of_dir(s->target_tree.fd);
	if (mdtree_lock(&s->target_tree, why) == -1)
		return -1;
	return mark_read(&s->mark, s->target_tree.fd, why);
}

enum {
	PASSES = 250,
	AGREEING = 3,
	PAUSE = 20000000 /* ns, between two of them */
};

int
scan_say_restless(const struct mdtree *target, struct why *why)
{
	return why_set(why, FAIL_TEMP,
	    "%s: messages or folders are moved in it without a pause; nothing "
	    "was added: run this again when its owner does less",
	    target->root);
}

/*
 * While the target is listed, a client can rename a folder, or move a message
 * from a folder that comes late into one that was listed before: either could
 * be missed. So it is looked at again until a pass finds all as it was listed:
 * at the beginning of that pass, the list was true of the whole target. Where
 * flags change or mail is delivered without a pause there is no such pass; then
 * it is enough that several in a row find each message where it was, which only
 * one that goes to and fro in time with them could escape.
 */
static int
list_quiet(struct catalogue *target, struct why *why)
{
	const struct timespec pause = { .tv_nsec = PAUSE };

	for (int pass = 0, agree = 0; pass < PASSES; pass++) {
		enum refresh found;

		/* What the last pass found new has to be known, too. */
		if (catalogue_refresh(target, &found, why) == -1 ||
		    catalogue_read_ids(target, 0, why) == -1)
			return -1;
		agree = found == REFRESH_OTHER ? 0 : agree + 1;
		if (agree == AGREEING || (agree > 0 && found == REFRESH_SAME))
			return 0;
		(void)nanosleep(&pause, NULL);
	}
	return scan_say_restless(target->tree, why);
}

/* Lists both trees, or the source alone, and looks for their Message-IDs. */
static int
take_stock(
    struct scan *s, const struct scan_options *o, bool both, struct why *why)
{
	struct index *index;
	int r = -1;

	if (o->index != NULL && index_check(o->index, why) == -1)
		return -1;
	index = o->index == NULL ? NULL : index_open(o->index);
	s->source.index = s->target.index = index;
	s->source.stamps = s->target.stamps = o->verify_index;
	s->source.jobs = s->target.jobs = o->jobs;
	if (catalogue_list(&s->source, why) == 0 &&
	    catalogue_read_ids(&s->source, 0, why) == 0)
		r = 0;
	if (r == 0 && both &&
	    (catalogue_list(&s->target, why) == -1 ||
		catalogue_read_ids(&s->target, 0, why) == -1 ||
		list_quiet(&s->target, why) == -1))
		r = -1;
	s->source.index = s->target.index = NULL;
	s->indexed = index_count(index);
	index_free(index);
	return r;
}

/* What was merged before and removed since is not added again. */
static int
heed_earlier(struct scan *s, const struct scan_options *o, struct why *why)
{
	struct history history = { 0 };
	const struct history_faults faults = {
		.strict = !o->match.ignore_unreadable, .warn = o->warn
	};
	char *dir = state_dir(o->state);
	int result = s->mark.target == 0
			 ? 0
			 : history_load(&history, dir, &s->mark, &faults, why);

	if (result == 0)
		history_apply(&history, &s->plan);
	s->unmarked = history.unmarked;
	if (!o->readd && history.known < s->mark.n)
		s->unknown = s->mark.n - history.known;
	s->removed = history.skipped;
	history_free(&history);
	free(dir);
	return result;
}

/* Opens the source. What archive2maildir wrote has the tree of mail in it, in the
 * directory "mail", beside the calendars. */
static int
open_source(struct scan *s, const struct scan_options *o, struct why *why)
{
	struct tree_hint hint = o->source_hint;
	char *work = xasprintf("%s/" TREE_WORK_DIR, o->source);
	char *mail = xasprintf("%s/mail", o->source);
	char *parent = xasprintf("%s/..", o->source);
	int above = name_exists(AT_FDCWD, work), r;

	if (above == 1)
		above = name_exists(AT_FDCWD, mail);
	r = above == -1 ? why_errno(why, FAIL_FATAL, "%s", o->source)
			: tree_is_finished(above ? o->source : parent, why);
	hint.follow = o->follow;
	hint.side = "source";
	hint.mixed = true;
	if (r == 0)
		r = mdtree_open(
		    &s->source_tree, above ? mail : o->source, &hint, why);
	free(work);
	free(mail);
	free(parent);
	return r;
}

int
scan_source(struct scan *s, const struct scan_options *o, struct why *why)
{
	if (open_source(s, o, why) == -1 || read_notes(s, o, why) == -1)
		return -1;
	return take_stock(s, o, false, why);
}

int
scan_tree(struct scan *s, const struct scan_options *o, struct why *why)
{
	if (check_apart(o, why) == -1 || scan_target(s, o, why) == -1 ||
	    open_source(s, o, why) == -1 || read_notes(s, o, why) == -1 ||
	    take_stock(s, o, true, why) == -1)
		return -1;
	return scan_match(s, o, why);
}

/* The folder of a path, added where the target lacks it; NULL where Dovecot
 * could not open it. */
static struct mdfolder *
take_folder(struct mdtree *t, const char *path)
{
	struct buf dir = { 0 };
	size_t n = t->n;

	for (size_t i = 0; i < t->n; i++)
		if (t->folders[i].path != NULL &&
		    strcmp(t->folders[i].path, path) == 0)
			return &t->folders[i];
	if (folder_put_dir(&dir, path, &t->style, NULL) == 0)
		n = mdtree_add(t, buf_str(&dir), path);
	buf_free(&dir);
	return t->folders != NULL && n < t->n ? &t->folders[n] : NULL;
}

/* True if the target has a folder for that, or will. */
static bool
has_role(const struct mdtree *t, const char *role)
{
	for (size_t i = 0; i < t->n; i++)
		if (t->folders[i].path != NULL && t->folders[i].role != NULL &&
		    strcmp(t->folders[i].role, role) == 0)
			return true;
	return false;
}

/* Roles that were asked for are right; a name that suggests one of them to
 * another folder is not. */
static void
state_roles(struct mdtree *t, const struct scan_options *o)
{
	for (size_t i = 0; i < o->n_roles; i++) {
		const struct scan_role *said = &o->roles[i];
		struct mdfolder *f = said->unmade && has_role(t, said->role)
					 ? NULL
					 : take_folder(t, said->path);

		for (size_t j = 0; f != NULL && j < t->n; j++) {
			struct mdfolder *other = &t->folders[j];

			if (other->role == NULL || other->role_stated ||
			    strcmp(other->role, said->role) != 0)
				continue;
			free(other->role);
			other->role = NULL;
		}
		if (f == NULL)
			continue;
		free(f->role);
		f->role = xstrdup(said->role);
		f->role_stated = true;
	}
}

/* Folders that the target would have to be given, and that nothing goes to, are
 * not made. */
static void
leave_unused(struct scan *s, size_t existing)
{
	for (size_t i = 0; i < existing; i++) {
		bool used = false;

		for (size_t j = 0; j < s->source_tree.n && !used; j++)
			used = s->folders[j].fault == NULL &&
			       s->folders[j].folder == i;
		if (!used)
			s->target_tree.folders[i].missing = false;
	}
}

/* Lists what the owner has in other places, after the target: what is moved into it
 * afterwards is seen there. */
static int
list_away(struct scan *s, const struct scan_options *o, struct why *why)
{
	struct why own = { 0 };
	struct buf text = { 0 };

	if (o->list_away(o->away, &s->away, &own) == 0)
		return 0;
	buf_addf(&text,
	    "%s: mail in another namespace, which can have copies, cannot be "
	    "read: %s",
	    s->target_tree.root, own.text);
	if (!o->match.ignore_unreadable) {
		(void)why_set(why, own.kind, "%s; see --ignore-unreadable",
		    buf_str(&text));
	} else if (o->warn != NULL) {
		o->warn(buf_str(&text));
	}
	buf_free(&text);
	return o->match.ignore_unreadable ? 0 : -1;
}

/* What is wrong with a folder of the target, where nobody else knows; the caller
 * frees it. */
static char *
refuse(void *tree, const char *path, const char *dir)
{
	const struct mdtree *t = tree;

	(void)path;
	return owner_is_kept_out(&t->owner, t->root, dir)
		   ? xstrdup(OWNER_KEPT_OUT)
		   : NULL;
}

/* Matches folders, and messages as they were listed. */
static int
match_listed(struct scan *s, const struct scan_options *o, struct why *why)
{
	struct mapping_options mapping = o->mapping;
	size_t existing;

	if (mapping.refuse == NULL) {
		mapping.refuse = refuse;
		mapping.arg = &s->target_tree;
	}
	if (o->list_away != NULL && o->match.scope == SCOPE_ACCOUNT &&
	    list_away(s, o, why) == -1)
		return -1;
	state_roles(&s->target_tree, o);
	mapping_hide(&mapping, &s->target_tree);
	existing = s->target_tree.n;
	s->folders =
	    map_folders(&s->source_tree, &s->target_tree, &s->notes, &mapping);
	leave_unused(s, existing);
	s->plan = (struct merge_plan){ &s->source, &s->target, &s->away,
		s->folders, o->match, NULL };
	return pairing_make(&s->plan, why);
}

/* True if a message of the target was not where it was listed when it was to be
 * read: it can be in another place by now. */
static bool
target_lost_some(const struct scan *s)
{
	for (size_t i = 0; i < s->target.n; i++)
		if ((s->target.entries[i].state & ENTRY_GONE) != 0)
			return true;
	return false;
}

static int
list_again(struct catalogue *target, struct why *why)
{
	const struct catalogue_reader *reader = target->reader;

	return reader == NULL ? list_quiet(target, why)
			      : reader->list_again(reader->arg, target, why);
}

/* Takes back what match_listed did, to a target of so many folders. */
static void
unmatch(struct scan *s, size_t folders)
{
	for (size_t i = 0; i < s->source.n; i++)
		s->source.entries[i].state &= (unsigned char)~ENTRY_WANT;
	free(s->plan.fates);
	s->plan.fates = NULL;
	mapping_free(s->folders, s->source_tree.n);
	s->folders = NULL;
	while (s->target_tree.n > folders)
		mdtree_forget(&s->target_tree, s->target_tree.n - 1);
}

int
scan_match(struct scan *s, const struct scan_options *o, struct why *why)
{
	size_t folders;

	if (mapping_check(&o->mapping, &s->source_tree, why) == -1)
		return -1;
	for (int round = 0; round < PASSES; round++) {
		folders = s->target_tree.n;
		if (match_listed(s, o, why) == -1)
			return -1;
		if (!target_lost_some(s))
			return o->readd ? 0 : heed_earlier(s, o, why);
		unmatch(s, folders);
		if (list_again(&s->target, why) == -1)
			return -1;
	}
	return scan_say_restless(&s->target_tree, why);
}

int
scan_save_index(
    const struct scan *s, const struct scan_options *o, struct why *why)
{
	const struct catalogue *both[] = { &s->source, &s->target };

	if (o->index == NULL)
		return 0;
	/* Nothing to write where it knew all, and no more than there is. */
	if (!s->source.learned && !s->target.learned &&
	    s->indexed == index_worth(&s->source) + index_worth(&s->target))
		return 0;
	return index_save(o->index, both, 2, why);
}

/* True if the source has the folder subscribed, or does not say. */
static bool
source_subscribed(const struct scan *s, const char *dir)
{
	const struct folder_note *note = folder_list_find(&s->notes, dir);
	bool there = false, yes;

	if (note != NULL)
		return note->subscribed;
	yes = is_subscribed(
	    s->source_tree.control, dir, &s->source_tree.style, &there);
	return yes || !there;
}

const bool *
scan_subscriptions(struct scan *s, enum subscribe_policy policy)
{
	free(s->subscribe);
	s->subscribe = xcalloc(s->target_tree.n + 1, sizeof *s->subscribe);
	for (size_t i = 0; i < s->source_tree.n; i++) {
		const struct target_folder *to = &s->folders[i];

		if (to->fault == NULL && to->create &&
		    policy != SUBSCRIBE_NONE &&
		    (policy == SUBSCRIBE_ALL ||
			source_subscribed(s, s->source_tree.folders[i].dir)))
			s->subscribe[to->folder] = true;
	}
	return s->subscribe;
}
