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

/* Where the file is. */
struct place {
	int fd;     /* its directory */
	char *file; /* in that */
	char *lock; /* that Dovecot takes to change it */
};

static void
leave(struct place *p)
{
	if (p->fd != -1)
		(void)close(p->fd);
	free(p->file);
	free(p->lock);
}

/* The setting can have a path in it, which leads out of the tree: "../subs". No link
 * in it is followed. 0, or -1 and errno; to be left in either case. */
static int
enter(struct place *p, int control, const struct folder_style *style)
{
	char *path = xstrdup(file_of(style)), *rest = path, *level;

	*p = (struct place){ .fd = fcntl(control, F_DUPFD_CLOEXEC, 0) };
	while (level = str_cut(&rest, '/'), rest != NULL && p->fd != -1) {
		int below = openat(p->fd, *level == '\0' ? "." : level,
		    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

		(void)close(p->fd);
		p->fd = below;
	}
	p->file = xstrdup(level);
	p->lock = xasprintf("%s.lock", level);
	free(path);
	return p->fd == -1 ? -1 : 0;
}

void
subscriptions_sweep(int fd, const struct folder_style *style)
{
	struct place p;

	if (enter(&p, fd, style) == 0)
		dot_sweep(p.fd, p.lock);
	leave(&p);
}

int
subscriptions_set(int fd, const char *dir, const struct folder_style *style,
    bool on, bool *changed, struct why *why)
{
	struct place p;
	struct buf text = { 0 };
	int r = -1;

	*changed = false;
	if (enter(&p, fd, style) == -1) {
		why_errno(why, FAIL_FATAL, "%s", file_of(style));
	} else if (dot_lock(p.fd, p.lock, why) == 0) {
		r = read_at(p.fd, p.file, &text, why);
		if (r == 0 && edit(&text, dir, style, on)) {
			*changed = true;
			r = replace_at(p.fd, p.file, &text, why);
		}
		dot_unlock(p.fd, p.lock);
	}
	leave(&p);
	buf_free(&text);
	return r;
}

bool
is_subscribed(
    int fd, const char *dir, const struct folder_style *style, bool *there)
{
	struct place p;
	struct buf text = { 0 };
	bool yes = false;

	*there = enter(&p, fd, style) == 0 && name_exists(p.fd, p.file) == 1 &&
		 read_at(p.fd, p.file, &text, NULL) == 0;
	leave(&p);
	if (*there)
		yes = !edit(&text, dir, style, true);
	buf_free(&text);
	return yes;
}
