/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * archive2maildir: writes what a Vandelay archive holds as files: a Maildir,
 * iCalendar, vCard, Sieve scripts, the account's files. It reads the archive
 * and nothing else, writes into one folder and nowhere else, and needs no
 * network. See archive2maildir(1); the work is in lib/extract.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "archive/archive.h"
#include "cli/main.h"
#include "cli/progress.h"
#include "cli/signals.h"
#include "cli/tool.h"
#include "convert/stamp.h"
#include "core/str.h"
#include "core/workers.h"
#include "extract/extract.h"
#include "extract/summary.h"

struct run {
	struct tally tally;
	struct extract extract;
	struct progress progress;
	int64_t jobs;
	int64_t vcard;
	bool list;
	bool quiet;
};

static struct run run = { .extract.options.parts = (1U << PARTS) - 1,
	.vcard = 4 };

/* --- what the library calls back --- */

static bool
stop(void *arg)
{
	(void)arg;
	return signals_stopped();
}

static void
progress(void *arg, size_t n)
{
	(void)arg;
	progress_add(&run.progress, n);
}

static void
tell(void *arg, enum told kind, const char *what, const struct why *why)
{
	bool wanted = kind == TOLD_OLD ? run.tally.verbose > 0 : !run.quiet;

	(void)arg;
	if (kind == TOLD_FAILED)
		tally_fail(&run.tally, what, NULL, NULL, why);
	else if (wanted && kind == TOLD_NOTE)
		tool_say(what, "%s", why->text);
	else if (wanted)
		tool_say(what, "skipped: %s", why->text);
}

/* --- the run --- */

/* The five lines of export_archive.py, and what it does not say. */
static void
put_counts(void)
{
	static const char *const names[PARTS] = { "emails", "events",
		"contacts", "sieve", "files" };
	const struct extract *x = &run.extract;

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
extract(struct archive *archive, const char *target)
{
	struct extract *x = &run.extract;
	struct why why = { 0 };
	int r;

	x->archive = archive;
	x->tell = tell;
	x->progress = progress;
	x->stop = stop;
	progress_start(&run.progress, "objects",
	    extract_total(archive, x->options.parts), run.quiet);
	r = extract_run(x, target, &why);
	progress_end(&run.progress);
	if (r == -1)
		tally_fail(&run.tally, NULL, NULL, NULL, &why);
	if (!run.quiet && x->began)
		put_counts();
}

static void
list(struct archive *archive)
{
	struct buf out = { 0 };
	struct why why = { 0 };

	if (extract_list(archive, run.extract.options.utf8, &out, &why) == -1)
		tally_fail(&run.tally, NULL, NULL, NULL, &why);
	(void)fputs(buf_str(&out), stdout);
	buf_free(&out);
}

static int
work(const char *path, const char *target)
{
	struct archive archive;
	struct why why = { 0 };

	if (archive_open(&archive, path, &why) == -1) {
		tally_fail(&run.tally, NULL, NULL, NULL, &why);
		return tally_finish(&run.tally);
	}
	if (run.list)
		list(&archive);
	else
		extract(&archive, target);
	archive_close(&archive);
	run.tally.verbose = 0; /* the counts are on standard output */
	return tally_finish(&run.tally);
}

/* --- options --- */

/* "mail,calendars". */
static int
read_parts(void *to, char *list, struct why *why)
{
	unsigned int *parts = to;

	*parts = 0;
	while (list != NULL) {
		const char *word = str_cut(&list, ',');
		unsigned int before = *parts;

		for (unsigned int i = 0; i < PARTS; i++)
			if (strcmp(word, extract_part_names[i]) == 0)
				*parts |= 1U << i;
		if (*parts == before)
			return why_set(why, FAIL_FATAL,
			    "not a part: \"%.40s\" (or given twice); the parts "
			    "are mail, calendars, contacts, sieve and files",
			    word);
	}
	return 0;
}

static int
read_since(void *to, char *date, struct why *why)
{
	struct extract_options *o = to;

	if (!stamp_parse(date, strlen(date), &o->since))
		return why_set(why, FAIL_FATAL,
		    "not a date: \"%.40s\"; write 2026-03-01 or "
		    "2026-03-01T12:00:00Z",
		    date);
	o->has_since = true;
	return 0;
}

static const struct opt options[] = {
	OPT_JOBS("how many threads copy messages (one a processor)", &run.jobs),
	OPT_SET(0, "json", "events and cards as JSON, too",
	    &run.extract.options.json),
	OPT_SET('l', "list", "say what the archive holds, and write nothing",
	    &run.list),
	OPT_CALL(0, "only", "PART,...",
	    "only mail, calendars, contacts, sieve, files", read_parts,
	    &run.extract.options.parts),
	OPT_CALL(0, "since", "DATE", "skip messages that were received before",
	    read_since, &run.extract.options),
	OPT_SET(0, "utf8",
	    "folder names in UTF-8, for mail_location with :UTF-8",
	    &run.extract.options.utf8),
	OPT_NUMBER(0, "vcard", "VERSION", "write vCards of version 3 or 4",
	    &run.vcard, 3, 4),
	OPT_QUIET("no notes, no counts, no progress", &run.quiet),
	OPT_VERBOSE("name each message that --since skips", &run.tally.verbose),
	OPT_STANDARD,
};

/* As many threads as processors: they copy, and wait for nothing. */
static unsigned int
processors(void)
{
	long n = sysconf(_SC_NPROCESSORS_ONLN);

	return n < 1 ? 1 : n > WORKERS_MAX ? WORKERS_MAX : (unsigned int)n;
}

static int
write_files(char **operands)
{
	const char *archive = operands[0], *target = operands[1];

	if (run.list && target != NULL)
		return opt_wrong(&tool, "--list takes no target");
	if (!run.list && target == NULL)
		return opt_wrong(&tool, "no target given");
	run.extract.options.jobs =
	    run.jobs == 0 ? processors() : (unsigned int)run.jobs;
	run.extract.options.vcard = (int)run.vcard;
	signals_catch();
	return work(archive, target);
}

const struct opt_tool tool = {
	OPT_TOOL("archive2maildir", "archive [target]", 1, 2),
	.about = "Writes what a Vandelay archive holds into the folder "
		 "target: mail/, a\n"
		 "Maildir; calendars/, contacts/, sieve/, files/, and lists of "
		 "what has no\n"
		 "file of its own. A run that was interrupted is completed by "
		 "running it\n"
		 "again.\n",
	.status = "0 all is there; 1 something could not be written, and is "
		  "named; 2 the run did not finish; 75 another program holds "
		  "the archive: run it again.",
	.options = options,
	.run = write_files,
};
