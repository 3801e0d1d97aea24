/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * dirdump mail-in-a-box: the users of the Mail-in-a-Box on this machine. See
 * dirdump-mail-in-a-box(1).
 */
#include <getopt.h>

#include "source/shortform.h"

static const char usage[] = "dirdump mail-in-a-box [-hqVvx] [-m map] [path]";

static const char help[] =
    "Lists the users and aliases of the Mail-in-a-Box on this machine. PATH "
    "is\n"
    "the folder of its data, or the file users.sqlite; where none is given,\n"
    "/etc/mailinabox.conf says where it is.\n"
    "\n"
    "  -m, --map FILE     a field map instead of the one for Mail-in-a-Box\n"
    "  -q, --quiet        do not say what is left out or not carried\n"
    "  -v, --verbose      name each thing that is left out or not carried\n"
    "  -x, --stop         stop at the first row that is refused\n"
    "  -h, --help         this text\n"
    "  -V, --version      the version\n"
    "\n"
    "Exit status: 0 everything is listed; 1 a row could not be; 2 the run did\n"
    "not finish; 75 the database could not be reached: run it again.\n";

static const struct option options[] = { { "map", required_argument, NULL,
					     'm' },
	{ "quiet", no_argument, NULL, 'q' },
	{ "verbose", no_argument, NULL, 'v' },
	{ "stop", no_argument, NULL, 'x' }, { "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, 'V' }, { 0 } };

int
main(int argc, char **argv)
{
	static struct shortform f;
	const char *path = "/etc/mailinabox.conf";
	struct why why = { 0 };
	int option, status = SOURCE_GO_ON;

	shortform_init(
	    &f, "dirdump-mail-in-a-box", usage, help, "mail-in-a-box");
	while (status == SOURCE_GO_ON && (option = getopt_long(argc, argv,
					      "+hm:qVvx", options, NULL)) != -1)
		status = shortform_option(&f, option, optarg);
	if (optind < argc)
		path = argv[optind];
	if (status == SOURCE_GO_ON && argc - optind > 1)
		status = tool_usage(usage);
	if (status == SOURCE_GO_ON &&
	    install_mail_in_a_box(&f.install, path, &why) == -1) {
		tool_say(NULL, "%s", why.text);
		status = EXIT_BROKEN;
	}
	if (status == SOURCE_GO_ON)
		status = shortform_dump(&f);
	shortform_free(&f);
	return status;
}
