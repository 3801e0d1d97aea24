/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "maildir/content.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/alloc.h"
#include "maildir/header.h"

enum {
	FIRST_READ = 4096, /* holds the Message-ID of most messages */
	CHUNK = 65536
};

static ssize_t
read_some(int fd, void *p, size_t len)
{
	ssize_t n;

	do
		n = read(fd, p, len);
	while (n == -1 && errno == EINTR);
	return n;
}

static void
cut_digest(struct digest *d, unsigned char out[DIGEST_LEN])
{
	unsigned char all[SHA256_LEN];

	digest_end(d, all);
	memcpy(out, all, DIGEST_LEN);
}

void
digest_bytes(
    struct reader *r, const void *p, size_t len, unsigned char out[DIGEST_LEN])
{
	digest_start(&r->md);
	digest_add(&r->md, p, len);
	cut_digest(&r->md, out);
}

int
read_raw_digest(int fd, unsigned char sha[RAW_DIGEST_LEN], struct why *why)
{
	struct digest d = { 0 };
	char chunk[16384];
	ssize_t n;

	digest_start(&d);
	while ((n = read_some(fd, chunk, sizeof chunk)) > 0)
		digest_add(&d, chunk, (size_t)n);
	digest_end(&d, sha);
	digest_free(&d);
	return n == 0 ? 0 : why_errno(why, FAIL_DATA, "cannot be read");
}

int
read_size(int fd, struct msgsize *size, struct why *why)
{
	char chunk[16384];
	ssize_t n;

	*size = (struct msgsize){ 0 };
	while ((n = read_some(fd, chunk, sizeof chunk)) > 0)
		msgsize_add(size, chunk, (size_t)n);
	return n == 0 ? 0 : why_errno(why, FAIL_DATA, "cannot be read");
}

void
reader_free(struct reader *r)
{
	buf_free(&r->head);
	buf_free(&r->text);
	buf_free(&r->raw);
	digest_free(&r->md);
	*r = (struct reader){ 0 };
}

enum store_form
store_form(const char *p, size_t len)
{
	static const struct {
		const char *magic;
		size_t len;
		enum store_form form;
	} known[] = { { "\x1f\x8b", 2, STORE_COMPRESSED },
		{ "BZh", 3, STORE_COMPRESSED },
		{ "\xfd"
		  "7zXZ\0",
		    6, STORE_COMPRESSED },
		{ "\x28\xb5\x2f\xfd", 4, STORE_COMPRESSED },
		{ "Dovecot-LZ4\x0d\x2a\x9b\xc5", 15, STORE_COMPRESSED },
		{ "CRYPTED\x03\x07", 9, STORE_ENCRYPTED } };

	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		if (len >= known[i].len &&
		    memcmp(p, known[i].magic, known[i].len) == 0)
			return known[i].form;
	return STORE_PLAIN;
}

/* What Dovecot and others send over IMAP in place of a NUL, which IMAP cannot
 * carry: the copy that went to another server has it. */
static void
replace_nuls(char *p, size_t len)
{
	const char *end = p + len;

	while (p < end && (p = memchr(p, '\0', (size_t)(end - p))) != NULL)
		*p++ = '\x80';
}

/*
 * Reads up to n bytes after those in b, within its maximum; once: by one call,
 * which may bring fewer. 0, or -1 and why. *whole says that the file ends there. A short read is not an end: network
 * file systems and FUSE give them in the middle of a file.
 */
static int
read_more(
    struct buf *b, int fd, size_t n, bool once, bool *whole, struct why *why)
{
	size_t start = b->len, end;
	ssize_t got = 1;

	if (n > b->max - b->len)
		n = b->max - b->len;
	(void)buf_room(b, n);
	end = b->len + n;
	while (b->len < end && got > 0) {
		got = read_some(fd, b->data + b->len, end - b->len);
		if (got == -1)
			return why_errno(why, FAIL_DATA, "cannot be read");
		b->len += (size_t)got;
		if (once)
			break;
	}
	b->data[b->len] = '\0';
	*whole = got == 0;
	if (start > 0)
		replace_nuls(b->data + start, b->len - start);
	return 0;
}

/* Fills r->head with the first n bytes, and refuses what is not plain. */
static int
read_head(
    struct reader *r, int fd, size_t n, bool once, bool *whole, struct why *why)
{
	enum store_form form;

	buf_reset(&r->head);
	r->head.max = (size_t)HEADER_MAX + CHUNK;
	if (read_more(&r->head, fd, n, once, whole, why) == -1)
		return -1;
	form = store_form(buf_str(&r->head), r->head.len);
	if (form != STORE_PLAIN)
		return why_set(why, FAIL_DATA, "is stored %s by Dovecot",
		    form == STORE_COMPRESSED ? "compressed" : "encrypted");
	replace_nuls(r->head.data, r->head.len);
	return 0;
}

