/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "proxy/pick.h"

#include <stdlib.h>
#include <unistd.h>

#include "core/alloc.h"
#include "core/buf.h"
#include "core/str.h"
#include "unit/tap.h"

#define ACCOUNT(address, rest)                                                 \
	"{\"v\":1,\"type\":\"account\",\"address\":\"" address "\"" rest "}\n"
#define ALIAS(address, targets)                                                \
	"{\"v\":1,\"type\":\"alias\",\"address\":\"" address                   \
	"\",\"targets\":[" targets "]}\n"
#define END "{\"v\":1,\"type\":\"end\",\"count\":9}\n"

/* What the filter passed on, and what it said. */
static struct buf out, said;
static size_t done, asked, asked_max;
static bool away; /* the proxy */

/* Whose name begins with "moved" has moved. */
static struct batch_outcome *
ask(void *arg, const struct subjects *s)
{
	struct batch_outcome *o = xcalloc(s->n + 1, sizeof *o);

	(void)arg;
	asked += s->n;
	asked_max = s->n > asked_max ? s->n : asked_max;
	for (size_t i = 0; i < s->n; i++) {
		o[i].begun = !away;
		if (away)
			continue;
		o[i].result.why = s->v[i].why;
		o[i].routes = xcalloc(s->v[i].n, sizeof *o[i].routes);
		for (size_t k = 0; k < s->v[i].n; k++)
			buf_adds(&o[i].routes[k].destination,
			    str_starts(s->v[i].ids[k], "moved") ? "new"
								: "old");
	}
	return o;
}

static void
release(void *arg, const struct subjects *s, struct batch_outcome *o)
{
	struct batch b = { .subjects = s };

	(void)arg;
	batch_free(&b, o, 0, s->n);
}

static void
pass(void *arg, const char *line, size_t len)
{
	(void)arg;
	buf_add(&out, line, len);
}

static void
fail(void *arg, const char *where, const char *id, const char *line,
    const struct why *why)
{
	(void)arg;
	(void)where;
	(void)line;
	buf_addf(&said, "%s: %s\n", id == NULL ? "-" : id, why->text);
}

static void
count(void *arg)
{
	(void)arg;
	done++;
}

static bool
stop(void *arg)
{
	(void)arg;
	return away;
}

