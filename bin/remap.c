/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * remap: where the migration proxy sends a login. See remap(1); the work is in
 * lib/proxy.
 */
#include <getopt.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/cred.h"
#include "core/json.h"
#include "core/num.h"
#include "core/progress.h"
#include "core/str.h"
#include "core/tool.h"
#include "proxy/change.h"
#include "proxy/client.h"
#include "proxy/export.h"
#include "proxy/mapfile.h"
#include "proxy/pool.h"
#include "proxy/subjects.h"

static const char usage[] =
    "remap set|unset|get|kick|pick|export [-hknqVvx] [-E rejects] [-j jobs] "
    "[option ...] [destination] [login ...]";

static const char help[] =
    "Tells the migration proxy where to send a login, and asks it.\n"
    "\n"
    "  remap set DESTINATION [LOGIN ...]  route them there\n"
    "  remap unset [LOGIN ...]            take their mappings away\n"
    "  remap get [LOGIN ...]              where they go\n"
    "  remap kick [LOGIN ...]             end their sessions\n"
    "  remap pick DESTINATION [FILE ...]  pass the records of accounts that\n"
    "                                     go there\n"
    "  remap export --format=F [LOGIN ...]  as a table of another program\n"
    "\n"
    "Without a LOGIN, logins or account records are read from standard input.\n"
    "\n"
    "  --url URL            the proxy's management API (or PROXY_ADMIN_URL)\n"
    "  --token-file FILE    its token (or PROXY_ADMIN_TOKEN)\n"
    "  --token-command CMD  a command that prints it\n"
    "  --cacert FILE        trust these certificates (PEM)\n"
    "  -k, --insecure       do not check the proxy's certificate\n"
    "  --insecure-http      send the token in clear\n"
    "  -j, --jobs N         connections at a time (4)\n"
    "  --no-logins          of a record only the address\n"
    "  --kick               end the sessions that are open (the default of\n"
    "                       set and unset)\n"
    "  --no-kick            leave them\n"
    "  --delay SECONDS      hold new logins so long before the change\n"
    "  --mapping-file FILE  change the proxy's file at once and reload it\n"
    "  --format F           tsv, postfix-transport, dovecot-proxy, redis, sql\n"
    "  --to DESTINATION     export: all of them go there; ask no proxy\n"
    "  --host D=HOST[:PORT] export: the host of destination D\n"
    "  --prefix TEXT        export to redis: before each key\n"
    "  --table NAME         export to sql: the table (mappings)\n"
    "  -n, --dry-run        change nothing, say what would be\n"
    "  -E, --rejects FILE   append what failed to FILE\n"
    "  -q, --quiet          no progress, no remarks\n"
    "  -v, --verbose        say more\n"
    "  -x, --stop           stop at the first that fails\n"
    "  -h, --help           this text\n"
    "  -V, --version        the version\n"
    "\n"
    "Exit status: 0 all is done; 1 some failed; 2 the run did not finish; 75\n"
    "the proxy could not be reached, or has locked us out: run it again.\n";

