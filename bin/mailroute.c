/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * mailroute: whose mail the new server keeps, and whose it passes on to the old
 * one. See mailroute(1); the work is in lib/route.
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
#include "core/cred.h"
#include "http/login.h"
#include "http/retry.h"
#include "route/change.h"
#include "route/check.h"
#include "route/hold.h"
#include "route/known.h"
#include "route/report.h"
#include "route/rules.h"
#include "route/setup.h"
#include "route/state.h"

enum command {
	SETUP,
	SET,
	UNSET,
	GET,
	LIST,
	CHECK,
	HOLD,
	RELEASE,
	TEARDOWN,
	NO_COMMAND
};
static const char *const command_names[] = {
	[SETUP] = "setup",
	[SET] = "set",
	[UNSET] = "unset",
	[GET] = "get",
	[LIST] = "list",
	[CHECK] = "check",
	[HOLD] = "hold",
	[RELEASE] = "release",
	[TEARDOWN] = "teardown",
};

struct run {
	struct tally tally;
	enum command command;
	const char *url;
	struct login login;
	struct http_options http, proxy_http;
	const char *proxy_url;
	char *proxy_token;
	const char *destination;
	const char *who; /* --as */
	struct pool proxy;
	struct jmap jmap;
	struct route_setup setup;
	struct owners owners;
	struct route_domains domains;
	struct known_keys known;
	int64_t budget;
	bool partial, quiet, dry_run;
	struct buf line;
	size_t between;
};

static struct run run = { .budget = 300, .destination = "stalwart" };

static void
waiting(double seconds, const struct why *why)
{
	progress_waiting(seconds, why, run.tally.verbose, run.quiet);
}

/* Standard output is the journal. */
static void
put_line(void)
{
	if (!outcome_write(&run.line))
		run.tally.fatal = true;
}

static void
fail(const struct owner *w, const struct why *why)
{
	tally_fail(&run.tally, w->where, w->address, w->line, why);
}

/* Says so where keys do not decide: what mail goes by, and what is wrong with
 * what was asked for. */
static void
tell_sense(enum rules_sense sense)
{
	static const char *const says[] = {
		[RULES_STAY] =
		    "the server has no rules for split delivery, and keeps "
		    "everybody's mail: see \"mailroute check\"",
		[RULES_UNSURE] =
		    "the rules for split delivery are not the first in force, "
		    "so that keys do not say where mail goes: see \"mailroute "
		    "check\"",
	};
	struct why why = { 0 };

	if (sense == RULES_KEYS)
		return;
	if (run.command == GET && sense == RULES_STAY) {
		if (!run.quiet)
			tool_say(NULL, "%s", says[sense]);
		return;
	}
	(void)why_set(&why, FAIL_DATA, "%s", says[sense]);
	tally_fail(&run.tally, NULL, NULL, NULL, &why);
}

/* --- set and unset --- */

static const char *
change_status(const struct moving *m)
{
	if (m->changed == 0)
		return run.command == SET ? "exists" : "absent";
	return run.dry_run ? "planned" : command_names[run.command];
}

static void
write_change(const struct owner *asked, const struct moving *moving)
{
	const struct owner *w =
	    owners_first(&run.owners, &run.owners.v[asked - run.owners.v]);
	const struct why *why = asked->why.kind != FAIL_NONE ? &asked->why
				: w->why.kind != FAIL_NONE   ? &w->why
							     : NULL;

	route_report_change(&run.line, asked, w,
	    why != NULL ? "failed" : change_status(&moving[w - run.owners.v]),
	    why);
	put_line();
	if (why != NULL)
		fail(asked, why);
	else
		run.tally.ok++;
}

/* Aliases of a record that the new server does not have: their mail still goes
 * to the old server, which knows them. */
