/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* Which message goes into which folder, and which letter each keyword has
 * there. All of it is decided before the first message is written. */
#include "extract/mailplan.h"

#include <stdlib.h>
#include <string.h>

#include "convert/stamp.h"
#include "core/alloc.h"
#include "core/json.h"
#include "core/num.h"
#include "core/str.h"
#include "extract/idlist.h"
#include "maildir/name.h"

static const char unfiled_name[] = "Unfiled";

/* One message while it is planned. */
struct planned {
	struct mail *m;
	int64_t email;
	struct ids boxes;
	uint32_t *folders;
	size_t n, cap;
};

const char *
mail_dir(const struct mail *m, uint32_t folder)
{
	return folder == m->boxes.n ? m->unfiled : m->boxes.all[folder].dir;
}

int
keywords_each(const char *json, size_t len,
    void (*each)(void *arg, const char *keyword), void *arg)
{
	struct json_reader s;
	enum jr_type type;
	char *text, *word;
	bool good;
	int odd = 0;

	if (!utf8_text(json, len))
		return -1;
	text = xmemdup(json, len);
	jr_init(&s, text);
	good = jr_enter(&s, '[');
	while (good && jr_element(&s)) {
		good = jr_peek(&s, &type);
		if (good && type != JR_STRING) {
			good = jr_skip(&s);
			odd++;
		} else if (good && (good = jr_string(&s, &word))) {
			if (mdflag_of_keyword(word) != 0 || keyword_valid(word))
				each(arg, word);
			else
				odd++;
		}
	}
	good = good && jr_done(&s);
	free(text);
	return good ? odd : -1;
}

/* --- keywords --- */

static void
lose_keyword(struct mail *m, uint32_t folder, const char *keyword)
{
	char *key = xasprintf("%u %s", (unsigned int)folder, keyword);
	void **slot = map_put_copy(&m->lost, &m->texts, key, NULL);

	*slot = (void *)((uintptr_t)*slot + 1);
	free(key);
}

/* A keyword gets a letter in each folder of the message. */
static void
plan_keyword(void *arg, const char *keyword)
{
	struct planned *p = arg;

	if (mdflag_of_keyword(keyword) != 0)
		return;
	for (size_t i = 0; i < p->n; i++)
		if (keywords_add(&p->m->keywords[p->folders[i]], keyword) == -1)
			lose_keyword(p->m, p->folders[i], keyword);
}

/* Reports keywords without a letter, by folder. */
static void
tell_lost(struct mail *m)
{
	const char *key;
	void *count;
	size_t at = 0;

	while (map_next(&m->lost, &at, &key, &count)) {
		char *end;
		uint32_t folder = (uint32_t)strtoul(key, &end, 10);
		int64_t id = folder < m->boxes.n ? m->boxes.all[folder].id : 0;

		run_note(m->run, "mailbox", id,
		    "%s: there are letters for %d keywords only: \"%s\" is not "
		    "on %zu message%s",
		    mail_dir(m, folder), KEYWORDS_MAX, end + 1,
		    (size_t)(uintptr_t)count, plural((size_t)(uintptr_t)count));
	}
}

/* --- folders --- */

