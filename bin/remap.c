/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * remap: where the migration proxy sends a login. See remap(1); the work is in
 * lib/proxy.
 */
#include <stdlib.h>
#include <string.h>

#include "cli/main.h"
#include "cli/names.h"
#include "cli/outcome.h"
#include "cli/progress.h"
#include "cli/signals.h"
#include "cli/tool.h"
#include "core/alloc.h"
#include "core/num.h"
#include "proxy/batch.h"
#include "proxy/bulk.h"
#include "proxy/export.h"
#include "proxy/host.h"
#include "proxy/pick.h"
#include "proxy/report.h"
#include "proxy/transport.h"

enum {
	CHUNK = 64, /* so many are sent before their results are written */
	JOBS = 4    /* one less than the wrong tokens that lock out */
};

enum command {
	NO_COMMAND,
	SET,
	UNSET,
	GET,
	DO_KICK,
	PICK,
	EXPORT
};
static const char *const command_names[] = {
	[NO_COMMAND] = "",
	[SET] = "set",
	[UNSET] = "unset",
	[GET] = "get",
	[DO_KICK] = "kick",
	[PICK] = "pick",
	[EXPORT] = "export",
};

struct run {
	struct tally tally;
	struct subjects subjects;
	struct pool pool;
	struct http_options http;
	struct change change;
	enum command command;
	const char *url;
	const char *mapping_file;
	const char *to;
	const struct export_format *format;
	struct export_options export;
	const char *table_file, *map_type; /* export: changed in place */
	struct transport transport;
	struct buf results; /* of what is written with the table */
	struct progress progress;
	char *token;
	int64_t jobs;
	struct buf line;
	bool partial, quiet, reload;
	bool lowers; /* the proxy does it with names */
	struct batch batch;
};

static struct run run = {
	.jobs = JOBS,
	.reload = true,
	.change = { .kick = true, .delay = -1 },
	.subjects = { .logins = true },
};

static void
fail(const struct subject *s, const struct why *why)
{
	if (s == NULL)
		tally_fail(&run.tally, NULL, NULL, NULL, why);
	else
		tally_fail(&run.tally, s->where, s->ids[0], s->line, why);
}

/* Standard output is the journal. */
static void
put_line(void)
{
	if (!outcome_write(&run.line))
		run.tally.fatal = true;
}

static bool
stopped(void *arg)
{
	(void)arg;
	return batch_stopped(&run.batch) || tally_stop(&run.tally);
}

/* --- results --- */

static const char *
status_name(const struct change_result *r)
{
	if (r->why.kind != FAIL_NONE)
		return "failed";
	if (run.change.dry_run)
		return "planned";
	return run.command == DO_KICK ? "kicked" : command_names[run.command];
}

static void
write_result(const struct subject *s, struct change_result *r)
{
	report_change(&run.line, s, &run.change, status_name(r), r);
	put_line();
	if (r->why.kind != FAIL_NONE)
		fail(s, &r->why);
	else
		run.tally.ok++;
}

static void
write_routes(const struct subject *s, const struct batch_outcome *o)
{
	for (size_t i = 0; i < s->n; i++) {
		report_route(&run.line, s, i, &o->routes[i]);
		put_line();
	}
	run.tally.ok++;
}

/* A line in the table of another program: what became of it. */
static void
export_in_place(
    const struct subject *s, const char *identifier, const char *destination)
{
	enum transport_change change = TRANSPORT_ABSENT;
	const char *status = "planned";
	struct why why = { 0 };

	if (transport_set(&run.transport, &run.export, identifier, destination,
		&change, &why) == -1)
		tally_fail(&run.tally, s == NULL ? NULL : s->where, identifier,
		    s == NULL ? NULL : s->line, &why);
	if (why.kind != FAIL_NONE)
		status = "failed";
	else if (!run.change.dry_run)
		status = transport_change_name(change);
	report_transport(&run.line, identifier, destination, status,
	    why.kind == FAIL_NONE ? NULL : &why);
	outcome_end(&run.line);
	buf_add(&run.results, run.line.data, run.line.len);
}

