/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * stalwart-apply: carries a plan out on a Stalwart server, over JMAP; writes a
 * result record for each object. See stalwart-apply(1); the work is in
 * lib/jmap.
 */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "core/alloc.h"
#include "core/cred.h"
#include "core/json.h"
#include "core/num.h"
#include "core/progress.h"
#include "core/tool.h"
#include "jmap/apply.h"

static const char usage[] =
    "stalwart-apply [-hknquVvx] [-E rejects] [-j N] [--url URL] [--user USER] "
    "[option ...] [plan ...]";

static const char help[] =
    "Carries a plan out on a Stalwart server. What exists already is left\n"
    "alone, unless the plan destroys it. Writes one result record for each\n"
    "object.\n"
    "\n"
    "  --url URL               the server (or STALWART_URL)\n"
    "  --user USER             the administrator (or STALWART_USER)\n"
    "  --password-file FILE    the password (or STALWART_PASSWORD)\n"
    "  --password-command CMD  a command that prints it\n"
    "  --token-file FILE       an API key instead (or STALWART_TOKEN)\n"
    "  --token-command CMD     a command that prints it\n"
    "  -n, --dry-run           create and change nothing: planned or exists\n"
    "  -u, --update            change what exists as the plan says\n"
    "  --check                 only say whether server, account and "
    "permissions\n"
    "                          will do\n"
    "  --sieve-dir DIR         put the scripts that mkaccounts wrote to DIR "
    "into\n"
    "                          the accounts\n"
    "  --canary                first prove that the server keeps hashes\n"
    "  --no-invalidate         leave the server's caches as they are\n"
    "  --invalidate=WHAT       all (default), or negative: only what it\n"
    "                          remembers as not there\n"
    "  -j, --jobs N            requests at a time, at most (what the server\n"
    "                          takes)\n"
    "  --retry-budget SECONDS  how long to wait for the server in all (300)\n"
    "  --cacert FILE           trust these certificates (PEM)\n"
    "  -k, --insecure          do not check the server's certificate\n"
    "  --insecure-http         send the password in clear\n"
    "  -E, --rejects FILE      append what failed to FILE, as a plan\n"
    "  -q, --quiet             no summary, no progress\n"
    "  -v, --verbose           say more; -vv each wait\n"
    "  -x, --stop              stop at the first object that fails\n"
    "  -h, --help              this text\n"
    "  -V, --version           the version\n"
    "\n"
    "Exit status: 0 all is done; 1 an object failed; 2 the run did not "
    "finish;\n"
    "75 the server could not be reached, or asks to wait: run it again.\n";

struct run {
	struct tally tally;
	struct apply_options options;
	const char *url;
	const char *user;
	char *password;
	char *token;
	const char *invalidate; /* NULL: nothing */
	int64_t budget;
	int64_t jobs; /* 0: what the server takes */
	bool check;
	bool lacking; /* --check found something that will not do */
	struct schema schema;
	struct progress progress;
	struct buf line;
	size_t counts[APPLY_FAILED + 1];
	bool quiet;
	bool interrupted;
};

static volatile sig_atomic_t signalled;
static int verbose;

static void
on_signal(int sig)
{
	signalled = sig;
}

static bool
is_signalled(void)
{
	return signalled != 0;
}

/* --- what the library calls back --- */

static bool
stop(void *arg)
{
	const struct run *run = arg;

	return signalled != 0 || tally_stop(&run->tally);
}

static void
waiting(double seconds, const struct why *why)
{
	if (verbose > 1)
		tool_say(NULL, "%s; waiting %.2f s", why->text, seconds);
}

/* The object as a line of a plan of its own. */
static void
reject(struct run *run, const struct apply_result *r)
{
	const struct apply_op *from = r->op;
	json_t *op;
	char *text;

	if (run->tally.rejects == NULL || r->body == NULL)
		return;
	/* Alone, it must not take the rest of its reconcile away. */
	op = json_pack("{s:s, s:s}", "@type",
	    op_name(from->type == OP_RECONCILE ? OP_UPSERT : from->type),
	    "object", from->object);
	if (r->update_id != NULL)
		(void)json_object_set_new(op, "id",
		    json_string(r->id != NULL ? r->id : r->update_id));
	if (from->match_all)
		(void)json_object_set_new(op, "matchOn", json_string("*"));
	else if (from->match_on != NULL && from->type != OP_CREATE)
		(void)json_object_set(op, "matchOn", from->match_on);
	if (from->scope != NULL)
		(void)json_object_set(op, "scope", from->scope);
	if (from->type == OP_UPDATE)
		(void)json_object_set(op, "value", r->body);
	else
		(void)json_object_set_new(
		    op, "value", json_pack("{s:O}", r->ref, r->body));
	text = json_dumps(op, JSON_COMPACT);
	(void)fprintf(run->tally.rejects, "%s\n", text);
	free_secret(text);
	json_decref(op);
}

