/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* A whole merge, from two directories to the last line of its journal; and the
 * whole undoing of one. */
#ifndef FERRY_MERGE_RUN_H
#define FERRY_MERGE_RUN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/why.h"
#include "merge/flags.h"
#include "merge/journal.h"
#include "merge/merge.h"
#include "merge/scan.h"
#include "merge/undo.h"

/* What the caller wants. The zero value is a merge with every default, but for
 * scan.source and scan.target. */
struct merge_settings {
	struct scan_options scan;
	enum date_source dates;
	enum flag_policy flags;
	enum subscribe_policy subscribe;
	const char *journal; /* its file; NULL: one in the state directory */
	bool dry_run;
	bool force; /* go on where room is short; undo what was flagged since */
	bool any_target; /* undo where the target has no mark of the run */
};

enum remark {
	REMARK_WARNING, /* for everybody */
	REMARK_JOURNAL, /* where the journal is: before anything is written */
	REMARK_ADVICE   /* what else could be done */
};

/* What the caller is told, each with arg. None may be NULL. */
struct merge_events {
	void *arg;
	/* The source has so many messages; the first of them comes next. */
	void (*begun)(void *arg, size_t messages);
	/* The fate of a message of the source, which is in plan.fates, is final.
	 */
	void (*settled)(void *arg, size_t number);
	/* Something failed that is not a message of the source: a folder, the
	 * flags of a message. where is a tree, id what is in it. */
	void (*failed)(void *arg, const char *where, const char *id,
	    const struct why *why);
	/* A sentence for a person; where may be NULL. */
	void (*remark)(
	    void *arg, enum remark kind, const char *where, const char *text);
	/* Of undoing: what became of a thing that the journal names. */
	void (*undone)(void *arg, const struct undo_result *result);
};

struct merge_run {
	struct merge_settings set;
	struct merge_events on;
	struct scan
	    scan; /* scan.plan is what result_put and summary_put take */
	struct merge merge;
	struct journal journal;
	char *path; /* of the journal, once it was begun */
	/* A folder that became one in a directory that was there (LAYOUT=fs), or
	 * is none any more: see merge_run_warn_of_list. NULL: none. */
	char *relisted;
};

/* Sets and events are borrowed by what they point to. */
void merge_run_init(struct merge_run *r, const struct merge_settings *set,
    const struct merge_events *on);
void merge_run_free(struct merge_run *r);

/* Merges set.scan.source into set.scan.target. 0, or -1 and why (FATAL: the run
 * did not finish; TEMP: another one is at work in the target). */
int merge_run(struct merge_run *r, struct why *why);

/* Says how many messages on both sides get other flags. */
void merge_run_tell_flags(const struct merge_run *r, size_t changed);

/* Says how far a run came that broke off, and where its journal is; nothing where
 * it had not begun one. */
void merge_run_say_broken_off(const struct merge_run *r);

/* Takes the run of a journal back from set.scan.target. 0, or -1 and why. */
int merge_run_undo(struct merge_run *r, const char *journal, struct why *why);

/*
 * The parts of a merge, for a target that is not a Maildir. merge_run_plan,
 * after scan_match: collects what is to be added. merge_run_begin: tells what
 * is known before the first message.
 */
void merge_run_plan(struct merge_run *r);
void merge_run_begin(struct merge_run *r);

/* True if the plan changes something. */
bool merge_run_has_work(const struct merge_run *r);

/* Every fate is final. */
void merge_run_settle_all(struct merge_run *r);

/* Begins the journal of a new run. 0, or -1 and why. */
int merge_run_journal(struct merge_run *r, struct why *why);

/* Tells what a merge leaves to somebody else, whatever its target is: flags that
 * differ, keywords that are lost. */
void merge_run_advise(const struct merge_run *r);

/* Tells the caller a sentence. */
void merge_run_remark(const struct merge_run *r, enum remark kind,
    const char *where, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

/*
 * Says that Dovecot lists set.relisted as it was before. It looks at a folder of
 * LAYOUT=fs again only after it has made or removed one itself.
 */
void merge_run_warn_of_list(const struct merge_run *r);

/* Says, before it happens, that an undoing with force removes a message. */
void merge_run_warn_of_force(const struct merge_run *r, const char *message);

/* Hands what stays of a run that is undone over to the runs that use it, and frees
 * the list. 0, or -1 and why. */
int merge_run_pass_on(struct merge_run *r, struct heirlooms *stays,
    const struct journal_text *text, struct why *why);

/* Writes into a journal that its run is being taken back: whatever becomes of that,
 * what is not there was not removed by its owner. 0, or -1 and why. */
int merge_run_note_begun(
    struct merge_run *r, const char *journal, struct why *why);

/* Writes into a journal that its run was taken back, but for what was kept. 0,
 * or -1 and why. */
int merge_run_note_undone(
    struct merge_run *r, const char *journal, size_t kept, struct why *why);

#endif
