/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "extract/extract.h"

#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/json.h"
#include "extract/extractpart.h"

const char *const extract_part_names[PARTS] = { "mail", "calendars", "contacts",
	"sieve", "files" };

/* --- what a tree was made of --- */

/* All tables that the tree is made of, but the contents. */
static const char *const tables[] = { "sources", "mailboxes", "emails",
	"identities", "sieve_scripts", "address_books", "contact_cards",
	"calendars", "calendar_events", "participant_identities",
	"file_nodes" };

static void
digest_row(EVP_MD_CTX *md, const struct rows *r)
{
	for (int i = 0; i < rows_columns(r); i++) {
		size_t len;
		const char *text = rows_text(r, i, &len);
		uint64_t head = (uint64_t)len << 1 | rows_is_null(r, i);

		(void)EVP_DigestUpdate(md, &head, sizeof head);
		(void)EVP_DigestUpdate(md, text, len);
	}
}

/* Whatever can be read; the same archive gives the same. */
static void
digest_archive(struct archive *a, struct buf *out)
{
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	unsigned char sum[EVP_MAX_MD_SIZE];
	unsigned int n = 0;

	if (md == NULL || EVP_DigestInit_ex(md, EVP_sha256(), NULL) != 1)
		abort(); /* out of memory */
	for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
		struct rows r = { 0 };
		char *sql;

		(void)EVP_DigestUpdate(md, tables[i], strlen(tables[i]));
		if (!archive_has(a, tables[i]))
			continue;
		sql = xasprintf("SELECT * FROM %s ORDER BY id", tables[i]);
		if (rows_open(&r, a, sql, NULL) == 0)
			while (rows_next(&r, NULL) == 1)
				digest_row(md, &r);
		rows_close(&r);
		free(sql);
	}
	(void)EVP_DigestFinal_ex(md, sum, &n);
	EVP_MD_CTX_free(md);
	for (unsigned int i = 0; i < n; i++)
		buf_addf(out, "%02x", sum[i]);
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
run_parts(struct job *j, struct why *why)
{
	static int (*const parts[PARTS])(
	    struct job *, struct why *) = { extract_mail, extract_calendars,
		extract_contacts, extract_sieve, extract_files };

	for (int i = 0; i < PARTS; i++) {
		if ((j->x->options.parts >> i & 1) == 0)
			continue;
		if (parts[i](j, why) == -1 ||
		    target_commit(&j->target, why) == -1)
			return -1;
		if (job_stopped(j, why))
			return -1;
	}
	if (extract_account(j, why) == -1)
		return -1;
	return target_commit(&j->target, why);
}

/* What was not reached did not come over. */
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
	struct job j = { .x = x, .archive = x->archive };
	struct buf label = { 0 };
	int r;

	put_label(x, &label);
	r = target_open(&j.target, target, buf_str(&label), why);
	buf_free(&label);
	if (r == -1)
		return -1;
	x->began = true;
	r = run_parts(&j, why);
	if (r == 0 && !archive_unchanged(x->archive))
		r = why_set(why, FAIL_FATAL,
		    "%s: another program changed it meanwhile; extract it "
		    "again, into another folder",
		    x->archive->path);
	target_close(&j.target);
	close_counts(x);
	return r;
}

size_t
extract_total(struct archive *a, unsigned int parts)
{
	static const char *const counted[PARTS] = { "emails", "calendar_events",
		"contact_cards", "sieve_scripts", "file_nodes" };
	size_t total = 0;

	for (int i = 0; i < PARTS; i++) {
		struct rows r = { 0 };
		char *sql = xasprintf("SELECT count(*) FROM %s", counted[i]);

		if ((parts >> i & 1) != 0 && rows_open(&r, a, sql, NULL) == 0 &&
		    rows_next(&r, NULL) == 1)
			total += (size_t)rows_int(&r, 0);
		rows_close(&r);
		free(sql);
	}
	return total;
}
