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
	bool utf8; /* names are not in modified UTF-7 */
	bool dbox; /* the mail of a folder is in dbox-Mails below it */
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

/* The folder's access list: 1, 0 if it has none, -1 and why. */
static int
read_acl(int dir, struct buf *out, struct why *why)
{
	int fd = openat(
	    dir, "dovecot-acl", O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct stat st;
	int r;

	if (fd == -1)
		return errno == ENOENT
			   ? 0
			   : why_errno(why, FAIL_DATA, "dovecot-acl");
	if (fstat(fd, &st) == -1 || !S_ISREG(st.st_mode))
		r = why_set(why, FAIL_DATA, "dovecot-acl is not a file");
	else
		r = read_fd(fd, "dovecot-acl", out, why) == 0 ? 1 : -1;
	(void)close(fd);
	if (r == -1)
		why->kind = FAIL_DATA;
	return r;
}

static void
take_folder(const struct walk *w, int dir, const char *name)
{
	struct buf text = { .max = FILE_MAX };
	struct acl_folder f = { .name = name };
	struct why why = { 0 };
	int r = read_acl(dir, &text, &why);

	if (r == 1)
		f.file = &text;
	if (r == -1)
		w->bad(w->arg, name, &why);
	else
		w->folder(w->arg, &f);
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
	if (fstatat(dir, "cur", &st, AT_SYMLINK_NOFOLLOW) == 0) {
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

	if (w->dbox) {
		mail = open_dir(dir, "dbox-Mails");
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
	static const char *const own[] = { "cur", "new", "tmp", "dbox-Mails" };
	size_t len = name->len;
	int child;

	for (size_t i = 0; i < sizeof own / sizeof *own; i++)
		if (strcmp(own[i], entry) == 0)
			return;
	child = open_dir(dir, entry);
	if (child == -1)
		return;
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
maildir(const struct walk *w, int root, bool fs)
{
	struct dirent **names = NULL;
	struct buf name = { 0 };
	int n;

	take_folder(w, root, "INBOX");
	if (fs) {
		(void)below(w, dup(root), &name, 0);
		buf_free(&name);
		return;
	}
	n = scandirat(root, ".", &names, NULL, alphasort);
	for (int i = 0; i < n; i++) {
		const char *entry = names[i]->d_name;

		if (*entry == '.' && entry[1] != '\0' &&
		    strcmp(entry, "..") != 0)
			take_entry(w, root, entry);
		free(names[i]);
	}
	free(names);
}

static void
dbox(const struct walk *w, int root)
{
	struct buf name = { 0 };
	int dir = open_dir(root, "mailboxes");

	if (dir != -1)
		(void)below(w, dir, &name, 0);
	buf_free(&name);
}

/* The options after the path: ":LAYOUT=fs:UTF-8". */
static bool
has_option(const char *options, const char *name)
{
	size_t len = strlen(name);

	while (options != NULL) {
		options++;
		if (strncmp(options, name, len) == 0 &&
		    (options[len] == ':' || options[len] == '\0'))
			return true;
		options = strchr(options, ':');
	}
	return false;
}

int
acl_folders(const char *location,
    void (*folder)(void *arg, const struct acl_folder *f),
    void (*bad)(void *arg, const char *name, const struct why *why), void *arg,
    struct why *why)
{
	struct walk w = { folder, bad, arg, false, false };
	const char *path = strchr(location, ':'), *options;
	bool is_maildir = str_starts(location, "maildir:");
	char *root;
	int dir, r;

	w.dbox =
	    str_starts(location, "mdbox:") || str_starts(location, "sdbox:");
	if (path == NULL || (!is_maildir && !w.dbox))
		return why_set(why, FAIL_DATA,
		    "the mail is not in Maildir, sdbox or mdbox: its lists are "
		    "not read");
	options = strchr(++path, ':');
	root = xmemdup(
	    path, options == NULL ? strlen(path) : (size_t)(options - path));
	w.utf8 = has_option(options, "UTF-8");
	dir = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir == -1) {
		r = errno == ENOENT ? 1 : why_errno(why, FAIL_DATA, "%s", root);
		free(root);
		return r;
	}
	free(root);
	if (is_maildir)
		maildir(&w, dir, has_option(options, "LAYOUT=fs"));
	else
		dbox(&w, dir);
	(void)close(dir);
	return 0;
}
