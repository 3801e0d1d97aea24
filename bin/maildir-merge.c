/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * maildir-merge: adds to a live Maildir the messages of another tree that it
 * lacks. See maildir-merge(1).
 */
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/json.h"
#include "core/num.h"
#include "core/progress.h"
#include "core/str.h"
#include "core/tool.h"
#include "maildir/flags.h"
#include "maildir/merge.h"
#include "maildir/quota.h"
#include "maildir/results.h"
#include "maildir/state.h"
#include "maildir/survey.h"
#include "maildir/undo.h"

static const char usage[] =
    "maildir-merge [-chnqsVv] [-i index] [-J journal] [-j jobs] [-m from=to]\n"
    "                     [options] source target\n"
    "       maildir-merge -u journal [-hnqV] [--force] target";

static const char help[] =
    "Adds to the Maildir target the messages of the Maildir source that it "
    "lacks.\n"
    "\n"
    "  -c, --collapse            of several copies of a message add one\n"
    "  -i, --index FILE          remember what was read in FILE\n"
    "  -J, --journal FILE        write the journal of this run to FILE\n"
    "  -j, --jobs N              at most N threads\n"
    "  -m, --map FROM=TO         folder FROM of the source is folder TO\n"
    "  -n, --dry-run             change nothing, say what would be done\n"
    "  -q, --quiet               no result records\n"
    "  -s, --summary             a table of folders instead of records\n"
    "  -u, --undo JOURNAL        take a run back; the only operand is target\n"
    "      --control-dir DIR     the target's CONTROL= directory\n"
    "      --date HOW            internal dates: auto, mtime, name\n"
    "      --flags HOW           of messages on both sides: report, add, "
    "mirror\n"
    "      --folders FILE        roles of the source's folders\n"
    "      --force               go on where room is short; with -u: remove "
    "what\n"
    "                            was flagged since, too\n"
    "      --ignore-folders A,B  copies in these folders do not count\n"
    "      --ignore-unreadable   go on where messages of the target cannot be "
    "read\n"
    "      --keep-trashed        merge messages marked as deleted, too\n"
    "      --owner               become the owner of the target\n"
    "      --readd               add again what was removed since a merge\n"
    "      --same-id HOW         other content, same id: compare, trust, add\n"
    "      --scope WHERE         a copy counts in the: account, folder\n"
    "      --skip-drafts         do not merge drafts\n"
    "      --source-layout L     maildir++ or fs\n"
    "      --source-names E      mutf7 or utf8: how folders are spelled\n"
    "      --state-dir DIR       where journals are kept\n"
    "      --strip-inbox         INBOX/Sent of the source is Sent\n"
    "      --subscribe WHICH     of new folders: source, all, none\n"
    "      --target-layout L     maildir++ or fs\n"
    "      --target-names E      mutf7 or utf8\n"
    "      --verify-index        compare size and time of files with -i\n"
    "  -v, --verbose             counts at the end, on standard error\n"
    "  -h, --help                this text\n"
    "  -V, --version             the version\n"
    "\n"
    "Exit status: 0 every message is where it belongs; 1 some are not; 2 the\n"
    "run did not finish; 75 the target is in use by another merge.\n";

enum {
	OPT_CONTROL = 256,
	OPT_DATE,
	OPT_FLAGS,
	OPT_FORCE,
	OPT_OWNER,
	OPT_READD,
	OPT_SUBSCRIBE,
	OPT_SOURCE_LAYOUT,
	OPT_TARGET_LAYOUT,
	OPT_FOLDERS,
	OPT_IGNORE_FOLDERS,
	OPT_IGNORE_UNREADABLE,
	OPT_KEEP_TRASHED,
	OPT_SAME_ID,
	OPT_SCOPE,
	OPT_SKIP_DRAFTS,
	OPT_SOURCE_NAMES,
	OPT_STATE_DIR,
	OPT_STRIP_INBOX,
	OPT_TARGET_NAMES,
	OPT_VERIFY_INDEX
};