static struct pick_counts
run(const char *text, const char *destination, bool logins, bool strict)
{
	struct pick p = { .destination = destination,
		.logins = logins,
		.strict = strict,
		.ask = ask,
		.release = release,
		.pass = pass,
		.fail = fail,
		.done = count,
		.stop = stop };
	char path[] = "/tmp/unit-pick.XXXXXX", *files[] = { path, NULL };
	struct pick_counts counts;
	struct ndjson in;
	int fd = mkstemp(path);

	buf_reset(&out);
	buf_reset(&said);
	done = asked = asked_max = 0;
	if (fd == -1 || write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		exit(2);
	(void)close(fd);
	ndjson_init(&in, files, RECORD_LINE_MAX);
	pick_run(&p, &in, &counts);
	ndjson_free(&in);
	(void)unlink(path);
	return counts;
}

static void
test_whole(void)
{
	static const char all[] =
	    "{\"v\":1,\"type\":\"domain\",\"domain\":\"o.test\"}\n"
	    "{\"v\":1,\"type\":\"later\",\"x\":[1, 2]}\n" ACCOUNT(
		"a@o.test", "") END;
	struct pick_counts c = run(all, "old", true, false);

	SAME(buf_str(&out), all, "nothing left out: byte for byte");
	OK(c.accounts == 0 && c.aliases == 0 && done == 1, "and counted");
}

static void
test_part(void)
{
	struct pick_counts c = run(
	    ACCOUNT("moved@o.test", "") ACCOUNT("a@o.test", "")
		ALIAS("x@o.test", "\"moved@o.test\"")
		    ALIAS("moved@o.test", "\"moved@o.test\",\"else@x.test\"")
			ALIAS("y@o.test", "\"a@o.test\"") ALIAS(
			    "z@o.test", "\"moved@o.test\",\"a@o.test\"") END,
	    "old", true, false);

	SAME(buf_str(&out),
	    ACCOUNT("a@o.test", "") ALIAS("y@o.test", "\"a@o.test\"") ALIAS(
		"z@o.test",
		"\"moved@o.test\",\"a@o.test\"") "{\"v\":1,\"type\":\"end\","
						 "\"count\":3,\"part\":"
						 "\"remap pick old\"}\n",
	    "an account goes with its forward and the aliases that are its "
	    "alone; the end says that it is a part");
	OK(c.accounts == 1 && c.aliases == 2, "what was left out is counted");
}

static void
test_logins(void)
{
	static const char split[] =
	    ACCOUNT("a@o.test", ",\"logins\":[\"moved\"]");

	(void)run(split, "old", true, false);
	SAME(buf_str(&out), "", "logins that go to two places: not passed on");
	OK(str_starts(buf_str(&said),
	       "a@o.test: goes to old, and its login moved to new (see "
	       "--no-logins)\n"),
	    "and it is said");
	(void)run(split, "old", false, false);
	SAME(buf_str(&out), split, "unless only the address counts");
	(void)run(ACCOUNT("a@o.test", ",\"logins\":[\"moved\"]")
		      ALIAS("a@o.test", "\"else@x.test\"") ALIAS("x@o.test",
			  "\"a@o.test\"") ALIAS("y@o.test", "\"b@o.test\"") END,
	    "old", true, false);
	SAME(buf_str(&out),
	    ALIAS("y@o.test", "\"b@o.test\"") "{\"v\":1,\"type\":\"end\","
					      "\"count\":1,\"part\":"
					      "\"remap pick old\"}\n",
	    "what belongs to one that failed stays with it");
}

static void
test_bad(void)
{
	(void)run("{\"v\":1,\"type\":\"account\"\n" ACCOUNT("a@o.test", "") END,
	    "old", true, false);
	SAME(buf_str(&out),
	    ACCOUNT("a@o.test", "") "{\"v\":1,\"type\":\"end\",\"count\":1,"
				    "\"part\":\"remap pick old\"}\n",
	    "a bad line: the rest goes on, as a part");
	OK(said.len != 0, "and it is said");
	away = true;
	(void)run(ACCOUNT("a@o.test", "") END, "old", true, false);
	SAME(buf_str(&out), "", "a proxy that is away: no end");
	away = false;
}

static void
test_chunks(void)
{
	struct buf many = { 0 };

	for (int i = 0; i < 600; i++)
		buf_addf(&many,
		    "{\"v\":1,\"type\":\"account\",\"address\":\"%s%d@o.test\"}"
		    "\n",
		    i % 2 == 0 ? "moved" : "a", i);
	(void)run(many.data, "new", true, false);
	OK(asked == 600 && asked_max == 256 && done == 600,
	    "accounts are asked for in chunks");
	(void)run(many.data, "new", true, true);
	OK(asked == 600 && asked_max == 1, "one at a time when strict");
	buf_free(&many);
}

#define DOMAIN_ALSO(domain, also)                                              \
	"{\"v\":1,\"type\":\"domain\",\"domain\":\"" domain                    \
	"\",\"aliases\":[" also "]}\n"

/* Aliases before their accounts, and the other names of domains: one that has
 * accounts of its own is none. */
static void
test_domains(void)
{
	static const char whole[] = ACCOUNT("a@o.test", "")
	    ACCOUNT("b@two.test", "") DOMAIN_ALSO("o.test", "\"two.test\"")
		ALIAS("@two.test", "\"@o.test\"")
		    ALIAS("x@o.test", "\"b@two.test\"") END;

	(void)run(whole, "old", true, false);
	SAME(buf_str(&out), whole, "nothing left out: other names stay");
	(void)run(DOMAIN_ALSO("o.test", "\"m.test\",\"two.test\"") ALIAS(
		      "x@o.test", "\"Moved@M.Test\"") ALIAS("moved@m.test",
		      "\"else@x.test\"") ALIAS("@two.test", "\"@o.test\"")
		      ALIAS("@r.test", "\"@o.test\"")
			  ALIAS("y@o.test", "\"moved@two.test\"")
			      ALIAS("z@r.test", "\"moved@o.test\"")
				  ACCOUNT("moved@o.test", "")
				      ACCOUNT("moved@two.test", "")
					  ACCOUNT("a@o.test", "") END,
	    "old", true, false);
	SAME(buf_str(&out),
	    ACCOUNT("a@o.test", "") DOMAIN_ALSO("o.test", "\"m.test\"")
		ALIAS("@r.test", "\"@o.test\"") "{\"v\":1,\"type\":\"end\","
						"\"count\":3,\"part\":"
						"\"remap pick old\"}\n",
	    "a part: none that has accounts; aliases of who stays, by any "
	    "name of the domain");
}

int
main(void)
{
	test_whole();
	test_domains();
	test_part();
	test_logins();
	test_bad();
	test_chunks();
	buf_free(&out);
	buf_free(&said);
	TAP_DONE();
}
