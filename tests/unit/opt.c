/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/opt-help.h"
#include "cli/opt.h"
#include "cli/outcome.h"
#include "core/alloc.h"
#include "core/buf.h"
#include "core/str.h"
#include "http/login.h"
#include "tap.h"

enum colour {
	RED,
	BLUE = 2
};
static const char *const colours[] = { [RED] = "red", [BLUE] = "blue" };

static struct {
	bool dry_run, kick;
	int verbose;
	const char *output;
	int64_t seconds;
	enum colour colour;
	struct opt_list hosts;
	char called[32];
} got;

static int
call(void *to, char *value, struct why *why)
{
	if (strcmp(value, "bad") == 0)
		return why_set(why, FAIL_FATAL, "not this one");
	(void)snprintf(to, sizeof got.called, "%s", value);
	return 0;
}

static const struct opt options[] = {
	OPT_DRY_RUN("change nothing", &got.dry_run),
	OPT_CLEAR(0, "no-kick", "leave sessions", &got.kick),
	OPT_VERBOSE("say more", &got.verbose),
	OPT_STRING('o', "output", "FILE", "write there", &got.output),
	OPT_NUMBER(0, "delay", "SECONDS", "wait so long", &got.seconds, 1, 60),
	OPT_WORD(0, "colour", "WHAT", "of the thing", &got.colour, colours),
	OPT_LIST(0, "host", "NAME", "a host", &got.hosts),
	OPT_CALL('m', "map", "NAME", "a map", call, got.called),
	OPT_STANDARD,
	OPT_END,
};

static struct opt_tool tool = {
	.name = "opt.t",
	.operands = "[file ...]",
	.about = "Tests options.\n",
	.status = "0 done.",
	.options = options,
	.max = -1,
};

/* Parses a command line of words; what is said goes nowhere. */
static int
parse(const char *line, char ***operands)
{
	static char text[512], name[] = "opt.t";
	static char *argv[32];
	char **v = argv, *rest = text;
	int argc = 1, status, saved = dup(2);

	opt_list_free(&got.hosts);
	memset(&got, 0, sizeof got);
	got.kick = true;
	got.seconds = 10;
	(void)snprintf(text, sizeof text, "%s", line);
	argv[0] = name;
	while (rest != NULL && *rest != '\0')
		argv[argc++] = str_cut(&rest, ' ');
	argv[argc] = NULL;
	if (freopen("/dev/null", "w", stderr) == NULL)
		return -2;
	status = opt_parse(&tool, &argc, &v);
	(void)fflush(stderr);
	(void)dup2(saved, 2);
	(void)close(saved);
	*operands = v;
	return status;
}

static void
test_order(void)
{
	char **v;

	OK(parse("a -n b --output=o c", &v) == OPT_GO_ON && got.dry_run &&
		strcmp(got.output, "o") == 0 && strcmp(v[0], "a") == 0 &&
		strcmp(v[1], "b") == 0 && strcmp(v[2], "c") == 0 &&
		v[3] == NULL,
	    "options before, between and after the operands");
	OK(parse("a -- -n b", &v) == OPT_GO_ON && !got.dry_run &&
		strcmp(v[1], "-n") == 0 && v[3] == NULL,
	    "-- ends them");
	OK(parse("- -n", &v) == OPT_GO_ON && got.dry_run &&
		strcmp(v[0], "-") == 0 && v[1] == NULL,
	    "a single - is an operand");
	OK(parse("-o -- -n", &v) == OPT_GO_ON && got.dry_run &&
		strcmp(got.output, "--") == 0 && v[0] == NULL,
	    "a value may look like an option");
	tool.stop_at_operand = true;
	OK(parse("-n a -v", &v) == OPT_GO_ON && got.dry_run &&
		got.verbose == 0 && strcmp(v[1], "-v") == 0,
	    "what follows the operand can be left alone");
	tool.stop_at_operand = false;
}

