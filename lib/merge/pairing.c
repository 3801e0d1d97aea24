/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "merge/pairing.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "core/alloc.h"
#include "maildir/box.h"
#include "maildir/name.h"
#include "maildir/reading.h"
#include "merge/candidates.h"
#include "merge/copies.h"
#include "merge/variant.h"

const char *const same_id_words[] = {
	[SAME_ID_COMPARE] = "compare",
	[SAME_ID_TRUST] = "trust",
	[SAME_ID_ADD] = "add",
};

const char *const scope_words[] = {
	[SCOPE_ACCOUNT] = "account",
	[SCOPE_FOLDER] = "folder",
};

enum {
	/* So many pairs of one id are compared whole at most; past it, they
	 * are taken for distinct messages. */
	VARIANT_PAIRS_MAX = 1 << 20
};

/* The messages of one id that are left in one tree, by what they may be paired
 * with: a draft is not a copy of what was sent. */
enum side_part {
	PART_MAIL,
	PART_DRAFTS,
	PARTS
};

struct matcher {
	struct merge_plan *plan;
	struct idtable source, target;
	struct candidates s, t;
	struct candidates aside; /* of the target: they do not count */
	struct candidates parts_s[PARTS], parts_t[PARTS];
	bool away;         /* the target is what the plan has away */
	size_t digest_len; /* so much of the digests is compared */
	bool *decided;     /* one for each source entry */
	bool *counts_not;  /* one for each target folder: not as elsewhere */
};

static void
decide(struct matcher *m, uint32_t number, enum outcome outcome, uint32_t twin,
    const char *note)
{
	m->plan->fates[number] = (struct fate){
		.outcome = outcome, .away = m->away, .twin = twin, .note = note
	};
	m->decided[number] = true;
}

static size_t
goal(const struct matcher *m, uint32_t number)
{
	const struct merge_plan *p = m->plan;

	return p->folders[p->source->entries[number].folder].folder;
}

/* What is decided before anything is compared. */
static void
decide_early(struct matcher *m)
{
	const struct merge_plan *p = m->plan;

	for (uint32_t i = 0; i < p->source->n; i++) {
		const struct catalogue_entry *e = &p->source->entries[i];
		const struct mdfolder *f = &p->source->tree->folders[e->folder];
		const char *fault =
		    f->fault != NULL ? f->fault : p->folders[e->folder].fault;
		unsigned int flags = mdname_flags(entry_name(p->source, e));

		if ((e->state & ENTRY_GONE) != 0)
			decide(
			    m, i, OUT_FAILED, 0, "vanished while it was read");
		else if ((e->state & ENTRY_BAD) != 0)
			decide(m, i, OUT_FAILED, 0, entry_fault(p->source, e));
		else if ((flags & MD_TRASHED) != 0 && !p->options.keep_trashed)
			decide(m, i, OUT_SKIPPED, 0, "marked as deleted");
		else if (p->options.skip_drafts &&
			 ((flags & MD_DRAFT) != 0 ||
			     (f->role != NULL &&
				 strcmp(f->role, "drafts") == 0)))
			decide(m, i, OUT_SKIPPED, 0, "a draft");
		else if (fault != NULL)
			decide(m, i, OUT_FAILED, 0, fault);
	}
}

/* copies_is_draft() of a message of the source, which may also belong where drafts are:
 * its own folder can have a name that says nothing. */
static bool
is_source_draft(const struct matcher *m, uint32_t number)
{
	const struct merge_plan *p = m->plan;
	const struct catalogue_entry *e = &p->source->entries[number];

	return copies_is_draft(p->source, number) ||
	       (p->folders[e->folder].fault == NULL &&
		   copies_holds_drafts(
		       &p->target->tree->folders[goal(m, number)]));
}

