/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "maildir/survey.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/alloc.h"
#include "maildir/control.h"
#include "maildir/earlier.h"
#include "maildir/index.h"
#include "maildir/state.h"

void
survey_init(struct survey *s)
{
	*s = (struct survey){ .source_tree = { .fd = -1, .control = -1 },
		.target_tree = { .fd = -1, .control = -1 } };
	catalogue_init(&s->source, &s->source_tree);
	catalogue_init(&s->target, &s->target_tree);
}

void
survey_free(struct survey *s)
{
	free(s->plan.fates);
	mapping_free(s->folders, s->source_tree.n);
	free(s->subscribe);
	catalogue_free(&s->source);
	catalogue_free(&s->target);
	mdtree_close(&s->source_tree);
	mdtree_close(&s->target_tree);
	folder_list_free(&s->notes);
}

/* True if one path is the other, or lies below it. */
static bool
is_nested(const char *a, const char *b)
{
	size_t len = strlen(a);

	return strncmp(a, b, len) == 0 && (b[len] == '\0' || b[len] == '/');
}

static int
check_apart(const struct survey_options *o, struct why *why)
{
	char *a = realpath(o->source, NULL), *b = NULL;
	int result = 0;

	if (a != NULL)
		b = realpath(o->target, NULL);
	if (b == NULL)
		result = why_errno(
		    why, FAIL_FATAL, "%s", a == NULL ? o->source : o->target);
	else if (is_nested(a, b) || is_nested(b, a))
		result = why_set(
		    why, FAIL_FATAL, "source and target lie in one another");
	free(a);
	free(b);
	return result;
}

/* folders.ndjson: where the option says, else in the source or beside it. */
static int
read_notes(struct survey *s, const struct survey_options *o, struct why *why)
{
	static const char *const places[] = { "folders.ndjson",
		"../folders.ndjson" };
	int result = 0;

	if (o->folders != NULL)
		return folder_list_read(&s->notes, o->folders, why);
	for (size_t i = 0; i < 2; i++) {
		char *path = xasprintf("%s/%s", o->source, places[i]);
		struct stat st;
		bool there = stat(path, &st) == 0;

		if (there && !S_ISREG(st.st_mode)) /* a FIFO would wait */
			result = why_set(
			    why, FAIL_FATAL, "%s: not a regular file", path);
		else if (there)
			result = folder_list_read(&s->notes, path, why);
		free(path);
		if (there)
			break;
	}
	return result;
}

int
survey_target(struct survey *s, const struct survey_options *o, struct why *why)
{
	int fd = open(o->target, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct tree_hint hint = o->target_hint;
	int result = 0;

	/* What cannot be read could hold any of the source's messages. */
	hint.strict = !o->match.ignore_unreadable;
	if (fd == -1)
		return why_errno(why, FAIL_FATAL, "%s", o->target);
	if (o->owner)
		result = become_owner(fd, o->target, why);
	(void)close(fd);
	if (result == -1 ||
	    mdtree_open(&s->target_tree, o->target, &hint, why) == -1)
		return -1;
	return mdtree_lock(&s->target_tree, why);
}

/* Lists both trees and looks for their Message-IDs. */
static int
take_stock(struct survey *s, const struct survey_options *o, struct why *why)
{

	struct index *index = o->index == NULL ? NULL : index_open(o->index);
	int r = -1;

	s->source.index = s->target.index = index;
	s->source.stamps = s->target.stamps = o->verify_index;
	s->source.jobs = s->target.jobs = o->jobs;
	if (catalogue_list(&s->source, why) == 0 &&
	    catalogue_read_ids(&s->source, 0, why) == 0 &&
	    catalogue_list(&s->target, why) == 0 &&
	    catalogue_read_ids(&s->target, 0, why) == 0)
		r = 0;
	s->source.index = s->target.index = NULL;
	s->indexed = index_count(index);
	index_free(index);
	return r;
}

/* What was merged before and removed since is not added again. */
static int
heed_earlier(struct survey *s, const struct survey_options *o, struct why *why)
{
	struct earlier earlier = { 0 };
	char *dir = state_dir(o->state);
	int result =
	    earlier_load(&earlier, dir, s->target_tree.identity, o->warn, why);

	if (result == 0)
		earlier_apply(&earlier, &s->plan);
	earlier_free(&earlier);
	free(dir);
	return result;
}

int
survey(struct survey *s, const struct survey_options *o, struct why *why)
{
	if (check_apart(o, why) == -1 || survey_target(s, o, why) == -1 ||
	    mdtree_open(&s->source_tree, o->source, &o->source_hint, why) ==
		-1 ||
	    read_notes(s, o, why) == -1 || take_stock(s, o, why) == -1)
		return -1;
	s->folders = map_folders(
	    &s->source_tree, &s->target_tree, &s->notes, &o->mapping);
	s->plan =
	    (struct plan){ &s->source, &s->target, s->folders, o->match, NULL };
	if (match(&s->plan, why) == -1)
		return -1;
	return o->readd ? 0 : heed_earlier(s, o, why);
}

int
survey_save_index(
    const struct survey *s, const struct survey_options *o, struct why *why)
{
	const struct catalogue *both[] = { &s->source, &s->target };

	if (o->index == NULL)
		return 0;
	/* Nothing to write where it knew all, and no more than there is. */
	if (!s->source.learned && !s->target.learned &&
	    s->indexed == index_worth(&s->source) + index_worth(&s->target))
		return 0;
	return index_save(o->index, both, 2, why);
}

/* True if the source has the folder subscribed, or does not say. */
static bool
source_subscribed(const struct survey *s, const char *dir)
{
	const struct folder_note *note = folder_list_find(&s->notes, dir);
	bool there = false, yes;

	if (note != NULL)
		return note->subscribed;
	yes = is_subscribed(
	    s->source_tree.control, dir, &s->source_tree.style, &there);
	return yes || !there;
}

const bool *
survey_subscriptions(struct survey *s, enum subscribe_policy policy)
{
	free(s->subscribe);
	s->subscribe = xcalloc(s->target_tree.n + 1, sizeof *s->subscribe);
	for (size_t i = 0; i < s->source_tree.n; i++) {
		const struct target_folder *to = &s->folders[i];

		if (to->fault == NULL && to->create &&
		    policy != SUBSCRIBE_NONE &&
		    (policy == SUBSCRIBE_ALL ||
			source_subscribed(s, s->source_tree.folders[i].dir)))
			s->subscribe[to->folder] = true;
	}
	return s->subscribe;
}
