/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * maildir-merge: adds to a live Maildir the messages of another tree that it
 * lacks. See maildir-merge(1).
 */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "core/alloc.h"
#include "core/json.h"
#include "core/num.h"
#include "core/str.h"
#include "core/tool.h"
#include "maildir/index.h"
#include "maildir/merge.h"
#include "maildir/name.h"

static const char usage[] = "maildir-merge [-hnqsVv] [options] source target";

static const char help[] =
    "Adds to the Maildir target the messages of the Maildir source that it "
    "lacks.\n"
    "\n"
    "  -c, --collapse           of several copies of a message add one\n"
    "      --control-dir DIR    the target's CONTROL= directory\n"
    "      --date auto|mtime|name  where the internal date is\n"
    "      --folders FILE       roles of the source's folders "
    "(folders.ndjson)\n"
    "      --ignore-folders A,B copies in these target folders do not count\n"
    "      --ignore-unreadable  go on with messages of the target that cannot "
    "be read\n"
    "  -i, --index FILE         remember what was read in FILE\n"
    "  -J, --journal FILE       write the journal of this run to FILE\n"
    "  -j, --jobs N             at most N threads\n"
    "      --keep-trashed       merge messages marked as deleted, too\n"
    "  -m, --map FROM=TO        folder FROM of the source is folder TO\n"
    "  -n, --dry-run            change nothing, say what would be done\n"
    "  -q, --quiet              no result records\n"
    "      --same-id compare|trust|add  messages with one Message-ID\n"
    "      --scope account|folder  where a copy in the target counts\n"
    "      --skip-drafts        do not merge drafts\n"
    "      --source-names utf8|mutf7  how the source spells its folders\n"
    "  -s, --summary            a table per folder instead of records\n"
    "      --state-dir DIR      where journals are kept\n"
    "      --strip-inbox        INBOX/Sent of the source is Sent\n"
    "      --target-names utf8|mutf7  how the target spells its folders\n"
    "      --verify-index       compare size and time of each file, too\n"
    "  -v, --verbose            counts at the end, on standard error\n"
    "  -h, --help               this text\n"
    "  -V, --version            the version\n"
    "\n"
    "Exit status: 0 every message is where it belongs; 1 some failed; 2 the "
    "run "
    "did\n"
    "not finish; 75 the target is locked, run it again.\n";

enum {
	OPT_CONTROL = 256,
	OPT_DATE,
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
	{ "verbose", no_argument, NULL, 'v' },
	{ "verify-index", no_argument, NULL, OPT_VERIFY_INDEX },
	{ "version", no_argument, NULL, 'V' }, { NULL, 0, NULL, 0 } };

/* What the command line says. */
struct settings {
	const char *source, *target;
	struct tree_hint source_hint, target_hint;
	struct mapping_options mapping;
	struct match_options match;
	struct folder_rule *rules;
	size_t n_rules, cap_rules;
	char **ignored; /* NULL-terminated */
	enum date_source dates;
	const char *folders, *index, *journal, *state;
	unsigned int jobs;
	bool dry_run, quiet, summary, verify_index;
};

/* Everything of one run. */
struct run {
	struct settings set;
	struct mdtree source_tree, target_tree;
	struct catalogue source, target;
	struct folder_list notes;
	struct target_folder *folders;
	struct plan plan;
	struct merge merge;
	struct journal journal;
	struct index *index;
	struct tally tally;
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
	static const char *const names[] = { "mutf7", "utf8", NULL };
	int n = 0;

