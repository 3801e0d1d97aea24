/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* maildir-ids: lists the messages of a Maildir with what tells each from the
 * others. See maildir-ids(1). */
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/main.h"
#include "cli/outcome.h"
#include "core/json.h"
#include "maildir/box.h"
#include "maildir/catalogue.h"
#include "maildir/name.h"
#include "maildir/tree.h"

struct run {
	struct tally tally;
	struct reader reader;
	struct buf line;
	bool digest;
};

static struct run run = { .reader.want_raw = true };
static struct tree_hint hint;

/* The flags and keywords as JMAP names them. */
static void
put_keywords(struct buf *out, const struct mdfolder *f, const char *name)
{
	struct mdname n;

	mdname_parse(&n, name);
	jw_key(out, "keywords");
	jw_open(out, '[');
	for (unsigned int flag = 1; flag < MD_FLAGS; flag <<= 1)
		if ((n.flags & flag) != 0)
			jw_str(out, mdflag_keyword((enum mdflag)flag));
	for (int i = 0; i < KEYWORDS_MAX; i++)
		if ((n.letters >> i & 1) != 0 && f->keywords.name[i] != NULL)
			jw_vis(out, f->keywords.name[i]);
	jw_close(out, ']');
}

/* What is in the file. 0, or -1 and why. */
static int
put_content(struct run *r, int fd, struct why *why)
{
	unsigned char id[DIGEST_LEN];
	struct buf *out = &r->line;
	struct stat st;

	if (fstat(fd, &st) == -1)
		return why_errno(why, FAIL_DATA, "cannot be read");
	jw_kint(out, "size", st.st_size);
	jw_kint(out, "date", st.st_mtim.tv_sec);
	switch (read_msgid(&r->reader, fd, id, why)) {
	case -1:
		return -1;
	case 1:
		jw_kvisn(out, "message_id", &r->reader.raw);
		jw_kvisn(out, "id", &r->reader.text);
		break;
	default:
		break;
	}
	if (!r->digest)
		return 0;
	if (lseek(fd, 0, SEEK_SET) == -1)
		return why_errno(why, FAIL_DATA, "cannot be read");
	if (read_content(&r->reader, fd, id, why) == -1)
		return -1;
	jw_khex(out, "digest", id, sizeof id);
	return 0;
}

static void
list_message(struct run *r, const struct catalogue *c,
    const struct catalogue_entry *e, struct last_box *box)
{
	const struct mdfolder *f = &c->tree->folders[e->folder];
	struct why why = { 0 };
	struct buf path = { 0 };
	int fd = -1;

	entry_put_path(&path, c, e);
	outcome_begin(&r->line, "message");
	if (f->path != NULL)
		jw_kvis(&r->line, "folder", f->path);
	jw_kvis(&r->line, "file", buf_str(&path));
	put_keywords(&r->line, f, entry_name(c, e));
	if (entry_fault(c, e) != NULL)
		why_set(&why, FAIL_DATA, "%s", entry_fault(c, e));
	else if ((fd = open_in_box(box, c, e)) == -1)
		why_errno(&why, FAIL_DATA, "cannot be opened");
	if (why.kind != FAIL_NONE || put_content(r, fd, &why) == -1) {
		tally_fail(
		    &r->tally, c->tree->root, buf_str(&path), NULL, &why);
	} else {
		outcome_end(&r->line);
		(void)fwrite(r->line.data, 1, r->line.len, stdout);
		r->tally.ok++;
	}
	if (fd != -1)
		(void)close(fd);
	buf_free(&path);
}

/* A folder that cannot be read. */
static void
report_fault(struct run *r, const struct mdfolder *f, const char *root)
{
	struct why why = { 0 };

	if (f->fault == NULL && f->no_keywords == NULL)
		return;
	why_set(&why, FAIL_DATA, "%s",
	    f->fault != NULL ? f->fault : f->no_keywords);
	tally_fail(&r->tally, root, f->dir, NULL, &why);
}

static int
list_one(const char *root, struct why *why)
{
	struct last_box box = { 0 };
	struct mdtree tree;
	struct catalogue c;
	int result;

	if (mdtree_open(&tree, root, &hint, why) == -1)
		return -1;
	catalogue_init(&c, &tree);
	result = catalogue_list(&c, why);
	for (size_t i = 0; result == 0 && i < tree.n; i++)
		report_fault(&run, &tree.folders[i], root);
	for (size_t i = 0; result == 0 && i < c.n; i++)
		list_message(&run, &c, &c.entries[i], &box);
	box_forget(&box);
	catalogue_free(&c);
	mdtree_close(&tree);
	return result;
}

static void
release(void)
{
	reader_free(&run.reader);
	buf_free(&run.line);
}

static const struct opt options[] = {
	OPT_TREE_HINT(&hint),
	OPT_SET(0, "digest", "the digest of the content, too: reads all of it",
	    &run.digest),
	OPT_VERBOSE("counts at the end, on standard error", &run.tally.verbose),
	OPT_STANDARD,
};

static int
list(char **maildirs)
{
	return tally_each(&run.tally, maildirs, list_one);
}

const struct opt_tool tool = {
	OPT_TOOL("maildir-ids", "maildir ...", 1, -1),
	.about = "Lists the messages of a Maildir: folder, file, flags, "
		 "keywords, size,\n"
		 "date and Message-ID, a record for each.\n",
	.status =
	    "0 all messages are listed; 1 some could not be read; 2 the run "
	    "did not finish.",
	.options = options,
	.run = list,
	.release = release,
};
