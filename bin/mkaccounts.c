/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * mkaccounts: account records in, a plan for stalwart-apply and stalwart-cli
 * out. See mkaccounts(1); the work is in lib/plan.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli/main.h"
#include "cli/outcome.h"
#include "cli/progress.h"
#include "cli/read.h"
#include "core/alloc.h"
#include "core/arena.h"
#include "core/json.h"
#include "core/num.h"
#include "core/outfile.h"
#include "plan/collect.h"
#include "plan/forward.h"
#include "plan/name.h"
#include "plan/plan.h"
#include "plan/resolve.h"
#include "plan/scripts.h"
#include "plan/settings.h"
#include "plan/temporary.h"
#include "plan/write.h"
#include "record/intake.h"
#include "record/record.h"

/* Notes that differ only in names: how many, and the first. */
struct folded {
	const char *form;
	enum note_kind kind;
	const char *address, *reason;
	size_t count;
};

struct run {
	struct plan_options options;
	struct tally tally;
	struct plan *plan;
	struct arena arena; /* what options point to */
	const char *output;
	const char *report_path;
	const char *sieve_dir;
	const char *settings_path;
	const char *temp_path;
	struct outfile report;
	struct outfile settings;
	struct outfile plan_file;
	struct buf line;
	struct temporary temporary;
	struct scripts scripts;
	struct intake intake;
	size_t notes[NOTE_REFUSED + 1]; /* by kind */
	struct folded *folded;
	size_t n_folded, cap_folded;
	size_t refusals;
	bool refused;  /* a record, or the whole input */
	bool complete; /* the whole plan was written */
	bool quiet;
};

static struct run run;

/* --- what the plan asks for --- */

static const char *const kinds[] = {
	[NOTE_LEFT] = "not-carried",
	[NOTE_LOGIN] = "not-carried",
	[NOTE_CHANGED] = "changed",
	[NOTE_CARRIED] = "carried",
	[NOTE_REFUSED] = "refused",
};

/* Whether notes differ only in names. A directory's own are texts without one. */
static bool
is_alike(const struct folded *f, const struct note *n)
{
	return f->form == n->form && (strcmp(n->form, "%s") != 0 ||
					 strcmp(f->reason, n->reason) == 0);
}

/* Counts a note with those like it. */
static void
fold(const struct note *n)
{
	size_t i = 0;

	run.notes[n->kind] += n->count;
	while (i < run.n_folded && !is_alike(&run.folded[i], n))
		i++;
	if (i == run.n_folded) {
		run.folded = xgrow(run.folded, run.n_folded, &run.cap_folded,
		    sizeof *run.folded);
		run.folded[run.n_folded++] = (struct folded){ n->form, n->kind,
			arena_adds(&run.arena, n->address),
			arena_adds(&run.arena, n->reason), 0 };
	}
	run.folded[i].count += n->count;
}

static void
note(void *arg, const struct note *n)
{
	(void)arg;
	fold(n);
	if (n->kind == NOTE_REFUSED) {
		run.tally.failed++;
		run.refusals++;
	}
	if (n->kind == NOTE_REFUSED || run.tally.verbose > 0)
		tool_say(n->origin, "%s: %s: %s", n->address, kinds[n->kind],
		    n->reason);
	if (run.report.file == NULL)
		return;
	outcome_begin(&run.line, "note");
	jw_kstr(&run.line, "status", kinds[n->kind]);
	jw_kstr(&run.line, "address", n->address);
	jw_kstr(&run.line, "reason", n->reason);
	if (n->count > 1)
		jw_kint(&run.line, "count", (int64_t)n->count);
	jw_kstr(&run.line, "origin", n->origin);
	outcome_end(&run.line);
	(void)fwrite(run.line.data, 1, run.line.len, run.report.file);
}

static const char *
temporary(void *arg, const char *address, struct why *why)
{
	(void)arg;
	return temporary_get(&run.temporary, address, why);
}

static int
write_line(void *arg, const char *line, size_t len, struct why *why)
{
	(void)arg;
	if (run.output == NULL
		? tool_write(line, len)
		: fwrite(line, 1, len, run.plan_file.file) == len)
		return 0;
	return why_errno(why, FAIL_FATAL, "%s",
	    run.output == NULL ? "standard output" : run.output);
}

static int
write_script(void *arg, const char *address, const char *text, struct why *why)
{
	(void)arg;
	return scripts_put(&run.scripts, address, text, why);
}

static int
write_settings(void *arg, const char *line, size_t len, struct why *why)
{
	(void)arg;
	if (fwrite(line, 1, len, run.settings.file) == len)
		return 0;
	return why_errno(why, FAIL_FATAL, "%s", run.settings_path);
}