static const struct option options[] = { { "collapse", no_argument, NULL, 'c' },
	{ "control-dir", required_argument, NULL, OPT_CONTROL },
	{ "date", required_argument, NULL, OPT_DATE },
	{ "dry-run", no_argument, NULL, 'n' },
	{ "folders", required_argument, NULL, OPT_FOLDERS },
	{ "help", no_argument, NULL, 'h' },
	{ "ignore-folders", required_argument, NULL, OPT_IGNORE_FOLDERS },
	{ "ignore-unreadable", no_argument, NULL, OPT_IGNORE_UNREADABLE },
	{ "index", required_argument, NULL, 'i' },
	{ "jobs", required_argument, NULL, 'j' },
	{ "journal", required_argument, NULL, 'J' },
	{ "keep-trashed", no_argument, NULL, OPT_KEEP_TRASHED },
	{ "map", required_argument, NULL, 'm' },
	{ "quiet", no_argument, NULL, 'q' },
	{ "same-id", required_argument, NULL, OPT_SAME_ID },
	{ "scope", required_argument, NULL, OPT_SCOPE },
	{ "skip-drafts", no_argument, NULL, OPT_SKIP_DRAFTS },
	{ "source-names", required_argument, NULL, OPT_SOURCE_NAMES },
	{ "state-dir", required_argument, NULL, OPT_STATE_DIR },
	{ "strip-inbox", no_argument, NULL, OPT_STRIP_INBOX },
	{ "summary", no_argument, NULL, 's' },
	{ "target-names", required_argument, NULL, OPT_TARGET_NAMES },
	{ "flags", required_argument, NULL, OPT_FLAGS },
	{ "force", no_argument, NULL, OPT_FORCE },
	{ "owner", no_argument, NULL, OPT_OWNER },
	{ "readd", no_argument, NULL, OPT_READD },
	{ "subscribe", required_argument, NULL, OPT_SUBSCRIBE },
	{ "undo", required_argument, NULL, 'u' },
	{ "source-layout", required_argument, NULL, OPT_SOURCE_LAYOUT },
	{ "target-layout", required_argument, NULL, OPT_TARGET_LAYOUT },
	{ "verbose", no_argument, NULL, 'v' },
	{ "verify-index", no_argument, NULL, OPT_VERIFY_INDEX },
	{ "version", no_argument, NULL, 'V' }, { NULL, 0, NULL, 0 } };

/* What the command line says. */
struct settings {
	struct survey_options survey;
	struct folder_rule *rules;
	size_t n_rules, cap_rules;
	char **ignored; /* NULL-terminated */
	enum date_source dates;
	enum flag_policy flags;
	enum subscribe_policy subscribe;
	const char *journal, *undo;
	bool dry_run, quiet, summary, force;
};

/* Everything of one run. */
struct run {
	struct settings set;
	struct survey survey;
	struct merge merge;
	struct journal journal;
	struct tally tally;
	struct progress progress;
	struct buf line;
};

/* The number of a word in a NULL-terminated list; -1 if it is none. */
static int
choice(const char *word, const char *const *words)
{
	for (int i = 0; words[i] != NULL; i++)
		if (strcmp(word, words[i]) == 0)
			return i;
	return -1;
}

static bool
add_rule(struct settings *set, char *text)
{
	char *to = text, *from = str_cut(&to, '=');

	if (to == NULL || *from == '\0' || *to == '\0')
		return false;
	set->rules =
	    grow(set->rules, set->n_rules, &set->cap_rules, sizeof *set->rules);
	set->rules[set->n_rules++] = (struct folder_rule){ from, to };
	return true;
}

static void
split_list(struct settings *set, char *text)
{
	size_t n = 0, cap = 0;

	free(set->ignored);
	set->ignored = NULL;
	while (text != NULL) {
		set->ignored = grow(set->ignored, n + 1, &cap, sizeof(char *));
		set->ignored[n++] = str_cut(&text, ',');
		set->ignored[n] = NULL;
	}
}

