/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "merge/flags.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/alloc.h"
#include "core/str.h"
#include "maildir/box.h"
#include "maildir/control.h"
#include "maildir/delivery.h"
#include "maildir/name.h"
#include "merge/keywordmap.h"

const char *const flag_words[] = {
	[FLAGS_REPORT] = "report",
	[FLAGS_ADD] = "add",
	[FLAGS_MIRROR] = "mirror",
};

enum {
	CARRIED = MD_SEEN | MD_REPLIED | MD_FLAGGED | MD_PASSED,
	BATCH = 64, /* renames while the lock is held: a few milliseconds */
	TRIES = 5   /* a client can change flags again and again */
};

/* Dovecot does not read the flag P of a name: to its clients a message was passed
 * on if it has this keyword. */
static char forwarded[] = "$Forwarded";

/* The letter of that keyword in the folder of a message, as a bit; 0: it has
 * none. */
static unsigned int
passed_letter(const struct catalogue *c, const struct catalogue_entry *e)
{
	int n = keywords_find(&c->tree->folders[e->folder].keywords, forwarded);

	return n == -1 ? 0 : 1U << n;
}

unsigned int
flags_of(const struct catalogue *c, const struct catalogue_entry *e)
{
	struct mdname n;

	mdname_parse(&n, entry_name(c, e));
	if ((n.letters & passed_letter(c, e)) != 0)
		n.flags |= MD_PASSED;
	return n.flags;
}

static bool
has_twin(const struct fate *f)
{
	return f->outcome == OUT_PRESENT || f->outcome == OUT_ELSEWHERE;
}

unsigned int
flags_wanted(const struct merge_plan *p, size_t number, enum flag_policy policy)
{
	const struct catalogue *c = pairing_twins(p, &p->fates[number]);
	unsigned int has = flags_of(c, &c->entries[p->fates[number].twin]);
	unsigned int other =
	    flags_of(p->source, &p->source->entries[number]) & CARRIED;

	switch (policy) {
	case FLAGS_ADD:
		return has | other;
	case FLAGS_MIRROR:
		return (has & ~(unsigned int)CARRIED) | other;
	case FLAGS_REPORT:
		break;
	}
	return has;
}

/* True if the message's twin should have other flags, and can be given them: it is
 * in the target itself. */
static bool
differs(const struct merge_plan *p, size_t number, enum flag_policy policy)
{
	return has_twin(&p->fates[number]) && !p->fates[number].away &&
	       flags_wanted(p, number, policy) !=
		   flags_wanted(p, number, FLAGS_REPORT);
}

size_t
flags_differing(const struct merge_plan *p, enum flag_policy policy)
{
	size_t n = 0;

	for (size_t i = 0; i < p->source->n; i++)
		n += differs(p, i, policy);
	return n;
}

/* One twin to rename, and the message of the source. */
struct change {
	uint32_t number;
	uint32_t twin;
};

static int
change_order(const void *a, const void *b, void *arg)
{
	const struct change *x = a, *y = b;
	const struct catalogue *c = arg;
	uint32_t fx = c->entries[x->twin].folder,
		 fy = c->entries[y->twin].folder;

	if (fx != fy)
		return fx < fy ? -1 : 1;
	return (x->twin > y->twin) - (x->twin < y->twin);
}

static const char *
twin_name(const struct flag_run *f, const struct change *ch)
{
	const struct catalogue *c = f->plan->target;

	return entry_name(c, &c->entries[ch->twin]);
}

static const char *
twin_dir(const struct flag_run *f, const struct change *ch)
{
	const struct catalogue *c = f->plan->target;

	return c->tree->folders[c->entries[ch->twin].folder].dir;
}

/* The new name of a twin: its base, the flags, its letters and what follows. */
static char *
new_name(const struct flag_run *f, const struct change *ch)
{
	const struct catalogue *c = f->plan->target;
	unsigned int flags = flags_wanted(f->plan, ch->number, f->policy);
	unsigned int letter = passed_letter(c, &c->entries[ch->twin]);
	struct buf out = { 0 };
	struct mdname n;
	char *result;

	mdname_parse(&n, twin_name(f, ch));
	n.letters &= ~letter;
	if ((flags & MD_PASSED) != 0)
		n.letters |= letter;
	buf_add(&out, n.name, n.base_len);
	mdname_put_info(&out, flags, n.letters);
	buf_adds(&out, n.extra);
	result = xstrdup(buf_str(&out));
	buf_free(&out);
	return result;
}

/* Journals that a twin is renamed, or that this failed. */
static void
note(const struct flag_run *f, const struct change *ch, enum journal_kind kind)
{
	const char *name = twin_name(f, ch);
	size_t base = strcspn(name, ":");
	char *to = new_name(f, ch), *was = xstrdup(name + base);
	char *copy = xmemdup(name, base), *dir = xstrdup(twin_dir(f, ch));
	struct journal_record r = { .kind = kind, .dir = dir, .name = copy };

	if (kind == JOURNAL_FLAGS) {
		r.was = was;
		r.info = to + base;
	}
	journal_put(f->journal, &r);
	free(to);
	free(was);
	free(copy);
	free(dir);
}

/* Renames one, from wherever it is into cur/. 0, or -1 and errno. */
static int
rename_twin(const struct flag_run *f, const struct change *ch)
{
	const struct catalogue *c = f->plan->target;
	bool is_new = (c->entries[ch->twin].state & ENTRY_NEW) != 0;
	char *to = new_name(f, ch);
	int from = open_box(c->tree, twin_dir(f, ch), is_new);
	int cur = open_box(c->tree, twin_dir(f, ch), false), r = -1, saved;

	if (from != -1 && cur != -1)
		r = rename_shown(from, twin_name(f, ch), cur, to);
	saved = errno;
	if (from != -1)
		(void)close(from);
	if (cur != -1)
		(void)close(cur);
	free(to);
	errno = saved;
	return r;
}

