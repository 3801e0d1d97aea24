/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * archive2maildir: writes what a Vandelay archive holds as files: a Maildir,
 * iCalendar, vCard, Sieve scripts, the account's files. It reads the archive
 * and nothing else, writes into one folder and nowhere else, and needs no
 * network. See archive2maildir(1); the work is in lib/extract.
 */
#include <getopt.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "archive/archive.h"
#include "archive/stamp.h"
#include "core/num.h"
#include "core/progress.h"
#include "core/str.h"
#include "core/tool.h"
#include "extract/extract.h"

static const char usage[] =
    "archive2maildir [-hlqVv] [option ...] archive [target]";

static const char help[] =
    "Writes what a Vandelay archive holds into the folder target: mail/, a\n"
    "Maildir; calendars/, contacts/, sieve/, files/, and lists of what has no\n"
    "file of its own. A run that was interrupted is completed by running it\n"
    "again.\n"
    "\n"
    "  -j, --jobs N      how many threads copy messages (one a processor)\n"
    "  --json            events and cards as JSON, too\n"
    "  -l, --list        say what the archive holds, and write nothing\n"
    "  --only PART,...   only mail, calendars, contacts, sieve, files\n"
    "  --since DATE      skip messages that were received before\n"
    "  --utf8            folder names in UTF-8, for mail_location with :UTF-8\n"
    "  --vcard VERSION   3 or 4 (4)\n"
    "  -q, --quiet       no notes, no counts, no progress\n"
    "  -v, --verbose     name each message that --since skips\n"
    "  -h, --help        this text\n"
    "  -V, --version     the version\n"
    "\n"
    "Exit status: 0 all is there; 1 something could not be written, and is\n"
    "named; 2 the run did not finish; 75 another program holds the archive:\n"
    "run it again.\n";

enum {
	JOBS_MAX = 32
};

struct run {
	struct tally tally;
	struct extract extract;
	struct progress progress;
	bool list;
	bool quiet;
};

static volatile sig_atomic_t signalled;

static void
on_signal(int sig)
{
	signalled = sig;
}

/* --- what the library calls back --- */

static bool
stop(void *arg)
{
	(void)arg;
	return signalled != 0;
}

static void
progress(void *arg, size_t n)
{
	struct run *run = arg;

	progress_add(&run->progress, n);
}

static void
tell(void *arg, enum told kind, const char *what, const struct why *why)
{
	struct run *run = arg;
	bool wanted = kind == TOLD_OLD ? run->tally.verbose > 0 : !run->quiet;

	if (kind == TOLD_FAILED)
		tally_fail(&run->tally, what, NULL, NULL, why);
	else if (wanted && kind == TOLD_NOTE)
		tool_say(what, "%s", why->text);
	else if (wanted)
		tool_say(what, "skipped: %s", why->text);
}

/* --- the run --- */

/* The five lines of export_archive.py, and what it does not say. */
static void
put_counts(const struct run *run)
{
	static const char *const names[PARTS] = { "emails", "events",
		"contacts", "sieve", "files" };
	const struct extract *x = &run->extract;

	for (int i = 0; i < PARTS; i++) {
		const struct extract_count *c = &x->counts[i];

		if ((x->options.parts >> i & 1) == 0)
			continue;
		(void)printf("%s: %zu of %zu written, %zu skipped, %zu failed",
		    names[i], c->written, c->total, c->skipped, c->failed);
		if (i == PART_FILES)
			(void)printf(", %zu directories", x->directories);
		(void)putchar('\n');
	}
	(void)printf("other: %zu identities in account.ndjson\n", x->kept);
}

static void
extract(struct run *run, struct archive *archive, const char *target)
{
	struct extract *x = &run->extract;
	struct why why = { 0 };
	int r;

	x->archive = archive;
	x->tell = tell;
	x->progress = progress;
	x->stop = stop;
	x->arg = run;
	progress_start(&run->progress, "objects",
	    extract_total(archive, x->options.parts), run->quiet);
	r = extract_run(x, target, &why);
	progress_end(&run->progress);
	if (r == -1)
		tally_fail(&run->tally, NULL, NULL, NULL, &why);
	if (!run->quiet && x->began)
		put_counts(run);
}

