/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* maildir-check: finds in a Maildir what breaks IMAP sessions. See
 * maildir-check(1). */
#include "cli/main.h"
#include "cli/outcome.h"
#include "core/json.h"
#include "maildir/check.h"
#include "maildir/lock.h"
#include "maildir/tree.h"

struct run {
	struct tally tally;
	struct buf line;
	bool quiet;
};

static struct run run;
static struct tree_hint hint;
static bool fix;

static void
told(void *arg, enum finding f, const char *dir, const char *file,
    const char *text, bool fixed)
{
	struct run *r = arg;
	struct buf *out = &r->line;

	if (fixed)
		r->tally.ok++;
	else
		r->tally.failed++;
	if (r->quiet)
		return;
	outcome_begin(out, "finding");
	jw_kstr(out, "finding", finding_name(f));
	jw_kvis(out, "dir", dir);
	if (file != NULL)
		jw_kvis(out, "file", file);
	jw_kstr(out, "text", text);
	jw_kbool(out, "fixed", fixed);
	outcome_end(out);
	(void)fwrite(out->data, 1, out->len, stdout);
}

static int
check_one(const char *root, struct why *why)
{
	struct mdtree tree;
	struct catalogue c;
	struct check k = { &c, fix, told, &run };
	int result;

	if (mdtree_open(&tree, root, &hint, why) == -1)
		return -1;
	catalogue_init(&c, &tree);
	result = fix ? mdtree_lock(&tree, why) : 0;
	if (result == 0)
		result = check_run(&k, why);
	catalogue_free(&c);
	mdtree_close(&tree);
	return result;
}

static void
release(void)
{
	buf_free(&run.line);
}

static const struct opt options[] = {
	OPT_TREE_HINT(&hint),
	OPT_SET(0, "fix", "correct names with wrong sizes, touch directories",
	    &fix),
	OPT_QUIET("no records; the exit status tells", &run.quiet),
	OPT_VERBOSE("counts at the end, on standard error", &run.tally.verbose),
	OPT_STANDARD,
};

static int
check(char **maildirs)
{
	return tally_each(&run.tally, maildirs, check_one);
}

const struct opt_tool tool = {
	OPT_TOOL("maildir-check", "maildir ...", 1, -1),
	.about = "Says what in a Maildir breaks IMAP sessions: wrong sizes in "
		 "file names,\n"
		 "owners, keyword letters, folder names, directory times.\n",
	.status = "0 nothing is wrong, or all was mended; 1 something is; 2 "
		  "the run did not finish.",
	.options = options,
	.run = check,
	.release = release,
};
