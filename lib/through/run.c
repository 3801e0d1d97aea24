/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "through/run.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/alloc.h"
#include "core/io.h"
#include "core/num.h"
#include "core/str.h"
#include "doveadm/mailboxes.h"
#include "doveadm/naming.h"
#include "maildir/lock.h"
#include "merge/history.h"
#include "merge/state.h"
#include "through/add.h"
#include "through/flags.h"
#include "through/listing.h"
#include "through/through-internal.h"
#include "through/undo.h"

/*
 * Locks out runs of another network namespace, where the name of a socket is another
 * one, and those into the Maildir itself that began when Dovecot had not opened it.
 * Where Dovecot is in a container, its paths are not ours: the latter look again
 * before they write.
 */
static int
lock_inbox(struct through *t, struct why *why)
{
	char *dir = doveadm_mailbox_directory(
	    &t->store.doveadm, "INBOX", DOVEADM_MAILBOX);

	if (*dir == '/') /* not O_CLOEXEC: as the other one */
		t->inbox = open(dir, O_RDONLY | O_DIRECTORY);
	free(dir);
	return t->inbox == -1 ? 0
			      : lock_fd(t->inbox, t->store.doveadm.user, why);
}

/*
 * Locks out other runs into the same store, and into its Maildir. The lock goes on
 * as long as a doveadm that we started is at work, even if we are killed. 0, or -1
 * and why (TEMP if there is one).
 */
static int
lock_out(struct through *t, const char *state, struct why *why)
{
	char *dir = state_dir(state);
	char *path =
	    xasprintf("%s/through-%016" PRIx64 ".lock", dir, t->store.identity);
	struct buf text = { .max = 4096 };
	struct stat st;

	if (state_make(dir, why) == 0) {
		/* Not O_CLOEXEC: a doveadm of ours that goes on after we were
		 * killed must keep the next run out. */
		t->lock = open(path, O_RDWR | O_CREAT | O_NOFOLLOW, 0600);
		if (t->lock == -1)
			(void)why_errno(why, FAIL_FATAL, "%s", path);
	}
	free(dir);
	free(path);
	if (t->lock == -1)
		return -1;
	if (lock_fd(t->lock, t->store.doveadm.user, why) == -1)
		return -1;
	t->name = account_lock(store_find(&t->store, "INBOX")->guid, true,
	    t->store.doveadm.user, why);
	if (t->name == -1 || lock_inbox(t, why) == -1)
		return -1;
	if (read_fd(t->lock, "the lock", &text, NULL) == 0 && text.len > 0) {
		/* What somebody else wrote is no path of ours. */
		if (text.data[0] == '/' && fstat(t->lock, &st) == 0 &&
		    st.st_uid == geteuid())
			stage_sweep(text.data);
		(void)!ftruncate(t->lock, 0);
	}
	buf_free(&text);
	return 0;
}

int
through_note_stage(struct through *t, struct why *why)
{
	if (lseek(t->lock, 0, SEEK_SET) == -1 || ftruncate(t->lock, 0) == -1 ||
	    write_all(t->lock, t->stage.path, strlen(t->stage.path)) == -1)
		return why_errno(why, FAIL_FATAL, "the lock");
	return 0;
}

/* True if the mailbox of a DONE record had more messages in its time than it
 * ever had now: it was put back from a backup. */
static bool
was_put_back(const struct store *s, const struct journal_record *done)
{
	const struct doveadm_mailbox *m =
	    done->dir == NULL ? NULL : store_find(s, done->dir);

	return m != NULL && done->name != NULL &&
	       strcmp(m->guid, done->name) == 0 &&
	       m->uidvalidity == done->size && m->uidnext < done->date;
}

/* Notes the run of a journal, if the store still has what it says. */
static int
mark_run(void *arg, const char *path, struct why *why)
{
	const struct through *t = arg;
	const struct scan_options *o = &t->run->set.scan;
	struct mark *mark = &t->run->scan.mark;
	/* An undoing needs its own alone; history_load() warns. */
	const struct history_faults faults = {
		.strict = *o->source != '\0' && !o->match.ignore_unreadable,
	};
	struct journal_text text = { 0 };
	int counts = history_read(&text, path, &faults, why);

	for (size_t i = 0; counts == 1 && i < text.n; i++)
		if (text.records[i].kind == JOURNAL_DONE &&
		    was_put_back(&t->store, &text.records[i]))
			counts = 0;
	if (counts == 1) {
		mark->runs =
		    xgrow(mark->runs, mark->n, &mark->cap, sizeof *mark->runs);
		mark->runs[mark->n++] = text.records[0].id;
	}
	journal_free(&text);
	return counts == -1 ? -1 : 0;
}

/* A store has no place for a mark of ours. Which runs it still has is seen by
 * its UIDs, which never go back. */
static int
make_mark(struct through *t, struct why *why)
{
	char *dir = state_dir(t->run->set.scan.state);
	int r;

	t->run->scan.mark.target = t->store.identity;
	r = history_each(dir, t->store.identity, mark_run, t, why);
	free(dir);
	return r;
}

static int
begin(struct through *t, const struct through_settings *set, struct why *why)
{
	const struct doveadm d = { set->command, set->user, set->shell };

	t->place = set->stage;
	t->lock = t->name = t->inbox = -1;
	t->stage.fd = -1;
	t->stage.cur = t->stage.box = -1;
	if (store_open(&t->store, &d, &t->run->scan.target_tree, why) == -1 ||
	    lock_out(t, t->run->set.scan.state, why) == -1 ||
	    claim_make(&t->claim, t->run, &t->store.account, &d, why) == -1)
		return -1;
	return make_mark(t, why);
}

