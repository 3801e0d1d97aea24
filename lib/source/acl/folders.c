/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "source/acl/folders.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/alloc.h"
#include "core/io.h"
#include "core/str.h"
#include "mailbox/name.h"

enum {
	FILE_MAX = 1 << 20,
	DEPTH_MAX = 32
};

struct walk {
	void (*folder)(void *arg, const struct acl_folder *f);
	void (*bad)(void *arg, const char *name, const struct why *why);
	void *arg;
	/* Of the location, and its options. */
	char *root;
	bool maildir;
	const char *layout;  /* NULL: as is usual for the format */
	const char *dirname; /* a folder's mail is below it, here; or NULL */
	const char *boxes;   /* where folders are, below the root; or NULL */
	const char *inbox;   /* where INBOX is; NULL: in its usual place */
	bool utf8;           /* names are not in modified UTF-7 */
	struct stat seen;    /* that place: it is no folder besides */
};

/* --- one folder --- */

/* A level of a name, appended. False for one that Dovecot could not open. */
static bool
add_level(const struct walk *w, struct buf *name, const char *raw, size_t len)
{
	size_t start = name->len;

	if (len == 0)
		return false;
	if (start > 0)
		buf_addc(name, '/');
	if (!w->utf8)
		return mutf7_decode(name, raw, len) == 0;
	buf_add(name, raw, len);
	return utf8_valid(raw, len);
}

/* An access list of the folder: 1, 0 if it has none, -1 and why. */
static int
read_acl(int dir, const char *name, struct buf *out, struct why *why)
{
	int fd =
	    openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct stat st;
	int r;

	if (fd == -1)
		return errno == ENOENT ? 0
				       : why_errno(why, FAIL_DATA, "%s", name);
	if (fstat(fd, &st) == -1 || !S_ISREG(st.st_mode))
		r = why_set(why, FAIL_DATA, "%s is not a file", name);
	else
		r = read_fd(fd, name, out, why) == 0 ? 1 : -1;
	(void)close(fd);
	if (r == -1)
		why->kind = FAIL_DATA;
	return r;
}

/* Whether a list of Courier's gives rights to others: "user=bob lr". Its own are
 * "owner" and "administrators", as in the list that it writes by itself; after a
 * "-" are rights that are taken away. (Courier, maildir/maildiraclt.h and .c.) */
static bool
gives_others(char *text)
{
	char *line, *id;

	while ((line = str_cut(&text, '\n')) != NULL) {
		id = str_cut(&line, ' ');
		if (line != NULL && *line != '\0' && *id != '\0' &&
		    *id != '-' && strcmp(id, "owner") != 0 &&
		    strcmp(id, "administrators") != 0)
			return true;
	}
	return false;
}

static void
take_folder(const struct walk *w, int dir, const char *name)
{
	struct buf text = { .max = FILE_MAX }, courier = { .max = FILE_MAX };
	struct acl_folder f = { .name = name };
	struct why why = { 0 };
	int r;

	if (w->maildir) {
		r = read_acl(dir, "courierimapacl", &courier, &why);
		f.courier = r == 1 && gives_others(courier.data);
		if (r == -1)
			w->bad(w->arg, name, &why);
	}
	r = read_acl(dir, "dovecot-acl", &text, &why);
	if (r == 1)
		f.file = &text;
	if (r == -1)
		w->bad(w->arg, name, &why);
	else
		w->folder(w->arg, &f);
	buf_free(&courier);
	buf_free(&text);
}

static void
bad_name(const struct walk *w, const char *raw)
{
	struct buf shown = { 0 };
	struct why why = { 0 };

	str_vis(&shown, raw, 0);
	why_set(&why, FAIL_DATA, "a folder whose name Dovecot could not open");
	w->bad(w->arg, buf_str(&shown), &why);
	buf_free(&shown);
}