static void
list(struct run *run, struct archive *archive)
{
	struct buf out = { 0 };
	struct why why = { 0 };

	if (extract_list(archive, run->extract.options.utf8, &out, &why) == -1)
		tally_fail(&run->tally, NULL, NULL, NULL, &why);
	(void)fputs(buf_str(&out), stdout);
	buf_free(&out);
}

static int
work(struct run *run, const char *path, const char *target)
{
	struct archive archive;
	struct why why = { 0 };

	if (archive_open(&archive, path, &why) == -1) {
		tally_fail(&run->tally, NULL, NULL, NULL, &why);
		return tally_finish(&run->tally);
	}
	if (run->list)
		list(run, &archive);
	else
		extract(run, &archive, target);
	archive_close(&archive);
	run->tally.verbose = 0; /* the counts are on standard output */
	return tally_finish(&run->tally);
}

/* --- options --- */

enum {
	JSON = 256,
	ONLY,
	SINCE,
	UTF8,
	VCARD
};

static const struct option options[] = { { "jobs", required_argument, NULL,
					     'j' },
	{ "json", no_argument, NULL, JSON }, { "list", no_argument, NULL, 'l' },
	{ "only", required_argument, NULL, ONLY },
	{ "since", required_argument, NULL, SINCE },
	{ "utf8", no_argument, NULL, UTF8 },
	{ "vcard", required_argument, NULL, VCARD },
	{ "quiet", no_argument, NULL, 'q' },
	{ "verbose", no_argument, NULL, 'v' },
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, 'V' }, { NULL, 0, NULL, 0 } };

/* "mail,calendars". */
static bool
read_parts(unsigned int *parts, char *list)
{
	*parts = 0;
	while (list != NULL) {
		const char *word = str_cut(&list, ',');
		unsigned int before = *parts;

		for (unsigned int i = 0; i < PARTS; i++)
			if (strcmp(word, extract_part_names[i]) == 0)
				*parts |= 1U << i;
		if (*parts == before)
			return false;
	}
	return true;
}

static bool
read_jobs(struct extract_options *o)
{
	int64_t n;

	if (!parse_num(optarg, 1, JOBS_MAX, &n, NULL))
		return false;
	o->jobs = (unsigned int)n;
	return true;
}

static bool
read_option(struct run *run, int ch)
{
	struct extract_options *o = &run->extract.options;

	switch (ch) {
	case 'j':
		return read_jobs(o);
	case JSON:
		o->json = true;
		return true;
	case ONLY:
		return read_parts(&o->parts, optarg);
	case SINCE:
		o->has_since = true;
		return stamp_parse(optarg, strlen(optarg), &o->since);
	case UTF8:
		o->utf8 = true;
		return true;
	case VCARD:
		o->vcard = strcmp(optarg, "3") == 0 ? 3 : 4;
		return o->vcard == 3 || strcmp(optarg, "4") == 0;
	default:
		return false;
	}
}

/* As many threads as processors: they copy, and wait for nothing. */
static unsigned int
processors(void)
{
	long n = sysconf(_SC_NPROCESSORS_ONLN);

	return n < 1 ? 1 : n > JOBS_MAX ? JOBS_MAX : (unsigned int)n;
}

static void
catch_signals(void)
{
	struct sigaction act = { .sa_handler = on_signal };

	(void)sigaction(SIGINT, &act, NULL);
	(void)sigaction(SIGTERM, &act, NULL);
	(void)sigaction(SIGHUP, &act, NULL);
}

int
main(int argc, char **argv)
{
	static struct run run;
	int ch;

	tool_init("archive2maildir");
	run.extract.options = (struct extract_options){
		.parts = (1U << PARTS) - 1, .vcard = 4, .jobs = processors()
	};
	while (
	    (ch = getopt_long(argc, argv, "+hj:lqVv", options, NULL)) != -1) {
		switch (ch) {
		case 'h':
			return tool_help(usage, help);
		case 'l':
			run.list = true;
			break;
		case 'q':
			run.quiet = true;
			break;
		case 'V':
			return tool_version();
		case 'v':
			run.tally.verbose++;
			break;
		default:
			if (!read_option(&run, ch))
				return tool_usage(usage);
		}
	}
	if (argc - optind != (run.list ? 1 : 2))
		return tool_usage(usage);
	catch_signals();
	return work(&run, argv[optind], argv[optind + 1]);
}
