/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* Answers that lack what they must have are failures: an object that is left out is
 * not one that is not there. */
#include "jmap/fetch.h"
#include "unit/tap.h"

/* Two domains are asked for: 0 or -1, as the answer says. *b: whether the second one
 * was found. */
static int
take(const char *answers, bool *b, struct why *why)
{
	struct jmap j = { .max_calls = 16, .max_get = 500 };
	struct jmap_request r = { 0 };
	struct fetch f = { 0 };
	int result;

	fetch_want(&f, "Domain", "a");
	fetch_want(&f, "Domain", "b");
	fetch_member(&f, "name");
	(void)fetch_fill(&j, &f, &r);
	r.answers = json_loads(answers, 0, NULL);
	*why = (struct why){ 0 };
	result = fetch_take(&f, &r, why);
	*b = fetch_found(&f, "Domain", "b") != NULL;
	fetch_clear(&f);
	jmap_clear(&r);
	return result;
}

#define GET(members) "[[\"x:Domain/get\",{" members "},\"0\"]]"

int
main(void)
{
	struct why why;
	bool b;

	OK(take(GET("\"list\":[{\"id\":\"a\"},{\"id\":\"b\"}]"), &b, &why) ==
		    0 &&
		b,
	    "both are there");
	OK(take(GET("\"list\":[{\"id\":\"a\"}],\"notFound\":[\"b\"]"), &b,
	       &why) == 0 &&
		!b,
	    "one is said not to be there");
	OK(take(GET("\"list\":[{\"id\":\"a\"}]"), &b, &why) == -1 &&
		why.kind == FAIL_TEMP,
	    "one is left out");
	SAME(why.text,
	    "x:Domain/get: the answer leaves out objects that were asked for",
	    "and that is said");
	OK(take(GET("\"notFound\":[\"a\",\"b\"]"), &b, &why) == -1 &&
		why.kind == FAIL_TEMP,
	    "no list");
	SAME(why.text, "x:Domain/get: an answer without its list",
	    "and that is said");
	OK(take(GET("\"list\":[{\"id\":\"a\"},null]"), &b, &why) == -1,
	    "an object that is none");
	OK(take(GET("\"list\":{}"), &b, &why) == -1, "a list that is none");
	TAP_DONE();
}
