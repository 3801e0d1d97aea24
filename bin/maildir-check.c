/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* maildir-check: finds in a Maildir what breaks IMAP sessions. See
 * maildir-check(1). */
#include <getopt.h>

#include "core/json.h"
#include "core/tool.h"
#include "maildir/check.h"
#include "maildir/results.h"

static const char usage[] =
    "maildir-check [-fhqVv] [--control-dir dir] [--layout layout]\n"
    "                     [--names encoding] maildir ...";

static const char help[] =
    "Says what in a Maildir breaks IMAP sessions: wrong sizes in file names,\n"
    "owners, keyword letters, folder names, directory times.\n"
    "\n"
    "      --control-dir DIR  the CONTROL= directory of the Maildir\n"
    "  -f, --fix              correct names with wrong sizes, touch "
    "directories\n"
    "      --layout L         maildir++ or fs\n"
    "      --names E          mutf7 or utf8: how folders are spelled\n"
    "  -q, --quiet            no records; the exit status tells\n"
    "  -v, --verbose          counts at the end, on standard error\n"
    "  -h, --help             this text\n"
    "  -V, --version          the version\n"
    "\n"
    "Exit status: 0 nothing is wrong, or all was mended; 1 something is; 2 "
    "the\n"
    "run did not finish.\n";

struct run {
	struct tally tally;
	struct buf line;
	bool quiet;
};

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
	buf_reset(out);
	jw_open(out, '{');
	jw_kint(out, "v", 1);
	jw_kstr(out, "type", "finding");
	jw_kstr(out, "finding", finding_name(f));
	jw_kvis(out, "dir", dir);
	if (file != NULL)
		jw_kvis(out, "file", file);
	jw_kstr(out, "text", text);
	jw_kbool(out, "fixed", fixed);
	jw_close(out, '}');
	buf_addc(out, '\n');
	(void)fwrite(out->data, 1, out->len, stdout);
}

static int
check_one(struct run *r, const char *root, const struct tree_hint *hint,
    bool fix, struct why *why)
{
	struct mdtree tree;
	struct catalogue c;
	struct check k = { &c, fix, told, r };
	int result;

	if (mdtree_open(&tree, root, hint, why) == -1)
		return -1;
	catalogue_init(&c, &tree);
	result = fix ? mdtree_lock(&tree, why) : 0;
	if (result == 0)
		result = check_run(&k, why);
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
		{ "fix", no_argument, NULL, 'f' },
		{ "help", no_argument, NULL, 'h' },
		{ "layout", required_argument, NULL, OPT_LAYOUT },
		{ "names", required_argument, NULL, OPT_NAMES },
		{ "quiet", no_argument, NULL, 'q' },
		{ "verbose", no_argument, NULL, 'v' },
		{ "version", no_argument, NULL, 'V' }, { NULL, 0, NULL, 0 }
	};
	struct tree_hint hint = { .fs = -1, .utf8 = -1 };
	struct run r = { 0 };
	bool fix = false;
	int ch;

	tool_init("maildir-check");
	while ((ch = getopt_long(argc, argv, "+fhqVv", options, NULL)) != -1) {
		switch (ch) {
		case OPT_CONTROL:
			hint.control = optarg;
			break;
		case 'f':
			fix = true;
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
		case 'q':
			r.quiet = true;
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

		if (check_one(&r, argv[optind], &hint, fix, &why) == -1)
			tally_fail(&r.tally, NULL, NULL, NULL, &why);
	}
	buf_free(&r.line);
	return tally_finish(&r.tally);
}