/* The order in which copies are paired: content, folder, name. */
static int
copy_order(const struct matcher *m, const struct catalogue *c, uint32_t x,
    uint32_t y, size_t fx, size_t fy)
{
	const struct catalogue_entry *a = &c->entries[x], *b = &c->entries[y];
	int d = memcmp(a->digest, b->digest, m->digest_len);

	if (d != 0)
		return d;
	if (fx != fy)
		return fx < fy ? -1 : 1;
	d = strcmp(entry_name(c, a), entry_name(c, b));
	return d != 0 ? d : (x > y) - (x < y);
}

static int
source_order(const void *a, const void *b, void *arg)
{
	const uint32_t *x = a, *y = b;
	struct matcher *m = arg;

	return copy_order(m, m->plan->source, *x, *y, goal(m, *x), goal(m, *y));
}

static int
target_order(const void *a, const void *b, void *arg)
{
	const uint32_t *x = a, *y = b;
	struct matcher *m = arg;
	const struct catalogue *c = m->plan->target;

	return copy_order(
	    m, c, *x, *y, c->entries[*x].folder, c->entries[*y].folder);
}

static void
sort_candidates(struct matcher *m, struct candidates *v, bool source)
{
	if (v->n > 1)
		qsort_r(v->v, v->n, sizeof *v->v,
		    source ? source_order : target_order, m);
}

/* Pairs what is the same, by one walk over two sorted lists. in_folder: only
 * copies that lie in the same folder; otherwise in any that counts. */
static void
pair_lists(struct matcher *m, struct candidates *ls, struct candidates *lt,
    bool in_folder)
{
	const struct catalogue *source = m->plan->source;
	const struct catalogue *target = m->plan->target;
	size_t i = 0, j = 0;

	while (i < ls->n && j < lt->n) {
		uint32_t s = ls->v[i], t = lt->v[j];
		size_t sf = goal(m, s), tf = target->entries[t].folder;
		int d = memcmp(source->entries[s].digest,
		    target->entries[t].digest, m->digest_len);

		if (d == 0 && in_folder)
			d = (sf > tf) - (sf < tf);
		else if (d == 0 && m->counts_not[tf])
			d = 1; /* the copy in the ignored folder is passed */
		if (d < 0) {
			i++;
		} else if (d > 0) {
			j++;
		} else {
			decide(m, s, in_folder ? OUT_PRESENT : OUT_ELSEWHERE, t,
			    NULL);
			ls->v[i++] = lt->v[j++] = CANDIDATE_USED;
		}
	}
	candidates_drop_used(ls);
	candidates_drop_used(lt);
}

/* Drafts are paired with drafts first; what was sent, never with a draft. */
static void
pair_parts(struct matcher *m, struct candidates s[PARTS], bool in_folder)
{
	for (int part = 0; part < PARTS; part++) {
		sort_candidates(m, &s[part], true);
		sort_candidates(m, &m->parts_t[part], false);
	}
	pair_lists(m, &s[PART_MAIL], &m->parts_t[PART_MAIL], in_folder);
	pair_lists(m, &s[PART_DRAFTS], &m->parts_t[PART_DRAFTS], in_folder);
	pair_lists(m, &s[PART_DRAFTS], &m->parts_t[PART_MAIL], in_folder);
}

static void
pair_same(struct matcher *m, struct candidates s[PARTS])
{
	pair_parts(m, s, true);
	if (m->plan->options.scope == SCOPE_ACCOUNT)
		pair_parts(m, s, false);
}

/* Takes the messages without a field Bcc out of a list, into another. */
static void
take_open(
    const struct catalogue *c, struct candidates *from, struct candidates *to)
{
	static const unsigned char none[DIGEST_LEN - CONTENT_LEN];

	to->n = 0;
	for (size_t i = 0; i < from->n; i++) {
		if (memcmp(c->entries[from->v[i]].digest + CONTENT_LEN, none,
			sizeof none) != 0)
			continue;
		candidates_add(to, from->v[i]);
		from->v[i] = CANDIDATE_USED;
	}
	candidates_drop_used(from);
}

