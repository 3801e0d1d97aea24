/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* What an archive holds, for people. */
#include "extract/summary.h"

#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/num.h"
#include "core/str.h"
#include "extract/extract.h"
#include "extract/idlist.h"
#include "extract/mailboxes.h"

/* Rows of one query, each appended by a function. A table that is not there has
 * none. */
struct listing {
	struct archive *archive;
	struct buf *out;
	struct boxes boxes;
	size_t *messages; /* by number of the mailbox */
	size_t unfiled;
	struct ids ids;
	int result;
	struct why *why;
};

static void
each_row(struct listing *l, const char *table, const char *sql,
    void (*put)(struct listing *, const struct archive_rows *))
{
	struct archive_rows r = { 0 };
	int more;

	if (!archive_has(l->archive, table))
		return;
	more = rows_open(&r, l->archive, sql, l->why);
	while (more != -1 && (more = rows_next(&r, l->why)) == 1)
		put(l, &r);
	rows_close(&r);
	if (more == -1)
		l->result = -1;
}

/* One text of a row, as it may be shown. */
static void
put_text(struct buf *out, const struct archive_rows *r, int column)
{
	str_vis(out, rows_text(r, column, NULL), 200);
}

static void
put_source(struct listing *l, const struct archive_rows *r)
{
	buf_adds(l->out, "source\t");
	put_text(l->out, r, 0);
	buf_addc(l->out, '\t');
	put_text(l->out, r, 1);
	buf_addc(l->out, '\t');
	put_text(l->out, r, 2);
	buf_addc(l->out, '\n');
}

static void
count_email(struct listing *l, const struct archive_rows *r)
{
	size_t len;
	const char *text = rows_text(r, 0, &len);
	bool known = false;

	(void)ids_read(&l->ids, text, len);
	for (size_t i = 0; i < l->ids.n; i++) {
		ssize_t n = boxes_find(&l->boxes, l->ids.all[i]);

		if (n == -1)
			continue;
		l->messages[n]++;
		known = true;
	}
	l->unfiled += !known;
}

static void
put_boxes(struct listing *l)
{
	for (size_t i = 0; i < l->boxes.n; i++) {
		const struct box *b = &l->boxes.all[i];

		buf_addf(l->out, "folder\t%zu message%s\t", l->messages[i],
		    plural(l->messages[i]));
		str_vis(l->out, b->dir, 0);
		buf_addc(l->out, '\t');
		str_vis(l->out, b->name, 200);
		buf_addf(l->out, "\t%s%s\n", b->role == NULL ? "-" : "",
		    b->role == NULL ? "" : b->role);
	}
	if (l->unfiled > 0)
		buf_addf(l->out,
		    "folder\t%zu message%s\t(none)\tin no known mailbox\t-\n",
		    l->unfiled, plural(l->unfiled));
}

/* "calendar  12 events  Work". */
static void
put_counted(struct listing *l, const struct archive_rows *r)
{
	put_text(l->out, r, 0);
	buf_addf(l->out, "\t%lld ", (long long)rows_int(r, 1));
	put_text(l->out, r, 2);
	buf_addc(l->out, '\t');
	put_text(l->out, r, 3);
	buf_addc(l->out, '\n');
}

/* A count where there is one. */
static void
put_number(struct listing *l, const struct archive_rows *r)
{
	if (rows_int(r, 1) == 0)
		return;
	put_text(l->out, r, 0);
	buf_addf(l->out, "\t%lld\n", (long long)rows_int(r, 1));
}

static void
list_mail(struct listing *l, bool utf8)
{
	const struct box_style style = { utf8, boxes_from_disk(l->archive) };

	if (boxes_read(&l->boxes, l->archive, l->why) == -1)
		l->result = -1;
	boxes_name(&l->boxes, &style);
	l->messages = xcalloc(l->boxes.n + 1, sizeof *l->messages);
	each_row(l, "emails", "SELECT mailbox_ids FROM emails", count_email);
	put_boxes(l);
}

static void
list_rest(struct listing *l)
{
	/* In a JSON array, an id is between brackets or commas. */
	each_row(l, "calendars",
	    "SELECT 'calendar', (SELECT count(*) FROM calendar_events e WHERE "
	    "replace(replace(calendar_ids, '[', ','), ']', ',') LIKE "
	    "'%,' || c.id || ',%'), 'events', name FROM calendars c ORDER BY "
	    "id",
	    put_counted);
	each_row(l, "address_books",
	    "SELECT 'address-book', (SELECT count(*) FROM contact_cards WHERE "
	    "replace(replace(address_book_ids, '[', ','), ']', ',') LIKE "
	    "'%,' || b.id || ',%'), 'cards', name FROM address_books b ORDER "
	    "BY id",
	    put_counted);
	each_row(l, "sieve_scripts",
	    "SELECT 'script', length(b.data), CASE WHEN is_active <> 0 THEN "
	    "'bytes, active' ELSE 'bytes' END, coalesce(name, '') FROM "
	    "sieve_scripts s LEFT JOIN blobs b ON b.id = s.blob_id ORDER BY "
	    "s.id",
	    put_counted);
	each_row(l, "identities",
	    "SELECT 'identities', count(*) FROM identities", put_number);
	each_row(l, "participant_identities",
	    "SELECT 'participant-identities', count(*) FROM "
	    "participant_identities",
	    put_number);
	each_row(l, "file_nodes", "SELECT 'files', count(*) FROM file_nodes",
	    put_number);
	each_row(
	    l, "emails", "SELECT 'emails', count(*) FROM emails", put_number);
	each_row(l, "calendar_events",
	    "SELECT 'events', count(*) FROM calendar_events", put_number);
	each_row(l, "contact_cards",
	    "SELECT 'contacts', count(*) FROM contact_cards", put_number);
	each_row(l, "blobs", "SELECT 'bytes', sum(length(data)) FROM blobs",
	    put_number);
}

int
extract_list(struct archive *a, bool utf8, struct buf *out, struct why *why)
{
	struct listing l = { .archive = a, .out = out, .why = why };

	each_row(&l, "sources",
	    "SELECT kind, session_url, coalesce(account_name, account_id) "
	    "FROM sources ORDER BY id",
	    put_source);
	list_mail(&l, utf8);
	list_rest(&l);
	boxes_free(&l.boxes);
	free(l.messages);
	free(l.ids.all);
	return l.result;
}

size_t
extract_total(struct archive *a, unsigned int parts)
{
	static const char *const counted[PARTS] = { "emails", "calendar_events",
		"contact_cards", "sieve_scripts", "file_nodes" };
	size_t total = 0;

	for (int i = 0; i < PARTS; i++) {
		struct archive_rows r = { 0 };
		char *sql = xasprintf("SELECT count(*) FROM %s", counted[i]);

		if ((parts >> i & 1) != 0 && rows_open(&r, a, sql, NULL) == 0 &&
		    rows_next(&r, NULL) == 1)
			total += (size_t)rows_int(&r, 0);
		rows_close(&r);
		free(sql);
	}
	return total;
}
