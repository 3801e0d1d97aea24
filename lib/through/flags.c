/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "through/flags.h"

#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/str.h"
#include "doveadm/messages.h"
#include "maildir/name.h"
#include "merge/flags.h"

enum {
	AT_ONCE = 500 /* messages that one call is told of */
};

static const struct {
	enum mdflag flag;
	const char *word; /* as IMAP has it */
} words[] = {
	{ MD_DRAFT, "\\Draft" },
	{ MD_FLAGGED, "\\Flagged" },
	{ MD_PASSED, "$Forwarded" },
	{ MD_REPLIED, "\\Answered" },
	{ MD_SEEN, "\\Seen" },
	{ MD_TRASHED, "\\Deleted" },
};

static int
by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

char *
through_keywords(const char *text)
{
	char *copy = str_lower(xstrdup(text)), *rest = copy, *result;
	struct buf out = { 0 };
	char **v = NULL;
	size_t n = 0, cap = 0;

	while (rest != NULL) {
		char *word = str_cut(&rest, ' ');

		if (*word == '\0' || *word == '\\' ||
		    mdflag_of_keyword(word) != 0)
			continue;
		v = xgrow(v, n, &cap, sizeof *v);
		v[n++] = word;
	}
	if (n > 1)
		qsort(v, n, sizeof *v, by_text);
	for (size_t i = 0; i < n; i++)
		buf_addf(&out, "%s%s", i > 0 ? " " : "", v[i]);
	result = xstrdup(buf_str(&out));
	free(v);
	free(copy);
	buf_free(&out);
	return result;
}

int
through_change_flags(struct through *t, const struct doveadm_mailbox *m,
    const char *which, unsigned int flags, const uint32_t *uids, size_t n,
    struct why *why)
{
	struct buf list = { 0 }, names = { 0 };
	int r;

	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if ((flags & words[i].flag) != 0)
			buf_addf(&names, "%s%s", names.len == 0 ? "" : " ",
			    words[i].word);
	doveadm_put_uids(&list, uids, n);
	r = doveadm_run(&t->store.doveadm,
	    DOVEADM_WORDS("flags", which, "-u", t->store.doveadm.user, "--",
		buf_str(&names), "mailbox", m->name, "mailbox-guid", m->guid,
		"uid", buf_str(&list)),
	    NULL, why);
	buf_free(&list);
	buf_free(&names);
	return r;
}

/* One twin that is to get other flags. */
struct change {
	uint32_t twin;
	unsigned int has, wants;
};

static int
change_order(const void *a, const void *b, void *arg)
{
	const struct change *x = a, *y = b;
	const struct catalogue *c = arg;
	const struct catalogue_entry *ex = &c->entries[x->twin],
				     *ey = &c->entries[y->twin];

	if (ex->folder != ey->folder)
		return ex->folder < ey->folder ? -1 : 1;
	if (x->has != y->has)
		return x->has < y->has ? -1 : 1;
	if (x->wants != y->wants)
		return x->wants < y->wants ? -1 : 1;
	return (ex->ino > ey->ino) - (ex->ino < ey->ino);
}

static void
announce(struct through *t, const struct change *ch)
{
	const struct catalogue *c = t->run->merge.plan->target;
	const struct catalogue_entry *e = &c->entries[ch->twin];
	const char *name = entry_name(c, e);
	struct buf was = { 0 }, info = { 0 };
	char *guid = xmemdup(name, strcspn(name, ":"));
	struct journal_record rec = { .kind = JOURNAL_FLAGS,
		.dir = c->tree->folders[e->folder].dir,
		.name = guid };

	mdname_put_info(&was, ch->has, 0);
	mdname_put_info(&info, ch->wants, 0);
	rec.was = was.data;
	rec.info = info.data;
	journal_put(&t->run->journal, &rec);
	free(guid);
	buf_free(&was);
	buf_free(&info);
}

/* Tells of messages that keep their flags, or may do so. */
static void
fail_all(struct through *t, const struct change *ch, size_t n)
{
	const struct merge_events *on = &t->run->on;
	const struct catalogue *c = t->run->merge.plan->target;
	const struct why why = { .kind = FAIL_TEMP,
		.text = "Dovecot did not change its flags" };
	struct buf path = { 0 };

	for (size_t i = 0; i < n; i++) {
		buf_reset(&path);
		entry_put_path(&path, c, &c->entries[ch[i].twin]);
		on->failed(
		    on->arg, t->run->set.scan.target, buf_str(&path), &why);
	}
	buf_free(&path);
}

/* n changes that are alike: from some flags to others, in one mailbox. */
static int
change(struct through *t, const struct change *ch, size_t n, struct why *why)
{
	const struct catalogue *c = t->run->merge.plan->target;
	const struct doveadm_mailbox *m =
	    store_mailbox(&t->store, c->entries[ch->twin].folder);
	unsigned int more = ch->wants & ~ch->has, less = ch->has & ~ch->wants;
	uint32_t uids[AT_ONCE];
	struct why own;

	for (size_t i = 0; i < n; i++) {
		announce(t, &ch[i]);
		uids[i] = c->entries[ch[i].twin].ino;
	}
	if (m == NULL)
		return 0; /* its owner removed the mailbox */
	if (journal_sync(&t->run->journal, why) == -1)
		return -1;
	if ((more != 0 &&
		through_change_flags(t, m, "add", more, uids, n, &own) == -1) ||
	    (less != 0 && through_change_flags(
			      t, m, "remove", less, uids, n, &own) == -1))
		fail_all(t, ch, n);
	else
		t->more_flags += n;
	return 0;
}

int
through_flags(struct through *t, struct why *why)
{
	const struct merge_plan *p = t->run->merge.plan;
	enum flag_policy policy = t->run->set.flags;
	struct change *v = NULL;
	size_t n = 0, cap = 0;
	int r = 0;

	for (size_t i = 0; i < p->source->n; i++) {
		struct change ch = { .twin = p->fates[i].twin };

		if (p->fates[i].outcome != OUT_PRESENT &&
		    p->fates[i].outcome != OUT_ELSEWHERE)
			continue;
		ch.has = flags_wanted(p, i, FLAGS_REPORT);
		ch.wants = flags_wanted(p, i, policy);
		if (ch.has == ch.wants)
			continue;
		v = xgrow(v, n, &cap, sizeof *v);
		v[n++] = ch;
	}
	if (n > 0)
		qsort_r(v, n, sizeof *v, change_order, p->target);
	for (size_t from = 0, to; r == 0 && from < n; from = to) {
		for (to = from + 1;
		     to < n && to - from < AT_ONCE &&
		     v[to].has == v[from].has && v[to].wants == v[from].wants &&
		     p->target->entries[v[to].twin].folder ==
			 p->target->entries[v[from].twin].folder;)
			to++;
		r = change(t, v + from, to - from, why);
	}
	free(v);
	return r;
}
