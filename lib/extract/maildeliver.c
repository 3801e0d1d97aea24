/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "extract/maildeliver.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "convert/stamp.h"
#include "core/alloc.h"
#include "core/str.h"
#include "extract/mailplan.h"
#include "maildir/box.h"
#include "maildir/delivery.h"
#include "maildir/name.h"
#include "maildir/parallel.h"
#include "maildir/tree.h"

static const char our_mark[] = ".mailferry";

enum {
	BATCH = 1024, /* messages become durable, and visible, together */
	CHUNK = 131072
};

/* A connection to the archive, and the blob that it reads. */
struct lane {
	struct archive archive;
	struct blob blob;
	char *chunk;
	struct lane *next;
};

/* A message on its way. */
struct item {
	int64_t email;
	int64_t blob;
	int64_t seconds;
	unsigned int flags, letters;
	char *base; /* the name without sizes */
	bool there; /* an earlier run delivered it */
	struct parcel parcel;
	struct why why; /* kind FAIL_NONE: good */
};

/* One folder while its messages are delivered. */
struct box_run {
	struct mail *m;
	uint32_t folder;
	struct drop drop;
	struct map given; /* names of this run, and how many copies there are */
	struct map there; /* names of earlier runs */
	struct arena texts;
	struct archive_rows rows;
	struct item *items;
};

/* --- connections --- */

static struct lane *
take_lane(struct mail *m, struct why *why)
{
	struct lane *l;

	(void)pthread_mutex_lock(&m->lock);
	l = m->lanes;
	if (l != NULL)
		m->lanes = l->next;
	(void)pthread_mutex_unlock(&m->lock);
	if (l != NULL)
		return l;
	l = xcalloc(1, sizeof *l);
	if (archive_again(&l->archive, m->run->archive, why) == -1) {
		free(l);
		return NULL;
	}
	l->chunk = xmalloc(CHUNK);
	return l;
}

static void
give_lane(struct mail *m, struct lane *l)
{
	(void)pthread_mutex_lock(&m->lock);
	l->next = m->lanes;
	m->lanes = l;
	(void)pthread_mutex_unlock(&m->lock);
}

void
mail_free_lanes(struct mail *m)
{
	while (m->lanes != NULL) {
		struct lane *l = m->lanes;

		m->lanes = l->next;
		blob_close(&l->blob);
		archive_close(&l->archive);
		free(l->chunk);
		free(l);
	}
}

/* --- one message --- */

struct letters {
	const struct keywords *keywords;
	struct item *item;
};

static void
put_letter(void *arg, const char *keyword)
{
	struct letters *l = arg;
	unsigned int flag = mdflag_of_keyword(keyword);
	int n = flag != 0 ? -1 : keywords_find(l->keywords, keyword);

	l->item->flags |= flag;
	if (n != -1)
		l->item->letters |= 1U << n;
}

/*
 * What distinguishes the message from others: the archive's digest of its
 * content, or, if that is malformed, a digest made of it.
 */
static void
put_digest(const struct archive_rows *r, unsigned char digest[MD_DIGEST_LEN])
{
	struct reader reader = { 0 };
	size_t len;
	const char *hash = rows_text(r, 3, &len);

	if (len >= MD_DIGEST_LEN)
		memcpy(digest, hash, MD_DIGEST_LEN);
	else
		digest_bytes(&reader, hash, len, digest);
	reader_free(&reader);
}

/* The name without its sizes, which are not known yet: the number of the copy
 * tells equal messages of one date in one folder apart. */
static char *
name_base(struct box_run *b, int64_t seconds,
    const unsigned char digest[MD_DIGEST_LEN])
{
	const struct msgsize none = { 0 };
	struct buf base = { 0 };
	char *name;
	void **copies;

	mdname_put_base(&base, seconds, digest, 0, &none);
	base.data[base.len = strcspn(base.data, ",")] = '\0';
	copies = map_put_copy(&b->given, &b->texts, base.data, NULL);
	if (*copies != NULL) {
		unsigned int copy = (unsigned int)(uintptr_t)*copies;

		buf_reset(&base);
		mdname_put_base(&base, seconds, digest, copy, &none);
		base.data[base.len = strcspn(base.data, ",")] = '\0';
	}
	*copies = (void *)((uintptr_t)*copies + 1);
	name = xmemdup(base.data, base.len);
	buf_free(&base);
	return name;
}

/* Dovecot keeps the date of a file as a number without a sign, of 32 bits: one
 * before 1970 would come out as one after 2100. */
