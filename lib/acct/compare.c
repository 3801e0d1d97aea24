/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "acct/compare.h"

#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/num.h"
#include "core/str.h"
#include "mailbox/name.h"

bool
tolerance_parse(const char *text, struct tolerance *t)
{
	size_t len = strlen(text);
	bool percent = len > 1 && text[len - 1] == '%', ok;
	char *number = xmemdup(text, percent ? len - 1 : len);

	ok = parse_num(number, 0, percent ? 100 : INT32_MAX, &t->n, NULL);
	t->percent = percent;
	free(number);
	return ok;
}

bool
folder_is_short(enum folder_verdict v)
{
	return v == FOLDER_SHORT || v == FOLDER_MISSING || v == FOLDER_UNKNOWN;
}

/* --- pairs --- */

/* What all steps look at. The folders that do not count are taken already. */
struct job {
	const struct mailboxes *source, *target;
	const struct mailbox **match; /* of each source folder, or NULL */
	bool *source_taken, *target_taken;
};

static bool
is_ignored(const struct mailbox *m, const char *const *patterns)
{
	struct buf name = { 0 };
	bool ignored = false;

	mailbox_put_name(&name, m);
	for (; patterns != NULL && *patterns != NULL && !ignored; patterns++)
		ignored = fnmatch(*patterns, buf_str(&name), 0) == 0;
	buf_free(&name);
	return ignored;
}

static bool *
ignored_ones(const struct mailboxes *list, const char *const *patterns)
{
	bool *taken = xcalloc(list->n + 1, sizeof *taken);

	for (size_t i = 0; i < list->n; i++)
		taken[i] = is_ignored(&list->v[i], patterns);
	return taken;
}

static void
take(struct job *j, size_t source, size_t target)
{
	j->match[source] = &j->target->v[target];
	j->source_taken[source] = j->target_taken[target] = true;
}

/* The free folder of that path; list->n if there is none. */
static size_t
find_path(const struct mailboxes *list, const bool *taken, const char *path)
{
	size_t i = 0;

	while (i < list->n && (taken[i] || strcmp(list->v[i].path, path) != 0))
		i++;
	return i;
}

/* The one folder that has a role on a side: what the server states, else the
 * one of the wanted name, else the first whose name speaks for it. */
static size_t
find_role(const struct mailboxes *list, const bool *taken, const char *role,
    const char *wanted)
{
	size_t found = list->n;

	for (size_t i = 0; i < list->n; i++) {
		const struct mailbox *m = &list->v[i];

		if (m->role == NULL || strcmp(m->role, role) != 0 || taken[i])
			continue;
		if (m->role_stated)
			return i;
		if (found == list->n ||
		    (wanted != NULL && strcmp(m->path, wanted) == 0))
			found = i;
	}
	return found;
}

/* A role that only the name of the folder speaks for may be none to those who
 * copied it: then it kept its name. The target's folder of that name, or t. */
static size_t
same_path(const struct job *j, size_t s, size_t t)
{
	for (size_t i = 0; i < j->target->n; i++)
		if (!j->target_taken[i] &&
		    strcmp(j->target->v[i].path, j->source->v[s].path) == 0)
			return i;
	return t;
}

static void
match_role(struct job *j, const char *role)
{
	size_t s, t = find_role(j->target, j->target_taken, role, NULL);

	if (t == j->target->n)
		return;
	s = find_role(j->source, j->source_taken, role, j->target->v[t].path);
	if (s == j->source->n)
		return;
	/* Of several of the target that only their names speak for, the one of
	 * the same name. */
	t = find_role(j->target, j->target_taken, role, j->source->v[s].path);
	if (!j->source->v[s].role_stated)
		t = same_path(j, s, t);
	take(j, s, t);
}

/* Pairs what is left by a name: rename writes the one to look for, or nothing.
 */
static void
match_names(struct job *j, void (*rename)(struct buf *out, const char *path))
{
	struct buf name = { 0 };

	for (size_t i = 0; i < j->source->n; i++) {
		size_t t = j->target->n;

		if (j->source_taken[i])
			continue;
		buf_reset(&name);
		rename(&name, j->source->v[i].path);
		if (name.len != 0)
			t = find_path(j->target, j->target_taken, name.data);
		if (t != j->target->n)
			take(j, i, t);
	}
	buf_free(&name);
}

/* The same where the target's folder has the odd name. */
static void
match_names_back(
    struct job *j, void (*rename)(struct buf *out, const char *path))
{
	struct buf name = { 0 };

