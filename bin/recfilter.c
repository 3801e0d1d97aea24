/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * recfilter: of a dump, some accounts or domains with all that belongs to them.
 * See recfilter(1); what belongs to what is decided in lib/record/select.c.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/main.h"
#include "cli/read.h"
#include "core/alloc.h"
#include "core/buf.h"
#include "core/ndjson.h"
#include "core/num.h"
#include "core/str.h"
#include "record/address.h"
#include "record/intake.h"
#include "record/mirrors.h"
#include "record/parts.h"
#include "record/record.h"
#include "record/select.h"

struct run {
	struct tally tally;
	struct opt_list addresses, domains, address_files, done_files;
	struct selection *selection;
	struct intake intake;
	const char *index;
	char *source;         /* of the dump */
	struct dump_line end; /* its last record */
	struct buf line;
	bool partial;
	bool quiet;
};

static struct run run;

/* --- what is chosen --- */

typedef int choose(struct selection *s, const char *name, struct why *why);

static void
choose_name(const char *where, const char *name, choose *f)
{
	struct why why = { 0 };

	if (f(run.selection, name, &why) == 0)
		return;
	why.kind = FAIL_FATAL;
	tally_fail(&run.tally, where, name, NULL, &why);
}

/* Addresses, one a line, or records of accounts. */
static void
choose_line(struct ndjson *in, struct record *r, choose *f)
{
	struct why why = { 0 };

	if (*in->line != '{') {
		choose_name(ndjson_where(in), str_trim(in->line), f);
	} else if (record_parse(r, in->line, in->len, &why) == -1) {
		why.kind = FAIL_FATAL;
		tally_fail(&run.tally, ndjson_where(in), NULL, NULL, &why);
	} else if (r->type == REC_ACCOUNT) {
		choose_name(ndjson_where(in), r->address, f);
	}
}

static void
choose_from_file(char *path, choose *f)
{
	char *files[] = { path, NULL };
	struct why why = { 0 };
	struct record r = { 0 };
	struct ndjson in;
	int n;

	ndjson_init(&in, files, RECORD_LINE_MAX);
	while (!tally_stop(&run.tally) && (n = ndjson_next(&in, &why)) != 0)
		if (n == 1)
			choose_line(&in, &r, f);
		else {
			why.kind = FAIL_FATAL;
			tally_fail(
			    &run.tally, ndjson_where(&in), NULL, NULL, &why);
		}
	ndjson_free(&in);
	record_free(&r);
}

static void
choose_all(void)
{
	for (size_t i = 0; i < run.addresses.n; i++)
		choose_name(NULL, run.addresses.v[i], select_address);
	for (size_t i = 0; i < run.domains.n; i++)
		choose_name(NULL, run.domains.v[i], select_domain);
	for (size_t i = 0; i < run.address_files.n; i++)
		choose_from_file(run.address_files.v[i], select_address);
	for (size_t i = 0; i < run.done_files.n; i++)
		choose_from_file(run.done_files.v[i], select_done);
}

/* --- records --- */

static bool
nothing_chosen(void)
{
	return run.addresses.n + run.domains.n + run.address_files.n +
		   run.done_files.n ==
	       0;
}

/* With nothing chosen it is for the index, which needs to know where a record is
 * and not what it says. */
static void
add_record(const struct ndjson *in, const struct record *r)
{
	struct dump_line span = { in->lines.at, in->len };

	if (r->type == REC_END) {
		if (run.source == NULL && r->source != NULL)
			run.source = xstrdup(r->source);
		run.end = span;
	} else if (nothing_chosen()) {
		buf_reset(&run.line);
		dump_line_write(&span, &run.line);
		select_add(run.selection, r, buf_str(&run.line), run.line.len);
	} else {
		select_add(run.selection, r, in->line, in->len);
	}
}

/* True if the input is a dump that came to its end. */
static bool
read_records(char **files)
{
	struct why why = { 0 };
	struct record r = { 0 };
	struct ndjson in;

	ndjson_init(&in, files, RECORD_LINE_MAX);
	while (record_read(&in, &r, &run.intake, &run.tally))
		add_record(&in, &r);
	intake_end(&run.intake, &in);
	if (!tally_stop(&run.tally) && run.intake.cut && !run.partial &&
	    !intake_is_whole(&run.intake, &why))
		tally_fail(&run.tally, NULL, NULL, NULL, &why);
	if (run.intake.filtered && !run.partial)
		tool_say(NULL,
		    "the dump has %s: lines were taken out of it, or are lost "
		    "(--partial says nothing of it)",
		    run.intake.part);
	ndjson_free(&in);
	record_free(&r);
	return !tally_stop(&run.tally) && why.kind == FAIL_NONE;
}

