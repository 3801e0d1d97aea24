/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "source/passwd/filters.h"

#include <inttypes.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base64.h"
#include "core/str.h"
#include "source/passwd/condition.h"
#include "source/passwd/modifiers.h"

void
call_reset(struct call *c)
{
	for (size_t i = 0; i < c->n; i++)
		buf_free(&c->arguments[i].text);
	*c = (struct call){ 0 };
}

/* --- arguments --- */

static const struct argument *
named(const struct call *c, const char *key)
{
	for (size_t i = 0; i < c->n; i++)
		if (strcmp(c->arguments[i].key, key) == 0)
			return &c->arguments[i];
	return NULL;
}

/* The argument of this place, from 0 on. */
static const struct argument *
placed(const struct call *c, size_t place)
{
	for (size_t i = 0; i < c->n; i++)
		if (c->arguments[i].key[0] == '\0' && place-- == 0)
			return &c->arguments[i];
	return NULL;
}

static bool
is_there(struct call *c, const struct argument *a)
{
	c->unknown |= a->unknown;
	return !a->unknown && !a->missing;
}

static bool
text_of(struct call *c, const struct argument *a, const char **text)
{
	*text = buf_str(&a->text);
	return a->is != ARGUMENT_NUMBER && is_there(c, a);
}

static bool
number_of(struct call *c, const struct argument *a, long long *n)
{
	return a->is != ARGUMENT_TEXT && is_there(c, a) &&
	       read_integer(buf_str(&a->text), n);
}

/* The value becomes this text. */
static bool
set_text(struct var_value *v, const char *text, size_t len)
{
	struct buf out = { 0 };

	buf_add(&out, text, len);
	buf_free(&v->text);
	*v = (struct var_value){ .text = out };
	return true;
}

static bool
set_argument(struct var_value *v, struct call *c, const struct argument *a)
{
	return is_there(c, a) && set_text(v, buf_str(&a->text), a->text.len);
}

static bool
set_number(struct var_value *v, const char *format, uintmax_t n)
{
	char text[32];
	int len = snprintf(
	    text, sizeof text, *format == 'x' ? "%" PRIxMAX : "%" PRIuMAX, n);

	return len > 0 && set_text(v, text, (size_t)len);
}

/* --- texts --- */

static bool
set_case(struct var_value *v, struct call *c)
{
	return modifier_apply(&v->text, *c->name == 'l' ? 'L' : 'U', NULL);
}

static bool
reverse(struct var_value *v, struct call *c)
{
	(void)c;
	return modifier_apply(&v->text, 'R', NULL);
}

static bool
make_dn(struct var_value *v, struct call *c)
{
	(void)c;
	return modifier_apply(&v->text, 'D', NULL);
}

static bool
literal(struct var_value *v, struct call *c)
{
	return set_argument(v, c, placed(c, 0));
}

static bool
set_default(struct var_value *v, struct call *c)
{
	if (!v->missing && v->text.len > 0)
		return true;
	return c->n == 0 ? set_text(v, "", 0) : literal(v, c);
}

static bool
concat(struct var_value *v, struct call *c)
{
	for (size_t i = 0; i < c->n; i++) {
		if (!is_there(c, &c->arguments[i]))
			return false;
		buf_add(&v->text, buf_str(&c->arguments[i].text),
		    c->arguments[i].text.len);
	}
	v->missing = false;
	return true;
}

static void
cut(struct buf *b, size_t len)
{
	if (len < b->len) {
		b->data[len] = '\0';
		b->len = len;
	}
}

/* Replaces the value by some of its bytes. */
static bool
keep(struct var_value *v, size_t from, size_t len)
{
	if (len > 0)
		memmove(v->text.data, v->text.data + from, len);
	cut(&v->text, len);
	return true;
}

