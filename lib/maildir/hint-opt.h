/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* The options of a program that say what a Maildir does not say itself. */
#ifndef FERRY_MAILDIR_HINT_OPT_H
#define FERRY_MAILDIR_HINT_OPT_H

#include "cli/opt.h"
#include "maildir/tree.h"

/* clang-format off */

/* hint: a struct tree_hint */
#define OPT_TREE_HINT(hint) \
	OPT_STRING(0, "control-dir", "DIR", \
	    "the CONTROL= directory of the Maildir", &(hint)->control), \
	OPT_SET(0, "follow", \
	    "follow symbolic links to folders that lead out of the tree", \
	    &(hint)->follow), \
	OPT_STRING(0, "inbox", "DIR", "the INBOX= directory of the Maildir", \
	    &(hint)->inbox), \
	OPT_WORD(0, "layout", "LAYOUT", "how folders lie", \
	    &(hint)->layout, layout_words), \
	OPT_WORD(0, "names", "ENCODING", \
	    "how folders are spelled", &(hint)->names, \
	    names_words)

/* clang-format on */

#endif
