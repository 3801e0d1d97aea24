/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * dirdump dovecot: the accounts of the Dovecot of this machine, and the aliases
 * of its Postfix. See dirdump-dovecot(1).
 */
#include <getopt.h>

#include "source/dovecot.h"
#include "source/postfix.h"
#include "source/run.h"

static const char usage[] =
    "dirdump dovecot [-hqVvx] [-c file] [-d domain] [-p folder] [-s scheme]";

static const char help[] =
    "Lists the accounts of the Dovecot of this machine, in the databases that\n"
    "its configuration names, and the aliases and domains of its Postfix.\n"
    "\n"
    "  -c, --config FILE      a saved output of \"doveconf -nP\"; Postfix is\n"
    "                         then asked only with -p\n"
    "  -d, --domain DOMAIN    the domain of names without one\n"
    "  -p, --postfix DIR      the configuration folder of Postfix\n"
    "  -s, --default-scheme SCHEME  of passwords without a {SCHEME}\n"
    "  -q, --quiet            do not say what is left out or not carried\n"
    "  -v, --verbose          name each thing that is left out or not "
    "carried\n"
    "  -x, --stop             stop at the first record that cannot be read\n"
    "  -h, --help             this text\n"
    "  -V, --version          the version\n"
    "\n"
    "Exit status: 0 every record is listed; 1 something could not be listed\n"
    "or carried; 2 the run did not finish.\n";

static const struct option options[] = { { "config", required_argument, NULL,
					     'c' },
	{ "domain", required_argument, NULL, 'd' },
	{ "postfix", required_argument, NULL, 'p' },
	{ "default-scheme", required_argument, NULL, 's' },
	{ "quiet", no_argument, NULL, 'q' },
	{ "verbose", no_argument, NULL, 'v' },
	{ "stop", no_argument, NULL, 'x' }, { "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, 'V' }, { 0 } };

struct run {
	struct source_run source;
	struct dovecot_options dovecot;
	const char *postfix;
};

static int
option(struct run *run, int c, const char *value)
{
	switch (c) {
	case 'c':
		run->dovecot.config = value;
		return SOURCE_GO_ON;
	case 'p':
		run->postfix = value;
		return SOURCE_GO_ON;
	case 's':
		run->dovecot.default_scheme = value;
		return SOURCE_GO_ON;
	default:
		return source_option(&run->source, c, value);
	}
}

static int
dump(struct run *run)
{
	struct emit *e = &run->source.emit;
	struct postfix p = { .dir = run->postfix };

	run->dovecot.domain = run->source.domain.data;
	p.aliases.domain = run->dovecot.domain;
	if (run->dovecot.config == NULL || run->postfix != NULL)
		postfix_read(&p, e);
	if (!run->source.tally.fatal && !emit_stop(e))
		dovecot_read(e, &run->dovecot, &p.aliases);
	if (!run->source.tally.fatal && !emit_stop(e))
		aliases_emit(&p.aliases, e);
	postfix_free(&p);
	return source_finish(&run->source);
}

int
main(int argc, char **argv)
{
	static struct run run;
	int c, status = SOURCE_GO_ON;

	source_run_init(&run.source, "dirdump-dovecot", usage, help);
	while (status == SOURCE_GO_ON &&
	       (c = getopt_long(argc, argv, "+c:d:hp:qs:Vvx", options, NULL)) !=
		   -1)
		status = option(&run, c, optarg);
	if (status == SOURCE_GO_ON && optind != argc)
		status = tool_usage(usage);
	if (status == SOURCE_GO_ON)
		status = dump(&run);
	source_run_free(&run.source);
	return status;
}
