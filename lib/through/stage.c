/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "through/stage.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/alloc.h"
#include "core/digest.h"
#include "core/io.h"
#include "core/num.h"
#include "core/str.h"
#include "mailbox/name.h"

enum {
	DEPTH_MAX = 64, /* of directories */
	CHUNK = 65536
};

/* The directory in that of a mailbox which has its mail: with it a mailbox can
 * have any name, "cur" too. */
static const char dirname_box[] = "mailferry-mail";

/* The file that Dovecot would look for there, and pass over as a mailbox. */
static const char subscriptions[] = "mailferry-subscriptions";

static uint32_t
number_or(const char *text, uint32_t other)
{
	int64_t n;

	return text != NULL && parse_num(text, 0, UINT32_MAX, &n, NULL)
		   ? (uint32_t)n
		   : other;
}

/* Where to make a stage, which the caller frees, and what Dovecot calls the same. */
static char *
find_place(const char *place, char **inside)
{
	const char *tmp = getenv("TMPDIR");
	char *outside;

	if (place == NULL) {
		*inside = xstrdup(tmp == NULL || *tmp != '/' ? "/tmp" : tmp);
		return xstrdup(*inside);
	}
	*inside = strchr(place, '=');
	outside = xmemdup(place, strcspn(place, "="));
	*inside = xstrdup(*inside == NULL ? outside : *inside + 1);
	return outside;
}

int
stage_check(
    const char *place, const struct doveadm_account *account, struct why *why)
{
	char *inside, *outside = find_place(place, &inside);
	int r = 0;

	if (account->is_24 && strchr(inside, ':') != NULL)
		r = why_set(why, FAIL_FATAL,
		    "%s: Dovecot 2.4 imports from no path with a colon; see "
		    "--stage",
		    inside);
	free(inside);
	free(outside);
	return r;
}