/* substr(OFFSET, LENGTH), below 0 from the end. */
static bool
substr(struct var_value *v, struct call *c)
{
	long long size = (long long)v->text.len, from, len;

	if (!number_of(c, placed(c, 0), &from) || from < -size || from > size)
		return false;
	if (from < 0)
		from += size;
	len = size - from;
	if (placed(c, 1) != NULL &&
	    (!number_of(c, placed(c, 1), &len) || len < -size || len > size))
		return false;
	if (len < 0)
		len += size - from;
	return len >= 0 && from + len <= size &&
	       keep(v, (size_t)from, (size_t)len);
}

/* The first bits, as a number at the end of whole bytes. */
static bool
keep_bits(struct buf *b, size_t bits)
{
	size_t bytes = bits / 8 + (bits % 8 != 0);
	unsigned int shift = (unsigned int)(8 - bits % 8), carry = 0;

	if (bytes > b->len)
		return true;
	cut(b, bytes);
	for (size_t i = 0; i < bytes && bits % 8 != 0; i++) {
		unsigned int both = carry << 8 | (unsigned char)b->data[i];

		carry = (unsigned char)b->data[i];
		b->data[i] = (char)(unsigned char)(both >> shift);
	}
	return true;
}

/* truncate(BYTES), truncate(bits=BITS). */
static bool
truncate(struct var_value *v, struct call *c)
{
	const struct argument *bits = named(c, "bits");
	long long n;

	if (c->n != 1 || !number_of(c, &c->arguments[0], &n) || n < 0)
		return false;
	if (bits != NULL)
		return keep_bits(&v->text, (size_t)n);
	return (size_t)n >= v->text.len || keep(v, 0, (size_t)n);
}

/* lfill(LENGTH, FILLER), rfill. */
static bool
fill(struct var_value *v, struct call *c)
{
	const char *filler = "0";
	struct buf out = { 0 };
	long long n;

	if (!number_of(c, placed(c, 0), &n) || n < 1 || n > INT_MAX ||
	    (placed(c, 1) != NULL && !text_of(c, placed(c, 1), &filler)))
		return false;
	if (n > 1000 || *filler == '\0') {
		c->unknown = true;
		return false;
	}
	if (*c->name == 'r')
		buf_add(&out, buf_str(&v->text), v->text.len);
	for (size_t len = v->text.len; len < (size_t)n; len += strlen(filler))
		buf_adds(&out, filler);
	if (*c->name == 'l')
		buf_add(&out, buf_str(&v->text), v->text.len);
	buf_free(&v->text);
	v->text = out;
	return true;
}

/* The piece of this number between separators; below 0 from the end. */
static bool
set_piece(struct var_value *v, const char *separator, long long n)
{
	const char *text = buf_str(&v->text), *end;
	size_t step = strlen(separator);
	long long count = 1;

	for (const char *p = strstr(text, separator); p != NULL;
	     p = strstr(p + step, separator))
		count++;
	if (n < 0)
		n += count;
	if (n < 0 || n >= count)
		return false;
	for (; n > 0; n--)
		text = strstr(text, separator) + step;
	end = strstr(text, separator);
	return set_text(
	    v, text, end == NULL ? strlen(text) : (size_t)(end - text));
}

/* index(SEPARATOR, NUMBER). */
static bool
index_of(struct var_value *v, struct call *c)
{
	const char *separator;
	long long n;

	return text_of(c, placed(c, 0), &separator) && *separator != '\0' &&
	       number_of(c, placed(c, 1), &n) && n >= INT_MIN && n <= INT_MAX &&
	       set_piece(v, separator, n);
}

static bool
username(struct var_value *v, struct call *c)
{
	(void)c;
	return set_piece(v, "@", 0);
}

static bool
domain(struct var_value *v, struct call *c)
{
	const char *text = buf_str(&v->text), *at = strchr(text, '@');

	(void)c;
	return at == NULL ? set_text(v, "", 0)
			  : set_text(v, at + 1, strlen(at + 1));
}

/* --- bytes --- */

