/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * davmerge: puts the calendars and address books of a tree onto a CalDAV and
 * CardDAV server, adding only what it lacks. See davmerge(1); the work is in
 * lib/dav.
 */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/cred.h"
#include "core/json.h"
#include "core/num.h"
#include "core/progress.h"
#include "core/tool.h"
#include "dav/merge.h"

static const char usage[] =
    "davmerge [-hknqVvx] [--user USER] [option ...] URL tree";

static const char help[] =
    "Puts the calendars and address books of a tree that archive2maildir made\n"
    "onto a CalDAV and CardDAV server. Adds what the server lacks, by UID, "
    "and\n"
    "never overwrites. Writes one result record for each object.\n"
    "\n"
    "  --user USER             the owner (or DAV_USER)\n"
    "  --password-file FILE    the password (or DAV_PASSWORD)\n"
    "  --password-command CMD  a command that prints it\n"
    "  --token-file FILE       a bearer token instead (or DAV_TOKEN)\n"
    "  --token-command CMD     a command that prints it\n"
    "  --map NAME=COLLECTION   put the folder NAME into that collection\n"
    "  -n, --dry-run           put nothing: planned, exists or elsewhere\n"
    "  --retry-budget SECONDS  how long to wait for the server in all (300)\n"
    "  --cacert FILE           trust these certificates (PEM)\n"
    "  -k, --insecure          do not check the server's certificate\n"
    "  --insecure-http         send the password in clear\n"
    "  -q, --quiet             no summary, no progress\n"
    "  -v, --verbose           say more; -vv each wait\n"
    "  -x, --stop              stop at the first object that fails\n"
    "  -h, --help              this text\n"
    "  -V, --version           the version\n"
    "\n"
    "Exit status: 0 all is there; 1 an object failed; 2 the run did not\n"
    "finish; 75 the server could not be reached, or asks to wait: run it\n"
    "again.\n";

enum {
	/* So many temporary failures in a row: the server is away. */
	TEMP_MAX = 3
};

struct run {
	struct tally tally;
	struct http_options login;
	char *user;
	char *password;
	char *token;
	struct dav_mapping *mappings;
	size_t n_mappings, cap_mappings;
	int64_t budget;
	struct progress progress;
	struct buf line;
	size_t counts[DAV_FAILED + 1];
	int temp_in_a_row;
	bool dry_run;
	bool quiet;
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

	return signalled != 0 || run->temp_in_a_row >= TEMP_MAX ||
	       tally_stop(&run->tally);
}

static void
waiting(long seconds, const struct why *why)
{
	if (verbose > 1)
		tool_say(NULL, "%s; waiting %ld s", why->text, seconds);
}