enum {
	CHUNK = 64, /* so many are sent before their results are written */
	PICK_CHUNK = 256,
	TEMP_IN_A_ROW = 5, /* so many failures: the proxy is gone */
	HOSTS_MAX = 16,
	SAMPLE = 16, /* read back after a file was loaded */
	JOBS = 4     /* one less than the wrong tokens that lock out */
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
static const char *const command_names[] = { [NO_COMMAND] = "",
	[SET] = "set",
	[UNSET] = "unset",
	[GET] = "get",
	[DO_KICK] = "kick",
	[PICK] = "pick",
	[EXPORT] = "export" };

/* What became of one account. */
struct outcome {
	struct change_result result;
	struct route *routes; /* of each login, where they were asked for */
	bool begun;
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
	struct export_host hosts[HOSTS_MAX];
	struct progress progress;
	char *token;
	int64_t jobs;
	struct buf line;
	bool quiet;
	bool routed; /* by the mapping file: what is left is to kick */
	/* What the threads work at. */
	size_t first;
	struct outcome *outcomes;
	atomic_bool stop;  /* nothing more is begun */
	atomic_uint temps; /* failures in a row */
};

static void
fail(struct run *run, const struct subject *s, const struct why *why)
{
	if (s == NULL)
		tally_fail(&run->tally, NULL, NULL, NULL, why);
	else
		tally_fail(&run->tally, s->where, s->ids[0], s->line, why);
}

static void
put_line(struct run *run)
{
	buf_addc(&run->line, '\n');
	(void)fwrite(run->line.data, 1, run->line.len, stdout);
	/* Standard output is the journal. */
	if (fflush(stdout) != 0)
		run->tally.fatal = true;
}

/* --- work, in threads --- */

/* Whether the other accounts are worth trying after this. */
static void
look_at_failure(struct run *run, const struct proxy *p, const struct why *why)
{
	if (why->kind != FAIL_TEMP && why->kind != FAIL_FATAL)
		atomic_store(&run->temps, 0);
	else if (why->kind == FAIL_FATAL || p->reply.status == 429 ||
		 atomic_fetch_add(&run->temps, 1) + 1 >= TEMP_IN_A_ROW)
		atomic_store(&run->stop, true);
}

static void
ask_routes(struct proxy *p, const struct subject *s, struct outcome *o)
{
	o->routes = xcalloc(s->n, sizeof *o->routes);
	for (size_t i = 0; i < s->n; i++)
		if (proxy_get(p, s->ids[i], &o->routes[i], &o->result.why) ==
		    -1)
			return;
}

static void
work(struct proxy *p, size_t item, void *arg)
{
	struct run *run = arg;
	const struct subject *s = &run->subjects.v[run->first + item];
	struct outcome *o = &run->outcomes[item];

	o->result.why = s->why;
	o->begun = !atomic_load(&run->stop);
	if (!o->begun || s->why.kind != FAIL_NONE)
		return;
	if (run->command == DO_KICK || run->routed)
		change_kick(p, s->ids, s->n, &o->result);
	else if (run->command == SET || run->command == UNSET)
		change_run(p, &run->change, s->ids, s->n, &o->result);
	else
		ask_routes(p, s, o);
	look_at_failure(run, p, &o->result.why);
}

/* Does the work for n subjects from first on. The outcomes are taken back by
 * chunk_end. */
static struct outcome *
chunk_run(struct run *run, size_t first, size_t n)
{
	struct outcome *outcomes = xcalloc(n, sizeof *outcomes);

	run->first = first;
	run->outcomes = outcomes;
	pool_run(&run->pool, n, work, run);
	progress_add(&run->progress, n);
	return outcomes;
}

static void
chunk_end(struct run *run, struct outcome *outcomes, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct outcome *o = &outcomes[i];

		change_result_free(&o->result);
		for (size_t k = 0;
		     o->routes != NULL && k < run->subjects.v[run->first + i].n;
		     k++)
			route_free(&o->routes[k]);
		free(o->routes);
	}
	free(outcomes);
	run->outcomes = NULL;
}

/* --- results --- */

static const char *
status_name(const struct run *run, const struct change_result *r)
{
	if (r->why.kind != FAIL_NONE)
		return "failed";
	if (run->change.dry_run)
		return "planned";
	return run->command == DO_KICK ? "kicked" : command_names[run->command];
}

static void
write_result(struct run *run, const struct subject *s, struct change_result *r)
{
	struct buf *out = &run->line;

	buf_reset(out);
	jw_open(out, '{');
	jw_kint(out, "v", 1);
	jw_kstr(out, "type", "result");
	jw_kstr(out, "object", "Route");
	jw_kstr(out, "address", s->ids[0]);
	if (s->n > 1) {
		jw_key(out, "logins");
		jw_open(out, '[');
		for (size_t i = 1; i < s->n; i++)
			jw_str(out, s->ids[i]);
		jw_close(out, ']');
	}
	jw_kstr(out, "status", status_name(run, r));
	jw_kstr(out, "destination", run->change.destination);
	if (r->was.len != 0)
		jw_kstr(out, "was", r->was.data);
	if (r->kicked >= 0)
		jw_kint(out, "kicked", r->kicked);
	if (r->why.kind != FAIL_NONE) {
		jw_key(out, "error");
		jw_open(out, '{');
		jw_kstr(out, "kind", fail_name(r->why.kind));
		jw_kstr(out, "text", r->why.text);
		jw_close(out, '}');
	}
	jw_close(out, '}');
	put_line(run);
	if (r->why.kind != FAIL_NONE)
		fail(run, s, &r->why);
	else
		run->tally.ok++;
}

