/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "maildir/layout.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/alloc.h"
#include "core/io.h"
#include "core/str.h"
#include "maildir/folder.h"

static const char inbox[] = "INBOX";

/* 1: the root has cur or new, and is a folder itself; 0; or -1 and errno. */
static int
root_is_folder(const struct mdtree *t)
{
	int found = name_exists(t->fd, "cur");

	return found == 0 ? name_exists(t->fd, "new") : found;
}

/* What follows "INBOX" in the directory of a folder: "" for the INBOX itself,
 * "/NAME" where NAME can be a DIRNAME; NULL for another folder. */
static const char *
after_inbox(const struct mdtree *t, const char *dir)
{
	if (!t->style.fs && *dir == '.')
		dir++;
	if (!str_starts_nocase(dir, inbox))
		return NULL;
	dir += sizeof inbox - 1;
	return *dir == '\0' || (t->style.fs && *dir == '/' &&
				   strchr(dir + 1, '/') == NULL)
		   ? dir
		   : NULL;
}

static bool
ends_with(const char *dir, const char *end)
{
	size_t n = strlen(dir), len = strlen(end);

	return n > len && strcmp(dir + n - len, end) == 0;
}

/* True if the directories of all folders end in "/NAME". */
static bool
all_end_with(const struct mdtree *t, const char *end)
{
	for (size_t i = 0; i < t->n; i++)
		if (!ends_with(t->folders[i].dir, end))
			return false;
	return true;
}

/* Makes the folder the INBOX. */
static int
take_inbox(struct mdtree *t, size_t folder, struct why *why)
{
	const char *dir = t->folders[folder].dir;

	t->inbox = open_below(t->fd, dir);
	if (t->inbox == -1) {
		t->inbox = t->fd;
		return why_errno(why, FAIL_FATAL, "%s/%s", t->root, dir);
	}
	t->inbox_dir = xstrdup(dir);
	mdtree_forget(t, folder);
	return 0;
}

/* Looks for it among the folders. 1: found; 0; or -1 and why. */
static int
find_named(struct mdtree *t, struct why *why)
{
	for (size_t i = 0; i < t->n; i++) {
		const char *end = after_inbox(t, t->folders[i].dir);

		if (end == NULL || (*end == '/' && !all_end_with(t, end)))
			continue;
		if (*end == '/')
			t->style.dirname = t->dirname = xstrdup(end + 1);
		return take_inbox(t, i, why) == -1 ? -1 : 1;
	}
	return 0;
}

/* 1: the folders are those that a running Dovecot uses; 0; or -1 and errno. */
static int
is_live(const struct mdtree *t)
{
	int live = 0;

	for (size_t i = 0; live == 0 && i < t->n; i++)
		live = mdtree_was_opened(t, t->folders[i].dir);
	return live;
}

int
layout_find_inbox(
    struct mdtree *t, const struct tree_hint *hint, struct why *why)
{
	int found, live = 0;

