/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * acctcheck: whether the accounts of a new server have what they have on the
 * old one. See acctcheck(1); the work is in lib/acct.
 */
#include <stdlib.h>
#include <string.h>

#include "acct/input.h"
#include "acct/report.h"
#include "acct/separator.h"
#include "cli/main.h"
#include "cli/outcome.h"
#include "cli/progress.h"
#include "cli/signals.h"
#include "cli/tool.h"
#include "core/alloc.h"
#include "core/str.h"
#include "core/workers.h"
#include "http/login.h"

enum {
	JOBS = 4,
	CHUNK_PER_JOB = 16, /* so many are asked for before they are written */
	IGNORES_MAX = 64,
	REFUSED_MAX = 20 /* a fifth of Stalwart's daily limit (100) */
};

/* What the command line says of one side. */
struct side_settings {
	struct side_options options;
	struct login login;
	struct passwords owners;
	char guess[SEPARATORS_MAX];
};

struct run {
	struct tally tally;
	struct side_settings source, target;
	struct side source_side, target_side;
	struct check_options check;
	const char *ignores[IGNORES_MAX + 1];
	size_t n_ignores;
	int64_t jobs, budget, refused_max;
	const char *cacert;
	bool insecure_tls, insecure, starttls;
	bool summary;
	bool partial;
	bool quiet;
	bool same_passwords; /* on both sides */
	struct progress progress;
	struct buf line;
	struct acct_input input;
	struct acct_totals totals;
};

static struct run run = {
	.jobs = JOBS,
	.budget = 300,
	.refused_max = REFUSED_MAX,
	.source.options.option = "--source-separator",
	.target.options.option = "--target-separator",
};

static bool
stopped(void)
{
	struct why why;

	return signals_stopped() || tally_stop(&run.tally) ||
	       side_stopped(&run.source_side, &why) ||
	       side_stopped(&run.target_side, &why);
}

/* --- asking --- */

/* Reads some accounts; false at the end. */
static bool
read_some(void)
{
	struct acct_input *in = &run.input;

	while (in->n < in->max && !tally_stop(&run.tally)) {
		struct why why = { 0 };
		int r = acct_input_next(in, &why);

		if (r == 0)
			return false;
		if (r == -1)
			tally_fail(&run.tally, ndjson_where(&in->lines), NULL,
			    why.kind == FAIL_DATA ? in->lines.line : NULL,
			    &why);
	}
	return !tally_stop(&run.tally);
}

static void
ask_many(struct side *side, bool source)
{
	const struct acct_input *in = &run.input;
	struct side_account **accounts = xcalloc(in->n + 1, sizeof *accounts);

	for (size_t i = 0; i < in->n; i++)
		accounts[i] = source ? &in->v[i].source : &in->v[i].target;
	side_ask_many(side, accounts, in->n);
	free(accounts);
}

/* Both sides of an account are two items. */
static void
ask_one(void *arg, size_t worker, size_t item)
{
	struct acct_subject *s = &run.input.v[item / 2];

	(void)arg;
	if (signals_stopped())
		return;
	if (item % 2 == 0)
		side_ask_one(&run.source_side, worker, &s->source);
	else
		side_ask_one(&run.target_side, worker, &s->target);
}

static void
ask(void)
{
	ask_many(&run.source_side, true);
	ask_many(&run.target_side, false);
	workers_run((size_t)run.jobs, run.input.n * 2, ask_one, NULL);
}

/* --- results --- */

static bool
is_fatal(const struct side_account *a)
{
	return a->data.why.kind == FAIL_FATAL ||
	       a->login_why.kind == FAIL_FATAL;
}

static void
put(const struct acct_subject *s, const struct verification *v)
{
	buf_reset(&run.line);
	if (run.summary)
		acct_report_put(s, v, run.tally.verbose > 0, &run.line);
	else
		verification_put(v, s, &run.check, &run.line);
	if (!run.summary)
		buf_addc(&run.line, '\n');
	if (run.line.len != 0)
		(void)fwrite(run.line.data, 1, run.line.len, stdout);
	if (!run.summary && fflush(stdout) != 0)
		run.tally.fatal = true;
}

