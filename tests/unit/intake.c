/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* Whether all of a directory came in. */
#include "record/intake.h"

#include <stdlib.h>

#include "unit/tap.h"

/* Lines of one input: "r" a record, "?" one that cannot be read, "e" an end
 * record, "|" the next file, "b" one without a line. */
struct input {
	const char *lines;
	int64_t count, failed; /* of each end record; -1: not said */
	const char *part;
	const char *wanted; /* in why; NULL: it is whole */
};

static const char *
take(struct intake *in, const struct input *from)
{
	static const char *const files[] = { "one", "two", "three" };
	struct record record = { .type = REC_ACCOUNT };
	struct record end = {
		.type = REC_END, .count = from->count, .failed = from->failed
	};
	struct ndjson lines = { 0 };
	char part[64];
	size_t file = 0;

	if (from->part != NULL) {
		(void)snprintf(part, sizeof part, "%s", from->part);
		end.part = part;
	}
	for (const char *c = from->lines; *c != '\0'; c++) {
		if (*c == '|')
			file++;
		else if (*c == 'b')
			lines.blank = files[file];
		else if (*c == 'e')
			intake_line(in, files[file], &end);
		else
			intake_line(
			    in, files[file], *c == 'r' ? &record : NULL);
	}
	intake_end(in, &lines);
	return files[file];
}

static void
test_inputs(void)
{
	static const struct input inputs[] = {
		{ "rre", 2, -1, NULL, NULL },
		{ "rre", -1, -1, NULL, NULL },
		{ "e", 0, 0, NULL, NULL },
		{ "rre|rre", 2, 0, NULL, NULL },
		{ "rrerre", 2, 0, NULL, NULL }, /* cat one two */
		{ "rrrre", 2, 0, NULL, "2 records more than the end" },
		{ "rrrrre|rre", 2, 0, NULL, "3 records more than the end" },
		{ "", -1, -1, NULL, "no records: the reader" },
		{ "rr", -1, -1, NULL, "one: no end record" },
		{ "rr|rre", 2, 0, NULL, "one: no end record" },
		{ "rre|rr", 2, 0, NULL, "two: no end record" },
		{ "rre|rr|rre", 2, 0, NULL, "two: no end record" },
		{ "rrer", 2, 0, NULL, "one: no end record" },
		{ "re", 2, 0, NULL, "a part of a dump (1 of its 2 records)" },
		{ "e", 2, 0, NULL, "a part of a dump (0 of its 2 records)" },
		{ "rre|re", 2, 0, NULL,
		    "a part of a dump (1 of its 2 records)" },
		{ "rre", 2, 0, "legacy", "a part of a dump (legacy)" },
		{ "re", 2, 0, "legacy", "a part of a dump (legacy)" },
		{ "rre", 2, 3, NULL, "3 of the directory's entries" },
		{ "rre|rre", 2, 3, NULL, "6 of the directory's entries" },
		{ "r?e", 2, 0, NULL, "1 record could not" },
		{ "??e", 2, 0, NULL, "2 records could not" },
		{ "rre|b", 2, 0, NULL, "two: no records: the reader" },
		{ "b|rre", 2, 0, NULL, "one: no records: the reader" },
		{ "rr|b", 2, 0, NULL, "two: no records: the reader" },
		{ "e|b", 0, 3, NULL, "two: no records: the reader" },
		{ "b|b", 0, 0, NULL, "no records: the reader" },
	};

	for (size_t i = 0; i < sizeof inputs / sizeof *inputs; i++) {
		struct intake in = { 0 };
		struct why why = { 0 };
		bool whole;

		(void)take(&in, &inputs[i]);
		whole = intake_is_whole(&in, &why);
		OK(whole == (inputs[i].wanted == NULL) &&
			(whole ||
			    (why.kind == FAIL_DATA &&
				strstr(why.text, inputs[i].wanted) != NULL)),
		    "input %zu \"%s\": %s", i, inputs[i].lines, why.text);
		intake_free(&in);
	}
}

static void
test_filtered(void)
{
	struct intake in = { 0 };

	(void)take(&in, &(struct input){ "re", 2, 0, NULL, NULL });
	OK(in.filtered, "a filter that passes the end record on is seen");
	intake_free(&in);
	(void)take(&in, &(struct input){ "re", 2, 0, "legacy", NULL });
	OK(!in.filtered, "one that says what it left is not called that");
	intake_free(&in);
	OK(in.part == NULL && in.file == NULL, "nothing stays after free");
}

int
main(void)
{
	test_inputs();
	test_filtered();
	TAP_DONE();
}
