/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * dirdump ldif: a user directory in an LDIF file, as slapcat(8) and
 * ldapsearch(1) write it. See dirdump-ldif(1).
 */
#include <getopt.h>

#include "source/ldifdump.h"
#include "source/run.h"

static const char usage[] =
    "dirdump ldif [-hqVvx] [-d domain] [-s scheme] --map name file";

static const char help[] =
    "Lists the accounts and aliases in an LDIF file; \"-\" is standard input.\n"
    "\n"
    "  -m, --map NAME           the field map: what the entries hold\n"
    "  -d, --domain DOMAIN      the domain of names without one\n"
    "  -s, --default-scheme SCHEME  of passwords without a {SCHEME}\n"
    "  -q, --quiet              do not say what is left out or not carried\n"
    "  -v, --verbose            name each thing that is left out or not "
    "carried\n"
    "  -x, --stop               stop at the first entry that is refused\n"
    "  -h, --help               this text\n"
    "  -V, --version            the version\n"
    "\n"
    "Exit status: 0 everything is listed; 1 an entry could not be; 2 the run\n"
    "did not finish.\n";

static const struct option options[] = { { "map", required_argument, NULL,
					     'm' },
	{ "domain", required_argument, NULL, 'd' },
	{ "default-scheme", required_argument, NULL, 's' },
	{ "quiet", no_argument, NULL, 'q' },
	{ "verbose", no_argument, NULL, 'v' },
	{ "stop", no_argument, NULL, 'x' }, { "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, 'V' }, { 0 } };

struct call {
	struct source_run run;
	struct fieldmap map;
	const char *map_name, *scheme;
};

static int
read_option(struct call *c, int option)
{
	switch (option) {
	case 'm':
		c->map_name = optarg;
		return SOURCE_GO_ON;
	case 's':
		c->scheme = optarg;
		return SOURCE_GO_ON;
	default:
		return source_option(&c->run, option, optarg);
	}
}

static void
list_file(struct call *c, const char *path)
{
	struct rows m;

	rows_init(&m, &c->run.emit, c->run.domain.data, c->scheme);
	ldifdump_read(path, &c->map, &m);
	rows_free(&m);
}

int
main(int argc, char **argv)
{
	static struct call c;
	int option, status = SOURCE_GO_ON;

	source_run_init(&c.run, "dirdump-ldif", usage, help);
	while (status == SOURCE_GO_ON &&
	       (option = getopt_long(
		    argc, argv, "+d:hm:qs:Vvx", options, NULL)) != -1)
		status = read_option(&c, option);
	if (status == SOURCE_GO_ON &&
	    (optind != argc - 1 || c.map_name == NULL))
		status = tool_usage(usage);
	if (status == SOURCE_GO_ON)
		status = source_map(&c.map, c.map_name);
	if (status == SOURCE_GO_ON) {
		list_file(&c, argv[optind]);
		status = source_finish(&c.run);
	}
	source_run_free(&c.run);
	fieldmap_free(&c.map);
	return status;
}
