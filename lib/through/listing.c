/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "through/listing.h"

#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/map.h"
#include "core/str.h"
#include "doveadm/messages.h"
#include "maildir/name.h"
#include "merge/scan.h"
#include "through/reading.h"

enum {
	AT_ONCE = 50, /* mailboxes that one call is asked for */
	PASSES = 50,  /* of an account that never stands still */
	TRIES = 10    /* of a mailbox from which messages go meanwhile */
};

/* One mailbox that is listed, perhaps not for the first time. */
struct listing {
	struct store *s;
	struct catalogue *c;
	size_t folder;
	uint32_t
	    first; /* the UID from which on it is asked for; 0: it is not */
	void (*tell)(void *arg, const struct doveadm_message *m); /* or NULL */
	void *arg;
	size_t told;      /* how many messages Dovecot has told so far */
	bool same;        /* it is the mailbox that was listed before */
	struct map known; /* by GUID: the number of the entry, and 1 */
	size_t missed;    /* of those that were there, not seen again so far */
	int64_t next;     /* UID of the next new one, where none has gone */
	bool gap;         /* some came, and went before they were seen */
	struct arena keys;
	struct buf name;
	struct why why; /* kind FAIL_NONE: all is well */
};

/* The name of an entry. What is not a flag of IMAP is not needed to compare. */
static const char *
compose_name(struct buf *name, const struct doveadm_message *m)
{
	unsigned int flags = 0;
	char *words = xstrdup(m->flags), *rest = words;

	while (rest != NULL)
		flags |= mdflag_of_keyword(str_cut(&rest, ' '));
	free(words);
	buf_reset(name);
	buf_adds(name, m->guid);
	mdname_put_info(name, flags, 0);
	return buf_str(name);
}

/* The first field alone. A line that does not begin with a blank begins
 * another. */
static size_t
first_field(const char *p, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (p[i] == '\n' &&
		    (i + 1 == len || (p[i + 1] != ' ' && p[i + 1] != '\t')))
			return i;
	return len;
}

/* Without an id in Dovecot's eyes, the text has to be looked at: its parser
 * stops where ours goes on. So it has where the field has U+FFFD, which is what
 * Dovecot shows in place of a NUL. */
static void
take_id(struct listing *l, struct catalogue_entry *e,
    const struct doveadm_message *m)
{
	size_t len = first_field(m->msgid, m->msgid_len);

	if (memmem(m->msgid, len, "\xef\xbf\xbd", 3) == NULL &&
	    msgid_of_field(&l->s->scratch, m->msgid, len, e->id))
		e->state |= ENTRY_READ | ENTRY_ID;
}

static void
remember(struct listing *l, const char *guid, size_t number)
{
	*map_put_copy(&l->known, &l->keys, guid, NULL) =
	    (void *)(uintptr_t)(number + 1);
}

static void
take_new_uid(struct listing *l, uint32_t uid)
{
	l->gap |= uid != l->next;
	l->next = (int64_t)uid + 1;
}

/* One that was known, and is there. */
static void
take_known(struct listing *l, struct catalogue_entry *e,
    const struct doveadm_message *m)
{
	struct catalogue *c = l->c;
	const char *name = compose_name(&l->name, m);

	if ((e->state & ENTRY_GONE) == 0)
		return; /* told once more */
	e->state &= 0xff & ~(unsigned int)ENTRY_GONE;
	if (e->ino == m->uid)
		l->missed--;
	else
		take_new_uid(l, m->uid);
	e->ino = m->uid;
	if (strcmp(entry_name(c, e), name) == 0)
		return;
	e->name = (uint32_t)c->names.len;
	buf_add(&c->names, name, strlen(name) + 1);
	if (c->names.overflow)
		(void)why_set(&l->why, FAIL_FATAL, "too many messages");
}

static void
take_message(struct listing *l, const struct doveadm_message *m)
{
	struct catalogue *c = l->c;
	void **known = map_get(&l->known, m->guid);

	l->told++;
	if (l->tell != NULL)
		l->tell(l->arg, m);
	if (l->why.kind != FAIL_NONE)
		return;
	if (known != NULL) {
		take_known(l, &c->entries[(uintptr_t)*known - 1], m);
	} else if (catalogue_add(c, l->folder, compose_name(&l->name, m),
		       m->uid, &l->why) == 0) {
		take_new_uid(l, m->uid);
		take_id(l, &c->entries[c->n - 1], m);
		remember(l, m->guid, c->n - 1);
	}
}