	for (size_t i = 0; i < j->target->n; i++) {
		size_t s = j->source->n;

		if (j->target_taken[i])
			continue;
		buf_reset(&name);
		rename(&name, j->target->v[i].path);
		if (name.len != 0)
			s = find_path(j->source, j->source_taken, name.data);
		if (s != j->source->n)
			take(j, s, i);
	}
	buf_free(&name);
}

static void
as_it_is(struct buf *out, const char *path)
{
	buf_adds(out, path);
}

/* "Entw&APw-rfe" is "Entwürfe", level by level. */
static void
decoded(struct buf *out, const char *path)
{
	struct buf text = { 0 };
	bool differs = false;

	for (;;) {
		size_t len = strcspn(path, (char[]){ MAILBOX_SEP, '\0' });
		size_t start = text.len;

		if (mutf7_decode(&text, path, len) == -1)
			buf_add(&text, path, len);
		if (text.len - start != len)
			differs = true;
		if (path[len] == '\0')
			break;
		buf_addc(&text, MAILBOX_SEP);
		path += len + 1;
	}
	if (differs)
		mailbox_put_nfc(out, buf_str(&text));
	buf_free(&text);
}

static void
below_inbox(struct buf *out, const char *path)
{
	path = mailbox_below_inbox(path);
	if (path != NULL)
		buf_adds(out, path);
}

/* --- counts --- */

static int64_t
tolerated(const struct tolerance *t, int64_t messages)
{
	return t->percent ? messages / 100 * t->n + messages % 100 * t->n / 100
			  : t->n;
}

static enum folder_verdict
judge_missing(const struct mailbox *source, const struct compare_options *o)
{
	bool empty = source->messages == 0;

	if (source->messages < 0)
		return FOLDER_UNKNOWN;
	/* Every account has an INBOX, in time. */
	if (empty &&
	    (o->ignore_empty ||
		(source->role != NULL && strcmp(source->role, "inbox") == 0)))
		return FOLDER_SAME;
	return FOLDER_MISSING;
}

static enum folder_verdict
judge(const struct mailbox *source, const struct mailbox *target,
    const struct compare_options *o)
{
	int64_t missing;

	if (target == NULL)
		return judge_missing(source, o);
	if (source->messages < 0 || target->messages < 0)
		return FOLDER_UNKNOWN;
	missing = source->messages - target->messages;
	if (missing == 0)
		return FOLDER_SAME;
	if (missing < 0)
		return FOLDER_MORE;
	return missing <= tolerated(&o->tolerance, source->messages)
		   ? FOLDER_TOLERATED
		   : FOLDER_SHORT;
}

static void
add_pair(struct comparison *c, const struct mailbox *source,
    const struct mailbox *target, enum folder_verdict verdict)
{
	c->v[c->n++] = (struct folder_pair){ source, target, verdict };
}

static void
write_pairs(
    const struct job *j, const struct compare_options *o, struct comparison *c)
{
	for (size_t i = 0; i < j->source->n; i++) {
		const struct mailbox *s = &j->source->v[i];

		if (j->match[i] != NULL || !j->source_taken[i])
			add_pair(c, s, j->match[i], judge(s, j->match[i], o));
	}
	for (size_t i = 0; i < j->target->n; i++) {
		const struct mailbox *t = &j->target->v[i];

		/* Servers make empty folders of each role by themselves. */
		if (!j->target_taken[i] && (t->role == NULL || t->messages > 0))
			add_pair(c, NULL, t, FOLDER_EXTRA);
	}
}

void
folders_compare(const struct mailboxes *source, const struct mailboxes *target,
    const struct compare_options *o, struct comparison *c)
{
	static const char *const roles[] = { "inbox", "sent", "drafts", "trash",
		"junk", "archive" };
	struct job j = { .source = source, .target = target };

	j.match = xcalloc(source->n + 1, sizeof *j.match);
	j.source_taken = ignored_ones(source, o->ignore);
	j.target_taken = ignored_ones(target, o->ignore);
	for (size_t i = 0; i < sizeof roles / sizeof *roles; i++)
		match_role(&j, roles[i]);
	match_names(&j, as_it_is);
	match_names(&j, decoded);
	match_names_back(&j, decoded);
	match_names(&j, below_inbox);
	match_names_back(&j, below_inbox);
	*c = (struct comparison){ .v = xcalloc(source->n + target->n + 1,
				      sizeof *c->v) };
	write_pairs(&j, o, c);
	free(j.match);
	free(j.source_taken);
	free(j.target_taken);
}

void
comparison_free(struct comparison *c)
{
	free(c->v);
	*c = (struct comparison){ 0 };
}
