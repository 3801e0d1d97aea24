/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "maildir/match.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "core/alloc.h"
#include "maildir/kin.h"
#include "maildir/name.h"

enum {
	/* So many pairs of one id are compared whole at most; past it, they
	 * are taken for distinct messages. */
	KIN_PAIRS_MAX = 4096,
	NONE = 0 /* in chains: numbers are stored plus 1 */
};

/* The entries of a catalogue by id, chained through entry.next. */
struct table {
	struct catalogue *c;
	uint32_t *heads;
	uint64_t seed;
	size_t mask;
};

/* Messages of both sides that have one id, as numbers of entries. */
struct side {
	uint32_t *v;
	size_t n, cap;
};

struct matcher {
	struct plan *plan;
	struct table source, target;
	struct side s, t;
	bool *decided;    /* one for each source entry */
	bool *counts_not; /* one for each target folder: --ignore-folders */
};

/* Seeded, so that no sender can choose ids that fall into one chain. */
static size_t
slot(const struct table *t, const struct entry *e)
{
	unsigned __int128 product;
	uint64_t h;

	memcpy(&h, e->id, sizeof h);
	product = (unsigned __int128)(h ^ t->seed) * 0x9e3779b97f4a7c15ULL;
	return ((uint64_t)product ^ (uint64_t)(product >> 64)) & t->mask;
}

/*
 * The first looks at an entry wait for memory, because chains lead anywhere. So
 * the places that an entry a little ahead will need are fetched now: its chains'
 * heads, and of one that is nearer the entries there.
 */
static void
look_ahead(const struct table *t, const struct catalogue *c, size_t i)
{
	enum {
		FAR = 16,
		NEAR = 8
	};
	uint32_t head;

	if (i + FAR < c->n)
		__builtin_prefetch(&t->heads[slot(t, &c->entries[i + FAR])]);
	if (i + NEAR >= c->n)
		return;
	head = t->heads[slot(t, &c->entries[i + NEAR])];
	if (head == NONE)
		return;
	__builtin_prefetch(&t->c->entries[head - 1]);
	__builtin_prefetch(&t->c->entries[head - 1].next);
}

static bool
is_usable(const struct entry *e)
{
	return (e->state & (ENTRY_BAD | ENTRY_GONE)) == 0;
}

static void
table_add(struct table *t, size_t number)
{
	struct entry *e = &t->c->entries[number];
	size_t at = slot(t, e);

	e->next = t->heads[at];
	t->heads[at] = (uint32_t)number + 1;
}

static void
table_init(struct table *t, struct catalogue *c, uint64_t seed)
{
	size_t slots = 64;

	while (slots < c->n)
		slots *= 2;
	*t = (struct table){ c, xcalloc(slots, sizeof *t->heads), seed,
		slots - 1 };
	for (size_t i = 0; i < c->n; i++)
		if (is_usable(&c->entries[i]) &&
		    (c->entries[i].state & ENTRY_ID) != 0)
			table_add(t, i);
}

static void
side_add(struct side *s, uint32_t number)
{
	s->v = grow(s->v, s->n, &s->cap, sizeof *s->v);
	s->v[s->n++] = number;
}

/* All entries with the id of e. with_id: those whose id is a Message-ID's. */
static void
gather(struct side *out, const struct table *t, const struct entry *e)
{
	out->n = 0;
	for (uint32_t i = t->heads[slot(t, e)]; i != NONE;
	     i = t->c->entries[i - 1].next) {
		const struct entry *o = &t->c->entries[i - 1];

		if (memcmp(o->id, e->id, sizeof e->id) == 0 &&
		    (o->state & ENTRY_ID) == (e->state & ENTRY_ID))
			side_add(out, i - 1);
	}
}

static void
decide(struct matcher *m, uint32_t number, enum outcome outcome, uint32_t twin,
    const char *note)
{
	m->plan->fates[number] =
	    (struct fate){ .outcome = outcome, .twin = twin, .note = note };
	m->decided[number] = true;
}

static size_t
goal(const struct matcher *m, uint32_t number)
{
	const struct plan *p = m->plan;

	return p->folders[p->source->entries[number].folder].folder;
}