/* One long option. False if its argument is wrong. */
static bool
set_long(struct settings *set, int ch, char *arg)
{
	static const char *const dates[] = { "auto", "mtime", "name", NULL };
	static const char *const same[] = { "compare", "trust", "add", NULL };
	static const char *const scopes[] = { "account", "folder", NULL };
	static const char *const flags[] = { "report", "add", "mirror", NULL };
	static const char *const subscribe[] = { "source", "all", "none",
		NULL };
	int n = 0;

	switch (ch) {
	case OPT_CONTROL:
		set->survey.target_hint.control = arg;
		break;
	case OPT_DATE:
		n = choice(arg, dates);
		set->dates = (enum date_source)n;
		break;
	case OPT_FLAGS:
		n = choice(arg, flags);
		set->flags = (enum flag_policy)n;
		break;
	case OPT_FORCE:
		set->force = true;
		break;
	case OPT_OWNER:
		set->survey.owner = true;
		break;
	case OPT_READD:
		set->survey.readd = true;
		break;
	case OPT_SUBSCRIBE:
		n = choice(arg, subscribe);
		set->subscribe = (enum subscribe_policy)n;
		break;
	case OPT_SOURCE_LAYOUT:
		return hint_layout(arg, &set->survey.source_hint.fs);
	case OPT_TARGET_LAYOUT:
		return hint_layout(arg, &set->survey.target_hint.fs);
	case OPT_FOLDERS:
		set->survey.folders = arg;
		break;
	case OPT_IGNORE_FOLDERS:
		split_list(set, arg);
		break;
	case OPT_IGNORE_UNREADABLE:
		set->survey.match.ignore_unreadable = true;
		break;
	case OPT_KEEP_TRASHED:
		set->survey.match.keep_trashed = true;
		break;
	case OPT_SAME_ID:
		n = choice(arg, same);
		set->survey.match.same_id = (enum same_id)n;
		break;
	case OPT_SCOPE:
		n = choice(arg, scopes);
		set->survey.match.scope_folder = n == 1;
		break;
	case OPT_SKIP_DRAFTS:
		set->survey.match.skip_drafts = true;
		break;
	case OPT_SOURCE_NAMES:
		return hint_names(arg, &set->survey.source_hint.utf8);
	case OPT_STATE_DIR:
		set->survey.state = arg;
		break;
	case OPT_STRIP_INBOX:
		set->survey.mapping.strip_inbox = true;
		break;
	case OPT_TARGET_NAMES:
		return hint_names(arg, &set->survey.target_hint.utf8);
	case OPT_VERIFY_INDEX:
		set->survey.verify_index = true;
		break;
	default:
		return false;
	}
	return n != -1;
}

/* The command line. -1 if the run can begin, otherwise the exit status. */
static int
read_options(struct run *r, int argc, char **argv)
{
	struct settings *set = &r->set;
	int64_t n;
	int ch;

	set->survey.source_hint = set->survey.target_hint =
	    (struct tree_hint){ .fs = -1, .utf8 = -1 };
	while ((ch = getopt_long(
		    argc, argv, "+chi:J:j:m:nqsu:Vv", options, NULL)) != -1) {
		switch (ch) {
		case 'c':
			set->survey.match.collapse = true;
			break;
		case 'h':
			return tool_help(usage, help);
		case 'i':
			set->survey.index = optarg;
			break;
		case 'J':
			set->journal = optarg;
			break;
		case 'j':
			if (!parse_num(optarg, 1, 32, &n, NULL))
				return tool_usage(usage);
			set->survey.jobs = (unsigned int)n;
			break;
		case 'm':
			if (!add_rule(set, optarg))
				return tool_usage(usage);
			break;
		case 'n':
			set->dry_run = true;
			break;
		case 'q':
			set->quiet = true;
			break;
		case 's':
			set->summary = true;
			break;
		case 'u':
			set->undo = optarg;
			break;
		case 'V':
			return tool_version();
		case 'v':
			r->tally.verbose++;
			break;
		default:
			if (!set_long(set, ch, optarg))
				return tool_usage(usage);
		}
	}
	if (argc - optind != (set->undo == NULL ? 2 : 1))
		return tool_usage(usage);
	set->survey.source = argv[optind];
	set->survey.target = argv[argc - 1];
	return -1;
}

/* The fate of one message is final. */
static void
settled(void *arg, size_t number)
{
	struct run *r = arg;
	const struct fate *f = &r->survey.plan.fates[number];
	struct buf *out = &r->line;

	progress_add(&r->progress, 1);
	buf_reset(out);
	if (f->outcome == OUT_FAILED) {
		struct why why = { 0 };

		(void)why_set(
		    &why, f->again ? FAIL_TEMP : FAIL_DATA, "%s", f->note);
		entry_put_path(
		    out, &r->survey.source, &r->survey.source.entries[number]);
		tally_fail(
		    &r->tally, r->set.survey.source, buf_str(out), NULL, &why);
	} else {
		r->tally.ok++;
	}
	if (r->set.quiet || r->set.summary)
		return;
	buf_reset(out);
	result_put(out, &r->survey.plan, number, r->set.dry_run);
	(void)fwrite(out->data, 1, out->len, stdout);
}

/* A folder of the target that cannot be made. */
static void
refused(void *arg, const char *dir, const struct why *why)
{
	struct run *r = arg;

	tally_fail(&r->tally, r->set.survey.target, dir, NULL, why);
}

/* A message of the target that keeps its flags against --flags. */
static void
keeps_flags(void *arg, uint32_t twin, const struct why *why)
{
	struct run *r = arg;
	struct buf path = { 0 };

	entry_put_path(
	    &path, &r->survey.target, &r->survey.target.entries[twin]);
	tally_fail(&r->tally, r->set.survey.target, buf_str(&path), NULL, why);
	buf_free(&path);
}