/* --- the steps --- */

static int
open_temporary(struct why *why)
{
	struct why mended = { 0 };

	if (temporary_open(&run.temporary, run.temp_path, &mended, why) == -1)
		return -1;
	if (mended.kind != FAIL_NONE)
		tool_say(NULL, "%s", mended.text);
	return 0;
}

/* An output that an option may name. */
static int
open_output(struct outfile *o, const char *path, struct why *why)
{
	return path == NULL ? 0 : outfile_open(o, path, why);
}

static int
open_files(struct why *why)
{
	/* First, so that no other output takes its place. */
	if (run.temp_path != NULL && open_temporary(why) == -1)
		return -1;
	if (open_output(&run.report, run.report_path, why) == -1 ||
	    open_output(&run.plan_file, run.output, why) == -1 ||
	    open_output(&run.settings, run.settings_path, why) == -1)
		return -1;
	if (run.sieve_dir != NULL &&
	    scripts_open(&run.scripts, run.sieve_dir, why) == -1)
		return -1;
	return 0;
}

static void
take(struct ndjson *in, const struct record *r)
{
	struct why why = { 0 };

	if (run.intake.part != NULL)
		run.options.partial = true;
	if (plan_add(run.plan, r, &why) == 0) {
		run.tally.ok++;
		return;
	}
	run.refusals++;
	tally_fail(&run.tally, r->origin != NULL ? r->origin : ndjson_where(in),
	    record_id(r), in->line, &why);
}

static void
unread(void *arg, const struct record *r)
{
	(void)arg;
	plan_unread(run.plan, r);
}

/* What an input that is not all of a directory means for the plan: one that was
 * cut off, or of which entries could not be read, makes none, unless a part is
 * asked for. Nothing is ever taken away because it is not in such an input. */
static void
check_input(const struct ndjson *in)
{
	struct why why = { 0 };

	intake_end(&run.intake, in);
	if (run.intake.filtered && !run.quiet)
		tool_say(NULL,
		    "%s came: the input is taken for a part of the dump, as "
		    "with --partial",
		    run.intake.part);
	if (intake_is_whole(&run.intake, &why)) {
		run.options.whole_accounts = true;
		return;
	}
	run.options.part = true;
	/* A filter of ours keeps together what belongs to an account. */
	run.options.whole_accounts =
	    run.intake.part != NULL && !run.intake.filtered &&
	    !run.intake.cut && run.intake.failed == 0 && run.intake.unread == 0;
	plan_spare(run.plan);
	run.refused =
	    !run.options.partial && !intake_is_complete(&run.intake, &why);
	if (run.options.reconcile &&
	    (run.intake.cut || run.intake.part != NULL ||
		run.intake.uncounted != 0))
		why.kind = FAIL_FATAL;
	if (run.refused || why.kind == FAIL_FATAL)
		tally_fail(&run.tally, NULL, NULL, NULL, &why);
	else if (run.intake.failed != 0 && !run.quiet)
		tool_say(NULL,
		    "%" PRIu64 " of the directory's entries could not be read: "
		    "the plan is that of a part",
		    run.intake.failed);
}

static void
read_records(char **files)
{
	struct progress progress;
	struct record r = { 0 };
	struct ndjson in;

	run.intake.unread_record = unread;
	ndjson_init(&in, files, RECORD_LINE_MAX);
	progress_start(&progress, "records", 0, run.quiet);
	while (record_read(&in, &r, &run.intake, &run.tally)) {
		take(&in, &r);
		progress_add(&progress, 1);
	}
	run.refusals += run.intake.unread;
	progress_end(&progress);
	if (!tally_stop(&run.tally))
		check_input(&in);
	ndjson_free(&in);
	record_free(&r);
}

/* What is not carried or was changed; the whole of it with -v. */
static void
say_folded(void)
{
	for (size_t i = 0; i < run.n_folded; i++) {
		const struct folded *f = &run.folded[i];

		if (f->kind == NOTE_REFUSED)
			continue;
		if (f->count == 1)
			tool_say(NULL, "%s: %s: %s", kinds[f->kind], f->address,
			    f->reason);
		else
			tool_say(NULL, "%s: %zu times, such as %s: %s",
			    kinds[f->kind], f->count, f->address, f->reason);
	}
}