static void
tell_missing_aliases(const struct owner *w)
{
	for (size_t i = 0; i < w->also.n && w->id != NULL; i++)
		if (!strs_has(&w->addresses, w->also.v[i]) && !run.quiet)
			tool_say(w->address,
			    "its alias %s is not on the new server: mail for "
			    "it "
			    "goes on to the old one",
			    w->also.v[i]);
}

static int
change_owners(struct why *why)
{
	enum rules_sense sense = RULES_KEYS;
	struct moving *moving;

	/* Without the rules a key means nothing: all mail is kept. */
	if (run.command == SET && route_in_force(&run.jmap, why) == -1)
		return -1;
	if (run.command == UNSET &&
	    route_sense_read(&run.jmap, &sense, why) == -1)
		return -1;
	if (route_domains_read(&run.jmap, &run.domains, why) == -1 ||
	    owners_find(&run.jmap, &run.domains, &run.owners, why) == -1)
		return -1;
	moving = route_change(&run.jmap, &run.owners, &run.known,
	    run.command == UNSET, run.dry_run, why);
	if (moving == NULL)
		return -1;
	for (size_t i = 0; i < run.owners.n; i++) {
		if (run.command == SET)
			tell_missing_aliases(&run.owners.v[i]);
		write_change(&run.owners.v[i], moving);
	}
	free(moving);
	tell_sense(sense);
	return 0;
}

/* --- get, list and check --- */

static void
write_owner(void *arg, const struct owner *asked, const struct keyring *keys,
    enum route_side mail, enum route_side login)
{
	bool agree = route_sides_agree(mail, login);
	bool between = !agree && mail != SIDE_UNSURE;

	(void)arg;
	if (asked->why.kind != FAIL_NONE) {
		fail(asked, &asked->why);
		return;
	}
	run.tally.ok++;
	if (between)
		run.between++;
	route_report_owner(&run.line, asked,
	    owners_first(&run.owners, &run.owners.v[asked - run.owners.v]),
	    keys, mail, login,
	    run.command != CHECK ? NULL
	    : agree              ? "ok"
	    : between            ? "between"
				 : "unknown");
	put_line();
	if (between && !run.quiet && run.command == CHECK)
		tool_say(asked->address, "between the servers: mail %s%s%s",
		    route_side_name(mail),
		    login == SIDE_UNKNOWN ? "" : ", login ",
		    login == SIDE_UNKNOWN ? "" : route_side_name(login));
}

static void
write_finding(
    void *arg, enum route_finding f, const char *what, const char *text)
{
	(void)arg;
	route_report_finding(&run.line, f, what, text);
	put_line();
	if (f == ROUTE_WRONG)
		run.tally.failed++;
	if (f != ROUTE_FINE || run.tally.verbose > 0)
		tool_say(what, "%s", text);
}

static int
get_owners(struct why *why)
{
	struct keyring keys = { 0 };
	enum rules_sense sense = RULES_KEYS;
	int r = route_domains_read(&run.jmap, &run.domains, why);

	if (r == 0)
		r = owners_find(&run.jmap, &run.domains, &run.owners, why);
	if (r == 0)
		r = known_find(&run.jmap, &run.known, &run.owners, &keys, why);
	if (r == 0)
		r = route_sense_read(&run.jmap, &sense, why);
	if (r == 0)
		tell_sense(sense);
	for (size_t i = 0; r == 0 && i < run.owners.n; i++) {
		struct owner *w = &run.owners.v[i];

		write_owner(NULL, w, &keys,
		    route_mail_side(sense, &keys, owners_first(&run.owners, w)),
		    SIDE_UNKNOWN);
	}
	keyring_free(&keys);
	return r;
}

static int
list_keys(struct why *why)
{
	struct keyring keys = { 0 };
	const char **v;

	if (keyring_read(&run.jmap, ROUTE_NAMESPACE, &keys, why) == -1)
		return -1;
	v = keyring_texts(&keys);
	for (size_t i = 0; i < keys.ids.n; i++) {
		route_report_moved(&run.line, v[i]);
		put_line();
		run.tally.ok++;
	}
	free(v);
	keyring_free(&keys);
	return 0;
}

