/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * acctcheck: whether the accounts of a new server have what they have on the
 * old one. See acctcheck(1); the work is in lib/acct.
 */
#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "acct/check.h"
#include "core/alloc.h"
#include "core/cred.h"
#include "core/num.h"
#include "core/progress.h"
#include "core/str.h"
#include "core/tool.h"
#include "core/workers.h"
#include "record/address.h"
#include "record/record.h"
#include "secret/passwords.h"

static const char usage[] =
    "acctcheck [-hkqVvx] [-E rejects] [-j jobs] --source URL [--target URL] "
    "[option ...] [records ...]";

static const char help[] =
    "Compares accounts on two servers: logins, folders, numbers of messages.\n"
    "Reads account records, or addresses; writes a verification record for\n"
    "each account.\n"
    "\n"
    "  --source URL            the old server: imaps://HOST or imap://HOST;\n"
    "                          https://HOST is JMAP\n"
    "  --target URL            the new server, the same (or STALWART_URL)\n"
    "  --source-user USER      the master user (IMAP), or an administrator\n"
    "  --source-password-file FILE, --source-password-command CMD\n"
    "                          the password of --source-user\n"
    "  --source-token-file FILE  JMAP: a token instead of both\n"
    "  --source-passwords FILE  passwords of owners: address, tab, password\n"
    "  --source-separator C    between the owner's name and the master "
    "user's\n"
    "                          (*)\n"
    "  --source-authzid        name the owner by SASL instead\n"
    "  --target-user USER      the administrator (or STALWART_USER)\n"
    "  --target-password-file FILE, --target-password-command CMD\n"
    "                          (or STALWART_PASSWORD)\n"
    "  --target-token-file FILE  (or STALWART_TOKEN)\n"
    "  --target-passwords FILE  passwords of owners, to log in as they do\n"
    "  --target-separator C    (%)\n"
    "  --target-authzid        name the owner by SASL instead\n"
    "  --passwords FILE        passwords that are the same on both servers\n"
    "  --max-refused N         stop trying owners' passwords after N were\n"
    "                          refused (20)\n"
    "  --tolerance N           so many messages a folder may lack; N% of it\n"
    "  --ignore PATTERN        leave out folders of such a name\n"
    "  --ignore-empty          a missing folder without messages is none\n"
    "  --with KINDS            count contacts,events,files,scripts as well\n"
    "  --summary               a text for people instead of records\n"
    "  --retry-budget SECONDS  JMAP: how long to wait for the server in all\n"
    "                          (300)\n"
    "  --cacert FILE           trust these certificates (PEM)\n"
    "  -k, --insecure          do not check certificates\n"
    "  --insecure-clear        send passwords in clear\n"
    "  --starttls              imap:// on this machine too must become TLS\n"
    "  -j, --jobs N            accounts at a time (4)\n"
    "  -E, --rejects FILE      append the records of those that fall short\n"
    "  -q, --quiet             no progress, no remarks\n"
    "  -v, --verbose           counts at the end; with --summary remarks too\n"
    "  -x, --stop              stop at the first account that falls short\n"
    "  -h, --help              this text\n"
    "  -V, --version           the version\n"
    "\n"
    "Exit status: 0 nothing is missing; 1 an account falls short; 2 the run\n"
    "did not finish; 75 a server could not be reached, and nothing else: run\n"
    "it again.\n";

enum {
	JOBS = 4,
	CHUNK_PER_JOB = 16, /* so many are asked for before they are written */
	IGNORES_MAX = 64,
	REFUSED_MAX = 20 /* a fifth of what the server stands in a day */
};

/* What the command line says of one side. */
struct side_settings {
	struct side_options options;
	char *password;
	char *token;
	struct passwords owners;
};

struct run {
	struct tally tally;
	struct side_settings source, target;
	struct side source_side, target_side;
	struct check_options check;
	const char *ignores[IGNORES_MAX + 1];
	size_t n_ignores;
	int64_t jobs;
	bool summary;
	bool quiet;
	bool same_passwords; /* on both sides */
	struct progress progress;
	struct buf line;
	/* One chunk. */
	struct subject *subjects;
	size_t n, max;
	struct arena texts;
	/* For the summary. */
	size_t counts[CHECK_STATES];
	int64_t source_messages, target_messages;
	bool records, end; /* there were records; and the last of a dump */
};

