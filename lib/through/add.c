/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "through/add.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "core/alloc.h"
#include "core/str.h"
#include "doveadm/messages.h"
#include "doveadm/naming.h"
#include "maildir/box.h"
#include "maildir/name.h"
#include "merge/arrivals.h"
#include "merge/keywordmap.h"
#include "through/flags.h"
#include "through/listing.h"
#include "through/make.h"

enum {
	AT_ONCE = 500,            /* messages of one import */
	BYTES_AT_ONCE = 64 << 20, /* or so many bytes */
	PARTS_MAX = 50,           /* into so many mailboxes */
	GUID_LEN = 32,
	GUID_RANDOM = 11 /* bytes of it */
};

/* What goes into one mailbox. */
struct part {
	struct doveadm_mailbox
	    before;       /* as it was; name, path, guid are ours */
	size_t from, end; /* its items */
	struct keywords keywords;
};

/* What one call imports. */
struct batch {
	struct through *t;
	const struct item *items;
	size_t n;                          /* of the items that it deals with */
	char guids[AT_ONCE][GUID_LEN + 1]; /* empty: not in it */
	bool there[AT_ONCE];
	char *keywords_of[AT_ONCE]; /* as the journal has them; NULL: none */
	char *lacking[AT_ONCE];     /* of these, what is not there */
	struct part parts[PARTS_MAX];
	size_t n_parts;
	int64_t bytes;
};

/*
 * A GUID of 128 bits, in hexadecimal, as dbox needs it. Dovecot hands out UIDs
 * in the order of the digits that a name begins with, so these count up; the
 * letter ends them.
 */
static int
make_guid(struct through *t, char guid[GUID_LEN + 1], struct why *why)
{
	unsigned char random[GUID_RANDOM];
	char *at = guid;

	if (getrandom(random, sizeof random, 0) != (ssize_t)sizeof random)
		return why_errno(why, FAIL_FATAL, "random numbers");
	at += snprintf(at, GUID_LEN + 1, "%09" PRIu32 "a", t->given++);
	for (size_t i = 0; i < sizeof random; i++)
		at += snprintf(at, 3, "%02x", random[i]);
	*map_put_copy(&t->ours, &t->texts, guid, NULL) = t;
	return 0;
}

/* The letters of a message's keywords in the list of the batch. */
struct letters {
	struct part *part;
	unsigned int letters;
	bool full; /* the list has no room for one */
	size_t max, refused;
	struct buf names; /* of those that Dovecot refuses */
};

static void
add_letter(struct merge *m, const char *name, void *arg)
{
	struct letters *l = arg;
	int n;

	(void)m;
	if (strlen(name) > l->max) {
		buf_addf(&l->names, "%s%s", l->refused++ > 0 ? " " : "", name);
		return;
	}
	n = keywords_find(&l->part->keywords, name);
	if (n == -1)
		n = keywords_add(&l->part->keywords, name);
	if (n == -1)
		l->full = true;
	else
		l->letters |= 1U << n;
}

/* The keywords of letters, as the journal has them. */
static char *
keywords_of(const struct part *part, unsigned int letters)
{
	struct buf words = { 0 };
	char *result;

	for (int i = 0; i < KEYWORDS_MAX; i++)
		if ((letters >> i & 1) != 0)
			buf_addf(&words, "%s ", part->keywords.name[i]);
	result = through_keywords(buf_str(&words));
	buf_free(&words);
	return result;
}

/* Counts and notes keywords of a message that Dovecot does not take: names, divided
 * by blanks. */
static void
note_refused(
    struct merge *m, const struct item *it, const char *names, size_t n)
{
	char *first = xmemdup(names, strcspn(names, " "));

	m->refused_keywords += n;
	if (m->refused_keyword == NULL)
		m->refused_keyword = arena_adds(&m->texts, first);
	free(first);
	merge_note_lost_keywords(m, it, names);
}

/* The letters of a message; what is lost is counted and noted. False if the list of
 * a mailbox for which messages were taken lacks room for them: it comes again. */
static bool
take_letters(struct through *t, struct part *part, bool any,
    const struct item *it, unsigned int *letters)
{
	struct merge *m = &t->run->merge;
	struct letters l = { .part = part,
		.max = doveadm_keyword_max(&t->store.account) };
	size_t nameless = m->nameless_letters;

	merge_each_keyword(m, it, add_letter, &l);
	*letters = l.letters;
	if (l.full && any) {
		m->nameless_letters = nameless;
		buf_free(&l.names);
		return false;
	}
	m->lost_keywords += l.full;
	if (l.refused > 0)
		note_refused(m, it, buf_str(&l.names), l.refused);
	else if (l.full || m->nameless_letters > nameless)
		merge_note_lost_keywords(m, it, "");
	buf_free(&l.names);
	return true;
}