/* All that is known of the folder is gone, unless it is listed again. */
static void
forget_messages(struct listing *l)
{
	for (size_t i = 0; i < l->c->n; i++) {
		struct catalogue_entry *e = &l->c->entries[i];
		const char *name = entry_name(l->c, e);
		char *guid;

		if (e->folder != l->folder)
			continue;
		l->missed += (e->state & ENTRY_GONE) == 0;
		e->state |= ENTRY_GONE;
		guid = xmemdup(name, strcspn(name, ":"));
		remember(l, guid, i);
		free(guid);
	}
}

/* True if the UIDs of the mailbox are those of the one that was listed. */
static bool
is_same_mailbox(
    const struct doveadm_mailbox *known, const struct doveadm_mailbox *m)
{
	return known->guid != NULL && strcmp(known->guid, m->guid) == 0 &&
	       known->uidvalidity == m->uidvalidity;
}

/* True if the mailbox is not what was listed. */
static bool
is_stale(const struct doveadm_mailbox *known, const struct doveadm_mailbox *m)
{
	if (m == NULL || known->guid == NULL)
		return m != NULL || known->guid != NULL;
	return !is_same_mailbox(known, m) || known->uidnext != m->uidnext ||
	       known->modseq != m->modseq || known->messages != m->messages;
}

/* Notes how a mailbox was before it is listed. */
static void
note(struct doveadm_mailbox *known, const struct doveadm_mailbox *m)
{
	free(known->guid);
	*known = (struct doveadm_mailbox){ 0 };
	if (m == NULL)
		return;
	*known = *m;
	known->name = known->path = known->role = NULL;
	known->guid = xstrdup(m->guid);
}

static void
take_one(void *arg, size_t range, const struct doveadm_message *m)
{
	(void)range;
	take_message(arg, m);
}

/* Asks for one mailbox alone. Dovecot fails where a message is expunged meanwhile:
 * then it is asked again, and tells those before once more. */
static int
ask_one(struct store *s, struct listing *l, struct why *why)
{
	const char *path = s->tree->folders[l->folder].dir;
	struct doveadm_mailbox before = { 0 };
	int r = 0;

	for (int i = 0; i < TRIES; i++) {
		const struct doveadm_range range = {
			.mailbox = store_find(s, path), .uid = l->first
		};
		struct why own;

		if (range.mailbox == NULL)
			break;
		note(&before, range.mailbox);
		r = doveadm_list(&s->doveadm, &range, 1, take_one, l, why);
		if (r == 0 || store_refresh(s, &own) == -1 ||
		    !is_stale(&before, store_find(s, path)))
			break;
		r = scan_say_restless(s->tree, why);
	}
	free(before.guid);
	return r;
}

static void
take_of_some(void *arg, size_t range, const struct doveadm_message *m)
{
	struct listing *const *some = arg;

	take_message(some[range], m);
}

/* Asks for some mailboxes with one call; then alone for those of which that did not
 * tell anything, all of them if it failed. */
static int
ask_some(
    struct store *s, struct listing *const *some, size_t n, struct why *why)
{
	struct doveadm_range ranges[AT_ONCE];
	bool alone = n == 1;
	struct why own;
	int r = 0;

	for (size_t i = 0; i < n && !alone; i++) {
		ranges[i] = (struct doveadm_range){
			.mailbox = store_mailbox(s, some[i]->folder),
			.uid = some[i]->first,
		};
		alone = ranges[i].mailbox == NULL;
	}
	if (!alone)
		alone = doveadm_list(&s->doveadm, ranges, n, take_of_some,
			    (void *)(uintptr_t)some, &own) == -1;
	for (size_t i = 0; r == 0 && i < n; i++)
		if (alone || some[i]->told == 0)
			r = ask_one(s, some[i], why);
	return r;
}

static int
entry_order(const void *a, const void *b)
{
	const struct catalogue_entry *x = a, *y = b;

	if (x->folder != y->folder)
		return x->folder < y->folder ? -1 : 1;
	return (x->ino > y->ino) - (x->ino < y->ino);
}

/* Asks for all mailboxes that are to be asked for. What is new gets the order of our
 * folders: Dovecot has another one. */
static int
ask(struct store *s, struct listing *v, size_t n, struct catalogue *c,
    struct why *why)
{
	struct listing *some[AT_ONCE];
	size_t first = c->n, k = 0;
	int r = 0;

	for (size_t i = 0; r == 0 && i < n; i++) {
		if (v[i].first != 0)
			some[k++] = &v[i];
		if (k > 0 && (k == AT_ONCE || i + 1 == n)) {
			r = ask_some(s, some, k, why);
			k = 0;
		}
	}
	if (c->n > first)
		qsort(c->entries + first, c->n - first, sizeof *c->entries,
		    entry_order);
	return r;
}

static void
grow_known(struct store *s)
{
	for (; s->n < s->tree->n; s->n++) {
		s->known = xgrow(s->known, s->n, &s->cap, sizeof *s->known);
		s->known[s->n] = (struct doveadm_mailbox){ 0 };
	}
}