static void
test_spelling(void)
{
	char **v;

	OK(parse("-nvvoFILE", &v) == OPT_GO_ON && got.dry_run &&
		got.verbose == 2 && strcmp(got.output, "FILE") == 0,
	    "letters in one word, the last with its value");
	OK(parse("--dr --out x", &v) == OPT_GO_ON && got.dry_run &&
		strcmp(got.output, "x") == 0,
	    "an unambiguous abbreviation");
	OK(parse("--de 5", &v) == OPT_GO_ON && got.seconds == 5,
	    "and a number");
	OK(parse("--d 5", &v) == EXIT_BROKEN, "not an ambiguous one");
	OK(parse("--no-kick", &v) == OPT_GO_ON && !got.kick, "a flag off");
	OK(parse("--host a --host=b", &v) == OPT_GO_ON && got.hosts.n == 2 &&
		strcmp(got.hosts.v[1], "b") == 0 && got.hosts.v[2] == NULL,
	    "a list");
	OK(parse("--colour blue", &v) == OPT_GO_ON && got.colour == BLUE,
	    "a word by its enum");
	OK(parse("-m x", &v) == OPT_GO_ON && strcmp(got.called, "x") == 0,
	    "a call");
}

static void
test_wrong(void)
{
	static const char *const wrong[] = { "-y", "--nope", "--", "-o",
		"--output", "--output=", "--dry-run=x", "--delay 0",
		"--delay 61", "--delay x", "--delay=", "--colour green",
		"--colour", "-m bad", "--=x", "-ny" };
	char **v;

	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
		OK(parse(wrong[i], &v) ==
			(strcmp(wrong[i], "--") == 0 ? OPT_GO_ON : EXIT_BROKEN),
		    "%s", wrong[i]);
	tool.min = 1;
	tool.max = 1;
	OK(parse("-n", &v) == EXIT_BROKEN, "an operand is missing");
	OK(parse("a b", &v) == EXIT_BROKEN, "an operand too many");
	OK(parse("a", &v) == OPT_GO_ON, "one is right");
	tool.min = 0;
	tool.max = -1;
}

static void
test_texts(void)
{
	struct buf out = { 0 };
	const char *text;

	got.seconds = 10;
	got.colour = BLUE;
	opt_help(&out, &tool);
	text = buf_str(&out);
	OK(str_starts(text, "usage: opt.t [-nvhV] [-o FILE] [-m NAME] "
			    "[option ...] [file ...]\n\nTests options.\n\n"),
	    "the usage line");
	OK(strstr(text, "      --delay SECONDS  wait so long (10)\n") != NULL,
	    "a number shows its default");
	OK(strstr(text, "      --colour WHAT    of the thing: red, blue "
			"(blue)\n") != NULL,
	    "a word shows what is allowed, and the default");
	buf_reset(&out);
	opt_complete(&out, &tool);
	OK(str_starts(buf_str(&out), "-n\n--dry-run\n--no-kick\n") &&
		strstr(out.data, "\n--colour\tWHAT\tred blue \n") != NULL &&
		strstr(out.data, "\n-o\tFILE\n--output\tFILE\n") != NULL,
	    "the list for the completion");
	buf_reset(&out);
	tool.operands = "set|get [file ...]";
	opt_complete(&out, &tool);
	tool.operands = "[file ...]";
	OK(str_starts(buf_str(&out), "\t\tset get \n-n\n"),
	    "and what there is to do");
	buf_free(&out);
}

static void
test_login(void)
{
	struct login l = { 0 };

	/* A secret is remembered once it is out of the environment. */
	(void)setenv("DAV_USER", "u", 1);
	(void)setenv("DAV_PASSWORD", "p", 1);
	(void)setenv("DAV_TOKEN", "t", 1);
	OK(login_environment(&l, "DAV") && strcmp(l.user, "u") == 0 &&
		strcmp(l.password, "p") == 0 && l.token == NULL,
	    "a login from the environment");
	OK(getenv("DAV_PASSWORD") == NULL && getenv("DAV_TOKEN") == NULL,
	    "no child inherits it");
	login_free(&l);
	l.token = xstrdup("x");
	OK(login_environment(&l, "DAV") && l.password == NULL,
	    "a token that was given is used alone");
	login_free(&l);
	(void)setenv("STALWART_USER", "u", 1);
	OK(!login_environment(&l, "STALWART"), "a name alone is not one");
	login_free(&l);
}

static void
test_outcome(void)
{
	struct buf out = { 0 };
	struct why why = { FAIL_TEMP, "later" };

	outcome_begin(&out, "result");
	outcome_error(&out, &why);
	outcome_end(&out);
	SAME(out.data,
	    "{\"v\":1,\"type\":\"result\",\"error\":{\"kind\":\"temporary\","
	    "\"text\":\"later\"}}\n",
	    "a record of a failure");
	buf_free(&out);
}

int
main(void)
{
	test_order();
	test_spelling();
	test_wrong();
	test_texts();
	test_login();
	test_outcome();
	opt_list_free(&got.hosts);
	return tap_done();
}
