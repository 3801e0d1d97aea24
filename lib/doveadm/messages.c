/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "doveadm/messages.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core/arena.h"
#include "core/io.h"
#include "core/num.h"

static int
odd(struct why *why, const struct doveadm_mailbox *m)
{
	return why_set(
	    why, FAIL_FATAL, "%s: doveadm's answer is not understood", m->name);
}

void
doveadm_put_uids(struct buf *out, const uint32_t *uids, size_t n)
{
	for (size_t i = 0; i < n;) {
		size_t last = i;

		while (last + 1 < n && uids[last + 1] == uids[last] + 1)
			last++;
		buf_addf(
		    out, "%s%lu", i == 0 ? "" : ",", (unsigned long)uids[i]);
		if (last > i)
			buf_addf(out, ":%lu", (unsigned long)uids[last]);
		i = last + 1;
	}
}

/* The words that name what is asked for, beside each other where there are several
 * mailboxes. */
static void
add_query(struct doveadm_args *args, struct arena *texts,
    const struct doveadm_range *v, size_t n)
{
	struct buf uids = { 0 };

	for (size_t i = 0; i < n; i++) {
		buf_reset(&uids);
		if (v[i].n > 0)
			doveadm_put_uids(&uids, v[i].uids, v[i].n);
		else
			buf_addf(&uids, "%lu:*", (unsigned long)v[i].uid);
		if (i > 0)
			doveadm_args_add(args, "OR");
		if (n > 1)
			doveadm_args_add(args, "(");
		doveadm_args_add(args, "mailbox");
		doveadm_args_add(args, v[i].mailbox->name);
		doveadm_args_add(args, "mailbox-guid");
		doveadm_args_add(args, v[i].mailbox->guid);
		doveadm_args_add(args, "uid");
		doveadm_args_add(args, arena_adds(texts, buf_str(&uids)));
		if (n > 1)
			doveadm_args_add(args, ")");
	}
	buf_free(&uids);
}

static int
open_rows(struct doveadm_rows *rows, const struct doveadm *d,
    const char *fields, const struct doveadm_range *v, size_t n,
    struct why *why)
{
	struct doveadm_args args = { 0 };
	struct arena texts = { 0 };
	int r;

	doveadm_args(&args, d,
	    DOVEADM_WORDS("-f", "tab", "fetch", "-u", d->user, "--", fields));
	add_query(&args, &texts, v, n);
	r = doveadm_open(rows, &args, why);
	doveadm_args_free(&args);
	arena_free(&texts);
	return r;
}

/* Ends a call for some mailboxes, of which r is what became of it so far. */
static int
close_rows(struct doveadm_rows *rows, const struct doveadm_range *v, int r,
    struct why *why)
{
	struct why late;

	if (doveadm_close(rows, &late) == -1)
		r = why_set(
		    why, FAIL_FATAL, "%s: %s", v->mailbox->name, late.text);
	return r;
}

/* Reads the first column, the GUID of the mailbox, and finds its range. -1 if it is
 * none of them. */
static int
read_range(struct doveadm_rows *rows, const struct doveadm_range *v, size_t n,
    struct buf *text, size_t *range)
{
	buf_reset(text);
	if (doveadm_until(rows, "\t", text) == -1)
		return -1;
	for (*range = 0; *range < n; (*range)++)
		if (strcmp(v[*range].mailbox->guid, buf_str(text)) == 0)
			return 0;
	return -1;
}

/* The rest of a row of doveadm_list. A field Message-ID can hold any byte, tabs and
 * line ends among them; the GUID after it, which no sender knows, says where it
 * ends. */
static int
read_row(
    struct doveadm_rows *rows, struct doveadm_message *msg, struct buf text[4])
{
	int64_t uid;

	for (size_t i = 0; i < 4; i++)
		buf_reset(&text[i]);
	if (doveadm_until(rows, "\t", &text[0]) == -1 ||
	    doveadm_until(rows, "\t", &text[1]) == -1 ||
	    doveadm_until(rows, "\t", &text[2]) == -1 || text[0].len == 0 ||
	    !parse_num(buf_str(&text[1]), 1, UINT32_MAX, &uid, NULL))
		return -1;
	msg->guid = text[0].data;
	msg->uid = (uint32_t)uid;
	msg->flags = buf_str(&text[2]);
	buf_addf(&text[3], "\t%s\n", msg->guid);
	buf_reset(&text[1]);
	if (doveadm_until(rows, text[3].data, &text[1]) == -1)
		return -1;
	msg->msgid = buf_str(&text[1]);
	msg->msgid_len = text[1].len;
	return 0;
}

