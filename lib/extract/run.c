/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* What all parts of an extraction need. */
#include "extract/run.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/alloc.h"

enum {
	CHUNK = 65536
};

void
run_tell(struct extract_run *j, enum extract_part part, enum told kind,
    const char *what, int64_t id, const struct why *why)
{
	struct extract *x = j->x;
	char *where = xasprintf("%s %lld", what, (long long)id);

	if (kind == TOLD_FAILED)
		x->counts[part].failed++;
	else if (kind == TOLD_SKIPPED || kind == TOLD_OLD)
		x->counts[part].skipped++;
	x->tell(x->arg, kind, where, why);
	free(where);
}

void
run_note(
    struct extract_run *j, const char *what, int64_t id, const char *fmt, ...)
{
	struct extract *x = j->x;
	struct why why = { .kind = FAIL_DATA };
	char *where = xasprintf("%s %lld", what, (long long)id);
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(why.text, sizeof why.text, fmt, ap);
	va_end(ap);
	x->notes++;
	x->tell(x->arg, TOLD_NOTE, where, &why);
	free(where);
}

bool
run_stopped(struct extract_run *j, struct why *why)
{
	if (!j->x->stop(j->x->arg))
		return false;
	why_set(why, FAIL_FATAL, "stopped; run it again to go on");
	return true;
}

int
run_broken_table(struct extract_run *j, enum extract_part part,
    const char *table, struct why *why)
{
	struct extract *x = j->x;
	struct why told = { .kind = FAIL_DATA };

	(void)snprintf(told.text, sizeof told.text,
	    "the table cannot be read to its end; the rest of it is lost: "
	    "%.400s",
	    why->text);
	x->counts[part].total++;
	x->counts[part].failed++;
	x->tell(x->arg, TOLD_FAILED, table, &told);
	return 0;
}

static int
copy_blob(struct blob *b, struct draft *d, struct why *why)
{
	char *chunk = xmalloc(CHUNK);
	ssize_t n;

	while ((n = blob_read(b, chunk, CHUNK, why)) > 0)
		if (draft_write(d, chunk, (size_t)n, why) == -1) {
			n = -1;
			break;
		}
	free(chunk);
	return n == 0 ? 0 : -1;
}

int
run_put_blob(struct extract_run *j, int64_t id, const char *dir,
    const char *name, const int64_t *date, size_t *count, struct why *why)
{
	struct blob b = { 0 };
	struct draft d = { .fd = -1 };
	int r = blob_open(&b, j->archive, id, why);

	if (r == 0 && target_has(&j->target, dir, name, (int64_t)b.size)) {
		if (count != NULL)
			++*count;
	} else if (r == 0) {
		r = draft_open(&j->target, &d, why);
		if (r == 0 && (r = copy_blob(&b, &d, why)) == -1)
			draft_drop(&j->target, &d);
		if (r == 0)
			r = draft_close(
			    &j->target, &d, dir, name, date, count, why);
	}
	blob_close(&b);
	return r;
}
