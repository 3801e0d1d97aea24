/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "record/intake.h"

#include <inttypes.h>
#include <stdlib.h>

#include "core/alloc.h"
#include "core/buf.h"
#include "core/num.h"
#include "core/str.h"

/* A file, or the whole input, is over. */
static void
end_file(struct intake *in)
{
	if (in->ended || in->cut)
		return;
	in->cut = true;
	in->cut_file = in->file;
}

/* A filter that knows nothing of dumps, such as grep, passes the end record on
 * as it is: it counts the records that the reader wrote. Where more came, a dump
 * without its end stands before this one, or somebody has added records. */
static void
compare_count(struct intake *in, const struct record *end)
{
	struct buf text = { 0 };

	if (end->count > 0 && (uint64_t)end->count > in->records &&
	    in->part == NULL) {
		buf_addf(&text, "%" PRIu64 " of its %" PRId64 " records",
		    in->records, end->count);
		in->part = xstrdup(buf_str(&text));
		in->filtered = true;
		buf_free(&text);
	}
	if (end->count >= 0 && in->records > (uint64_t)end->count)
		in->uncounted += in->records - (uint64_t)end->count;
	in->records = 0;
}

void
intake_line(struct intake *in, const char *file, const struct record *r)
{
	if (in->file != NULL && in->file != file)
		end_file(in);
	in->file = file;
	in->ended = r != NULL && r->type == REC_END;
	if (r == NULL)
		in->unread++;
	if (!in->ended) {
		in->records++;
		return;
	}
	if (r->failed > 0)
		in->failed += (uint64_t)r->failed;
	if (r->part != NULL && in->part == NULL)
		in->part = xstrdup(r->part);
	compare_count(in, r);
}

int
intake_next(struct intake *in, struct ndjson *lines, struct record *r,
    const char **name, struct why *why)
{
	int n = ndjson_next(lines, why);

	*name = NULL;
	if (n == 0)
		return 0;
	if (n == 1 && *lines->line != '{') {
		/* A list that was saved on Windows. */
		if (lines->line[lines->len - 1] == '\r')
			lines->line[--lines->len] = '\0';
		*name = str_trim(lines->line);
		in->names = true;
		return 1;
	}
	if (n == 1)
		n = record_parse(r, lines->line, lines->len, why) == 0 ? 1 : -1;
	intake_line(in, lines->file, n == 1 ? r : NULL);
	return n;
}

void
intake_end(struct intake *in, const struct ndjson *lines)
{
	end_file(in);
	if (in->file == NULL || lines->blank == NULL)
		return;
	/* The shell has made the file of a reader that failed. */
	in->blank = lines->blank;
	in->cut = true;
}

bool
intake_is_complete(const struct intake *in, struct why *why)
{
	if (in->blank != NULL)
		why_set(why, FAIL_DATA,
		    "%s: no records: the reader of the directory may have "
		    "failed (--partial takes the rest)",
		    in->blank);
	else if (in->cut && (in->file != NULL || !in->names))
		why_set(why, FAIL_DATA,
		    in->file == NULL
			? "no records: the reader of the directory may have "
			  "failed"
			: "%s: no end record: the dump was cut off, or is "
			  "part of one (--partial)",
		    in->cut_file);
	else if (in->failed != 0)
		why_set(why, FAIL_DATA,
		    "%" PRIu64 " of the directory's entries could not be read "
		    "(see what the reader said; --partial takes the rest)",
		    in->failed);
	else if (in->uncounted != 0)
		why_set(why, FAIL_DATA,
		    "%" PRIu64 " record%s more than the end record counts: a "
		    "dump that was cut off may stand before another one; give "
		    "each dump as a file of its own (--partial takes them all)",
		    in->uncounted, plural(in->uncounted));
	else
		return true;
	return false;
}

bool
intake_is_whole(const struct intake *in, struct why *why)
{
	if (!intake_is_complete(in, why))
		return false;
	if (in->part != NULL)
		why_set(why, FAIL_DATA,
		    "this is a part of a dump (%s): --reconcile would take the "
		    "rest away",
		    in->part);
	else if (in->unread != 0)
		why_set(why, FAIL_DATA, "%zu record%s could not be read",
		    in->unread, plural(in->unread));
	else
		return true;
	return false;
}

void
intake_free(struct intake *in)
{
	free(in->part);
	*in = (struct intake){ 0 };
}
