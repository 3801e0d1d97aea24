/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * secretcheck: for each account record, the scheme of its password hash and
 * what the new server will do with it; with known passwords, whether they fit.
 * See secretcheck(1).
 */
#include <stdlib.h>
#include <string.h>

#include "cli/main.h"
#include "cli/outcome.h"
#include "cli/read.h"
#include "core/alloc.h"
#include "core/json.h"
#include "core/ndjson.h"
#include "core/num.h"
#include "record/intake.h"
#include "record/record.h"
#include "secret/classify.h"
#include "secret/passwords.h"
#include "secret/verify.h"

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
	struct intake intake;
	bool summarise;
	bool partial;
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
		    xgrow(c->summary, c->n, &c->cap, sizeof *c->summary);
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

	outcome_begin(out, "secret");
	jw_kstr(out, "address", r->address);
	if (*c->secret.scheme != '\0')
		jw_kstr(out, "scheme", c->secret.scheme);
	jw_kstr(out, "verdict", verdict_name(c->secret.verdict));
	jw_kstr(out, "reason", c->secret.reason);
	jw_kstr(out, "password", password);
	jw_kstr(out, "origin", r->origin);
	outcome_end(out);
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
		tool_say(NULL, "%zu of %zu account%s: a new password is needed",
		    c->unusable, c->tally.ok, plural(c->tally.ok));
	if (c->wrong != 0)
		tool_say(NULL, "%zu wrong password%s among the known ones",
		    c->wrong, plural(c->wrong));
	c->tally.failed += c->unusable + c->wrong;
	passwords_free(&c->passwords);
	secret_free(&c->secret);
	buf_free(&c->line);
	free(c->summary);
	return tally_finish(&c->tally);
}

static struct check check;
static const char *passwords;

static const struct opt options[] = {
	OPT_REJECTS("append records that cannot be read to FILE", &check.tally),
	OPT_STRING('p', "passwords", "FILE",
	    "check known passwords: lines of an address, a tab or colon, and "
	    "the "
	    "clear password",
	    &passwords),
	OPT_SET(
	    0, "partial", "the input may lack its end record", &check.partial),
	OPT_QUIET("no report; the exit status tells", &check.quiet),
	OPT_SET(0, "summary", "a table of schemes and verdicts, no records",
	    &check.summarise),
	OPT_VERBOSE(
	    "counts at the end, on standard error", &check.tally.verbose),
	OPT_STOP("stop at the first record that cannot be read",
	    &check.tally.strict),
	OPT_STANDARD,
};

static int
check_all(char **files)
{
	struct record r = { 0 };
	struct why why = { 0 };
	struct ndjson in;

	if (passwords != NULL &&
	    passwords_read(&check.passwords, passwords, &why) == -1) {
		tool_say(NULL, "%s", why.text);
		return EXIT_BROKEN;
	}
	ndjson_init(&in, files, RECORD_LINE_MAX);
	while (record_read(&in, &r, &check.intake, &check.tally))
		if (r.type == REC_ACCOUNT)
			check_account(&check, &r);
	intake_end(&check.intake, &in);
	if (!check.partial && !tally_stop(&check.tally) &&
	    !intake_is_complete(&check.intake, &why))
		tally_fail(&check.tally, NULL, NULL, NULL, &why);
	ndjson_free(&in);
	record_free(&r);
	intake_free(&check.intake);
	return finish(&check);
}

const struct opt_tool tool = {
	OPT_TOOL("secretcheck", "[file ...]", 0, -1),
	.about = "Says for each account record what its password hash is and "
		 "what will\n"
		 "become of it on the new server: verbatim, transcoded, "
		 "unusable, none.\n",
	.status =
	    "0 every hash is usable and every password fits; 1 not so; 2 the "
	    "run did not finish.",
	.options = options,
	.run = check_all,
};
