/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * mkaccounts: account records in, a plan for stalwart-apply and stalwart-cli
 * out. See mkaccounts(1); the work is in lib/plan.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/alloc.h"
#include "core/arena.h"
#include "core/io.h"
#include "core/json.h"
#include "core/progress.h"
#include "core/tool.h"
#include "plan/name.h"
#include "plan/plan.h"
#include "record/record.h"
#include "secret/passwords.h"
#include "secret/secret.h"

static const char usage[] =
    "mkaccounts [-hqVvx] [-E rejects] [-o file] [--no-secret=WHAT] "
    "[option ...] [file ...]";

static const char help[] =
    "Turns account records into a plan for stalwart-apply and stalwart-cli.\n"
    "\n"
    "  --no-secret=WHAT     for an account whose password cannot be carried:\n"
    "                       fail (default), skip, temp, empty\n"
    "  --temp-file FILE     where --no-secret=temp writes the passwords, "
    "lines\n"
    "                       of address, tab, password; those in it are kept\n"
    "  --sieve-dir DIR      write a Sieve script for each owner's forward\n"
    "  --inactive=WHAT      accounts that are switched off: disable "
    "(default), skip\n"
    "  --otp=WHAT           second factors: report (default), carry\n"
    "  --existing-domain NAME=ID  the domain is on the server, with that id\n"
    "  --no-domains         create no domains\n"
    "  --allow-relaying     domains take mail for recipients that they lack\n"
    "  --manual-dkim        domains do not make DKIM keys by themselves\n"
    "  --tenant ID          everything belongs to this tenant\n"
    "  --description TEXT   describe domains, lists and nameless accounts so\n"
    "  --reconcile          take away what else is in these domains\n"
    "  --partial            the input is part of a dump: no end record is "
    "expected,\n"
    "                       targets that are not in it may exist\n"
    "  --report FILE        what is not carried or was changed, as records\n"
    "  -E, --rejects FILE   append records that are refused to FILE\n"
    "  -o, --output FILE    write the plan there when it is complete\n"
    "  -q, --quiet          no summary, no progress\n"
    "  -v, --verbose        say each thing that is not carried or changed\n"
    "  -x, --stop           stop at the first record that is refused\n"
    "  -h, --help           this text\n"
    "  -V, --version        the version\n"
    "\n"
    "Exit status: 0 all records were taken; 1 a record was refused, or an "
    "end\n"
    "record is missing; 2 the run did not finish.\n";

struct run {
	struct plan_options options;
	struct tally tally;
	struct plan *plan;
	struct arena arena; /* what options point to */
	const char *output;
	const char *report_path;
	const char *sieve_dir;
	const char *temp_path;
	const char *rejects;
	struct outfile report;
	struct outfile plan_file;
	struct buf line;
	struct passwords temporary;
	char password[TEMPORARY_LEN + 1];
	FILE *temp_file;
	FILE *out;
	int sieve_fd;
	size_t notes[NOTE_REFUSED + 1]; /* by kind */
	const char *file;               /* of the last record */
	bool ended;                     /* the last record was an end */
	bool complete;                  /* the whole plan was written */
	bool quiet;
};

/* --- what the plan asks for --- */

static void
note(void *arg, const struct note *n)
{
	static const char *const kinds[] = { [NOTE_LEFT] = "not-carried",
		[NOTE_LOGIN] = "not-carried",
		[NOTE_CHANGED] = "changed",
		[NOTE_REFUSED] = "refused" };
	struct run *run = arg;

	run->notes[n->kind]++;
	if (n->kind == NOTE_REFUSED)
		run->tally.failed++;
	if (n->kind == NOTE_REFUSED || run->tally.verbose > 0)
		tool_say(n->origin, "%s: %s: %s", n->address, kinds[n->kind],
		    n->reason);
	if (run->report.file == NULL)
		return;
	buf_reset(&run->line);
	jw_open(&run->line, '{');
	jw_kint(&run->line, "v", 1);
	jw_kstr(&run->line, "type", "note");
	jw_kstr(&run->line, "status", kinds[n->kind]);
	jw_kstr(&run->line, "address", n->address);
	jw_kstr(&run->line, "reason", n->reason);
	jw_kstr(&run->line, "origin", n->origin);
	jw_close(&run->line, '}');
	buf_addc(&run->line, '\n');
	(void)fwrite(run->line.data, 1, run->line.len, run->report.file);
}

/* The temporary password of an account: from the file, or a new one, which is
 * added to the file. */