static void
append(struct candidates *to, const struct candidates *from)
{
	for (size_t i = 0; i < from->n; i++)
		candidates_add(to, from->v[i]);
}

/* The copy that its sender kept has the field Bcc, those that others got have
 * not: it is a copy of them, they are none of it. */
static void
pair_open(struct matcher *m)
{
	struct candidates open[PARTS] = { 0 };

	m->digest_len = CONTENT_LEN;
	for (int part = 0; part < PARTS; part++)
		take_open(m->plan->source, &m->parts_s[part], &open[part]);
	pair_same(m, open);
	for (int part = 0; part < PARTS; part++) {
		append(&m->parts_s[part], &open[part]);
		free(open[part].v);
	}
}

/* Divides what is gathered, and pairs all that is the same. What is left is in
 * the parts. */
static void
pair_all(struct matcher *m)
{
	for (int part = 0; part < PARTS; part++)
		m->parts_s[part].n = m->parts_t[part].n = 0;
	for (size_t i = 0; i < m->s.n; i++)
		candidates_add(
		    &m->parts_s[is_source_draft(m, m->s.v[i])], m->s.v[i]);
	for (size_t i = 0; i < m->t.n; i++)
		candidates_add(
		    &m->parts_t[copies_is_draft(m->plan->target, m->t.v[i])],
		    m->t.v[i]);
	m->digest_len =
	    m->plan->options.same_id == SAME_ID_TRUST ? 0 : DIGEST_LEN;
	pair_same(m, m->parts_s);
	if (m->digest_len > 0)
		pair_open(m);
}

static int
read_facts(const struct catalogue *c, uint32_t number, struct variant_facts *f)
{
	int fd = entry_open(c, &c->entries[number], NULL), r;

	if (fd == -1)
		return -1;
	r = variant_read(f, fd, NULL);
	(void)close(fd);
	return r;
}

/* Finds a variant for one copy that is left: in its folder first. */
static bool
pair_variant(struct matcher *m, uint32_t s, const struct variant_facts *own,
    const struct variant_facts *others, bool in_folder)
{
	const struct catalogue *target = m->plan->target;
	struct candidates *left = &m->parts_t[PART_MAIL];

	for (size_t j = 0; j < left->n; j++) {
		uint32_t t = left->v[j];
		size_t folder;
		enum variant variant;

		if (t == CANDIDATE_USED)
			continue;
		folder = target->entries[t].folder;
		if ((folder == goal(m, s)) != in_folder ||
		    (!in_folder && m->counts_not[folder]))
			continue;
		variant = variant_relate(own, &others[j]);
		if (variant == VARIANT_NONE)
			continue;
		decide(m, s, in_folder ? OUT_PRESENT : OUT_ELSEWHERE, t,
		    variant_name(variant));
		left->v[j] = CANDIDATE_USED;
		return true;
	}
	return false;
}

static void
fail_unread(struct matcher *m, uint32_t s, const char *note)
{
	decide(m, s, OUT_FAILED, 0, note);
	m->plan->fates[s].again = true;
}

/* Reads what the target has left. -1 if some of it cannot be read. */
static int
read_others(struct matcher *m, struct variant_facts *others)
{
	const struct candidates *left = &m->parts_t[PART_MAIL];

	for (size_t j = 0; j < left->n; j++)
		if (read_facts(m->plan->target, left->v[j], &others[j]) == -1)
			return -1;
	return 0;
}

/* Two versions of a draft are two messages; they are never variants of each
 * other. A message that cannot be read now is not another message for that. */
