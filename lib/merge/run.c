/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "merge/run.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/num.h"
#include "maildir/quota.h"
#include "merge/state.h"

void
merge_run_init(struct merge_run *r, const struct merge_settings *set,
    const struct merge_events *on)
{
	*r = (struct merge_run){ .set = *set, .on = *on, .journal.fd = -1 };
	scan_init(&r->scan);
}

void
merge_run_free(struct merge_run *r)
{
	merge_free(&r->merge);
	scan_free(&r->scan);
	free(r->relisted);
	free(r->path);
}

void
merge_run_remark(const struct merge_run *r, enum remark kind, const char *where,
    const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	r->on.remark(r->on.arg, kind, where, text);
}

void
merge_run_warn_of_force(const struct merge_run *r, const char *message)
{
	merge_run_remark(r, REMARK_WARNING, message,
	    "changed since it was added; --force removes it");
}

void
merge_run_warn_of_list(const struct merge_run *r)
{
	merge_run_remark(r, REMARK_WARNING, r->set.scan.target,
	    "%s: clients see what it was before, a folder or none, until "
	    "Dovecot makes or removes a mailbox: doveadm mailbox create -u "
	    "USER x; doveadm mailbox delete -u USER x",
	    r->relisted);
}

static void
settled(void *arg, size_t number)
{
	struct merge_run *r = arg;

	r->scan.plan.fates[number].settled = true;
	r->on.settled(r->on.arg, number);
}

/* A folder of the target that cannot be made. */
static void
refused(void *arg, const char *dir, const struct why *why)
{
	struct merge_run *r = arg;

	r->on.failed(r->on.arg, r->set.scan.target, dir, why);
}

/* A message of the target that keeps its flags against the policy. */
static void
keeps_flags(void *arg, uint32_t twin, const struct why *why)
{
	struct merge_run *r = arg;
	struct buf path = { 0 };

	entry_put_path(&path, &r->scan.target, &r->scan.target.entries[twin]);
	r->on.failed(r->on.arg, r->set.scan.target, buf_str(&path), why);
	buf_free(&path);
}

/* The folders of the source that cannot be read, which is a failure; and those
 * that have no place in the target, which only fails the messages in them. */
static void
report_folders(struct merge_run *r)
{
	const struct mdtree *t = &r->scan.source_tree;
	const char *source = r->set.scan.source;

	for (size_t i = 0; i < t->n; i++) {
		const struct mdfolder *f = &t->folders[i];
		struct why why = { 0 };

		if (f->fault != NULL) {
			(void)why_set(&why, FAIL_DATA, "%s", f->fault);
			r->on.failed(r->on.arg, source, f->dir, &why);
		} else if (r->scan.folders[i].fault != NULL) {
			merge_run_remark(r, REMARK_WARNING, source, "%s: %s",
			    f->dir, r->scan.folders[i].fault);
		}
	}
}

bool
merge_run_has_work(const struct merge_run *r)
{
	for (size_t i = 0; i < r->scan.target_tree.n; i++)
		if (r->scan.target_tree.folders[i].missing)
			return true;
	return r->merge.n > 0 ||
	       flags_differing(&r->scan.plan, r->set.flags) > 0;
}

void
merge_run_tell_flags(const struct merge_run *r, size_t changed)
{
	if (changed > 0)
		merge_run_remark(r, REMARK_ADVICE, NULL,
		    "%zu message%s get%s other flags", changed, plural(changed),
		    changed == 1 ? "s" : "");
}

static int
write_all_changes(struct merge_run *r, struct why *why)
{
	const struct journal_record end = { .kind = JOURNAL_END };
	struct flag_run flags = {
		.plan = &r->scan.plan,
		.policy = r->set.flags,
		.journal = &r->journal,
		.failed = keeps_flags,
		.arg = r,
	};

	if (merge_execute(&r->merge, why) == -1 ||
	    flags_apply(&flags, why) == -1)
		return -1;
	merge_run_tell_flags(r, flags.changed);
	r->merge.lost_keywords += flags.lost_keywords;
	journal_put(&r->journal, &end);
	return 0;
}

void
merge_run_settle_all(struct merge_run *r)
{
	for (size_t i = 0; i < r->scan.source.n; i++)
		settled(r, i);
}

