/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "maildir/kin.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

#include "core/buf.h"
#include "core/io.h"
#include "maildir/header.h"

enum {
	MESSAGE_MAX = 64 << 20,
	FOOTER_MAX = 8192
};

/* What decides, of one message. */
struct facts {
	struct buf raw;
	struct buf envelope; /* Date, From, Subject */
	struct buf type;     /* Content-Type */
	struct buf body;     /* its line ends LF, none at its end */
	bool list;           /* a mailing list handed it on */
};

static void
put_body(struct buf *out, const char *p, const char *end)
{
	for (; p < end; p++)
		if (*p != '\r' || p + 1 == end || p[1] != '\n')
			buf_addc(out, *p);
	while (out->len > 0 && out->data[out->len - 1] == '\n')
		out->len--;
}

static bool
is_of_list(const struct header_field *f)
{
	return header_is(f, "list-id") || header_is(f, "list-post") ||
	       header_is(f, "list-unsubscribe") || header_is(f, "mailing-list");
}

static bool
gather(struct facts *m, int fd)
{
	static const char *const envelope[] = { "date", "from", "subject" };
	struct header h;
	struct header_field f;

	m->raw.max = MESSAGE_MAX;
	if (read_fd(fd, "", &m->raw, NULL) == -1)
		return false;
	/* In a fixed order: servers do not keep that of the fields. */
	for (size_t i = 0; i < sizeof envelope / sizeof *envelope; i++) {
		header_init(&h, buf_str(&m->raw), m->raw.len, true);
		while (header_next(&h, &f) == HEADER_FIELD)
			if (header_is(&f, envelope[i]))
				header_put_unfolded(&m->envelope, &f);
		buf_addc(&m->envelope, '\n');
	}
	header_init(&h, buf_str(&m->raw), m->raw.len, true);
	while (header_next(&h, &f) == HEADER_FIELD) {
		if (header_is(&f, "content-type"))
			header_put_unfolded(&m->type, &f);
		m->list |= is_of_list(&f);
	}
	put_body(&m->body, h.at, h.end);
	return true;
}

static void
facts_free(struct facts *m)
{
	buf_free(&m->raw);
	buf_free(&m->envelope);
	buf_free(&m->type);
	buf_free(&m->body);
}

static bool
same(const struct buf *a, const struct buf *b)
{
	return a->len == b->len &&
	       (a->len == 0 || memcmp(a->data, b->data, a->len) == 0);
}

/*
 * True if text is a line end and then a footer as list servers write it: short,
 * and its first line a rule of at least two of the same sign ("-- ",
 * "____________"). A sender who repeats an id must not be able to hide a
 * message behind an earlier one by merely adding to it.
 */
static bool
is_footer(const char *text, size_t len)
{
	size_t i = 0, rule;

	while (i < len && text[i] == '\n')
		i++;
	if (i == 0 || i == len || len > FOOTER_MAX ||
	    strchr("-_=*~", text[i]) == NULL)
		return false;
	for (rule = i; i < len && text[i] == text[rule]; i++)
		continue;
	rule = i - rule;
	while (i < len && text[i] == ' ')
		i++;
	return rule >= 2 && i < len && text[i] == '\n';
}

static bool
is_with_footer(const struct facts *plain, const struct facts *longer)
{
	size_t n = plain->body.len;

	return longer->list && n > 0 && longer->body.len > n &&
	       memcmp(plain->body.data, longer->body.data, n) == 0 &&
	       is_footer(longer->body.data + n, longer->body.len - n);
}

/* The two wrappers that the Stalwart server writes when an account encrypts
 * what arrives: PGP/MIME and S/MIME. */
static bool
is_encrypted(const struct facts *m)
{
	static const char pgp[] = "multipart/encrypted";
	static const char smime[] = "application/pkcs7-mime";
	const char *type = buf_str(&m->type);

	return strncasecmp(type, pgp, sizeof pgp - 1) == 0 ||
	       strncasecmp(type, smime, sizeof smime - 1) == 0;
}

static enum kinship
relate(const struct facts *a, const struct facts *b)
{
	if (!same(&a->envelope, &b->envelope))
		return KIN_NONE;
	if (is_encrypted(a) != is_encrypted(b))
		return KIN_ENCRYPTED;
	if (same(&a->type, &b->type) &&
	    (is_with_footer(a, b) || is_with_footer(b, a)))
		return KIN_FOOTER;
	return KIN_NONE;
}

enum kinship
kin_compare(int fd1, int fd2)
{
	struct facts a = { 0 }, b = { 0 };
	enum kinship kin = KIN_NONE;

	if (gather(&a, fd1) && gather(&b, fd2))
		kin = relate(&a, &b);
	facts_free(&a);
	facts_free(&b);
	return kin;
}

const char *
kin_name(enum kinship kin)
{
	switch (kin) {
	case KIN_FOOTER:
		return "list footer";
	case KIN_ENCRYPTED:
		return "encrypted at rest";
	case KIN_NONE:
		break;
	}
	return "other content";
}