/* The folders of the source that cannot be read, which is a failure; and those
 * that have no place in the target, which only fails the messages in them. */
static void
report_folders(struct run *r)
{
	const struct mdtree *t = &r->survey.source_tree;
	const char *source = r->set.survey.source;

	for (size_t i = 0; i < t->n; i++) {
		const struct mdfolder *f = &t->folders[i];
		struct why why = { 0 };

		if (f->fault != NULL) {
			(void)why_set(&why, FAIL_DATA, "%s", f->fault);
			tally_fail(&r->tally, source, f->dir, NULL, &why);
		} else if (r->survey.folders[i].fault != NULL) {
			tool_say(source, "%s: %s", f->dir,
			    r->survey.folders[i].fault);
		}
	}
}

/* True if the plan changes something. */
static bool
has_work(const struct run *r)
{
	for (size_t i = 0; i < r->survey.target_tree.n; i++)
		if (r->survey.target_tree.folders[i].missing)
			return true;
	return r->merge.n > 0 ||
	       flags_differing(&r->survey.plan, r->set.flags) > 0;
}

static int
write_all_changes(struct run *r, struct why *why)
{
	const struct journal_record end = { .kind = JOURNAL_END };
	struct flag_run flags = { .plan = &r->survey.plan,
		.policy = r->set.flags,
		.journal = &r->journal,
		.failed = keeps_flags,
		.arg = r };

	if (merge_run(&r->merge, why) == -1 || flags_apply(&flags, why) == -1)
		return -1;
	if (flags.changed > 0)
		tool_say(NULL, "%zu messages got other flags", flags.changed);
	journal_put(&r->journal, &end);
	return 0;
}

static int
execute(struct run *r, struct why *why)
{
	struct why late = { 0 };
	char *dir;
	int result;

	merge_sweep(&r->survey.target_tree);
	if (!has_work(r)) {
		for (size_t i = 0; i < r->survey.source.n; i++)
			settled(r, i);
		return 0;
	}
	dir = state_dir(r->set.survey.state);
	result = state_journal(&r->journal, r->set.journal, dir,
	    &r->survey.source_tree, &r->survey.target_tree, why);
	free(dir);
	if (result == -1)
		return -1;
	result = write_all_changes(r, why);
	if (!r->set.quiet)
		tool_say(
		    NULL, "the journal of this run is %s", r->journal.path);
	if (journal_close(&r->journal, &late) == -1 && result == 0) {
		*why = late;
		result = -1;
	}
	return result;
}

/* True if the merge may go on. */
static bool
check_room(const struct run *r, struct why *why)
{
	const char *target = r->set.survey.target;
	struct quota q;

	if (quota_read(&q, r->survey.target_tree.control) &&
	    ((q.bytes_limit > 0 && q.bytes + r->merge.bytes > q.bytes_limit) ||
		(q.messages_limit > 0 &&
		    q.messages + (int64_t)r->merge.n > q.messages_limit)))
		tool_say(target,
		    "the quota will be exceeded: %lld bytes and %lld messages "
		    "are there, %lld and %zu are to be added; new mail will "
		    "be refused",
		    (long long)q.bytes, (long long)q.messages,
		    (long long)r->merge.bytes, r->merge.n);
	if (merge_has_room(&r->merge, why) || r->set.force)
		return true;
	if (!r->set.dry_run)
		return false;
	tool_say(target, "%s", why->text);
	return true;
}

/* What the merge could not do itself. */
static void
advise(const struct run *r)
{
	size_t differing = flags_differing(&r->survey.plan, FLAGS_MIRROR);

	if (r->set.flags == FLAGS_REPORT && differing > 0)
		tool_say(NULL,
		    "%zu messages have other flags in the source; see --flags",
		    differing);
	if (r->merge.nameless_letters > 0)
		tool_say(NULL,
		    "%zu keyword letters have no usable name in the source's "
		    "dovecot-keywords and were not carried",
		    r->merge.nameless_letters);
	if (r->merge.lost_keywords > 0)
		tool_say(NULL,
		    "%zu keywords were not carried: a folder can have 26",
		    r->merge.lost_keywords);
	if (r->merge.added == 0)
		return;
	tool_say(NULL,
	    "worth running now: doveadm quota recalc -u USER (if the quota is "
	    "in a dict); doveadm index -u USER '*' (if there is a full-text "
	    "index); doveadm force-resync -u USER '*' (if "
	    "mailbox_list_index_very_dirty_syncs is on)");
}