static void
write_result(struct run *run, const struct dav_result *r)
{
	static const char *const objects[] = { "event", "card" };
	static const char *const collections[] = { "calendar", "addressbook" };
	struct buf *out = &run->line;

	buf_reset(out);
	jw_open(out, '{');
	jw_kint(out, "v", 1);
	jw_kstr(out, "type", "result");
	jw_kstr(out, "object",
	    r->file == NULL ? collections[r->kind] : objects[r->kind]);
	jw_kstr(out, "file", r->file);
	jw_kstr(out, "uid", r->uid);
	jw_kstr(out, "collection", r->collection);
	jw_kstr(out, "href", r->href);
	jw_kstr(out, "status", dav_status_name(r->status));
	if (r->status == DAV_FAILED) {
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
result(void *arg, const struct dav_result *r)
{
	struct run *run = arg;

	if (r->file != NULL) {
		run->counts[r->status]++;
		progress_add(&run->progress, 1);
	}
	write_result(run, r);
	if (r->status != DAV_FAILED) {
		run->tally.ok++;
		run->temp_in_a_row = 0;
		return;
	}
	tally_fail(&run->tally, r->file != NULL ? r->file : r->collection,
	    r->uid, NULL, r->why);
	if (r->why->kind == FAIL_TEMP)
		run->temp_in_a_row++;
	else
		run->temp_in_a_row = 0;
}

/* A file that cannot be put at all. */
static void
bad_file(void *arg, const char *file, const struct why *why)
{
	struct dav_result r = { .status = DAV_FAILED,
		.kind = strncmp(file, "contacts/", 9) == 0 ? DAV_ADDRESSBOOK
							   : DAV_CALENDAR,
		.file = file,
		.why = why };

	result(arg, &r);
}

/* --- the run --- */

static void
summary(const struct run *run, size_t requests)
{
	tool_say(NULL,
	    "%zu created, %zu exist, %zu elsewhere, %zu planned, %zu failed",
	    run->counts[DAV_CREATED], run->counts[DAV_EXISTS],
	    run->counts[DAV_ELSEWHERE], run->counts[DAV_PLANNED],
	    run->counts[DAV_FAILED]);
	if (run->tally.verbose > 0)
		tool_say(NULL, "%zu requests", requests);
}

static void
merge_tree(struct run *run, const char *url, const struct dav_tree *tree)
{
	struct dav_merge m = { .dry_run = run->dry_run,
		.mappings = run->mappings,
		.n_mappings = run->n_mappings,
		.result = result,
		.stop = stop,
		.arg = run };
	struct why why = { 0 };
	struct dav d;

	run->login.user = run->user;
	run->login.password = run->password;
	run->login.token = run->token;
	if (dav_open(&d, url, &run->login, (long)run->budget, &why) == -1) {
		tally_fail(&run->tally, NULL, NULL, NULL, &why);
	} else {
		d.waiting = waiting;
		d.stop = is_signalled;
		progress_start(
		    &run->progress, "objects", tree->n_items, run->quiet);
		if (dav_merge(&d, tree, &m, &why) == -1)
			tally_fail(&run->tally, url, NULL, NULL, &why);
		progress_end(&run->progress);
		if (!run->quiet)
			summary(run, d.requests);
	}
	dav_close(&d);
}

static int
merge(struct run *run, const char *url, const char *path)
{
	struct dav_tree tree;
	struct why why = { 0 };

	if (dav_tree_open(&tree, path, bad_file, run, &why) == -1)
		tally_fail(&run->tally, NULL, NULL, NULL, &why);
	else if (!stop(run))
		merge_tree(run, url, &tree);
	dav_tree_free(&tree);
	run->tally.verbose = 0; /* the summary has the counts */
	return tally_finish(&run->tally);
}

/* --- options --- */

enum {
	USER = 256,
	PASSWORD_FILE,
	PASSWORD_COMMAND,
	TOKEN_FILE,
	TOKEN_COMMAND,
	MAP,
	BUDGET,
	CACERT,
	INSECURE_HTTP
};

static const struct option options[] = { { "user", required_argument, NULL,
					     USER },
	{ "password-file", required_argument, NULL, PASSWORD_FILE },
	{ "password-command", required_argument, NULL, PASSWORD_COMMAND },
	{ "token-file", required_argument, NULL, TOKEN_FILE },
	{ "token-command", required_argument, NULL, TOKEN_COMMAND },
	{ "map", required_argument, NULL, MAP },
	{ "dry-run", no_argument, NULL, 'n' },
	{ "retry-budget", required_argument, NULL, BUDGET },
	{ "cacert", required_argument, NULL, CACERT },
	{ "insecure", no_argument, NULL, 'k' },
	{ "insecure-http", no_argument, NULL, INSECURE_HTTP },
	{ "quiet", no_argument, NULL, 'q' },
	{ "verbose", no_argument, NULL, 'v' },
	{ "stop", no_argument, NULL, 'x' }, { "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, 'V' }, { NULL, 0, NULL, 0 } };

static bool
add_mapping(struct run *run)
{
	char *equals = strchr(optarg, '=');

	if (equals == NULL || equals == optarg || equals[1] == '\0')
		return false;
	*equals = '\0';
	run->mappings = grow(run->mappings, run->n_mappings, &run->cap_mappings,
	    sizeof *run->mappings);
	run->mappings[run->n_mappings++] =
	    (struct dav_mapping){ optarg, equals + 1 };
	return true;
}

static bool
long_option(struct run *run, int ch)
{
	switch (ch) {
	case USER:
		free(run->user);
		run->user = xstrdup(optarg);
		return true;
	case PASSWORD_FILE:
		return tool_secret(&run->password, cred_file, optarg);
	case PASSWORD_COMMAND:
		return tool_secret(&run->password, cred_command, optarg);
	case TOKEN_FILE:
		return tool_secret(&run->token, cred_file, optarg);
	case TOKEN_COMMAND:
		return tool_secret(&run->token, cred_command, optarg);
	case MAP:
		return add_mapping(run);
	case BUDGET:
		return parse_num(optarg, 0, 86400, &run->budget, NULL);
	case CACERT:
		run->login.cacert = optarg;
		return true;
	case INSECURE_HTTP:
		run->login.insecure_http = true;
		return true;
	default:
		return false;
	}
}

/* What no option said is taken from the environment. */
static bool
from_environment(struct run *run)
{
	const char *user = getenv("DAV_USER"),
		   *password = getenv("DAV_PASSWORD"),
		   *token = getenv("DAV_TOKEN");

	if (run->user == NULL && run->token == NULL && user != NULL)
		run->user = xstrdup(user);
	if (run->password == NULL && run->token == NULL && password != NULL)
		run->password = xstrdup(password);
	if (run->token == NULL && run->password == NULL && token != NULL)
		run->token = xstrdup(token);
	(void)unsetenv("DAV_PASSWORD");
	(void)unsetenv("DAV_TOKEN");
	if (run->token != NULL || (run->user != NULL && run->password != NULL))
		return true;
	tool_say(NULL, "no credentials: --user and --password-file, "
		       "--token-file, or the DAV_ variables");
	return false;
}

int
main(int argc, char **argv)
{
	static struct run run = { .budget = 300 };
	int ch, status;

	tool_init("davmerge");
	while (
	    (ch = getopt_long(argc, argv, "+hknqVvx", options, NULL)) != -1) {
		switch (ch) {
		case 'h':
			return tool_help(usage, help);
		case 'k':
			run.login.insecure_tls = true;
			break;
		case 'n':
			run.dry_run = true;
			break;
		case 'q':
			run.quiet = true;
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
	if (argc - optind != 2 || !from_environment(&run))
		return tool_usage(usage);
	tool_signals(on_signal);
	status = merge(&run, argv[optind], argv[optind + 1]);
	free(run.user);
	free_secret(run.password);
	free_secret(run.token);
	free(run.mappings);
	buf_free(&run.line);
	if (signalled != 0) {
		tool_say(NULL, "stopped; run it again to go on");
		return EXIT_BROKEN;
	}
	return status;
}
