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
	AT_ONCE = 200 /* messages that one call is asked for */
};

/* Messages of one mailbox whose texts are wanted. */
struct wanted {
	struct store *s;
	struct catalogue *c;
	bool digests; /* else Message-IDs */
	uint32_t numbers[AT_ONCE];
	bool done[AT_ONCE];
	size_t n;
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

static void
take_text(void *arg, const char *guid, int fd)
{
	struct wanted *w = arg;
	size_t len = strlen(guid);

	for (size_t i = 0; i < w->n; i++) {
		const char *name =
		    entry_name(w->c, &w->c->entries[w->numbers[i]]);

		if (w->done[i] || strncmp(name, guid, len) != 0 ||
		    name[len] != ':')
			continue;
		read_one(w, i, fd);
		return;
	}
}

/* What Dovecot did not hand out: gone, or it cannot read one of them, which is
 * found by asking for each alone. */
static void
read_left(struct wanted *w, const struct doveadm_mailbox *m, bool failed)
{
	for (size_t i = 0; i < w->n; i++) {
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

static void
read_batch(struct wanted *w, size_t folder)
{
	const struct doveadm_mailbox *m = store_mailbox(w->s, folder);
	uint32_t uids[AT_ONCE];
	struct why why = { 0 };
	int r = 0;

	for (size_t i = 0; i < w->n; i++) {
		uids[i] = w->c->entries[w->numbers[i]].ino;
		w->done[i] = false;
	}
	if (m != NULL)
		r = doveadm_texts(
		    &w->s->doveadm, m, uids, w->n, take_text, w, &why);
	read_left(w, m, r == -1);
	w->n = 0;
}

/* In the order of the catalogue, which is that of the UIDs in each folder. */
static int
read_all(struct store *s, struct catalogue *c, size_t first, bool digests)
{
	struct wanted w = { .s = s, .c = c, .digests = digests };
	size_t folder = 0;

	for (size_t i = first; i < c->n; i++) {
		if (!is_wanted(&c->entries[i], digests))
			continue;
		if (w.n == AT_ONCE ||
		    (w.n > 0 && c->entries[i].folder != folder))
			read_batch(&w, folder);
		folder = c->entries[i].folder;
		w.numbers[w.n++] = (uint32_t)i;
	}
	if (w.n > 0)
		read_batch(&w, folder);
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
