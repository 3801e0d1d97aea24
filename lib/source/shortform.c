/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "source/shortform.h"

#include "source/sqldump.h"

void
shortform_init(struct shortform *f, const char *name, const char *usage,
    const char *help, const char *map)
{
	*f = (struct shortform){ .map_name = map };
	source_run_init(&f->run, name, usage, help);
}

int
shortform_option(struct shortform *f, int option, const char *value)
{
	if (option != 'm')
		return source_option(&f->run, option, value);
	f->map_name = value;
	return SOURCE_GO_ON;
}

int
shortform_dump(struct shortform *f)
{
	struct why why = { 0 };

	if (fieldmap_read(&f->map, f->map_name, &why) == -1) {
		tool_say(NULL, "%s", why.text);
		return EXIT_BROKEN;
	}
	f->install.sql.standard = true;
	sqldump_database(
	    &f->install.sql, &f->map, &f->run.emit, NULL, NULL, false);
	return source_finish(&f->run);
}

void
shortform_free(struct shortform *f)
{
	source_run_free(&f->run);
	fieldmap_free(&f->map);
	install_free(&f->install);
}