static void
pair_variants(struct matcher *m)
{
	struct candidates *mine = &m->parts_s[PART_MAIL];
	size_t n = m->parts_t[PART_MAIL].n;
	struct variant_facts *others, own;
	bool unread;

	if (m->plan->options.same_id != SAME_ID_COMPARE || n == 0 ||
	    mine->n == 0 || mine->n * n > VARIANT_PAIRS_MAX)
		return;
	others = xcalloc(n, sizeof *others);
	unread = read_others(m, others) == -1;
	for (size_t i = 0; i < mine->n; i++) {
		uint32_t s = mine->v[i];

		if (unread)
			fail_unread(m, s,
			    "a message of the target with its Message-ID "
			    "cannot be read");
		else if (read_facts(m->plan->source, s, &own) == -1)
			fail_unread(m, s, "cannot be read");
		else if (!pair_variant(m, s, &own, others, true) &&
			 (m->plan->options.scope == SCOPE_FOLDER ||
			     !pair_variant(m, s, &own, others, false)))
			continue;
		mine->v[i] = CANDIDATE_USED;
	}
	free(others);
	candidates_drop_used(mine);
	candidates_drop_used(&m->parts_t[PART_MAIL]);
}

/* --collapse: of copies that are the same only the first counts. Copies in
 * other folders are the same unless the scope is the folder. */
static void
collapse(struct matcher *m)
{
	const struct merge_plan *p = m->plan;
	uint32_t first = CANDIDATE_USED;

	m->digest_len = p->options.same_id == SAME_ID_TRUST ? 0 : DIGEST_LEN;
	sort_candidates(m, &m->s, true);
	for (size_t i = 0; i < m->s.n; i++) {
		uint32_t s = m->s.v[i];

		if (first != CANDIDATE_USED &&
		    memcmp(p->source->entries[s].digest,
			p->source->entries[first].digest, m->digest_len) == 0 &&
		    (p->options.scope == SCOPE_ACCOUNT ||
			goal(m, s) == goal(m, first))) {
			decide(m, s, OUT_SKIPPED, 0, "a further copy");
			m->s.v[i] = CANDIDATE_USED;
		} else {
			first = s;
		}
	}
	candidates_drop_used(&m->s);
}

/* Drops from a side what was decided before, or turned out to be unreadable. */
static void
drop_settled(struct matcher *m)
{
	struct merge_plan *p = m->plan;

	for (size_t i = 0; i < m->s.n; i++) {
		uint32_t s = m->s.v[i];

		if (!m->decided[s] &&
		    !candidate_is_usable(&p->source->entries[s]))
			decide(m, s, OUT_FAILED, 0,
			    entry_fault(p->source, &p->source->entries[s]));
		if (m->decided[s])
			m->s.v[i] = CANDIDATE_USED;
	}
	m->aside.n = 0;
	for (size_t i = 0; i < m->t.n; i++) {
		uint32_t t = m->t.v[i];
		bool usable = candidate_is_usable(&p->target->entries[t]);

		if (usable && copies_counts(p, t))
			continue;
		if (usable)
			candidates_add(&m->aside, t);
		m->t.v[i] = CANDIDATE_USED;
	}
	candidates_drop_used(&m->s);
	candidates_drop_used(&m->t);
}

/* True if one of the first of a list has the content of the message. */
static bool
has_content(const struct matcher *m, const struct candidates *list, uint32_t s)
{
	enum {
		LOOKED_AT = 16
	};
	const struct catalogue_entry *e = &m->plan->source->entries[s];

	for (size_t i = 0; i < list->n && i < LOOKED_AT; i++) {
		const struct catalogue_entry *o =
		    &m->plan->target->entries[list->v[i]];

		if ((e->state & o->state & ENTRY_DIGEST) != 0 &&
		    memcmp(e->digest, o->digest, CONTENT_LEN) == 0)
			return true;
	}
	return false;
}

