/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* A whole merge and its undoing, as the caller is told of them. */
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/alloc.h"
#include "merge/run.h"
#include "unit/tap.h"

/* What the run said. */
struct told {
	struct merge_run *run;
	size_t begun, settled, failed, warnings;
	size_t undone[UNDO_SUBSCRIPTION + 1][UNDO_FAILED + 1];
	size_t fates[OUT_FAILED + 1];
	char journal[512];
};

static void
begun(void *arg, size_t messages)
{
	struct told *t = arg;

	t->begun += messages;
}

static void
settled(void *arg, size_t number)
{
	struct told *t = arg;

	t->settled++;
	t->fates[t->run->scan.plan.fates[number].outcome]++;
}

static void
failed(void *arg, const char *where, const char *id, const struct why *why)
{
	struct told *t = arg;

	(void)where;
	(void)id;
	(void)why;
	t->failed++;
}

static void
remark(void *arg, enum remark kind, const char *where, const char *text)
{
	static const char path[] = "the journal of this run is ";
	struct told *t = arg;

	(void)where;
	if (kind == REMARK_WARNING)
		t->warnings++;
	if (strncmp(text, path, sizeof path - 1) == 0)
		(void)snprintf(t->journal, sizeof t->journal, "%s",
		    text + sizeof path - 1);
}

static void
undone(void *arg, const struct undo_result *u)
{
	struct told *t = arg;

	t->undone[u->object][u->status]++;
}

static void
warn(const char *text)
{
	(void)text;
}

/* Merges s into t, or, with a journal, undoes. */
static int
go(struct told *t, bool dry_run, const char *journal, struct why *why)
{
	const struct merge_settings set = {
		.scan = { .source = "s",
		    .target = "t",
		    .state = "state",
		    .jobs = 1,
		    .warn = warn },
		.dry_run = dry_run,
	};
	const struct merge_events on = { t, begun, settled, failed, remark,
		undone };
	struct merge_run run;
	int r;

	*t = (struct told){ .run = &run };
	merge_run_init(&run, &set, &on);
	r = journal == NULL ? merge_run(&run, why)
			    : merge_run_undo(&run, journal, why);
	merge_run_free(&run);
	return r;
}

static void
make_folder(const char *name)
{
	static const char *const parts[] = { "", "/cur", "/new", "/tmp" };

	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
		char *path = xasprintf("%s%s", name, parts[i]);

		if (mkdir(path, 0700) == -1)
			abort();
		free(path);
	}
}

static void
put(const char *path, const char *id)
{
	FILE *f = fopen(path, "w");

	if (f == NULL)
		abort();
	(void)fprintf(f, "Message-ID: <%s>\nSubject: s\n\nbody\n", id);
	if (fclose(f) == EOF)
		abort();
}

static void
test_merge(void)
{
	struct told t = { 0 };
	struct why why = { 0 };

	OK(go(&t, true, NULL, &why) == 0 && t.begun == 3 && t.settled == 3,
	    "a dry run tells of each message");
	OK(t.fates[OUT_ADD] == 2 && t.fates[OUT_PRESENT] == 1 &&
		access("state", F_OK) == -1 && access("t/.Sent", F_OK) == -1,
	    "a dry run writes nothing");
	OK(go(&t, false, NULL, &why) == 0 && t.fates[OUT_ADD] == 2 &&
		*t.journal != '\0' && access("t/.Sent/cur", F_OK) == 0,
	    "a merge adds what is missing and names its journal");
	OK(t.failed == 0 && t.warnings == 0, "and warns of nothing");
}

static void
test_undo(void)
{
	struct told t = { 0 };
	struct why why = { 0 };
	char journal[512];

	OK(go(&t, false, NULL, &why) == 0 && t.fates[OUT_PRESENT] == 3 &&
		*t.journal == '\0',
	    "a second merge adds nothing and writes no journal");
	put("s/cur/3.x:2,", "three");
	OK(go(&t, false, NULL, &why) == 0 && t.fates[OUT_ADD] == 1, "one more");
	memcpy(journal, t.journal, sizeof journal);
	OK(go(&t, false, journal, &why) == 0 &&
		t.undone[UNDO_MESSAGE][UNDO_REMOVED] == 1,
	    "undoing removes it again");
	OK(go(&t, false, "gone", &why) == -1 && why.kind == FAIL_FATAL,
	    "a journal that is not there");
}

static int
remove_one(const char *path, const struct stat *st, int kind, struct FTW *at)
{
	(void)st;
	(void)kind;
	(void)at;
	return remove(path);
}

int
main(void)
{
	char dir[] = "/tmp/merge-run.XXXXXX";

	if (mkdtemp(dir) == NULL || chdir(dir) == -1)
		abort();
	make_folder("s");
	make_folder("s/.Sent");
	make_folder("t");
	put("s/cur/1.x:2,S", "one");
	put("t/cur/9.x:2,S", "one");
	put("s/cur/2.x:2,S", "two");
	put("s/.Sent/cur/4.x:2,S", "four");
	test_merge();
	test_undo();
	(void)!chdir("/");
	(void)nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	TAP_DONE();
}