static volatile sig_atomic_t signalled;

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

static bool
stopped(struct run *run)
{
	struct why why;

	return signalled != 0 || tally_stop(&run->tally) ||
	       side_stopped(&run->source_side, &why) ||
	       side_stopped(&run->target_side, &why);
}

/* --- subjects --- */

static void
set_side(struct side_account *a, struct side_settings *from,
    const char *address, const char **names)
{
	*a = (struct side_account){ .names = names,
		.password = passwords_get(&from->owners, address) };
	a->data.address = address;
}

/* The login names of an account: on the old server the directory's own spelling
 * first, on the new one the address. */
static const char **
login_names(struct run *run, const char *address, const struct strs *logins,
    bool address_first)
{
	size_t n = logins == NULL ? 0 : logins->n, at = address_first ? 1 : 0;
	const char **names = arena_alloc(&run->texts, (n + 2) * sizeof *names);

	names[address_first ? 0 : n] = address;
	for (size_t i = 0; i < n; i++)
		names[at + i] = arena_adds(&run->texts, logins->v[i]);
	return names;
}

static void
add_subject(struct run *run, const char *address, const struct strs *logins,
    bool active, const char *where, const char *line)
{
	struct subject *s = &run->subjects[run->n++];

	*s = (struct subject){ .active = active };
	s->address = arena_adds(&run->texts, address);
	s->where = arena_adds(&run->texts, where);
	s->line = arena_adds(&run->texts, line);
	set_side(&s->source, &run->source, s->address,
	    login_names(run, s->address, logins, false));
	set_side(&s->target, &run->target, s->address,
	    login_names(run, s->address, logins, true));
}

static int
add_address(struct run *run, struct ndjson *in, struct why *why)
{
	struct buf address = { 0 };
	int r = address_normalise(str_trim(in->line), false, &address, why);

	if (r == 0)
		add_subject(run, address.data, NULL, true, ndjson_where(in),
		    address.data);
	buf_free(&address);
	return r;
}

static int
add_record(
    struct run *run, struct ndjson *in, struct record *r, struct why *why)
{
	if (record_parse(r, in->line, in->len, why) == -1)
		return -1;
	run->records = true;
	if (r->type == REC_END)
		run->end = true;
	if (r->type == REC_ACCOUNT)
		add_subject(run, r->address, &r->logins, r->active,
		    ndjson_where(in), in->line);
	return 0;
}

/* Reads a chunk of accounts; false at the end. */
static bool
read_chunk(struct run *run, struct ndjson *in, struct record *record)
{
	while (run->n < run->max && !tally_stop(&run->tally)) {
		struct why why = { 0 };
		int r = ndjson_next(in, &why);

		if (r == 0)
			return false;
		if (r == 1)
			r = *in->line == '{' ? add_record(run, in, record, &why)
					     : add_address(run, in, &why);
		if (r == -1)
			tally_fail(&run->tally, ndjson_where(in), NULL,
			    why.kind == FAIL_DATA ? in->line : NULL, &why);
	}
	return !tally_stop(&run->tally);
}

/* --- asking --- */

static void
ask_many(struct run *run, struct side *side, bool source)
{
	struct side_account **accounts = xcalloc(run->n + 1, sizeof *accounts);

	for (size_t i = 0; i < run->n; i++)
		accounts[i] = source ? &run->subjects[i].source
				     : &run->subjects[i].target;
	side_ask_many(side, accounts, run->n);
	free(accounts);
}

/* Both sides of an account are two items. */
static void
ask_one(void *arg, size_t worker, size_t item)
{
	struct run *run = arg;
	struct subject *s = &run->subjects[item / 2];

	if (signalled != 0)
		return;
	if (item % 2 == 0)
		side_ask_one(&run->source_side, worker, &s->source);
	else
		side_ask_one(&run->target_side, worker, &s->target);
}

