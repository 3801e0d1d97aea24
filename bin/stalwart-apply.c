/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * stalwart-apply: carries a plan out on a Stalwart server, over JMAP; writes a
 * result record for each object. See stalwart-apply(1); the work is in
 * lib/jmap.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "apply/apply.h"
#include "apply/preflight.h"
#include "apply/send-as.h"
#include "cli/main.h"
#include "cli/outcome.h"
#include "cli/progress.h"
#include "cli/signals.h"
#include "cli/tool.h"
#include "core/alloc.h"
#include "core/json.h"
#include "http/login.h"
#include "http/retry.h"
#include "jmap/action.h"
#include "settings/file.h"
#include "settings/ledger.h"

enum invalidate {
	INVALIDATE_ALL,
	INVALIDATE_NEGATIVE
};

static const char *const invalidate_words[] = {
	[INVALIDATE_ALL] = "all",
	[INVALIDATE_NEGATIVE] = "negative",
};
static const char *const invalidate_actions[] = {
	[INVALIDATE_ALL] = "InvalidateCaches",
	[INVALIDATE_NEGATIVE] = "InvalidateNegativeCaches",
};

struct run {
	struct tally tally;
	struct apply_options options;
	const char *url;
	struct login login;
	enum invalidate invalidate;
	bool no_invalidate;
	struct send_as_call send_as;
	const char *settings_path;
	const char *passwords_path;
	char *done_path;
	struct settings_file settings;
	struct ledger done;
	struct ledger passwords;
	int64_t budget;
	int64_t jobs; /* 0: what the server takes */
	struct opt_list files;
	bool standard_input;
	bool partial; /* a plan may have no operation */
	bool empty;   /* one has none, and must not */
	bool json;    /* as always */
	bool check;
	bool lacking; /* --check found something that will not do */
	struct schema schema;
	struct progress progress;
	struct buf line;
	size_t counts[APPLY_FAILED + 1];
	bool quiet;
	bool interrupted;
};

static struct run run = { .budget = 300 };

/* --- what the library calls back --- */

static bool
stop(void *arg)
{
	(void)arg;
	return signals_stopped() || tally_stop(&run.tally);
}

static void
waiting(double seconds, const struct why *why)
{
	progress_waiting(seconds, why, run.tally.verbose, run.quiet);
}

static void
reject(const struct apply_result *r)
{
	char *line = run.tally.rejects_path == NULL ? NULL : apply_reject(r);

	if (line != NULL)
		tally_reject(&run.tally, line);
	free(line);
}

/* A member that is a list of texts. */
static void
put_names(struct buf *out, const char *member, const json_t *names)
{
	jw_key(out, member);
	jw_open(out, '[');
	for (size_t i = 0; i < json_array_size(names); i++)
		jw_str(out, json_string_value(json_array_get(names, i)));
	jw_close(out, ']');
}

static void
write_result(const struct apply_result *r)
{
	struct buf *out = &run.line;

	outcome_begin(out, "result");
	jw_kstr(out, "object", r->object);
	jw_kstr(out, "ref", r->ref);
	jw_kstr(out, "address", r->address);
	jw_kstr(out, "name", r->name);
	jw_kstr(out, "status", apply_status_name(r->status));
	if (r->status == APPLY_PLANNED && r->would != APPLY_PLANNED)
		jw_kstr(out, "would", apply_status_name(r->would));
	jw_kstr(out, "id", r->id);
	jw_kstr(out, "note", r->note);
	if (json_array_size(r->differs) != 0)
		put_names(out, "differs", r->differs);
	if (r->status == APPLY_FAILED)
		outcome_error(out, r->why);
	if (!outcome_write(out))
		run.tally.fatal = true;
}

