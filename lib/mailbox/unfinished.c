/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "mailbox/unfinished.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/alloc.h"

int
tree_is_finished(const char *root, struct why *why)
{
	char *mark = xasprintf("%s/" TREE_WORK_DIR "/" TREE_UNFINISHED, root);
	int r = 0;

	if (access(mark, F_OK) == 0)
		r = why_set(why, FAIL_FATAL,
		    "%s: archive2maildir did not finish this tree; run it "
		    "again (or remove %s to take what there is)",
		    root, mark);
	else if (errno != ENOENT && errno != ENOTDIR)
		r = why_errno(why, FAIL_FATAL, "%s", mark);
	free(mark);
	return r;
}