int
merge_run_journal(struct merge_run *r, struct why *why)
{
	char *dir = state_dir(r->set.scan.state);
	struct why unknown;
	int result;

	if (r->scan.mark.target == 0)
		r->scan.mark.target = mark_random();
	r->merge.run = mark_random();
	result = state_journal(&r->journal, r->set.journal, dir,
	    &r->scan.source_tree, &r->scan.target_tree, &r->scan.mark,
	    r->merge.run, why);
	if (result == 0 && r->set.journal != NULL &&
	    state_note_journal(
		dir, r->journal.path, r->scan.mark.target, &unknown) == -1)
		merge_run_remark(r, REMARK_WARNING, NULL,
		    "%s: later runs do not know of this journal: what they "
		    "find removed they add again",
		    unknown.text);
	free(dir);
	if (result == -1)
		return -1;
	r->path = xstrdup(r->journal.path);
	merge_run_remark(
	    r, REMARK_JOURNAL, NULL, "the journal of this run is %s", r->path);
	return 0;
}

void
merge_run_say_broken_off(const struct merge_run *r)
{
	size_t added = 0, left = 0;

	if (r->path == NULL)
		return;
	for (size_t i = 0; i < r->scan.source.n; i++) {
		const struct fate *f = &r->scan.plan.fates[i];

		if (f->outcome == OUT_ADD)
			*(f->settled ? &added : &left) += 1;
	}
	merge_run_remark(r, REMARK_JOURNAL, NULL,
	    "broke off: %zu message%s added, %zu left; the journal is %s",
	    added, plural(added), left, r->path);
}

static int
execute(struct merge_run *r, struct why *why)
{
	struct why late = { 0 };
	int result;

	merge_sweep(&r->scan.target_tree);
	if (!merge_run_has_work(r)) {
		merge_run_settle_all(r);
		return 0;
	}
	result = merge_run_journal(r, why);
	/* From then on the journal counts. */
	if (result == 0)
		result = mark_add(
		    &r->scan.mark, r->scan.target_tree.fd, r->merge.run, why);
	if (result == 0)
		result = write_all_changes(r, why);
	if (r->journal.fd != -1 && journal_close(&r->journal, &late) == -1 &&
	    result == 0) {
		*why = late;
		result = -1;
	}
	return result;
}

static void
warn_of_quota(const struct merge_run *r)
{
	struct quota q;

	if (quota_read(&q, r->scan.target_tree.control) && r->merge.n > 0 &&
	    ((q.bytes_limit > 0 && q.bytes + r->merge.bytes > q.bytes_limit) ||
		(q.messages_limit > 0 &&
		    q.messages + (int64_t)r->merge.n > q.messages_limit)))
		merge_run_remark(r, REMARK_WARNING, r->set.scan.target,
		    "the quota will be exceeded: %lld bytes and %lld messages "
		    "are there, %lld and %zu are to be added; new mail will "
		    "be refused",
		    (long long)q.bytes, (long long)q.messages,
		    (long long)r->merge.bytes, r->merge.n);
}

/* True if the merge may go on. */
static bool
check_room(const struct merge_run *r, struct why *why)
{
	warn_of_quota(r);
	if (merge_has_room(&r->merge, why) || r->set.force)
		return true;
	if (!r->set.dry_run)
		return false;
	merge_run_remark(
	    r, REMARK_WARNING, r->set.scan.target, "%s", why->text);
	return true;
}

/* What earlier merges have to do with this one. */
static void
report_history(const struct merge_run *r)
{
	if (r->scan.removed > 0)
		merge_run_remark(r, REMARK_WARNING, r->set.scan.target,
		    "%zu message%s merged before and removed since: not added "
		    "again without --readd",
		    r->scan.removed, plural(r->scan.removed));
	if (r->scan.unknown > 0)
		merge_run_remark(r, REMARK_WARNING, r->set.scan.target,
		    "%zu earlier merge%s without a journal in the state "
		    "directory: what was removed since is added again; see "
		    "--state-dir",
		    r->scan.unknown, plural(r->scan.unknown));
	if (r->scan.unmarked > 0)
		merge_run_remark(r, REMARK_WARNING, r->set.scan.target,
		    "was put back to a time before %zu earlier merge%s; what "
		    "was added then and is lacking now is added again",
		    r->scan.unmarked, plural(r->scan.unmarked));
}