/* Doubles what was read, so that a long header is walked few times. */
static int
read_longer(struct reader *r, int fd, bool *whole, struct why *why)
{
	size_t n = r->head.len < CHUNK ? CHUNK : r->head.len;

	return read_more(&r->head, fd, n, false, whole, why);
}

bool
msgid_of_field(struct reader *r, const char *value, size_t len,
    unsigned char id[DIGEST_LEN])
{
	buf_reset(&r->head);
	r->head.max = 0;
	buf_add(&r->head, value, len);
	replace_nuls(r->head.data, r->head.len);
	buf_reset(&r->text);
	msgid_put(&r->text, buf_str(&r->head), r->head.len);
	if (r->text.len > 0)
		digest_bytes(r, r->text.data, r->text.len, id);
	return r->text.len > 0;
}

int
read_msgid(
    struct reader *r, int fd, unsigned char id[DIGEST_LEN], struct why *why)
{
	bool whole = false;

	if (read_head(r, fd, FIRST_READ, true, &whole, why) == -1)
		return -1;
	for (;;) {
		struct header h;
		struct header_field f;
		enum header_step step;

		header_init(&h, buf_str(&r->head), r->head.len, whole);
		while ((step = header_next(&h, &f)) == HEADER_FIELD)
			if (header_is(&f, "message-id"))
				break;
		buf_reset(&r->text);
		buf_reset(&r->raw);
		if (step == HEADER_FIELD && r->want_raw)
			header_put_unfolded(&r->raw, &f);
		if (step == HEADER_FIELD)
			msgid_put(&r->text, f.value, f.value_len);
		if (step == HEADER_FIELD && r->text.len > 0)
			digest_bytes(r, r->text.data, r->text.len, id);
		if (step != HEADER_MORE)
			return r->text.len > 0;
		if (r->head.len >= HEADER_MAX)
			return 0;
		if (read_longer(r, fd, &whole, why) == -1)
			return -1;
	}
}

/* The fields that a digest covers, in its order. */
static const char *const stable[] = { "Date", "From", "To", "Cc", "Subject",
	"Content-Type", "Content-Transfer-Encoding" };
enum {
	STABLE = sizeof stable / sizeof *stable,
	PERSONAL = 5 /* the first of them tell messages apart */
};

/* Reads until the header is complete; *h is then after it. A header that is
 * longer than HEADER_MAX ends where the bytes end. */
static int
read_header(
    struct reader *r, int fd, struct header *h, bool *whole, struct why *why)
{
	struct header_field f = { 0 };

	if (read_head(r, fd, CHUNK, false, whole, why) == -1)
		return -1;
	for (;;) {
		enum header_step step;
		bool last = *whole || r->head.len >= HEADER_MAX;

		header_init(h, buf_str(&r->head), r->head.len, last);
		while ((step = header_next(h, &f)) == HEADER_FIELD)
			continue;
		if (step == HEADER_END)
			return 0;
		if (read_longer(r, fd, whole, why) == -1)
			return -1;
	}
}

static void
put_field(struct buf *out, int number, const struct header_field *f)
{
	buf_adds(out, stable[number]);
	buf_addc(out, ':');
	header_put_unfolded(out, f);
	buf_addc(out, '\n');
}

/* The number of a field in the table; -1 if a digest does not cover it. The
 * first letter and the length rule most fields out. */
static int
stable_number(const struct header_field *f)
{
	static const char letters[] = "dftcs";

	if (f->name_len == 0 || strchr(letters, f->name[0] | 0x20) == NULL)
		return -1;
	for (int i = 0; i < STABLE; i++)
		if (header_is(f, stable[i]))
			return i;
	return -1;
}

/*
 * Appends the stable fields as canonical text, in the table's order and, where
 * one comes several times, in the message's. Returns how many of the personal
 * ones there are.
 */
static int
put_stable(struct buf *out, const char *p, size_t len)
{
	struct header_field first[STABLE], f;
	int count[STABLE] = { 0 }, personal = 0;
	struct header h;

	header_init(&h, p, len, true);
	while (header_next(&h, &f) == HEADER_FIELD) {
		int n = stable_number(&f);

		if (n != -1 && count[n]++ == 0)
			first[n] = f;
	}
	for (int i = 0; i < STABLE; i++) {
		personal += i < PERSONAL && count[i] > 0;
		if (count[i] == 1)
			put_field(out, i, &first[i]);
		if (count[i] < 2)
			continue;
		header_init(&h, p, len, true);
		while (header_next(&h, &f) == HEADER_FIELD)
			if (header_is(&f, stable[i]))
				put_field(out, i, &f);
	}
	return personal;
}

