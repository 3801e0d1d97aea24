/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * dirdump dms: the accounts and aliases of docker-mailserver. See
 * dirdump-dms(1).
 */
#include <getopt.h>

#include "source/dms.h"
#include "source/run.h"

static const char usage[] = "dirdump dms [-hqVvx] [-d domain] folder";

static const char help[] =
    "Lists the accounts and aliases in the configuration folder of\n"
    "docker-mailserver (docker-data/dms/config).\n"
    "\n"
    "  -d, --domain DOMAIN  the domain of names without one: the host's\n"
    "  -q, --quiet          do not say what is left out or not carried\n"
    "  -v, --verbose        name each thing that is left out or not carried\n"
    "  -x, --stop           stop at the first line that cannot be read\n"
    "  -h, --help           this text\n"
    "  -V, --version        the version\n"
    "\n"
    "Exit status: 0 every line is listed; 1 a line could not be read, or\n"
    "something could not be carried; 2 the run did not finish.\n";

static const struct option options[] = { { "domain", required_argument, NULL,
					     'd' },
	{ "quiet", no_argument, NULL, 'q' },
	{ "verbose", no_argument, NULL, 'v' },
	{ "stop", no_argument, NULL, 'x' }, { "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, 'V' }, { 0 } };

int
main(int argc, char **argv)
{
	struct source_run run;
	int c, status = SOURCE_GO_ON;

	source_run_init(&run, "dirdump-dms", usage, help);
	while (status == SOURCE_GO_ON &&
	       (c = getopt_long(argc, argv, "+d:hqVvx", options, NULL)) != -1)
		status = source_option(&run, c, optarg);
	if (status == SOURCE_GO_ON && optind != argc - 1)
		status = tool_usage(usage);
	if (status == SOURCE_GO_ON) {
		dms_read(&run.emit, argv[optind], run.domain.data);
		status = source_finish(&run);
	}
	source_run_free(&run);
	return status;
}