void
through_foresee(struct through *t)
{
	struct merge *m = &t->run->merge;
	struct part part = { 0 };
	unsigned int letters;

	for (size_t i = 0; i < m->n; i++) {
		(void)take_letters(t, &part, false, &m->items[i], &letters);
		keywords_free(&part.keywords);
	}
}

/* Puts one message into the stage. 1; 0 if the batch is full; -1: it failed, or
 * (FATAL) all did. */
static int
stage_one(
    struct batch *b, struct part *part, const struct item *it, struct why *why)
{
	struct through *t = b->t;
	struct merge *m = &t->run->merge;
	const struct catalogue_entry *e = merge_source(m, it);
	struct journal_record rec = { .kind = JOURNAL_ADD,
		.dir = m->plan->target->tree->folders[it->folder].dir,
		.date = it->date };
	struct buf name = { 0 }, info = { 0 };
	unsigned int letters;
	int fd, r;

	if (!take_letters(t, part, b->n > part->from, it, &letters))
		return 0;
	fd = entry_open(m->plan->source, e, why);
	if (fd == -1 || make_guid(t, b->guids[b->n], why) == -1) {
		b->guids[b->n][0] = '\0';
		if (fd != -1)
			(void)close(fd);
		return -1;
	}
	mdname_put_info(&info,
	    mdname_flags(entry_name(m->plan->source, e)) &
		~(unsigned int)MD_PASSED,
	    letters);
	buf_addf(&name, "%s%s", b->guids[b->n], buf_str(&info));
	r = stage_put(
	    &t->stage, fd, buf_str(&name), it->date, &rec.size, rec.sha, why);
	(void)close(fd);
	if (r == 0) {
		rec.name = b->guids[b->n];
		buf_reset(&info);
		mdname_put_info(
		    &info, mdname_flags(entry_name(m->plan->source, e)), 0);
		rec.info = info.data;
		rec.keywords = keywords_of(part, letters);
		b->bytes += rec.size;
		journal_put(&t->run->journal, &rec);
		b->keywords_of[b->n] = rec.keywords;
	} else {
		b->guids[b->n][0] = '\0';
	}
	buf_free(&info);
	buf_free(&name);
	return r == 0 ? 1 : -1;
}

static bool
is_full(const struct batch *b)
{
	return b->n == AT_ONCE || b->bytes >= BYTES_AT_ONCE;
}

/* Takes the items of one folder, up to end. Messages that cannot be read fail. 1; 0
 * if the batch is full; -1 and why. */
static int
fill_part(struct batch *b, struct part *part, size_t end, struct why *why)
{
	struct merge *m = &b->t->run->merge;

	for (; b->n < end && !is_full(b); b->n++) {
		const struct item *it = &b->items[b->n];
		struct why one = { 0 };
		int r;

		b->guids[b->n][0] = '\0';
		if (m->plan->fates[it->entry].outcome != OUT_ADD) {
			merge_settle(m, it->entry); /* it arrived by itself */
			continue;
		}
		r = stage_one(b, part, it, &one);
		if (r == 0)
			return 0;
		if (r == -1 && one.kind == FAIL_FATAL) {
			*why = one;
			return -1;
		}
		if (r == -1)
			merge_fail(m, it, &one);
	}
	return b->n == end;
}

static void
fail_some(struct batch *b, size_t end, const struct why *why)
{
	for (; b->n < end; b->n++) {
		b->guids[b->n][0] = '\0';
		merge_fail(&b->t->run->merge, &b->items[b->n], why);
	}
}

/* Begins a mailbox, and keeps how it was: a refresh forgets it. */
static int
begin_part(struct batch *b, const struct doveadm_mailbox *m, struct why *why)
{
	struct part *part = &b->parts[b->n_parts];

	if (stage_begin(&b->t->stage, m->name, why) == -1)
		return -1;
	*part = (struct part){ .before = *m, .from = b->n };
	part->before.name = xstrdup(m->name);
	part->before.path = xstrdup(m->path);
	part->before.guid = xstrdup(m->guid);
	part->before.role = NULL;
	b->n_parts++;
	return 0;
}

/* The items of one folder, up to end: 1; 0 if the batch is full; -1 and why. */
static int
add_part(struct batch *b, size_t end, const bool *refused, struct why *why)
{
	const struct why no_folder = { .kind = FAIL_DATA,
		.text = "its folder cannot be made" };
	const struct why gone = { .kind = FAIL_TEMP,
		.text = "the mailbox is gone" };
	size_t folder = b->items[b->n].folder;
	const struct doveadm_mailbox *m = store_mailbox(&b->t->store, folder);
	struct part *part = &b->parts[b->n_parts];
	int r;

	if (refused[folder] || m == NULL) {
		fail_some(b, end, refused[folder] ? &no_folder : &gone);
		return 1;
	}
	if (begin_part(b, m, why) == -1)
		return -1;
	r = fill_part(b, part, end, why);
	part->end = b->n;
	if (r != -1 && stage_end(&b->t->stage, &part->keywords, why) == -1)
		r = -1;
	return r;
}