static bool
digest(struct var_value *v, struct call *c)
{
	const struct argument *rounds = named(c, "rounds"),
			      *salt = named(c, "salt"), *of = placed(c, 0);
	const char *name = c->name, *salt_text = "";
	long long n = 1;

	if ((of != NULL && !text_of(c, of, &name)) ||
	    (rounds != NULL && !number_of(c, rounds, &n)) ||
	    (salt != NULL && !text_of(c, salt, &salt_text)))
		return false;
	v->bytes = n >= 1 && n <= 100000 &&
		   digest_rounds(&v->text, name, strlen(name), salt_text,
		       strlen(salt_text), (long)n);
	c->unknown |= !v->bytes;
	return v->bytes;
}

/* A key that is 0 or 1; *on stays as it is where it is not given. */
static bool
flag(struct call *c, const char *key, bool *on)
{
	const struct argument *a = named(c, key);
	long long n = *on;

	if (a != NULL && !number_of(c, a, &n))
		return false;
	*on = n == 1;
	c->unknown |= n < 0 || n > 1;
	return !c->unknown;
}

/* base64(pad=1, url=0). */
static bool
encode64(struct var_value *v, struct call *c)
{
	struct buf out = { 0 };
	bool pad = true, url = false;

	if (!flag(c, "pad", &pad) || !flag(c, "url", &url))
		return false;
	base64_encode(buf_str(&v->text), v->text.len, pad, &out);
	for (size_t i = 0; url && i < out.len; i++)
		out.data[i] = out.data[i] == '+'   ? '-'
			      : out.data[i] == '/' ? '_'
						   : out.data[i];
	buf_free(&v->text);
	*v = (struct var_value){ .text = out };
	return true;
}

/* The value, which out was decoded from. */
static bool
set_bytes(struct var_value *v, struct buf *out)
{
	buf_free(&v->text);
	*v = (struct var_value){ .text = *out, .bytes = true };
	return true;
}

static bool
decode64(struct var_value *v, struct call *c)
{
	struct buf out = { 0 };
	bool pad = true, url = false;

	if (!flag(c, "pad", &pad) || !flag(c, "url", &url))
		return false;
	if (base64_decode(
		buf_str(&v->text), v->text.len, url ? "-_" : "+/", &out) &&
	    (v->text.len % 4 == 0) == pad)
		return set_bytes(v, &out);
	/* The server takes what it can of it. */
	buf_free(&out);
	c->unknown = true;
	return false;
}

/* hexlify(DIGITS). */
static bool
hexlify(struct var_value *v, struct call *c)
{
	struct buf hex = { 0 }, out = { 0 };
	long long n = 0;

	if (c->n > 0 && (!number_of(c, placed(c, 0), &n) || n < 0))
		return false;
	if (n > 1000) {
		c->unknown = true;
		return false;
	}
	hex_encode(buf_str(&v->text), v->text.len, &hex);
	for (size_t i = hex.len; i < (size_t)n; i++)
		buf_addc(&out, '0');
	buf_add(&out, buf_str(&hex),
	    n > 0 && hex.len > (size_t)n ? (size_t)n : hex.len);
	buf_free(&hex);
	buf_free(&v->text);
	*v = (struct var_value){ .text = out };
	return true;
}

static bool
unhexlify(struct var_value *v, struct call *c)
{
	struct buf out = { 0 };

	(void)c;
	if (hex_decode(buf_str(&v->text), v->text.len, &out))
		return set_bytes(v, &out);
	buf_free(&out);
	return false;
}

/* --- numbers --- */

/* A decimal number in hex digits. */
static bool
to_hex(struct var_value *v, struct call *c)
{
	long long width = 0, n;
	struct buf out = { 0 };
	size_t want, len;

	if ((c->n > 0 && !number_of(c, placed(c, 0), &width)) ||
	    !read_integer(buf_str(&v->text), &n) || n < 0)
		return false;
	if (width < -1000 || width > 1000) {
		c->unknown = true;
		return false;
	}
	(void)set_number(v, "x", (uintmax_t)n);
	if (width == 0)
		return true;
	want = (size_t)llabs(width);
	len = v->text.len < want ? v->text.len : want;
	/* Below 0: zeros at the end, and cut there. */
	if (width < 0)
		buf_add(&out, v->text.data, len);
	for (size_t i = len; i < want; i++)
		buf_addc(&out, '0');
	if (width > 0)
		buf_add(&out, v->text.data + v->text.len - len, len);
	buf_free(&v->text);
	v->text = out;
	return true;
}