static const char *
temporary(void *arg, const char *address, struct why *why)
{
	struct run *run = arg;
	const char *known = passwords_get(&run->temporary, address);

	if (known != NULL)
		return known;
	if (secret_temporary(run->password, why) == -1)
		return NULL;
	if (fprintf(run->temp_file, "%s\t%s\n", address, run->password) < 0 ||
	    fflush(run->temp_file) != 0) {
		why_errno(why, FAIL_FATAL, "%s", run->temp_path);
		return NULL;
	}
	return run->password;
}

static int
write_line(void *arg, const char *line, size_t len, struct why *why)
{
	const struct run *run = arg;

	if (fwrite(line, 1, len, run->out) == len)
		return 0;
	return why_errno(why, FAIL_FATAL, "%s",
	    run->output == NULL ? "standard output" : run->output);
}

/* Not durable, as the plan is not: another run writes it again. */
static int
write_script(void *arg, const char *address, const char *text, struct why *why)
{
	const struct run *run = arg;
	struct buf name = { 0 };
	int fd, r = 0;

	name_script(address, &name);
	fd = openat(run->sieve_fd, name.data,
	    O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd == -1 || write_all(fd, text, strlen(text)) == -1)
		r = -1;
	if (fd != -1 && close(fd) == -1)
		r = -1;
	if (r == -1)
		why_errno(why, FAIL_FATAL, "%s/%s", run->sieve_dir, name.data);
	buf_free(&name);
	return r;
}

/* --- the steps --- */