static int
by_number(const void *a, const void *b)
{
	const uint32_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

static void
add_folder(struct planned *p, uint32_t folder)
{
	p->folders = xgrow(p->folders, p->n, &p->cap, sizeof *p->folders);
	p->folders[p->n++] = folder;
}

static void
skip(struct planned *p, const char *text, int64_t box)
{
	struct why why = { 0 };

	why_set(&why, FAIL_DATA, "%s: %lld", text, (long long)box);
	run_tell(p->m->run, PART_MAIL, TOLD_SKIPPED, "email", p->email, &why);
}

/* Sorts the folders, and takes out those that are named twice. */
static void
unique_folders(struct planned *p)
{
	size_t kept = 0;

	if (p->n < 2)
		return;
	qsort(p->folders, p->n, sizeof *p->folders, by_number);
	for (size_t i = 0; i < p->n; i++) {
		if (kept > 0 && p->folders[kept - 1] == p->folders[i])
			skip(p, "it names this mailbox twice",
			    p->m->boxes.all[p->folders[i]].id);
		else
			p->folders[kept++] = p->folders[i];
	}
	p->n = kept;
}

/* Reports mailboxes that are not there. For a message in no other, one of them
 * counts as the folder that it goes to. */
static void
skip_unknown(struct planned *p, bool spare)
{
	for (size_t i = 0; i < p->boxes.n; i++) {
		if (boxes_find(&p->m->boxes, p->boxes.all[i]) != -1)
			continue;
		if (!spare)
			skip(p, "there is no such mailbox", p->boxes.all[i]);
		spare = false;
	}
	for (size_t i = 0; i < p->boxes.odd; i++) {
		if (!spare)
			skip(p, "one of its mailboxes is not a number",
			    (int64_t)i + 1);
		spare = false;
	}
}

/* Finds the folders of a message; total counts every reference. */
static void
find_folders(struct planned *p, const char *json, size_t len)
{
	struct mail *m = p->m;
	struct extract_count *count = &m->run->x->counts[PART_MAIL];
	int r = ids_read(&p->boxes, json, len);

	count->total += ids_count(&p->boxes);
	p->n = 0;
	for (size_t i = 0; i < p->boxes.n; i++) {
		ssize_t n = boxes_find(&m->boxes, p->boxes.all[i]);

		if (n != -1)
			add_folder(p, (uint32_t)n);
	}
	skip_unknown(p, p->n == 0);
	unique_folders(p);
	if (p->n > 0)
		return;
	add_folder(p, (uint32_t)m->boxes.n);
	run_note(m->run, "email", p->email, "%s: it goes to \"%s\"",
	    r == -1 ? "its mailboxes cannot be read"
		    : "it is in no mailbox that is known",
	    unfiled_name);
}

static void
plan_row(struct planned *p, const struct archive_rows *r)
{
	struct mail *m = p->m;
	size_t len;
	const char *text;

	p->email = rows_int(r, 0);
	text = rows_text(r, 1, &len);
	find_folders(p, text, len);
	text = rows_text(r, 2, &len);
	switch (keywords_each(text, len, plan_keyword, p)) {
	case 0:
		break;
	case -1:
		run_note(m->run, "email", p->email,
		    "its keywords cannot be read: it has none now");
		break;
	default:
		run_note(m->run, "email", p->email,
		    "a keyword that no IMAP server could have is left out");
		break;
	}
	for (size_t i = 0; i < p->n; i++) {
		m->refs = xgrow(m->refs, m->n, &m->cap, sizeof *m->refs);
		m->refs[m->n++] = (struct ref){ p->email, p->folders[i] };
	}
}

/* A message that is too old, with all its references. */
static bool
is_old(struct planned *p, const struct archive_rows *r)
{
	struct extract *x = p->m->run->x;
	struct extract_count *count = &x->counts[PART_MAIL];
	size_t len;
	const char *text = rows_text(r, 3, &len);
	struct why why = { 0 };
	int64_t seconds;

	if (!x->options.has_since || !stamp_parse(text, len, &seconds) ||
	    seconds >= x->options.since)
		return false;
	text = rows_text(r, 1, &len);
	(void)ids_read(&p->boxes, text, len);
	len = ids_count(&p->boxes);
	count->total += len;
	why_set(&why, FAIL_DATA, "it is older");
	for (size_t i = 0; i < len; i++)
		run_tell(p->m->run, PART_MAIL, TOLD_OLD, "email",
		    rows_int(r, 0), &why);
	x->progress(x->arg, len);
	return true;
}

static int
by_folder(const void *a, const void *b)
{
	const struct ref *x = a, *y = b;

	if (x->folder != y->folder)
		return x->folder < y->folder ? -1 : 1;
	return x->email < y->email ? -1 : x->email > y->email;
}

static int
plan_rows(struct planned *p, struct why *why)
{
	struct archive_rows r = { 0 };
	int more;

	if (rows_open(&r, p->m->run->archive,
		"SELECT id, mailbox_ids, keywords, received_at FROM emails "
		"ORDER BY id",
		why) == -1)
		return run_broken_table(p->m->run, PART_MAIL, "emails", why);
	while ((more = rows_next(&r, why)) == 1)
		if (!is_old(p, &r))
			plan_row(p, &r);
	rows_close(&r);
	return more == 0
		   ? 0
		   : run_broken_table(p->m->run, PART_MAIL, "emails", why);
}

/* Reports mailboxes whose place or name has changed. */
static void
tell_boxes(struct mail *m)
{
	for (size_t i = 0; i < m->boxes.n; i++) {
		const struct box *box = &m->boxes.all[i];

		if (box->cut)
			run_note(m->run, "mailbox", box->id,
			    "its parent is missing or below itself: %s",
			    box->dir);
		else if (box->renamed || (box->was != NULL && !box->is_inbox))
			run_note(m->run, "mailbox", box->id,
			    "\"%s\": its folder is %s: the name is taken, too "
			    "long, or impossible on disk",
			    box->was == NULL ? box->name : box->was, box->dir);
	}
}

int
mail_plan(struct mail *m, struct why *why)
{
	struct planned p = { .m = m };
	int r;

	m->style = (struct box_style){ .utf8 = m->run->x->options.utf8,
		.from_disk = boxes_from_disk(m->run->archive) };
	if (boxes_read(&m->boxes, m->run->archive, why) == -1)
		(void)run_broken_table(m->run, PART_MAIL, "mailboxes", why);
	boxes_name(&m->boxes, &m->style);
	tell_boxes(m);
	m->keywords = xcalloc(m->boxes.n + 1, sizeof *m->keywords);
	r = plan_rows(&p, why);
	if (m->n > 0)
		qsort(m->refs, m->n, sizeof *m->refs, by_folder);
	if (m->n > 0 && m->refs[m->n - 1].folder == m->boxes.n)
		m->unfiled = boxes_spare(&m->boxes, unfiled_name, &m->style);
	tell_lost(m);
	free(p.boxes.all);
	free(p.folders);
	return r;
}