static bool
from_hex(struct var_value *v, struct call *c)
{
	const char *text = buf_str(&v->text);

	(void)c;
	if (*text == '\0' || strlen(text) > 15 ||
	    text[strspn(text, "0123456789abcdefABCDEF")] != '\0')
		return false;
	return set_number(v, "u", strtoull(text, NULL, 16));
}

/* The last 8 bytes as a number, the highest first. */
static uint64_t
as_number(const struct buf *b, bool lowest_first)
{
	size_t len = b->len < 8 ? b->len : 8, from = b->len - len;
	uint64_t n = 0;

	for (size_t i = 0; i < len; i++)
		n = n << 8 |
		    (unsigned char)
			b->data[lowest_first ? b->len - 1 - i : from + i];
	return n;
}

static bool
to_number(struct var_value *v, struct call *c)
{
	size_t len = v->text.len;

	if (len != 1 && len != 2 && len != 4 && len != 8)
		return false;
	return set_number(v, "u", as_number(&v->text, *c->name == 'l'));
}

bool
filter_calculate(struct var_value *v, char operator, struct call * c)
{
	long long left, right, n = 0;
	bool overflow = false;
	char text[32];
	int len;

	if (v->missing || !number_of(c, placed(c, 0), &right))
		return false;
	if (v->bytes && operator== '%')
		return right > 0 &&
		       set_number(v, "u",
			   as_number(&v->text, false) % (uint64_t)right);
	if (v->bytes || !read_integer(buf_str(&v->text), &left))
		return false;
	switch (operator) {
	case '+':
		overflow = __builtin_add_overflow(left, right, &n);
		break;
	case '-':
		overflow = __builtin_sub_overflow(left, right, &n);
		break;
	case '*':
		overflow = __builtin_mul_overflow(left, right, &n);
		break;
	default:
		if (right == 0)
			return false;
		overflow = right == -1 && left == LLONG_MIN;
		if (!overflow)
			n = operator== '/' ? left / right : left % right;
	}
	c->unknown |= overflow;
	len = snprintf(text, sizeof text, "%lld", n);
	return !overflow && len > 0 && set_text(v, text, (size_t)len);
}

/* --- if --- */

/* if(A, OPERATOR, B, YES, NO); of a value, which is A, without it. */
static bool
choose(struct var_value *v, struct call *c)
{
	size_t first = v->missing ? 1 : 0;
	const struct argument *a = v->missing ? placed(c, 0) : NULL,
			      *b = placed(c, first + 1);
	const char *operator, * left = buf_str(&v->text), *right;
	long long n;
	int r;

	if (c->n != first + 4 || !text_of(c, placed(c, first), &operator))
		return false;
	if (condition_of_numbers(operator)) {
		if ((a != NULL && !number_of(c, a, &n)) || !number_of(c, b, &n))
			return false;
	} else if (!text_of(c, b, &right)) {
		return false;
	}
	if (a != NULL) {
		if (!condition_of_numbers(operator) && !text_of(c, a, &left))
			return false;
		left = buf_str(&a->text);
	}
	r = condition_holds(
	    left, operator, strlen(operator), buf_str(&b->text));
	c->unknown |= r == -1 && !condition_of_numbers(operator);
	return r != -1 &&
	       set_argument(v, c, placed(c, first + (r == 1 ? 2 : 3)));
}

/* regexp(EXPRESSION, REPLACEMENT). */
static bool
replace(struct var_value *v, struct call *c)
{
	const char *expression, *replacement;
	int r;

	if (!text_of(c, placed(c, 0), &expression) ||
	    !text_of(c, placed(c, 1), &replacement)) {
		c->unknown = true;
		return false;
	}
	r = condition_replace(&v->text, expression, replacement);
	c->unknown |= r == -1;
	return r == 1;
}