static void
bound_date(struct extract_run *run, struct item *it)
{
	int64_t was = it->seconds;

	if (was < 0)
		it->seconds = 0;
	else if (was > UINT32_MAX)
		it->seconds = UINT32_MAX;
	if (it->seconds != was)
		run_note(run, "email", it->email,
		    "Dovecot cannot keep its date: it is in %s now",
		    was < 0 ? "1970" : "2106");
}

/* Reads the row of a message. */
static void
prepare(struct box_run *b, struct item *it, int64_t email)
{
	struct mail *m = b->m;
	struct letters letters = { &m->keywords[b->folder], it };
	unsigned char digest[MD_DIGEST_LEN];
	const char *text;
	size_t len;
	int r;

	*it = (struct item){ .email = email, .parcel = { .fd = -1 } };
	rows_restart(&b->rows, email);
	r = rows_next(&b->rows, &it->why);
	if (r != 1) {
		if (r == 0)
			why_set(&it->why, FAIL_DATA, "its row is gone");
		it->why.kind = FAIL_DATA;
		return;
	}
	it->blob = rows_int(&b->rows, 0);
	text = rows_text(&b->rows, 1, &len);
	if (!stamp_parse(text, len, &it->seconds)) {
		it->seconds = 0;
		run_note(m->run, "email", email,
		    "\"%s\" is not a date: 1970 is taken", text);
	}
	bound_date(m->run, it);
	text = rows_text(&b->rows, 2, &len);
	(void)keywords_each(text, len, put_letter, &letters);
	if (rows_is_null(&b->rows, 3)) {
		why_set(&it->why, FAIL_DATA,
		    "its content (blob %lld) is not in the archive",
		    (long long)it->blob);
		return;
	}
	put_digest(&b->rows, digest);
	it->base = name_base(b, it->seconds, digest);
	it->there = map_get(&b->there, it->base) != NULL;
}

/* --- copying --- */

static int
copy(const struct box_run *b, struct item *it, size_t number, struct lane *l)
{
	const struct timespec date = { .tv_sec = it->seconds };
	ssize_t n;

	if (blob_open(&l->blob, &l->archive, it->blob, &it->why) == -1)
		return -1;
	if (parcel_open(&it->parcel, &b->drop, number, &it->why) == -1)
		goto fail;
	while ((n = blob_read(&l->blob, l->chunk, CHUNK, &it->why)) > 0)
		if (parcel_write(&it->parcel, l->chunk, (size_t)n, &it->why) ==
		    -1)
			goto fail;
	if (n == 0 &&
	    parcel_close(&it->parcel, &b->drop, &date, &it->why) == -1)
		goto fail;
	if (n == -1)
		parcel_drop(&it->parcel, &b->drop);
	return (int)n;
fail:
	it->why.kind = write_failure(errno);
	parcel_drop(&it->parcel, &b->drop);
	return -1;
}

struct scratch {
	struct mail *m;
	struct lane *lane;
};

static void
scratch_free(void *arg)
{
	struct scratch *s = arg;

	if (s->lane != NULL)
		give_lane(s->m, s->lane);
}

static void
copy_some(void *arg, void *scratch, size_t from, size_t to)
{
	struct box_run *b = arg;
	struct scratch *s = scratch;

	s->m = b->m;
	for (size_t i = from; i < to; i++) {
		struct item *it = &b->items[i];

		if (it->why.kind != FAIL_NONE || it->there)
			continue;
		if (s->lane == NULL)
			s->lane = take_lane(s->m, &it->why);
		if (s->lane != NULL)
			(void)copy(b, it, i, s->lane);
	}
}

/* --- a batch --- */

static bool
is_fresh(const struct item *it)
{
	return it->why.kind == FAIL_NONE && !it->there;
}

/* Gives a message its name. */
static void
show(struct box_run *b, struct item *it)
{
	struct buf name = { 0 };

	buf_addf(&name, "%s,S=%llu,W=%llu", it->base,
	    (unsigned long long)it->parcel.size.bytes,
	    (unsigned long long)msgsize_crlf(&it->parcel.size));
	mdname_put_info(&name, it->flags, it->letters);
	if (drop_show(&b->drop, it->parcel.tmp, name.data, &it->why) == -1) {
		it->why.kind = write_failure(errno);
		parcel_drop(&it->parcel, &b->drop);
	}
	buf_free(&name);
}

