/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * sievecheck: for each Sieve script, what the new server will do with it. See
 * sievecheck(1); the work is in lib/sieve.
 */
#include <string.h>

#include "cli/main.h"
#include "cli/outcome.h"
#include "cli/read.h"
#include "core/io.h"
#include "core/json.h"
#include "core/ndjson.h"
#include "record/record.h"
#include "sieve/check.h"

enum {
	SCRIPT_MAX = 1 << 20 /* bytes */
};

struct run {
	struct tally tally;
	struct buf line;
	size_t counts[SIEVE_REFUSED + 1];
	const char *where; /* of messages */
	bool records;
	bool quiet;
};

static struct run run;

static void
found(void *arg, size_t line, enum sieve_finding what, const char *reason)
{
	(void)arg;
	jw_open(&run.line, '{');
	jw_kint(&run.line, "line", (int64_t)line);
	jw_kstr(&run.line, "what", sieve_finding_words[what]);
	jw_kstr(&run.line, "text", reason);
	jw_close(&run.line, '}');
	if (run.tally.verbose > 0)
		tool_say(run.where, "line %zu: %s", line, reason);
}

/* The findings come before the verdict is known: it is the last member. */
static void
check(const char *address, const char *name, const char *text, size_t len)
{
	enum sieve_verdict verdict;

	outcome_begin(&run.line, "script");
	jw_kstr(&run.line, "address", address);
	jw_kvis(&run.line, "name", name);
	jw_key(&run.line, "findings");
	jw_open(&run.line, '[');
	verdict = sieve_check(text, len, found, NULL);
	jw_close(&run.line, ']');
	jw_kstr(&run.line, "status", sieve_verdict_words[verdict]);
	if (run.quiet)
		buf_reset(&run.line);
	else if (!outcome_write(&run.line))
		run.tally.fatal = true;
	run.counts[verdict]++;
	run.tally.ok++;
}

static void
check_file(const char *path)
{
	struct buf text = { .max = SCRIPT_MAX };
	struct why why = { 0 };
	bool input = strcmp(path, "-") == 0;
	int r = input ? read_fd(0, "standard input", &text, &why)
		      : read_file(path, &text, &why);

	run.where = path;
	if (r == 0) {
		check(NULL, path, buf_str(&text), text.len);
	} else {
		/* One file of many is no reason to stop. */
		why.kind = FAIL_DATA;
		tally_fail(&run.tally, NULL, NULL, NULL, &why);
	}
	buf_free(&text);
}

static void
check_record(const struct record *r)
{
	const struct record_script *v = r->scripts.v;

	run.where = r->address;
	for (size_t i = 0; i < r->scripts.n; i++)
		check(r->address, v[i].name, v[i].text, strlen(v[i].text));
}

static void
check_records(char **files)
{
	struct record r = { 0 };
	struct ndjson in;

	ndjson_init(&in, files, RECORD_LINE_MAX);
	while (record_read(&in, &r, NULL, &run.tally))
		check_record(&r);
	ndjson_free(&in);
	record_free(&r);
}

static int
check_all(char **files)
{
	char dash[] = "-", *standard_input[] = { dash, NULL };

	if (run.records) {
		check_records(files);
	} else {
		for (char **f = *files == NULL ? standard_input : files;
		     *f != NULL && !tally_stop(&run.tally); f++)
			check_file(*f);
	}
	if (run.tally.verbose > 0)
		tool_say(NULL, "%zu good, %zu differ, %zu refused",
		    run.counts[SIEVE_GOOD], run.counts[SIEVE_DIFFERS],
		    run.counts[SIEVE_REFUSED]);
	run.tally.verbose = 0;
	run.tally.failed +=
	    run.counts[SIEVE_DIFFERS] + run.counts[SIEVE_REFUSED];
	buf_free(&run.line);
	return tally_finish(&run.tally);
}

static const struct opt options[] = {
	OPT_REJECTS("append records that cannot be read to FILE", &run.tally),
	OPT_QUIET("no records; the exit status tells", &run.quiet),
	OPT_SET(0, "records", "the files are records: check their scripts",
	    &run.records),
	OPT_VERBOSE("each finding, and counts at the end, on standard error",
	    &run.tally.verbose),
	OPT_STOP("stop at the first file or record that cannot be read",
	    &run.tally.strict),
	OPT_STANDARD,
};

const struct opt_tool tool = {
	.name = "sievecheck",
	OPT_OPERANDS("[file ...]", 0, -1),
	.about = "Says for each Sieve script what the new server will do with "
		 "it: good,\n"
		 "differs, refused; and why.\n",
	.status = "0 every script is good; 1 not so; 2 the run did not finish.",
	.options = options,
	.run = check_all,
};