void
merge_run_advise(const struct merge_run *r)
{
	size_t differing = flags_differing(&r->scan.plan, FLAGS_MIRROR);

	if (r->set.flags == FLAGS_REPORT && differing > 0)
		merge_run_remark(r, REMARK_ADVICE, NULL,
		    "%zu message%s with other flags in the source; see --flags",
		    differing, plural(differing));
	if (r->merge.nameless_letters > 0)
		merge_run_remark(r, REMARK_ADVICE, NULL,
		    "%zu keyword letter%s not carried: without a usable name "
		    "in the source's dovecot-keywords",
		    r->merge.nameless_letters,
		    plural(r->merge.nameless_letters));
	if (r->merge.lost_keywords > 0)
		merge_run_remark(r, REMARK_ADVICE, NULL,
		    "%zu keyword%s not carried: a folder can have 26",
		    r->merge.lost_keywords, plural(r->merge.lost_keywords));
	if (r->merge.refused_keywords > 0)
		merge_run_remark(r, REMARK_WARNING, NULL,
		    "%zu keyword%s not carried: Dovecot does not take %s; see "
		    "mail_max_keyword_length",
		    r->merge.refused_keywords,
		    plural(r->merge.refused_keywords),
		    r->merge.refused_keyword);
}

static void
warn_of_count(const struct merge_run *r, const struct why *why)
{
	if (why->kind != FAIL_NONE)
		merge_run_remark(r, REMARK_WARNING, r->set.scan.target,
		    "%s: the quota does not know of this run; Dovecot counts "
		    "again where there is no maildirsize",
		    why->text);
}

/* What the merge could not do itself. */
static void
advise(const struct merge_run *r)
{
	merge_run_advise(r);
	warn_of_count(r, &r->merge.quota);
	if (r->merge.added > 0)
		merge_run_remark(r, REMARK_ADVICE, NULL,
		    "worth running now: doveadm quota recalc -u USER (if the "
		    "quota is in a dict); doveadm index -u USER '*' (if there "
		    "is a full-text index); doveadm force-resync -u USER '*' "
		    "(if mailbox_list_index_very_dirty_syncs is on)");
}

void
merge_run_plan(struct merge_run *r)
{
	r->merge = (struct merge){
		.plan = &r->scan.plan,
		.journal = &r->journal,
		.dates = r->set.dates,
		.settled = settled,
		.refused = refused,
		.arg = r,
		.subscribe = scan_subscriptions(&r->scan, r->set.subscribe),
	};
	merge_prepare(&r->merge);
}

void
merge_run_begin(struct merge_run *r)
{
	report_folders(r);
	report_history(r);
	r->on.begun(r->on.arg, r->scan.source.n);
}

int
merge_run(struct merge_run *r, struct why *why)
{
	int result = 0;

	if (scan_tree(&r->scan, &r->set.scan, why) == -1)
		return -1;
	merge_run_plan(r);
	if (!check_room(r, why))
		return -1;
	merge_run_begin(r);
	if (r->set.dry_run) {
		merge_foresee(&r->merge);
		merge_run_settle_all(r);
		merge_run_tell_flags(
		    r, flags_differing(&r->scan.plan, r->set.flags));
	} else {
		result = execute(r, why);
	}
	if (r->merge.level != NULL)
		r->relisted = xstrdup(r->merge.level);
	if (result == -1)
		return -1;
	advise(r);
	return scan_save_index(&r->scan, &r->set.scan, why);
}

int
merge_run_pass_on(struct merge_run *r, struct heirlooms *stays,
    const struct journal_text *text, struct why *why)
{
	char *dir = state_dir(r->set.scan.state);
	int result = heirlooms_pass_on(
	    stays, dir, &r->scan.mark, text->records[0].id, why);

	heirlooms_free(stays);
	free(dir);
	return result;
}

int
merge_run_note_undone(
    struct merge_run *r, const char *journal, size_t kept, struct why *why)
{
	const struct journal_record end = { .kind = JOURNAL_UNDONE,
		.number = (int64_t)kept };

	if (journal_append(&r->journal, journal, why) == -1)
		return -1;
	journal_put(&r->journal, &end);
	return journal_close(&r->journal, why);
}

int
merge_run_note_begun(struct merge_run *r, const char *journal, struct why *why)
{
	return merge_run_note_undone(r, journal, 1, why);
}

/* True if the journal says that the run did something. */
static bool
did_something(const struct journal_text *t)
{
	for (size_t i = 0; i < t->n; i++)
		if (t->records[i].dir != NULL)
			return true;
	return false;
}