/* The tables of other programs. */
static void
export_one(
    const struct subject *s, const char *identifier, const char *destination)
{
	struct why why = { 0 };

	if (run.table_file != NULL) {
		export_in_place(s, identifier, destination);
		return;
	}
	buf_reset(&run.line);
	if (run.format->route(
		&run.export, identifier, destination, &run.line, &why) == -1)
		tally_fail(&run.tally, s == NULL ? NULL : s->where, identifier,
		    s == NULL ? NULL : s->line, &why);
	else
		(void)fwrite(buf_str(&run.line), 1, run.line.len, stdout);
}

static void
report(const struct subject *s, struct batch_outcome *o)
{
	bool asked = run.command == GET || run.command == EXPORT;

	if (!o->begun)
		return;
	if (!asked) {
		write_result(s, &o->result);
	} else if (o->result.why.kind != FAIL_NONE) {
		fail(s, &o->result.why);
	} else if (run.command == GET) {
		write_routes(s, o);
	} else {
		for (size_t i = 0; i < s->n; i++)
			export_one(s,
			    run.format->both ? buf_str(&o->routes[i].normalized)
					     : s->ids[i],
			    o->routes[i].destination.data);
		run.tally.ok++;
	}
}

static void
run_all(enum batch_task task)
{
	size_t chunk = run.tally.strict ? 1 : CHUNK, n;
	struct batch_outcome *outcomes;

	run.batch.task = task;
	progress_start(&run.progress, "accounts", run.subjects.n, run.quiet);
	for (size_t at = 0; at < run.subjects.n && !stopped(NULL); at += n) {
		n = run.subjects.n - at < chunk ? run.subjects.n - at : chunk;
		outcomes = batch_run(&run.batch, at, n);
		progress_add(&run.progress, n);
		for (size_t i = 0; i < n; i++)
			report(&run.subjects.v[at + i], &outcomes[i]);
		batch_free(&run.batch, outcomes, at, n);
	}
	progress_end(&run.progress);
}

/* Many at once. The lock is given back before sessions are ended. */
static void
set_by_file(void)
{
	struct why why = { 0 };

	if (bulk_set(&run.pool.clients[0], run.mapping_file, run.lowers,
		&run.subjects, run.change.destination, run.change.dry_run,
		&why) == -1) {
		fail(NULL, &why);
		return;
	}
	if (run.change.kick && !run.change.dry_run) {
		run_all(BATCH_KICK);
		return;
	}
	for (size_t i = 0; i < run.subjects.n; i++) {
		struct change_result result = { .kicked = -1,
			.why = run.subjects.v[i].why };

		write_result(&run.subjects.v[i], &result);
	}
}

/* --- export --- */

static void
export_line(const char *identifier, const char *destination)
{
	export_one(NULL, identifier, destination);
}

/* All that a mapping file holds. */
static void
export_file(void)
{
	struct why why = { 0 };

	if (export_mapping_file(
		run.mapping_file, run.format->both, export_line, &why) == -1)
		fail(NULL, &why);
}

static void
export_to(void)
{
	for (size_t i = 0; i < run.subjects.n; i++) {
		const struct subject *s = &run.subjects.v[i];

		if (s->why.kind != FAIL_NONE)
			fail(s, &s->why);
		for (size_t k = 0; k < s->n && s->why.kind == FAIL_NONE; k++)
			export_one(s, s->ids[k], run.to);
	}
}

/* --- pick --- */

static struct batch_outcome *
pick_ask(void *arg, const struct subjects *s)
{
	(void)arg;
	run.batch.subjects = s;
	run.batch.task = BATCH_ASK;
	progress_add(&run.progress, s->n);
	return batch_run(&run.batch, 0, s->n);
}

static void
pick_release(void *arg, const struct subjects *s, struct batch_outcome *o)
{
	(void)arg;
	batch_free(&run.batch, o, 0, s->n);
}

static void
pick_pass(void *arg, const char *line, size_t len)
{
	(void)arg;
	(void)fwrite(line, 1, len, stdout);
}

static void
pick_fail(void *arg, const char *where, const char *id, const char *line,
    const struct why *why)
{
	(void)arg;
	tally_fail(&run.tally, where, id, line, why);
}

