/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * account.ndjson: the rows that have no file of their own, whole: where the
 * archive came from, identities with their signatures, and what mailboxes,
 * calendars, address books and files have besides their names.
 */
#include "extract/account.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/json.h"
#include "core/str.h"
#include "extract/collections-dir.h"
#include "extract/idlist.h"

static const char file_name[] = "account.ndjson";

enum {
	FLUSH = 65536,
	TEXT_MAX_LEN = 16 << 20
};

static const struct {
	const char *table, *type;
	enum extract_part part; /* whose folders it names; PARTS: none */
	bool kept;              /* no other file has it */
} lists[] = { { "sources", "source", PARTS, false },
	{ "identities", "identity", PARTS, true },
	{ "participant_identities", "participant-identity", PARTS, true },
	{ "mailboxes", "mailbox", PARTS, false },
	{ "calendars", "calendar", PART_CALENDARS, false },
	{ "address_books", "address-book", PART_CONTACTS, false },
	{ "file_nodes", "file", PARTS, false } };

/* Columns that hold JSON. */
static bool
holds_json(const char *column)
{
	static const char *const names[] = { "reply_to", "bcc",
		"default_alerts_with_time", "default_alerts_without_time",
		"target" };

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (strcmp(column, names[i]) == 0)
			return true;
	return false;
}

/* A text with any bytes, as a string. */
static void
put_text(struct buf *out, const char *text, size_t len)
{
	static const char replacement[] = "\xef\xbf\xbd"; /* U+FFFD */
	struct buf clean = { 0 };

	while (len > 0) {
		size_t good = utf8_prefix(text, len);

		buf_add(&clean, text, good);
		if (good < len) {
			buf_adds(&clean, replacement);
			good++;
		}
		text += good;
		len -= good;
	}
	jw_strn(out, buf_str(&clean), clean.len);
	buf_free(&clean);
}

/* False if it is not JSON. */
static bool
put_json(struct buf *out, const char *text, size_t len)
{
	json_t *value = json_loadb(text, len, JSON_DECODE_ANY, NULL);
	char *dump = value == NULL
			 ? NULL
			 : json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);

	if (dump != NULL)
		buf_adds(out, dump);
	json_decref(value);
	free(dump);
	return dump != NULL;
}

static void
put_column(struct buf *out, const struct archive_rows *r, int column)
{
	const char *name = rows_name(r, column), *text;
	size_t len;

	if (rows_is_null(r, column))
		return;
	jw_key(out, name);
	if (rows_is_int(r, column)) {
		jw_int(out, rows_int(r, column));
		return;
	}
	text = rows_text(r, column, &len);
	if (len > TEXT_MAX_LEN)
		len = TEXT_MAX_LEN;
	if (!holds_json(name) || !put_json(out, text, len))
		put_text(out, text, len);
}

static void
put_record(struct buf *out, const struct archive_rows *r, const char *type,
    const struct collection_dirs *dirs)
{
	const struct collection_dir *dir =
	    dirs->n == 0 ? NULL : collection_dirs_find(dirs, rows_int(r, 0));

	jw_open(out, '{');
	jw_kint(out, "v", 1);
	jw_kstr(out, "type", type);
	if (dir != NULL)
		jw_kstr(out, "dir", dir->path);
	for (int i = 0; i < rows_columns(r); i++)
		put_column(out, r, i);
	jw_close(out, '}');
	buf_addc(out, '\n');
}

static int
flush(struct draft *d, struct buf *out, size_t above, struct why *why)
{
	int r = 0;

	if (out->len > above) {
		r = draft_write(d, out->data, out->len, why);
		buf_reset(out);
	}
	return r;
}

/* Writes the rows of one table. */
static int
put_list(struct extract_run *j, size_t number, struct draft *d, struct why *why)
{
	const char *table = lists[number].table;
	char *sql = xasprintf("SELECT * FROM %s ORDER BY id", table);
	struct collection_dirs dirs = { 0 };
	struct archive_rows r = { 0 };
	struct buf out = { 0 };
	struct why bad = { 0 };
	int more, result = 0;

	if (lists[number].part != PARTS)
		(void)collection_dirs_read(
		    &dirs, j->archive, lists[number].part, NULL);
	more = rows_open(&r, j->archive, sql, &bad);
	while (result == 0 && more != -1 && (more = rows_next(&r, &bad)) == 1) {
		put_record(&out, &r, lists[number].type, &dirs);
		j->x->kept += lists[number].kept;
		result = flush(d, &out, FLUSH, why);
	}
	if (result == 0)
		result = flush(d, &out, 0, why);
	if (result == 0 && more == -1)
		j->x->tell(j->x->arg, TOLD_FAILED, table, &bad);
	rows_close(&r);
	collection_dirs_free(&dirs);
	buf_free(&out);
	free(sql);
	return result;
}

int
extract_account(struct extract_run *j, struct why *why)
{
	struct draft d = { .fd = -1 };
	int r = draft_open(&j->target, &d, why);

	if (r == -1)
		return -1;
	for (size_t i = 0; r == 0 && i < sizeof lists / sizeof *lists; i++)
		if (archive_has(j->archive, lists[i].table))
			r = put_list(j, i, &d, why);
	if (r == 0)
		return draft_close(
		    &j->target, &d, ".", file_name, NULL, NULL, why);
	draft_drop(&j->target, &d);
	return r;
}