int
stage_open(struct stage *s, const char *place,
    const struct doveadm_account *account, struct why *why)
{
	char *inside, *outside = find_place(place, &inside);
	bool made;

	*s = (struct stage){
		.path = xasprintf("%s/mailferry-XXXXXX", outside),
		.fd = -1,
		.fs = account->separator == '/',
		.escape = account->escape,
		.uid = number_or(account->uid, geteuid()),
		.gid = number_or(account->gid, getegid()),
		.cur = -1,
		.box = -1,
	};
	made = mkdtemp(s->path) != NULL;
	if (made)
		s->fd = open(
		    s->path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (s->fd == -1) {
		why_errno(why, FAIL_FATAL, "%s", s->path);
		if (made)
			(void)rmdir(s->path);
		free(inside);
		free(outside);
		free(s->path);
		*s = (struct stage){ .fd = -1 };
		return -1;
	}
	s->inside = xasprintf("%s%s", inside, s->path + strlen(outside));
	free(inside);
	free(outside);
	return 0;
}

/* mkdir and open; the directory may be there. */
static int
make_dir(int at, const char *name)
{
	if (mkdirat(at, name, 0700) == -1 && errno != EEXIST)
		return -1;
	return openat(
	    at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

/* A name as listescape has it on disk, in the layout of the stage. */
static const char *
escape(const struct stage *s, struct buf *out, const char *mailbox)
{
	char level = s->fs ? '/' : '.';

	for (const char *p = mailbox; *p != '\0'; p++)
		if (*p == s->escape || (*p == '/' && !s->fs) ||
		    (*p == '~' && (p == mailbox || p[-1] == level)))
			buf_addf(out, "%c%02x", s->escape, (unsigned char)*p);
		else
			buf_addc(out, *p);
	return buf_str(out);
}

/* The directories of a mailbox below the root, divided by "/". */
static char *
box_path(const struct stage *s, const char *mailbox)
{
	struct buf name = { 0 }, escaped = { 0 };
	char *result;

	if (s->escape != '\0')
		mailbox = escape(s, &escaped, mailbox);
	if (s->fs && mutf7_encode(&name, mailbox, strlen(mailbox)) == 0)
		result = xasprintf("%s/%s", buf_str(&name), dirname_box);
	else if (strcmp(mailbox, "INBOX") == 0)
		result = xstrdup("");
	else if (mutf7_encode(&name, mailbox, strlen(mailbox)) == 0)
		result = xasprintf(".%s", buf_str(&name));
	else
		result = NULL;
	buf_free(&name);
	buf_free(&escaped);
	return result;
}

/* Opens the directory of a mailbox, made with all above it. */
static int
make_box(const struct stage *s, char *path)
{
	int fd = dup(s->fd);

	while (fd != -1 && path != NULL && *path != '\0') {
		int next = make_dir(fd, str_cut(&path, '/'));

		(void)close(fd);
		fd = next;
	}
	return fd;
}

int
stage_begin(struct stage *s, const char *mailbox, struct why *why)
{
	static const char *const other[] = { "new", "tmp" };
	char *path = box_path(s, mailbox);

	if (path == NULL)
		return why_set(
		    why, FAIL_DATA, "the name of the mailbox is not UTF-8");
	s->box = make_box(s, path);
	free(path);
	if (s->box != -1)
		s->cur = make_dir(s->box, "cur");
	for (size_t i = 0; s->cur != -1 && i < 2; i++)
		if (mkdirat(s->box, other[i], 0700) == -1) {
			(void)close(s->cur);
			s->cur = -1;
		}
	return s->cur == -1 ? why_errno(why, FAIL_FATAL, "%s", s->path) : 0;
}

static int
copy(int from, int to, int64_t *size, unsigned char sha[RAW_DIGEST_LEN])
{
	struct digest d = { 0 };
	char *chunk = xmalloc(CHUNK);
	ssize_t n;
	int r = 0;

	*size = 0;
	digest_start(&d);
	do {
		n = read(from, chunk, CHUNK);
		if (n == -1 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		digest_add(&d, chunk, (size_t)n);
		*size += n;
		r = write_all(to, chunk, (size_t)n);
	} while (r == 0);
	digest_end(&d, sha);
	digest_free(&d);
	free(chunk);
	return n == -1 ? -1 : r;
}

int
stage_put(struct stage *s, int fd, const char *name, int64_t date,
    int64_t *size, unsigned char sha[RAW_DIGEST_LEN], struct why *why)
{
	const struct timespec times[2] = { { .tv_sec = date },
		{ .tv_sec = date } };
	int to = openat(s->cur, name,
	    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	int r = -1;

	if (to == -1)
		return why_errno(why, fail_of_errno(errno), "%s", s->path);
	if (copy(fd, to, size, sha) == 0 && futimens(to, times) == 0 &&
	    (geteuid() != 0 || fchown(to, s->uid, s->gid) == 0))
		r = 0;
	else
		why_errno(why, fail_of_errno(errno), "cannot be copied");
	if (close(to) == -1 && r == 0)
		r = why_errno(why, fail_of_errno(errno), "%s", s->path);
	if (r == -1)
		(void)unlinkat(s->cur, name, 0);
	return r;
}

/* Calls fn for each name in a directory, -1 from it ends the walk. */
static int
each_name(int dir, int depth,
    int (*fn)(int at, const char *name, int depth, const struct stage *s),
    const struct stage *s)
{
	int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd == -1 ? NULL : fdopendir(fd);
	struct dirent *e;
	int r = 0;

	if (d == NULL) {
		if (fd != -1)
			(void)close(fd);
		return -1;
	}
	while (r == 0 && (e = readdir(d)) != NULL)
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
			r = fn(fd, e->d_name, depth, s);
	(void)closedir(d);
	return r;
}

static int
open_sub(int at, const char *name)
{
	return openat(
	    at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

/* Gives a directory to the user, after what is in it: until then only we can
 * enter. Files were given when they were written. */
static int
hand_over(int at, const char *name, int depth, const struct stage *s)
{
	int fd = open_sub(at, name), r = 0;

	if (fd == -1)
		return errno == ENOTDIR ? 0 : -1;
	if (depth > 0)
		r = each_name(fd, depth - 1, hand_over, s);
	if (r == 0)
		r = fchown(fd, s->uid, s->gid);
	(void)close(fd);
	return r;
}

static void
close_box(struct stage *s)
{
	if (s->cur != -1)
		(void)close(s->cur);
	if (s->box != -1)
		(void)close(s->box);
	s->cur = s->box = -1;
}

int
stage_end(struct stage *s, const struct keywords *k, struct why *why)
{
	struct buf text = { 0 };
	int fd, r = -1;

	keywords_print(k, &text);
	fd = openat(s->box, "dovecot-keywords",
	    O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd != -1 && write_all(fd, buf_str(&text), text.len) == 0 &&
	    (geteuid() != 0 || fchown(fd, s->uid, s->gid) == 0))
		r = 0;
	if (fd != -1 && close(fd) == -1)
		r = -1;
	if (r == -1)
		why_errno(why, FAIL_FATAL, "%s", s->path);
	buf_free(&text);
	close_box(s);
	return r;
}

int
stage_hand_over(struct stage *s, struct why *why)
{
	if (geteuid() == 0 &&
	    (each_name(s->fd, DEPTH_MAX, hand_over, s) == -1 ||
		fchown(s->fd, s->uid, s->gid) == -1))
		return why_errno(why, FAIL_FATAL, "%s", s->path);
	return 0;
}

void
stage_put_args(struct stage *s, bool is_24, struct doveadm_args *args)
{
	static const char *const fs_24[] = { "mailbox_list_layout=fs",
		"mailbox_directory_name=mailferry-mail",
		"mailbox_subscriptions_filename=mailferry-subscriptions" };

	buf_reset(&s->location);
	buf_adds(&s->location, "maildir:");
	for (const char *p = s->inside; *p != '\0'; p++) {
		if (*p == ':') /* it divides the options of 2.3 */
			buf_addc(&s->location, ':');
		buf_addc(&s->location, *p);
	}
	if (!is_24 && s->fs)
		buf_addf(&s->location, ":LAYOUT=fs:DIRNAME=%s:SUBSCRIPTIONS=%s",
		    dirname_box, subscriptions);
	if (!is_24)
		buf_adds(&s->location, ":INDEX=MEMORY");
	for (size_t i = 0; is_24 && s->fs && i < 3; i++) {
		doveadm_args_add(args, "-p");
		doveadm_args_add(args, fs_24[i]);
	}
	if (is_24 && s->fs) { /* it would look in the root */
		buf_reset(&s->inbox);
		buf_addf(&s->inbox, "mail_inbox_path=%s/INBOX/%s", s->inside,
		    dirname_box);
		doveadm_args_add(args, "-p");
		doveadm_args_add(args, buf_str(&s->inbox));
	}
	if (is_24) {
		doveadm_args_add(args, "-p");
		doveadm_args_add(args, "mail_index_path=MEMORY");
	}
	if (is_24 && s->escape != '\0') { /* it can be the namespace's own */
		buf_reset(&s->escaping);
		buf_addf(&s->escaping, "mailbox_list_storage_escape_char=%c",
		    s->escape);
		doveadm_args_add(args, "-p");
		doveadm_args_add(args, buf_str(&s->escaping));
	}
	doveadm_args_add(args, buf_str(&s->location));
	doveadm_args_add(args, "");
	doveadm_args_add(args, "ALL");
}

/* rm -r, which never leaves the tree: links are removed, not followed. */
static int
remove_name(int at, const char *name, int depth, const struct stage *s)
{
	int fd = open_sub(at, name);

	if (fd == -1)
		return unlinkat(at, name, 0);
	if (depth > 0)
		(void)each_name(fd, depth - 1, remove_name, s);
	(void)close(fd);
	return unlinkat(at, name, AT_REMOVEDIR);
}

void
stage_clear(struct stage *s)
{
	close_box(s);
	if (s->fd == -1)
		return;
	if (geteuid() == 0)
		(void)!fchown(s->fd, geteuid(), getegid());
	(void)each_name(s->fd, DEPTH_MAX, remove_name, s);
}

void
stage_close(struct stage *s)
{
	if (s->fd == -1)
		return;
	stage_clear(s);
	(void)close(s->fd);
	(void)rmdir(s->path);
	free(s->path);
	free(s->inside);
	buf_free(&s->location);
	buf_free(&s->inbox);
	buf_free(&s->escaping);
	*s = (struct stage){ .fd = -1, .cur = -1, .box = -1 };
}

void
stage_sweep(const char *path)
{
	struct stage s = { .cur = -1, .box = -1 };

	s.fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (s.fd == -1)
		return;
	stage_clear(&s);
	(void)close(s.fd);
	(void)rmdir(path);
}
