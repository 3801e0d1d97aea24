/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "source/passwd/modifiers.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/base64.h"
#include "core/digest.h"
#include "core/str.h"

static void
fold(struct buf *b, bool upper)
{
	char from = upper ? 'a' : 'A';

	for (size_t i = 0; i < b->len; i++)
		if (b->data[i] >= from && b->data[i] <= from + 25)
			b->data[i] ^= 'a' ^ 'A';
}

static void
reverse(struct buf *b)
{
	for (size_t i = 0; i < b->len / 2; i++) {
		char c = b->data[i];

		b->data[i] = b->data[b->len - 1 - i];
		b->data[b->len - 1 - i] = c;
	}
}

static void
trim_end(struct buf *b)
{
	while (b->len > 0 && strchr(" \t", b->data[b->len - 1]) != NULL)
		b->data[--b->len] = '\0';
}

/* "one.test" becomes "one,dc=test". */
static void
make_dc(struct buf *b)
{
	struct buf out = { 0 };

	for (size_t i = 0; i < b->len; i++) {
		if (b->data[i] == '.')
			buf_adds(&out, ",dc=");
		else
			buf_addc(&out, b->data[i]);
	}
	buf_free(b);
	*b = out;
}

static void
set_hex(struct buf *b, const unsigned char *p, size_t len, const char *digits)
{
	struct buf out = { 0 };

	for (size_t i = 0; i < len; i++) {
		buf_addc(&out, digits[p[i] >> 4]);
		buf_addc(&out, digits[p[i] & 15]);
	}
	buf_free(b);
	*b = out;
}

static const char lower_digits[] = "0123456789abcdef";

/* --- numbers made of a text --- */

/* (Dovecot 2.3, src/lib/hash.c, str_hash.) */
static uint32_t
old_number(const struct buf *b)
{
	uint32_t h = 0;

	for (size_t i = 0; i < b->len; i++) {
		uint32_t high;

		h = (h << 4) + (unsigned char)b->data[i];
		high = h & 0xf0000000u;
		if (high != 0)
			h = (h ^ (high >> 24)) ^ high;
	}
	return h;
}

static bool
new_number(const struct buf *b, uint64_t *number)
{
	unsigned char digest[DIGEST_MAX];

	if (digest_named("MD5", buf_str(b), b->len, digest) == 0)
		return false;
	*number = 0;
	for (size_t i = 0; i < sizeof *number; i++)
		*number = *number << 8 | digest[i];
	return true;
}

static bool
make_number(struct buf *b, bool is_new, struct span *span)
{
	uint64_t number;
	char text[32];
	int len;

	if (span->width < 0)
		return false;
	if (!is_new)
		number = old_number(b);
	else if (!new_number(b, &number))
		return false;
	if (span->width > 0)
		number %= (uint64_t)span->width;
	len = span->offset > 0 && span->offset < 16 ? (int)span->offset : 1;
	buf_reset(b);
	if (snprintf(text, sizeof text, "%0*x", len, (unsigned int)number) > 0)
		buf_adds(b, text);
	*span = (struct span){ 0 };
	return true;
}

/* A decimal number in hex; any other text is 0. */
static void
number_to_hex(struct buf *b)
{
	unsigned long long n = 0;
	char text[24];

	if (is_digits(buf_str(b)) && b->len < 20)
		n = strtoull(b->data, NULL, 10);
	buf_reset(b);
	if (snprintf(text, sizeof text, "%llx", n) > 0)
		buf_adds(b, text);
}

bool
modifier_apply(struct buf *b, char letter, struct span *span)
{
	switch (letter) {
	case 'L':
	case 'U':
		fold(b, letter == 'U');
		return true;
	case 'R':
		reverse(b);
		return true;
	case 'T':
		trim_end(b);
		return true;
	case 'D':
		make_dc(b);
		return true;
	case 'X':
		number_to_hex(b);
		return true;
	case 'M':
		return digest_apply(b, "md5", 3);
	case 'H':
	case 'N':
		return make_number(b, letter == 'N', span);
	default:
		return false;
	}
}

static void
put_zeros(struct buf *b, long width)
{
	struct buf out = { 0 };

	for (long i = (long)b->len; i < width; i++)
		buf_addc(&out, '0');
	buf_add(&out, buf_str(b), b->len);
	buf_free(b);
	*b = out;
}

