/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "maildir/flags.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/alloc.h"
#include "maildir/control.h"
#include "maildir/delivery.h"
#include "maildir/name.h"

enum {
	CARRIED = MD_SEEN | MD_REPLIED | MD_FLAGGED | MD_PASSED,
	BATCH = 64 /* renames while the lock is held: a few milliseconds */
};

static unsigned int
flags_of(const struct catalogue *c, const struct entry *e)
{
	struct mdname n;

	mdname_parse(&n, entry_name(c, e));
	return n.flags;
}

static bool
has_twin(const struct fate *f)
{
	return f->outcome == OUT_PRESENT || f->outcome == OUT_ELSEWHERE;
}

unsigned int
flags_wanted(const struct plan *p, size_t number, enum flag_policy policy)
{
	const struct entry *twin = &p->target->entries[p->fates[number].twin];
	unsigned int has = flags_of(p->target, twin);
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

size_t
flags_differing(const struct plan *p)
{
	size_t n = 0;

	for (size_t i = 0; i < p->source->n; i++)
		if (has_twin(&p->fates[i]) &&
		    flags_wanted(p, i, FLAGS_MIRROR) !=
			flags_wanted(p, i, FLAGS_REPORT))
			n++;
	return n;
}

/* One twin to rename. */
struct change {
	uint32_t twin;
	unsigned int flags;
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

/* The new name of a twin: its base, the flags, its letters and what follows. */
static char *
new_name(const char *name, unsigned int flags)
{
	struct buf out = { 0 };
	struct mdname n;
	char *result;

	mdname_parse(&n, name);
	buf_add(&out, name, n.base_len);
	mdname_put_info(&out, flags, n.letters);
	buf_adds(&out, n.extra);
	result = xstrdup(buf_str(&out));
	buf_free(&out);
	return result;
}

static void
announce(const struct catalogue *c, const struct change *ch, struct journal *j)
{
	const struct entry *e = &c->entries[ch->twin];
	const char *name = entry_name(c, e);
	size_t base = strcspn(name, ":");
	char *to = new_name(name, ch->flags), *was = xstrdup(name + base);
	char *copy = xmemdup(name, base);
	struct journal_record r = { .kind = JOURNAL_FLAGS,
		.dir = c->tree->folders[e->folder].dir,
		.name = copy,
		.was = was,
		.info = to + base };

	journal_put(j, &r);
	free(to);
	free(was);
	free(copy);
}

/* Renames one, from wherever it is into cur/. */
static bool
rename_twin(struct catalogue *c, const struct change *ch)
{
	struct entry *e = &c->entries[ch->twin];
	const char *dir = c->tree->folders[e->folder].dir;
	const char *name = entry_name(c, e);
	char *to = new_name(name, ch->flags);
	int from = open_box(c->tree, dir, (e->state & ENTRY_NEW) != 0);
	int cur = open_box(c->tree, dir, false);
	bool done = from != -1 && cur != -1 &&
		    renameat2(from, name, cur, to, RENAME_NOREPLACE) == 0;

	if (from != -1)
		(void)close(from);
	if (cur != -1)
		(void)close(cur);
	free(to);
	return done;
}

static int
apply_batch(struct catalogue *c, const struct change *v, size_t n,
    struct journal *j, size_t *changed, struct why *why)
{
	const char *dir = c->tree->folders[c->entries[v->twin].folder].dir;
	int fd = control_open(c->tree, dir);

	if (fd == -1)
		return why_errno(why, FAIL_DATA, "%s", dir);
	for (size_t i = 0; i < n; i++)
		announce(c, &v[i], j);
	if (journal_sync(j, why) == -1 ||
	    dot_lock(fd, UIDLIST_LOCK, why) == -1) {
		(void)close(fd);
		return -1;
	}
	for (size_t i = 0; i < n; i++)
		*changed += rename_twin(c, &v[i]);
	dot_unlock(fd, UIDLIST_LOCK);
	(void)close(fd);
	return 0;
}

int
flags_apply(struct plan *p, enum flag_policy policy, struct journal *j,
    size_t *changed, struct why *why)
{
	struct catalogue *c = p->target;
	struct change *v = NULL;
	size_t n = 0, cap = 0, from = 0;
	int r = 0;

	for (size_t i = 0; i < p->source->n; i++) {
		unsigned int flags;

		if (!has_twin(&p->fates[i]))
			continue;
		flags = flags_wanted(p, i, policy);
		if (flags == flags_wanted(p, i, FLAGS_REPORT))
			continue;
		v = grow(v, n, &cap, sizeof *v);
		v[n++] = (struct change){ p->fates[i].twin, flags };
	}
	if (n > 1)
		qsort_r(v, n, sizeof *v, change_order, c);
	while (r == 0 && from < n) {
		size_t to = from;

		while (to < n && to - from < BATCH &&
		       c->entries[v[to].twin].folder ==
			   c->entries[v[from].twin].folder)
			to++;
		r = apply_batch(c, v + from, to - from, j, changed, why);
		from = to;
	}
	free(v);
	return r;
}