static int
open_temp_file(struct run *run, struct why *why)
{
	int fd;

	if (access(run->temp_path, F_OK) == 0 &&
	    passwords_read(&run->temporary, run->temp_path, why) == -1)
		return -1;
	fd = open(
	    run->temp_path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
	run->temp_file = fd == -1 ? NULL : fdopen(fd, "a");
	if (run->temp_file == NULL)
		return why_errno(why, FAIL_FATAL, "%s", run->temp_path);
	return 0;
}

static int
open_files(struct run *run, struct why *why)
{
	if (run->rejects != NULL &&
	    tally_rejects(&run->tally, run->rejects, why) == -1)
		return -1;
	if (run->report_path != NULL &&
	    outfile_open(&run->report, run->report_path, why) == -1)
		return -1;
	if (run->output != NULL &&
	    outfile_open(&run->plan_file, run->output, why) == -1)
		return -1;
	run->out = run->output == NULL ? stdout : run->plan_file.file;
	if (run->sieve_dir != NULL) {
		(void)mkdir(run->sieve_dir, 0700);
		run->sieve_fd =
		    open(run->sieve_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (run->sieve_fd == -1)
			return why_errno(why, FAIL_FATAL, "%s", run->sieve_dir);
	}
	return run->temp_path == NULL ? 0 : open_temp_file(run, why);
}

/* A dump that does not end with an end record may have been cut off: its
 * reader died, and the pipe does not tell. */
static void
check_end(struct run *run)
{
	if (run->ended || run->options.partial)
		return;
	tool_say(run->file,
	    "no end record: the dump was cut off, or is part of one "
	    "(--partial)");
	run->tally.failed++;
	if (run->options.reconcile)
		run->tally.fatal = true;
}

/* The dump was complete, and a filter has left a part of it. */
static void
take_part(struct run *run, const char *part)
{
	run->options.partial = true;
	if (!run->options.reconcile)
		return;
	tool_say(run->file,
	    "this is a part of a dump (%s): --reconcile would "
	    "take the rest away",
	    part);
	run->tally.fatal = true;
}

static bool
step(struct run *run, struct ndjson *in, struct record *r)
{
	struct why why = { 0 };
	int n = record_next(in, r, &why);

	if (n == 0)
		return false;
	if (run->file != NULL && run->file != in->file)
		check_end(run);
	run->file = in->file;
	run->ended = n == 1 && r->type == REC_END;
	if (run->ended && r->part != NULL)
		take_part(run, r->part);
	if (n == -1)
		tally_fail(&run->tally, ndjson_where(in), NULL, in->line, &why);
	else if (plan_add(run->plan, r, &why) == -1)
		tally_fail(&run->tally,
		    r->origin != NULL ? r->origin : ndjson_where(in),
		    record_id(r), in->line, &why);
	else
		run->tally.ok++;
	return !tally_stop(&run->tally);
}

static void
read_records(struct run *run, char **files)
{
	struct progress progress;
	struct record r = { 0 };
	struct ndjson in;

	ndjson_init(&in, files, RECORD_LINE_MAX);
	progress_start(&progress, "records", 0, run->quiet);
	while (step(run, &in, &r))
		progress_add(&progress, 1);
	progress_end(&progress);
	if (!tally_stop(&run->tally))
		check_end(run);
	ndjson_free(&in);
	record_free(&r);
}

static void
summary(const struct run *run)
{
	const struct plan_counts *c = plan_counts(run->plan);
	size_t left = run->notes[NOTE_LEFT], changed = run->notes[NOTE_CHANGED];

	tool_say(NULL,
	    "%zu accounts (%zu verbatim, %zu transcoded, %zu temporary, %zu "
	    "without a password), %zu skipped",
	    c->accounts, c->verbatim, c->transcoded, c->temporary,
	    c->without_secret, c->skipped);
	tool_say(NULL,
	    "%zu domains, %zu groups, %zu aliases, %zu lists, %zu catch-alls, "
	    "%zu forwards",
	    c->domains, c->groups, c->aliases, c->lists, c->catch_alls,
	    c->forwards);
	if (run->notes[NOTE_LOGIN] != 0)
		tool_say(NULL,
		    "%zu login names are not carried: owners log in with the "
		    "address",
		    run->notes[NOTE_LOGIN]);
	tool_say(NULL, "%zu not carried, %zu changed, %zu refused%s", left,
	    changed, run->tally.failed,
	    left + changed != 0 && run->report_path == NULL &&
		    run->tally.verbose == 0
		? " (--report names them)"
		: "");
}

static void
write_plan(struct run *run)
{
	struct why why = { 0 };

	plan_resolve(run->plan);
	if ((run->sieve_dir != NULL &&
		plan_each_script(run->plan, write_script, run, &why) == -1) ||
	    plan_write(run->plan, write_line, run, &why) == -1) {
		tool_say(NULL, "%s", why.text);
		run->tally.fatal = true;
		return;
	}
	run->complete = true;
	if (!run->quiet)
		summary(run);
}

/* Gives a file its name if it is whole, and takes it away if not. */
static bool
close_file(struct outfile *f, bool whole)
{
	struct why why = { 0 };

	if (f->file == NULL)
		return true;
	if (!whole) {
		outfile_abort(f);
		return true;
	}
	if (outfile_commit(f, &why) == 0)
		return true;
	tool_say(NULL, "%s", why.text);
	return false;
}

/* The passwords must be on the disk before the plan that has their hashes. */
static bool
close_temp_file(struct run *run)
{
	bool good;

	if (run->temp_file == NULL)
		return true;
	good = fsync(fileno(run->temp_file)) == 0 || errno == EINVAL;
	if (fclose(run->temp_file) != 0)
		good = false;
	if (!good)
		tool_say(run->temp_path, "%s", strerror(errno));
	return good;
}

static void
close_files(struct run *run)
{
	bool good = close_temp_file(run);

	if (!close_file(&run->report, !run->tally.fatal))
		good = false;
	if (!close_file(&run->plan_file, good && run->complete))
		good = false;
	if (run->sieve_fd != -1)
		(void)close(run->sieve_fd);
	if (!good)
		run->tally.fatal = true;
}

static int
make(struct run *run, char **files)
{
	struct plan_calls calls = { run, note, temporary };
	struct why why = { 0 };
	int status;

	run->plan = plan_new(&run->options, &calls);
	if (open_files(run, &why) == -1) {
		tool_say(NULL, "%s", why.text);
		run->tally.fatal = true;
	} else {
		read_records(run, files);
	}
	if (!tally_stop(&run->tally))
		write_plan(run);
	close_files(run);
	run->tally.verbose = 0; /* the summary has the counts */
	status = tally_finish(&run->tally);
	plan_free(run->plan);
	passwords_free(&run->temporary);
	explicit_bzero(run->password, sizeof run->password);
	map_free(&run->options.existing);
	arena_free(&run->arena);
	buf_free(&run->line);
	return status;
}

/* --- options --- */

static bool
choose(const char *text, const char *const *names, unsigned int *choice)
{
	for (unsigned int i = 0; names[i] != NULL; i++)
		if (strcmp(text, names[i]) == 0) {
			*choice = i;
			return true;
		}
	return false;
}

/* NAME=ID of --existing-domain. */
static bool
existing_domain(struct run *run, const char *text)
{
	const char *eq = strchr(text, '=');
	struct buf name = { 0 };
	struct why why = { 0 };
	char *given;
	bool ok;

	if (eq == NULL || eq[1] == '\0')
		return false;
	given = xmemdup(text, (size_t)(eq - text));
	ok = name_domain(given, &name, &why) == 0;
	if (ok)
		*map_put(&run->options.existing,
		    arena_adds(&run->arena, name.data), NULL) =
		    arena_adds(&run->arena, eq + 1);
	else
		tool_say("--existing-domain", "%s", why.text);
	free(given);
	buf_free(&name);
	return ok;
}

enum {
	NO_SECRET = 256,
	TEMP_FILE,
	SIEVE_DIR,
	INACTIVE,
	OTP,
	EXISTING,
	NO_DOMAINS,
	RELAYING,
	MANUAL_DKIM,
	TENANT,
	DESCRIPTION,
	RECONCILE,
	PARTIAL,
	REPORT
};

static const struct option options[] = { { "no-secret", required_argument, NULL,
					     NO_SECRET },
	{ "temp-file", required_argument, NULL, TEMP_FILE },
	{ "sieve-dir", required_argument, NULL, SIEVE_DIR },
	{ "inactive", required_argument, NULL, INACTIVE },
	{ "otp", required_argument, NULL, OTP },
	{ "existing-domain", required_argument, NULL, EXISTING },
	{ "no-domains", no_argument, NULL, NO_DOMAINS },
	{ "allow-relaying", no_argument, NULL, RELAYING },
	{ "manual-dkim", no_argument, NULL, MANUAL_DKIM },
	{ "tenant", required_argument, NULL, TENANT },
	{ "description", required_argument, NULL, DESCRIPTION },
	{ "reconcile", no_argument, NULL, RECONCILE },
	{ "partial", no_argument, NULL, PARTIAL },
	{ "report", required_argument, NULL, REPORT },
	{ "rejects", required_argument, NULL, 'E' },
	{ "output", required_argument, NULL, 'o' },
	{ "quiet", no_argument, NULL, 'q' },
	{ "verbose", no_argument, NULL, 'v' },
	{ "stop", no_argument, NULL, 'x' }, { "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, 'V' }, { NULL, 0, NULL, 0 } };

/* The options that only lib/plan knows. False for a wrong value. */
static bool
plan_option(struct run *run, int ch)
{
	static const char *const no_secrets[] = { "fail", "skip", "temp",
		"empty", NULL };
	static const char *const inactives[] = { "disable", "skip", NULL };
	static const char *const otps[] = { "report", "carry", NULL };
	struct plan_options *o = &run->options;
	unsigned int n = 0;

	switch (ch) {
	case NO_SECRET:
		if (!choose(optarg, no_secrets, &n))
			return false;
		o->no_secret = (enum no_secret)n;
		return true;
	case INACTIVE:
		if (!choose(optarg, inactives, &n))
			return false;
		o->skip_inactive = n == 1;
		return true;
	case OTP:
		if (!choose(optarg, otps, &n))
			return false;
		o->carry_otp = n == 1;
		return true;
	case EXISTING:
		return existing_domain(run, optarg);
	case NO_DOMAINS:
		o->no_domains = true;
		return true;
	case RELAYING:
		o->allow_relaying = true;
		return true;
	case MANUAL_DKIM:
		o->manual_dkim = true;
		return true;
	case TENANT:
		o->tenant = optarg;
		return *optarg != '\0';
	case DESCRIPTION:
		o->description = optarg;
		return *optarg != '\0';
	case RECONCILE:
		o->reconcile = true;
		return true;
	case PARTIAL:
		o->partial = true;
		return true;
	default:
		return false;
	}
}

int
main(int argc, char **argv)
{
	static struct run run = { .sieve_fd = -1 };
	int ch;

	tool_init("mkaccounts");
	while (
	    (ch = getopt_long(argc, argv, "+E:ho:qVvx", options, NULL)) != -1) {
		switch (ch) {
		case 'E':
			run.rejects = optarg;
			break;
		case 'h':
			return tool_help(usage, help);
		case 'o':
			run.output = optarg;
			break;
		case 'q':
			run.quiet = true;
			break;
		case 'V':
			return tool_version();
		case 'v':
			run.tally.verbose++;
			break;
		case 'x':
			run.tally.strict = true;
			break;
		case REPORT:
			run.report_path = optarg;
			break;
		case SIEVE_DIR:
			run.sieve_dir = optarg;
			run.options.sieve = true;
			break;
		case TEMP_FILE:
			run.temp_path = optarg;
			break;
		default:
			if (!plan_option(&run, ch))
				return tool_usage(usage);
		}
	}
	if ((run.options.no_secret == NO_SECRET_TEMP) !=
	    (run.temp_path != NULL)) {
		tool_say(NULL, "--no-secret=temp and --temp-file go together");
		return tool_usage(usage);
	}
	if (run.options.reconcile && run.options.partial) {
		tool_say(NULL, "--reconcile needs a whole dump, not --partial");
		return tool_usage(usage);
	}
	return make(&run, argv + optind);
}
