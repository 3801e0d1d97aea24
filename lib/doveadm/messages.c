/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "doveadm/messages.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core/io.h"
#include "core/num.h"

static int
odd(struct why *why, const struct doveadm_mailbox *m)
{
	return why_set(
	    why, FAIL_FATAL, "%s: doveadm's answer is not understood", m->name);
}

/* One row of doveadm_list. A field Message-ID can hold any byte, tabs and line
 * ends among them; the GUID after it, which no sender knows, says where it
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
doveadm_list(const struct doveadm *d, const struct doveadm_mailbox *m,
    uint32_t uid,
    void (*told)(void *arg, const struct doveadm_message *message), void *arg,
    struct why *why)
{
	struct doveadm_args args = { 0 };
	struct doveadm_rows rows;
	struct doveadm_message msg;
	struct buf text[4] = { { 0 } }, from = { 0 };
	struct why late;
	int r;

	buf_addf(&from, "%lu:*", (unsigned long)uid);
	doveadm_args(&args, d,
	    DOVEADM_WORDS("-f", "tab", "fetch", "-u", d->user, "--",
		"guid uid flags hdr.message-id guid", "mailbox", m->name,
		"mailbox-guid", m->guid, "uid", from.data));
	r = doveadm_open(&rows, &args, why);
	if (r == 0) {
		while (r == 0 && doveadm_more(&rows)) {
			r = read_row(&rows, &msg, text);
			/* "N:*" has the last message, however low it is. */
			if (r == 0 && msg.uid >= uid)
				told(arg, &msg);
		}
		if (r == -1)
			(void)odd(why, m);
		if (doveadm_close(&rows, &late) == -1) {
			r = why_set(
			    why, FAIL_FATAL, "%s: %s", m->name, late.text);
		}
	}
	for (size_t i = 0; i < 4; i++)
		buf_free(&text[i]);
	buf_free(&from);
	doveadm_args_free(&args);
	return r;
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

static int
open_texts(struct doveadm_rows *rows, const struct doveadm *d,
    const struct doveadm_mailbox *m, const char *fields, const char *uids,
    struct why *why)
{
	struct doveadm_args args = { 0 };
	int r;

	doveadm_args(&args, d,
	    DOVEADM_WORDS("-f", "tab", "fetch", "-u", d->user, "--", fields,
		"mailbox", m->name, "mailbox-guid", m->guid, "uid", uids));
	r = doveadm_open(rows, &args, why);
	doveadm_args_free(&args);
	return r;
}

int
doveadm_texts(const struct doveadm *d, const struct doveadm_mailbox *m,
    const uint32_t *uids, size_t n,
    void (*told)(void *arg, const char *guid, int fd), void *arg,
    struct why *why)
{
	struct doveadm_rows rows;
	struct buf list = { 0 }, guid = { 0 };
	struct why late;
	int r;

	doveadm_put_uids(&list, uids, n);
	r = open_texts(
	    &rows, d, m, "guid size.physical text guid", buf_str(&list), why);
	buf_free(&list);
	if (r == -1)
		return -1;
	while (r == 0 && doveadm_more(&rows)) {
		int fd = nameless(why);

		buf_reset(&guid);
		r = fd == -1 ? -1 : read_text(&rows, &guid, fd);
		if (r == 0)
			told(arg, buf_str(&guid), fd);
		else if (fd != -1)
			(void)odd(why, m);
		if (fd != -1)
			(void)close(fd);
	}
	buf_free(&guid);
	if (doveadm_close(&rows, &late) == -1)
		r = why_set(why, FAIL_FATAL, "%s: %s", m->name, late.text);
	return r;
}

/* The only column has no tabs: "TEXT<newline>". */
int
doveadm_text(const struct doveadm *d, const struct doveadm_mailbox *m,
    uint32_t uid, struct why *why)
{
	struct doveadm_rows rows;
	char number[16];
	struct buf text = { 0 };
	struct why late;
	int fd = -1;

	(void)snprintf(number, sizeof number, "%lu", (unsigned long)uid);
	if (open_texts(&rows, d, m, "text", number, why) == -1)
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