/*
 * A body on its way into a digest: line ends become LF, and those at the end
 * wait until something follows them. Dovecot drops a CR before a line end, and
 * one at the end of all, when it saves a message.
 */
struct body {
	bool any;       /* something else than line ends came */
	size_t waiting; /* line feeds */
	bool cr;        /* CRs that may belong to a line end */
};

static void
digest_line_feeds(struct digest *md, size_t n)
{
	static const char some[] = "\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n";

	while (n > 0) {
		size_t now = n < sizeof some - 1 ? n : sizeof some - 1;

		digest_add(md, some, now);
		n -= now;
	}
}

/* Adds p; scratch is where it is normalised. */
static void
digest_body(struct digest *md, struct body *b, const char *p, size_t len,
    struct buf *scratch)
{
	const char *at = p, *end = p + len;
	size_t keep;

	if (len == 0)
		return;
	buf_reset(scratch);
	while (at < end) {
		const char *cr;

		if (*at == '\r') {
			b->cr = true;
			at++;
			continue;
		}
		if (b->cr && *at != '\n')
			buf_addc(scratch, '\r');
		b->cr = false;
		cr = memchr(at, '\r', (size_t)(end - at));
		if (cr == NULL)
			cr = end;
		buf_add(scratch, at, (size_t)(cr - at));
		at = cr;
	}
	keep = scratch->len;
	while (keep > 0 && scratch->data[keep - 1] == '\n')
		keep--;
	if (keep > 0) {
		b->any = true;
		digest_line_feeds(md, b->waiting);
		digest_add(md, scratch->data, keep);
		b->waiting = 0;
	}
	b->waiting += scratch->len - keep;
}

/*
 * Whom a blind copy names is in the copy of the sender alone. The last two bytes
 * of the digest say it: zeros where there is no such field.
 */
static void
put_blind(struct reader *r, size_t header_len, unsigned char out[2])
{
	unsigned char all[DIGEST_LEN];
	struct header_field f;
	struct header h;

	buf_reset(&r->raw);
	header_init(&h, buf_str(&r->head), header_len, true);
	while (header_next(&h, &f) == HEADER_FIELD)
		if (header_is(&f, "bcc"))
			header_put_unfolded(&r->raw, &f);
	out[0] = out[1] = 0;
	if (r->raw.len == 0)
		return;
	digest_bytes(r, r->raw.data, r->raw.len, all);
	out[0] = all[0] | 1;
	out[1] = all[1];
}

/* All of the header, its line ends as those of a body. */
static void
digest_header(
    struct reader *r, size_t header_len, unsigned char out[DIGEST_LEN])
{
	struct body lines = { 0 };

	digest_start(&r->md);
	digest_body(&r->md, &lines, buf_str(&r->head), header_len, &r->raw);
	cut_digest(&r->md, out);
}

/* How many bytes these are with CRLF line ends and no other CR. */
static uint64_t
even_size(const char *p, size_t len)
{
	uint64_t n = len;

	for (size_t i = 0; i < len; i++)
		n += (uint64_t)(p[i] == '\n') - (uint64_t)(p[i] == '\r');
	return n;
}

int
read_content(
    struct reader *r, int fd, unsigned char digest[DIGEST_LEN], struct why *why)
{
	uint64_t size;
	struct body body = { 0 };
	struct header h;
	struct digest *md = &r->md;
	bool whole = false, sized;
	unsigned char blind[2], all[DIGEST_LEN];
	size_t header_len;

	if (read_header(r, fd, &h, &whole, why) == -1)
		return -1;
	header_len = (size_t)(h.at - buf_str(&r->head));
	buf_reset(&r->text);
	sized = put_stable(&r->text, buf_str(&r->head), header_len) < 2;
	buf_addc(&r->text, '\n');
	put_blind(r, header_len, blind);
	if (sized)
		digest_header(r, header_len, all);
	digest_start(md);
	digest_add(md, r->text.data, r->text.len);
	size = even_size(buf_str(&r->head), r->head.len);
	digest_body(md, &body, h.at, (size_t)(h.end - h.at), &r->text);
	while (!whole) {
		buf_reset(&r->head);
		if (read_more(&r->head, fd, CHUNK, false, &whole, why) == -1)
			return -1;
		replace_nuls(r->head.data, r->head.len);
		size += even_size(r->head.data, r->head.len);
		digest_body(md, &body, r->head.data, r->head.len, &r->text);
	}
	if (sized)
		digest_add(md, &size, sizeof size);
	if (sized && !body.any)
		digest_add(md, all, sizeof all);
	cut_digest(md, digest);
	memcpy(digest + CONTENT_LEN, blind, sizeof blind);
	return 0;
}