int
doveadm_list(const struct doveadm *d, const struct doveadm_range *v, size_t n,
    void (*told)(
	void *arg, size_t range, const struct doveadm_message *message),
    void *arg, struct why *why)
{
	struct doveadm_rows rows;
	struct doveadm_message msg;
	struct buf text[4] = { { 0 } };
	size_t range;
	int r = 0;

	if (open_rows(&rows, d,
		"mailbox-guid guid uid flags hdr.message-id guid", v, n,
		why) == -1)
		return -1;
	while (r == 0 && doveadm_more(&rows)) {
		r = read_range(&rows, v, n, &text[0], &range);
		if (r == 0)
			r = read_row(&rows, &msg, text);
		/* "N:*" has the last message, however low it is. */
		if (r == 0 && (v[range].n > 0 || msg.uid >= v[range].uid))
			told(arg, range, &msg);
	}
	if (r == -1)
		(void)odd(why, v->mailbox);
	for (size_t i = 0; i < 4; i++)
		buf_free(&text[i]);
	return close_rows(&rows, v, r, why);
}

/* A file without a name, in memory. */
static int
nameless(struct why *why)
{
	int fd = memfd_create("message", MFD_CLOEXEC);

	return fd == -1 ? why_errno(why, FAIL_FATAL, "memory for a message")
			: fd;
}

/* "GUID<tab>SIZE<tab>TEXT<tab><tab>GUID<newline>", the text into fd; a tab less
 * where the text is empty, and one more before each piece that Dovecot reads a
 * long one in: then the GUID is not where the size says. The guid is appended.
 */
static int
read_text(struct doveadm_rows *rows, struct buf *guid, int fd)
{
	struct buf size = { 0 }, end = { 0 }, rest = { 0 };
	int64_t n = 0;
	int r = -1;

	if (doveadm_until(rows, "\t", guid) == 0 &&
	    doveadm_until(rows, "\t", &size) == 0 &&
	    parse_num(buf_str(&size), 0, INT64_MAX, &n, NULL) &&
	    doveadm_copy(rows, (uint64_t)n, fd) == 0) {
		buf_addf(&end, "%s\t%s\n", n == 0 ? "" : "\t", buf_str(guid));
		if (doveadm_until(rows, end.data, &rest) == 0 &&
		    rest.len == 0 && lseek(fd, 0, SEEK_SET) == 0)
			r = 0;
	}
	buf_free(&size);
	buf_free(&end);
	buf_free(&rest);
	return r;
}

int
doveadm_texts(const struct doveadm *d, const struct doveadm_range *v, size_t n,
    void (*told)(void *arg, size_t range, const char *guid, int fd), void *arg,
    struct why *why)
{
	struct doveadm_rows rows;
	struct buf guid = { 0 };
	size_t range;
	int r = 0;

	if (open_rows(&rows, d, "mailbox-guid guid size.physical text guid", v,
		n, why) == -1)
		return -1;
	while (r == 0 && doveadm_more(&rows)) {
		int fd = nameless(why);

		if (fd == -1) {
			r = -1;
			break;
		}
		r = read_range(&rows, v, n, &guid, &range);
		buf_reset(&guid);
		if (r == 0)
			r = read_text(&rows, &guid, fd);
		if (r == 0)
			told(arg, range, buf_str(&guid), fd);
		else
			(void)odd(why, v->mailbox);
		(void)close(fd);
	}
	buf_free(&guid);
	return close_rows(&rows, v, r, why);
}

/* The only column has no tabs: "TEXT<newline>". */
int
doveadm_text(const struct doveadm *d, const struct doveadm_mailbox *m,
    uint32_t uid, struct why *why)
{
	const struct doveadm_range range = {
		.mailbox = m, .uids = &uid, .n = 1
	};
	struct doveadm_rows rows;
	struct buf text = { 0 };
	struct why late;
	int fd = -1;

	if (open_rows(&rows, d, "text", &range, 1, why) == -1)
		return -1;
	doveadm_rest(&rows, &text);
	if (doveadm_close(&rows, &late) == -1)
		(void)why_set(why, FAIL_DATA, "cannot be read by Dovecot");
	else if (text.len == 0)
		(void)why_set(why, FAIL_TEMP, "is gone");
	else
		fd = nameless(why);
	if (fd != -1 && (write_all(fd, text.data, text.len - 1) == -1 ||
			    lseek(fd, 0, SEEK_SET) != 0)) {
		(void)why_errno(why, FAIL_DATA, "cannot be read");
		(void)close(fd);
		fd = -1;
	}
	buf_free(&text);
	return fd;
}
