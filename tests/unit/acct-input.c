/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* Which accounts are compared, and what the comparison comes to. */
#include "acct/input.h"

#include <stdlib.h>
#include <unistd.h>

#include "acct/report.h"
#include "core/buf.h"
#include "unit/tap.h"

static char path[32];

/* Opens text as the input. */
static void
open_text(struct acct_input *in, const char *text)
{
	static char *files[2];
	int fd;

	(void)snprintf(path, sizeof path, "/tmp/unit-input.XXXXXX");
	fd = mkstemp(path);
	if (fd == -1 || write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		exit(2);
	(void)close(fd);
	files[0] = path;
	acct_input_open(in, files, 8, NULL, NULL);
}

static void
test_input(void)
{
	struct acct_input in;
	struct why why = { 0 };

	open_text(&in,
	    "Carol@One.test\n"
	    "{\"v\":1,\"type\":\"account\",\"address\":\"a@one.test\","
	    "\"logins\":[\"a\"],\"active\":false}\n"
	    "not an address\n"
	    "{\"v\":1,\"type\":\"alias\",\"address\":\"x@one.test\","
	    "\"targets\":[\"a@one.test\"]}\n"
	    "{\"v\":1,\"type\":\"end\",\"count\":2}\n");
	OK(acct_input_next(&in, &why) == 1 && in.n == 1, "an address");
	SAME(in.v[0].address, "carol@one.test", "in lower case");
	OK(acct_input_next(&in, &why) == 1 && in.n == 2, "a record");
	OK(!in.v[1].active, "that must not log in");
	SAME(in.v[1].source.names[0], "a", "the old server's spelling first");
	SAME(in.v[1].source.names[1], "a@one.test", "then the address");
	SAME(in.v[1].target.names[0], "a@one.test", "the other way over there");
	OK(acct_input_next(&in, &why) == -1 && why.kind == FAIL_DATA &&
		in.n == 2,
	    "what is neither fails by itself");
	OK(acct_input_next(&in, &why) == 1 && in.n == 2,
	    "an alias is not an account");
	OK(acct_input_next(&in, &why) == 1 && in.n == 2, "nor is the end");
	OK(acct_input_next(&in, &why) == 0, "nothing more");
	OK(acct_input_is_complete(&in, &why), "and nothing is missing");
	acct_input_clear(&in);
	OK(in.n == 0, "cleared");
	(void)unlink(path);
	acct_input_close(&in);
}

/* Whether a text is a complete input. */
static bool
is_complete(const char *text, struct why *why)
{
	struct acct_input in;
	bool complete;

	open_text(&in, text);
	*why = (struct why){ 0 };
	while (acct_input_next(&in, why) != 0)
		acct_input_clear(&in);
	complete = acct_input_is_complete(&in, why);
	(void)unlink(path);
	acct_input_close(&in);
	return complete;
}

static void
test_complete(void)
{
	struct why why;

	OK(is_complete("a@one.test\n", &why), "addresses need no end");
	OK(!is_complete("", &why) && strstr(why.text, "no records") != NULL,
	    "but there must be some");
	OK(!is_complete("{\"v\":1,\"type\":\"account\",\"address\":"
			"\"a@one.test\"}\n",
	       &why) &&
		strstr(why.text, "no end record") != NULL,
	    "records need one");
	OK(!is_complete("{\"v\":1,\"type\":\"end\",\"count\":0,"
			"\"failed\":2}\n",
	       &why) &&
		strstr(why.text, "2 of the directory's entries") != NULL,
	    "that counts no failures");
	OK(is_complete("{\"v\":1,\"type\":\"end\",\"count\":0,"
		       "\"part\":\"x\"}\n",
	       &why),
	    "a part is complete in itself");
}

static void
test_report(void)
{
	struct acct_subject s = { .address = "a@one.test" };
	struct acct_finding found[] = {
		{ .what = "n", .text = "a remark" },
		{ .what = "f", .is_short = true, .text = "Work lacks 1" },
		{ .what = "f", .is_short = true, .text = "Sent lacks 2" },
	};
	struct verification v = { .status = CHECK_SHORT, .v = found, .n = 3 },
			    none = { .status = CHECK_OK, .v = found, .n = 1 };
	struct acct_totals t = { 0 };
	struct check_options o = { 0 };
	struct buf out = { 0 };
	struct why why = { 0 };

	acct_report_put(&s, &v, false, &out);
	SAME(buf_str(&out),
	    "a@one.test  short  Work lacks 1\na@one.test  short  Sent lacks "
	    "2\n",
	    "what falls short, a line each");
	buf_reset(&out);
	acct_report_put(&s, &none, true, &out);
	SAME(buf_str(&out), "a@one.test  note  a remark\n", "and notes");
	OK(acct_report_why(&none, &why) == 0, "a note is not a failure");
	OK(acct_report_why(&v, &why) == -1 && why.kind == FAIL_DATA, "short");
	SAME(why.text, "Work lacks 1; and 1 more", "the worst, and how many");
	v.status = CHECK_UNREACHABLE;
	OK(acct_report_why(&v, &why) == -1 && why.kind == FAIL_TEMP,
	    "a server that is away is temporary");
	acct_totals_add(&t, &s, &none);
	buf_reset(&out);
	acct_totals_put(&t, &o, &out);
	SAME(buf_str(&out),
	    "1 account: 1 ok, 0 short, 0 failed, 0 unreachable, 0 skipped\n"
	    "0 messages on the old server, 0 on the new one\n",
	    "totals");
	o.back = true;
	buf_reset(&out);
	acct_totals_put(&t, &o, &out);
	OK(strstr(out.data, "0 messages on the new server, 0 on the old one") !=
		NULL,
	    "of accounts that go back");
	buf_free(&out);
}

int
main(void)
{
	test_input();
	test_complete();
	test_report();
	TAP_DONE();
}