static void
ask_chunk(struct run *run)
{
	ask_many(run, &run->source_side, true);
	ask_many(run, &run->target_side, false);
	workers_run((size_t)run->jobs, run->n * 2, ask_one, run);
}

/* --- results --- */

/* What is no loss is a note, for those who ask. */
static void
put_summary(
    struct run *run, const struct subject *s, const struct verification *v)
{
	for (size_t i = 0; i < v->n; i++) {
		bool note = !v->v[i].is_short &&
			    (v->status == CHECK_OK || v->status == CHECK_SHORT);

		if (note && run->tally.verbose == 0)
			continue;
		buf_reset(&run->line);
		str_vis(&run->line, s->address, 0);
		buf_addf(&run->line, "  %s  %s\n",
		    note ? "note" : check_name(v->status), v->v[i].text);
		(void)fputs(buf_str(&run->line), stdout);
	}
}

static void
put_record(
    struct run *run, const struct subject *s, const struct verification *v)
{
	buf_reset(&run->line);
	verification_put(v, s, &run->check, &run->line);
	buf_addc(&run->line, '\n');
	(void)fwrite(run->line.data, 1, run->line.len, stdout);
	if (fflush(stdout) != 0)
		run->tally.fatal = true;
}

static void
count(struct run *run, const struct subject *s, const struct verification *v)
{
	run->counts[v->status]++;
	run->source_messages += mailboxes_total(&s->source.data.mailboxes);
	run->target_messages += mailboxes_total(&s->target.data.mailboxes);
}

/* What becomes of the account in the exit status. */
static void
settle(struct run *run, const struct subject *s, const struct verification *v)
{
	const struct finding *worst = verification_worst(v);
	struct why why = { 0 };
	size_t more = 0;

	if (v->status == CHECK_OK || v->status == CHECK_SKIPPED) {
		run->tally.ok++;
		return;
	}
	for (size_t i = 0; i < v->n; i++)
		if (&v->v[i] != worst && v->v[i].is_short)
			more++;
	why_set(&why, v->status == CHECK_UNREACHABLE ? FAIL_TEMP : FAIL_DATA,
	    more == 0 ? "%s" : "%s; and %zu more", worst->text, more);
	tally_fail(&run->tally, s->where, s->address, s->line, &why);
}

static bool
is_fatal(const struct side_account *a)
{
	return a->data.why.kind == FAIL_FATAL ||
	       a->login_why.kind == FAIL_FATAL;
}

static void
report(struct run *run, const struct subject *s)
{
	struct verification v;

	/* A stop of the whole run says more than a record for each. */
	if (!s->source.done || !s->target.done || is_fatal(&s->source) ||
	    is_fatal(&s->target))
		return;
	check_account(s, &run->check, &v);
	count(run, s, &v);
	if (run->summary)
		put_summary(run, s, &v);
	else
		put_record(run, s, &v);
	settle(run, s, &v);
	verification_free(&v);
}

static void
report_chunk(struct run *run)
{
	for (size_t i = 0; i < run->n; i++) {
		if (!tally_stop(&run->tally))
			report(run, &run->subjects[i]);
		side_account_free(&run->subjects[i].source);
		side_account_free(&run->subjects[i].target);
	}
	progress_add(&run->progress, run->n);
	run->n = 0;
	arena_free(&run->texts);
}

static void
check_all(struct run *run, char **files)
{
	struct record record = { 0 };
	struct ndjson in;
	bool more = true;

	run->max = run->tally.strict ? 1 : (size_t)run->jobs * CHUNK_PER_JOB;
	run->subjects = xcalloc(run->max, sizeof *run->subjects);
	ndjson_init(&in, files, RECORD_LINE_MAX);
	progress_start(&run->progress, "accounts", 0, run->quiet);
	while (more && !stopped(run)) {
		more = read_chunk(run, &in, &record);
		ask_chunk(run);
		report_chunk(run);
	}
	progress_end(&run->progress);
	if (!more && run->records && !run->end && !run->quiet)
		tool_say(NULL, "the input has no \"end\" record: it may be cut "
			       "off");
	free(run->subjects);
	ndjson_free(&in);
	record_free(&record);
}

