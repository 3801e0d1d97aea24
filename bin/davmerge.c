/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * davmerge: puts the calendars and address books of a tree onto a CalDAV and
 * CardDAV server, adding only what it lacks. See davmerge(1); the work is in
 * lib/dav.
 */
#include <stdlib.h>
#include <string.h>

#include "cli/main.h"
#include "cli/outcome.h"
#include "cli/progress.h"
#include "cli/signals.h"
#include "cli/tool.h"
#include "core/alloc.h"
#include "core/json.h"
#include "core/str.h"
#include "dav/merge.h"
#include "dav/name.h"
#include "dav/server-tree.h"
#include "http/login.h"

enum {
	/* So many temporary failures in a row: the server is away. */
	TEMP_MAX = 3
};

struct run {
	struct tally tally;
	struct http_options http;
	struct login login;
	struct login from; /* of the server that is read */
	struct dav_mapping *mappings;
	size_t n_mappings, cap_mappings;
	int64_t budget;
	struct progress progress;
	struct buf line;
	size_t counts[DAV_FAILED + 1];
	size_t unreadable; /* files, of the failed ones */
	size_t skipped;
	int temp_in_a_row;
	bool away; /* the server, before all was tried */
	bool dry_run;
	bool quiet;
};

static struct run run = { .budget = 300 };

/* --- what the library calls back --- */

static bool
stop(void *arg)
{
	(void)arg;
	return signals_stopped() || run.temp_in_a_row >= TEMP_MAX ||
	       tally_stop(&run.tally);
}

static void
waiting(double seconds, const struct why *why)
{
	progress_waiting(seconds, why, run.tally.verbose, run.quiet);
}

static void
write_result(const struct dav_result *r)
{
	static const char *const objects[] = {
		[DAV_CALENDAR] = "event", [DAV_ADDRESSBOOK] = "card"
	};
	static const char *const collections[] = {
		[DAV_CALENDAR] = "calendar", [DAV_ADDRESSBOOK] = "addressbook"
	};
	struct buf *out = &run.line;

	outcome_begin(out, "result");
	jw_kstr(out, "object",
	    r->file == NULL ? collections[r->kind] : objects[r->kind]);
	jw_kstr(out, "file", r->file);
	jw_kstr(out, "uid", r->uid);
	jw_kstr(out, "collection", r->collection);
	jw_kstr(out, "href", r->href);
	jw_kstr(out, "status", dav_status_name(r->status));
	if (r->status == DAV_FAILED)
		outcome_error(out, r->why);
	if (!outcome_write(out))
		run.tally.fatal = true;
}

static void
result(void *arg, const struct dav_result *r)
{
	(void)arg;
	if (r->file != NULL) {
		run.counts[r->status]++;
		progress_add(&run.progress, 1);
	}
	write_result(r);
	if (r->status != DAV_FAILED) {
		run.tally.ok++;
		run.temp_in_a_row = 0;
		return;
	}
	tally_fail(&run.tally, r->file != NULL ? r->file : r->collection,
	    r->uid, NULL, r->why);
	if (r->why->kind == FAIL_TEMP)
		run.temp_in_a_row++;
	else
		run.temp_in_a_row = 0;
}

/* A file that cannot be put at all. */
static void
bad_file(void *arg, enum dav_kind kind, const char *file, const struct why *why)
{
	struct dav_result r = {
		.status = DAV_FAILED, .kind = kind, .file = file, .why = why
	};

	run.unreadable++;
	result(arg, &r);
}

/* What is in the tree, and in no place where objects are looked for. */
static void
skipped(void *arg, const char *path, const char *reason)
{
	(void)arg;
	run.skipped++;
	tool_say(path, "skipped: %s", reason);
}

/* --- the run --- */

static void
summary(size_t objects, size_t requests)
{
	size_t left = objects + run.unreadable;

	for (size_t i = 0; i < sizeof run.counts / sizeof *run.counts; i++)
		left -= run.counts[i];
	tool_say(NULL,
	    "%zu created, %zu exist, %zu elsewhere, %zu planned, %zu failed",
	    run.counts[DAV_CREATED], run.counts[DAV_EXISTS],
	    run.counts[DAV_ELSEWHERE], run.counts[DAV_PLANNED],
	    run.counts[DAV_FAILED]);
	if (left > 0)
		tool_say(NULL, "%zu were not tried", left);
	if (run.skipped > 0)
		tool_say(NULL, "%zu skipped", run.skipped);
	if (run.tally.verbose > 0)
		tool_say(NULL, "%zu requests", requests);
}

/* The run ends before all was tried. */
static void
broken_off(const char *where, const struct why *why)
{
	tally_fail(&run.tally, where, NULL, NULL, why);
	run.away = why->kind == FAIL_TEMP;
}

/* Connects to a server as somebody. 0, or -1 and that was told. */
static int
open_server(struct dav *d, const char *url, const struct login *login)
{
	struct http_options http = run.http;
	struct why why = { 0 };

	login_lend(login, &http);
	http.stop = signals_stopped;
	if (dav_open(d, url, &http, (long)run.budget, &why) == -1) {
		broken_off(NULL, &why);
		return -1;
	}
	d->retry.waiting = waiting;
	d->retry.stop = signals_stopped;
	return 0;
}