static int
merge(struct run *r, struct why *why)
{
	int result = survey(&r->survey, &r->set.survey, why);

	if (result == -1)
		return -1;
	r->merge = (struct merge){ .plan = &r->survey.plan,
		.journal = &r->journal,
		.dates = r->set.dates,
		.settled = settled,
		.refused = refused,
		.arg = r,
		.subscribe =
		    survey_subscriptions(&r->survey, r->set.subscribe) };
	merge_prepare(&r->merge);
	if (!check_room(r, why))
		return -1;
	report_folders(r);
	progress_start(
	    &r->progress, "messages", r->survey.source.n, r->set.quiet);
	if (r->set.dry_run)
		for (size_t i = 0; i < r->survey.source.n; i++)
			settled(r, i);
	else
		result = execute(r, why);
	progress_end(&r->progress);
	if (r->set.summary && !r->set.quiet) {
		buf_reset(&r->line);
		summary_put(&r->line, &r->survey.plan);
		(void)fputs(buf_str(&r->line), stdout);
	}
	if (result == 0 && !r->set.quiet && !r->set.dry_run)
		advise(r);
	return result == 0 ? survey_save_index(&r->survey, &r->set.survey, why)
			   : -1;
}

static void
undone(void *arg, const char *dir, const char *name, enum undo_status status,
    const struct why *why)
{
	static const char *const names[] = { "removed", "gone", "changed",
		"failed" };
	struct run *r = arg;
	struct why kept = { .kind = FAIL_DATA,
		.text = "changed since it was added, kept" };
	struct buf *out = &r->line;

	if (status == UNDO_CHANGED || status == UNDO_FAILED)
		tally_fail(&r->tally, dir, name, NULL,
		    status == UNDO_FAILED ? why : &kept);
	else
		r->tally.ok++;
	if (r->set.quiet || r->set.summary)
		return;
	buf_reset(out);
	jw_open(out, '{');
	jw_kint(out, "v", 1);
	jw_kstr(out, "type", "result");
	jw_kstr(out, "object", "message");
	jw_kvis(out, "dir", dir);
	jw_kvis(out, "name", name);
	jw_kstr(out, "status", names[status]);
	jw_close(out, '}');
	buf_addc(out, '\n');
	(void)fwrite(out->data, 1, out->len, stdout);
}

static int
undo(struct run *r, struct why *why)
{
	const struct journal_record end = { .kind = JOURNAL_UNDONE };
	struct journal_text text = { 0 };
	struct undo u = { &r->survey.target_tree, &text, r->set.force,
		r->set.dry_run, undone, r };
	int result = -1;

	if (journal_read(&text, r->set.undo, why) == -1 ||
	    survey_target(&r->survey, &r->set.survey, why) == -1)
		goto out;
	if (!r->set.force &&
	    text.records[0].identity != r->survey.target_tree.identity) {
		why_set(why, FAIL_FATAL,
		    "%s: the journal of another target: %s", r->set.undo,
		    text.records[0].target);
		goto out;
	}
	if (!r->set.dry_run)
		merge_sweep(&r->survey.target_tree);
	result = undo_run(&u, why);
	if (result == 0 && !r->set.dry_run) {
		result = journal_append(&r->journal, r->set.undo, why);
		if (result == 0) {
			journal_put(&r->journal, &end);
			result = journal_close(&r->journal, why);
		}
	}
out:
	journal_free(&text);
	return result;
}

static void
run_free(struct run *r)
{
	merge_free(&r->merge);
	survey_free(&r->survey);
	free(r->set.rules);
	free(r->set.ignored);
	buf_free(&r->line);
}

static void
warn(const char *text)
{
	tool_say(NULL, "%s; passed over", text);
}

int
main(int argc, char **argv)
{
	struct run r = { 0 };
	struct why why = { 0 };
	int status;

	tool_init("maildir-merge");
	status = read_options(&r, argc, argv);
	if (status != -1)
		return status;
	r.set.survey.mapping.rules = r.set.rules;
	r.set.survey.mapping.n_rules = r.set.n_rules;
	r.set.survey.match.ignored = (const char *const *)r.set.ignored;
	r.set.survey.warn = warn;
	survey_init(&r.survey);
	if ((r.set.undo == NULL ? merge(&r, &why) : undo(&r, &why)) == -1) {
		if (why.kind == FAIL_DATA)
			why.kind = FAIL_FATAL; /* the run did not finish */
		tally_fail(&r.tally, NULL, NULL, NULL, &why);
	}
	run_free(&r);
	return tally_finish(&r.tally);
}