static void
write_result(struct run *run, const struct apply_result *r)
{
	struct buf *out = &run->line;

	buf_reset(out);
	jw_open(out, '{');
	jw_kint(out, "v", 1);
	jw_kstr(out, "type", "result");
	jw_kstr(out, "object", r->object);
	jw_kstr(out, "ref", r->ref);
	jw_kstr(out, "address", r->address);
	jw_kstr(out, "status", apply_status_name(r->status));
	jw_kstr(out, "id", r->id);
	jw_kstr(out, "note", r->note);
	if (r->status == APPLY_FAILED) {
		jw_key(out, "error");
		jw_open(out, '{');
		jw_kstr(out, "kind", fail_name(r->why->kind));
		jw_kstr(out, "text", r->why->text);
		jw_close(out, '}');
	}
	jw_close(out, '}');
	buf_addc(out, '\n');
	(void)fwrite(out->data, 1, out->len, stdout);
	/* Standard output is the journal. */
	if (fflush(stdout) != 0)
		run->tally.fatal = true;
}

static void
result(void *arg, const struct apply_result *r)
{
	const char *name = r->address != NULL ? r->address
			   : r->ref != NULL   ? r->ref
			   : r->id != NULL    ? r->id
					      : r->object;
	struct run *run = arg;

	run->counts[r->status]++;
	progress_add(&run->progress, 1);
	write_result(run, r);
	if (r->status == APPLY_FAILED) {
		tally_fail(&run->tally, name, NULL, NULL, r->why);
		reject(run, r);
	} else {
		run->tally.ok++;
	}
	if (r->note != NULL && !run->quiet)
		tool_say(name, "%s", r->note);
}

static void
say(void *arg, const char *where, const char *text)
{
	const struct run *run = arg;

	if (!run->quiet)
		tool_say(where, "%s", text);
}

/* A finding of --check: a record, and a line for people. */
static void
found(void *arg, enum check_status status, const char *what, const char *text)
{
	static const char *const names[] = { [CHECK_OK] = "ok",
		[CHECK_WARNING] = "warning",
		[CHECK_FAILED] = "failed" };
	struct run *run = arg;
	struct buf *out = &run->line;

	buf_reset(out);
	jw_open(out, '{');
	jw_kint(out, "v", 1);
	jw_kstr(out, "type", "check");
	jw_kstr(out, "what", what);
	jw_kstr(out, "status", names[status]);
	jw_kstr(out, "text", text);
	jw_close(out, '}');
	buf_addc(out, '\n');
	(void)fwrite(out->data, 1, out->len, stdout);
	if (status == CHECK_FAILED)
		run->lacking = true;
	if (status != CHECK_OK || !run->quiet)
		tool_say(what, "%s%s",
		    status == CHECK_OK       ? ""
		    : status == CHECK_FAILED ? "lacks: "
					     : "warning: ",
		    text);
}

/* --- the run --- */

static void
invalidate(struct run *run, struct jmap *j)
{
	struct why why = { 0 };

	if (run->invalidate != NULL &&
	    apply_invalidate(j, run->invalidate, &why) == -1)
		tool_say(run->invalidate, "%s", why.text);
}

/* Opens and checks all plans, before anything is sent. The array is new. */
static struct plan_reader *
open_plans(struct run *run, char **paths, size_t *n)
{
	char dash[] = "-", *standard_input[] = { dash, NULL };
	struct plan_reader *plans = NULL;
	struct why why = { 0 };
	size_t cap = 0;

	/* --check needs none. */
	if (*paths == NULL && !run->check)
		paths = standard_input;
	for (*n = 0; *paths != NULL && !run->tally.fatal; paths++) {
		plans = grow(plans, *n, &cap, sizeof *plans);
		if (plan_reader_open(&plans[(*n)++], *paths, &why) == -1)
			tally_fail(&run->tally, NULL, NULL, NULL, &why);
	}
	return plans;
}

static void
apply_one(
    struct run *run, struct jmap *j, struct plan_reader *plan, bool *changed)
{
	struct why why = { 0 };
	bool some = false;

	progress_start(&run->progress, "objects", plan->objects, run->quiet);
	if (apply_plan(j, plan, &run->options, &some, &why) == -1) {
		if (why.kind == FAIL_NONE)
			run->interrupted = true;
		else
			tally_fail(&run->tally, NULL, NULL, NULL, &why);
	}
	progress_end(&run->progress);
	*changed = *changed || some;
}