static void
result(void *arg, const struct apply_result *r)
{
	const char *name = r->address != NULL ? r->address
			   : r->name != NULL  ? r->name
			   : r->ref != NULL   ? r->ref
			   : r->id != NULL    ? r->id
					      : r->object;
	(void)arg;
	run.counts[r->status]++;
	progress_add(&run.progress, 1);
	write_result(r);
	if (r->status == APPLY_FAILED) {
		tally_fail(&run.tally, name, NULL, NULL, r->why);
		reject(r);
	} else {
		run.tally.ok++;
	}
	if (r->note != NULL && !run.quiet)
		tool_say(name, "%s", r->note);
}

/* What no result has: said with -q, too. */
static void
say(void *arg, const char *where, const char *text)
{
	(void)arg;
	tool_say(where, "%s", text);
}

/* A finding of --check: a record, and a line for people. */
static void
found(
    void *arg, enum preflight_status status, const char *what, const char *text)
{
	static const char *const names[] = { [PREFLIGHT_OK] = "ok",
		[PREFLIGHT_WARNING] = "warning",
		[PREFLIGHT_FAILED] = "failed" };
	struct buf *out = &run.line;

	(void)arg;
	outcome_begin(out, "check");
	jw_kstr(out, "what", what);
	jw_kstr(out, "status", names[status]);
	jw_kstr(out, "text", text);
	if (!outcome_write(out))
		run.tally.fatal = true;
	if (status == PREFLIGHT_FAILED)
		run.lacking = true;
	if (status != PREFLIGHT_OK || !run.quiet)
		tool_say(what, "%s%s",
		    status == PREFLIGHT_OK       ? ""
		    : status == PREFLIGHT_FAILED ? "lacks: "
						 : "warning: ",
		    text);
}

/* --- the run --- */

/* The same run once more finds nothing to change, and would not do it again: a
 * failure is for a person. */
static void
invalidate_caches(struct jmap *j)
{
	struct why why = { 0 }, failed;
	struct apply_result r = { .object = "Action",
		.name = invalidate_actions[run.invalidate],
		.status = APPLY_FAILED,
		.why = &failed };

	if (run.no_invalidate || jmap_action(j, r.name, NULL, &why) == 0)
		return;
	/* A stop is said, and is no failure of an object. */
	if (signals_stopped()) {
		tool_say(r.name, "%s", why.text);
		return;
	}
	(void)why_set(&failed, FAIL_DATA,
	    "the server has not dropped its caches, and may refuse new "
	    "addresses for an hour: have it carry out this action (%s)",
	    why.text);
	result(NULL, &r);
}

static void
bad_settings(void *arg, const char *where, const struct why *why)
{
	char *at = xasprintf("%s:%s", run.settings_path, where);

	(void)arg;
	tool_say(at, "%s", why->text);
	free(at);
	run.tally.failed++;
}

/* What was put in, and made, by earlier runs, and the settings. 0, or -1 and
 * why. */
static int
open_settings(struct why *why)
{
	bool only_read = run.options.dry_run || run.check;

	if (run.settings_path == NULL)
		return 0;
	run.done_path = xasprintf("%s.done", run.settings_path);
	if (settings_file_open(&run.settings, run.settings_path, bad_settings,
		NULL, why) == -1)
		return -1;
	if (!run.settings.ended && !run.partial) {
		tool_say(run.settings_path,
		    "no end record: the file was cut off, and nothing ends for "
		    "what is not in it: have mkaccounts write it again "
		    "(--partial)");
		run.tally.failed++;
	}
	if (ledger_open(&run.done, run.done_path, 4, true, only_read, why) ==
	    -1)
		return -1;
	run.options.settings = &run.settings;
	run.options.done = &run.done;
	if (run.passwords_path == NULL)
		return 0;
	run.options.app_passwords = &run.passwords;
	return ledger_open(
	    &run.passwords, run.passwords_path, 2, false, only_read, why);
}

/* A plan without an operation, as a pipe from a program that died is. */
static void
check_empty(const struct plan_reader *plan)
{
	struct why why = { 0 };

	if (run.partial || plan->n_shapes != 0)
		return;
	run.empty = true;
	why_set(&why, FAIL_DATA,
	    "%s: no operations: the program that makes the plan may have "
	    "failed (--partial)",
	    plan->name);
	tally_fail(&run.tally, NULL, NULL, NULL, &why);
}

