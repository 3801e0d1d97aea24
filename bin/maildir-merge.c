/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * maildir-merge: adds to a live Maildir the messages of another tree that it
 * lacks. See maildir-merge(1).
 */
#include <stdlib.h>

#include "cli/main.h"
#include "cli/outcome.h"
#include "cli/progress.h"
#include "core/alloc.h"
#include "core/json.h"
#include "core/num.h"
#include "core/str.h"
#include "merge/report.h"
#include "merge/run.h"
#include "through/claim.h"
#include "through/run.h"
#include "through/user.h"

struct run {
	struct merge_settings set;
	struct merge_run merge;
	struct folder_rule *rules;
	size_t n_rules, cap_rules;
	char **ignored; /* NULL-terminated */
	const char *undo;
	struct through_settings through; /* user NULL: the target is a path */
	char *words;                     /* of --doveadm */
	const char *user; /* whose Maildir is the target; NULL: a path is */
	struct located located;
	struct claim claim;
	int64_t jobs;
	bool quiet, summary;
	bool way;    /* only say how the mail of the user can be merged into */
	size_t gone; /* of what is undone: messages that are not there */
	struct tally tally;
	struct progress progress;
	struct buf line;
};

/* --map FROM=TO */
static int
add_rule(void *to, char *value, struct why *why)
{
	struct run *r = to;
	char *path = value, *from = str_cut(&path, '=');

	if (path == NULL || *from == '\0' || *path == '\0')
		return why_set(why, FAIL_FATAL, "needs FROM=TO");
	r->rules = xgrow(r->rules, r->n_rules, &r->cap_rules, sizeof *r->rules);
	r->rules[r->n_rules++] = (struct folder_rule){ from, path };
	return 0;
}

/* --ignore-folders A,B */
static int
set_ignored(void *to, char *value, struct why *why)
{
	struct run *r = to;
	size_t n = 0, cap = 0;

	(void)why;
	free(r->ignored);
	r->ignored = NULL;
	while (value != NULL) {
		r->ignored = xgrow(r->ignored, n + 1, &cap, sizeof(char *));
		r->ignored[n++] = str_cut(&value, ',');
		r->ignored[n] = NULL;
	}
	return 0;
}

/* --doveadm 'docker exec -i dovecot doveadm' */
static int
set_command(void *to, char *value, struct why *why)
{
	struct run *r = to;
	const char **words = NULL;
	size_t n = 0, cap = 0;

	free(r->words);
	for (char *rest = r->words = xstrdup(value); rest != NULL;) {
		char *word = str_cut(&rest, ' ');

		words = xgrow(words, n + 1, &cap, sizeof *words);
		if (*word != '\0')
			words[n++] = word;
		words[n] = NULL;
	}
	free((void *)(uintptr_t)r->through.command);
	r->through.command = words;
	return n > 0 ? 0 : why_set(why, FAIL_FATAL, "needs a command");
}

static void
begun(void *arg, size_t messages)
{
	struct run *r = arg;

	progress_start(&r->progress, "messages", messages, r->quiet);
}

/* Counts a message, and says why it failed. */
static void
count(struct run *r, const struct fate *f, size_t number)
{
	const struct catalogue *source = &r->merge.scan.source;
	struct why why = { 0 };

	if (f->outcome != OUT_FAILED) {
		r->tally.ok++;
		return;
	}
	(void)why_set(&why, f->again ? FAIL_TEMP : FAIL_DATA, "%s", f->note);
	buf_reset(&r->line);
	entry_put_path(&r->line, source, &source->entries[number]);
	tally_fail(
	    &r->tally, r->set.scan.source, buf_str(&r->line), NULL, &why);
}

static void
settled(void *arg, size_t number)
{
	struct run *r = arg;
	const struct merge_plan *plan = &r->merge.scan.plan;

	progress_add(&r->progress, 1);
	count(r, &plan->fates[number], number);
	if (r->quiet || r->summary)
		return;
	buf_reset(&r->line);
	result_put(&r->line, plan, number, r->set.dry_run);
	(void)fwrite(r->line.data, 1, r->line.len, stdout);
}

static void
failed(void *arg, const char *where, const char *id, const struct why *why)
{
	struct run *r = arg;

	tally_fail(&r->tally, where, id, NULL, why);
}