static int
check(struct why *why)
{
	struct route_check c = { .jmap = &run.jmap,
		.destination = run.destination,
		.stop = signals_stopped,
		.found = write_finding,
		.owner = write_owner };
	int r = 0;

	if (run.proxy_url != NULL) {
		c.proxy = &run.proxy;
		run.proxy_http.token = run.proxy_token;
		run.proxy_http.stop = signals_stopped;
		r = pool_open(
		    &run.proxy, run.proxy_url, &run.proxy_http, 4, why);
	}
	/* One call first: a wrong token costs one failed login. */
	if (r == 0 && c.proxy != NULL)
		r = proxy_destination(
		    &run.proxy.clients[0], run.destination, why);
	if (r == 0)
		r = route_check(&c, &run.owners, why);
	pool_close(&run.proxy);
	run.tally.failed += run.between;
	return r;
}

/* --- hold and release --- */

static int
hold_owners(struct why *why)
{
	struct holding *v = xcalloc(run.owners.n + 1, sizeof *v);
	struct arena texts = { 0 };
	bool hold = run.command == HOLD;
	int r = (hold ? route_hold : route_release)(
	    &run.jmap, &run.owners, run.who, v, &texts, why);

	for (size_t i = 0; r == 0 && i < run.owners.n; i++) {
		const struct owner *w = &run.owners.v[i];
		bool failed = w->why.kind != FAIL_NONE;

		route_report_hold(&run.line, w,
		    failed          ? "failed"
		    : !v[i].changed ? (hold ? "exists" : "absent")
		    : hold          ? "held"
				    : "released",
		    v[i].by);
		put_line();
		if (failed)
			fail(w, &w->why);
		else
			run.tally.ok++;
	}
	arena_free(&texts);
	free(v);
	return r;
}

/* --- setup and teardown --- */

static void
write_step(void *arg, const struct route_step *s)
{
	(void)arg;
	route_report_step(&run.line, s);
	put_line();
	if (s->status == ROUTE_FAILED)
		tally_fail(&run.tally, s->object, s->name, NULL, s->why);
	else
		run.tally.ok++;
}

static int
setup(struct why *why)
{
	run.setup.jmap = &run.jmap;
	run.setup.dry_run = run.dry_run;
	run.setup.step = write_step;
	return run.command == SETUP ? route_setup(&run.setup, why)
				    : route_teardown(&run.setup, why);
}

/* --- the run --- */

/* Records and addresses, from standard input. */
static void
take_address(const char *address, const char *where, const char *line)
{
	owners_add_address(&run.owners, address, where, line);
}

static void
take_record(const struct record *r, const char *where, const char *line)
{
	if (r->type == REC_ACCOUNT || r->type == REC_GROUP)
		owners_add_record(&run.owners, r, where, line);
}

static bool
read_owners(void)
{
	const struct name_input names = { .name = take_address,
		.record = take_record,
		.tally = &run.tally,
		.partial = run.partial };

	return names_read(&names);
}

static int
act(struct why *why)
{
	switch (run.command) {
	case SETUP:
	case TEARDOWN:
		return setup(why);
	case SET:
	case UNSET:
		return change_owners(why);
	case GET:
		return get_owners(why);
	case LIST:
		return list_keys(why);
	case CHECK:
		return check(why);
	case HOLD:
	case RELEASE:
		return hold_owners(why);
	case NO_COMMAND:
		break;
	}
	return 0;
}

static bool
holds(void)
{
	return run.command == HOLD || run.command == RELEASE;
}

static bool
takes_addresses(void)
{
	return run.command == SET || run.command == UNSET ||
	       run.command == GET || holds();
}