/* --- output --- */

/* A part says that it is one: who takes the rest for gone must know. Nor does it
 * hide that a dump was cut off before another one: what no end record counted, this
 * one does not count either. */
static void
write_end(const struct select_counts *counts)
{
	struct record end = { 0 };
	uint64_t failed = run.intake.failed + run.intake.unread;
	uint64_t counted = counts->records;

	counted -=
	    run.intake.uncounted < counted ? run.intake.uncounted : counted;
	record_reset(&end, REC_END);
	end.count = (int64_t)counted;
	end.source = run.source;
	if (failed != 0)
		end.failed = (int64_t)failed;
	end.part = run.intake.part;
	if (end.part == NULL && (counts->left != 0 || run.intake.cut))
		end.part = "recfilter";
	buf_reset(&run.line);
	record_write(&end, &run.line);
	(void)tool_write(buf_str(&run.line), run.line.len);
	record_free(&end);
}

static bool
is_owned(void *selection, const char *domain)
{
	return select_owns(selection, domain);
}

/* A domain that a part calls another name, because its accounts are in a later one,
 * could not be made with them. */
static void
write_records(void)
{
	struct select_counts counts;
	bool cut = select_owned_mirror(run.selection) != NULL;
	const char *line;
	size_t at = 0;

	select_resolve(run.selection, &counts);
	while (select_next(run.selection, &at, &line)) {
		buf_reset(&run.line);
		buf_adds(&run.line, line);
		if (cut && !counts.last && strstr(line, "\"domain\"") != NULL)
			mirrors_cut(&run.line, is_owned, run.selection);
		buf_addc(&run.line, '\n');
		if (!tool_write(buf_str(&run.line), run.line.len))
			return;
	}
	write_end(&counts);
	run.tally.ok = counts.records;
	if (counts.last && !run.quiet)
		tool_say(NULL,
		    "this is the last part: all %zu records go on, with what "
		    "was held back",
		    counts.records);
	else if (run.tally.verbose > 0)
		tool_say(NULL,
		    "%zu account%s, %zu alias%s; %zu record%s left out",
		    counts.accounts, plural(counts.accounts), counts.aliases,
		    plural_es(counts.aliases), counts.left,
		    plural(counts.left));
}

static void
say_missing(void)
{
	struct why why = { 0 };
	const char *name;
	size_t at = 0;

	while (select_missing(run.selection, &at, &name)) {
		(void)why_set(&why, FAIL_DATA,
		    strchr(name, '@') == NULL
			? "no record is in this domain"
			: "no account, group or alias has this address");
		tally_fail(&run.tally, NULL, name, NULL, &why);
	}
}

/* --- the index --- */

/* A dump that is replaced while it is read has an index of what it was. */
static void
write_index(const struct stat *st)
{
	const char *mirror = select_owned_mirror(run.selection);
	struct why why = { 0 };

	if (run.intake.filtered || run.intake.unread != 0)
		(void)why_set(&why, FAIL_DATA,
		    "not written: the dump lacks lines, or has some that are "
		    "not records");
	else if (mirror != NULL)
		(void)why_set(&why, FAIL_DATA,
		    "not written: %s is another name of a domain, and has "
		    "accounts of its own",
		    mirror);
	else
		(void)parts_write(run.index, st, run.selection, &run.end, &why);
	if (why.kind != FAIL_NONE)
		tally_fail(&run.tally, run.index, NULL, NULL, &why);
}

/* What of the dump the part is: as its end record says. */
static bool
read_end(int fd, const struct dump_line *span, struct select_counts *counts,
    struct why *why)
{
	struct record end = { 0 };
	bool good = dump_line_read(fd, span, &run.line, why) == 0 &&
		    record_parse(&end, run.line.data, run.line.len, why) == 0;

	if (good) {
		if (end.source != NULL)
			run.source = xstrdup(end.source);
		if (end.part != NULL)
			run.intake.part = xstrdup(end.part);
		if (end.failed > 0)
			run.intake.failed = (uint64_t)end.failed;
		counts->left = end.count != (int64_t)counts->records;
	}
	record_free(&end);
	return good;
}