	if (hint->inbox != NULL) {
		t->inbox =
		    open(hint->inbox, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (t->inbox != -1)
			return 0;
		t->inbox = t->fd;
		return why_errno(why, FAIL_FATAL, "%s", hint->inbox);
	}
	found = root_is_folder(t);
	if (found == 0) {
		found = find_named(t, why);
		if (found == -1)
			return -1;
		live = found == 0 ? is_live(t) : 0;
	}
	if (found == -1 || live == -1)
		return why_errno(why, FAIL_FATAL, "%s", t->root);
	if (found == 1 || live == 0)
		return 0;
	return why_set(why, FAIL_FATAL,
	    "%s: the INBOX is not in it, but Dovecot's other folders are: name "
	    "the directory of INBOX= in mail_location with --%s%sinbox",
	    t->root, hint->side == NULL ? "" : hint->side,
	    hint->side == NULL ? "" : "-");
}

/* True if it looks like one of Dovecot's own formats. */
static bool
is_dbox(const struct mdtree *t)
{
	return faccessat(t->fd, "mailboxes", F_OK, 0) == 0 ||
	       faccessat(t->fd, "storage", F_OK, 0) == 0;
}

/* True if there is nothing in the root but what Dovecot puts beside folders. */
static bool
is_empty(const struct mdtree *t)
{
	DIR *d = opendir_below(t->fd, ".");
	bool empty = d != NULL;
	struct dirent *e;

	while (empty && (errno = 0, e = readdir(d)) != NULL)
		empty = strcmp(e->d_name, ".") == 0 ||
			strcmp(e->d_name, "..") == 0 ||
			str_starts(e->d_name, "dovecot");
	empty = empty && errno == 0;
	if (d != NULL)
		(void)closedir(d);
	return empty;
}

int
layout_judge_empty(
    const struct mdtree *t, const struct tree_hint *hint, struct why *why)
{
	if (is_dbox(t))
		return why_set(why, FAIL_FATAL,
		    "%s: not a Maildir, but a dbox of Dovecot's: see "
		    "--through-doveadm",
		    t->root);
	if (!hint->new || !is_empty(t))
		return why_set(why, FAIL_FATAL,
		    "%s: not a Maildir: no folder with cur and new in it",
		    t->root);
	if (hint->layout != LAYOUT_AUTO)
		return 0;
	return why_set(why, FAIL_FATAL,
	    "%s: empty: see --target-layout to make a Maildir of it, or "
	    "--user",
	    t->root);
}

/* True if a name can only be modified UTF-7: it is a text with letters that are
 * not ASCII, encoded. */
static bool
is_surely_mutf7(const char *dir)
{
	const char *at = strchr(dir, '&');

	return at != NULL && at[1] != '-';
}

/* True if a name can only be UTF-8. */
static bool
is_surely_utf8(const char *dir)
{
	size_t len = strlen(dir);

	for (size_t i = 0; i < len; i++)
		if ((unsigned char)dir[i] >= 0x80)
			return utf8_valid(dir, len);
	return false;
}

/* What speaks for one spelling or the other. */
struct spelling {
	bool high; /* names that can only be UTF-8 */
	bool odd;  /* a "&" that modified UTF-7 cannot have */
	bool sure; /* names that can only be modified UTF-7 */
};

/* Where Dovecot is at work, a folder that it never opened says nothing of UTF-8: it
 * may be one that it cannot open. 0, or -1 and errno. */
static int
look_at_names(const struct mdtree *t, struct spelling *s)
{
	const struct folder_style mutf7 = { .fs = t->style.fs };
	int live = is_live(t);

	for (size_t i = 0; live != -1 && i < t->n; i++) {
		const char *dir = t->folders[i].dir;
		struct buf path = { 0 };
		bool decodes = folder_put_path(&path, dir, &mutf7) == 0;
		int counts = live ? mdtree_was_opened(t, dir) : 1;

		buf_free(&path);
		s->sure |= decodes && is_surely_mutf7(dir);
		if (counts == -1)
			return -1;
		if (counts == 0)
			continue;
		s->high |= is_surely_utf8(dir);
		s->odd |= !decodes && strchr(dir, '&') != NULL;
	}
	return live == -1 ? -1 : 0;
}

int
layout_find_names(
    struct mdtree *t, const struct tree_hint *hint, struct why *why)
{
	struct spelling s = { 0 };

	t->style.utf8 = hint->names == NAMES_UTF8;
	if (hint->names != NAMES_AUTO)
		return 0;
	if (look_at_names(t, &s) == -1)
		return why_errno(why, FAIL_FATAL, "%s", t->root);
	/* Where Dovecot opened both, one is the name of a mailbox as it stands. */
	if (s.high && s.sure && hint->new &&is_live(t) == 0)
		return why_set(why, FAIL_FATAL,
		    "%s: folder names in UTF-8 and in modified UTF-7: name the "
		    "right one with --target-names",
		    t->root);
	t->style.mixed = hint->mixed && s.high;
	t->style.utf8 =
	    (s.high && !(s.sure && hint->mixed)) || (s.odd && !s.sure);
	return 0;
}
