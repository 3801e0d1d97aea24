/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * dirdump mailcow: the database of the mailcow on this machine. See
 * dirdump-mailcow(1).
 */
#include <getopt.h>
#include <signal.h>

#include "source/shortform.h"

static const char usage[] =
    "dirdump mailcow [-hqVvx] [-m map] [option ...] [directory]";

static const char help[] =
    "Lists the domains, mailboxes and aliases of the mailcow on this machine. "
    "The\n"
    "folder with mailcow.conf is /opt/mailcow-dockerized where none is given;\n"
    "what stands in it leads to the database, over its socket or its port.\n"
    "\n"
    "  --socket FILE      the socket of the database\n"
    "  --docker-root DIR  where Docker keeps its volumes (/var/lib/docker)\n"
    "  -m, --map FILE     a field map instead of the one for mailcow\n"
    "  -q, --quiet        do not say what is left out or not carried\n"
    "  -v, --verbose      name each thing that is left out or not carried\n"
    "  -x, --stop         stop at the first row that is refused\n"
    "  -h, --help         this text\n"
    "  -V, --version      the version\n"
    "\n"
    "Exit status: 0 everything is listed; 1 a row could not be; 2 the run did\n"
    "not finish; 75 the database could not be reached: run it again.\n";

enum {
	SOCKET = 256,
	DOCKER_ROOT
};

static const struct option options[] = { { "map", required_argument, NULL,
					     'm' },
	{ "socket", required_argument, NULL, SOCKET },
	{ "docker-root", required_argument, NULL, DOCKER_ROOT },
	{ "quiet", no_argument, NULL, 'q' },
	{ "verbose", no_argument, NULL, 'v' },
	{ "stop", no_argument, NULL, 'x' }, { "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, 'V' }, { 0 } };

int
main(int argc, char **argv)
{
	static struct shortform f;
	const char *path = "/opt/mailcow-dockerized", *socket = NULL,
		   *docker_root = "/var/lib/docker";
	struct why why = { 0 };
	int option, status = SOURCE_GO_ON;

	shortform_init(&f, "dirdump-mailcow", usage, help, "mailcow");
	(void)signal(SIGPIPE, SIG_IGN);
	while (status == SOURCE_GO_ON &&
	       (option = getopt_long(argc, argv, "+hm:qVvx", options, NULL)) !=
		   -1) {
		if (option == SOCKET)
			socket = optarg;
		else if (option == DOCKER_ROOT)
			docker_root = optarg;
		else
			status = shortform_option(&f, option, optarg);
	}
	if (optind < argc)
		path = argv[optind];
	if (status == SOURCE_GO_ON && argc - optind > 1)
		status = tool_usage(usage);
	if (status == SOURCE_GO_ON &&
	    install_mailcow(&f.install, path, docker_root, &why) == -1) {
		tool_say(NULL, "%s", why.text);
		status = EXIT_BROKEN;
	}
	if (socket != NULL) {
		f.install.sql.socket = socket;
		f.install.sql.host = NULL;
	}
	if (status == SOURCE_GO_ON)
		status = shortform_dump(&f);
	shortform_free(&f);
	return status;
}