/* Fills the stage with what goes into some mailboxes. 0, or -1 and why. */
static int
fill(struct batch *b, size_t left, const bool *refused, struct why *why)
{
	int r = 1;

	if (left > AT_ONCE)
		left = AT_ONCE;
	while (r == 1 && b->n < left && b->n_parts < PARTS_MAX) {
		size_t end = b->n + 1;

		while (
		    end < left && b->items[end].folder == b->items[b->n].folder)
			end++;
		r = add_part(b, end, refused, why);
	}
	return r == -1 ? -1 : 0;
}

/* Has Dovecot take the stage. A failure does not prove that nothing came. On one file
 * system Dovecot would link the file itself, past the plugins that encrypt or compress
 * what is saved. */
static void
import(struct batch *b)
{
	struct through *t = b->t;
	struct doveadm_args args = { 0 };
	struct why why;

	doveadm_args(&args, &t->store.doveadm,
	    DOVEADM_WORDS("-o", "maildir_copy_with_hardlinks=no", "import",
		"-u", t->store.doveadm.user));
	stage_put_args(&t->stage, t->store.account.is_24, &args);
	(void)doveadm_read(&args, NULL, &why);
	doveadm_args_free(&args);
}

/* Which of the keywords that a message was given it does not have; NULL: none. */
static char *
find_lacking(const char *given, const char *flags)
{
	char *found = through_keywords(flags), *copy = xstrdup(given);
	char *rest = copy, *word, *result = NULL;
	struct buf out = { 0 };

	while ((word = str_cut(&rest, ' ')) != NULL)
		if (*word != '\0' && !str_has_word(found, " ", word))
			buf_addf(&out, "%s%s", out.len > 0 ? " " : "", word);
	if (out.len > 0)
		result = xstrdup(buf_str(&out));
	buf_free(&out);
	free(found);
	free(copy);
	return result;
}

static void
find_there(void *arg, const struct doveadm_message *msg)
{
	struct batch *b = arg;

	for (size_t i = 0; i < b->n; i++)
		if (strcmp(b->guids[i], msg->guid) == 0) {
			b->there[i] = true;
			free(b->lacking[i]);
			b->lacking[i] =
			    find_lacking(b->keywords_of[i], msg->flags);
		}
}

/* Keywords that Dovecot did not take, for a reason of its own. */
static void
note_lacking(struct batch *b, size_t i)
{
	size_t n = 1;

	if (b->lacking[i] == NULL)
		return;
	for (const char *p = b->lacking[i]; *p != '\0'; p++)
		n += *p == ' ';
	note_refused(&b->t->run->merge, &b->items[i], b->lacking[i], n);
}

/* Looks which messages the mailboxes have got since the last look: they are appended
 * to the catalogue, those that this run added as gone. Those of the batch are there. */
static int
look(struct through *t, struct batch *b, struct why *why)
{
	struct catalogue *c = t->run->merge.plan->target;
	size_t first = c->n;

	if (store_arrivals(
		&t->store, c, b == NULL ? NULL : find_there, b, why) == -1)
		return -1;
	for (size_t i = first; i < c->n; i++) {
		struct catalogue_entry *e = &c->entries[i];
		const char *name = entry_name(c, e);
		char *guid = xmemdup(name, strcspn(name, ":"));

		if (map_get(&t->ours, guid) != NULL)
			e->state |= ENTRY_GONE;
		free(guid);
	}
	return 0;
}

/* Writes down what was announced and did not come. */
static void
deny(struct batch *b, const struct part *part)
{
	for (size_t i = part->from; i < part->end; i++) {
		const struct journal_record rec = { .kind = JOURNAL_FAILED,
			.dir = part->before.path,
			.name = b->guids[i] };

		if (b->guids[i][0] != '\0' && !b->there[i])
			journal_put(&b->t->run->journal, &rec);
	}
}

/* What became of the messages of a mailbox is told. How many came is returned. */
static size_t
settle_part(struct batch *b, const struct part *part)
{
	struct merge *m = &b->t->run->merge;
	const struct why not_taken = { .kind = FAIL_TEMP,
		.text = "Dovecot did not take it; its log says why" };
	size_t n = 0;

	for (size_t i = part->from; i < part->end; i++) {
		if (b->guids[i][0] == '\0')
			continue;
		if (b->there[i]) {
			n++;
			note_lacking(b, i);
			merge_settle(m, b->items[i].entry);
		} else {
			merge_fail(m, &b->items[i], &not_taken);
		}
	}
	return n;
}