/* What is decided before anything is compared. */
static void
decide_early(struct matcher *m)
{
	const struct plan *p = m->plan;

	for (uint32_t i = 0; i < p->source->n; i++) {
		const struct entry *e = &p->source->entries[i];
		const struct mdfolder *f = &p->source->tree->folders[e->folder];
		const char *fault = p->folders[e->folder].fault;
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

static void
want(struct catalogue *c, const struct side *s)
{
	for (size_t i = 0; i < s->n; i++)
		c->entries[s->v[i]].state |= ENTRY_WANT;
}

/* Messages without an id go by their content. */
static void
chain_nameless(struct table *t)
{
	for (size_t i = 0; i < t->c->n; i++) {
		struct entry *e = &t->c->entries[i];

		if (!is_usable(e) ||
		    (e->state & (ENTRY_ID | ENTRY_DIGEST)) != ENTRY_DIGEST)
			continue;
		memcpy(e->id, e->digest, sizeof e->id);
		table_add(t, i);
	}
}

/* The order in which copies are paired: content, folder, name. */
static int
copy_order(const struct catalogue *c, uint32_t x, uint32_t y, size_t fx,
    size_t fy, bool digest)
{
	const struct entry *a = &c->entries[x], *b = &c->entries[y];
	int d = digest ? memcmp(a->digest, b->digest, sizeof a->digest) : 0;

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

	return copy_order(m->plan->source, *x, *y, goal(m, *x), goal(m, *y),
	    m->plan->options.same_id != SAME_ID_TRUST);
}

static int
target_order(const void *a, const void *b, void *arg)
{
	const uint32_t *x = a, *y = b;
	struct matcher *m = arg;
	const struct catalogue *c = m->plan->target;

	return copy_order(c, *x, *y, c->entries[*x].folder,
	    c->entries[*y].folder, m->plan->options.same_id != SAME_ID_TRUST);
}

static int
compare_digests(const struct matcher *m, uint32_t s, uint32_t t)
{
	if (m->plan->options.same_id == SAME_ID_TRUST)
		return 0;
	return memcmp(m->plan->source->entries[s].digest,
	    m->plan->target->entries[t].digest, DIGEST_LEN);
}

static void
drop_used(struct side *s)
{
	size_t kept = 0;

	for (size_t i = 0; i < s->n; i++)
		if (s->v[i] != UINT32_MAX)
			s->v[kept++] = s->v[i];
	s->n = kept;
}

/*
 * Pairs what is the same, by one walk over both sorted sides. in_folder: only
 * copies that lie in the same folder; otherwise in any that counts.
 */
static void
pair_same(struct matcher *m, bool in_folder)
{
	const struct catalogue *target = m->plan->target;
	size_t i = 0, j = 0;

	while (i < m->s.n && j < m->t.n) {
		uint32_t s = m->s.v[i], t = m->t.v[j];
		size_t sf = goal(m, s), tf = target->entries[t].folder;
		int d = compare_digests(m, s, t);

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
			m->s.v[i++] = m->t.v[j++] = UINT32_MAX;
		}
	}
	drop_used(&m->s);
	drop_used(&m->t);
}

static enum kinship
kinship_of(const struct matcher *m, uint32_t s, uint32_t t)
{
	const struct plan *p = m->plan;
	int fd1 = entry_open(p->source, &p->source->entries[s], NULL);
	int fd2 = entry_open(p->target, &p->target->entries[t], NULL);
	enum kinship kin = KIN_NONE;

	if (fd1 != -1 && fd2 != -1)
		kin = kin_compare(fd1, fd2);
	if (fd1 != -1)
		(void)close(fd1);
	if (fd2 != -1)
		(void)close(fd2);
	return kin;
}

static bool
is_draft(const struct matcher *m, uint32_t s)
{
	const struct catalogue *c = m->plan->source;
	const struct entry *e = &c->entries[s];
	const char *role = c->tree->folders[e->folder].role;

	return (mdname_flags(entry_name(c, e)) & MD_DRAFT) != 0 ||
	       (role != NULL && strcmp(role, "drafts") == 0);
}

/* Finds a kin for one copy that is left: in its folder first. */
static bool
pair_kin(struct matcher *m, uint32_t s, bool in_folder)
{
	const struct catalogue *target = m->plan->target;

	for (size_t j = 0; j < m->t.n; j++) {
		uint32_t t = m->t.v[j];
		size_t folder;
		enum kinship kin;

		if (t == UINT32_MAX)
			continue;
		folder = target->entries[t].folder;
		if ((folder == goal(m, s)) != in_folder ||
		    (!in_folder && m->counts_not[folder]))
			continue;
		kin = kinship_of(m, s, t);
		if (kin == KIN_NONE)
			continue;
		decide(m, s, in_folder ? OUT_PRESENT : OUT_ELSEWHERE, t,
		    kin_name(kin));
		m->t.v[j] = UINT32_MAX;
		return true;
	}
	return false;
}

/* Two versions of a draft are two messages; they are never kin. */
static void
pair_all_kin(struct matcher *m)
{
	if (m->plan->options.same_id != SAME_ID_COMPARE ||
	    m->s.n * m->t.n > KIN_PAIRS_MAX)
		return;
	for (size_t i = 0; i < m->s.n; i++) {
		uint32_t s = m->s.v[i];

		if (is_draft(m, s))
			continue;
		if (pair_kin(m, s, true) ||
		    (!m->plan->options.scope_folder && pair_kin(m, s, false)))
			m->s.v[i] = UINT32_MAX;
	}
	drop_used(&m->s);
	drop_used(&m->t);
}

/* --collapse: of copies that are the same only the first counts. Copies in
 * other folders are the same unless the scope is the folder. */
static void
collapse(struct matcher *m)
{
	const struct plan *p = m->plan;
	uint32_t first = UINT32_MAX;

	for (size_t i = 0; i < m->s.n; i++) {
		uint32_t s = m->s.v[i];

		if (first != UINT32_MAX &&
		    (p->options.same_id == SAME_ID_TRUST ||
			memcmp(p->source->entries[s].digest,
			    p->source->entries[first].digest,
			    DIGEST_LEN) == 0) &&
		    (!p->options.scope_folder ||
			goal(m, s) == goal(m, first))) {
			decide(m, s, OUT_SKIPPED, 0, "a further copy");
			m->s.v[i] = UINT32_MAX;
		} else {
			first = s;
		}
	}
	drop_used(&m->s);
}

/* Drops from a side what was decided before, or turned out to be unreadable. */
static void
drop_settled(struct matcher *m)
{
	struct plan *p = m->plan;

	for (size_t i = 0; i < m->s.n; i++) {
		uint32_t s = m->s.v[i];

		if (!m->decided[s] && !is_usable(&p->source->entries[s]))
			decide(m, s, OUT_FAILED, 0,
			    entry_fault(p->source, &p->source->entries[s]));
		if (m->decided[s])
			m->s.v[i] = UINT32_MAX;
	}
	for (size_t i = 0; i < m->t.n; i++)
		if (!is_usable(&p->target->entries[m->t.v[i]]))
			m->t.v[i] = UINT32_MAX;
	drop_used(&m->s);
	drop_used(&m->t);
}

/* Settles all copies of one message, which are gathered. */
static void
settle(struct matcher *m, const struct entry *e)
{
	bool had_twins;

	drop_settled(m);
	if (m->s.n > 1)
		qsort_r(m->s.v, m->s.n, sizeof *m->s.v, source_order, m);
	if (m->t.n > 1)
		qsort_r(m->t.v, m->t.n, sizeof *m->t.v, target_order, m);
	if (m->plan->options.collapse)
		collapse(m);
	had_twins = m->t.n > 0;
	pair_same(m, true);
	if (!m->plan->options.scope_folder)
		pair_same(m, false);
	if (m->s.n > 0 && m->t.n > 0 && (e->state & ENTRY_ID) != 0)
		pair_all_kin(m);
	for (size_t i = 0; i < m->s.n; i++)
		decide(m, m->s.v[i], OUT_ADD, 0,
		    had_twins && m->t.n > 0 && (e->state & ENTRY_ID) != 0
			? "same Message-ID, other content"
			: NULL);
}

/* True if the content of all of them is known, as far as it can be. */
static bool
is_known(const struct catalogue *c, const struct side *s)
{
	for (size_t i = 0; i < s->n; i++)
		if ((c->entries[s->v[i]].state & ENTRY_DIGEST) == 0 &&
		    is_usable(&c->entries[s->v[i]]))
			return false;
	return true;
}

/* One message with an id: settled if what it takes is known, else its copies
 * on both sides are to be read whole. */
static void
settle_or_want(struct matcher *m, const struct entry *e)
{
	struct catalogue *source = m->plan->source, *target = m->plan->target;
	bool alone;

	gather(&m->t, &m->target, e);
	gather(&m->s, &m->source, e);
	alone = m->t.n == 0 && !m->plan->options.collapse;
	if (alone || m->plan->options.same_id == SAME_ID_TRUST ||
	    (is_known(source, &m->s) && is_known(target, &m->t))) {
		settle(m, e);
		return;
	}
	want(target, &m->t);
	want(source, &m->s);
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
		struct entry *e = &source->entries[i];

		look_ahead(&m->target, source, i);
		look_ahead(&m->source, source, i);
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
		const struct entry *e = &source->entries[i];

		look_ahead(&m->target, source, i);
		look_ahead(&m->source, source, i);
		if (m->decided[i])
			continue;
		gather(&m->s, &m->source, e);
		gather(&m->t, &m->target, e);
		settle(m, e);
		if (!m->decided[i]) /* its file vanished or cannot be read */
			decide(m, i, OUT_FAILED, 0, entry_fault(source, e));
	}
}