static void
remark(void *arg, enum remark kind, const char *where, const char *text)
{
	const struct run *r = arg;

	if (kind != REMARK_ADVICE || !r->quiet)
		tool_say(where, "%s", text);
}

/* A message or flags that stay are a failure; what the owner removed or uses is
 * none. */
static void
undone(void *arg, const struct undo_result *u)
{
	static const struct why changed = { .kind = FAIL_DATA,
		.text = "changed since it was added, kept" };
	struct run *r = arg;

	if (u->status == UNDO_FAILED)
		tally_fail(&r->tally, u->dir, u->name, NULL, &u->why);
	else if (u->status == UNDO_CHANGED && u->object == UNDO_MESSAGE)
		tally_fail(&r->tally, u->dir, u->name, NULL, &changed);
	else
		r->tally.ok++;
	if (u->status == UNDO_GONE && u->object == UNDO_MESSAGE)
		r->gone++;
	if (r->quiet || r->summary)
		return;
	outcome_begin(&r->line, "result");
	jw_kstr(&r->line, "object", undo_object_words[u->object]);
	jw_kvis(&r->line, "dir", u->dir);
	if (u->name != NULL)
		jw_kvis(&r->line, "name", u->name);
	jw_kstr(&r->line, "status", undo_words[u->status]);
	outcome_end(&r->line);
	(void)fwrite(r->line.data, 1, r->line.len, stdout);
}

static struct run run;

static const struct opt options[] = {
	OPT_SET(0, "any-target",
	    "with --undo: even if the target has no mark of the run",
	    &run.set.any_target),
	OPT_SET(0, "collapse", "of several copies of a message add one",
	    &run.set.scan.match.collapse),
	OPT_STRING(0, "control-dir", "DIR", "the target's CONTROL= directory",
	    &run.set.scan.target_hint.control),
	OPT_SET(0, "count-trash", "a copy in the Trash is a copy, too",
	    &run.set.scan.match.count_trash),
	OPT_WORD(0, "date", "HOW", "where internal dates are", &run.set.dates,
	    date_words),
	OPT_CALL(0, "doveadm", "COMMAND",
	    "with --through-doveadm: how doveadm is called", set_command, &run),
	OPT_DRY_RUN("change nothing, say what would be done", &run.set.dry_run),
	OPT_WORD(0, "flags", "HOW", "of messages on both sides", &run.set.flags,
	    flag_words),
	OPT_STRING(0, "folders", "FILE", "roles of the source's folders",
	    &run.set.scan.folders),
	OPT_SET(0, "follow",
	    "follow symbolic links to folders that lead out of a tree",
	    &run.set.scan.follow),
	OPT_SET(0, "force",
	    "go on where room is short; with --undo: remove what was flagged "
	    "since, too",
	    &run.set.force),
	OPT_CALL(0, "ignore-folders", "A,B",
	    "copies in these folders do not count; default: the Trash",
	    set_ignored, &run),
	OPT_SET(0, "ignore-unreadable",
	    "go on where messages of the target cannot be read",
	    &run.set.scan.match.ignore_unreadable),
	OPT_STRING('i', "index", "FILE", "remember what was read in FILE",
	    &run.set.scan.index),
	OPT_STRING('J', "journal", "FILE",
	    "write the journal of this run there", &run.set.journal),
	OPT_JOBS("at most N threads", &run.jobs),
	OPT_SET(0, "keep-trashed", "merge messages marked as deleted, too",
	    &run.set.scan.match.keep_trashed),
	OPT_CALL(0, "map", "FROM=TO",
	    "folder FROM of the source is folder TO of the target", add_rule,
	    &run),
	OPT_SET(
	    0, "owner", "become the owner of the target", &run.set.scan.owner),
	OPT_QUIET("no result records, no remarks", &run.quiet),
	OPT_SET(0, "readd", "add again what was removed since a merge",
	    &run.set.scan.readd),
	OPT_WORD(0, "same-id", "HOW", "other content under a known Message-ID",
	    &run.set.scan.match.same_id, same_id_words),
	OPT_WORD(0, "scope", "WHERE", "where a copy counts",
	    &run.set.scan.match.scope, scope_words),
	OPT_SET(0, "skip-drafts", "do not merge drafts",
	    &run.set.scan.match.skip_drafts),
	OPT_STRING(0, "source-inbox", "DIR", "the INBOX of the source is there",
	    &run.set.scan.source_hint.inbox),
	OPT_WORD(0, "source-layout", "LAYOUT", "how folders lie",
	    &run.set.scan.source_hint.layout, layout_words),
	OPT_WORD(0, "source-names", "ENCODING", "how folders are spelled",
	    &run.set.scan.source_hint.names, names_words),
	OPT_STRING(0, "state-dir", "DIR", "where journals are kept",
	    &run.set.scan.state),
	OPT_STRING(0, "stage", "DIR[=SEEN]",
	    "with --through-doveadm: put what Dovecot is to import there",
	    &run.through.stage),
	OPT_SET(0, "strip-inbox", "INBOX/Sent of the source is Sent",
	    &run.set.scan.mapping.strip_inbox),
	OPT_WORD(0, "subscribe", "WHICH", "of new folders", &run.set.subscribe,
	    subscribe_words),
	OPT_SET(0, "summary", "a table of folders instead of records",
	    &run.summary),
	OPT_STRING(0, "target-inbox", "DIR",
	    "the INBOX= directory of the target",
	    &run.set.scan.target_hint.inbox),
	OPT_WORD(0, "target-layout", "LAYOUT", "how folders lie",
	    &run.set.scan.target_hint.layout, layout_words),
	OPT_WORD(0, "target-names", "ENCODING", "how folders are spelled",
	    &run.set.scan.target_hint.names, names_words),
	OPT_STRING(0, "through-doveadm", "USER",
	    "the target is the mail of USER, whatever its store: by doveadm",
	    &run.through.user),
	OPT_STRING(0, "undo", "JOURNAL",
	    "take a run back; the only operand is target", &run.undo),
	OPT_STRING(0, "user", "USER",
	    "the target is the Maildir of USER, as Dovecot has it", &run.user),
	OPT_SET(0, "verify-index", "compare size and time of files with -i",
	    &run.set.scan.verify_index),
	OPT_VERBOSE("counts at the end, on standard error", &run.tally.verbose),
	OPT_SET(0, "way",
	    "with --user: only say whether --through-doveadm is needed",
	    &run.way),
	OPT_STANDARD,
};

