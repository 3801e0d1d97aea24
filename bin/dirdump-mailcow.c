/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * dirdump mailcow: the database of the mailcow on this machine. See
 * dirdump-mailcow(1).
 */
#include "cli/main.h"
#include "source/suite/suite.h"

static const char *socket_path, *docker_root = "/var/lib/docker";

static int
find(struct install *found, const char *place, struct why *why)
{
	if (install_mailcow(found, place, docker_root, why) == -1)
		return -1;
	if (socket_path != NULL) {
		found->sql.socket = socket_path;
		found->sql.host = NULL;
	}
	return 0;
}

static struct suite suite = {
	.map_name = "mailcow",
	.place = "/opt/mailcow-dockerized",
	.find = find,
};

static const struct opt options[] = {
	OPT_STRING(
	    0, "socket", "FILE", "the socket of the database", &socket_path),
	OPT_STRING(0, "docker-root", "DIR",
	    "where Docker keeps its volumes (/var/lib/docker)", &docker_root),
	SUITE_MAP("mailcow", &suite.map_name),
	SOURCE_COMMON(&suite.run, "row"),
};

static int
dump(char **operands)
{
	return suite_run(&suite, &tool, operands);
}

const struct opt_tool tool = {
	SOURCE_SERVER_TOOL("mailcow", "[directory]", 0, 1, "a row", "database"),
	.about =
	    "Lists the domains, mailboxes and aliases of the mailcow on this "
	    "machine. The\n"
	    "folder with mailcow.conf is /opt/mailcow-dockerized by default; "
	    "it "
	    "says how\n"
	    "to reach the database, over its socket or its port.\n",
	.options = options,
	.run = dump,
};
