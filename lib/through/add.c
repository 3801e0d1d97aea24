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

enum {
	AT_ONCE = 500,            /* messages of one import */
	BYTES_AT_ONCE = 64 << 20, /* or so many bytes */
	GUID_LEN = 32,
	GUID_RANDOM = 11 /* bytes of it */
};

/* What goes into one mailbox with one call. */
struct batch {
	struct through *t;
	const struct item *items;
	size_t n;                          /* of the items that it has */
	char guids[AT_ONCE][GUID_LEN + 1]; /* empty: not in it */
	bool there[AT_ONCE];
	char *keywords_of[AT_ONCE]; /* as the journal has them; NULL: none */
	char *lacking[AT_ONCE];     /* of these, what is not there */
	struct keywords keywords;
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
	struct batch *b;
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
	n = keywords_find(&l->b->keywords, name);
	if (n == -1)
		n = keywords_add(&l->b->keywords, name);
	if (n == -1)
		l->full = true;
	else
		l->letters |= 1U << n;
}

/* The keywords of letters, as the journal has them. */
static char *
keywords_of(const struct batch *b, unsigned int letters)
{
	struct buf words = { 0 };
	char *result;

	for (int i = 0; i < KEYWORDS_MAX; i++)
		if ((letters >> i & 1) != 0)
			buf_addf(&words, "%s ", b->keywords.name[i]);
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
 * a batch that has messages lacks room for them: it comes again. */
static bool
take_letters(struct batch *b, const struct item *it, unsigned int *letters)
{
	struct merge *m = &b->t->run->merge;
	struct letters l = { .b = b,
		.max = doveadm_keyword_max(&b->t->store.account) };
	size_t nameless = m->nameless_letters;

	merge_each_keyword(m, it, add_letter, &l);
	*letters = l.letters;
	if (l.full && b->n > 0) {
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
	struct batch *b = xcalloc(1, sizeof *b);
	unsigned int letters;

	b->t = t;
	for (size_t i = 0; i < m->n; i++) {
		(void)take_letters(b, &m->items[i], &letters);
		keywords_free(&b->keywords);
	}
	free(b);
}

/* Puts one message into the stage. 1; 0 if the batch is full; -1: it failed, or
 * (FATAL) all did. */
static int
stage_one(struct batch *b, const struct item *it, struct why *why)
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

	if (!take_letters(b, it, &letters))
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
		rec.keywords = keywords_of(b, letters);
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

/* Fills the stage. Messages that cannot be read fail. 0, or -1 and why. */
static int
fill(struct batch *b, size_t left, struct why *why)
{
	struct merge *m = &b->t->run->merge;

	while (b->n < left && b->n < AT_ONCE && b->bytes < BYTES_AT_ONCE) {
		const struct item *it = &b->items[b->n];
		struct why one = { 0 };
		int r;

		b->guids[b->n][0] = '\0';
		if (m->plan->fates[it->entry].outcome != OUT_ADD) {
			merge_settle(m, it->entry); /* it arrived by itself */
			b->n++;
			continue;
		}
		r = stage_one(b, it, &one);
		if (r == 0)
			break;
		if (r == -1 && one.kind == FAIL_FATAL) {
			*why = one;
			return -1;
		}
		if (r == -1)
			merge_fail(m, it, &one);
		b->n++;
	}
	return 0;
}

/* True if the word is one of some that are divided by blanks. */
static bool
has_word(const char *words, const char *word)
{
	size_t len = strlen(word);

	for (const char *at = words; (at = strstr(at, word)) != NULL; at += len)
		if ((at == words || at[-1] == ' ') &&
		    (at[len] == '\0' || at[len] == ' '))
			return true;
	return false;
}

/* Which of the keywords that a message was given it does not have; NULL: none. */
static char *
find_lacking(const char *given, const char *flags)
{
	char *found = through_keywords(flags), *copy = xstrdup(given);
	char *rest = copy, *word, *result = NULL;
	struct buf out = { 0 };

	while ((word = str_cut(&rest, ' ')) != NULL)
		if (*word != '\0' && !has_word(found, word))
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

static void
free_batch(struct batch *b)
{
	for (size_t i = 0; i < AT_ONCE; i++) {
		free(b->keywords_of[i]);
		free(b->lacking[i]);
	}
	keywords_free(&b->keywords);
	free(b);
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

/* What became of each message is seen in the mailbox, and written down. */
static void
settle(struct batch *b, const struct doveadm_mailbox *before,
    const struct doveadm_mailbox *after)
{
	struct merge *m = &b->t->run->merge;
	struct journal *j = &b->t->run->journal;
	struct why not_taken = { .kind = FAIL_TEMP,
		.text = "Dovecot did not take it; its log says why" };
	struct journal_record done = {
		.kind = JOURNAL_DONE, .dir = before->path, .name = before->guid
	};

	for (size_t i = 0; i < b->n; i++) {
		struct journal_record rec = { .kind = JOURNAL_FAILED,
			.dir = before->path,
			.name = b->guids[i] };

		if (b->guids[i][0] == '\0')
			continue;
		if (b->there[i]) {
			done.number++;
			note_lacking(b, i);
			merge_settle(m, b->items[i].entry);
			continue;
		}
		journal_put(j, &rec);
		merge_fail(m, &b->items[i], &not_taken);
	}
	m->added += (size_t)done.number;
	done.size = after->uidvalidity;
	done.date = after->uidnext;
	journal_put(j, &done);
}

/* A copy that outlives a refresh of the mailboxes. */
static struct doveadm_mailbox
keep_mailbox(const struct doveadm_mailbox *m)
{
	struct doveadm_mailbox copy = *m;

	copy.name = xstrdup(m->name);
	copy.path = xstrdup(m->path);
	copy.guid = xstrdup(m->guid);
	copy.role = NULL;
	return copy;
}

static int
carry_out(
    struct batch *b, const struct doveadm_mailbox *before, struct why *why)
{
	struct through *t = b->t;
	const struct doveadm_mailbox *after;

	if (stage_end(&t->stage, &b->keywords, why) == -1 ||
	    journal_sync(&t->run->journal, why) == -1)
		return -1;
	import(b);
	stage_clear(&t->stage);
	if (store_refresh(&t->store, why) == -1)
		return -1;
	after = store_find(&t->store, before->path);
	if (after == NULL)
		return why_set(why, FAIL_FATAL,
		    "%s: the mailbox is gone; run it again", before->name);
	if (store_each(&t->store, before->path,
		strcmp(after->guid, before->guid) == 0
		    ? (uint32_t)before->uidnext
		    : 1,
		find_there, b, why) == -1)
		return -1;
	settle(b, before, after);
	return journal_sync(&t->run->journal, why);
}

/* One batch of the items of a folder. How many it dealt with comes back; -1 and
 * why. */
static ssize_t
add_batch(struct through *t, const struct item *items, size_t left,
    const struct doveadm_mailbox *m, struct why *why)
{
	struct batch *b = xcalloc(1, sizeof *b);
	ssize_t n = -1;
	bool any = false;

	b->t = t;
	b->items = items;
	if (stage_begin(&t->stage, m->name, why) == 0 &&
	    fill(b, left, why) == 0)
		n = (ssize_t)b->n;
	for (size_t i = 0; n != -1 && i < b->n; i++)
		any |= b->guids[i][0] != '\0';
	if (any && carry_out(b, m, why) == -1)
		n = -1;
	stage_clear(&t->stage);
	free_batch(b);
	return n;
}

/* Messages that had come by themselves when the mailboxes were asked for, after the
 * last import; those that this run added are none. */
static int
heed_arrivals(struct through *t, struct why *why)
{
	struct merge *m = &t->run->merge;
	struct catalogue *c = m->plan->target;
	size_t first = c->n;

	if (store_arrivals(&t->store, c, why) == -1)
		return -1;
	for (size_t i = first; i < c->n; i++) {
		struct catalogue_entry *e = &c->entries[i];
		const char *name = entry_name(c, e);
		char *guid = xmemdup(name, strcspn(name, ":"));

		if (map_get(&t->ours, guid) != NULL)
			e->state |= ENTRY_GONE;
		free(guid);
	}
	return merge_pair_arrivals(m, first, why);
}

static void
fail_all(struct through *t, const struct item *items, size_t n,
    const struct why *why)
{
	for (size_t i = 0; i < n; i++)
		merge_fail(&t->run->merge, &items[i], why);
}

/* True if there is a mailbox by now: the one below it was made before, or somebody
 * else did it. */
static bool
is_made(struct through *t, size_t folder)
{
	struct why none;

	return store_refresh(&t->store, &none) == 0 &&
	       !t->store.tree->folders[folder].missing;
}

/* Makes the mailbox of a folder that the target lacks. 0; -1 and why (DATA:
 * Dovecot did not want it). */
static int
make_mailbox(struct through *t, size_t folder, struct why *why)
{
	char *dir = t->store.tree->folders[folder].dir;
	struct journal_record rec = { .kind = JOURNAL_SUBSCRIBE, .dir = dir };
	bool subscribe =
	    t->run->merge.subscribe != NULL && t->run->merge.subscribe[folder];
	char *name = doveadm_mailbox_name(&t->store.account, dir);
	struct doveadm_args args = { 0 };
	struct why own;
	int r = 0;

	if (name == NULL)
		return why_set(why, FAIL_DATA,
		    "Dovecot has '%c' between the levels of a name",
		    t->store.account.separator);
	if (subscribe)
		journal_put(&t->run->journal, &rec);
	rec.kind = JOURNAL_FOLDER;
	journal_put(&t->run->journal, &rec);
	doveadm_args(&args, &t->store.doveadm,
	    DOVEADM_WORDS("mailbox", "create", "-u", t->store.doveadm.user));
	if (subscribe)
		doveadm_args_add(&args, "-s");
	doveadm_args_add(&args, "--");
	doveadm_args_add(&args, name);
	if (journal_sync(&t->run->journal, why) == -1)
		r = -1;
	else if (doveadm_read(&args, NULL, &own) == -1 && !is_made(t, folder))
		r = why_set(why, FAIL_DATA,
		    "Dovecot does not make a mailbox of this name");
	doveadm_args_free(&args);
	free(name);
	return r;
}

static int
add_to_folder(
    struct through *t, const struct item *items, size_t n, struct why *why)
{
	const struct doveadm_mailbox *found;
	struct why gone = { .kind = FAIL_TEMP, .text = "the mailbox is gone" };

	for (size_t at = 0; at < n;) {
		struct doveadm_mailbox m;
		ssize_t done = -1;

		if (heed_arrivals(t, why) == -1)
			return -1;
		found = store_mailbox(&t->store, items[0].folder);
		if (found == NULL) {
			fail_all(t, items + at, n - at, &gone);
			return 0;
		}
		m = keep_mailbox(found);
		done = add_batch(t, items + at, n - at, &m, why);
		free(m.name);
		free(m.path);
		free(m.guid);
		if (done == -1)
			return -1;
		at += (size_t)done;
	}
	return 0;
}

/* The mailboxes that are missing, those without messages too; then asks for all of
 * them again. One that cannot be made fails with its messages. */
static int
make_mailboxes(struct through *t, bool *refused, struct why *why)
{
	const struct mdtree *tree = t->store.tree;

	for (size_t i = 0; i < tree->n; i++) {
		struct why own = { 0 };

		if (!tree->folders[i].missing || make_mailbox(t, i, &own) == 0)
			continue;
		if (own.kind == FAIL_FATAL) {
			*why = own;
			return -1;
		}
		refused[i] = true;
		t->run->merge.refused(
		    t->run->merge.arg, tree->folders[i].dir, &own);
	}
	return store_refresh(&t->store, why);
}

int
through_add(struct through *t, struct why *why)
{
	struct merge *m = &t->run->merge;
	const struct why no_folder = { .kind = FAIL_DATA,
		.text = "its folder cannot be made" };
	bool *refused = xcalloc(t->store.tree->n + 1, sizeof *refused);
	int r = make_mailboxes(t, refused, why);

	for (size_t i = 0; r == 0 && i < m->plan->source->n; i++)
		if (m->plan->fates[i].outcome != OUT_ADD)
			merge_settle(m, i);
	if (r == 0 && m->n > 0)
		r = stage_open(&t->stage, t->place, &t->store.account, why);
	if (r == 0 && m->n > 0)
		r = through_note_stage(t, why);
	for (size_t from = 0, to; r == 0 && from < m->n; from = to) {
		for (to = from;
		     to < m->n && m->items[to].folder == m->items[from].folder;)
			to++;
		if (refused[m->items[from].folder])
			fail_all(t, m->items + from, to - from, &no_folder);
		else
			r = add_to_folder(t, m->items + from, to - from, why);
	}
	stage_close(&t->stage);
	free(refused);
	return r;
}