static void
find_ignored(struct matcher *m)
{
	const struct plan *p = m->plan;
	const struct mdtree *t = p->target->tree;
	const char *const *ignored = p->options.ignored;

	m->counts_not = xcalloc(t->n + 1, sizeof *m->counts_not);
	for (; ignored != NULL && *ignored != NULL; ignored++)
		for (size_t i = 0; i < t->n; i++)
			if ((t->folders[i].path != NULL &&
				strcmp(t->folders[i].path, *ignored) == 0) ||
			    strcmp(t->folders[i].dir, *ignored) == 0)
				m->counts_not[i] = true;
}

/* A message of the target that cannot be read could be any of the source's. */
static int
check_target(const struct plan *p, struct why *why)
{
	size_t bad = 0;
	const struct entry *first = NULL;
	struct buf path = { 0 };

	for (size_t i = 0; i < p->target->n; i++) {
		const struct entry *e = &p->target->entries[i];

		if ((e->state & ENTRY_BAD) != 0 && bad++ == 0)
			first = e;
	}
	if (bad == 0 || p->options.ignore_unreadable)
		return 0;
	entry_put_path(&path, p->target, first);
	why_set(why, FAIL_FATAL,
	    "%zu messages of the target cannot be compared; the first is "
	    "%s/%s: %s",
	    bad, p->target->tree->root, buf_str(&path),
	    entry_fault(p->target, first));
	buf_free(&path);
	return -1;
}

int
match(struct plan *p, struct why *why)
{
	struct matcher m = { .plan = p };
	uint64_t seed = 0;
	int r = -1;

	if (check_target(p, why) == -1)
		return -1;
	(void)!getrandom(&seed, sizeof seed, GRND_NONBLOCK);
	p->fates = xcalloc(p->source->n + 1, sizeof *p->fates);
	m.decided = xcalloc(p->source->n + 1, sizeof *m.decided);
	table_init(&m.source, p->source, seed);
	table_init(&m.target, p->target, seed);
	find_ignored(&m);
	decide_early(&m);
	settle_known(&m);
	if (catalogue_read_digests(p->source, why) == -1 ||
	    catalogue_read_digests(p->target, why) == -1 ||
	    check_target(p, why) == -1)
		goto out;
	chain_nameless(&m.source);
	chain_nameless(&m.target);
	settle_rest(&m);
	r = 0;
out:
	free(m.source.heads);
	free(m.target.heads);
	free(m.s.v);
	free(m.t.v);
	free(m.decided);
	free(m.counts_not);
	return r;
}
