/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "through/reading.h"

#include <string.h>
#include <unistd.h>

#include "doveadm/messages.h"
#include "maildir/catalogue-internal.h"
#include "maildir/content.h"
#include "through/store.h"

enum {
	AT_ONCE = 200,     /* messages that one call is asked for */
	MAILBOXES_MAX = 50 /* of so many mailboxes */
};

/* Messages whose texts are wanted. */
struct wanted {
	struct store *s;
	struct catalogue *c;
	bool digests; /* else Message-IDs */
	uint32_t numbers[AT_ONCE], uids[AT_ONCE];
	bool done[AT_ONCE];
	size_t n;
	/* Where those of each mailbox begin. */
	size_t from[MAILBOXES_MAX + 1], n_mailboxes;
};

static bool
is_wanted(const struct catalogue_entry *e, bool digests)
{
	if ((e->state & (ENTRY_BAD | ENTRY_GONE)) != 0)
		return false;
	return digests ? (e->state & (ENTRY_WANT | ENTRY_DIGEST)) == ENTRY_WANT
		       : (e->state & ENTRY_READ) == 0;
}

static void
read_one(struct wanted *w, size_t i, int fd)
{
	struct catalogue_entry *e = &w->c->entries[w->numbers[i]];
	struct reader *scratch = &w->s->scratch;
	struct why why = { 0 };
	int r;

	w->done[i] = true;
	if (w->digests) {
		r = read_content(scratch, fd, e->digest, &why);
		if (r == 0)
			e->state |= ENTRY_DIGEST;
	} else {
		r = read_msgid(scratch, fd, e->id, &why);
		e->state |= ENTRY_READ | (r == 1 ? ENTRY_ID : 0);
	}
	if (r == -1)
		catalogue_set_fault(w->c, w->numbers[i], why.text);
}

/* One of those from a number on, of one mailbox: another one can have the GUID, too. */
static void
take_text(struct wanted *w, size_t first, size_t end, const char *guid, int fd)
{
	size_t len = strlen(guid);

	for (size_t i = first; i < end; i++) {
		const char *name =
		    entry_name(w->c, &w->c->entries[w->numbers[i]]);

		if (w->done[i] || strncmp(name, guid, len) != 0 ||
		    name[len] != ':')
			continue;
		read_one(w, i, fd);
		return;
	}
}

static void
take_of_all(void *arg, size_t range, const char *guid, int fd)
{
	struct wanted *w = arg;

	take_text(w, w->from[range], w->from[range + 1], guid, fd);
}

/* The messages of one mailbox. */
struct part {
	struct wanted *w;
	size_t first, end;
};

static void
take_of_part(void *arg, size_t range, const char *guid, int fd)
{
	const struct part *p = arg;

	(void)range;
	take_text(p->w, p->first, p->end, guid, fd);
}

/* What Dovecot did not hand out: gone, or it cannot read one of them, which is
 * found by asking for each alone. */
static void
read_left(const struct part *p, const struct doveadm_mailbox *m, bool failed)
{
	struct wanted *w = p->w;

	for (size_t i = p->first; i < p->end; i++) {
		struct catalogue_entry *e = &w->c->entries[w->numbers[i]];
		struct why why = { 0 };
		int fd = -1;

		if (w->done[i])
			continue;
		if (failed)
			fd = doveadm_text(&w->s->doveadm, m, e->ino, &why);
		if (fd != -1) {
			read_one(w, i, fd);
			(void)close(fd);
		} else if (failed && why.kind == FAIL_DATA) {
			catalogue_set_fault(w->c, w->numbers[i], why.text);
		} else {
			e->state |= ENTRY_GONE;
		}
	}
}

/* What the call for all did not hand out of one mailbox. */
static void
read_part(struct wanted *w, size_t number)
{
	struct part p = { w, w->from[number], w->from[number + 1] };
	const struct doveadm_mailbox *m =
	    store_mailbox(w->s, w->c->entries[w->numbers[p.first]].folder);
	const struct doveadm_range range = {
		.mailbox = m, .uids = w->uids + p.first, .n = p.end - p.first
	};
	struct why why = { 0 };
	bool all = true;
	int r = 0;

	for (size_t i = p.first; i < p.end; i++)
		all &= w->done[i];
	if (all)
		return;
	if (m != NULL)
		r = doveadm_texts(
		    &w->s->doveadm, &range, 1, take_of_part, &p, &why);
	read_left(&p, m, r == -1);
}

static void
read_batch(struct wanted *w)
{
	struct doveadm_range ranges[MAILBOXES_MAX];
	struct why why = { 0 };
	bool all = w->n_mailboxes > 1;

	w->from[w->n_mailboxes] = w->n;
	for (size_t i = 0; i < w->n; i++) {
		w->uids[i] = w->c->entries[w->numbers[i]].ino;
		w->done[i] = false;
	}
	for (size_t i = 0; i < w->n_mailboxes; i++) {
		size_t first = w->from[i];

		ranges[i] = (struct doveadm_range){
			.mailbox = store_mailbox(
			    w->s, w->c->entries[w->numbers[first]].folder),
			.uids = w->uids + first,
			.n = w->from[i + 1] - first,
		};
		all &= ranges[i].mailbox != NULL;
	}
	if (all)
		(void)doveadm_texts(&w->s->doveadm, ranges, w->n_mailboxes,
		    take_of_all, w, &why);
	for (size_t i = 0; i < w->n_mailboxes; i++)
		read_part(w, i);
	w->n = w->n_mailboxes = 0;
}

/* In the order of the catalogue, which is that of the UIDs in each folder. */
static int
read_all(struct store *s, struct catalogue *c, size_t first, bool digests)
{
	struct wanted w = { .s = s, .c = c, .digests = digests };
	size_t folder = 0;

	for (size_t i = first; i < c->n; i++) {
		bool other;

		if (!is_wanted(&c->entries[i], digests))
			continue;
		other = w.n == 0 || c->entries[i].folder != folder;
		if (w.n == AT_ONCE ||
		    (other && w.n_mailboxes == MAILBOXES_MAX)) {
			read_batch(&w);
			other = true;
		}
		folder = c->entries[i].folder;
		if (other)
			w.from[w.n_mailboxes++] = w.n;
		w.numbers[w.n++] = (uint32_t)i;
	}
	if (w.n > 0)
		read_batch(&w);
	return 0;
}

int
store_read_ids(void *arg, struct catalogue *c, size_t first, struct why *why)
{
	(void)why;
	return read_all(arg, c, first, false);
}

int
store_read_digests(void *arg, struct catalogue *c, struct why *why)
{
	(void)why;
	return read_all(arg, c, 0, true);
}

int
store_entry_open(void *arg, const struct catalogue *c,
    const struct catalogue_entry *e, struct why *why)
{
	struct store *s = arg;
	const struct doveadm_mailbox *m = store_mailbox(s, e->folder);

	(void)c;
	if (m == NULL)
		return why_set(why, FAIL_TEMP, "is gone");
	return doveadm_text(&s->doveadm, m, e->ino, why);
}
