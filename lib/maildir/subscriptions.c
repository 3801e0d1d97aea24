/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "maildir/subscriptions.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/alloc.h"
#include "core/io.h"
#include "core/str.h"
#include "maildir/control.h"

static const char version2[] = "V\t2\n\n";

/* Appends the line of a folder, without its end. */
static void
put_line(
    struct buf *out, const char *dir, const struct folder_style *style, bool v2)
{
	char sep = style->fs ? '/' : '.';
	const char *end;

	if (strcmp(dir, ".") == 0)
		dir = "INBOX";
	else if (!style->fs)
		dir++;
	end = dir + strlen(dir);
	if (style->dirname != NULL && strchr(dir, '/') != NULL)
		end = strrchr(dir, '/');
	for (; dir < end; dir++)
		buf_addc(out, v2 && *dir == sep ? '\t' : *dir);
}

void
subscriptions_put(
    struct buf *text, const char *dir, const struct folder_style *style)
{
	if (text->len == 0)
		buf_adds(text, version2);
	put_line(text, dir, style, true);
	buf_addc(text, '\n');
}

/* What follows the end of a line, which may be CRLF for Dovecot; NULL if this
 * is none. */
static char *
skip_end(char *at)
{
	if (*at == '\r' && at[1] == '\n')
		at++;
	return *at == '\n' ? at + 1 : *at == '\0' ? at : NULL;
}

/* The place of the line in the text; NULL if it is not there. */
static char *
find_line(char *text, const char *line)
{
	size_t len = strlen(line);

	for (char *at = text; at != NULL && *at != '\0';) {
		if (strncmp(at, line, len) == 0 && skip_end(at + len) != NULL)
			return at;
		at = strchr(at, '\n');
		at = at == NULL ? NULL : at + 1;
	}
	return NULL;
}

/* Adds the line to the text or takes it out. True if that changed it. */
static bool
edit(struct buf *text, const char *dir, const struct folder_style *style,
    bool on)
{
	struct buf line = { 0 };
	char *at, *end;
	bool v2, there;

	if (text->len == 0 && on)
		buf_adds(text, version2);
	v2 = str_starts(buf_str(text), "V\t2\n");
	put_line(&line, dir, style, v2);
	at = text->len == 0 ? NULL : find_line(text->data, buf_str(&line));
	there = at != NULL;
	if (on && !there) {
		if (text->data[text->len - 1] != '\n')
			buf_addc(text, '\n');
		buf_add(text, buf_str(&line), line.len);
		buf_addc(text, '\n');
	} else if (!on && there) {
		end = skip_end(at + line.len);
		memmove(at, end, (size_t)(text->data + text->len + 1 - end));
		text->len -= (size_t)(end - at);
	}
	buf_free(&line);
	return on != there;
}

static const char *
file_of(const struct folder_style *style)
{
	return style->subscriptions == NULL ? "subscriptions"
					    : style->subscriptions;
}

/* The lock that Dovecot takes to change the file; the caller frees it. */
static char *
lock_of(const struct folder_style *style)
{
	return xasprintf("%s.lock", file_of(style));
}

void
subscriptions_sweep(int fd, const struct folder_style *style)
{
	char *lock = lock_of(style);

	dot_sweep(fd, lock);
	free(lock);
}

int
subscriptions_set(int fd, const char *dir, const struct folder_style *style,
    bool on, bool *changed, struct why *why)
{
	const char *file = file_of(style);
	char *lock = lock_of(style);
	struct buf text = { 0 };
	int r = -1;

	*changed = false;
	if (dot_lock(fd, lock, why) == 0) {
		r = read_at(fd, file, &text, why);
		if (r == 0 && edit(&text, dir, style, on)) {
			*changed = true;
			r = replace_at(fd, file, &text, why);
		}
		dot_unlock(fd, lock);
	}
	free(lock);
	buf_free(&text);
	return r;
}

bool
is_subscribed(
    int fd, const char *dir, const struct folder_style *style, bool *there)
{
	struct buf text = { 0 };
	bool yes = false;

	*there = name_exists(fd, file_of(style)) == 1 &&
		 read_at(fd, file_of(style), &text, NULL) == 0;
	if (*there)
		yes = !edit(&text, dir, style, true);
	buf_free(&text);
	return yes;
}