static void
report(const struct acct_subject *s)
{
	struct verification v;
	struct why why = { 0 };

	/* A stop of the whole run says more than a record for each. */
	if (!s->source.done || !s->target.done || is_fatal(&s->source) ||
	    is_fatal(&s->target))
		return;
	check_account(s, &run.check, &v);
	acct_totals_add(&run.totals, s, &v);
	put(s, &v);
	if (acct_report_why(&v, &why) == 0)
		run.tally.ok++;
	else
		tally_fail(&run.tally, s->where, s->address, s->line, &why);
	verification_free(&v);
}

static void
check_all(char **files)
{
	struct acct_input *in = &run.input;
	struct why why = { 0 };
	bool more = true;

	acct_input_open(in, files,
	    run.tally.strict ? 1 : (size_t)run.jobs * CHUNK_PER_JOB,
	    &run.source.owners, &run.target.owners);
	progress_start(&run.progress, "accounts", 0, run.quiet);
	while (more && !stopped()) {
		more = read_some();
		ask();
		for (size_t i = 0; i < in->n && !tally_stop(&run.tally); i++)
			report(&in->v[i]);
		progress_add(&run.progress, in->n);
		acct_input_clear(in);
	}
	progress_end(&run.progress);
	if (!more && !run.partial && !tally_stop(&run.tally) &&
	    !acct_input_is_complete(in, &why))
		tally_fail(&run.tally, NULL, NULL, NULL, &why);
	acct_input_close(in);
}

/* --- the run --- */

static void
say_stops(void)
{
	struct why why = { 0 };

	if (side_stopped(&run.source_side, &why))
		tally_fail(
		    &run.tally, run.source.options.url, NULL, NULL, &why);
	if (side_stopped(&run.target_side, &why))
		tally_fail(
		    &run.tally, run.target.options.url, NULL, NULL, &why);
}

/* Passwords of nobody in the input are a mistake in one of the two. */
static void
say_unused(const struct side_settings *s)
{
	const char *address;
	size_t at = 0;

	while ((address = passwords_unused(&s->owners, &at)) != NULL)
		tool_say(NULL, "%s: there is a password, but no account record",
		    address);
}

static void
put_totals(void)
{
	buf_reset(&run.line);
	acct_totals_put(&run.totals, &run.check, &run.line);
	(void)fputs(run.line.data, stdout);
}

/* A separator that nobody gave is guessed. */
static bool
open_side(struct side *side, struct side_settings *s, char usual)
{
	struct why why = { 0 };

	if (s->options.separators == NULL && s->options.user != NULL) {
		separators_guess(s->options.url, usual, s->guess);
		s->options.separators = s->guess;
	}
	if (side_open(side, &s->options, (size_t)run.jobs, &why) == 0)
		return true;
	tally_fail(&run.tally, s->options.url, NULL, NULL, &why);
	return false;
}

static int
acctcheck(char **files)
{
	bool open = open_side(&run.source_side, &run.source, '*') &&
		    open_side(&run.target_side, &run.target, '%');

	if (open) {
		check_all(files);
		say_stops();
		if (run.summary)
			put_totals();
		if (!run.quiet && !stopped()) {
			if (!run.same_passwords)
				say_unused(&run.source);
			say_unused(&run.target);
		}
	}
	side_close(&run.source_side);
	side_close(&run.target_side);
	return tally_finish(&run.tally);
}

/* --- options --- */

static int
set_separator(void *to, char *value, struct why *why)
{
	struct side_settings *s = to;

	s->options.separators = value;
	if (*value > ' ' && *value < 0x7f && value[1] == '\0')
		return 0;
	return why_set(why, FAIL_FATAL, "not one character of ASCII");
}

static int
read_passwords(void *to, char *value, struct why *why)
{
	struct side_settings *s = to;

	return passwords_read(&s->owners, value, why);
}

static int
read_both_passwords(void *to, char *value, struct why *why)
{
	(void)to;
	run.same_passwords = true;
	if (passwords_read(&run.source.owners, value, why) == -1)
		return -1;
	return passwords_read(&run.target.owners, value, why);
}

