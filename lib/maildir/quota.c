/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "maildir/quota.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/buf.h"
#include "core/io.h"
#include "maildir/control.h"

static const char quota_name[] = "maildirsize";

bool
has_quota_file(int fd)
{
	struct stat st;

	return fstatat(fd, quota_name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	       S_ISREG(st.st_mode);
}

/* The limits of the first line: "1073741824S,1000C", or less. */
static bool
read_limits(struct quota *q, const char *line)
{
	for (;;) {
		char *end;
		long long n = strtoll(line, &end, 10);

		if (end == line || n < 0)
			return false;
		if (*end == 'S')
			q->bytes_limit = n;
		else if (*end == 'C')
			q->messages_limit = n;
		else
			return false;
		if (end[1] != ',')
			return end[1] == '\n';
		line = end + 2;
	}
}

bool
quota_read(struct quota *q, int fd)
{
	struct buf text = { 0 };
	bool good = false;
	char *at;

	*q = (struct quota){ 0 };
	if (has_quota_file(fd) && read_at(fd, quota_name, &text, NULL) == 0 &&
	    text.len > 0)
		good = read_limits(q, buf_str(&text));
	at = good ? strchr(text.data, '\n') : NULL;
	while (at != NULL && at[1] != '\0' && good) {
		char *end;

		q->bytes += strtoll(at, &end, 10);
		q->messages += strtoll(end, &at, 10);
		good = *at == '\n';
	}
	buf_free(&text);
	return good;
}

/* 1: there is a file that can be told; 0: there is none; -1 and why: it is
 * something else. Dovecot follows a link here, but whoever made it may have
 * meant it for us, who can be root. */
static int
judge(int fd, struct why *why)
{
	struct stat st;

	if (fstatat(fd, quota_name, &st, AT_SYMLINK_NOFOLLOW) == -1)
		return errno == ENOENT
			   ? 0
			   : why_errno(why, FAIL_DATA, "%s", quota_name);
	if (S_ISREG(st.st_mode))
		return 1;
	return why_set(why, FAIL_DATA, "%s: %s", quota_name,
	    S_ISLNK(st.st_mode) ? "a symbolic link, which is not followed"
				: "not a regular file");
}

/* One write to a file that is open for appending: other programs do the same
 * at any time. */
int
quota_note(int fd, int64_t bytes, int64_t messages, struct why *why)
{
	char line[64];
	int len, file, r = judge(fd, why);

	if (r != 1 || (bytes == 0 && messages == 0))
		return r == -1 ? -1 : 0;
	file = openat(
	    fd, quota_name, O_WRONLY | O_APPEND | O_NOFOLLOW | O_CLOEXEC);
	if (file == -1)
		return errno == ENOENT
			   ? 0
			   : why_errno(why, FAIL_DATA, "%s", quota_name);
	len = snprintf(line, sizeof line, "%lld %lld\n", (long long)bytes,
	    (long long)messages);
	r = write_all(file, line, (size_t)len);
	if (r == -1)
		why_errno(why, FAIL_DATA, "%s", quota_name);
	(void)close(file);
	return r;
}