static void
write_routes(struct run *run, const struct subject *s, const struct outcome *o)
{
	struct buf *out = &run->line;

	for (size_t i = 0; i < s->n; i++) {
		const struct route *r = &o->routes[i];

		buf_reset(out);
		jw_open(out, '{');
		jw_kint(out, "v", 1);
		jw_kstr(out, "type", "route");
		jw_kstr(out, "identifier", s->ids[i]);
		if (i > 0)
			jw_kstr(out, "address", s->ids[0]);
		jw_kstr(out, "destination", r->destination.data);
		jw_kbool(out, "default", r->is_default);
		jw_close(out, '}');
		put_line(run);
	}
	run->tally.ok++;
}

/* The tables of other programs. */
static void
export_one(struct run *run, const struct subject *s, const char *identifier,
    const char *destination)
{
	struct why why = { 0 };

	buf_reset(&run->line);
	if (run->format->route(
		&run->export, identifier, destination, &run->line, &why) == -1)
		tally_fail(&run->tally, s == NULL ? NULL : s->where, identifier,
		    s == NULL ? NULL : s->line, &why);
	else
		(void)fwrite(run->line.data, 1, run->line.len, stdout);
}

static void
report(struct run *run, const struct subject *s, struct outcome *o)
{
	bool asked = run->command == GET || run->command == EXPORT;

	if (!o->begun)
		return;
	if (!asked) {
		write_result(run, s, &o->result);
	} else if (o->result.why.kind != FAIL_NONE) {
		fail(run, s, &o->result.why);
	} else if (run->command == GET) {
		write_routes(run, s, o);
	} else {
		for (size_t i = 0; i < s->n; i++)
			export_one(
			    run, s, s->ids[i], o->routes[i].destination.data);
		run->tally.ok++;
	}
}

static bool
stopped(struct run *run)
{
	return atomic_load(&run->stop) || tally_stop(&run->tally);
}

static void
run_all(struct run *run)
{
	size_t chunk = run->tally.strict ? 1 : CHUNK, n;
	struct outcome *outcomes;

	progress_start(&run->progress, "accounts", run->subjects.n, run->quiet);
	for (size_t at = 0; at < run->subjects.n && !stopped(run); at += n) {
		n = run->subjects.n - at < chunk ? run->subjects.n - at : chunk;
		outcomes = chunk_run(run, at, n);
		for (size_t i = 0; i < n; i++)
			report(run, &run->subjects.v[at + i], &outcomes[i]);
		chunk_end(run, outcomes, n);
	}
	progress_end(&run->progress);
}

/* --- the mapping file --- */

/* Puts all accounts that are not refused into the file. */
static void
merge(struct run *run, struct mapfile *m)
{
	for (size_t i = 0; i < run->subjects.n; i++) {
		const struct subject *s = &run->subjects.v[i];

		for (size_t k = 0; k < s->n && s->why.kind == FAIL_NONE; k++)
			mapfile_set(m, s->ids[k], run->change.destination);
	}
}

/* The proxy does not load the file: the old one again. */
static int
take_back(struct run *run, struct mapfile *m, const struct why *cause,
    struct why *why)
{
	struct proxy *p = &run->pool.clients[0];
	bool refused;

	if (mapfile_restore(m, why) == -1)
		return -1;
	*why = (struct why){ 0 };
	/* It may have loaded it after all, where the answer was lost. */
	if (p->reply.status != 401 && p->reply.status != 429)
		(void)proxy_reload(p, &refused, why);
	return why_set(why, cause->kind,
	    "%s; the old mapping file is in its place again", cause->text);
}