/*
 * Whether a run can be undone. 1: yes; 0: there is nothing (left) to undo; -1
 * and why. The mark goes last, so that an undoing that was cut off can be
 * finished.
 */
static int
check_undoable(const struct merge_run *r, const char *journal,
    const struct journal_text *t, struct why *why)
{
	bool marked = mark_has(&r->scan.mark, t->records[0].id);

	if (journal_is_undone(t))
		return marked ? 0
			      : why_set(why, FAIL_FATAL,
				    "%s: this run was undone before", journal);
	if (marked || r->set.any_target)
		return 1;
	if (!did_something(t))
		return 0;
	return why_set(why, FAIL_FATAL,
	    "%s: the target has no mark of this run; it was put back from a "
	    "backup, or the run was into another one, %s (--any-target undoes "
	    "anyway)",
	    journal, t->records[0].target);
}

/* What --force will remove: nobody can take that back. */
static void
warn_of_force(void *arg, const char *dir, const char *name)
{
	struct merge_run *r = arg;
	char *path = xasprintf("%s/%s", dir, name);

	merge_run_warn_of_force(r, path);
	free(path);
}

static void
hear_nothing(void *arg, const struct undo_result *result)
{
	(void)arg;
	(void)result;
}

static int
foretell_force(struct merge_run *r, const struct undo *u, struct why *why)
{
	struct undo look = *u;

	look.dry_run = true;
	look.told = hear_nothing;
	look.forces = warn_of_force;
	look.arg = r;
	return undo_run(&look, why);
}

/* Undoes what is in the text of a journal. */
static int
undo_text(struct merge_run *r, const char *journal,
    const struct journal_text *text, struct why *why)
{
	struct undo u = {
		.tree = &r->scan.target_tree,
		.text = text,
		.force = r->set.force,
		.dry_run = r->set.dry_run,
		.told = r->on.undone,
		.arg = r->on.arg,
	};
	int undoable = check_undoable(r, journal, text, why);
	/* What any_target took back from another target is still in the run's
	 * own. */
	bool own = mark_has(&r->scan.mark, text->records[0].id);

	if (undoable == -1)
		return -1;
	if (text->damaged > 0)
		merge_run_remark(r, REMARK_WARNING, journal,
		    "%zu damaged line%s; what is named there stays",
		    text->damaged, plural(text->damaged));
	if (undoable == 1 && u.force && foretell_force(r, &u, why) == -1)
		return -1;
	if (!r->set.dry_run)
		merge_sweep(&r->scan.target_tree);
	if (undoable == 1 && own && !r->set.dry_run &&
	    merge_run_note_begun(r, journal, why) == -1)
		return -1;
	if (undoable == 1 && undo_run(&u, why) == -1) {
		heirlooms_free(&u.stays);
		return -1;
	}
	warn_of_count(r, &u.quota);
	if (u.level != NULL)
		r->relisted = xstrdup(u.level);
	if (r->set.dry_run)
		return 0;
	if (undoable == 1 && own &&
	    (merge_run_pass_on(r, &u.stays, text, why) == -1 ||
		merge_run_note_undone(r, journal, u.kept, why) == -1))
		return -1;
	heirlooms_free(&u.stays);
	if (u.kept > 0)
		return 0;
	return mark_remove(
	    &r->scan.mark, r->scan.target_tree.fd, text->records[0].id, why);
}

/* The layout of the tree in which a run made or filled these folders. The tree
 * itself does not tell it any more once they are gone. */
static enum tree_layout
layout_of(const struct journal_text *t)
{
	for (size_t i = 0; i < t->n; i++) {
		const char *dir = t->records[i].dir;

		if (dir != NULL && strcmp(dir, ".") != 0)
			return *dir == '.' ? LAYOUT_MAILDIR : LAYOUT_FS;
	}
	return LAYOUT_AUTO;
}

int
merge_run_undo(struct merge_run *r, const char *journal, struct why *why)
{
	struct journal_text text = { 0 };
	struct tree_hint *hint = &r->set.scan.target_hint;
	int result = journal_read(&text, journal, why);

	if (result == 0 && hint->layout == LAYOUT_AUTO)
		hint->layout = layout_of(&text);
	if (result == 0)
		result = scan_target(&r->scan, &r->set.scan, why);
	if (result == 0)
		result = undo_text(r, journal, &text, why);
	journal_free(&text);
	return result;
}