/* Opens and checks all plans, before anything is sent. The array is new. */
static struct plan_reader *
open_plans(char **paths, size_t *n)
{
	char dash[] = "-", *standard_input[] = { dash, NULL };
	struct plan_reader *plans = NULL;
	struct why why = { 0 };
	size_t cap = 0;

	/* --check needs none, and nothing is there for keys that go. */
	if (run.standard_input || (*paths == NULL && !run.check &&
				      run.send_as.what != SEND_AS_REMOVE))
		paths = standard_input;
	for (*n = 0; *paths != NULL && !run.tally.fatal; paths++) {
		plans = xgrow(plans, *n, &cap, sizeof *plans);
		if (plan_reader_open(&plans[(*n)++], *paths, &why) == -1)
			tally_fail(&run.tally, NULL, NULL, NULL, &why);
		else
			check_empty(&plans[*n - 1]);
	}
	return plans;
}

static void
apply_one(struct jmap *j, struct plan_reader *plan, bool *changed)
{
	struct why why = { 0 };
	bool some = false;

	progress_start(&run.progress, "objects", plan->objects, run.quiet);
	if (apply_plan(j, plan, &run.options, &some, &why) == -1) {
		if (why.kind == FAIL_NONE)
			run.interrupted = true;
		else
			tally_fail(&run.tally, NULL, NULL, NULL, &why);
	}
	progress_end(&run.progress);
	*changed = *changed || some;
}

static void
summary(const double seconds, size_t requests)
{
	size_t n = 0;

	for (size_t i = 0; i <= APPLY_FAILED; i++)
		n += run.counts[i];
	tool_say(NULL,
	    "%zu created, %zu exist, %zu updated, %zu destroyed, %zu planned, "
	    "%zu failed; %.1f s, %.0f objects a second",
	    run.counts[APPLY_CREATED], run.counts[APPLY_EXISTS],
	    run.counts[APPLY_UPDATED], run.counts[APPLY_DESTROYED],
	    run.counts[APPLY_PLANNED], run.counts[APPLY_FAILED], seconds,
	    seconds > 0 ? (double)n / seconds : 0);
	if (run.tally.verbose > 0)
		tool_say(NULL, "%zu requests", requests);
}

/* The schema, and all plans checked against it. 0, or -1 and why. */
static int
check_plans(
    struct jmap *j, const struct plan_reader *plans, size_t n, struct why *why)
{
	char *warning = NULL;
	int r = schema_load(&run.schema, j, &warning, why);

	if (warning != NULL)
		tool_say(NULL, "%s", warning);
	free(warning);
	for (size_t i = 0; r == 0 && i < n; i++)
		r = schema_check(&run.schema, &plans[i], why);
	run.options.schema = &run.schema;
	return r;
}

/* The rule that asks for the keys of the plan. */
static void
set_send_as(struct jmap *j)
{
	struct apply_result r = { .object = "MtaStageAuth",
		.would = APPLY_UPDATED };
	struct why why = { 0 };

	if (run.send_as.what == SEND_AS_LEAVE || run.tally.fatal)
		return;
	run.send_as.dry_run = run.options.dry_run;
	if (apply_send_as(j, &run.send_as, &r.status, &why) == -1) {
		r.status = APPLY_FAILED;
		r.why = &why;
	}
	result(NULL, &r);
}

/* All plans, one after another. */
static void
carry_out(struct jmap *j, struct plan_reader *plans, size_t n)
{
	double started = http_now();
	bool changed = false;

	for (size_t i = 0; i < n && !stop(NULL) && !run.interrupted; i++) {
		run.options.last_plan = i + 1 == n;
		apply_one(j, &plans[i], &changed);
	}
	if (!stop(NULL) && !run.interrupted)
		set_send_as(j);
	if (changed)
		invalidate_caches(j);
	if (!run.quiet)
		summary(http_now() - started, j->requests);
}