static void
end(struct through *t)
{
	claim_end(&t->claim);
	if (t->lock != -1)
		(void)close(t->lock);
	if (t->name != -1)
		(void)close(t->name);
	if (t->inbox != -1)
		(void)close(t->inbox);
	t->run->scan.target.reader = NULL;
	store_free(&t->store);
	map_free(&t->ours);
	arena_free(&t->texts);
}

static int
carry_out(struct through *t, struct why *why)
{
	struct merge_run *r = t->run;
	const struct journal_record last = { .kind = JOURNAL_END };
	struct why late = { 0 };
	int result;

	if (!merge_run_has_work(r)) {
		merge_run_settle_all(r);
		return 0;
	}
	if (merge_run_journal(r, why) == -1)
		return -1;
	result = through_add(t, why);
	if (result == 0)
		result = through_flags(t, why);
	if (result == 0)
		journal_put(&r->journal, &last);
	if (journal_close(&r->journal, &late) == -1 && result == 0) {
		*why = late;
		result = -1;
	}
	return result;
}

static void
advise(const struct through *t)
{
	const struct merge_run *r = t->run;

	merge_run_tell_flags(
	    r, r->set.dry_run ? flags_differing(&r->scan.plan, r->set.flags)
			      : t->more_flags);
	merge_run_advise(r);
}

/* Names that the source has escaped, as archive2maildir writes one with a dot, are
 * those of the owner where Dovecot can have them. */
static void
read_names(struct through *t)
{
	struct merge_run *r = t->run;
	const struct mdtree *source = &r->scan.source_tree;
	bool escaped = false;

	for (size_t i = 0; i < source->n; i++)
		escaped |= source->folders[i].path != NULL &&
			   strchr(source->folders[i].path, '\\') != NULL;
	r->set.scan.mapping.plain = PLAIN_NEVER;
	if (!escaped)
		return;
	doveadm_dots_read(&t->store.account, &t->store.doveadm);
	if (t->store.account.dots || t->store.account.escape != '\0')
		r->set.scan.mapping.plain = PLAIN_ALWAYS;
}

/* Mailboxes of other users, of all, and those that are not shown are left alone. */
static char *
refuse(void *arg, const char *path, const char *dir)
{
	const struct store *s = arg;
	char *name = doveadm_mailbox_name(&s->account, path), *fault = NULL;

	(void)dir;
	if (name != NULL && doveadm_mailbox_foreign(&s->account, name))
		fault = xasprintf("Dovecot has a namespace of its own for "
				  "\"%s\"; see --map",
		    name);
	free(name);
	return fault;
}

int
through_run(
    struct merge_run *r, const struct through_settings *set, struct why *why)
{
	struct through t = { .run = r };
	int result = -1;

	if (begin(&t, set, why) == 0 &&
	    stage_check(t.place, &t.store.account, why) == 0 &&
	    scan_source(&r->scan, &r->set.scan, why) == 0)
		result = store_list(&t.store, &r->scan.target, why);
	if (result == 0) {
		read_names(&t);
		r->set.scan.mapping.refuse = refuse;
		r->set.scan.mapping.arg = &t.store;
		store_heed(&r->set.scan.match, &t.store.account);
		result = scan_match(&r->scan, &r->set.scan, why);
	}
	if (result == 0) {
		merge_run_plan(r);
		merge_run_begin(r);
		if (r->set.dry_run) {
			through_foresee(&t);
			merge_run_settle_all(r);
		} else {
			result = carry_out(&t, why);
		}
		if (result == 0)
			advise(&t);
	}
	end(&t);
	return result;
}

static int
check_undoable(const struct through *t, const char *journal,
    const struct journal_text *text, struct why *why)
{
	if (journal_is_undone(text))
		return why_set(
		    why, FAIL_FATAL, "%s: this run was undone before", journal);
	if (text->records[0].identity != t->store.identity &&
	    !t->run->set.any_target)
		return why_set(why, FAIL_FATAL,
		    "%s: the run was into another target, %s", journal,
		    text->records[0].target);
	if (text->damaged > 0)
		merge_run_remark(t->run, REMARK_WARNING, journal,
		    "%zu damaged line%s; what is named there stays",
		    text->damaged, plural(text->damaged));
	return 0;
}

int
through_undo(struct merge_run *r, const struct through_settings *set,
    const char *journal, struct why *why)
{
	struct through t = { .run = r };
	struct journal_text text = { 0 };
	struct heirlooms stays = { 0 };
	size_t kept = 0;
	int result = -1;

	t.lock = t.name = t.inbox = -1;
	if (journal_read(&text, journal, why) == 0 &&
	    begin(&t, set, why) == 0 &&
	    check_undoable(&t, journal, &text, why) == 0 &&
	    (r->set.dry_run || text.records[0].identity != t.store.identity ||
		merge_run_note_begun(r, journal, why) == 0))
		result = through_take_back(&t, &text, &kept, &stays, why);
	/* What any_target took back from another target is still in the run's
	 * own. */
	if (result == 0 && !r->set.dry_run &&
	    text.records[0].identity == t.store.identity) {
		result = merge_run_pass_on(r, &stays, &text, why);
		if (result == 0)
			result = merge_run_note_undone(r, journal, kept, why);
	}
	heirlooms_free(&stays);
	end(&t);
	journal_free(&text);
	return result;
}
