/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* lib/plan: names as the server keeps them, ids, file names, and what a caller
 * of the plan relies on. */
#include "unit/tap.h"

#include "core/arena.h"
#include "plan/collect.h"
#include "plan/name.h"
#include "plan/plan.h"
#include "plan/resolve.h"
#include "plan/write.h"

struct name {
	const char *in;
	const char *out; /* NULL: refused */
};

/* As the server answered: t/fixtures/real/stalwart-exchanges.ndjson. */
static const struct name addresses[] = {
	{ "Upper.Case@One.Test", "upper.case@one.test" },
	{ "sp ace@one.test", "space@one.test" },
	{ " lead@one.test", "lead@one.test" },
	{ "tab\tx@one.test", "tabx@one.test" },
	{ "nl\n\f\rx@one.test", "nlx@one.test" },
	{ "\xc3\x9c"
	  "BER@one.test",
	    "\xc3\xbc"
	    "ber@one.test" },
	{ "\xe6\x97\xa5\xe6\x9c\xac@one.test",
	    "\xe6\x97\xa5\xe6\x9c\xac@one.test" },
	/* Each character by itself (read in its source). */
	{ "\xce\x9f\xce\xa3@one.test", "\xce\xbf\xcf\x83@one.test" },
	{ "\xce\xbf\xcf\x82@one.test", "\xce\xbf\xcf\x82@one.test" },
	{ "\xce\xa3.\xce\x91\xce\xa3@one.test",
	    "\xcf\x83.\xce\xb1\xcf\x83@one.test" },
	{ "!#$%&'*+-/=?^_`{|}~@one.test", "!#$%&'*+-/=?^_`{|}~@one.test" },
	{ "-@one.test", "-@one.test" },
	{ "a@B\xc3\xbc"
	  "cher.test",
	    "a@xn--bcher-kva.test" },
	/* Two characters in lower case; as a local part the second is refused. */
	{ "\xc4\xb0x@one.test", NULL },
	{ "i\xcc\x87x@one.test", NULL },
	{ "a@\xc4\xb0x.test", "a@xn--ix-rub.test" },
	{ "a@under_score.test", "a@under_score.test" },
	{ "a..b@one.test", NULL },
	{ ".a@one.test", NULL },
	{ "a.@one.test", NULL },
	{ "\xc3\xbc..b@one.test", NULL },
	{ "\"quoted\"@one.test", NULL },
	{ "a@b@one.test", NULL },
	{ "@one.test", NULL },
	{ "  @one.test", NULL },
	{ "a\vb@one.test", NULL },
	{ "a\x7f@one.test", NULL },
	{ "a\xe2\x80\x8b"
	  "b@one.test",
	    NULL },
	{ "a\xc2\xad"
	  "b@one.test",
	    NULL },
	{ "a,b@one.test", NULL },
	{ "a(b)@one.test", NULL },
	{ "a\\b@one.test", NULL },
	{ "no-at", NULL },
	{ "a@localhost", NULL },
	{ "a@1.2.3.4", NULL },
	{ "a@two..dots.test", NULL },
	{ "a@.lead.test", NULL },
	{ "a@trail.test.", NULL },
	{ "a@one.test/x", NULL },
	{ "a@", NULL },
};

static void
test_names(void)
{
	struct buf b = { 0 };

	for (size_t i = 0; i < sizeof addresses / sizeof *addresses; i++) {
		const struct name *n = &addresses[i];
		struct why why = { 0 };
		int r;

		buf_reset(&b);
		r = name_address(n->in, &b, &why);
		if (n->out == NULL)
			OK(r == -1 && why.kind == FAIL_DATA && *why.text,
			    "refused: address %zu", i);
		else
			SAME(r == 0 ? buf_str(&b) : NULL, n->out, "%s", n->out);
	}
	buf_free(&b);
}

