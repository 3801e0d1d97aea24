/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * secretcheck: for each account record, the scheme of its password hash and
 * what the new server will do with it; with known passwords, whether they fit.
 * See secretcheck(1).
 */
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/json.h"
#include "core/ndjson.h"
#include "core/tool.h"
#include "record/record.h"
#include "secret/passwords.h"
#include "secret/secret.h"

static const char usage[] =
    "secretcheck [-hqsVvx] [-E rejects] [-p passwords] [file ...]";

static const char help[] =
    "Says for each account record what its password hash is and what will\n"
    "become of it on the new server: verbatim, transcoded, unusable, none.\n"
    "\n"
    "  -E, --rejects FILE    append records that cannot be read to FILE\n"
    "  -p, --passwords FILE  check known passwords: lines of an address, a "
    "tab\n"
    "                        or colon, and the clear password\n"
    "  -q, --quiet           no report; the exit status tells\n"
    "  -s, --summary         a table of schemes and verdicts, no records\n"
    "  -v, --verbose         counts at the end, on standard error\n"
    "  -x, --stop            stop at the first record that cannot be read\n"
    "  -h, --help            this text\n"
    "  -V, --version         the version\n"
    "\n"
    "Exit status: 0 every hash is usable and every password fits; 1 not so;\n"
    "2 the run did not finish.\n";

/* A row of the summary: one scheme with one verdict and reason. */
struct summary {
	char scheme[sizeof((struct secret *)NULL)->scheme];
	enum verdict verdict;
	const char *reason;
	size_t count;
};

struct check {
	struct tally tally;
	struct passwords passwords;
	struct secret secret;
	struct buf line;
	struct summary *summary;
	size_t n, cap; /* of the summary */
	size_t unusable;
	size_t wrong;
	bool summarise;
	bool quiet;
};

static void
count(struct check *c)
{
	const struct secret *s = &c->secret;
	size_t i;

	for (i = 0; i < c->n; i++)
		if (c->summary[i].verdict == s->verdict &&
		    c->summary[i].reason == s->reason &&
		    strcmp(c->summary[i].scheme, s->scheme) == 0)
			break;
	if (i == c->n) {
		c->summary =
		    grow(c->summary, c->n, &c->cap, sizeof *c->summary);
		c->summary[c->n++] = (struct summary){ .verdict = s->verdict,
			.reason = s->reason };
		memcpy(c->summary[i].scheme, s->scheme, sizeof s->scheme);
	}
	c->summary[i].count++;
}

static const char *
match_name(enum secret_match m)
{
	switch (m) {
	case SECRET_MATCHES:
		return "matches";
	case SECRET_WRONG:
		return "wrong";
	case SECRET_UNCHECKED:
		break;
	}
	return "unchecked";
}

/* The known password against the stored secret; NULL where none is known. */
static const char *
check_password(struct check *c, const struct record *r)
{
	const char *known = passwords_get(&c->passwords, r->address);
	enum secret_match m = SECRET_UNCHECKED;

	if (known == NULL)
		return NULL;
	if (r->secret != NULL)
		m = secret_match(
		    r->secret, r->default_scheme, r->address, known);
	if (m == SECRET_WRONG)
		c->wrong++;
	return match_name(m);
}

static void
report(struct check *c, const struct record *r, const char *password)
{
	struct buf *out = &c->line;

	buf_reset(out);
	jw_open(out, '{');
	jw_kint(out, "v", 1);
	jw_kstr(out, "type", "secret");
	jw_kstr(out, "address", r->address);
	if (*c->secret.scheme != '\0')
		jw_kstr(out, "scheme", c->secret.scheme);
	jw_kstr(out, "verdict", verdict_name(c->secret.verdict));
	jw_kstr(out, "reason", c->secret.reason);
	jw_kstr(out, "password", password);
	jw_kstr(out, "origin", r->origin);
	jw_close(out, '}');
	buf_addc(out, '\n');
	(void)fwrite(out->data, 1, out->len, stdout);
}

static void
check_account(struct check *c, const struct record *r)
{
	const char *password;

	secret_judge(&c->secret, r->secret, r->default_scheme, r->address);
	if (c->secret.verdict == SECRET_UNUSABLE)
		c->unusable++;
	password = check_password(c, r);
	count(c);
	if (!c->summarise && !c->quiet)
		report(c, r, password);
	c->tally.ok++;
}