/* Asks for a few of them what the proxy does now. */
static int
read_back(struct run *run, struct why *why)
{
	const struct subjects *all = &run->subjects;
	size_t step = all->n / SAMPLE + 1;
	struct route now = { 0 };
	int r = 0;

	for (size_t i = 0; i < all->n && r == 0; i += step) {
		const struct subject *s = &all->v[i];

		if (s->why.kind != FAIL_NONE)
			continue;
		r = proxy_get(&run->pool.clients[0], s->ids[0], &now, why);
		if (r == 0 && run->change.destination != NULL &&
		    strcmp(now.destination.data, run->change.destination) != 0)
			r = why_set(why, FAIL_FATAL,
			    "read back, %s goes to %s: is this the proxy's "
			    "mapping file?",
			    s->ids[0], now.destination.data);
	}
	route_free(&now);
	return r;
}

static int
replace_file(struct run *run, struct mapfile *m, struct why *why)
{
	struct proxy *p = &run->pool.clients[0];
	struct why cause = { 0 };
	bool refused;

	merge(run, m);
	if (run->change.dry_run)
		return 0;
	if (mapfile_commit(m, why) == -1)
		return -1;
	if (proxy_reload(p, &refused, &cause) == -1 ||
	    proxy_invalidate(p, &cause) == -1 || read_back(run, &cause) == -1)
		return take_back(run, m, &cause, why);
	return 0;
}

/* Many at once. The lock is given back before sessions are ended. */
static void
set_by_file(struct run *run)
{
	struct mapfile m;
	struct why why = { 0 };
	int r = mapfile_open(&m, run->mapping_file, &why);

	if (r == 0)
		r = replace_file(run, &m, &why);
	mapfile_close(&m);
	if (r == -1) {
		fail(run, NULL, &why);
		return;
	}
	if (run->change.kick && !run->change.dry_run) {
		run->routed = true;
		run_all(run);
		return;
	}
	for (size_t i = 0; i < run->subjects.n; i++) {
		struct change_result result = { .kicked = -1,
			.why = run->subjects.v[i].why };

		write_result(run, &run->subjects.v[i], &result);
	}
}

/* All that a mapping file holds. */
static void
export_file(struct run *run)
{
	struct mapfile m;
	struct why why = { 0 };

	if (mapfile_open(&m, run->mapping_file, &why) == -1)
		fail(run, NULL, &why);
	/* Of several lines of an identifier the one that counts. */
	for (size_t i = 0; i < m.n; i++)
		if (m.lines[i].identifier != NULL &&
		    m.lines[i].destination ==
			mapfile_get(&m, m.lines[i].identifier))
			export_one(run, NULL, m.lines[i].identifier,
			    m.lines[i].destination);
	mapfile_close(&m);
}

static void
export_to(struct run *run)
{
	for (size_t i = 0; i < run->subjects.n; i++) {
		const struct subject *s = &run->subjects.v[i];

		if (s->why.kind != FAIL_NONE)
			fail(run, s, &s->why);
		for (size_t k = 0; k < s->n && s->why.kind == FAIL_NONE; k++)
			export_one(run, s, s->ids[k], run->to);
	}
}

/* --- pick --- */

/* Addresses of accounts that were not passed on. */
struct left {
	struct arena texts;
	struct map addresses;
	size_t accounts, aliases;
	size_t passed;
	bool part; /* something was not passed on */
};

struct picking {
	struct ndjson in;
	struct record record;
	struct arena lines;
	const char *text[PICK_CHUNK];
	const char *where[PICK_CHUNK];
	enum record_type type[PICK_CHUNK];
	size_t subject[PICK_CHUNK];     /* of an account */
	const char *target[PICK_CHUNK]; /* of an alias with one */
	size_t n;
};