/* Ends all. r is what became of them so far. */
static int
end_listings(struct listing *v, size_t n, int r, struct why *why)
{
	for (size_t i = 0; i < n; i++) {
		if (r == 0 && v[i].why.kind != FAIL_NONE) {
			*why = v[i].why;
			r = -1;
		}
		map_free(&v[i].known);
		arena_free(&v[i].keys);
		buf_free(&v[i].name);
	}
	free(v);
	return r;
}

/* Begins to list a mailbox that is not what was listed. */
static void
begin_listing(
    struct store *s, struct catalogue *c, size_t folder, struct listing *l)
{
	const struct doveadm_mailbox *m = store_mailbox(s, folder);
	struct doveadm_mailbox *known = &s->known[folder];

	*l = (struct listing){ .s = s,
		.c = c,
		.folder = folder,
		.first = m != NULL && m->messages > 0 ? 1 : 0,
		.same = m != NULL && is_same_mailbox(known, m) };
	l->next = l->same ? known->uidnext : 0;
	note(known, m);
	forget_messages(l);
}

/* Messages can have come after the mailbox was noted. */
static void
note_last(struct store *s, const struct listing *l)
{
	if (l->next > s->known[l->folder].uidnext)
		s->known[l->folder].uidnext = l->next;
}

/*
 * Lists the mailboxes that are not what was listed. *lost is set where a message can
 * have been in one that was not seen: it was listed for the first time, or messages
 * have gone from it since.
 */
static int
list_stale(struct store *s, struct catalogue *c, bool *lost, struct why *why)
{
	struct listing *v = xcalloc(s->n + 1, sizeof *v);
	size_t n = 0;
	int r;

	*lost = false;
	for (size_t i = 0; i < s->n; i++)
		if (is_stale(&s->known[i], store_mailbox(s, i)))
			begin_listing(s, c, i, &v[n++]);
	r = ask(s, v, n, c, why);
	for (size_t i = 0; i < n; i++) {
		*lost |= !v[i].same || v[i].missed > 0 || v[i].gap ||
			 v[i].next < s->known[v[i].folder].uidnext;
		note_last(s, &v[i]);
	}
	return end_listings(v, n, r, why);
}

/* True if a message has come into any mailbox since that was listed, or the mailbox
 * has gone. */
static bool
has_moved(const struct store *s)
{
	for (size_t i = 0; i < s->n; i++) {
		const struct doveadm_mailbox *m = store_mailbox(s, i);

		if (m == NULL ? s->known[i].guid != NULL
			      : !is_same_mailbox(&s->known[i], m) ||
				    m->uidnext > s->known[i].uidnext)
			return true;
	}
	return false;
}

/*
 * While one mailbox after the other is listed, a client can move a message from one
 * that comes late into one that was listed before. So they are looked at again until
 * no message has come into any since it was listed, or none has gone from any: then
 * none was moved, and whatever was in the account before that look was seen. Where
 * mail is only delivered or only deleted, that is soon.
 */
int
store_list(void *arg, struct catalogue *c, struct why *why)
{
	struct store *s = arg;
	bool lost = true;

	c->reader = &s->reader;
	for (int pass = 0; lost; pass++) {
		if (s->n > 0 && store_refresh(s, why) == -1)
			return -1;
		grow_known(s);
		if (!has_moved(s))
			break;
		if (pass == PASSES)
			return scan_say_restless(s->tree, why);
		if (list_stale(s, c, &lost, why) == -1)
			return -1;
	}
	catalogue_drop_gone(c);
	return store_read_ids(s, c, 0, why);
}

int
store_arrivals(struct store *s, struct catalogue *c,
    void (*told)(void *arg, const struct doveadm_message *message), void *arg,
    struct why *why)
{
	struct listing *v;
	int r;

	grow_known(s);
	v = xcalloc(s->n + 1, sizeof *v);
	for (size_t i = 0; i < s->n; i++) {
		const struct doveadm_mailbox *m = store_mailbox(s, i);
		struct doveadm_mailbox *known = &s->known[i];
		uint32_t first = m != NULL && is_same_mailbox(known, m)
				     ? (uint32_t)known->uidnext
				     : 1;

		v[i] = (struct listing){
			.s = s, .c = c, .folder = i, .tell = told, .arg = arg
		};
		if (m != NULL && (int64_t)first < m->uidnext)
			v[i].first = first;
		note(known, m);
	}
	r = ask(s, v, s->n, c, why);
	for (size_t i = 0; i < s->n; i++)
		note_last(s, &v[i]);
	return end_listings(v, s->n, r, why);
}
