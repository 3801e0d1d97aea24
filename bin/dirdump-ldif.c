/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * dirdump ldif: a user directory in an LDIF file, as slapcat(8) and
 * ldapsearch(1) write it. See dirdump-ldif(1).
 */
#include "cli/main.h"
#include "source/fieldmap/file.h"
#include "source/fieldmap/ldifdump.h"
#include "source/run.h"

static struct source_run run;
static struct fieldmap map;
static const char *map_name, *scheme;

static void
release(void)
{
	fieldmap_free(&map);
}

static const struct opt options[] = {
	OPT_STRING('m', "map", "NAME", "the field map: what the entries hold",
	    &map_name),
	SOURCE_DOMAIN(&run),
	SOURCE_SCHEME(&scheme),
	SOURCE_COMMON(&run, "entry"),
};

static int
dump(char **operands)
{
	struct why why = { 0 };
	struct rows m;

	if (map_name == NULL)
		return opt_wrong(&tool, "no field map given: --map");
	if (fieldmap_read(&map, map_name, &why) == -1)
		return source_refuse(&why);
	source_begin(&run, &tool);
	rows_init(&m, &run.emit, run.domain.data, scheme);
	ldifdump_read(operands[0], &map, &m);
	rows_free(&m);
	return source_finish(&run);
}

const struct opt_tool tool = {
	SOURCE_TOOL("ldif", "file", 1, 1),
	.about =
	    "Lists the accounts and aliases in an LDIF file; \"-\" is standard "
	    "input.\n",
	.status = "0 everything is listed; 1 an entry could not be; 2 the run "
		  "did not finish.",
	.options = options,
	.run = dump,
	.release = release,
};