/* One that could not be renamed. True if it is worth another try: it has
 * another name now, or is gone. */
static bool
fails(struct flag_run *f, const struct change *ch)
{
	struct why why = { 0 };
	bool gone = errno == ENOENT;

	why_errno(&why, FAIL_DATA, "cannot be given other flags");
	note(f, ch, JOURNAL_FAILED);
	if (gone)
		f->plan->target->entries[ch->twin].state |= ENTRY_GONE;
	else
		f->failed(f->arg, ch->twin, &why);
	return gone;
}

/* Renames n twins of one folder under the lock; those that are not where they
 * were become the first of v, *left counts them. */
static int
rename_batch(struct flag_run *f, struct change *v, size_t n, size_t *left,
    struct why *why)
{
	int fd = control_open(f->plan->target->tree, twin_dir(f, v));

	*left = 0;
	if (fd == -1)
		return why_errno(why, FAIL_DATA, "%s", twin_dir(f, v));
	for (size_t i = 0; i < n; i++)
		note(f, &v[i], JOURNAL_FLAGS);
	if (journal_sync(f->journal, why) == -1 ||
	    dot_lock(fd, UIDLIST_LOCK, why) == -1) {
		(void)close(fd);
		return -1;
	}
	for (size_t i = 0; i < n; i++) {
		if (rename_twin(f, &v[i]) == 0)
			f->changed++;
		else if (fails(f, &v[i]))
			v[(*left)++] = v[i];
	}
	dot_unlock(fd, UIDLIST_LOCK);
	(void)close(fd);
	return 0;
}

/* Of twins that were looked for again, keeps those that are there and still
 * lack flags. */
static size_t
keep_differing(const struct flag_run *f, struct change *v, size_t n)
{
	const struct catalogue_entry *entries = f->plan->target->entries;
	size_t kept = 0;

	for (size_t i = 0; i < n; i++)
		if ((entries[v[i].twin].state & ENTRY_GONE) == 0 &&
		    differs(f->plan, v[i].number, f->policy))
			v[kept++] = v[i];
	return kept;
}

/* Sees to it that the folder of the twins has a letter for what is passed on, if
 * one of them is. */
static int
offer_letter(
    struct flag_run *f, const struct change *v, size_t n, struct why *why)
{
	const struct catalogue *c = f->plan->target;
	struct mdfolder *folder = &c->tree->folders[c->entries[v->twin].folder];
	const struct keywords wanted = { { forwarded } };
	size_t passed = 0;

	for (size_t i = 0; i < n; i++)
		passed +=
		    (flags_wanted(f->plan, v[i].number, f->policy) &
			~flags_of(c, &c->entries[v[i].twin]) & MD_PASSED) != 0;
	if (passed == 0 || passed_letter(c, &c->entries[v->twin]) != 0)
		return 0;
	if (keywordmap_add(c->tree, f->journal, folder, &wanted, why) == -1)
		return -1;
	if (passed_letter(c, &c->entries[v->twin]) == 0)
		f->lost_keywords += passed;
	return 0;
}

static int
apply_batch(struct flag_run *f, struct change *v, size_t n, struct why *why)
{
	static const struct why busy = { .kind = FAIL_TEMP,
		.text = "a client changes its flags all the time" };
	struct catalogue *c = f->plan->target;

	if (offer_letter(f, v, n, why) == -1)
		return -1;
	for (int i = 0; i < TRIES && n > 0; i++) {
		if (rename_batch(f, v, n, &n, why) == -1)
			return -1;
		if (n > 0 && catalogue_find_again(
				 c, c->entries[v->twin].folder, why) == -1)
			return -1;
		n = keep_differing(f, v, n);
	}
	for (size_t i = 0; i < n; i++)
		f->failed(f->arg, v[i].twin, &busy);
	return 0;
}

/* True if the journal can name the twin: it is UTF-8. */
static bool
can_be_noted(const struct flag_run *f, const struct change *ch)
{
	static const struct why why = { .kind = FAIL_DATA,
		.text = "keeps its flags: its name is not UTF-8" };
	const char *name = twin_name(f, ch), *dir = twin_dir(f, ch);

	if (utf8_valid(name, strlen(name)) && utf8_valid(dir, strlen(dir)))
		return true;
	f->failed(f->arg, ch->twin, &why);
	return false;
}

int
flags_apply(struct flag_run *f, struct why *why)
{
	struct merge_plan *p = f->plan;
	struct catalogue *c = p->target;
	struct change *v = NULL;
	size_t n = 0, cap = 0, from = 0;
	int r = 0;

	for (uint32_t i = 0; i < p->source->n; i++) {
		struct change ch = { i, p->fates[i].twin };

		if (!differs(p, i, f->policy) || !can_be_noted(f, &ch))
			continue;
		v = xgrow(v, n, &cap, sizeof *v);
		v[n++] = ch;
	}
	if (n > 1)
		qsort_r(v, n, sizeof *v, change_order, c);
	while (r == 0 && from < n) {
		size_t to = from;

		while (to < n && to - from < BATCH &&
		       c->entries[v[to].twin].folder ==
			   c->entries[v[from].twin].folder)
			to++;
		r = apply_batch(f, v + from, to - from, why);
		from = to;
	}
	free(v);
	return r;
}