/*
 * What became of each message is seen in the mailboxes, and written down. The first of
 * the DONE records has the number of all messages: they are those since the last such
 * record, whatever mailbox they are in. 0, or -1 and why: a mailbox is gone.
 */
static int
settle(struct batch *b, struct why *why)
{
	struct through *t = b->t;
	struct merge *m = &t->run->merge;
	struct journal_record done[PARTS_MAX];
	size_t n = 0, added = 0;
	int r = 0;

	for (size_t i = 0; i < b->n_parts; i++) {
		const struct part *part = &b->parts[i];
		const struct doveadm_mailbox *after =
		    store_find(&t->store, part->before.path);

		deny(b, part);
		added += settle_part(b, part);
		if (after == NULL) {
			r = why_set(why, FAIL_FATAL,
			    "%s: the mailbox is gone; run it again",
			    part->before.name);
			continue;
		}
		done[n++] = (struct journal_record){ .kind = JOURNAL_DONE,
			.dir = part->before.path,
			.name = part->before.guid,
			.size = after->uidvalidity,
			.date = after->uidnext };
	}
	if (n > 0)
		done[0].number = (int64_t)added;
	for (size_t i = 0; i < n; i++)
		journal_put(&t->run->journal, &done[i]);
	m->added += added;
	return r;
}

static int
carry_out(struct batch *b, struct why *why)
{
	struct through *t = b->t;
	struct why late;
	int r;

	if (stage_hand_over(&t->stage, why) == -1 ||
	    journal_sync(&t->run->journal, why) == -1)
		return -1;
	import(b);
	stage_clear(&t->stage);
	if (store_refresh(&t->store, why) == -1 || look(t, b, why) == -1)
		return -1;
	r = settle(b, why);
	if (journal_sync(&t->run->journal, &late) == -1 && r == 0) {
		*why = late;
		r = -1;
	}
	return r;
}

static void
free_batch(struct batch *b)
{
	for (size_t i = 0; i < b->n_parts; i++) {
		keywords_free(&b->parts[i].keywords);
		free(b->parts[i].before.name);
		free(b->parts[i].before.path);
		free(b->parts[i].before.guid);
	}
	for (size_t i = 0; i < AT_ONCE; i++) {
		free(b->keywords_of[i]);
		free(b->lacking[i]);
	}
	free(b);
}

/* One batch of the items that are left. How many it dealt with comes back; -1 and
 * why. */
static ssize_t
add_batch(struct through *t, const struct item *items, size_t left,
    const bool *refused, struct why *why)
{
	struct batch *b = xcalloc(1, sizeof *b);
	ssize_t n = -1;
	bool any = false;

	b->t = t;
	b->items = items;
	if (fill(b, left, refused, why) == 0)
		n = (ssize_t)b->n;
	for (size_t i = 0; n != -1 && i < b->n; i++)
		any |= b->guids[i][0] != '\0';
	if (any && carry_out(b, why) == -1)
		n = -1;
	stage_clear(&t->stage);
	free_batch(b);
	return n;
}

/* All messages, batch by batch. Before each, those count that came by themselves
 * until the mailboxes were asked for last. */
static int
add_all(struct through *t, const bool *refused, struct why *why)
{
	struct merge *m = &t->run->merge;
	const struct catalogue *c = m->plan->target;
	size_t seen = c->n;
	int r = look(t, NULL, why);

	for (size_t at = 0; r == 0 && at < m->n;) {
		size_t first = seen;
		ssize_t done;

		seen = c->n;
		r = merge_pair_arrivals(m, first, why);
		if (r == -1)
			break;
		done = add_batch(t, m->items + at, m->n - at, refused, why);
		if (done == -1)
			r = -1;
		else
			at += (size_t)done;
	}
	return r;
}

int
through_add(struct through *t, struct why *why)
{
	struct merge *m = &t->run->merge;
	bool *refused = xcalloc(t->store.tree->n + 1, sizeof *refused);
	int r = through_make_folders(t, refused, why);

	for (size_t i = 0; r == 0 && i < m->plan->source->n; i++)
		if (m->plan->fates[i].outcome != OUT_ADD)
			merge_settle(m, i);
	if (r == 0 && m->n > 0)
		r = stage_open(&t->stage, t->place, &t->store.account, why);
	if (r == 0 && m->n > 0)
		r = through_note_stage(t, why);
	if (r == 0 && m->n > 0)
		r = add_all(t, refused, why);
	stage_close(&t->stage);
	free(refused);
	return r;
}