static void
pick_done(void *arg)
{
	(void)arg;
	run.tally.ok++;
}

static void
pick(char **files)
{
	const struct pick p = { .destination = run.to,
		.logins = run.subjects.logins,
		.strict = run.tally.strict,
		.partial = run.partial,
		.ask = pick_ask,
		.release = pick_release,
		.pass = pick_pass,
		.fail = pick_fail,
		.done = pick_done,
		.stop = stopped };
	struct pick_counts counts;
	struct ndjson in;

	ndjson_init(&in, files, RECORD_LINE_MAX);
	pick_run(&p, &in, &counts);
	ndjson_free(&in);
	if (run.tally.verbose > 0)
		tool_say(NULL,
		    "left out, because they go elsewhere: %zu account%s, %zu "
		    "alias%s",
		    counts.accounts, plural(counts.accounts), counts.aliases,
		    plural_es(counts.aliases));
}

/* --- the run --- */

/* Records and names, from standard input. */
static void
take_name(const char *name, const char *where, const char *line)
{
	subjects_add_name(&run.subjects, name, where, line);
}

static void
take_record(const struct record *r, const char *where, const char *line)
{
	if (r->type == REC_ACCOUNT)
		subjects_add_record(&run.subjects, r, where, line);
}

static bool
read_subjects(void)
{
	const struct name_input names = { .name = take_name,
		.record = take_record,
		.tally = &run.tally,
		.partial = run.partial };

	return names_read(&names);
}

/* A mail client sends the name as its owner typed it. */
static int
check_normalize(struct why *why)
{
	if (proxy_lowers(&run.pool.clients[0], &run.lowers, why) == -1)
		return -1;
	if (run.lowers)
		subjects_lower(&run.subjects);
	else if (!run.quiet)
		tool_say(NULL,
		    "the proxy has normalize = none: a client that "
		    "logs in as Alice@... is not found as alice@..., "
		    "and goes to the default destination");
	return 0;
}

/* Makes one call first, so that a wrong token costs one failed login and not one
 * a worker. */
static int
greet(struct why *why)
{
	const char *to = run.command == PICK ? run.to : run.change.destination;

	if (to != NULL &&
	    proxy_destination(&run.pool.clients[0], to, why) == -1)
		return -1;
	return check_normalize(why);
}

static bool
needs_proxy(void)
{
	return run.command != EXPORT ||
	       (run.to == NULL && run.mapping_file == NULL);
}

static void
act(char **files)
{
	if (run.command == EXPORT && run.to != NULL)
		export_to();
	else if (run.command == EXPORT && run.mapping_file != NULL)
		export_file();
	else if (run.command == PICK)
		pick(files);
	else if (run.mapping_file != NULL && run.subjects.n != 0)
		set_by_file();
	else if (run.command == DO_KICK)
		run_all(BATCH_KICK);
	else if (run.command == SET || run.command == UNSET)
		run_all(BATCH_CHANGE);
	else
		run_all(BATCH_ASK);
}

/* The lines of a table, changed as a whole: nothing is reported that is not in
 * its place. */
static void
act_in_place(char **files)
{
	struct why why = { 0 };
	int r = transport_open(&run.transport, run.table_file, &why);

	if (r == 0)
		act(files);
	if (r == 0 && !run.change.dry_run && !run.tally.fatal)
		r = transport_commit(
		    &run.transport, run.map_type, run.reload, &why);
	if (r == -1)
		fail(NULL, &why);
	else if (!tool_write(run.results.data, run.results.len))
		run.tally.fatal = true;
	transport_close(&run.transport);
	buf_free(&run.results);
}

