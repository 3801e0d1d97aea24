/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * dirdump mail-in-a-box: the users of the Mail-in-a-Box on this machine. See
 * dirdump-mail-in-a-box(1).
 */
#include "cli/main.h"
#include "source/suite/suite.h"

static struct suite suite = {
	.map_name = "mail-in-a-box",
	.place = "/etc/mailinabox.conf",
	.find = install_mail_in_a_box,
};

static const struct opt options[] = {
	SUITE_MAP("Mail-in-a-Box", &suite.map_name),
	SOURCE_COMMON(&suite.run, "row"),
};

static int
dump(char **operands)
{
	return suite_run(&suite, &tool, operands);
}

const struct opt_tool tool = {
	SOURCE_SERVER_TOOL(
	    "mail-in-a-box", "[path]", 0, 1, "a row", "database"),
	.about =
	    "Lists the users and aliases of the Mail-in-a-Box on this machine. "
	    "The path\n"
	    "is the folder of its data, or the file users.sqlite; by default,\n"
	    "/etc/mailinabox.conf says where it is.\n",
	.options = options,
	.run = dump,
};
