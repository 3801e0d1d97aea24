/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* The small grammars of the ways into a system: settings, and rows of JSON. */
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/buf.h"
#include "source/assignments.h"
#include "source/suite/webrows.h"
#include "unit/tap.h"

/* The value of KEY in a text; "-" for none. What sh(1) makes of the same line
 * is the measure. */
static void
gives(const char *text, const char *want)
{
	struct assignment a = { .key = "KEY" };
	char *copy = xstrdup(text);

	assignments_parse(copy, &a, 1);
	SAME(a.value == NULL ? "-" : a.value, want, "a setting: %s", want);
	assignments_free(&a, 1);
	OK(a.value == NULL, "and it is gone");
	free(copy);
}

static void
test_assignments(void)
{
	gives("KEY=value", "value");
	gives("KEY=value\r\n", "value");
	gives("# KEY=no\n  KEY = value  \n", "value");
	gives("KEY='a # b' # c", "a # b");
	gives("KEY=\"a b\"\nOTHER=x", "a b");
	gives("KEY=a#b # c", "a#b");
	gives("KEY=a=b=", "a=b=");
	gives("export KEY=value", "value");
	gives("KEY=one\nKEY=two", "two");
	gives("KEYS=no\nAKEY=no\nKEY", "-");
	gives("KEY=", "");
	gives("KEY='open", "'open");
	gives("", "-");
}

static void
add(void *ctx, const struct web_field *f)
{
	buf_addf(ctx, "%s,%lld,%lld;", f[0].text == NULL ? "-" : f[0].text,
	    (long long)f[1].number, (long long)f[2].number);
}

/* NULL: the answer is refused. */
static void
reads(const char *json, const char *want)
{
	struct web_field f[] = { { .name = "name" }, { .name = "n" },
		{ .name = "n", .in = "in" } };
	struct buf out = { 0 };
	struct why why = { 0 };
	char *copy = xstrdup(json);
	int r = web_rows(copy, f, 3, add, &out, &why);

	if (want == NULL)
		OK(r == -1 && why.kind == FAIL_FATAL, "refused: %s", json);
	else
		OK(r == 0 && strcmp(buf_str(&out), want) == 0, "%s: %s", json,
		    buf_str(&out));
	buf_free(&out);
	free(copy);
}

static void
test_rows(void)
{
	reads("[]", "");
	reads("{}", "");
	reads(" [ {\"name\": \"a\", \"n\": 5} ] ", "a,5,-1;");
	reads("[{\"n\":\"7\"},{\"n\":true},{\"n\":\"x\"},{\"n\":null}]",
	    "-,7,-1;-,1,-1;-,-1,-1;-,-1,-1;");
	reads("[{\"in\":{\"n\":\"0\",\"o\":{\"n\":1}},\"n\":[1]}]", "-,-1,0;");
	reads("{\"0\":{\"name\":\"a\"},\"1\":{\"name\":\"b\"}}",
	    "a,-1,-1;b,-1,-1;");
	reads("{\"type\":\"error\",\"msg\":\"no\"}", NULL);
	reads("{\"type\":\"info\",\"msg\":[1]}", NULL);
	reads("{\"message\":\"rate limit exceeded\"}", NULL);
	reads("{\"error\":{\"name\":\"a\"}}", NULL);
	reads("{\"0\":{\"name\":\"a\"},\"more\":true}", NULL);
	reads("{\"0\":1}", NULL);
	reads("[{\"n\":1.5}]", NULL);
	reads("[1]", NULL);
	reads("[{\"name\":\"a\"}", NULL);
	reads("[] []", NULL);
	reads("", NULL);
	reads("<html>", NULL);
}

int
main(void)
{
	test_assignments();
	test_rows();
	TAP_DONE();
}