/* Makes the messages that were copied durable, then visible. */
static int
publish(struct box_run *b, size_t n, struct why *why)
{
	struct parcel **parcels = xcalloc(n, sizeof(struct parcel *));
	size_t fresh = 0;
	int r = 0;

	for (size_t i = 0; i < n; i++)
		if (is_fresh(&b->items[i]))
			parcels[fresh++] = &b->items[i].parcel;
	if (fresh > 0)
		r = drop_sync(&b->drop, parcels, fresh, why);
	free(parcels);
	for (size_t i = 0; i < n; i++) {
		if (!is_fresh(&b->items[i]))
			continue;
		if (r == 0)
			show(b, &b->items[i]);
		else
			parcel_drop(&b->items[i].parcel, &b->drop);
	}
	if (r == 0 && fresh > 0)
		r = drop_settle(&b->drop, why);
	if (r == -1)
		why->kind = FAIL_FATAL;
	return r;
}

/* Counts and reports. The first failure that concerns all messages ends the
 * run. */
static int
settle(struct box_run *b, size_t n, struct why *why)
{
	struct extract *x = b->m->run->x;
	int r = 0;

	for (size_t i = 0; i < n; i++) {
		struct item *it = &b->items[i];

		if (it->why.kind == FAIL_NONE)
			x->counts[PART_MAIL].written++;
		else if (it->why.kind == FAIL_DATA)
			run_tell(b->m->run, PART_MAIL, TOLD_FAILED, "email",
			    it->email, &it->why);
		else if (r == 0) {
			*why = it->why;
			r = -1;
		}
		free(it->base);
	}
	x->progress(x->arg, n);
	return r;
}

static int
deliver_batch(
    struct box_run *b, const struct ref *refs, size_t n, struct why *why)
{
	struct mail *m = b->m;

	for (size_t i = 0; i < n; i++)
		prepare(b, &b->items[i], refs[i].email);
	parallel_run(n, m->run->x->options.jobs, copy_some, b,
	    sizeof(struct scratch), scratch_free);
	if (publish(b, n, why) == -1) {
		for (size_t i = 0; i < n; i++)
			free(b->items[i].base);
		return -1;
	}
	return settle(b, n, why);
}

/* --- a folder --- */

/* The names that an earlier run gave, up to the sizes. */
static void
list_names(struct box_run *b)
{
	DIR *d = fdopendir(dup(b->drop.cur));
	struct dirent *e;

	if (d == NULL)
		return; /* a name that is taken is then seen too late */
	while ((e = readdir(d)) != NULL) {
		size_t len = strcspn(e->d_name, ",");
		char *base = xmemdup(e->d_name, len);

		if (len > sizeof our_mark - 1 &&
		    strcmp(base + len - (sizeof our_mark - 1), our_mark) == 0)
			(void)map_put_copy(&b->there, &b->texts, base, NULL);
		free(base);
	}
	(void)closedir(d);
}

static int
open_box_run(struct box_run *b, const char *dir, struct why *why)
{
	struct mail *m = b->m;

	if (drop_open(&b->drop, m->root, dir, why) == -1) {
		why->kind = FAIL_FATAL;
		return -1;
	}
	b->drop.plain = true;
	if (m->run->target.resumed) {
		drop_sweep(m->root, dir);
		list_names(b);
	}
	return rows_open(&b->rows, m->run->archive,
	    "SELECT e.blob_id, e.received_at, e.keywords, b.hash FROM emails e "
	    "LEFT JOIN blobs b ON b.id = e.blob_id WHERE e.id = ?1",
	    why);
}

/* Delivers n messages, all for one folder. */
static int
deliver_box(struct mail *m, const struct ref *refs, size_t n, struct why *why)
{
	struct box_run b = { .m = m,
		.folder = refs[0].folder,
		.drop = { .cur = -1, .new = -1, .tmp = -1 } };
	int r = open_box_run(&b, mail_dir(m, b.folder), why);

	b.items = xcalloc(n < BATCH ? n : BATCH, sizeof *b.items);
	for (size_t i = 0; r == 0 && i < n; i += BATCH) {
		size_t some = n - i < BATCH ? n - i : BATCH;

		r = deliver_batch(&b, refs + i, some, why);
		if (r == 0 && run_stopped(m->run, why))
			r = -1;
	}
	free(b.items);
	rows_close(&b.rows);
	map_free(&b.given);
	map_free(&b.there);
	arena_free(&b.texts);
	drop_close(&b.drop);
	return r;
}

int
mail_deliver(struct mail *m, struct why *why)
{
	int r = 0;

	for (size_t i = 0, n; r == 0 && i < m->n; i += n) {
		for (n = 1; i + n < m->n &&
			    m->refs[i + n].folder == m->refs[i].folder;)
			n++;
		r = deliver_box(m, m->refs + i, n, why);
	}
	return r;
}
