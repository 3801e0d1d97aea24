/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "maildir/keywords.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "core/alloc.h"
#include "core/io.h"
#include "core/num.h"
#include "core/str.h"

static const char file_name[] = "dovecot-keywords";
static const char temp_name[] = ".mailferry-keywords.tmp";

enum {
	FILE_SIZE_MAX = 1 << 20,
	NAME_LEN_MAX = 255
};

void
keywords_parse(struct keywords *k, char *text)
{
	while (text != NULL) {
		char *name = str_cut(&text, '\n');
		char *number = str_cut(&name, ' ');
		int64_t n;

		if (name == NULL || *name == '\0' ||
		    !parse_num(number, 0, KEYWORDS_MAX - 1, &n, NULL) ||
		    k->name[n] != NULL)
			continue;
		k->name[n] = xstrdup(name);
	}
}

void
keywords_print(const struct keywords *k, struct buf *out)
{
	for (int i = 0; i < KEYWORDS_MAX; i++)
		if (k->name[i] != NULL)
			buf_addf(out, "%d %s\n", i, k->name[i]);
}

int
keywords_find(const struct keywords *k, const char *name)
{
	for (int i = 0; i < KEYWORDS_MAX; i++)
		if (k->name[i] != NULL && str_eq_nocase(k->name[i], name))
			return i;
	return -1;
}

int
keywords_add(struct keywords *k, const char *name)
{
	int n = keywords_find(k, name);

	for (int i = 0; n == -1 && i < KEYWORDS_MAX; i++) {
		if (k->name[i] == NULL) {
			k->name[i] = xstrdup(name);
			n = i;
		}
	}
	return n;
}

bool
keyword_valid(const char *name)
{
	size_t len = strlen(name);

	if (len == 0 || len > NAME_LEN_MAX)
		return false;
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)name[i];

		if (c <= 0x20 || c >= 0x7f || strchr("(){%*\"\\]", c) != NULL)
			return false;
	}
	return true;
}

int
keywords_read(struct keywords *k, int dirfd, struct why *why)
{
	struct buf text;
	struct stat st;
	int r, fd = openat(dirfd, file_name,
		   O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

	if (fd == -1 && errno == ENOENT)
		return 0;
	if (fd == -1)
		return why_errno(why, FAIL_DATA, "%s", file_name);
	if (fstat(fd, &st) == -1 || !S_ISREG(st.st_mode)) {
		(void)close(fd);
		return why_set(
		    why, FAIL_DATA, "%s: not a regular file", file_name);
	}
	buf_init(&text, FILE_SIZE_MAX);
	r = read_fd(fd, file_name, &text, why);
	if (r == 0 && text.len > 0)
		keywords_parse(k, text.data);
	buf_free(&text);
	(void)close(fd);
	return r;
}

/* Gives the file the directory's owner and mode, and a time later than the old
 * file's. */
static int
dress(int fd, int dirfd)
{
	struct timespec times[2];
	struct stat dir, old;

	if (fstat(dirfd, &dir) == -1 ||
	    fchmod(fd, (dir.st_mode & 0666) | 0600) == -1)
		return -1;
	if (geteuid() == 0 && fchown(fd, dir.st_uid, dir.st_gid) == -1)
		return -1;
	if (fstatat(dirfd, file_name, &old, AT_SYMLINK_NOFOLLOW) == -1)
		return errno == ENOENT ? 0 : -1;
	(void)clock_gettime(CLOCK_REALTIME, &times[1]);
	if (times[1].tv_sec <= old.st_mtim.tv_sec)
		times[1].tv_sec = old.st_mtim.tv_sec + 1;
	times[0] = times[1];
	return futimens(fd, times);
}

int
keywords_write(const struct keywords *k, int dirfd, struct why *why)
{
	struct buf text = { 0 };
	int r = -1, fd;

	(void)unlinkat(dirfd, temp_name, 0); /* of a run that was killed */
	fd = openat(dirfd, temp_name,
	    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd == -1)
		return why_errno(why, FAIL_FATAL, "%s", file_name);
	keywords_print(k, &text);
	if (write_all(fd, buf_str(&text), text.len) == 0 &&
	    dress(fd, dirfd) == 0 && fsync(fd) == 0 &&
	    renameat(dirfd, temp_name, dirfd, file_name) == 0 &&
	    fsync(dirfd) == 0)
		r = 0;
	if (r == -1) {
		why_errno(why, FAIL_FATAL, "%s", file_name);
		(void)unlinkat(dirfd, temp_name, 0);
	}
	if (close(fd) == -1 && r == 0)
		r = why_errno(why, FAIL_FATAL, "%s", file_name);
	buf_free(&text);
	return r;
}

void
keywords_free(struct keywords *k)
{
	for (int i = 0; i < KEYWORDS_MAX; i++)
		free(k->name[i]);
	*k = (struct keywords){ 0 };
}