	switch (ch) {
	case OPT_CONTROL:
		set->target_hint.control = arg;
		break;
	case OPT_DATE:
		n = choice(arg, dates);
		set->dates = (enum date_source)n;
		break;
	case OPT_FOLDERS:
		set->folders = arg;
		break;
	case OPT_IGNORE_FOLDERS:
		split_list(set, arg);
		break;
	case OPT_IGNORE_UNREADABLE:
		set->match.ignore_unreadable = true;
		break;
	case OPT_KEEP_TRASHED:
		set->match.keep_trashed = true;
		break;
	case OPT_SAME_ID:
		n = choice(arg, same);
		set->match.same_id = (enum same_id)n;
		break;
	case OPT_SCOPE:
		n = choice(arg, scopes);
		set->match.scope_folder = n == 1;
		break;
	case OPT_SKIP_DRAFTS:
		set->match.skip_drafts = true;
		break;
	case OPT_SOURCE_NAMES:
		n = choice(arg, names);
		set->source_hint.utf8 = n;
		break;
	case OPT_STATE_DIR:
		set->state = arg;
		break;
	case OPT_STRIP_INBOX:
		set->mapping.strip_inbox = true;
		break;
	case OPT_TARGET_NAMES:
		n = choice(arg, names);
		set->target_hint.utf8 = n;
		break;
	case OPT_VERIFY_INDEX:
		set->verify_index = true;
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

	set->source_hint = set->target_hint =
	    (struct tree_hint){ .fs = -1, .utf8 = -1 };
	while ((ch = getopt_long(
		    argc, argv, "+chi:J:j:m:nqsVv", options, NULL)) != -1) {
		switch (ch) {
		case 'c':
			set->match.collapse = true;
			break;
		case 'h':
			return tool_help(usage, help);
		case 'i':
			set->index = optarg;
			break;
		case 'J':
			set->journal = optarg;
			break;
		case 'j':
			if (!parse_num(optarg, 1, 32, &n, NULL))
				return tool_usage(usage);
			set->jobs = (unsigned int)n;
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
	if (argc - optind != 2)
		return tool_usage(usage);
	set->source = argv[optind];
	set->target = argv[optind + 1];
	return -1;
}

static const char *
outcome_name(const struct run *r, enum outcome o)
{
	switch (o) {
	case OUT_ADD:
		return r->set.dry_run ? "planned" : "added";
	case OUT_PRESENT:
		return "present";
	case OUT_ELSEWHERE:
		return "elsewhere";
	case OUT_SKIPPED:
		return "skipped";
	case OUT_FAILED:
		break;
	}
	return "failed";
}

/* A path that may hold any bytes, as JSON can show it. */
static void
put_path(struct buf *out, const char *key, const struct catalogue *c,
    const struct entry *e)
{
	struct buf path = { 0 }, shown = { 0 };

	entry_put_path(&path, c, e);
	str_vis(&shown, buf_str(&path), 0);
	jw_kstr(out, key, buf_str(&shown));
	buf_free(&path);
	buf_free(&shown);
}

static void
print_result(struct run *r, size_t number)
{
	const struct fate *f = &r->plan.fates[number];
	const struct entry *e = &r->source.entries[number];
	const struct target_folder *to = &r->folders[e->folder];
	struct buf *out = &r->line;

	buf_reset(out);
	jw_open(out, '{');
	jw_kint(out, "v", 1);
	jw_kstr(out, "type", "result");
	jw_kstr(out, "object", "message");
	put_path(out, "file", &r->source, e);
	jw_kstr(out, "status", outcome_name(r, f->outcome));
	if (to->fault == NULL)
		jw_kstr(out, "folder", r->target_tree.folders[to->folder].path);
	if (f->outcome == OUT_PRESENT || f->outcome == OUT_ELSEWHERE)
		put_path(out, "twin", &r->target, &r->target.entries[f->twin]);
	jw_kstr(out, "reason", f->note);
	jw_close(out, '}');
	buf_addc(out, '\n');
	(void)fwrite(out->data, 1, out->len, stdout);
}

/* The fate of one message is final. */
static void
settled(void *arg, size_t number)
{
	struct run *r = arg;
	const struct fate *f = &r->plan.fates[number];

	if (f->outcome == OUT_FAILED) {
		struct buf path = { 0 };
		struct why why = { .kind = FAIL_DATA };

		entry_put_path(&path, &r->source, &r->source.entries[number]);
		(void)why_set(&why, FAIL_DATA, "%s", f->note);
		tally_fail(
		    &r->tally, r->set.source, buf_str(&path), NULL, &why);
		buf_free(&path);
	} else {
		r->tally.ok++;
	}
	if (!r->set.quiet && !r->set.summary)
		print_result(r, number);
}

/* The table of --summary: for each folder what becomes of its messages. */
static void
print_summary(const struct run *r)
{
	static const char *const names[] = { "ADD", "PRESENT", "ELSEWHERE",
		"SKIPPED", "FAILED" };
	size_t(*counts)[5] = xcalloc(r->source_tree.n, sizeof *counts);

	for (size_t i = 0; i < r->source.n; i++)
		counts[r->source.entries[i].folder][r->plan.fates[i].outcome]++;
	for (int i = 0; i < 5; i++)
		(void)printf("%9s ", names[i]);
	(void)printf(" FOLDER\n");
	for (size_t i = 0; i < r->source_tree.n; i++) {
		const struct mdfolder *from = &r->source_tree.folders[i], *to;
		struct buf shown = { 0 };

		str_vis(&shown, from->path == NULL ? from->dir : from->path, 0);
		for (int j = 0; j < 5; j++)
			(void)printf("%9zu ", counts[i][j]);
		(void)printf(" %s", buf_str(&shown));
		to = &r->target_tree.folders[r->folders[i].folder];
		if (r->folders[i].fault != NULL)
			(void)printf(" (%s)", r->folders[i].fault);
		else if (from->path == NULL ||
			 strcmp(from->path, to->path) != 0)
			(void)printf(" -> %s", to->path);
		(void)printf("%s\n", r->folders[i].create ? " (new)" : "");
		buf_free(&shown);
	}
	free(counts);
}

/* One merge at a time: a lock on the directory itself, which Dovecot does not
 * use. */
static int
lock_target(const struct run *r, struct why *why)
{
	if (flock(r->target_tree.fd, LOCK_EX | LOCK_NB) == 0)
		return 0;
	if (errno == EWOULDBLOCK)
		return why_set(why, FAIL_TEMP,
		    "%s: another merge is at work in it", r->set.target);
	return why_errno(why, FAIL_FATAL, "%s", r->set.target);
}

/* True if one path is the other, or lies below it. */
static bool
is_nested(const char *a, const char *b)
{
	size_t len = strlen(a);

	return strncmp(a, b, len) == 0 && (b[len] == '\0' || b[len] == '/');
}

static int
check_apart(const struct run *r, struct why *why)
{
	char *a = realpath(r->set.source, NULL);
	char *b = realpath(r->set.target, NULL);
	int result = 0;

	if (a == NULL || b == NULL)
		result = why_errno(why, FAIL_FATAL, "%s",
		    a == NULL ? r->set.source : r->set.target);
	else if (is_nested(a, b) || is_nested(b, a))
		result = why_set(
		    why, FAIL_FATAL, "source and target lie in one another");
	free(a);
	free(b);
	return result;
}

/* folders.ndjson: where the option says, else in the source or beside it. */
static int
read_notes(struct run *r, struct why *why)
{
	static const char *const places[] = { "%s/folders.ndjson",
		"%s/../folders.ndjson" };
	int result = 0;

	if (r->set.folders != NULL)
		return folder_list_read(&r->notes, r->set.folders, why);
	for (size_t i = 0; i < 2; i++) {
		char *path =
		    i == 0 ? xasprintf("%s/folders.ndjson", r->set.source)
			   : xasprintf("%s/../folders.ndjson", r->set.source);
		bool there = access(path, F_OK) == 0;

		(void)places;
		if (there)
			result = folder_list_read(&r->notes, path, why);
		free(path);
		if (there)
			break;
	}
	return result;
}

static int
survey(struct run *r, struct why *why)
{
	const struct settings *set = &r->set;

	if (check_apart(r, why) == -1 ||
	    mdtree_open(&r->source_tree, set->source, &set->source_hint, why) ==
		-1 ||
	    mdtree_open(&r->target_tree, set->target, &set->target_hint, why) ==
		-1 ||
	    lock_target(r, why) == -1 || read_notes(r, why) == -1)
		return -1;
	if (set->index != NULL)
		r->index = index_open(set->index);
	r->source.index = r->target.index = r->index;
	r->source.stamps = r->target.stamps = set->verify_index;
	r->source.jobs = r->target.jobs = set->jobs;
	if (catalogue_list(&r->source, why) == -1 ||
	    catalogue_read_ids(&r->source, 0, why) == -1 ||
	    catalogue_list(&r->target, why) == -1 ||
	    catalogue_read_ids(&r->target, 0, why) == -1)
		return -1;
	index_free(r->index);
	r->index = r->source.index = r->target.index = NULL;
	r->folders = map_folders(
	    &r->source_tree, &r->target_tree, &r->notes, &set->mapping);
	r->plan = (struct plan){ &r->source, &r->target, r->folders, set->match,
		NULL };
	if (match(&r->plan, why) == -1)
		return -1;
	r->merge = (struct merge){ .plan = &r->plan,
		.journal = &r->journal,
		.dates = set->dates,
		.settled = settled,
		.arg = r };
	merge_prepare(&r->merge);
	return 0;
}

/* The directory of journals: --state-dir, or below the user's own. */
static char *
state_dir(const struct settings *set)
{
	const char *state = getenv("XDG_STATE_HOME");
	const char *home = getenv("HOME");

	if (set->state != NULL)
		return xstrdup(set->state);
	if (state != NULL && *state == '/')
		return xasprintf("%s/mailferry", state);
	return xasprintf("%s/.local/state/mailferry", home == NULL ? "" : home);
}

/* mkdir -p, mode 0700. */
static int
make_dirs(const char *path, struct why *why)
{
	char *copy = xstrdup(path);
	int r = 0;

	for (char *at = copy; r == 0 && at != NULL;) {
		at = strchr(at + 1, '/');
		if (at != NULL)
			*at = '\0';
		if (mkdir(copy, 0700) == -1 && errno != EEXIST)
			r = why_errno(why, FAIL_FATAL, "%s", copy);
		if (at != NULL)
			*at = '/';
	}
	free(copy);
	return r;
}

static int
open_journal(struct run *r, struct why *why)
{
	struct journal_record first = { .kind = JOURNAL_RUN,
		.identity = r->target_tree.identity };
	char *dir = NULL, *path;
	int result;

	if (r->set.journal != NULL) {
		path = xstrdup(r->set.journal);
	} else {
		dir = state_dir(&r->set);
		if (make_dirs(dir, why) == -1) {
			free(dir);
			return -1;
		}
		path = xasprintf("%s/merge-%016" PRIx64 "-%lld-%ld.journal",
		    dir, r->target_tree.identity, (long long)time(NULL),
		    (long)getpid());
	}
	result = journal_create(&r->journal, path, why);
	first.target = realpath(r->set.target, NULL);
	first.source = realpath(r->set.source, NULL);
	if (result == 0)
		journal_put(&r->journal, &first);
	free(first.target);
	free(first.source);
	free(dir);
	free(path);
	return result;
}

static int
execute(struct run *r, struct why *why)
{
	const struct journal_record end = { .kind = JOURNAL_END };
	struct why late = { 0 };
	int result;

	if (open_journal(r, why) == -1)
		return -1;
	result = merge_run(&r->merge, why);
	if (result == 0)
		journal_put(&r->journal, &end);
	if (r->merge.added > 0)
		tool_say(NULL, "journal: %s", r->journal.path);
	if (journal_close(&r->journal, &late) == -1 && result == 0) {
		*why = late;
		result = -1;
	}
	return result;
}

static int
save_index(struct run *r, struct why *why)
{
	const struct catalogue *both[] = { &r->source, &r->target };

	if (r->set.index == NULL)
		return 0;
	return index_save(r->set.index, both, 2, why);
}

static int
go(struct run *r, struct why *why)
{
	int result = survey(r, why);

	if (result == 0 && r->set.dry_run)
		for (size_t i = 0; i < r->source.n; i++)
			settled(r, i);
	else if (result == 0)
		result = execute(r, why);
	if (result == 0 && r->set.summary && !r->set.quiet)
		print_summary(r);
	if (result == 0)
		result = save_index(r, why);
	return result;
}

static void
run_free(struct run *r)
{
	merge_free(&r->merge);
	free(r->plan.fates);
	mapping_free(r->folders, r->source_tree.n);
	index_free(r->index);
	catalogue_free(&r->source);
	catalogue_free(&r->target);
	mdtree_close(&r->source_tree);
	mdtree_close(&r->target_tree);
	folder_list_free(&r->notes);
	free(r->set.rules);
	free(r->set.ignored);
	buf_free(&r->line);
}

int
main(int argc, char **argv)
{
	struct run r = { .source_tree = { .fd = -1, .control = -1 },
		.target_tree = { .fd = -1, .control = -1 } };
	struct why why = { 0 };
	int status;

	tool_init("maildir-merge");
	status = read_options(&r, argc, argv);
	if (status != -1)
		return status;
	r.set.mapping.rules = r.set.rules;
	r.set.mapping.n_rules = r.set.n_rules;
	r.set.match.ignored = (const char *const *)r.set.ignored;
	catalogue_init(&r.source, &r.source_tree);
	catalogue_init(&r.target, &r.target_tree);
	if (go(&r, &why) == -1)
		tally_fail(&r.tally, NULL, NULL, NULL, &why);
	run_free(&r);
	return tally_finish(&r.tally);
}