/* Why a message is added though the target has one with its id; or NULL. */
static const char *
note_added(const struct matcher *m, uint32_t s, bool named)
{
	const struct candidates *mail = &m->parts_t[PART_MAIL];
	const struct candidates *drafts = &m->parts_t[PART_DRAFTS];

	if (has_content(m, &m->aside, s))
		return "its copy is marked as deleted, or cannot be opened by "
		       "its owner";
	if (has_content(m, drafts, s))
		return "its copy is a draft";
	if (has_content(m, mail, s))
		return "its copy does not count";
	return named && mail->n + drafts->n > 0
		   ? "same Message-ID, other content"
		   : NULL;
}

/* Settles all copies of one message, which are gathered. */
static void
settle(struct matcher *m, const struct catalogue_entry *e)
{
	bool named = (e->state & ENTRY_ID) != 0;

	drop_settled(m);
	if (m->plan->options.collapse)
		collapse(m);
	pair_all(m);
	if (named)
		pair_variants(m);
	for (int part = 0; part < PARTS; part++)
		for (size_t i = 0; i < m->parts_s[part].n; i++) {
			uint32_t s = m->parts_s[part].v[i];

			const char *note = note_added(m, s, named);

			decide(m, s, OUT_ADD, 0,
			    note != NULL ? note : m->plan->fates[s].note);
		}
}

/* One message with an id: settled if what it takes is known, else its copies
 * on both sides are to be read whole. */
static void
settle_or_want(struct matcher *m, const struct catalogue_entry *e)
{
	struct catalogue *source = m->plan->source, *target = m->plan->target;
	bool alone;

	candidates_gather(&m->t, &m->target, e);
	candidates_gather(&m->s, &m->source, e);
	alone = m->t.n == 0 && !m->plan->options.collapse;
	if (alone || m->plan->options.same_id == SAME_ID_TRUST ||
	    (candidates_are_read(source, &m->s) &&
		candidates_are_read(target, &m->t))) {
		settle(m, e);
		return;
	}
	candidates_want(target, &m->t);
	candidates_want(source, &m->s);
}

/* Settles what can be settled, and marks what must be read whole for the rest:
 * messages that share their id with one of the other side, and, if the source
 * has some, all without an id. */
static void
settle_known(struct matcher *m)
{
	struct catalogue *source = m->plan->source, *target = m->plan->target;
	bool nameless = false;

	for (uint32_t i = 0; i < source->n; i++) {
		struct catalogue_entry *e = &source->entries[i];

		candidates_prefetch(&m->target, source, i);
		candidates_prefetch(&m->source, source, i);
		if (m->decided[i] || (e->state & ENTRY_WANT) != 0)
			continue;
		if ((e->state & ENTRY_ID) != 0) {
			settle_or_want(m, e);
			continue;
		}
		e->state |= ENTRY_WANT;
		nameless = true;
	}
	for (size_t i = 0; nameless && i < target->n; i++)
		if ((target->entries[i].state &
			(ENTRY_ID | ENTRY_BAD | ENTRY_GONE)) == 0)
			target->entries[i].state |= ENTRY_WANT;
}

/* Settles what is left, now that it was read. */
static void
settle_rest(struct matcher *m)
{
	const struct catalogue *source = m->plan->source;

	for (uint32_t i = 0; i < source->n; i++) {
		const struct catalogue_entry *e = &source->entries[i];

		candidates_prefetch(&m->target, source, i);
		candidates_prefetch(&m->source, source, i);
		if (m->decided[i])
			continue;
		candidates_gather(&m->s, &m->source, e);
		candidates_gather(&m->t, &m->target, e);
		settle(m, e);
		if (!m->decided[i]) /* its file vanished or cannot be read */
			decide(m, i, OUT_FAILED, 0, entry_fault(source, e));
	}
}

/* A message that came without its keywords would never get them: a later run
 * finds it present. */
static void
fail_without_keywords(struct merge_plan *p)
{
	for (size_t i = 0; i < p->source->n; i++) {
		const struct catalogue_entry *e = &p->source->entries[i];
		const struct mdfolder *f = &p->source->tree->folders[e->folder];
		struct mdname n;

		mdname_parse(&n, entry_name(p->source, e));
		if (p->fates[i].outcome == OUT_ADD && n.letters != 0 &&
		    f->no_keywords != NULL)
			p->fates[i] = (struct fate){ .outcome = OUT_FAILED,
				.note = f->no_keywords };
	}
}