/* Talks to the server. */
static void
apply_plans(struct plan_reader *plans, size_t n)
{
	struct jmap j = { .retry = {
			      .waiting = waiting, .stop = signals_stopped } };
	struct http_options o = run.options.login;
	const char *where = NULL;
	struct why why = { 0 };
	struct http *http;
	int r = -1;

	o.user = run.login.user;
	o.password = run.login.password;
	o.token = run.login.token;
	o.stop = signals_stopped;
	http = http_new(run.url, &o, &why);
	if (http != NULL) {
		r = jmap_open(&j, http, (long)run.budget, &why);
		where = r == -1 ? http_base(http) : NULL;
	}
	if (r == 0)
		r = check_plans(&j, plans, n, &why);
	if (run.jobs != 0 && (size_t)run.jobs < j.max_concurrent)
		j.max_concurrent = (size_t)run.jobs;
	if (r == 0 && run.check)
		r = apply_check(
		    &j, &run.schema, plans, n, &run.options, found, NULL, &why);
	else if (r == 0)
		carry_out(&j, plans, n);
	if (r == -1)
		tally_fail(&run.tally, where, NULL, NULL, &why);
	schema_free(&run.schema);
	jmap_close(&j);
	http_free(http);
}

static int
apply_files(char **paths)
{
	struct why why = { 0 };
	size_t n;
	struct plan_reader *plans = open_plans(paths, &n);

	if (!run.tally.fatal && open_settings(&why) == -1)
		tally_fail(&run.tally, NULL, NULL, NULL, &why);
	if (!run.tally.fatal && !run.tally.temp && !run.empty)
		apply_plans(plans, n);
	settings_file_close(&run.settings);
	ledger_close(&run.done);
	ledger_close(&run.passwords);
	free(run.done_path);
	for (size_t i = 0; i < n; i++)
		plan_reader_free(&plans[i]);
	free(plans);
	run.tally.verbose = 0; /* the summary has the counts */
	if (run.lacking)
		run.tally.failed++;
	return tally_finish(&run.tally);
}

/* --- options --- */

/* A folder that can be read. */
static int
set_sieve_dir(void *to, char *value, struct why *why)
{
	*(const char **)to = value;
	if (access(value, R_OK | X_OK) == -1)
		return why_errno(why, FAIL_FATAL, "%s", value);
	return 0;
}

static void
release(void)
{
	login_free(&run.login);
	opt_list_free(&run.files);
	buf_free(&run.line);
}