static int
set_tolerance(void *to, char *value, struct why *why)
{
	(void)to;
	if (tolerance_parse(value, &run.check.compare.tolerance))
		return 0;
	return why_set(why, FAIL_FATAL, "not a number, or N%%");
}

/* "contacts,events" */
static int
set_kinds(void *to, char *value, struct why *why)
{
	char *list = value;

	(void)to;
	while (list != NULL) {
		const char *word = str_cut(&list, ',');
		int k = 0;

		while (k < DATA_KINDS &&
		       strcmp(word, data_name((enum data_kind)k)) != 0)
			k++;
		if (k == DATA_KINDS)
			return why_set(why, FAIL_FATAL,
			    "not of contacts, events, files, scripts: %.32s",
			    word);
		run.check.counted[k] = true;
	}
	return 0;
}

static int
add_ignore(void *to, char *value, struct why *why)
{
	(void)to;
	if (run.n_ignores == IGNORES_MAX)
		return why_set(
		    why, FAIL_FATAL, "more than %d patterns", IGNORES_MAX);
	run.ignores[run.n_ignores++] = value;
	run.check.compare.ignore = run.ignores;
	return 0;
}

/* clang-format off */
#define OPT_SIDE(side, where, who, pass, tok, between, s) \
	OPT_STRING(0, side, "URL", where, &(s)->options.url), \
	OPT_STRING(0, side "-user", "USER", who, &(s)->login.user), \
	OPT_SECRET_FILE(side "-password-file", pass, &(s)->login.password), \
	OPT_SECRET_COMMAND(side "-password-command", \
	    "a command that prints it", &(s)->login.password), \
	OPT_SECRET_FILE(side "-token-file", tok, &(s)->login.token), \
	OPT_CALL(0, side "-passwords", "FILE", \
	    "passwords of owners, to log in as they do: address, tab, " \
	    "password", read_passwords, s), \
	OPT_CALL(0, side "-separator", "C", between, set_separator, s), \
	OPT_SET(0, side "-authzid", "name the owner by SASL instead", \
	    &(s)->options.authzid), \
	OPT_STRING(0, side "-sieve", "URL", \
	    "ManageSieve, for --with scripts (default: sieve://HOST of an " \
	    "IMAP server)", &(s)->options.sieve)
/* clang-format on */

static void
free_settings(struct side_settings *s)
{
	login_free(&s->login);
	passwords_free(&s->owners);
}

static void
release(void)
{
	free_settings(&run.source);
	free_settings(&run.target);
	buf_wipe(&run.line);
}

static void
waiting(double seconds, const struct why *why)
{
	progress_waiting(seconds, why, run.tally.verbose, run.quiet);
}

