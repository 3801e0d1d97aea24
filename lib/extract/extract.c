/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "extract/extract.h"

#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/base64.h"
#include "core/digest.h"
#include "core/json.h"
#include "extract/account.h"
#include "extract/collections.h"
#include "extract/files.h"
#include "extract/mail.h"
#include "extract/run.h"
#include "extract/sieve.h"

const char *const extract_part_names[PARTS] = { "mail", "calendars", "contacts",
	"sieve", "files" };

/* --- what a tree was made of --- */

/* All tables that the tree is made of, but the contents. */
static const char *const tables[] = { "sources", "mailboxes", "emails",
	"identities", "sieve_scripts", "address_books", "contact_cards",
	"calendars", "calendar_events", "participant_identities",
	"file_nodes" };

static void
digest_row(struct digest *h, const struct archive_rows *r)
{
	for (int i = 0; i < rows_columns(r); i++) {
		size_t len;
		const char *text = rows_text(r, i, &len);
		uint64_t head = (uint64_t)len << 1 | rows_is_null(r, i);

		digest_add(h, &head, sizeof head);
		digest_add(h, text, len);
	}
}

/* Takes what can be read; the same archive always gives the same label. */
static void
digest_archive(struct archive *a, struct buf *out)
{
	unsigned char sum[SHA256_LEN];
	struct digest h = { 0 };

	digest_start(&h);
	for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
		struct archive_rows r = { 0 };
		char *sql;

		digest_add(&h, tables[i], strlen(tables[i]));
		if (!archive_has(a, tables[i]))
			continue;
		sql = xasprintf("SELECT * FROM %s ORDER BY id", tables[i]);
		if (rows_open(&r, a, sql, NULL) == 0)
			while (rows_next(&r, NULL) == 1)
				digest_row(&h, &r);
		rows_close(&r);
		free(sql);
	}
	digest_end(&h, sum);
	digest_free(&h);
	hex_encode(sum, sizeof sum, out);
}

/* The archive, and the options that change what a file is called or holds. */
static void
put_label(const struct extract *x, struct buf *out)
{
	struct buf digest = { 0 };

	digest_archive(x->archive, &digest);
	jw_open(out, '{');
	jw_kint(out, "v", 1);
	jw_kstr(out, "archive", buf_str(&digest));
	if (x->options.has_since)
		jw_kint(out, "since", x->options.since);
	jw_kbool(out, "json", x->options.json);
	jw_kint(out, "vcard", x->options.vcard);
	jw_kbool(out, "utf8", x->options.utf8);
	jw_close(out, '}');
	buf_addc(out, '\n');
	buf_free(&digest);
}

/* --- the run --- */

static int
run_parts(struct extract_run *j, struct why *why)
{
	static int (*const parts[PARTS])(struct extract_run *,
	    struct why *) = { extract_mail, extract_calendars, extract_contacts,
		extract_sieve, extract_files };

	for (int i = 0; i < PARTS; i++) {
		if ((j->x->options.parts >> i & 1) == 0)
			continue;
		if (parts[i](j, why) == -1 ||
		    target_commit(&j->target, why) == -1)
			return -1;
		if (run_stopped(j, why))
			return -1;
	}
	if (extract_account(j, why) == -1)
		return -1;
	return target_commit(&j->target, why);
}

/* What the run did not reach counts as failed. */
static void
close_counts(struct extract *x)
{
	for (int i = 0; i < PARTS; i++) {
		struct extract_count *c = &x->counts[i];

		if (c->written + c->skipped + c->failed < c->total)
			c->failed = c->total - c->written - c->skipped;
	}
}

int
extract_run(struct extract *x, const char *target, struct why *why)
{
	struct extract_run j = { .x = x, .archive = x->archive };
	struct buf label = { 0 };
	int r;

	put_label(x, &label);
	/* A label made of a part would be that of another archive. */
	if (x->archive->failed) {
		buf_free(&label);
		return why_set(why, FAIL_FATAL,
		    "%s: disk I/O error; run it again, or copy it from that "
		    "disk first",
		    x->archive->path);
	}
	r = target_open(&j.target, target, buf_str(&label), why);
	buf_free(&label);
	if (r == -1)
		return -1;
	x->began = true;
	r = run_parts(&j, why);
	if (r == 0 && x->archive->failed)
		r = why_set(why, FAIL_FATAL,
		    "%s: the disk failed while it was read (disk I/O error); "
		    "run it again to go on",
		    x->archive->path);
	if (r == 0)
		r = archive_unchanged(x->archive, why);
	if (r == 0)
		r = target_finish(&j.target, why);
	target_close(&j.target);
	close_counts(x);
	return r;
}