static void
write_spans(int fd, const struct dump_line *v, size_t n)
{
	struct select_counts counts = { .records = n - 1 };
	struct why why = { 0 };
	bool good = true;

	for (size_t i = 0; good && i < n - 1; i++) {
		good = dump_line_read(fd, &v[i], &run.line, &why) == 0;
		if (good) {
			buf_addc(&run.line, '\n');
			good = tool_write(run.line.data, run.line.len);
		}
	}
	if (good && read_end(fd, &v[n - 1], &counts, &why))
		write_end(&counts);
	if (why.kind != FAIL_NONE)
		tally_fail(&run.tally, run.index, NULL, NULL, &why);
	run.tally.ok = counts.records;
}

/* One account by the index, and true; false if the dump has to be read. */
static bool
write_by_index(const char *dump)
{
	struct buf address = { 0 };
	struct dump_line *v = NULL;
	size_t n = 0;
	int fd;

	if (run.addresses.n != 1 ||
	    run.domains.n + run.address_files.n + run.done_files.n != 0)
		return false;
	fd = open(dump, O_RDONLY | O_CLOEXEC);
	if (fd == -1)
		return false;
	if (address_normalise(run.addresses.v[0], false, &address, NULL) == 0)
		v = parts_find(run.index, fd, buf_str(&address), &n);
	if (v != NULL)
		write_spans(fd, v, n);
	(void)close(fd);
	free(v);
	buf_free(&address);
	return v != NULL;
}

/* --- options --- */

static void
release(void)
{
	select_free(run.selection);
	intake_free(&run.intake);
	opt_list_free(&run.addresses);
	opt_list_free(&run.domains);
	opt_list_free(&run.address_files);
	opt_list_free(&run.done_files);
	buf_free(&run.line);
	free(run.source);
}

static const struct opt options[] = {
	OPT_LIST('a', "address", "ADDRESS",
	    "this account, with what belongs to it; can be given many times",
	    &run.addresses),
	OPT_LIST(0, "addresses", "FILE",
	    "those of a file: addresses, one a line, or records",
	    &run.address_files),
	OPT_LIST(
	    0, "domain", "DOMAIN", "all that is in this domain", &run.domains),
	OPT_LIST(0, "done", "FILE",
	    "the accounts of earlier parts; where nothing is left after this "
	    "part, everything goes on",
	    &run.done_files),
	OPT_STRING(0, "index", "FILE",
	    "where the records of each account are in the file; with nothing "
	    "chosen, write it",
	    &run.index),
	OPT_REJECTS("append records that cannot be read to FILE", &run.tally),
	OPT_SET(
	    0, "partial", "the input may lack its end record", &run.partial),
	OPT_QUIET("no remarks", &run.quiet),
	OPT_VERBOSE("say how many go on", &run.tally.verbose),
	OPT_STOP("stop at the first record that cannot be read; write nothing",
	    &run.tally.strict),
	OPT_STANDARD,
};

static int
recfilter(char **files)
{
	bool whole = nothing_chosen() && run.index != NULL;
	struct stat st = { 0 };

	if (nothing_chosen() && run.index == NULL)
		return opt_wrong(&tool,
		    "nothing is chosen: --address, --addresses or --domain");
	if (run.index != NULL && (*files == NULL || files[1] != NULL))
		return opt_wrong(&tool, "--index is of one file");
	if (run.index != NULL && write_by_index(*files))
		return tally_finish(&run.tally);
	run.selection = select_new(whole || run.done_files.n != 0);
	choose_all();
	if (whole)
		(void)stat(*files, &st);
	if (tally_stop(&run.tally) || !read_records(files))
		return tally_finish(&run.tally);
	if (whole) {
		write_index(&st);
	} else {
		write_records();
		say_missing();
	}
	return tally_finish(&run.tally);
}

const struct opt_tool tool = {
	OPT_TOOL("recfilter", "[file ...]", 0, -1),
	.about = "Passes the records of some accounts or domains on, with the "
		 "aliases,\n"
		 "lists, groups and domains that belong to them.\n",
	.status = "0 all that was asked for is there; 1 something is not, a "
		  "record cannot be read, or the end record is missing; 2 the "
		  "run did not finish.",
	.options = options,
	.run = recfilter,
	.release = release,
};
