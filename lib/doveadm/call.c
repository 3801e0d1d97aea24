/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "doveadm/call.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "core/alloc.h"
#include "core/io.h"
#include "core/str.h"

enum {
	CHUNK = 65536
};

void
doveadm_args_add(struct doveadm_args *a, const char *word)
{
	a->v = xgrow(a->v, a->n + 1, &a->cap, sizeof *a->v);
	a->v[a->n++] = word;
	a->v[a->n] = NULL;
}

void
doveadm_args(
    struct doveadm_args *a, const struct doveadm *d, const char *const *words)
{
	a->n = 0;
	a->shell = d->shell;
	for (size_t i = 0; d->command[i] != NULL; i++)
		doveadm_args_add(a, d->command[i]);
	a->plain = a->n;
	for (size_t i = 0; words[i] != NULL; i++)
		doveadm_args_add(a, words[i]);
}

void
doveadm_args_free(struct doveadm_args *a)
{
	free(a->v);
	*a = (struct doveadm_args){ 0 };
}

/* A word in quotes, which every shell takes away again. */
static char *
quote(const char *word)
{
	struct buf out = { 0 };
	char *result;

	buf_addc(&out, '\'');
	for (; *word != '\0'; word++)
		if (*word == '\'')
			buf_adds(&out, "'\\''");
		else
			buf_addc(&out, *word);
	buf_addc(&out, '\'');
	result = xstrdup(buf_str(&out));
	buf_free(&out);
	return result;
}

static int
start(struct command *c, const struct doveadm_args *a, struct why *why)
{
	char **v;
	int r;

	if (!a->shell)
		return command_open(c, a->v, why);
	v = xcalloc(a->n + 1, sizeof *v);
	for (size_t i = 0; i < a->n; i++)
		v[i] = i < a->plain ? xstrdup(a->v[i]) : quote(a->v[i]);
	r = command_open(c, (const char *const *)v, why);
	c->name = a->v[0];
	for (size_t i = 0; i < a->n; i++)
		free(v[i]);
	free(v);
	return r;
}

int
doveadm_read(const struct doveadm_args *a, struct buf *out, struct why *why)
{
	struct buf own = { 0 };
	struct command c;
	struct why late;
	int r;

	if (start(&c, a, why) == -1)
		return -1;
	r = read_fd(c.fd, c.name, out == NULL ? &own : out, why);
	if (command_close(&c, &late) == -1 && r == 0) {
		*why = late;
		r = -1;
	}
	buf_free(&own);
	return r;
}

/* A password is what doveadm(1) prints as it gets it. */
static const char probe[] = "'mailferry look'", bare[] = "mailferry look";

/* Appends what comes out of the probe. */
static int
try_words(const struct doveadm *d, struct buf *out, struct why *why)
{
	struct buf text = { 0 };
	int r = doveadm_run(
	    d, DOVEADM_WORDS("pw", "-s", "PLAIN", "-p", probe), &text, why);

	if (r == 0 && str_starts(buf_str(&text), "{PLAIN}"))
		buf_add(out, text.data + strlen("{PLAIN}"),
		    strcspn(text.data + strlen("{PLAIN}"), "\r\n"));
	buf_free(&text);
	return r;
}

int
doveadm_find_shell(struct doveadm *d, struct why *why)
{
	struct buf out = { 0 };
	int r = try_words(d, &out, why);

	if (r == 0 && strcmp(buf_str(&out), bare) == 0) {
		d->shell = true;
		buf_reset(&out);
		r = try_words(d, &out, why);
	}
	if (r == 0 && strcmp(buf_str(&out), probe) != 0)
		r = why_set(why, FAIL_FATAL,
		    "%s: the command for doveadm does not hand words on as "
		    "they "
		    "are; see --doveadm",
		    d->command[0]);
	buf_free(&out);
	return r;
}