/* Where all logins of an account go; NULL where they differ. */
static const char *
common_route(const struct subject *s, const struct outcome *o, struct why *why)
{
	const char *first = o->routes[0].destination.data;

	for (size_t i = 1; i < s->n; i++)
		if (strcmp(o->routes[i].destination.data, first) != 0) {
			why_set(why, FAIL_DATA,
			    "goes to %s, and its login %s to %s (see "
			    "--no-logins)",
			    first, s->ids[i], o->routes[i].destination.data);
			return NULL;
		}
	return first;
}

static bool
picked(struct run *run, const struct subject *s, struct outcome *o,
    struct left *left)
{
	struct why why = o->result.why;
	const char *to = NULL;
	bool part = left->part;

	left->part = true;
	if (!o->begun)
		return false;
	if (why.kind == FAIL_NONE)
		to = common_route(s, o, &why);
	if (to == NULL) {
		fail(run, s, &why);
		return false;
	}
	run->tally.ok++;
	if (strcmp(to, run->to) == 0) {
		left->part = part;
		return true;
	}
	left->accounts++;
	(void)map_put_copy(&left->addresses, &left->texts, s->ids[0], NULL);
	return false;
}

/* An alias goes with the one account that it belongs to. */
static bool
passes(struct run *run, const struct picking *p, size_t i, struct left *left)
{
	if (p->type[i] == REC_ACCOUNT)
		return picked(run, &run->subjects.v[p->subject[i]],
		    &run->outcomes[p->subject[i]], left);
	if (p->type[i] == REC_ALIAS && p->target[i] != NULL &&
	    map_get(&left->addresses, p->target[i]) != NULL) {
		left->aliases++;
		return false;
	}
	/* What was not looked up for lack of a proxy is not a part. */
	return p->type[i] != REC_END || !atomic_load(&run->stop);
}

/* The dump is whole, and this is a part of it: who takes the rest for gone
 * must know. */
static void
write_end(struct run *run, const char *line, size_t passed)
{
	struct record end = { 0 };
	char *part = xasprintf("remap pick %s", run->to);

	if (record_parse(&end, line, strlen(line), NULL) == 0) {
		end.count = (int64_t)passed;
		end.part = part;
		record_write(&end, &run->line);
	}
	record_free(&end);
	free(part);
}

static void
pass(struct run *run, const struct picking *p, size_t i, struct left *left)
{
	buf_reset(&run->line);
	if (p->type[i] == REC_END && left->part) {
		write_end(run, p->text[i], left->passed);
	} else {
		buf_adds(&run->line, p->text[i]);
		buf_addc(&run->line, '\n');
	}
	(void)fwrite(run->line.data, 1, run->line.len, stdout);
	left->passed++;
}

static void
pick_chunk(struct run *run, struct picking *p, struct left *left)
{
	struct outcome *outcomes = chunk_run(run, 0, run->subjects.n);

	for (size_t i = 0; i < p->n; i++)
		if (passes(run, p, i, left))
			pass(run, p, i, left);
	chunk_end(run, outcomes, run->subjects.n);
	p->n = 0;
	arena_free(&p->lines);
	subjects_reset(&run->subjects);
}

static void
pick_record(struct run *run, struct picking *p)
{
	const struct record *r = &p->record;
	size_t i = p->n++;

	p->text[i] = arena_add(&p->lines, p->in.line, p->in.len);
	p->where[i] = arena_adds(&p->lines, ndjson_where(&p->in));
	p->type[i] = r->type;
	p->target[i] = NULL;
	if (r->type == REC_ALIAS && r->targets.n == 1)
		p->target[i] = arena_adds(&p->lines, r->targets.v[0]);
	if (r->type == REC_ACCOUNT) {
		p->subject[i] = run->subjects.n;
		subjects_add_record(&run->subjects, r, p->where[i], p->text[i]);
	}
}