static int
open_dir(int at, const char *name)
{
	return openat(
	    at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

static bool
is_inbox(const struct walk *w, int dir)
{
	struct stat st;

	return w->inbox != NULL && fstat(dir, &st) == 0 &&
	       st.st_dev == w->seen.st_dev && st.st_ino == w->seen.st_ino;
}

/* --- Maildir++: ".Work.Reports" --- */

static bool
maildir_name(const struct walk *w, const char *entry, struct buf *name)
{
	const char *at = entry + 1;

	for (;;) {
		size_t len = strcspn(at, ".");

		if (!add_level(w, name, at, len))
			return false;
		if (at[len] == '\0')
			return true;
		at += len + 1;
	}
}

static void
take_entry(const struct walk *w, int root, const char *entry)
{
	struct buf name = { 0 };
	struct stat st;
	int dir = open_dir(root, entry);

	if (dir == -1)
		return;
	if (fstatat(dir, "cur", &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    !is_inbox(w, dir)) {
		if (maildir_name(w, entry, &name))
			take_folder(w, dir, name.data);
		else
			bad_name(w, entry);
	}
	(void)close(dir);
	buf_free(&name);
}

/* --- folders in folders: LAYOUT=fs, and dbox --- */

static int below(const struct walk *w, int dir, struct buf *name, int depth);

/* A folder of the disk: the mailbox that it is, if it is one. */
static void
take_node(const struct walk *w, int dir, const char *name)
{
	struct stat st;
	int mail;

	if (w->dirname != NULL) {
		mail = open_dir(dir, w->dirname);
		if (mail == -1)
			return;
		take_folder(w, mail, name);
		(void)close(mail);
	} else if (fstatat(dir, "cur", &st, AT_SYMLINK_NOFOLLOW) == 0) {
		take_folder(w, dir, name);
	}
}

static void
take_child(const struct walk *w, int dir, const char *entry, struct buf *name,
    int depth)
{
	static const char *const own[] = { "cur", "new", "tmp" };
	size_t len = name->len;
	int child;

	for (size_t i = 0; i < sizeof own / sizeof *own; i++)
		if (strcmp(own[i], entry) == 0)
			return;
	if (w->dirname != NULL && strcmp(w->dirname, entry) == 0)
		return;
	child = open_dir(dir, entry);
	if (child == -1)
		return;
	if (is_inbox(w, child)) {
		(void)close(child);
		return;
	}
	if (!add_level(w, name, entry, strlen(entry))) {
		bad_name(w, entry);
		(void)close(child);
	} else {
		take_node(w, child, name->data);
		(void)below(w, child, name, depth + 1);
	}
	/* What was appended goes again. */
	name->len = len;
	if (name->data != NULL)
		name->data[len] = '\0';
}

/* Closes dir. */
static int
below(const struct walk *w, int dir, struct buf *name, int depth)
{
	struct dirent **names = NULL;
	int n;

	n = depth > DEPTH_MAX ? 0
			      : scandirat(dir, ".", &names, NULL, alphasort);
	for (int i = 0; i < n; i++) {
		if (*names[i]->d_name != '.')
			take_child(w, dir, names[i]->d_name, name, depth);
		free(names[i]);
	}
	free(names);
	(void)close(dir);
	return 0;
}

/* --- locations --- */

static void
maildir_plus(const struct walk *w, int root)
{
	struct dirent **names = NULL;
	int n = scandirat(root, ".", &names, NULL, alphasort);

	for (int i = 0; i < n; i++) {
		const char *entry = names[i]->d_name;

		if (*entry == '.' && entry[1] != '\0' &&
		    strcmp(entry, "..") != 0)
			take_entry(w, root, entry);
		free(names[i]);
	}
	free(names);
}

/* INBOX, where it is not a folder like the others. */
static void
take_inbox(struct walk *w, int root)
{
	int dir, mail;

	if (w->inbox == NULL) {
		if (w->maildir && w->dirname == NULL)
			take_folder(w, root, "INBOX");
		return;
	}
	dir = open(w->inbox, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir == -1)
		return;
	(void)fstat(dir, &w->seen);
	mail = w->dirname == NULL ? -1 : open_dir(dir, w->dirname);
	take_folder(w, mail == -1 ? dir : mail, "INBOX");
	if (mail != -1)
		(void)close(mail);
	(void)close(dir);
}

/* An option after the path: ":LAYOUT=fs:UTF-8". */
static void
set_option(struct walk *w, const char *option)
{
	static const char *const names[] = {
		"LAYOUT=", "DIRNAME=", "FULLDIRNAME=", "MAILBOXDIR=", "INBOX="
	};
	const char **to[] = { &w->layout, &w->dirname, &w->dirname, &w->boxes,
		&w->inbox };

	if (strcmp(option, "UTF-8") == 0)
		w->utf8 = true;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (str_starts(option, names[i]) &&
		    option[strlen(names[i])] != '\0')
			*to[i] = option + strlen(names[i]);
}

/* Reads a location, which is changed. 0; or -1 and why. */
static int
read_location(struct walk *w, char *location, struct why *why)
{
	const char *format = str_cut(&location, ':'), *usual, *option;
	bool dbox =
	    strcmp(format, "mdbox") == 0 || strcmp(format, "sdbox") == 0;

	w->maildir = strcmp(format, "maildir") == 0;
	w->root = str_cut(&location, ':');
	if (w->root == NULL || (!w->maildir && !dbox))
		return why_set(why, FAIL_DATA,
		    "the mail is not in Maildir, sdbox or mdbox: its lists are "
		    "not read");
	w->dirname = dbox ? "dbox-Mails" : NULL;
	w->boxes = dbox ? "mailboxes" : NULL;
	usual = dbox ? "fs" : "maildir++";
	while ((option = str_cut(&location, ':')) != NULL)
		set_option(w, option);
	if (w->layout == NULL ||
	    (dbox && strcmp(w->layout, ACL_LAYOUT_UNKNOWN) == 0))
		w->layout = usual;
	if (!str_eq_nocase(w->layout, "fs") &&
	    !str_eq_nocase(w->layout, usual) &&
	    strcmp(w->layout, ACL_LAYOUT_UNKNOWN) != 0)
		return why_set(why, FAIL_DATA,
		    "the mail has another layout (LAYOUT=%s): its lists are "
		    "not read",
		    w->layout);
	return 0;
}

/* Closes root. */
static int
take_all(struct walk *w, int root)
{
	struct buf name = { 0 };
	struct stat st;
	int boxes;

	if (fstatat(root, "cyrus.header", &st, AT_SYMLINK_NOFOLLOW) == 0) {
		(void)close(root);
		return ACL_FOLDERS_CYRUS;
	}
	take_inbox(w, root);
	if (!str_eq_nocase(w->layout, "fs"))
		maildir_plus(w, root);
	if (!str_eq_nocase(w->layout, "maildir++")) {
		boxes = w->boxes == NULL ? dup(root) : open_dir(root, w->boxes);
		if (boxes != -1)
			(void)below(w, boxes, &name, 0);
		buf_free(&name);
	}
	(void)close(root);
	return 0;
}

int
acl_folders(const char *location,
    void (*folder)(void *arg, const struct acl_folder *f),
    void (*bad)(void *arg, const char *name, const struct why *why), void *arg,
    struct why *why)
{
	struct walk w = { .folder = folder, .bad = bad, .arg = arg };
	char *copy = xstrdup(location);
	int root, r = read_location(&w, copy, why);

	if (r == 0) {
		root = open(w.root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (root != -1)
			r = take_all(&w, root);
		else
			r = errno == ENOENT
				? ACL_FOLDERS_NONE
				: why_errno(why, FAIL_DATA, "%s", w.root);
	}
	free(copy);
	return r;
}