int
doveadm_read_some(const struct doveadm_args *a, bool one, bool later,
    struct buf *out, bool *refused, struct why *why)
{
	struct command c;
	struct why late;
	int r;

	*refused = false;
	if (start(&c, a, why) == -1)
		return -1;
	r = read_fd(c.fd, c.name, out, why);
	if (command_close(&c, &late) == 0 || r == -1)
		return r;
	/* sysexits.h: EX_NOHOST is what Dovecot has for "not found"; of a name
	 * that cannot be one, EX_USAGE. */
	*refused = c.status == EX_NOHOST || c.status == EX_NOPERM ||
		   (one && c.status == EX_USAGE) ||
		   (later && c.status == EX_TEMPFAIL);
	if (*refused)
		return 0;
	*why = late;
	return -1;
}

int
doveadm_run(const struct doveadm *d, const char *const *words, struct buf *out,
    struct why *why)
{
	struct doveadm_args args = { 0 };
	int r;

	doveadm_args(&args, d, words);
	r = doveadm_read(&args, out, why);
	doveadm_args_free(&args);
	return r;
}

/* Reads on. False at the end, or where reading fails. */
static bool
fill(struct doveadm_rows *r)
{
	ssize_t n;

	if (r->end)
		return false;
	if (r->from > CHUNK) {
		memmove(r->in.data, r->in.data + r->from, r->in.len - r->from);
		r->in.len -= r->from;
		r->from = 0;
	}
	(void)buf_room(&r->in, CHUNK);
	do
		n = read(r->command.fd, r->in.data + r->in.len, CHUNK);
	while (n == -1 && errno == EINTR);
	if (n > 0)
		r->in.len += (size_t)n;
	if (n == -1)
		r->error = errno;
	r->in.data[r->in.len] = '\0';
	r->end = n <= 0;
	return n > 0;
}

int
doveadm_open(
    struct doveadm_rows *r, const struct doveadm_args *a, struct why *why)
{
	*r = (struct doveadm_rows){ 0 };
	if (start(&r->command, a, why) == -1)
		return -1;
	(void)doveadm_until(r, "\n", NULL);
	return 0;
}

int
doveadm_close(struct doveadm_rows *r, struct why *why)
{
	buf_free(&r->in);
	if (command_close(&r->command, why) == -1)
		return -1;
	if (r->error == 0)
		return 0;
	errno = r->error;
	return why_errno(why, FAIL_FATAL, "%s", r->command.name);
}

bool
doveadm_more(struct doveadm_rows *r)
{
	return r->from < r->in.len || fill(r);
}

int
doveadm_until(struct doveadm_rows *r, const char *text, struct buf *out)
{
	size_t len = strlen(text), seen = 0;

	for (;;) {
		size_t left = r->in.len - r->from;
		const char *start = buf_str(&r->in) + r->from;
		const char *found =
		    left < seen + len
			? NULL
			: memmem(start + seen, left - seen, text, len);

		if (found != NULL) {
			if (out != NULL)
				buf_add(out, start, (size_t)(found - start));
			r->from += (size_t)(found - start) + len;
			return 0;
		}
		seen = left < len ? 0 : left - len + 1;
		if (!fill(r))
			return -1;
	}
}

void
doveadm_rest(struct doveadm_rows *r, struct buf *out)
{
	while (doveadm_more(r)) {
		buf_add(out, r->in.data + r->from, r->in.len - r->from);
		r->from = r->in.len;
	}
}

int
doveadm_copy(struct doveadm_rows *r, uint64_t n, int fd)
{
	while (n > 0) {
		size_t left = r->in.len - r->from;
		size_t some = left < n ? left : (size_t)n;

		if (some > 0 && write_all(fd, r->in.data + r->from, some) == -1)
			return -1;
		r->from += some;
		n -= some;
		if (n > 0 && !fill(r)) {
			errno = EPROTO;
			return -1;
		}
	}
	return 0;
}