static void
summary(void)
{
	const struct plan_counts *c = plan_counts(run.plan);
	size_t left = run.notes[NOTE_LEFT] + run.notes[NOTE_LOGIN],
	       changed = run.notes[NOTE_CHANGED];

	tool_say(NULL,
	    "%zu account%s (%zu verbatim, %zu transcoded, %zu temporary, %zu "
	    "without a password), %zu skipped",
	    c->accounts, plural(c->accounts), c->verbatim, c->transcoded,
	    c->temporary, c->without_secret, c->skipped);
	tool_say(NULL,
	    "%zu domain%s, %zu group%s, %zu alias%s, %zu list%s, %zu "
	    "catch-all%s, %zu forward%s",
	    c->domains, plural(c->domains), c->groups, plural(c->groups),
	    c->aliases, plural_es(c->aliases), c->lists, plural(c->lists),
	    c->catch_alls, plural(c->catch_alls), c->forwards,
	    plural(c->forwards));
	if (c->signings != 0)
		tool_say(NULL, "%zu signing key%s", c->signings,
		    plural(c->signings));
	if (run.settings_path != NULL)
		tool_say(NULL, "%zu account%s with settings", c->settings,
		    plural(c->settings));
	if (c->send_as != 0)
		tool_say(NULL, "%zu right%s to send as others", c->send_as,
		    plural(c->send_as));
	if (run.tally.verbose == 0)
		say_folded();
	tool_say(NULL, "%zu not carried, %zu changed, %zu refused%s", left,
	    changed, run.refusals,
	    left + changed != 0 && run.report_path == NULL &&
		    run.tally.verbose == 0
		? " (--report names them)"
		: "");
}

/* The passwords must be on the disk before the plan that has their hashes. */
static int
write_all_of_it(struct why *why)
{
	if (temporary_sync(&run.temporary, why) == -1)
		return -1;
	if (run.sieve_dir != NULL &&
	    plan_each_script(run.plan, write_script, NULL, why) == -1)
		return -1;
	if (run.settings_path != NULL &&
	    plan_each_settings(run.plan, write_settings, NULL, why) == -1)
		return -1;
	return plan_write(run.plan, write_line, NULL, why);
}

static void
write_plan(void)
{
	struct why why = { 0 };

	plan_resolve(run.plan);
	if (write_all_of_it(&why) == -1) {
		tool_say(NULL, "%s", why.text);
		run.tally.fatal = true;
		return;
	}
	run.complete = true;
	if (!run.quiet)
		summary();
}

/* Gives a file its name if it is whole, and takes it away if not. */
static void
close_file(struct outfile *f, bool whole)
{
	struct why why = { 0 };

	if (f->file == NULL)
		return;
	if (!whole) {
		outfile_abort(f);
	} else if (outfile_commit(f, &why) == -1) {
		tool_say(NULL, "%s", why.text);
		run.tally.fatal = true;
	}
}

static int
make(char **files)
{
	struct plan_calls calls = { NULL, note, temporary };
	struct why why = { 0 };
	int status;

	run.plan = plan_new(&run.options, &calls);
	if (open_files(&why) == -1) {
		tally_fail(&run.tally, NULL, NULL, NULL, &why);
		run.refused = true;
	} else {
		read_records(files);
	}
	if (!run.refused && !tally_stop(&run.tally))
		write_plan();
	close_file(&run.report, !run.tally.fatal);
	close_file(&run.settings, run.complete && !run.tally.fatal);
	close_file(&run.plan_file, run.complete && !run.tally.fatal);
	scripts_close(&run.scripts);
	temporary_close(&run.temporary);
	run.tally.verbose = 0; /* the summary has the counts */
	status = tally_finish(&run.tally);
	plan_free(run.plan);
	intake_free(&run.intake);
	map_free(&run.options.existing);
	free(run.folded);
	arena_free(&run.arena);
	buf_free(&run.line);
	return status;
}

/* --- options --- */

static const char *const inactives[] = { [false] = "disable", [true] = "skip" };
static const char *const otps[] = { [false] = "report", [true] = "carry" };
static unsigned int inactive, otp;

/* NAME=ID */
static int
existing_domain(void *to, char *value, struct why *why)
{
	char *eq = strchr(value, '=');
	struct buf name = { 0 };
	int r;

	(void)to;
	if (eq == NULL || eq == value || eq[1] == '\0')
		return why_set(why, FAIL_FATAL, "\"%s\" is not NAME=ID", value);
	*eq = '\0';
	r = name_domain(value, &name, why);
	if (r == 0)
		*map_put(&run.options.existing,
		    arena_adds(&run.arena, name.data), NULL) =
		    arena_adds(&run.arena, eq + 1);
	buf_free(&name);
	return r;
}