static void
summary(const struct run *run, double seconds, size_t requests)
{
	size_t n = 0;

	for (size_t i = 0; i <= APPLY_FAILED; i++)
		n += run->counts[i];
	tool_say(NULL,
	    "%zu created, %zu exist, %zu updated, %zu destroyed, %zu planned, "
	    "%zu failed; %.1f s, %.0f objects a second",
	    run->counts[APPLY_CREATED], run->counts[APPLY_EXISTS],
	    run->counts[APPLY_UPDATED], run->counts[APPLY_DESTROYED],
	    run->counts[APPLY_PLANNED], run->counts[APPLY_FAILED], seconds,
	    seconds > 0 ? (double)n / seconds : 0);
	if (run->tally.verbose > 0)
		tool_say(NULL, "%zu requests", requests);
}

static double
now(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* The schema, and all plans checked against it. 0, or -1 and why. */
static int
check_plans(struct run *run, struct jmap *j, const struct plan_reader *plans,
    size_t n, struct why *why)
{
	char *warning = NULL;
	int r = schema_load(&run->schema, j, &warning, why);

	if (warning != NULL)
		tool_say(NULL, "%s", warning);
	free(warning);
	for (size_t i = 0; r == 0 && i < n; i++)
		r = schema_check(&run->schema, &plans[i], why);
	run->options.schema = &run->schema;
	return r;
}

/* All plans, one after another. */
static void
carry_out(struct run *run, struct jmap *j, struct plan_reader *plans, size_t n)
{
	double started = now();
	bool changed = false;

	for (size_t i = 0; i < n && !stop(run) && !run->interrupted; i++)
		apply_one(run, j, &plans[i], &changed);
	if (changed)
		invalidate(run, j);
	if (!run->quiet)
		summary(run, now() - started, j->requests);
}

/* Talks to the server. */
static void
apply_plans(struct run *run, struct plan_reader *plans, size_t n)
{
	struct jmap j = { .waiting = waiting, .stop = is_signalled };
	struct http_options o = run->options.login;
	const char *where = NULL;
	struct why why = { 0 };
	struct http *http;
	int r = -1;

	o.user = run->user;
	o.password = run->password;
	o.token = run->token;
	http = http_new(run->url, &o, &why);
	if (http != NULL) {
		r = jmap_open(&j, http, (long)run->budget, &why);
		where = r == -1 ? http_base(http) : NULL;
	}
	if (r == 0)
		r = check_plans(run, &j, plans, n, &why);
	if (run->jobs != 0 && (size_t)run->jobs < j.max_concurrent)
		j.max_concurrent = (size_t)run->jobs;
	if (r == 0 && run->check)
		r = apply_check(&j, &run->schema, plans, n, &run->options,
		    found, run, &why);
	else if (r == 0)
		carry_out(run, &j, plans, n);
	if (r == -1)
		tally_fail(&run->tally, where, NULL, NULL, &why);
	schema_free(&run->schema);
	jmap_close(&j);
	http_free(http);
}

static int
apply(struct run *run, char **paths)
{
	size_t n;
	struct plan_reader *plans = open_plans(run, paths, &n);

	if (!run->tally.fatal)
		apply_plans(run, plans, n);
	for (size_t i = 0; i < n; i++)
		plan_reader_free(&plans[i]);
	free(plans);
	run->tally.verbose = 0; /* the summary has the counts */
	if (run->lacking)
		run->tally.failed++;
	return tally_finish(&run->tally);
}

/* --- options --- */

enum {
	URL = 256,
	USER,
	PASSWORD_FILE,
	PASSWORD_COMMAND,
	TOKEN_FILE,
	TOKEN_COMMAND,
	CANARY,
	CHECK,
	SIEVE_DIR,
	NO_INVALIDATE,
	INVALIDATE,
	BUDGET,
	CACERT,
	INSECURE_HTTP
};

static const struct option options[] = { { "url", required_argument, NULL,
					     URL },
	{ "user", required_argument, NULL, USER },
	{ "password-file", required_argument, NULL, PASSWORD_FILE },
	{ "password-command", required_argument, NULL, PASSWORD_COMMAND },
	{ "token-file", required_argument, NULL, TOKEN_FILE },
	{ "token-command", required_argument, NULL, TOKEN_COMMAND },
	{ "dry-run", no_argument, NULL, 'n' },
	{ "update", no_argument, NULL, 'u' },
	{ "canary", no_argument, NULL, CANARY },
	{ "check", no_argument, NULL, CHECK },
	{ "sieve-dir", required_argument, NULL, SIEVE_DIR },
	{ "jobs", required_argument, NULL, 'j' },
	{ "no-invalidate", no_argument, NULL, NO_INVALIDATE },
	{ "invalidate", required_argument, NULL, INVALIDATE },
	{ "retry-budget", required_argument, NULL, BUDGET },
	{ "cacert", required_argument, NULL, CACERT },
	{ "insecure", no_argument, NULL, 'k' },
	{ "insecure-http", no_argument, NULL, INSECURE_HTTP },
	{ "rejects", required_argument, NULL, 'E' },
	{ "quiet", no_argument, NULL, 'q' },
	{ "verbose", no_argument, NULL, 'v' },
	{ "stop", no_argument, NULL, 'x' }, { "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, 'V' }, { NULL, 0, NULL, 0 } };

static bool
long_option(struct run *run, int ch)
{
	switch (ch) {
	case URL:
		run->url = optarg;
		return true;
	case USER:
		run->user = optarg;
		return true;
	case PASSWORD_FILE:
		return tool_secret(&run->password, cred_file, optarg);
	case PASSWORD_COMMAND:
		return tool_secret(&run->password, cred_command, optarg);
	case TOKEN_FILE:
		return tool_secret(&run->token, cred_file, optarg);
	case TOKEN_COMMAND:
		return tool_secret(&run->token, cred_command, optarg);
	case CANARY:
		run->options.canary = true;
		return true;
	case CHECK:
		run->check = true;
		return true;
	case SIEVE_DIR:
		run->options.sieve_dir = optarg;
		return access(optarg, R_OK | X_OK) == 0 ||
		       (tool_say(optarg, "%s", strerror(errno)), false);
	case 'j':
		return parse_num(optarg, 1, 64, &run->jobs, NULL);
	case NO_INVALIDATE:
		run->invalidate = NULL;
		return true;
	case INVALIDATE:
		run->invalidate = strcmp(optarg, "negative") == 0
				      ? "InvalidateNegativeCaches"
				      : "InvalidateCaches";
		return strcmp(optarg, "negative") == 0 ||
		       strcmp(optarg, "all") == 0;
	case BUDGET:
		return parse_num(optarg, 0, 86400, &run->budget, NULL);
	case CACERT:
		run->options.login.cacert = optarg;
		return true;
	case INSECURE_HTTP:
		run->options.login.insecure_http = true;
		return true;
	default:
		return false;
	}
}

/* What no option said is taken from the environment. */
static bool
from_environment(struct run *run)
{
	const char *password = getenv("STALWART_PASSWORD"),
		   *token = getenv("STALWART_TOKEN");

	if (run->url == NULL)
		run->url = getenv("STALWART_URL");
	if (run->user == NULL && run->token == NULL)
		run->user = getenv("STALWART_USER");
	if (run->password == NULL && run->token == NULL && password != NULL)
		run->password = strdup(password);
	if (run->token == NULL && run->password == NULL && token != NULL)
		run->token = strdup(token);
	/* Not for the children that a command for a secret would be. */
	(void)unsetenv("STALWART_PASSWORD");
	(void)unsetenv("STALWART_TOKEN");
	run->options.url = run->url;
	if (run->url == NULL)
		tool_say(NULL, "no server: --url or STALWART_URL");
	else if (run->token == NULL &&
		 (run->user == NULL || run->password == NULL))
		tool_say(NULL, "no credentials: --user and --password-file, "
			       "--token-file, or the STALWART_ variables");
	else
		return true;
	return false;
}

int
main(int argc, char **argv)
{
	static struct run run = { .budget = 300,
		.invalidate = "InvalidateCaches" };
	const char *rejects = NULL;
	struct why why = { 0 };
	int ch, status;

	tool_init("stalwart-apply");
	while ((ch = getopt_long(argc, argv, "+E:hj:knquVvx", options, NULL)) !=
	       -1) {
		switch (ch) {
		case 'E':
			rejects = optarg;
			break;
		case 'h':
			return tool_help(usage, help);
		case 'k':
			run.options.login.insecure_tls = true;
			break;
		case 'n':
			run.options.dry_run = true;
			break;
		case 'q':
			run.quiet = true;
			break;
		case 'u':
			run.options.update = true;
			break;
		case 'V':
			return tool_version();
		case 'v':
			verbose = ++run.tally.verbose;
			break;
		case 'x':
			run.tally.strict = true;
			break;
		default:
			if (!long_option(&run, ch))
				return tool_usage(usage);
		}
	}
	if (!from_environment(&run))
		return tool_usage(usage);
	if (rejects != NULL && tally_rejects(&run.tally, rejects, &why) == -1) {
		tool_say(NULL, "%s", why.text);
		return EXIT_BROKEN;
	}
	tool_signals(on_signal);
	run.options.result = result;
	run.options.say = say;
	run.options.stop = stop;
	run.options.arg = &run;
	status = apply(&run, argv + optind);
	free_secret(run.password);
	free_secret(run.token);
	buf_free(&run.line);
	if (run.interrupted && signalled != 0) {
		tool_say(NULL, "stopped; run it again to go on");
		return EXIT_BROKEN;
	}
	return status;
}