/* (Dovecot 2.3, src/lib/var-expand.c, var_expand_with_funcs.) */
void
span_apply(struct buf *b, const struct span *span)
{
	size_t from, len;

	if (span->offset < 0)
		from = b->len < (size_t)-span->offset
			   ? 0
			   : b->len - (size_t)-span->offset;
	else
		from = (size_t)span->offset < b->len ? (size_t)span->offset
						     : b->len;
	len = b->len - from;
	if (!span->zeros && span->width > 0 && (size_t)span->width < len)
		len = (size_t)span->width;
	else if (!span->zeros && span->width < 0 && (size_t)-span->width <= len)
		len -= (size_t)-span->width;
	if (b->data != NULL) {
		memmove(b->data, b->data + from, len);
		b->data[len] = '\0';
		b->len = len;
	}
	if (span->zeros)
		put_zeros(b, span->width);
}

/* --- digests --- */

enum digest_format {
	FORMAT_HEX,
	FORMAT_HEX_UPPER,
	FORMAT_BASE64
};

struct digest_options {
	long rounds;
	const char *salt;
	size_t salt_len;
	enum digest_format format;
};

static const char *
find_digest(const char *name, size_t len)
{
	static const char *const names[] = { "md5", "sha1", "sha256", "sha384",
		"sha512" };

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (strlen(names[i]) == len &&
		    strncasecmp(name, names[i], len) == 0)
			return names[i];
	return NULL;
}

/* One option, "key=value". */
static bool
read_option(struct digest_options *o, const char *p, size_t len)
{
	static const char *const formats[] = {
		[FORMAT_HEX] = "hex",
		[FORMAT_HEX_UPPER] = "hexuc",
		[FORMAT_BASE64] = "base64",
	};
	const char *value = memchr(p, '=', len);
	size_t n;

	if (value == NULL)
		return false;
	value++;
	n = len - (size_t)(value - p);
	if (strncmp(p, "rounds=", 7) == 0) {
		o->rounds = strtol(value, NULL, 10);
		return o->rounds >= 1 && o->rounds <= 100000;
	}
	if (strncmp(p, "salt=", 5) == 0) {
		o->salt = value;
		o->salt_len = n;
		return true;
	}
	if (strncmp(p, "format=", 7) != 0)
		return false;
	for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
		if (strlen(formats[i]) == n &&
		    strncmp(value, formats[i], n) == 0) {
			o->format = (enum digest_format)i;
			return true;
		}
	return false;
}

static bool
read_options(struct digest_options *o, const char *p, size_t len)
{
	const char *end = p + len;

	while (p < end) {
		const char *comma = memchr(p, ',', (size_t)(end - p));
		size_t n = (size_t)((comma == NULL ? end : comma) - p);

		if (!read_option(o, p, n))
			return false;
		p += n + (comma != NULL);
	}
	return true;
}

static void
put_digest(struct buf *b, const unsigned char *digest, size_t len,
    enum digest_format format)
{
	if (format == FORMAT_BASE64) {
		buf_reset(b);
		base64_encode(digest, len, true, b);
	} else {
		set_hex(b, digest, len,
		    format == FORMAT_HEX ? lower_digits : "0123456789ABCDEF");
	}
}

bool
digest_rounds(struct buf *b, const char *name, size_t len, const char *salt,
    size_t salt_len, long rounds)
{
	const char *algorithm = find_digest(name, len);
	unsigned char digest[DIGEST_MAX];
	struct buf all = { 0 };
	size_t size = 1;

	if (algorithm == NULL)
		return false;
	/* The salt comes before the text of each round. */
	for (long i = 0; i < rounds && size > 0; i++) {
		buf_reset(&all);
		buf_add(&all, salt, salt_len);
		buf_add(&all, buf_str(b), b->len);
		size = digest_named(algorithm, buf_str(&all), all.len, digest);
		buf_reset(b);
		buf_add(b, digest, size);
	}
	buf_wipe(&all);
	return size > 0;
}

bool
digest_apply(struct buf *b, const char *name, size_t len)
{
	const char *options = memchr(name, ';', len);
	size_t n = options == NULL ? len : (size_t)(options - name);
	struct digest_options o = { .rounds = 1, .salt = "" };
	struct buf digest = { 0 };

	if (options != NULL && !read_options(&o, options + 1, len - n - 1))
		return false;
	if (!digest_rounds(b, name, n, o.salt, o.salt_len, o.rounds))
		return false;
	buf_add(&digest, b->data, b->len);
	put_digest(b, (const unsigned char *)digest.data, digest.len, o.format);
	buf_wipe(&digest);
	return true;
}