/* A list: its items, between tabs, get commas. */
static bool
list(struct var_value *v, struct call *c)
{
	/* An escape. */
	if (strchr(buf_str(&v->text), '\1') != NULL) {
		c->unknown = true;
		return false;
	}
	for (size_t i = 0; i < v->text.len; i++)
		if (v->text.data[i] == '\t')
			v->text.data[i] = ',';
	return true;
}

/* Of bytes it is what is not followed. */
static bool
text(struct var_value *v, struct call *c)
{
	(void)v;
	(void)c;
	return true;
}

/* --- all --- */

static const struct filter {
	const char *name;
	bool (*apply)(struct var_value *v, struct call *c);
	size_t min, max;  /* arguments by their place */
	const char *keys; /* those that have one */
	bool alone;       /* needs no value */
	bool bytes;       /* takes bytes that are no text */
} filters[] = {
	{ "base64", encode64, 0, 0, "pad url", false, true },
	{ "benumber", to_number, 0, 0, "", false, true },
	{ "concat", concat, 1, ARGUMENTS_MAX, "", true, true },
	{ "default", set_default, 0, 1, "", true, true },
	{ "domain", domain, 0, 0, "", false, false },
	{ "hash", digest, 1, 1, "rounds salt", false, true },
	{ "hex", to_hex, 0, 1, "", false, false },
	{ "hexlify", hexlify, 0, 1, "", false, true },
	{ "if", choose, 4, 5, "", true, false },
	{ "index", index_of, 2, 2, "", false, false },
	{ "ldap_dn", make_dn, 0, 0, "", false, false },
	{ "lenumber", to_number, 0, 0, "", false, true },
	{ "lfill", fill, 1, 2, "", false, false },
	{ "list", list, 0, 0, "", false, false },
	{ "literal", literal, 1, 1, "", true, true },
	{ "lower", set_case, 0, 0, "", false, false },
	{ "md5", digest, 0, 0, "rounds salt", false, true },
	{ "regexp", replace, 2, 2, "", false, false },
	{ "reverse", reverse, 0, 0, "", false, true },
	{ "rfill", fill, 1, 2, "", false, false },
	{ "sha1", digest, 0, 0, "rounds salt", false, true },
	{ "sha256", digest, 0, 0, "rounds salt", false, true },
	{ "sha384", digest, 0, 0, "rounds salt", false, true },
	{ "sha512", digest, 0, 0, "rounds salt", false, true },
	{ "substr", substr, 1, 2, "", false, true },
	{ "text", text, 0, 0, "", false, false },
	{ "truncate", truncate, 0, 1, "bits", false, true },
	{ "unbase64", decode64, 0, 0, "pad url", false, false },
	{ "unhex", from_hex, 0, 0, "", false, false },
	{ "unhexlify", unhexlify, 0, 0, "", false, false },
	{ "upper", set_case, 0, 0, "", false, false },
	{ "username", username, 0, 0, "", false, false },
};

/* Whether the arguments are as many as a function takes, and of its keys. */
static bool
are_right(const struct filter *f, const struct call *c)
{
	size_t by_place = 0;

	for (size_t i = 0; i < c->n; i++) {
		const char *keys = f->keys, *key = c->arguments[i].key;
		size_t len;

		by_place += *key == '\0';
		while (*key != '\0' && (len = str_word(&keys, " ")) > 0 &&
		       (strlen(key) != len || memcmp(keys, key, len) != 0))
			keys += len;
		if (*key != '\0' && *keys == '\0')
			return false;
	}
	return by_place >= f->min && by_place <= f->max;
}

bool
filter_apply(struct var_value *v, struct call *c)
{
	for (size_t i = 0; i < sizeof filters / sizeof *filters; i++) {
		const struct filter *f = &filters[i];

		if (strcmp(f->name, c->name) != 0)
			continue;
		if (!f->bytes && v->bytes && !v->missing) {
			c->unknown = true;
			return false;
		}
		return (f->alone || !v->missing) && are_right(f, c) &&
		       f->apply(v, c);
	}
	c->unknown = true;
	return false;
}