static void
with_proxy(char **operands)
{
	struct why why = { 0 };

	run.http.token = run.token;
	run.http.stop = signals_stopped;
	run.batch.pool = &run.pool;
	run.batch.subjects = &run.subjects;
	run.batch.change = &run.change;
	run.batch.stop = signals_stopped;
	/* A URL that is refused may hold a password: it is not shown. */
	if (needs_proxy() && pool_open(&run.pool, run.url, &run.http,
				 (size_t)run.jobs, &why) == -1)
		tally_fail(&run.tally, NULL, NULL, NULL, &why);
	else if (needs_proxy() && greet(&why) == -1)
		tally_fail(&run.tally, run.url, NULL, NULL, &why);
	else if (!tally_stop(&run.tally)) {
		if (run.command == EXPORT && run.format->head != NULL)
			(void)fputs(run.format->head, stdout);
		if (run.table_file != NULL)
			act_in_place(operands);
		else
			act(operands);
		if (run.command == EXPORT && run.format->foot != NULL &&
		    !run.tally.fatal)
			(void)fputs(run.format->foot, stdout);
	}
	pool_close(&run.pool);
}

static int
remap(char **operands)
{
	bool whole_file =
	    run.command == EXPORT && run.mapping_file != NULL && run.to == NULL;
	bool complete = true;

	if (*operands != NULL && run.command != PICK)
		for (char **id = operands; *id != NULL; id++) {
			if (!names_operand(*id))
				return EXIT_BROKEN;
			subjects_add_name(&run.subjects, *id, NULL, NULL);
		}
	else if (run.command != PICK && !whole_file)
		complete = read_subjects();
	if (complete)
		with_proxy(operands);
	return tally_finish(&run.tally);
}

/* --- options --- */

static int
add_host(void *to, char *value, struct why *why)
{
	return export_add_host(to, value, why);
}

static int
set_table(void *to, char *value, struct why *why)
{
	*(const char **)to = value;
	return export_check_table(value, why);
}

static int
set_format(void *to, char *value, struct why *why)
{
	(void)to;
	run.format = export_format(value);
	if (run.format == NULL)
		return why_set(why, FAIL_FATAL,
		    "not one of: tsv, postfix-transport, dovecot-proxy, redis, "
		    "sql");
	return 0;
}

static void
release(void)
{
	subjects_free(&run.subjects);
	free_secret(run.token);
	buf_free(&run.line);
}

static const struct opt options[] = {
	OPT_STRING(0, "url", "URL",
	    "the proxy's management API (or PROXY_ADMIN_URL)", &run.url),
	OPT_TOKEN("its token (or PROXY_ADMIN_TOKEN)", &run.token),
	OPT_TLS("the proxy", &run.http.cacert, &run.http.insecure_tls),
	OPT_INSECURE_HTTP("the token", &run.http.insecure_http),
	OPT_JOBS("connections at a time", &run.jobs),
	OPT_CLEAR(0, "no-logins", "of a record only the address",
	    &run.subjects.logins),
	OPT_SET(0, "kick",
	    "end the sessions that are open (the default of set and unset)",
	    &run.change.kick),
	OPT_CLEAR(0, "no-kick", "leave them", &run.change.kick),
	OPT_NUMBER(0, "delay", "SECONDS",
	    "hold new logins so long before the change", &run.change.delay, 0,
	    86400),
	OPT_STRING(0, "mapping-file", "FILE",
	    "change the proxy's file at once and reload it", &run.mapping_file),
	OPT_CALL(0, "format", "F",
	    "tsv, postfix-transport, dovecot-proxy, redis, sql", set_format,
	    NULL),
	OPT_STRING(0, "to", "DESTINATION",
	    "export: all of them go there; ask no proxy", &run.to),
	OPT_CALL(0, "host", "D=HOST[:PORT]",
	    "export: the host of destination D", add_host, &run.export),
	OPT_STRING(0, "file", "FILE",
	    "export to postfix-transport: change the lines in FILE",
	    &run.table_file),
	OPT_STRING(0, "map-type", "TYPE",
	    "with --file: of the database that postmap makes (Postfix's "
	    "default; none: none is made)",
	    &run.map_type),
	OPT_CLEAR(0, "no-reload", "with --file: do not tell Postfix of it",
	    &run.reload),
	OPT_STRING(0, "prefix", "TEXT", "export to redis: before each key",
	    &run.export.prefix),
	OPT_CALL(0, "table", "NAME", "export to sql: the table (mappings)",
	    set_table, &run.export.table),
	OPT_DRY_RUN("change nothing, say what would be", &run.change.dry_run),
	OPT_REJECTS("append what failed to FILE", &run.tally),
	OPT_SET(0, "partial", "the records may lack their end record",
	    &run.partial),
	OPT_QUIET("no progress, no remarks", &run.quiet),
	OPT_VERBOSE("say more", &run.tally.verbose),
	OPT_STOP("stop at the first that fails", &run.tally.strict),
	OPT_STANDARD,
};

