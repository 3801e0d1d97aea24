/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * dirdump dms: the accounts and aliases of docker-mailserver. See
 * dirdump-dms(1).
 */
#include "cli/main.h"
#include "source/passwd/dms.h"
#include "source/run.h"

static struct source_run run;

static const struct opt options[] = {
	SOURCE_DOMAIN(&run),
	SOURCE_ROOT(&run),
	SOURCE_COMMON(&run, "line"),
};

static int
dump(char **operands)
{
	source_begin(&run, &tool);
	if (!source_enter(&run))
		return source_finish(&run);
	dms_read(&run.emit, operands[0], run.domain.data);
	return source_finish(&run);
}

const struct opt_tool tool = {
	SOURCE_TOOL("dms", "folder", 1, 1),
	.about =
	    "Lists the accounts and aliases in the configuration folder of\n"
	    "docker-mailserver (docker-data/dms/config).\n",
	.status = "0 every line is listed; 1 a line could not be read, or "
		  "something could not be carried; 2 the run did not finish.",
	.options = options,
	.run = dump,
};
