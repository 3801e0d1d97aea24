/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* maildir-ids: lists the messages of a Maildir with what tells each from the
 * others. See maildir-ids(1). */
#include <getopt.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/json.h"
#include "core/tool.h"
#include "maildir/catalogue.h"
#include "maildir/name.h"
#include "maildir/results.h"

static const char usage[] =
    "maildir-ids [-dhVv] [--control-dir dir] [--layout layout]\n"
    "                   [--names encoding] maildir ...";

static const char help[] =
    "Lists the messages of a Maildir: folder, file, flags, keywords, size, "
    "date\n"
    "and Message-ID, a record for each.\n"
    "\n"
    "      --control-dir DIR  the CONTROL= directory of the Maildir\n"
    "  -d, --digest           the digest of the content, too: reads all of it\n"
    "      --layout L         maildir++ or fs\n"
    "      --names E          mutf7 or utf8: how folders are spelled\n"
    "  -v, --verbose          counts at the end, on standard error\n"
    "  -h, --help             this text\n"
    "  -V, --version          the version\n"
    "\n"
    "Exit status: 0 all messages are listed; 1 some could not be read; 2 the "
    "run\n"
    "did not finish.\n";

struct run {
	struct tally tally;
	struct reader reader;
	struct buf line;
	bool digest;
};

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

static void
put_hex(struct buf *out, const char *key, const unsigned char *p, size_t len)
{
	char hex[2 * DIGEST_LEN + 1];

	for (size_t i = 0; i < len; i++)
		(void)snprintf(hex + 2 * i, 3, "%02x", p[i]);
	jw_kstr(out, key, hex);
}

/* What stands in the file. 0, or -1 and why. */
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
	put_hex(out, "digest", id, sizeof id);
	return 0;
}

static void
list_message(struct run *r, const struct catalogue *c, const struct entry *e,
    struct last_box *box)
{
	const struct mdfolder *f = &c->tree->folders[e->folder];
	struct why why = { 0 };
	struct buf path = { 0 };
	int fd = -1;

	entry_put_path(&path, c, e);
	buf_reset(&r->line);
	jw_open(&r->line, '{');
	jw_kint(&r->line, "v", 1);
	jw_kstr(&r->line, "type", "message");
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
		jw_close(&r->line, '}');
		buf_addc(&r->line, '\n');
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

	if (f->fault == NULL)
		return;
	why_set(&why, FAIL_DATA, "%s", f->fault);
	tally_fail(&r->tally, root, f->dir, NULL, &why);
}

static int
list_one(struct run *r, const char *root, const struct tree_hint *hint,
    struct why *why)
{
	struct last_box box = { 0 };
	struct mdtree tree;
	struct catalogue c;
	int result;

	if (mdtree_open(&tree, root, hint, why) == -1)
		return -1;
	catalogue_init(&c, &tree);
	result = catalogue_list(&c, why);
	for (size_t i = 0; result == 0 && i < tree.n; i++)
		report_fault(r, &tree.folders[i], root);
	for (size_t i = 0; result == 0 && i < c.n; i++)
		list_message(r, &c, &c.entries[i], &box);
	box_forget(&box);
	catalogue_free(&c);
	mdtree_close(&tree);
	return result;
}

int
main(int argc, char **argv)
{
	enum {
		OPT_CONTROL = 256,
		OPT_LAYOUT,
		OPT_NAMES
	};
	static const struct option options[] = {
		{ "control-dir", required_argument, NULL, OPT_CONTROL },
		{ "digest", no_argument, NULL, 'd' },
		{ "help", no_argument, NULL, 'h' },
		{ "layout", required_argument, NULL, OPT_LAYOUT },
		{ "names", required_argument, NULL, OPT_NAMES },
		{ "verbose", no_argument, NULL, 'v' },
		{ "version", no_argument, NULL, 'V' }, { NULL, 0, NULL, 0 }
	};
	struct tree_hint hint = { .fs = -1, .utf8 = -1 };
	struct run r = { .reader.want_raw = true };
	int ch;

	tool_init("maildir-ids");
	while ((ch = getopt_long(argc, argv, "+dhVv", options, NULL)) != -1) {
		switch (ch) {
		case OPT_CONTROL:
			hint.control = optarg;
			break;
		case 'd':
			r.digest = true;
			break;
		case 'h':
			return tool_help(usage, help);
		case OPT_LAYOUT:
			if (!hint_layout(optarg, &hint.fs))
				return tool_usage(usage);
			break;
		case OPT_NAMES:
			if (!hint_names(optarg, &hint.utf8))
				return tool_usage(usage);
			break;
		case 'V':
			return tool_version();
		case 'v':
			r.tally.verbose++;
			break;
		default:
			return tool_usage(usage);
		}
	}
	if (optind == argc)
		return tool_usage(usage);
	for (; optind < argc; optind++) {
		struct why why = { 0 };

		if (list_one(&r, argv[optind], &hint, &why) == -1)
			tally_fail(&r.tally, NULL, NULL, NULL, &why);
	}
	reader_free(&r.reader);
	buf_free(&r.line);
	return tally_finish(&r.tally);
}