static int
mailroute(char **addresses)
{
	struct why why = { 0 };
	struct http *http;
	int r = -1;

	for (char **a = addresses; *a != NULL; a++)
		owners_add_address(&run.owners, *a, NULL, NULL);
	if (*addresses == NULL && takes_addresses() && !read_owners()) {
		owners_free(&run.owners);
		return tally_finish(&run.tally);
	}
	login_lend(&run.login, &run.http);
	run.http.stop = signals_stopped;
	run.jmap.retry.waiting = waiting;
	run.jmap.retry.stop = signals_stopped;
	http = http_new(run.url, &run.http, &why);
	if (http != NULL)
		r = jmap_open(&run.jmap, http, (long)run.budget, &why);
	if (r == 0 && !tally_stop(&run.tally))
		r = act(&why);
	if (r == -1)
		tally_fail(&run.tally, http == NULL ? NULL : http_base(http),
		    NULL, NULL, &why);
	jmap_close(&run.jmap);
	http_free(http);
	owners_free(&run.owners);
	route_domains_free(&run.domains);
	return tally_finish(&run.tally);
}

/* --- options --- */

static int
set_old(void *to, char *value, struct why *why)
{
	return route_setup_host(to, value, why);
}

static int
take_keys(void *to, char *value, struct why *why)
{
	return known_read(to, value, why);
}

static const struct opt options[] = {
	OPT_STRING(
	    0, "url", "URL", "the new server (or STALWART_URL)", &run.url),
	OPT_LOGIN("the administrator", "an API key", "STALWART", &run.login),
	OPT_CALL(0, "old", "HOST[:PORT]",
	    "setup: the old server, to which mail is passed on", set_old,
	    &run.setup),
	OPT_SET(0, "restarted",
	    "setup and teardown: the server was started again and has loaded "
	    "its settings",
	    &run.setup.restarted),
	OPT_SET(0, "force",
	    "teardown: although some have not moved, or a run is at work",
	    &run.setup.force),
	OPT_CALL(0, "keys", "FILE",
	    "get and unset: what set has printed, to ask for these keys only",
	    take_keys, &run.known),
	OPT_STRING(0, "as", "WHO",
	    "hold and release: who is at work, the same each time", &run.who),
	OPT_STRING(0, "proxy-url", "URL",
	    "check: the proxy's management API (or PROXY_ADMIN_URL)",
	    &run.proxy_url),
	OPT_SECRET_FILE("proxy-token-file",
	    "the proxy's token (or PROXY_ADMIN_TOKEN)", &run.proxy_token),
	OPT_SECRET_COMMAND("proxy-token-command", "a command that prints it",
	    &run.proxy_token),
	OPT_STRING(0, "proxy-cacert", "FILE",
	    "trust these certificates of the proxy (PEM)",
	    &run.proxy_http.cacert),
	OPT_SET(0, "proxy-insecure", "do not check the proxy's certificate",
	    &run.proxy_http.insecure_tls),
	OPT_STRING(0, "destination", "NAME",
	    "check: the new server's name at the proxy (stalwart)",
	    &run.destination),
	OPT_NUMBER(0, "retry-budget", "SECONDS",
	    "how long to wait for the server in all", &run.budget, 0, 86400),
	OPT_TLS("the server", &run.http.cacert, &run.http.insecure_tls),
	OPT_INSECURE_HTTP("the password", &run.http.insecure_http),
	OPT_DRY_RUN("change nothing, say what would be", &run.dry_run),
	OPT_REJECTS("append what failed to FILE", &run.tally),
	OPT_SET(0, "partial", "the records may lack their end record",
	    &run.partial),
	OPT_QUIET("no remarks", &run.quiet),
	OPT_VERBOSE("say more, each wait too", &run.tally.verbose),
	OPT_STANDARD,
};

/* Takes the command from the operands and checks what it needs: 0, or the exit
 * status. */