static void
warn(const char *text)
{
	tool_say(NULL, "%s; passed over", text);
}

static const struct merge_events events = {
	.arg = &run,
	.begun = begun,
	.settled = settled,
	.failed = failed,
	.remark = remark,
	.undone = undone,
};

/* Clients see folders as they are now. */
static void
relist(struct run *r, const struct doveadm *d)
{
	struct why why;

	if (r->user != NULL && r->merge.path != NULL &&
	    user_list_new(&r->located, d, &why) == -1)
		tool_say(NULL, "%s; clients may not see new folders", why.text);
	if (r->merge.relisted == NULL || (r->user != NULL && r->set.dry_run))
		return;
	if (r->user == NULL || user_relist(&r->located, d, &why) == -1)
		merge_run_warn_of_list(&r->merge);
}

/* Merges, or undoes, and prints the table. */
static int
work(struct run *r, struct why *why)
{
	struct doveadm d = { .command = r->through.command, .user = r->user };
	int result = 0;

	if (r->user != NULL || r->through.user != NULL)
		result = doveadm_find_shell(&d, why);
	r->through.shell = d.shell;
	if (result == 0 && r->user != NULL)
		result = user_locate(&r->located, &d,
		    r->undo == NULL && r->set.subscribe != SUBSCRIBE_NONE,
		    &r->set.scan, why);
	merge_run_init(&r->merge, &r->set, &events);
	if (result == 0 && r->user != NULL)
		result = claim_make(
		    &r->claim, &r->merge, &r->located.account, &d, why);
	if (result == -1)
		return -1;
	if (r->undo != NULL) {
		result =
		    r->through.user == NULL
			? merge_run_undo(&r->merge, r->undo, why)
			: through_undo(&r->merge, &r->through, r->undo, why);
		relist(r, &d);
		if (r->gone > 0)
			tool_say(r->set.scan.target,
			    "%zu message%s of the run not found: removed "
			    "since, or in a folder that was renamed",
			    r->gone, plural(r->gone));
		return result;
	}
	result = r->through.user == NULL
		     ? merge_run(&r->merge, why)
		     : through_run(&r->merge, &r->through, why);
	progress_end(&r->progress);
	if (result == -1)
		merge_run_say_broken_off(&r->merge);
	relist(r, &d);
	if (!r->summary || r->quiet || r->merge.scan.plan.fates == NULL)
		return result;
	buf_reset(&r->line);
	summary_put(&r->line, &r->merge.scan.plan);
	(void)fputs(buf_str(&r->line), stdout);
	return result;
}

