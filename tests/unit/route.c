/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* The two rules of split delivery in expressions of all shapes; the name of the old
 * server. */
#include <stdlib.h>
#include <string.h>

#include "route/rules.h"
#include "route/setup.h"
#include "unit/tap.h"

#define MOVED                                                                  \
	"{\"if\":\"key_exists('moved', to_lowercase(rcpt))\","                 \
	"\"then\":\"'local'\"}"
#define REST                                                                   \
	"{\"if\":\"is_local_domain(rcpt_domain)\","                            \
	"\"then\":\"'mailferry-old'\"}"
#define AT_HOME "{\"if\":\"is_local_domain(rcpt_domain)\",\"then\":\"'local'\"}"
#define OTHER "{\"if\":\"sender == ''\",\"then\":\"'bounces'\"}"

static json_t *
expression(const char *match)
{
	json_t *j = json_object();

	(void)json_object_set_new(j, "match", json_loads(match, 0, NULL));
	(void)json_object_set_new(j, "else", json_string("'mx'"));
	return j;
}

static bool
judged(const char *match, enum rules wanted)
{
	json_t *j = expression(match);
	bool ok = rules_judge(j) == wanted;

	json_decref(j);
	return ok;
}

/* What becomes of an expression, compared with what it should be. */
static bool
becomes(json_t *(*f)(const json_t *), const char *from, const char *to)
{
	json_t *in = expression(from), *want = expression(to), *got = f(in);
	bool ok = json_equal(got, want) != 0;
	char *text = json_dumps(got, 0);

	if (!ok)
		printf("# %s\n", text);
	free(text);
	json_decref(in);
	json_decref(want);
	json_decref(got);
	return ok;
}

static void
test_judging(void)
{
	OK(judged("{}", RULES_NONE), "no rules");
	OK(judged("{\"0\":" AT_HOME "}", RULES_NONE), "the default");
	OK(judged("{\"0\":" MOVED ",\"1\":" REST ",\"2\":" AT_HOME "}",
	       RULES_FIRST),
	    "ours first");
	OK(judged("{\"2\":" AT_HOME ",\"1\":" REST ",\"0\":" MOVED "}",
	       RULES_FIRST),
	    "the numbers decide, not the order of the members");
	OK(judged(
	       "{\"0\":" OTHER ",\"1\":" MOVED ",\"2\":" REST "}", RULES_LATE),
	    "another before ours");
	OK(judged(
	       "{\"0\":" MOVED ",\"1\":" OTHER ",\"2\":" REST "}", RULES_LATE),
	    "another between ours");
	OK(judged("{\"0\":" MOVED ",\"1\":" AT_HOME "}", RULES_PARTLY),
	    "one of the two");
	OK(judged("{\"0\":" REST ",\"1\":" MOVED "}", RULES_PARTLY),
	    "the wrong order");
	OK(judged("{\"9\":" MOVED ",\"10\":" REST ",\"11\":" AT_HOME "}",
	       RULES_FIRST),
	    "numbers of two digits");
	OK(rules_judge(NULL) == RULES_NONE, "no expression");
}

static bool
senses(const char *match, bool loaded, enum rules_sense wanted)
{
	json_t *j = expression(match);
	bool ok = rules_sense(j, loaded) == wanted;

	json_decref(j);
	return ok;
}

static void
test_sense(void)
{
	static const char ours[] = "{\"0\":" MOVED ",\"1\":" REST "}";

	OK(senses(ours, true, RULES_KEYS), "ours first: keys decide");
	OK(senses(ours, false, RULES_UNSURE), "not loaded");
	OK(senses("{\"0\":" AT_HOME "}", true, RULES_STAY), "the default");
	OK(senses("{\"0\":{\"if\":\"is_local_address(rcpt)\","
		  "\"then\":\"'local'\"},\"1\":" AT_HOME "}",
	       true, RULES_STAY),
	    "the guide's");
	OK(senses("{\"0\":" AT_HOME "}", false, RULES_UNSURE),
	    "the default, not loaded");
	OK(senses("{\"0\":" AT_HOME ",\"1\":" MOVED ",\"2\":" REST "}", true,
	       RULES_STAY),
	    "ours never asked");
	OK(senses("{\"0\":" OTHER ",\"1\":" MOVED ",\"2\":" REST "}", true,
	       RULES_UNSURE),
	    "another's first");
	OK(senses("{\"0\":" REST "}", true, RULES_UNSURE), "half of ours");
	OK(senses("{}", true, RULES_UNSURE), "no rule at all");
}

static void
test_changing(void)
{
	static const char ours[] = "{\"0\":" MOVED ",\"1\":" REST "}",
			  before[] = "{\"0\":" OTHER ",\"1\":" AT_HOME "}",
			  after[] = "{\"0\":" MOVED ",\"1\":" REST
				    ",\"2\":" OTHER ",\"3\":" AT_HOME "}";

	OK(becomes(rules_add, "{}", ours), "added to nothing");
	OK(becomes(rules_add, before, after), "added before others");
	OK(becomes(rules_add, after, after), "added once");
	OK(becomes(rules_add,
	       "{\"0\":" OTHER ",\"1\":" REST ",\"2\":" MOVED ",\"3\":" AT_HOME
	       "}",
	       after),
	    "put in order");
	OK(becomes(rules_remove, after, before), "removed, and nothing else");
	OK(becomes(rules_remove, before, before), "nothing to remove");
	OK(becomes(rules_remove, ours, "{}"), "removed from nothing else");
}

static void
test_host(void)
{
	static const struct {
		const char *text, *host;
		int port;
	} good[] = {
		{ "old.example.org", "old.example.org", 25 },
		{ "old.example.org:2525", "old.example.org", 2525 },
		{ "[2001:db8::1]", "2001:db8::1", 25 },
		{ "[2001:db8::1]:26", "2001:db8::1", 26 },
		{ "192.0.2.1", "192.0.2.1", 25 },
		{ "[old.example.org]:26", "old.example.org", 26 },
		{ "old_1", "old_1", 25 },
	};
	static const char *const bad[] = { "", ":25", "old:0", "old:x",
		"old:65536", "a b", "user@old", "old/x", "it's", "127.0.0.1",
		"localhost:25", "[::1]:26", "2001:db8::1",
		"smtp:[old.example.org]:25", "old.example.org:smtp",
		"old:", "[old", "[old]x", "[]:25", "[2001:db8::1]25", "-old",
		"old-.x", "old..x", ".old", "old.", "192.0.2", "192.0.2.256",
		"[2001:db8::g]", "2001:db8::1:25", "old;x", "\xc3\xb6ld" };
	struct route_setup s;
	char text[64];

	for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
		struct why why = { 0 };

		s = (struct route_setup){ 0 };
		(void)snprintf(text, sizeof text, "%s", good[i].text);
		OK(route_setup_host(&s, text, &why) == 0 &&
			strcmp(s.host, good[i].host) == 0 &&
			s.port == good[i].port,
		    "%s: %s port %d", good[i].text, s.host, (int)s.port);
	}
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct why why = { 0 };

		s = (struct route_setup){ 0 };
		(void)snprintf(text, sizeof text, "%s", bad[i]);
		OK(route_setup_host(&s, text, &why) == -1 &&
			why.kind == FAIL_FATAL && s.host == NULL,
		    "\"%s\" is refused: %s", bad[i], why.text);
	}
}

int
main(void)
{
	test_judging();
	test_sense();
	test_changing();
	test_host();
	return tap_done();
}
