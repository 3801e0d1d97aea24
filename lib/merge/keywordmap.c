/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "merge/keywordmap.h"

#include <stdlib.h>
#include <unistd.h>

#include "core/alloc.h"
#include "maildir/control.h"
#include "maildir/delivery.h"
#include "maildir/name.h"
#include "merge/merge-internal.h"

/* The keyword names of a message, one call of add for each. The list may be
 * anybody's: what is not a keyword to IMAP would break the sessions that see
 * it. */
void
merge_each_keyword(struct merge *m, const struct item *it,
    void (*add)(struct merge *m, const char *name, void *arg), void *arg)
{
	const struct catalogue_entry *e = merge_source(m, it);
	const struct mdfolder *f = &m->plan->source->tree->folders[e->folder];
	struct mdname n;

	mdname_parse(&n, entry_name(m->plan->source, e));
	/* Dovecot does not read P; it keeps the mark as a keyword. */
	if ((n.flags & MD_PASSED) != 0)
		add(m, "$Forwarded", arg);
	for (int i = 0; i < KEYWORDS_MAX; i++) {
		if ((n.letters >> i & 1) == 0)
			continue;
		if (f->keywords.name[i] == NULL ||
		    !keyword_valid(f->keywords.name[i]))
			m->nameless_letters++;
		else
			add(m, f->keywords.name[i], arg);
	}
}

struct letters {
	const struct keywords *keywords;
	unsigned int letters;
};

static void
add_letter(struct merge *m, const char *name, void *arg)
{
	struct letters *l = arg;
	int n = keywords_find(l->keywords, name);

	if (n == -1)
		m->lost_keywords++;
	else
		l->letters |= 1U << n;
}

void
merge_note_lost_keywords(
    struct merge *m, const struct item *it, const char *which)
{
	static const char text[] = "not all keywords could be carried";
	struct fate *f = &m->plan->fates[it->entry];
	char *both = xasprintf("%s%s%s%s%s", f->note == NULL ? "" : f->note,
	    f->note == NULL ? "" : "; ", text, *which == '\0' ? "" : ": ",
	    which);

	f->note = arena_adds(&m->texts, both);
	free(both);
}

unsigned int
merge_letters(struct merge *m, const struct item *it)
{
	struct letters l = { &merge_target(m, it->folder)->keywords, 0 };
	size_t lost = m->nameless_letters + m->lost_keywords;

	merge_each_keyword(m, it, add_letter, &l);
	if (m->nameless_letters + m->lost_keywords > lost)
		merge_note_lost_keywords(m, it, "");
	return l.letters;
}

static void
want_keyword(struct merge *m, const char *name, void *arg)
{
	struct keywords *wanted = arg;

	(void)m;
	(void)keywords_add(wanted, name);
}

/* True if the list has all of the wanted names. */
static bool
has_all(const struct keywords *k, const struct keywords *wanted)
{
	for (int i = 0; i < KEYWORDS_MAX; i++)
		if (wanted->name[i] != NULL &&
		    keywords_find(k, wanted->name[i]) == -1)
			return false;
	return true;
}

int
keywordmap_add(const struct mdtree *t, struct journal *j, struct mdfolder *f,
    const struct keywords *wanted, struct why *why)
{
	int fd = control_open(t, f->dir), r;
	bool changed = false;

	if (fd == -1)
		return why_errno(why, FAIL_DATA, "the folder %s", f->dir);
	if (dot_lock(fd, UIDLIST_LOCK, why) == -1) {
		(void)close(fd);
		return -1;
	}
	keywords_free(&f->keywords);
	r = keywords_read(&f->keywords, fd, why);
	for (int i = 0; r == 0 && i < KEYWORDS_MAX; i++) {
		struct journal_record rec = { .kind = JOURNAL_KEYWORD,
			.dir = f->dir,
			.name = wanted->name[i] };

		if (wanted->name[i] == NULL ||
		    keywords_find(&f->keywords, wanted->name[i]) != -1)
			continue;
		rec.number = keywords_add(&f->keywords, wanted->name[i]);
		if (rec.number == -1)
			continue;
		journal_put(j, &rec);
		changed = true;
	}
	if (r == 0 && changed && journal_sync(j, why) == -1)
		r = -1;
	if (r == 0 && changed)
		r = keywords_write(&f->keywords, fd, why);
	dot_unlock(fd, UIDLIST_LOCK);
	(void)close(fd);
	return r;
}

int
merge_prepare_keywords(
    struct merge *m, const struct item *items, size_t n, struct why *why)
{
	struct mdfolder *f = merge_target(m, items[0].folder);
	struct keywords wanted = { 0 };
	size_t nameless = m->nameless_letters;
	int r = 0;

	for (size_t i = 0; i < n; i++)
		merge_each_keyword(m, &items[i], want_keyword, &wanted);
	m->nameless_letters = nameless; /* they are counted with the names */
	if (!has_all(&f->keywords, &wanted))
		r = keywordmap_add(
		    m->plan->target->tree, m->journal, f, &wanted, why);
	keywords_free(&wanted);
	return r;
}

void
merge_foresee_keywords(struct merge *m)
{
	for (size_t i = 0; i < m->n; i++) {
		struct mdfolder *f = merge_target(m, m->items[i].folder);
		size_t nameless = m->nameless_letters;

		/* The list of a folder is complete before its first message. */
		for (size_t j = i;
		     (i == 0 || m->items[i - 1].folder != m->items[i].folder) &&
		     j < m->n && m->items[j].folder == m->items[i].folder;
		     j++)
			merge_each_keyword(
			    m, &m->items[j], want_keyword, &f->keywords);
		m->nameless_letters = nameless;
		(void)merge_letters(m, &m->items[i]);
	}
}
