/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "cli/read.h"

bool
record_read(struct ndjson *in, struct record *r, struct intake *intake,
    struct tally *tally)
{
	while (!tally_stop(tally)) {
		struct why why = { 0 };
		int n = record_next(in, r, &why);

		if (n == 0)
			return false;
		if (intake != NULL)
			intake_line(intake, in->file, n == 1 ? r : NULL);
		if (n == 1)
			return true;
		if (intake != NULL && intake->unread_record != NULL)
			intake->unread_record(intake->arg, r);
		tally_fail(tally, ndjson_where(in), NULL, in->line, &why);
	}
	return false;
}