static void
merge_tree(const char *url, const struct dav_tree *tree)
{
	struct dav_merge m = { .dry_run = run.dry_run,
		.mappings = run.mappings,
		.n_mappings = run.n_mappings,
		.result = result,
		.stop = stop };
	struct why why = { 0 };
	struct dav d;

	if (open_server(&d, url, &run.login) == 0) {
		progress_start(
		    &run.progress, "objects", tree->n_items, run.quiet);
		if (dav_merge(&d, tree, &m, &why) == -1)
			broken_off(url, &why);
		progress_end(&run.progress);
		if (!run.quiet)
			summary(tree->n_items, d.requests);
	}
	dav_close(&d);
}

static void
from_folder(const char *path, const char *url)
{
	const struct dav_told told = { bad_file, skipped, NULL };
	struct dav_tree tree;
	struct why why = { 0 };

	if (dav_tree_open(&tree, path, &told, &why) == -1)
		tally_fail(&run.tally, NULL, NULL, NULL, &why);
	else if (!stop(NULL))
		merge_tree(url, &tree);
	dav_tree_free(&tree);
}

static void
from_server(const char *from, const char *url)
{
	struct dav_tree tree;
	struct why why = { 0 };
	struct dav d;

	if (open_server(&d, from, &run.from) == 0) {
		if (dav_server_tree_open(&tree, &d, bad_file, NULL, &why) == -1)
			broken_off(from, &why);
		else if (!stop(NULL))
			merge_tree(url, &tree);
		dav_tree_free(&tree);
	}
	dav_close(&d);
}

static bool
is_url(const char *s)
{
	return str_starts_nocase(s, "http://") ||
	       str_starts_nocase(s, "https://");
}

/* --- options --- */

/* NAME=COLLECTION */
static int
add_mapping(void *to, char *value, struct why *why)
{
	char *equals = strchr(value, '=');
	struct dav_mapping *m;

	(void)to;
	run.mappings = xgrow(run.mappings, run.n_mappings, &run.cap_mappings,
	    sizeof *run.mappings);
	m = &run.mappings[run.n_mappings++];
	*m = (struct dav_mapping){ .from = NULL };
	if (equals != NULL) {
		*equals = '\0';
		m->from = dav_name(value);
		m->to = dav_name(equals + 1);
		*equals = '=';
	}
	if (m->from == NULL || m->to == NULL)
		return why_set(
		    why, FAIL_FATAL, "\"%s\" is not NAME=COLLECTION", value);
	return 0;
}

static void
release(void)
{
	login_free(&run.login);
	login_free(&run.from);
	for (size_t i = 0; i < run.n_mappings; i++) {
		free(run.mappings[i].from);
		free(run.mappings[i].to);
	}
	free(run.mappings);
	buf_free(&run.line);
}

static const struct opt options[] = {
	OPT_LOGIN("the owner", "a bearer token", "DAV", &run.login),
	OPT_STRING(0, "from-user", "USER",
	    "who reads FROM-URL (or DAV_FROM_USER)", &run.from.user),
	OPT_SECRET_FILE("from-password-file",
	    "that password (or DAV_FROM_PASSWORD)", &run.from.password),
	OPT_SECRET_COMMAND("from-password-command", "a command that prints it",
	    &run.from.password),
	OPT_SECRET_FILE("from-token-file",
	    "a bearer token instead (or DAV_FROM_TOKEN)", &run.from.token),
	OPT_SECRET_COMMAND(
	    "from-token-command", "a command that prints it", &run.from.token),
	OPT_CALL(0, "map", "NAME=COLLECTION",
	    "put the folder NAME into that collection", add_mapping, NULL),
	OPT_DRY_RUN("put nothing: planned, exists or elsewhere", &run.dry_run),
	OPT_NUMBER(0, "retry-budget", "SECONDS",
	    "how long to wait for the server in all", &run.budget, 0, 86400),
	OPT_TLS("the server", &run.http.cacert, &run.http.insecure_tls),
	OPT_INSECURE_HTTP("the password", &run.http.insecure_http),
	OPT_QUIET("no summary, no progress", &run.quiet),
	OPT_VERBOSE("say more, each wait too", &run.tally.verbose),
	OPT_STOP("stop at the first object that fails", &run.tally.strict),
	OPT_STANDARD,
};

static int
merge(char **operands)
{
	bool two_servers = is_url(operands[1]);
	int status;

	if (!login_environment(&run.login, "DAV"))
		return opt_lacks(LOGIN_MISSING("DAV"));
	if (two_servers && !login_environment(&run.from, "DAV_FROM"))
		return opt_lacks(
		    "no credentials for FROM-URL: --from-user and "
		    "--from-password-file, --from-token-file, or the DAV_FROM_ "
		    "variables");
	signals_catch();
	if (two_servers)
		from_server(operands[0], operands[1]);
	else
		from_folder(operands[1], operands[0]);
	run.tally.verbose = 0; /* the summary has the counts */
	status = tally_finish(&run.tally);
	/* What could not be read is told again by the run that is needed. */
	if (status == EXIT_FAILED &&
	    (run.away || run.temp_in_a_row >= TEMP_MAX))
		status = EXIT_TEMP;
	return signals_status(status, "run it again to go on");
}

const struct opt_tool tool = {
	OPT_TOOL("davmerge", "URL tree | FROM-URL TO-URL", 2, 2),
	.about = "Puts the calendars and address books of a tree that "
		 "archive2maildir\n"
		 "made, or of another server, onto a CalDAV and CardDAV "
		 "server. Adds what\n"
		 "it lacks, by UID, and never overwrites. Writes one result "
		 "record for each\n"
		 "object.\n",
	.status =
	    "0 all is there; 1 an object failed; 2 the run did not finish; "
	    "75 the server could not be reached, or asks to wait: run it "
	    "again.",
	.options = options,
	.run = merge,
	.release = release,
};