/* --way */
static int
tell_way(struct run *r, struct why *why)
{
	struct doveadm d = { .command = r->through.command, .user = r->user };
	struct located *l = &r->located;

	if (doveadm_find_shell(&d, why) == -1 ||
	    user_find_way(l, &d, why) == -1)
		return -1;
	outcome_begin(&r->line, "way");
	jw_kvis(&r->line, "user", r->user);
	if (l->obstacle == OBSTACLE_NONE) {
		jw_kstr(&r->line, "way", "user");
		jw_kvis(&r->line, "root", l->root);
	} else {
		jw_kstr(&r->line, "way", "through-doveadm");
		jw_kstr(&r->line, "obstacle", obstacle_words[l->obstacle]);
		jw_kvis(&r->line, "reason", why->text);
		*why = (struct why){ 0 };
	}
	outcome_end(&r->line);
	(void)fwrite(r->line.data, 1, r->line.len, stdout);
	r->tally.ok++;
	return 0;
}

/* What is wrong with the operands and options together; or NULL. */
static const char *
wrong_call(const struct run *r, int argc)
{
	bool through = r->through.user != NULL;

	if (r->user != NULL && through)
		return "--user goes without --through-doveadm";
	if (through && (r->set.scan.owner || r->set.scan.index != NULL))
		return "--through-doveadm goes without --owner and --index";
	through |= r->user != NULL;
	if (!through && r->through.stage != NULL)
		return "--stage goes with --through-doveadm";
	if (r->way && (r->user == NULL || r->undo != NULL || argc != 0))
		return "--way goes with --user alone";
	if (r->way)
		return NULL;
	if (!through && r->through.command != NULL)
		return "--doveadm goes with --user and --through-doveadm";
	if (r->undo != NULL && argc != (through ? 0 : 1))
		return through ? "--undo of a user takes no operand"
			       : "--undo takes the target alone";
	if (r->undo == NULL && argc != (through ? 1 : 2))
		return through ? "a user takes the source alone"
			       : "the target is missing";
	return NULL;
}

static int
merge(char **operands)
{
	char doveadm[] = "doveadm";
	struct run *r = &run;
	struct why why = { 0 };
	const char *wrong;
	int n = 0;

	while (operands[n] != NULL)
		n++;
	wrong = wrong_call(r, n);
	if (wrong != NULL)
		return opt_wrong(&tool, "%s", wrong);
	if (r->through.command == NULL)
		(void)set_command(r, doveadm, NULL);
	r->set.scan.source = n == 0 ? "" : operands[0];
	r->set.scan.target = r->through.user != NULL ? r->through.user
			     : n == 0                ? ""
						     : operands[n - 1];
	r->set.scan.jobs = (unsigned int)r->jobs;
	r->set.scan.mapping.rules = r->rules;
	r->set.scan.mapping.n_rules = r->n_rules;
	r->set.scan.match.ignored = (const char *const *)r->ignored;
	r->set.scan.warn = warn;
	if ((r->way ? tell_way(r, &why) : work(r, &why)) == -1) {
		if (why.kind == FAIL_DATA)
			why.kind = FAIL_FATAL; /* the run did not finish */
		tally_fail(&r->tally, NULL, NULL, NULL, &why);
	}
	claim_end(&r->claim);
	merge_run_free(&r->merge);
	located_free(&r->located);
	free(r->rules);
	free(r->ignored);
	free(r->words);
	free((void *)(uintptr_t)r->through.command);
	buf_free(&r->line);
	return tally_finish(&r->tally);
}

const struct opt_tool tool = {
	OPT_TOOL("maildir-merge", "[source] [target]", 0, 2),
	.about = "Adds to the Maildir target the messages of the Maildir "
		 "source that it lacks.\n",
	.status = "0 every message is where it belongs; 1 some are not; 2 the "
		  "run did not finish; 75 the target is in use by another "
		  "merge.",
	.options = options,
	.no_sigpipe = true,
	.run = merge,
};
