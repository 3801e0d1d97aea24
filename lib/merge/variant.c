/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "merge/variant.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#include "core/buf.h"
#include "core/digest.h"
#include "core/io.h"
#include "maildir/header.h"

enum {
	MESSAGE_MAX = 64 << 20,
	FOOTER_MAX = 8192
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

static void
cut_of(const void *p, size_t len, unsigned char out[DIGEST_LEN])
{
	unsigned char all[SHA256_LEN];

	digest_of(p, len, all);
	memcpy(out, all, DIGEST_LEN);
}

/*
 * Digests the body without each text at its end that looks like a footer. A body
 * that a footer was added to has no line ends at its end, so a cut is where a
 * run of line ends begins.
 */
static void
find_cuts(struct variant_facts *f, const char *body, size_t len)
{
	size_t from = len > FOOTER_MAX ? len - FOOTER_MAX : 1;

	for (size_t i = len; i-- > from && f->n_cuts < CUTS_MAX;)
		if (body[i] == '\n' && body[i - 1] != '\n' &&
		    is_footer(body + i, len - i))
			cut_of(body, i, f->cuts[f->n_cuts++]);
}

/* True if a Content-Type is of this type; with has, also if it says that. */
static bool
is_type(const char *text, const char *type, const char *has)
{
	return strncasecmp(text, type, strlen(type)) == 0 &&
	       (has == NULL || strcasestr(text, has) != NULL);
}

/*
 * The two wrappers that the Stalwart server writes when an account encrypts
 * what arrives: PGP/MIME and S/MIME. A message that is only signed has the
 * second type too (RFC 8551, 3.2.2) and is not a wrapper.
 */
static void
judge_type(struct variant_facts *f, const char *type)
{
	f->wrapped =
	    is_type(type, "multipart/encrypted", "application/pgp-encrypted") ||
	    is_type(type, "application/pkcs7-mime", "enveloped-data");
	f->encrypted = f->wrapped ||
		       is_type(type, "multipart/encrypted", NULL) ||
		       (is_type(type, "application/pkcs7-mime", NULL) &&
			   strcasestr(type, "signed-data") == NULL) ||
		       is_type(type, "application/x-pkcs7-mime", NULL);
}

/* The fields, in a fixed order: servers do not keep that of the message. */
static void
read_envelope(struct variant_facts *f, const struct buf *raw)
{
	static const char *const names[] = { "date", "from", "subject" };
	struct buf text = { 0 };
	struct header h;
	struct header_field field;

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		header_init(&h, buf_str(raw), raw->len, true);
		while (header_next(&h, &field) == HEADER_FIELD)
			if (header_is(&field, names[i]))
				header_put_unfolded(&text, &field);
		buf_addc(&text, '\n');
	}
	cut_of(text.data, text.len, f->envelope);
	buf_free(&text);
}

static void
read_body(struct variant_facts *f, const struct buf *raw)
{
	struct buf type = { 0 }, body = { 0 };
	struct header h;
	struct header_field field;
	bool list = false;

	header_init(&h, buf_str(raw), raw->len, true);
	while (header_next(&h, &field) == HEADER_FIELD) {
		if (header_is(&field, "content-type"))
			header_put_unfolded(&type, &field);
		list |= is_of_list(&field);
	}
	judge_type(f, buf_str(&type));
	cut_of(buf_str(&type), type.len, f->type);
	put_body(&body, h.at, h.end);
	cut_of(buf_str(&body), body.len, f->body);
	if (list)
		find_cuts(f, buf_str(&body), body.len);
	buf_free(&type);
	buf_free(&body);
}

int
variant_read(struct variant_facts *f, int fd, struct why *why)
{
	struct buf raw = { .max = MESSAGE_MAX };
	int r = read_fd(fd, "", &raw, NULL);

	*f = (struct variant_facts){ 0 };
	if (r == -1 && raw.overflow) {
		f->too_long = true;
		r = 0;
	} else if (r == -1) {
		why_errno(why, fail_of_errno(errno), "cannot be read");
	} else {
		read_envelope(f, &raw);
		read_body(f, &raw);
	}
	buf_free(&raw);
	return r;
}

static bool
same(const unsigned char *a, const unsigned char *b)
{
	return memcmp(a, b, DIGEST_LEN) == 0;
}

static bool
is_with_footer(
    const struct variant_facts *plain, const struct variant_facts *longer)
{
	for (size_t i = 0; i < longer->n_cuts; i++)
		if (same(plain->body, longer->cuts[i]))
			return true;
	return false;
}

enum variant
variant_relate(
    const struct variant_facts *source, const struct variant_facts *target)
{
	if (source->too_long || target->too_long ||
	    !same(source->envelope, target->envelope))
		return VARIANT_NONE;
	if (source->wrapped && !target->encrypted)
		return VARIANT_ENCRYPTED;
	if (same(source->type, target->type) &&
	    (is_with_footer(source, target) || is_with_footer(target, source)))
		return VARIANT_FOOTER;
	return VARIANT_NONE;
}

const char *
variant_name(enum variant variant)
{
	switch (variant) {
	case VARIANT_FOOTER:
		return "list footer";
	case VARIANT_ENCRYPTED:
		return "encrypted at rest";
	case VARIANT_NONE:
		break;
	}
	return "other content";
}