/* By verdict, then the most frequent first. */
static int
summary_order(const void *a, const void *b)
{
	const struct summary *x = a, *y = b;

	if (x->verdict != y->verdict)
		return x->verdict < y->verdict ? -1 : 1;
	if (x->count != y->count)
		return x->count > y->count ? -1 : 1;
	return strcmp(x->scheme, y->scheme);
}

static void
print_summary(struct check *c)
{
	if (c->n != 0)
		qsort(c->summary, c->n, sizeof *c->summary, summary_order);
	(void)printf("%9s  %-11s %-14s %s\n", "ACCOUNTS", "VERDICT", "SCHEME",
	    "WHAT BECOMES OF THE HASH");
	for (size_t i = 0; i < c->n; i++) {
		const struct summary *s = &c->summary[i];
		const char *what = s->reason;

		if (s->verdict == SECRET_VERBATIM)
			what = "kept as it is";
		else if (s->verdict == SECRET_NONE)
			what = "the directory holds none";
		(void)printf("%9zu  %-11s %-14s %s\n", s->count,
		    verdict_name(s->verdict),
		    *s->scheme == '\0' ? "-" : s->scheme, what);
	}
}

/* What a person must look at, the summary, and the exit status. */
static int
finish(struct check *c)
{
	const char *address;
	size_t at = 0;

	if (c->summarise && !c->quiet && !c->tally.fatal)
		print_summary(c);
	while ((address = passwords_unused(&c->passwords, &at)) != NULL) {
		tool_say(address, "a password is known, but no account");
		c->tally.failed++;
	}
	if (c->unusable != 0)
		tool_say(NULL, "%zu of %zu accounts need a new password",
		    c->unusable, c->tally.ok);
	if (c->wrong != 0)
		tool_say(
		    NULL, "%zu of the known passwords are wrong", c->wrong);
	c->tally.failed += c->unusable + c->wrong;
	passwords_free(&c->passwords);
	secret_free(&c->secret);
	buf_free(&c->line);
	free(c->summary);
	return tally_finish(&c->tally);
}

static bool
step(struct check *c, struct ndjson *in, struct record *r)
{
	struct why why = { 0 };
	int n = record_next(in, r, &why);

	if (n == 0)
		return false;
	if (n == -1)
		tally_fail(&c->tally, ndjson_where(in), NULL, in->line, &why);
	else if (r->type == REC_ACCOUNT)
		check_account(c, r);
	return !tally_stop(&c->tally);
}

int
main(int argc, char **argv)
{
	static const struct option options[] = { { "rejects", required_argument,
						     NULL, 'E' },
		{ "help", no_argument, NULL, 'h' },
		{ "passwords", required_argument, NULL, 'p' },
		{ "quiet", no_argument, NULL, 'q' },
		{ "summary", no_argument, NULL, 's' },
		{ "version", no_argument, NULL, 'V' },
		{ "verbose", no_argument, NULL, 'v' },
		{ "stop", no_argument, NULL, 'x' }, { NULL, 0, NULL, 0 } };
	const char *rejects = NULL, *passwords = NULL;
	static struct check c;
	struct record r = { 0 };
	struct why why = { 0 };
	struct ndjson in;
	int ch;

	tool_init("secretcheck");
	while ((ch = getopt_long(argc, argv, "+E:hp:qsVvx", options, NULL)) !=
	       -1) {
		switch (ch) {
		case 'E':
			rejects = optarg;
			break;
		case 'h':
			return tool_help(usage, help);
		case 'p':
			passwords = optarg;
			break;
		case 'q':
			c.quiet = true;
			break;
		case 's':
			c.summarise = true;
			break;
		case 'V':
			return tool_version();
		case 'v':
			c.tally.verbose++;
			break;
		case 'x':
			c.tally.strict = true;
			break;
		default:
			return tool_usage(usage);
		}
	}
	if ((rejects != NULL && tally_rejects(&c.tally, rejects, &why) == -1) ||
	    (passwords != NULL &&
		passwords_read(&c.passwords, passwords, &why) == -1)) {
		tool_say(NULL, "%s", why.text);
		return EXIT_BROKEN;
	}
	ndjson_init(&in, argv + optind, RECORD_LINE_MAX);
	while (step(&c, &in, &r))
		continue;
	ndjson_free(&in);
	record_free(&r);
	return finish(&c);
}