static void
pick(struct run *run, char **files)
{
	static struct picking p;
	struct left left = { 0 };
	struct why why = { 0 };
	int r = 1;

	run->subjects.shared = true;
	ndjson_init(&p.in, files, RECORD_LINE_MAX);
	while (!stopped(run) && r != 0) {
		r = record_next(&p.in, &p.record, &why);
		if (r == -1) {
			left.part = true;
			tally_fail(&run->tally, ndjson_where(&p.in), NULL,
			    why.kind == FAIL_DATA ? p.in.line : NULL, &why);
		} else if (r == 1)
			pick_record(run, &p);
		if (p.n == PICK_CHUNK || r == 0 || run->tally.strict)
			pick_chunk(run, &p, &left);
	}
	if (run->tally.verbose > 0)
		tool_say(NULL,
		    "%zu accounts go elsewhere, and %zu aliases of "
		    "them",
		    left.accounts, left.aliases);
	ndjson_free(&p.in);
	record_free(&p.record);
	map_free(&left.addresses);
	arena_free(&left.texts);
}

/* --- the run --- */

/* Records and names, from standard input. */
static void
read_subjects(struct run *run)
{
	char *none[] = { NULL };
	struct record record = { 0 };
	struct ndjson in = { 0 };
	struct why why = { 0 };
	int r;

	ndjson_init(&in, none, RECORD_LINE_MAX);
	while (!tally_stop(&run->tally) && (r = ndjson_next(&in, &why)) != 0) {
		bool json = r == 1 && *in.line == '{';

		if (json)
			r = record_parse(&record, in.line, in.len, &why);
		if (r == -1)
			tally_fail(&run->tally, ndjson_where(&in), NULL,
			    why.kind == FAIL_DATA ? in.line : NULL, &why);
		else if (!json)
			subjects_add_name(&run->subjects, str_trim(in.line),
			    ndjson_where(&in), in.line);
		else if (record.type == REC_ACCOUNT)
			subjects_add_record(&run->subjects, &record,
			    ndjson_where(&in), in.line);
	}
	ndjson_free(&in);
	record_free(&record);
}

/* A mail client sends the name as its owner typed it. */
static int
check_normalize(struct run *run, struct why *why)
{
	struct route r = { 0 };
	int status =
	    proxy_get(&run->pool.clients[0], "Case@Normalize.Example", &r, why);

	if (status == 0 && !run->quiet &&
	    strcmp(buf_str(&r.normalized), "Case@Normalize.Example") == 0)
		tool_say(NULL,
		    "the proxy has normalize = none: a client that "
		    "logs in as Alice@... is not found as alice@..., "
		    "and goes to the default destination");
	route_free(&r);
	return status;
}

/* One call before the others: with a wrong token it stays the only one. */
static int
greet(struct run *run, struct why *why)
{
	const char *to =
	    run->command == PICK ? run->to : run->change.destination;

	if (to != NULL &&
	    proxy_destination(&run->pool.clients[0], to, why) == -1)
		return -1;
	return check_normalize(run, why);
}

static bool
needs_proxy(const struct run *run)
{
	return run->command != EXPORT ||
	       (run->to == NULL && run->mapping_file == NULL);
}

static void
act(struct run *run, char **files)
{
	if (run->command == EXPORT && run->to != NULL)
		export_to(run);
	else if (run->command == EXPORT && run->mapping_file != NULL)
		export_file(run);
	else if (run->command == PICK)
		pick(run, files);
	else if (run->mapping_file != NULL && run->subjects.n != 0)
		set_by_file(run);
	else
		run_all(run);
}

static int
remap(struct run *run, char **operands)
{
	bool whole_file = run->command == EXPORT && run->mapping_file != NULL &&
			  run->to == NULL;
	struct why why = { 0 };

	if (*operands != NULL && run->command != PICK)
		for (char **id = operands; *id != NULL; id++)
			subjects_add_name(&run->subjects, *id, NULL, NULL);
	else if (run->command != PICK && !whole_file)
		read_subjects(run);
	run->http.token = run->token;
	if (needs_proxy(run) && (pool_open(&run->pool, run->url, &run->http,
				     (size_t)run->jobs, &why) == -1 ||
				    greet(run, &why) == -1))
		tally_fail(&run->tally, run->url, NULL, NULL, &why);
	else if (!tally_stop(&run->tally)) {
		if (run->command == EXPORT && run->format->head != NULL)
			(void)fputs(run->format->head, stdout);
		act(run, operands);
		if (run->command == EXPORT && run->format->foot != NULL &&
		    !run->tally.fatal)
			(void)fputs(run->format->foot, stdout);
	}
	pool_close(&run->pool);
	return tally_finish(&run->tally);
}

