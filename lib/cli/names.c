/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "cli/names.h"

#include <string.h>
#include <sys/stat.h>

#include "core/ndjson.h"
#include "record/intake.h"

bool
names_read(const struct name_input *n)
{
	char *none[] = { NULL };
	struct record record = { 0 };
	struct intake intake = { 0 };
	struct ndjson in = { 0 };
	struct why why = { 0 };
	const char *name;
	bool complete;
	int r;

	ndjson_init(&in, none, RECORD_LINE_MAX);
	while (!tally_stop(n->tally) &&
	       (r = intake_next(&intake, &in, &record, &name, &why)) != 0)
		if (r == -1)
			tally_fail(n->tally, ndjson_where(&in), NULL,
			    why.kind == FAIL_DATA ? in.line : NULL, &why);
		else if (name != NULL)
			n->name(name, ndjson_where(&in), in.line);
		else
			n->record(&record, ndjson_where(&in), in.line);
	intake_end(&intake, &in);
	complete = n->partial || tally_stop(n->tally) ||
		   intake_is_complete(&intake, &why);
	if (!complete)
		tally_fail(n->tally, NULL, NULL, NULL, &why);
	intake_free(&intake);
	ndjson_free(&in);
	record_free(&record);
	return complete;
}

bool
names_operand(const char *text)
{
	struct stat there;

	if (strchr(text, '@') != NULL || stat(text, &there) == -1 ||
	    !S_ISREG(there.st_mode))
		return true;
	tool_say(text,
	    "is a file, and a login is wanted: to read the file, give it on "
	    "standard input, with \"<\"");
	return false;
}