static void
free_matcher(struct matcher *m)
{
	free(m->source.heads);
	free(m->target.heads);
	free(m->s.v);
	free(m->t.v);
	free(m->aside.v);
	for (int part = 0; part < PARTS; part++) {
		free(m->parts_s[part].v);
		free(m->parts_t[part].v);
	}
	free(m->decided);
	free(m->counts_not);
}

/* Decides what is not decided yet. 0, or -1 and why. */
static int
match(struct matcher *m, struct why *why)
{
	struct merge_plan *p = m->plan;
	uint64_t seed = 0;

	(void)!getrandom(&seed, sizeof seed, GRND_NONBLOCK);
	idtable_init(&m->source, p->source, seed);
	idtable_init(&m->target, p->target, seed);
	settle_known(m);
	if (catalogue_read_digests(p->source, why) == -1 ||
	    catalogue_read_digests(p->target, why) == -1 ||
	    copies_check(p, why) == -1)
		return -1;
	idtable_add_nameless(&m->source);
	idtable_add_nameless(&m->target);
	settle_rest(m);
	return 0;
}

/* What belongs into no folder of a tree, but may belong to drafts in another one. */
static struct target_folder *
lead_nowhere(const struct merge_plan *p, struct mdtree *away)
{
	struct target_folder *to = xcalloc(p->source->tree->n + 1, sizeof *to);
	size_t nowhere = mdtree_add(away, "", NULL);
	size_t drafts = mdtree_add(away, "", NULL);

	away->folders[drafts].role = xstrdup("drafts");
	for (size_t i = 0; i < p->source->tree->n; i++)
		to[i].folder =
		    p->folders[i].fault == NULL &&
			    copies_holds_drafts(
				&p->target->tree->folders[p->folders[i].folder])
			? drafts
			: nowhere;
	return to;
}

/* Looks for what is to be added among what the owner has in other places. */
static int
match_away(const struct merge_plan *p, struct why *why)
{
	struct target_folder *folders = lead_nowhere(p, p->away->tree);
	struct merge_plan other = { p->source, p->away, p->target, folders,
		p->options, p->fates };
	struct matcher m = { .plan = &other, .away = true };
	int r = copies_check(&other, why);

	m.decided = xcalloc(p->source->n + 1, sizeof *m.decided);
	for (size_t i = 0; i < p->source->n; i++) {
		m.decided[i] = p->fates[i].outcome != OUT_ADD;
		p->source->entries[i].state &= 0xff & ~(unsigned int)ENTRY_WANT;
	}
	if (r == 0 && (m.counts_not = copies_ignored(&other, why)) == NULL)
		r = -1;
	if (r == 0)
		r = match(&m, why);
	free_matcher(&m);
	free(folders);
	return r;
}

const struct catalogue *
pairing_twins(const struct merge_plan *p, const struct fate *f)
{
	return f->away ? p->away : p->target;
}

int
pairing_make(struct merge_plan *p, struct why *why)
{
	struct matcher m = { .plan = p };
	int r = -1;

	if (copies_check(p, why) == -1)
		return -1;
	p->fates = xcalloc(p->source->n + 1, sizeof *p->fates);
	m.decided = xcalloc(p->source->n + 1, sizeof *m.decided);
	m.counts_not = copies_ignored(p, why);
	if (m.counts_not != NULL) {
		decide_early(&m);
		r = match(&m, why);
	}
	free_matcher(&m);
	if (r == 0 && p->away != NULL && p->away->n > 0 &&
	    p->options.scope == SCOPE_ACCOUNT)
		r = match_away(p, why);
	if (r == 0)
		fail_without_keywords(p);
	return r;
}