static const struct opt options[] = {
	OPT_STRING(0, "url", "URL", "the server (or STALWART_URL)", &run.url),
	OPT_LOGIN("the administrator", "an API key", "STALWART", &run.login),
	OPT_DRY_RUN("create and change nothing: planned or exists",
	    &run.options.dry_run),
	OPT_SET('u', "update", "change what exists as the plan says",
	    &run.options.update),
	OPT_SET(0, "keep-passwords",
	    "with -u: change everything but credentials",
	    &run.options.keep_passwords),
	OPT_SET(0, "add-aliases",
	    "add the aliases that what exists lacks, and change nothing else",
	    &run.options.add_aliases),
	OPT_SET(0, "destroy",
	    "let the plan destroy accounts and domains, with all their mail",
	    &run.options.destroy),
	OPT_WORD(0, "send-as", "WHAT",
	    "the rule that asks for rights to send as others: put it in, or "
	    "take it away with all such rights",
	    &run.send_as.what, send_as_words),
	OPT_SET(0, "restarted",
	    "with --send-as: the server was restarted, and so has loaded its "
	    "settings",
	    &run.send_as.restarted),
	OPT_SET(0, "check",
	    "only say whether server, account and permissions will do",
	    &run.check),
	OPT_CALL(0, "sieve-dir", "DIR",
	    "put the scripts that mkaccounts wrote to DIR into the accounts",
	    set_sieve_dir, &run.options.sieve_dir),
	OPT_STRING(0, "settings", "FILE",
	    "put what mkaccounts --settings wrote into the accounts; FILE.done "
	    "keeps what was put in",
	    &run.settings_path),
	OPT_STRING(0, "app-passwords", "OUT",
	    "with --settings: make new app passwords under the old names; "
	    "lines of address, tab, name, tab, password",
	    &run.passwords_path),
	OPT_SET(0, "canary", "first prove that the server keeps hashes",
	    &run.options.canary),
	OPT_SET(0, "no-invalidate", "leave the server's caches as they are",
	    &run.no_invalidate),
	OPT_WORD(0, "invalidate", "WHAT",
	    "which caches to drop afterwards: all, or what is remembered as "
	    "not there (negative)",
	    &run.invalidate, invalidate_words),
	OPT_JOBS(
	    "requests at a time, at most (what the server takes)", &run.jobs),
	OPT_NUMBER(0, "retry-budget", "SECONDS",
	    "how long to wait for the server in all", &run.budget, 0, 86400),
	OPT_TLS("the server", &run.options.login.cacert,
	    &run.options.login.insecure_tls),
	OPT_INSECURE_HTTP("the password", &run.options.login.insecure_http),
	OPT_REJECTS("append what failed to FILE, as a plan", &run.tally),
	OPT_QUIET("no summary, no progress", &run.quiet),
	OPT_VERBOSE("say more, each wait too", &run.tally.verbose),
	OPT_STOP("stop at the first object that fails", &run.tally.strict),
	OPT_LIST(0, "file", "PLAN", "read this plan, as an operand says",
	    &run.files),
	OPT_SET(0, "stdin", "the plan is standard input", &run.standard_input),
	OPT_SET(0, "partial", "a plan may be empty", &run.partial),
	OPT_CLEAR(0, "continue-on-error",
	    "go on after a failure, which is the default; the last of this "
	    "and -x counts",
	    &run.tally.strict),
	OPT_SET(
	    0, "json", "results are JSON, which they always are", &run.json),
	OPT_STANDARD,
};

static int
apply(char **paths)
{
	int status;

	if ((*paths != NULL) + (run.files.n != 0) + run.standard_input > 1)
		return opt_wrong(
		    &tool, "one of plans, --file and --stdin, not two of them");
	if (run.files.n != 0)
		paths = run.files.v;
	if (run.url == NULL)
		run.url = getenv("STALWART_URL");
	if (!login_environment(&run.login, "STALWART"))
		return opt_lacks(LOGIN_MISSING("STALWART"));
	if (run.options.keep_passwords && !run.options.update)
		return opt_wrong(&tool, "--keep-passwords is for -u");
	if (run.send_as.restarted && run.send_as.what == SEND_AS_LEAVE)
		return opt_wrong(&tool, "--restarted is for --send-as");
	if (run.passwords_path != NULL && run.settings_path == NULL)
		return opt_wrong(&tool, "--app-passwords is for --settings");
	if (run.url == NULL)
		return opt_lacks("no server: --url or STALWART_URL");
	signals_catch();
	run.options.url = run.url;
	run.options.quiet = run.quiet;
	run.options.result = result;
	run.options.say = say;
	run.options.stop = stop;
	status = apply_files(paths);
	return signals_status(status, "run it again to go on");
}

const struct opt_tool tool = {
	OPT_TOOL("stalwart-apply", "[plan ...]", 0, -1),
	.about = "Carries a plan out on a Stalwart server. What exists already "
		 "is left\n"
		 "alone, unless the plan destroys it. Writes one result record "
		 "for each\n"
		 "object.\n",
	.status = "0 all is done; 1 an object failed; 2 the run did not "
		  "finish; 75 the server could not be reached, or asks to "
		  "wait: run it again.",
	.options = options,
	.run = apply,
	.release = release,
};