/* --- the run --- */

static void
say_stops(struct run *run)
{
	struct why why = { 0 };

	if (side_stopped(&run->source_side, &why))
		tally_fail(
		    &run->tally, run->source.options.url, NULL, NULL, &why);
	if (side_stopped(&run->target_side, &why))
		tally_fail(
		    &run->tally, run->target.options.url, NULL, NULL, &why);
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
put_totals(const struct run *run)
{
	size_t all = 0;

	for (int c = 0; c < CHECK_STATES; c++)
		all += run->counts[c];
	(void)printf("%zu account%s:", all, all == 1 ? "" : "s");
	for (int c = 0; c < CHECK_STATES; c++)
		(void)printf("%s %zu %s", c == 0 ? "" : ",", run->counts[c],
		    check_name((enum check)c));
	(void)printf("\n%" PRId64 " messages on the old server, %" PRId64
		     " on the new one\n",
	    run->source_messages, run->target_messages);
}

static bool
open_side(struct run *run, struct side *side, const struct side_settings *s)
{
	struct why why = { 0 };

	if (side_open(side, &s->options, (size_t)run->jobs, &why) == 0)
		return true;
	tally_fail(&run->tally, s->options.url, NULL, NULL, &why);
	return false;
}

static int
acctcheck(struct run *run, char **files)
{
	bool open = open_side(run, &run->source_side, &run->source) &&
		    open_side(run, &run->target_side, &run->target);

	if (open) {
		check_all(run, files);
		say_stops(run);
		if (run->summary)
			put_totals(run);
		if (!run->quiet && !stopped(run)) {
			if (!run->same_passwords)
				say_unused(&run->source);
			say_unused(&run->target);
		}
	}
	side_close(&run->source_side);
	side_close(&run->target_side);
	return tally_finish(&run->tally);
}

/* --- options --- */

/* Each option of a side has a number of its own: SOURCE or TARGET, and which.
 */
enum {
	URL = 256,
	USER,
	PASSWORD_FILE,
	PASSWORD_COMMAND,
	TOKEN_FILE,
	PASSWORDS,
	SEPARATOR,
	AUTHZID,
	SIDE_OPTIONS_END,
	TARGET = SIDE_OPTIONS_END - URL, /* added for those of the target */
	BOTH_PASSWORDS = SIDE_OPTIONS_END + TARGET,
	MAX_REFUSED,
	TOLERANCE,
	IGNORE,
	IGNORE_EMPTY,
	WITH,
	SUMMARY,
	BUDGET,
	CACERT,
	INSECURE_CLEAR,
	STARTTLS
};

static const struct option options[] = { { "source", required_argument, NULL,
					     URL },
	{ "source-user", required_argument, NULL, USER },
	{ "source-password-file", required_argument, NULL, PASSWORD_FILE },
	{ "source-password-command", required_argument, NULL,
	    PASSWORD_COMMAND },
	{ "source-token-file", required_argument, NULL, TOKEN_FILE },
	{ "source-passwords", required_argument, NULL, PASSWORDS },
	{ "source-separator", required_argument, NULL, SEPARATOR },
	{ "source-authzid", no_argument, NULL, AUTHZID },
	{ "target", required_argument, NULL, TARGET + URL },
	{ "target-user", required_argument, NULL, TARGET + USER },
	{ "target-password-file", required_argument, NULL,
	    TARGET + PASSWORD_FILE },
	{ "target-password-command", required_argument, NULL,
	    TARGET + PASSWORD_COMMAND },
	{ "target-token-file", required_argument, NULL, TARGET + TOKEN_FILE },
	{ "target-passwords", required_argument, NULL, TARGET + PASSWORDS },
	{ "target-separator", required_argument, NULL, TARGET + SEPARATOR },
	{ "target-authzid", no_argument, NULL, TARGET + AUTHZID },
	{ "passwords", required_argument, NULL, BOTH_PASSWORDS },
	{ "max-refused", required_argument, NULL, MAX_REFUSED },
	{ "tolerance", required_argument, NULL, TOLERANCE },
	{ "ignore", required_argument, NULL, IGNORE },
	{ "ignore-empty", no_argument, NULL, IGNORE_EMPTY },
	{ "with", required_argument, NULL, WITH },
	{ "summary", no_argument, NULL, SUMMARY },
	{ "retry-budget", required_argument, NULL, BUDGET },
	{ "cacert", required_argument, NULL, CACERT },
	{ "insecure", no_argument, NULL, 'k' },
	{ "insecure-clear", no_argument, NULL, INSECURE_CLEAR },
	{ "starttls", no_argument, NULL, STARTTLS },
	{ "jobs", required_argument, NULL, 'j' },
	{ "rejects", required_argument, NULL, 'E' },
	{ "quiet", no_argument, NULL, 'q' },
	{ "verbose", no_argument, NULL, 'v' },
	{ "stop", no_argument, NULL, 'x' }, { "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, 'V' }, { NULL, 0, NULL, 0 } };

static bool
get_passwords(struct side_settings *s)
{
	struct why why = { 0 };
	bool ok = passwords_read(&s->owners, optarg, &why) == 0;

	if (!ok)
		tool_say(NULL, "%s", why.text);
	return ok;
}

static bool
side_option(struct side_settings *s, int ch)
{
	switch (ch) {
	case URL:
		s->options.url = optarg;
		return true;
	case USER:
		s->options.user = optarg;
		return true;
	case PASSWORD_FILE:
		return tool_secret(&s->password, cred_file, optarg);
	case PASSWORD_COMMAND:
		return tool_secret(&s->password, cred_command, optarg);
	case TOKEN_FILE:
		return tool_secret(&s->token, cred_file, optarg);
	case PASSWORDS:
		return get_passwords(s);
	case SEPARATOR:
		s->options.separator = *optarg;
		return *optarg > ' ' && *optarg < 0x7f && optarg[1] == '\0';
	case AUTHZID:
		s->options.authzid = true;
		return true;
	default:
		return false;
	}
}

/* "contacts,events" */
static bool
get_kinds(struct run *run)
{
	char *list = optarg;

	while (list != NULL) {
		const char *word = str_cut(&list, ',');
		int k = 0;

		while (k < DATA_KINDS &&
		       strcmp(word, data_name((enum data_kind)k)) != 0)
			k++;
		if (k == DATA_KINDS)
			return false;
		run->check.counted[k] = true;
	}
	return true;
}

static bool
add_ignore(struct run *run)
{
	if (run->n_ignores == IGNORES_MAX)
		return false;
	run->ignores[run->n_ignores++] = optarg;
	run->check.compare.ignore = run->ignores;
	return true;
}

/* Sets a number of both sides. */
static bool
both_number(long *source, long *target, int64_t max)
{
	int64_t n;

	if (!parse_num(optarg, 0, max, &n, NULL))
		return false;
	*source = *target = (long)n;
	return true;
}

static bool
set_max_refused(struct run *run)
{
	int64_t n;

	if (!parse_num(optarg, 1, 1000000, &n, NULL))
		return false;
	run->source.options.refused_max = run->target.options.refused_max =
	    (size_t)n;
	return true;
}

static bool
long_option(struct run *run, int ch)
{
	struct side_options *s = &run->source.options,
			    *t = &run->target.options;

	if (ch >= URL && ch < SIDE_OPTIONS_END)
		return side_option(&run->source, ch);
	if (ch >= SIDE_OPTIONS_END && ch < BOTH_PASSWORDS)
		return side_option(&run->target, ch - TARGET);
	switch (ch) {
	case BOTH_PASSWORDS:
		run->same_passwords = true;
		return get_passwords(&run->source) &&
		       get_passwords(&run->target);
	case MAX_REFUSED:
		return set_max_refused(run);
	case TOLERANCE:
		return tolerance_parse(optarg, &run->check.compare.tolerance);
	case IGNORE:
		return add_ignore(run);
	case IGNORE_EMPTY:
		run->check.compare.ignore_empty = true;
		return true;
	case WITH:
		return get_kinds(run);
	case SUMMARY:
		run->summary = true;
		return true;
	case BUDGET:
		return both_number(&s->budget, &t->budget, 86400);
	case CACERT:
		s->cacert = t->cacert = optarg;
		return true;
	case INSECURE_CLEAR:
		s->insecure = t->insecure = true;
		return true;
	case STARTTLS:
		s->starttls = t->starttls = true;
		return true;
	default:
		return false;
	}
}

/* What no option said of the target is taken from the environment. */
static void
from_environment(struct side_settings *t)
{
	const char *password = getenv("STALWART_PASSWORD"),
		   *token = getenv("STALWART_TOKEN");

	if (t->options.url == NULL)
		t->options.url = getenv("STALWART_URL");
	if (t->options.user == NULL && t->token == NULL)
		t->options.user = getenv("STALWART_USER");
	if (t->password == NULL && t->token == NULL && password != NULL)
		t->password = xstrdup(password);
	if (t->token == NULL && t->password == NULL && token != NULL)
		t->token = xstrdup(token);
	/* Not for the children that a command for a secret would be. */
	(void)unsetenv("STALWART_PASSWORD");
	(void)unsetenv("STALWART_TOKEN");
}

/* Whether a side has all that it needs. */
static bool
check_side(struct run *run, struct side_settings *s, const char *name)
{
	struct side_options *o = &s->options;
	struct why why = { 0 };
	bool jmap;

	if (o->url == NULL) {
		tool_say(NULL, "no %s: --%s URL", name, name);
		return false;
	}
	o->password = s->password;
	o->token = s->token;
	o->stop = is_signalled;
	memcpy(o->counted, run->check.counted, sizeof o->counted);
	jmap = str_starts_nocase(o->url, "http");
	if (side_check(o, &why) == -1)
		tool_say(NULL, "--%s: %s", name, why.text);
	else if (o->user != NULL && o->password == NULL && o->token == NULL)
		tool_say(NULL,
		    "no password of %s: --%s-password-file or "
		    "--%s-password-command",
		    o->user, name, name);
	else if (jmap && o->user == NULL && o->token == NULL)
		tool_say(NULL,
		    "no administrator for JMAP: --%s-user and "
		    "--%s-password-file, or --%s-token-file",
		    name, name, name);
	else if (!jmap && o->user == NULL && s->owners.map.n == 0)
		tool_say(NULL,
		    "no way into the accounts: --%s-user, or --%s-passwords",
		    name, name);
	else
		return true;
	return false;
}

static void
free_settings(struct side_settings *s)
{
	free_secret(s->password);
	free_secret(s->token);
	passwords_free(&s->owners);
}

/* -1, or the exit status. */
static int
read_options(struct run *run, int argc, char **argv)
{
	struct why why = { 0 };
	int ch;

	while ((ch = getopt_long(argc, argv, "+E:hj:kqVvx", options, NULL)) !=
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
			if (!parse_num(
				optarg, 1, WORKERS_MAX, &run->jobs, NULL))
				return tool_usage(usage);
			break;
		case 'k':
			run->source.options.insecure_tls =
			    run->target.options.insecure_tls = true;
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
	from_environment(&run->target);
	return check_side(run, &run->source, "source") &&
		       check_side(run, &run->target, "target")
		   ? -1
		   : tool_usage(usage);
}

int
main(int argc, char **argv)
{
	static struct run run = { .jobs = JOBS,
		.source.options = { .separator = '*',
		    .budget = 300,
		    .refused_max = REFUSED_MAX },
		.target.options = { .separator = '%',
		    .budget = 300,
		    .refused_max = REFUSED_MAX } };
	int status;

	tool_init("acctcheck");
	status = read_options(&run, argc, argv);
	if (status == -1) {
		tool_signals(on_signal);
		status = acctcheck(&run, argv + optind);
	}
	free_settings(&run.source);
	free_settings(&run.target);
	buf_wipe(&run.line);
	if (signalled != 0) {
		tool_say(NULL, "stopped; run it again");
		return EXIT_BROKEN;
	}
	return status;
}