static const struct opt options[] = {
	OPT_SIDE("source",
	    "the old server: imaps://HOST or imap://HOST; https://HOST is "
	    "JMAP",
	    "the master user (IMAP), or an administrator",
	    "the password of --source-user", "JMAP: a token instead of both",
	    "between the owner's name and the master user's (asked of "
	    "doveconf, or tried: * and %)",
	    &run.source),
	OPT_SIDE("target", "the new server, the same (or STALWART_URL)",
	    "the administrator (or STALWART_USER)",
	    "the password (or STALWART_PASSWORD)",
	    "a token instead of both (or STALWART_TOKEN)",
	    "between the owner's name and the administrator's (tried: % "
	    "and *)",
	    &run.target),
	OPT_SET(0, "back",
	    "the source is the new server and the target the old one, in words",
	    &run.check.back),
	OPT_CALL(0, "passwords", "FILE",
	    "passwords that are the same on both servers", read_both_passwords,
	    NULL),
	OPT_NUMBER(0, "max-refused", "N",
	    "stop trying owners' passwords after N were refused",
	    &run.refused_max, 1, 1000000),
	OPT_CALL(0, "tolerance", "N",
	    "so many messages a folder may lack; N% of it", set_tolerance,
	    NULL),
	OPT_CALL(0, "ignore", "PATTERN", "leave out folders of such a name",
	    add_ignore, NULL),
	OPT_SET(0, "ignore-empty",
	    "a missing folder without messages is not missed",
	    &run.check.compare.ignore_empty),
	OPT_CALL(0, "with", "KINDS",
	    "count contacts,events,files,scripts as well", set_kinds, NULL),
	OPT_SET(
	    0, "summary", "a text for people instead of records", &run.summary),
	OPT_NUMBER(0, "retry-budget", "SECONDS",
	    "JMAP: how long to wait for the server in all", &run.budget, 0,
	    86400),
	OPT_TLS("either server", &run.cacert, &run.insecure_tls),
	OPT_SET(0, "insecure-clear", "send passwords in clear", &run.insecure),
	OPT_SET(0, "starttls", "imap:// on this machine too must become TLS",
	    &run.starttls),
	OPT_JOBS("accounts at a time", &run.jobs),
	OPT_REJECTS("append the records of those that fall short", &run.tally),
	OPT_SET(0, "partial", "the records may lack their end record",
	    &run.partial),
	OPT_QUIET("no progress, no remarks", &run.quiet),
	OPT_VERBOSE("counts at the end; with --summary remarks too",
	    &run.tally.verbose),
	OPT_STOP(
	    "stop at the first account that falls short", &run.tally.strict),
	OPT_STANDARD,
};

/* Whether a side has all that it needs: 0, or the exit status. */
static int
check_side(struct side_settings *s, const char *name)
{
	struct side_options *o = &s->options;
	struct why why = { 0 };
	bool jmap;

	if (o->url == NULL)
		return opt_lacks("no %s: --%s URL", name, name);
	o->user = s->login.user;
	o->password = s->login.password;
	o->token = s->login.token;
	o->stop = signals_stopped;
	o->waiting = waiting;
	o->budget = (long)run.budget;
	o->refused_max = (size_t)run.refused_max;
	o->cacert = run.cacert;
	o->insecure_tls = run.insecure_tls;
	o->insecure = run.insecure;
	o->starttls = run.starttls;
	memcpy(o->counted, run.check.counted, sizeof o->counted);
	jmap = str_starts_nocase(o->url, "http");
	if (jmap && o->sieve != NULL)
		return opt_wrong(&tool,
		    "--%s-sieve: of a JMAP server scripts are counted over "
		    "JMAP",
		    name);
	if (side_check(o, &why) == -1)
		return opt_wrong(&tool, "--%s: %s", name, why.text);
	if (o->user != NULL && o->password == NULL && o->token == NULL)
		return opt_lacks("no password of %s: --%s-password-file or "
				 "--%s-password-command",
		    o->user, name, name);
	if (jmap && o->user == NULL && o->token == NULL)
		return opt_lacks("no administrator for JMAP: --%s-user and "
				 "--%s-password-file, or --%s-token-file",
		    name, name, name);
	if (!jmap && o->user == NULL && s->owners.map.n == 0)
		return opt_lacks(
		    "no way into the accounts: --%s-user, or --%s-passwords",
		    name, name);
	return 0;
}

static int
check(char **files)
{
	int status;

	/* What no option said of the target. */
	if (run.target.options.url == NULL)
		run.target.options.url = getenv("STALWART_URL");
	(void)login_environment(&run.target.login, "STALWART");
	status = check_side(&run.source, "source");
	if (status == 0)
		status = check_side(&run.target, "target");
	if (status != 0)
		return status;
	signals_catch();
	return signals_status(acctcheck(files), "run it again");
}

const struct opt_tool tool = {
	OPT_TOOL("acctcheck", "[records ...]", 0, -1),
	.about =
	    "Compares accounts on two servers: logins, folders, numbers of "
	    "messages.\n"
	    "Reads account records, or addresses; writes a verification record "
	    "for\n"
	    "each account.\n",
	.status = "0 nothing is missing; 1 an account falls short; 2 the run "
		  "did not finish; 75 a server could not be reached, and "
		  "nothing else: run it again.",
	.options = options,
	.run = check,
	.release = release,
};