static void
test_ids(void)
{
	char long_a[300], long_b[300];
	struct buf a = { 0 }, b = { 0 };

	name_client_id("u", "Al.ice_b@one.test", &a);
	SAME(buf_str(&a), "u-Al_2eice_5fb_40one_2etest", "a client id");
	buf_reset(&a);
	name_client_id("l", "\xc3\xbc", &a);
	SAME(buf_str(&a), "l-_c3_bc", "of bytes");
	memset(long_a, 'x', sizeof long_a);
	memset(long_b, 'x', sizeof long_b);
	long_a[sizeof long_a - 1] = long_b[sizeof long_b - 1] = '\0';
	long_b[sizeof long_b - 2] = 'y';
	buf_reset(&a);
	name_client_id("u", long_a, &a);
	name_client_id("u", long_b, &b);
	OK(a.len <= 255 && b.len <= 255, "a long one is cut");
	OK(strcmp(a.data, b.data) != 0, "and still tells two names apart");
	buf_reset(&b);
	name_client_id("u", long_a, &b);
	SAME(buf_str(&b), buf_str(&a), "the same for the same name");
	buf_reset(&a);
	name_script("../a/%b\x01@one.test", &a);
	SAME(buf_str(&a), "%2e.%2fa%2f%25b%01@one.test.sieve",
	    "a file name stays in its folder");
	buf_reset(&a);
	name_script(long_a, &a);
	OK(a.len < 255, "and is no longer than a file system takes");
	buf_free(&a);
	buf_free(&b);
}

/* --- the calls --- */

struct seen {
	size_t notes, lines, stop_at;
};

static void
note(void *arg, const struct note *n)
{
	(void)n;
	((struct seen *)arg)->notes++;
}

static const char *
temporary(void *arg, const char *address, struct why *why)
{
	(void)arg;
	(void)address;
	(void)why_set(why, FAIL_FATAL, "no more");
	return NULL;
}

static int
write_line(void *arg, const char *line, size_t len, struct why *why)
{
	struct seen *seen = arg;

	(void)line;
	(void)len;
	if (++seen->lines == seen->stop_at)
		return why_set(why, FAIL_FATAL, "enough");
	return 0;
}

static int
add(struct plan *p, enum record_type type, const char *address,
    const char *target, struct why *why)
{
	struct record r = { 0 };
	int result;

	record_reset(&r, type);
	r.address = address;
	if (target != NULL)
		strs_add(&r.targets, target);
	result = plan_add(p, &r, why);
	record_free(&r);
	return result;
}

static void
test_calls(void)
{
	struct plan_options options = { .no_secret = NO_SECRET_TEMP };
	struct seen seen = { .stop_at = 2 };
	struct plan_calls calls = { &seen, note, temporary };
	struct plan *p = plan_new(&options, &calls);
	struct why why = { 0 };

	OK(add(p, REC_ACCOUNT, "a@one.test", NULL, &why) == -1 &&
		why.kind == FAIL_FATAL,
	    "no temporary password: fatal");
	SAME(why.text, "no more", "in the caller's words");
	options.no_secret = NO_SECRET_EMPTY;
	OK(add(p, REC_ACCOUNT, "a@one.test", NULL, &why) == 0 &&
		add(p, REC_ALIAS, "l@one.test", "x@other.test", &why) == 0,
	    "records are taken");
	plan_resolve(p);
	OK(plan_write(p, write_line, &seen, &why) == -1 && seen.lines == 2,
	    "a line that cannot be written stops");
	SAME(why.text, "enough", "with its reason");
	seen.stop_at = 0;
	seen.lines = 0;
	OK(plan_write(p, write_line, &seen, &why) == 0 && seen.lines == 3,
	    "domains, users, lists");
	OK(plan_counts(p)->lists == 1 && plan_counts(p)->without_secret >= 1,
	    "counted");
	OK(seen.notes == 1, "one note: no password");
	plan_free(p);
	plan_free(NULL);
}

int
main(void)
{
	test_names();
	test_ids();
	test_calls();
	TAP_DONE();
}
