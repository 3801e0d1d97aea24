/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * dirdump dms: the accounts and aliases of docker-mailserver. See
 * dirdump-dms(1).
 */
#include <getopt.h>

#include "core/tool.h"
#include "record/address.h"
#include "source/dms.h"

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

int
main(int argc, char **argv)
{
	static const struct option options[] = { { "domain", required_argument,
						     NULL, 'd' },
		{ "quiet", no_argument, NULL, 'q' },
		{ "verbose", no_argument, NULL, 'v' },
		{ "stop", no_argument, NULL, 'x' },
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'V' }, { 0 } };
	struct tally tally = { 0 };
	struct buf domain = { 0 };
	struct why why = { 0 };
	struct emit emit;
	int c, status;

	tool_init("dirdump-dms");
	emit_init(&emit, "dms", &tally);
	while ((c = getopt_long(argc, argv, "+d:hqVvx", options, NULL)) != -1) {
		switch (c) {
		case 'd':
			buf_reset(&domain);
			if (domain_normalise(optarg, &domain, &why) == -1) {
				tool_say("--domain", "%s", why.text);
				return EXIT_BROKEN;
			}
			break;
		case 'q':
			emit.quiet = true;
			break;
		case 'v':
			tally.verbose++;
			break;
		case 'x':
			tally.strict = true;
			break;
		case 'h':
			return tool_help(usage, help);
		case 'V':
			return tool_version();
		default:
			return tool_usage(usage);
		}
	}
	if (optind != argc - 1)
		return tool_usage(usage);
	dms_read(&emit, argv[optind], domain.data);
	emit_end(&emit);
	status = tally_finish(&tally);
	emit_free(&emit);
	buf_free(&domain);
	return status;
}