/* --- options --- */

enum {
	URL = 256,
	TOKEN_FILE,
	TOKEN_COMMAND,
	CACERT,
	INSECURE_HTTP,
	NO_LOGINS,
	KICK,
	NO_KICK,
	DELAY,
	MAPPING_FILE,
	FORMAT,
	TO,
	HOST,
	PREFIX,
	TABLE
};

static const struct option options[] = { { "url", required_argument, NULL,
					     URL },
	{ "token-file", required_argument, NULL, TOKEN_FILE },
	{ "token-command", required_argument, NULL, TOKEN_COMMAND },
	{ "cacert", required_argument, NULL, CACERT },
	{ "insecure", no_argument, NULL, 'k' },
	{ "insecure-http", no_argument, NULL, INSECURE_HTTP },
	{ "jobs", required_argument, NULL, 'j' },
	{ "no-logins", no_argument, NULL, NO_LOGINS },
	{ "kick", no_argument, NULL, KICK },
	{ "no-kick", no_argument, NULL, NO_KICK },
	{ "delay", required_argument, NULL, DELAY },
	{ "mapping-file", required_argument, NULL, MAPPING_FILE },
	{ "format", required_argument, NULL, FORMAT },
	{ "to", required_argument, NULL, TO },
	{ "host", required_argument, NULL, HOST },
	{ "prefix", required_argument, NULL, PREFIX },
	{ "table", required_argument, NULL, TABLE },
	{ "dry-run", no_argument, NULL, 'n' },
	{ "rejects", required_argument, NULL, 'E' },
	{ "quiet", no_argument, NULL, 'q' },
	{ "verbose", no_argument, NULL, 'v' },
	{ "stop", no_argument, NULL, 'x' }, { "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, 'V' }, { NULL, 0, NULL, 0 } };

/* "DESTINATION=HOST" */
static bool
add_host(struct run *run)
{
	char *host = optarg;
	const char *destination = str_cut(&host, '=');

	if (host == NULL || *host == '\0' || *destination == '\0' ||
	    host[strcspn(host, " \t\r\n")] != '\0' ||
	    run->export.n_hosts == HOSTS_MAX)
		return false;
	run->hosts[run->export.n_hosts++] =
	    (struct export_host){ destination, host };
	run->export.hosts = run->hosts;
	return true;
}

/* A name of SQL, "schema.table" too. */
static bool
is_table(const char *s)
{
	return *s != '\0' &&
	       s[strspn(s,
		   "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
		   "0123456789_.")] == '\0';
}

static bool
long_option(struct run *run, int ch)
{
	switch (ch) {
	case URL:
		run->url = optarg;
		return true;
	case TOKEN_FILE:
		return tool_secret(&run->token, cred_file, optarg);
	case TOKEN_COMMAND:
		return tool_secret(&run->token, cred_command, optarg);
	case CACERT:
		run->http.cacert = optarg;
		return true;
	case INSECURE_HTTP:
		run->http.insecure_http = true;
		return true;
	case NO_LOGINS:
		run->subjects.logins = false;
		return true;
	case KICK:
	case NO_KICK:
		run->change.kick = ch == KICK;
		return true;
	case DELAY:
		return parse_num(optarg, 0, 86400, &run->change.delay, NULL);
	case MAPPING_FILE:
		run->mapping_file = optarg;
		return true;
	case FORMAT:
		run->format = export_format(optarg);
		return run->format != NULL;
	case TO:
		run->to = optarg;
		return true;
	case HOST:
		return add_host(run);
	case PREFIX:
		run->export.prefix = optarg;
		return true;
	case TABLE:
		run->export.table = optarg;
		return is_table(optarg);
	default:
		return false;
	}
}

/* The options up to the next operand; -1, or the exit status. */
static int
read_options(struct run *run, int argc, char **argv)
{
	struct why why = { 0 };
	int ch;

	while ((ch = getopt_long(argc, argv, "+E:hj:knqVvx", options, NULL)) !=
	       -1) {
		switch (ch) {
		case 'E':
			if (tally_rejects(&run->tally, optarg, &why) == 0)
				break;
			tool_say(NULL, "%s", why.text);
			return EXIT_BROKEN;
		case 'h':
			return tool_help(usage, help);
		case 'j':
			if (!parse_num(optarg, 1, POOL_MAX, &run->jobs, NULL))
				return tool_usage(usage);
			break;
		case 'k':
			run->http.insecure_tls = true;
			break;
		case 'n':
			run->change.dry_run = true;
			break;
		case 'q':
			run->quiet = true;
			break;
		case 'V':
			return tool_version();
		case 'v':
			run->tally.verbose++;
			break;
		case 'x':
			run->tally.strict = true;
			break;
		default:
			if (!long_option(run, ch))
				return tool_usage(usage);
		}
	}
	return -1;
}

/* What no option said is taken from the environment. */
static bool
from_environment(struct run *run)
{
	const char *token = getenv("PROXY_ADMIN_TOKEN");

	if (run->url == NULL)
		run->url = getenv("PROXY_ADMIN_URL");
	if (run->token == NULL && token != NULL)
		run->token = xstrdup(token);
	(void)unsetenv("PROXY_ADMIN_TOKEN");
	if (!needs_proxy(run))
		return true;
	if (run->url == NULL)
		tool_say(NULL, "no proxy: --url or PROXY_ADMIN_URL");
	else if (run->token == NULL)
		tool_say(NULL, "no token: --token-file, --token-command or "
			       "PROXY_ADMIN_TOKEN");
	else
		return true;
	return false;
}

/* Whether the command has what it needs, and nothing else. */
static bool
check_command(const struct run *run)
{
	bool change = run->command == SET || run->command == UNSET,
	     export = run->command == EXPORT;

	if (run->mapping_file != NULL && !change && !export)
		tool_say(NULL, "--mapping-file is for set, unset and export");
	else if (run->mapping_file != NULL && run->change.delay >= 0)
		tool_say(NULL, "--delay does not go with --mapping-file");
	else if (run->change.dry_run && !change)
		tool_say(NULL, "-n is for set and unset");
	else if (export && run->format == NULL)
		tool_say(NULL, "export needs --format");
	else
		return true;
	return false;
}

/* Command, destination and operands, with options between them. -1, or the exit
 * status. */
static int
read_command(struct run *run, int argc, char **argv)
{
	struct why why = { 0 };
	int status = read_options(run, argc, argv);

	if (status != -1)
		return status;
	for (enum command c = SET; optind < argc && c <= EXPORT; c++)
		if (strcmp(argv[optind], command_names[c]) == 0)
			run->command = c;
	if (run->command == NO_COMMAND)
		return tool_usage(usage);
	optind++;
	status = read_options(run, argc, argv);
	if (status != -1)
		return status;
	if (run->command == SET || run->command == PICK) {
		if (optind == argc)
			return tool_usage(usage);
		run->to = argv[optind++];
		status = read_options(run, argc, argv);
		if (status != -1)
			return status;
		if (identifier_check(run->to, &why) == -1) {
			tool_say(run->to, "no destination: %s", why.text);
			return EXIT_BROKEN;
		}
	}
	if (run->command == SET)
		run->change.destination = run->to;
	return check_command(run) && from_environment(run) ? -1
							   : tool_usage(usage);
}

int
main(int argc, char **argv)
{
	static struct run run = { .jobs = JOBS,
		.change = { .kick = true, .delay = -1 },
		.subjects = { .logins = true } };
	int status;

	tool_init("remap");
	(void)signal(SIGPIPE, SIG_IGN);
	status = read_command(&run, argc, argv);
	if (status == -1)
		status = remap(&run, argv + optind);
	subjects_free(&run.subjects);
	free_secret(run.token);
	buf_free(&run.line);
	return status;
}
