/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* Sieve scripts: the bytes as they are, the active one a second time as
 * active.sieve, and scripts.ndjson with the names that they had. */
#include "extract/sieve.h"

#include <stdlib.h>

#include "core/alloc.h"
#include "core/json.h"
#include "extract/filename.h"

static const char sieve_dir[] = "sieve";

struct scripts {
	struct extract_run *j;
	struct labels labels;
	struct buf list;
};

static void
list_script(struct scripts *s, const char *name, const char *file, bool active)
{
	jw_open(&s->list, '{');
	jw_kint(&s->list, "v", 1);
	jw_kstr(&s->list, "type", "script");
	jw_kstr(&s->list, "name", name);
	jw_kstr(&s->list, "file", file);
	jw_kbool(&s->list, "active", active);
	jw_close(&s->list, '}');
	buf_addc(&s->list, '\n');
}

/* The copy that export_archive.py makes. It is not counted. */
static int
put_active(struct scripts *s, int64_t blob, struct why *why)
{
	return run_put_blob(
	    s->j, blob, sieve_dir, "active.sieve", NULL, NULL, why);
}

static int
put_script(struct scripts *s, const struct archive_rows *r, struct why *why)
{
	struct extract_count *count = &s->j->x->counts[PART_SIEVE];
	struct buf name = { 0 }, clean = { 0 }, file = { 0 };
	int64_t id = rows_int(r, 0), blob = rows_int(r, 3);
	bool active = rows_int(r, 2) != 0;
	size_t len;
	const char *text = rows_text(r, 1, &len);
	int result;

	count->total++;
	filename_put_utf8(&name, text, len);
	filename_put(&clean, text, len, false);
	if (clean.len == 0)
		buf_addf(&clean, "script-%lld", (long long)id);
	labels_take(&s->labels, buf_str(&clean), ".sieve", &file);
	result = target_dir(&s->j->target, sieve_dir, why);
	if (result == 0)
		result = run_put_blob(s->j, blob, sieve_dir, buf_str(&file),
		    NULL, &count->written, why);
	if (result == 0)
		list_script(s, name.len == 0 ? NULL : buf_str(&name),
		    buf_str(&file), active);
	if (result == 0 && active)
		result = put_active(s, blob, why);
	else if (result == -1 && why->kind == FAIL_DATA) {
		run_tell(s->j, PART_SIEVE, TOLD_FAILED, "script", id, why);
		result = 0;
	}
	buf_free(&name);
	buf_free(&clean);
	buf_free(&file);
	return result;
}

static int
put_scripts(struct scripts *s, struct why *why)
{
	struct why bad = { 0 };
	struct archive_rows r = { 0 };
	struct buf taken = { 0 };
	int more, result = 0;

	labels_take(&s->labels, "active", ".sieve", &taken);
	buf_free(&taken);
	more = rows_open(&r, s->j->archive,
	    "SELECT id, name, is_active, blob_id FROM sieve_scripts "
	    "ORDER BY id",
	    &bad);
	while (result == 0 && more != -1 && (more = rows_next(&r, &bad)) == 1) {
		result = put_script(s, &r, why);
		s->j->x->progress(s->j->x->arg, 1);
	}
	rows_close(&r);
	if (result == 0 && more == -1)
		return run_broken_table(
		    s->j, PART_SIEVE, "sieve_scripts", &bad);
	return result;
}

int
extract_sieve(struct extract_run *j, struct why *why)
{
	struct scripts s = { .j = j };
	int r;

	if (!archive_has(j->archive, "sieve_scripts"))
		return 0;
	r = put_scripts(&s, why);
	if (r == 0 && s.list.len > 0)
		r = target_put(&j->target, sieve_dir, "scripts.ndjson", &s.list,
		    NULL, why);
	labels_free(&s.labels);
	buf_free(&s.list);
	return r;
}
