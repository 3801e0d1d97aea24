/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "source/suite/suite.h"

#include "source/fieldmap/file.h"
#include "source/fieldmap/sqldump.h"

int
suite_run(struct suite *suite, const struct opt_tool *tool, char **operands)
{
	const char *place = operands[0] != NULL ? operands[0] : suite->place;
	struct why why = { 0 };
	int status;

	source_begin(&suite->run, tool);
	if (suite->find(&suite->install, place, &why) == -1 ||
	    fieldmap_read(&suite->map, suite->map_name, &why) == -1) {
		status = source_refuse(&why);
	} else {
		if (suite->note != NULL)
			suite->note(&suite->run.emit, place);
		suite->install.sql.standard = true;
		sqldump_database(&suite->install.sql, &suite->map,
		    &suite->run.emit, NULL, NULL, false);
		status = source_finish(&suite->run);
	}
	fieldmap_free(&suite->map);
	install_free(&suite->install);
	return status;
}