static int
read_command(char ***operands)
{
	run.command = NO_COMMAND;
	for (enum command c = SETUP; c < NO_COMMAND; c++)
		if (strcmp(**operands, command_names[c]) == 0)
			run.command = c;
	if (run.command == NO_COMMAND)
		return opt_wrong(&tool, "not a command: %s", **operands);
	++*operands;
	if (**operands != NULL && !takes_addresses() && run.command != CHECK)
		return opt_wrong(
		    &tool, "%s takes no addresses", command_names[run.command]);
	if (run.setup.host != NULL && run.command != SETUP)
		return opt_wrong(&tool, "--old is for setup");
	if (run.known.ids.n != 0 && (!takes_addresses() || holds()))
		return opt_wrong(&tool, "--keys is for get, set and unset");
	if (run.who != NULL && !holds())
		return opt_wrong(&tool, "--as is for hold and release");
	if (run.who == NULL && run.command == HOLD)
		return opt_lacks("no name of the one at work: --as WHO");
	if (run.dry_run && (holds() || run.command == GET ||
			       run.command == LIST || run.command == CHECK))
		return opt_wrong(
		    &tool, "-n is for setup, set, unset and teardown");
	return 0;
}

/* What no option said is taken from the environment. 0, or the exit status. */
static int
from_environment(void)
{
	if (run.url == NULL)
		run.url = getenv("STALWART_URL");
	if (run.url == NULL)
		return opt_lacks("no server: --url or STALWART_URL");
	if (!login_environment(&run.login, "STALWART"))
		return opt_lacks(LOGIN_MISSING("STALWART"));
	if (run.command != CHECK)
		return 0;
	if (run.proxy_url == NULL)
		run.proxy_url = getenv("PROXY_ADMIN_URL");
	if (run.proxy_token == NULL)
		run.proxy_token = cred_variable("PROXY_ADMIN_TOKEN");
	if (run.proxy_url != NULL && run.proxy_token == NULL)
		return opt_lacks(
		    "no token: --proxy-token-file, --proxy-token-command or "
		    "PROXY_ADMIN_TOKEN");
	return 0;
}

static int
command(char **operands)
{
	int status = read_command(&operands);

	if (status == 0)
		status = from_environment();
	if (status != 0)
		return status;
	signals_catch();
	return signals_status(mailroute(operands), "run it again to go on");
}

static void
release(void)
{
	login_free(&run.login);
	free_secret(run.proxy_token);
	known_free(&run.known);
	buf_free(&run.line);
}

const struct opt_tool tool = {
	.name = "mailroute",
	OPT_OPERANDS("setup|set|unset|get|list|check|hold|release|teardown "
		     "[address ...]",
	    1, -1),
	.about =
	    "Tells the new server whose mail it keeps, and whose it passes on "
	    "to "
	    "the\n"
	    "old one, while accounts move one by one.\n"
	    "\n"
	    "  mailroute setup --old HOST  put the rules and the route in\n"
	    "  mailroute set [ADDRESS ...]    keep their mail: they have "
	    "moved\n"
	    "  mailroute unset [ADDRESS ...]  pass it on: they are back\n"
	    "  mailroute get [ADDRESS ...]    where it goes\n"
	    "  mailroute list                 all addresses that have moved\n"
	    "  mailroute check [ADDRESS ...]  whether all of it agrees\n"
	    "  mailroute hold --as WHO [ADDRESS ...]  nobody else may work on "
	    "them\n"
	    "  mailroute release [ADDRESS ...]  others may again\n"
	    "  mailroute teardown             take everything out again\n"
	    "\n"
	    "Without an ADDRESS, all but list, check, setup and teardown read "
	    "addresses\n"
	    "or account records from standard input.\n",
	.status = "0 all is done; 1 some failed, or do not agree; 2 the run "
		  "did not finish; 75 a server could not be reached: run it "
		  "again.",
	.options = options,
	.run = command,
	.release = release,
};