/* Which proxy is meant. 0, or the exit status. */
static int
choose_proxy(void)
{
	struct why why = { 0 };

	if (!needs_proxy())
		return 0;
	if (proxy_default(&run.url, &run.token, &why) == -1)
		return opt_lacks("%s", why.text);
	if (run.url == NULL)
		return opt_lacks("no proxy: --url or PROXY_ADMIN_URL");
	if (run.token == NULL)
		return opt_lacks("no token: --token-file, --token-command or "
				 "PROXY_ADMIN_TOKEN");
	return 0;
}

/* Whether the command has what it needs, and nothing else: 0, or the exit
 * status. */
static int
check_command(void)
{
	bool change = run.command == SET || run.command == UNSET,
	     export = run.command == EXPORT;

	if (run.mapping_file != NULL && !change && !export)
		return opt_wrong(
		    &tool, "--mapping-file is for set, unset and export");
	if (run.mapping_file != NULL && run.change.delay >= 0)
		return opt_wrong(
		    &tool, "--delay does not go with --mapping-file");
	if (run.change.dry_run && !change && run.table_file == NULL)
		return opt_wrong(&tool, "-n is for set, unset and --file");
	if (run.table_file != NULL &&
	    (!export || run.format != export_format("postfix-transport")))
		return opt_wrong(
		    &tool, "--file is for export --format=postfix-transport");
	if (run.map_type != NULL && run.table_file == NULL)
		return opt_wrong(&tool, "--map-type goes with --file");
	/* Aliases and bare logins are known before the table is asked. */
	if (run.table_file != NULL)
		run.subjects.logins = false;
	if (export && run.format == NULL)
		return opt_wrong(&tool, "export needs --format");
	run.subjects.both = export && run.to != NULL && run.format->both;
	return choose_proxy();
}

/* Takes command and destination from the operands: 0, or the exit status. */
static int
read_command(char ***operands)
{
	struct why why = { 0 };

	for (enum command c = SET; c <= EXPORT; c++)
		if (strcmp(**operands, command_names[c]) == 0)
			run.command = c;
	if (run.command == NO_COMMAND)
		return opt_wrong(&tool, "not a command: %s", **operands);
	++*operands;
	if (run.command == SET || run.command == PICK) {
		run.to = **operands;
		if (run.to == NULL)
			return opt_wrong(&tool, "no destination given");
		++*operands;
		if (identifier_check(run.to, &why) == -1) {
			tool_say(
			    run.to, "not a valid destination: %s", why.text);
			return EXIT_BROKEN;
		}
	}
	if (run.command == SET)
		run.change.destination = run.to;
	return check_command();
}

static int
command(char **operands)
{
	int status = read_command(&operands);

	if (status != 0)
		return status;
	signals_catch();
	return signals_status(remap(operands), "run it again to go on");
}

const struct opt_tool tool = {
	OPT_TOOL("remap",
	    "set|unset|get|kick|pick|export [destination] [login ...]", 1, -1),
	.about =
	    "Tells the migration proxy where to send a login, and asks it.\n"
	    "\n"
	    "  remap set DESTINATION [LOGIN ...]  route them there\n"
	    "  remap unset [LOGIN ...]            take their mappings away\n"
	    "  remap get [LOGIN ...]              where they go\n"
	    "  remap kick [LOGIN ...]             end their sessions\n"
	    "  remap pick DESTINATION [FILE ...]  pass the records of accounts "
	    "that\n"
	    "                                     go there\n"
	    "  remap export --format=F [LOGIN ...]  as a table of another "
	    "program\n"
	    "\n"
	    "Without a LOGIN, logins or account records are read from standard "
	    "input.\n",
	.status = "0 all is done; 1 some failed; 2 the run did not finish; 75 "
		  "the proxy could not be reached, or has locked us out: run "
		  "it again.",
	.options = options,
	.run = command,
	.release = release,
};