static int
default_domain(void *to, char *value, struct why *why)
{
	struct buf name = { 0 };
	int r = name_domain(value, &name, why);

	(void)to;
	if (r == 0)
		run.options.default_domain = arena_adds(&run.arena, name.data);
	buf_free(&name);
	return r;
}

static const struct opt options[] = {
	OPT_WORD(0, "no-secret", "WHAT",
	    "for an account whose password cannot be carried",
	    &run.options.no_secret, no_secret_words),
	OPT_STRING(0, "temp-file", "FILE",
	    "where --no-secret=temp writes the passwords, lines of address, "
	    "tab, "
	    "password; those in it are kept",
	    &run.temp_path),
	OPT_STRING(0, "settings", "FILE",
	    "write there what no object of the plan holds, for stalwart-apply "
	    "--settings: forwards, scripts, vacations, identities, app "
	    "passwords, shares",
	    &run.settings_path),
	OPT_STRING(0, "sieve-dir", "DIR",
	    "write a Sieve script for each owner's forward; --settings does "
	    "more",
	    &run.sieve_dir),
	OPT_WORD(0, "inactive", "WHAT", "accounts that are switched off",
	    &inactive, inactives),
	OPT_WORD(0, "elsewhere", "WHAT",
	    "accounts in domains that the old server takes no mail for",
	    &run.options.elsewhere, elsewhere_words),
	OPT_WORD(0, "otp", "WHAT", "second factors", &otp, otps),
	OPT_CALL(0, "existing-domain", "NAME=ID",
	    "the domain is on the server, with that id", existing_domain, NULL),
	OPT_CALL(0, "default-domain", "NAME",
	    "the server's default domain: owners may log in there without one",
	    default_domain, NULL),
	OPT_SET(0, "no-domains", "create no domains", &run.options.no_domains),
	OPT_SET(0, "allow-relaying",
	    "domains take mail for recipients that they lack",
	    &run.options.allow_relaying),
	OPT_SET(0, "protocols", "protocols that are switched off stay so",
	    &run.options.protocols),
	OPT_SET(0, "networks", "logins stay restricted to networks",
	    &run.options.networks),
	OPT_SET(0, "send-as", "rights to send as others become lookup keys",
	    &run.options.send_as),
	OPT_SET(0, "locale", "carry owners' languages and time zones",
	    &run.options.locale),
	OPT_SET(0, "manual-dkim", "domains do not make DKIM keys by themselves",
	    &run.options.manual_dkim),
	OPT_STRING(0, "tenant", "ID", "everything belongs to this tenant",
	    &run.options.tenant),
	OPT_STRING(0, "description", "TEXT",
	    "describe domains, lists and nameless accounts so",
	    &run.options.description),
	OPT_SET(0, "reconcile", "take away what else is in these domains",
	    &run.options.reconcile),
	OPT_SET(0, "partial",
	    "the input is part of a dump: no end record is expected, targets "
	    "that "
	    "are not in it may exist",
	    &run.options.partial),
	OPT_STRING(0, "report", "FILE",
	    "what is not carried or was changed, as records", &run.report_path),
	OPT_REJECTS("append records that are refused to FILE", &run.tally),
	OPT_STRING('o', "output", "FILE",
	    "write the plan there when it is complete", &run.output),
	OPT_QUIET("no summary, no progress", &run.quiet),
	OPT_VERBOSE("say each thing that is not carried or changed",
	    &run.tally.verbose),
	OPT_STOP("stop at the first record that is refused", &run.tally.strict),
	OPT_STANDARD,
};

static int
mkaccounts(char **files)
{
	run.options.skip_inactive = inactive != 0;
	run.options.carry_otp = otp != 0;
	run.options.settings = run.settings_path != NULL;
	run.options.sieve = run.sieve_dir != NULL || run.options.settings;
	if ((run.options.no_secret == NO_SECRET_TEMP) !=
	    (run.temp_path != NULL))
		return opt_wrong(
		    &tool, "--no-secret=temp and --temp-file go together");
	if (run.sieve_dir != NULL && run.options.settings)
		return opt_wrong(
		    &tool, "--settings takes the place of --sieve-dir");
	if (run.options.reconcile && run.options.partial)
		return opt_wrong(
		    &tool, "--reconcile needs a whole dump, not --partial");
	return make(files);
}

const struct opt_tool tool = {
	OPT_TOOL("mkaccounts", "[file ...]", 0, -1),
	.about = "Turns account records into a plan for stalwart-apply and "
		 "stalwart-cli.\n",
	.status = "0 all records were taken; 1 a record was refused, or an end "
		  "record is missing; 2 the run did not finish; 75 another run "
		  "uses the temporary passwords: run it again.",
	.options = options,
	.run = mkaccounts,
};
