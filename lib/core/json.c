/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "core/json.h"

#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/base64.h"
#include "core/num.h"
#include "core/str.h"

/* --- scanner --- */

static bool
fail(struct json_reader *s, const char *error)
{
	if (s->error == NULL)
		s->error = error;
	return false;
}

static void
space(struct json_reader *s)
{
	while (
	    *s->at == ' ' || *s->at == '\t' || *s->at == '\n' || *s->at == '\r')
		s->at++;
}

void
jr_init(struct json_reader *s, char *text)
{
	*s = (struct json_reader){ .at = text };
}

bool
jr_peek(struct json_reader *s, enum jr_type *type)
{
	if (s->error != NULL)
		return false;
	space(s);
	switch (*s->at) {
	case '{':
		*type = JR_OBJECT;
		return true;
	case '[':
		*type = JR_ARRAY;
		return true;
	case '"':
		*type = JR_STRING;
		return true;
	case 't':
	case 'f':
		*type = JR_BOOL;
		return true;
	case 'n':
		*type = JR_NULL;
		return true;
	default:
		if (*s->at == '-' || (*s->at >= '0' && *s->at <= '9')) {
			*type = JR_NUMBER;
			return true;
		}
		return fail(s, *s->at == '\0' ? "the text ends early"
					      : "a value is expected");
	}
}

bool
jr_enter(struct json_reader *s, char open)
{
	if (s->error != NULL)
		return false;
	space(s);
	if (*s->at != open)
		return fail(s, open == '{' ? "an object is expected"
					   : "an array is expected");
	s->at++;
	s->fresh = true;
	return true;
}

/* Steps over the comma before the next item, or over the end. */
static bool
next_item(struct json_reader *s, char close)
{
	bool fresh = s->fresh;

	if (s->error != NULL)
		return false;
	s->fresh = false;
	space(s);
	if (*s->at == close) {
		s->at++;
		return false;
	}
	if (fresh)
		return true;
	if (*s->at != ',')
		return fail(s, *s->at == '\0' ? "the text ends early"
					      : "a comma is expected");
	s->at++;
	space(s);
	if (*s->at == close)
		return fail(s, "a value is expected after the comma");
	return true;
}

bool
jr_member(struct json_reader *s, char **name)
{
	if (!next_item(s, '}'))
		return false;
	if (!jr_string(s, name))
		return false;
	space(s);
	if (*s->at != ':')
		return fail(s, "a colon is expected");
	s->at++;
	return true;
}

bool
jr_element(struct json_reader *s)
{
	return next_item(s, ']');
}

/* Four hex digits; -1 if they are none. */
static int
hex4(const char *p)
{
	int value = 0;

	for (int i = 0; i < 4; i++) {
		char c = p[i];

		if (c >= '0' && c <= '9')
			value = value * 16 + (c - '0');
		else if (c >= 'a' && c <= 'f')
			value = value * 16 + (c - 'a' + 10);
		else if (c >= 'A' && c <= 'F')
			value = value * 16 + (c - 'A' + 10);
		else
			return -1;
	}
	return value;
}

/* The code point of the \uXXXX at p, of a surrogate pair where there is one;
 * *len is what it took. 0 if it is not one, or is U+0000. */
static unsigned int
escaped_code_point(const char *p, size_t *len)
{
	int high = hex4(p + 2), low;

	*len = 6;
	if (high < 0xd800 || high > 0xdfff)
		return high <= 0 ? 0 : (unsigned int)high;
	if (high > 0xdbff || p[6] != '\\' || p[7] != 'u')
		return 0;
	low = hex4(p + 8);
	if (low < 0xdc00 || low > 0xdfff)
		return 0;
	*len = 12;
	return 0x10000U + (((unsigned int)high - 0xd800U) << 10) +
	       ((unsigned int)low - 0xdc00U);
}

static bool
plain(char c)
{
	return c != '"' && c != '\\' && (unsigned char)c >= 0x20;
}

/* Unescapes one escape at from into to, and returns the bytes written (0 for an
 * error); *took is its length. */
static size_t
unescape(const char *from, char *to, size_t *took)
{
	static const char names[] = "\"\\/bfnrt", values[] = "\"\\/\b\f\n\r\t";
	const char *at;
	unsigned int cp;

	*took = 2;
	if (from[1] == 'u') {
		cp = escaped_code_point(from, took);
		return cp == 0 ? 0 : utf8_put(to, cp);
	}
	if (from[1] == '\0')
		return 0;
	at = strchr(names, from[1]);
	if (at == NULL)
		return 0;
	*to = values[at - names];
	return 1;
}

bool
jr_string(struct json_reader *s, char **value)
{
	char *from, *to, *quote;

	if (s->error != NULL)
		return false;
	space(s);
	if (*s->at != '"')
		return fail(s, "a string is expected");
	from = s->at + 1;
	*value = from;
	quote = strchr(from, '"');
	if (quote != NULL)
		from += plain_prefix(from, (size_t)(quote - from));
	while (plain(*from))
		from++;
	to = from;
	while (*from != '"') {
		size_t n, took = 1;

		if (*from == '\0')
			return fail(s, "the text ends early");
		if ((unsigned char)*from < 0x20)
			return fail(s, "a control character in a string");
		if (*from == '\\') {
			n = unescape(from, to, &took);
			if (n == 0)
				return fail(s, "not a valid escape");
			to += n;
		} else {
			*to++ = *from;
		}
		from += took;
	}
	s->at = from + 1;
	*to = '\0';
	return true;
}

static size_t
digits(const char *p)
{
	size_t n = 0;

	while (p[n] >= '0' && p[n] <= '9')
		n++;
	return n;
}

/* The length of the number at p by the grammar of RFC 8259, part 6; 0 if it is
 * not one. *integer: it has neither fraction nor exponent. */
static size_t
number_len(const char *p, bool *integer)
{
	const char *start = p;
	size_t n;

	p += *p == '-';
	n = digits(p);
	if (n == 0 || (n > 1 && *p == '0'))
		return 0;
	p += n;
	*integer = *p != '.' && *p != 'e' && *p != 'E';
	if (*p == '.') {
		n = digits(++p);
		if (n == 0)
			return 0;
		p += n;
	}
	if (*p == 'e' || *p == 'E') {
		p++;
		p += *p == '+' || *p == '-';
		n = digits(p);
		if (n == 0)
			return 0;
		p += n;
	}
	return (size_t)(p - start);
}

bool
jr_copy(struct json_reader *s, char **to)
{
	char *value;

	if (!jr_string(s, &value))
		return false;
	free(*to);
	*to = xstrdup(value);
	return true;
}

bool
jr_int(struct json_reader *s, int64_t *value)
{
	char text[24];
	bool integer = false;
	size_t n;

	if (s->error != NULL)
		return false;
	space(s);
	n = number_len(s->at, &integer);
	if (n == 0 || !integer)
		return fail(s, "a whole number is expected");
	if (n >= sizeof text)
		return fail(s, "a number is out of range");
	memcpy(text, s->at, n);
	text[n] = '\0';
	if (!parse_num(text, INT64_MIN, INT64_MAX, value, NULL))
		return fail(s, "a number is out of range");
	s->at += n;
	return true;
}

static bool
word(struct json_reader *s, const char *text, size_t len)
{
	if (strncmp(s->at, text, len) != 0)
		return fail(s, "a value is expected");
	s->at += len;
	return true;
}

bool
jr_bool(struct json_reader *s, bool *value)
{
	if (s->error != NULL)
		return false;
	space(s);
	*value = *s->at == 't';
	if (*s->at != 't' && *s->at != 'f')
		return fail(s, "true or false is expected");
	return *value ? word(s, "true", 4) : word(s, "false", 5);
}

/* Checks a string without unescaping it. */
static bool
skip_string(struct json_reader *s)
{
	const char *at = s->at + 1;
	char scratch[4];
	size_t took;

	for (;;) {
		while (plain(*at))
			at++;
		if (*at != '\\')
			break;
		if (unescape(at, scratch, &took) == 0)
			return fail(s, "not a valid escape");
		at += took;
	}
	if (*at != '"')
		return fail(s, *at == '\0' ? "the text ends early"
					   : "a control character in a string");
	s->at += at + 1 - s->at;
	return true;
}

static bool
skip_scalar(struct json_reader *s, enum jr_type type)
{
	bool flag;
	size_t n;

	switch (type) {
	case JR_STRING:
		return skip_string(s);
	case JR_NUMBER:
		n = number_len(s->at, &flag);
		if (n == 0)
			return fail(s, "not a valid number");
		s->at += n;
		return true;
	case JR_BOOL:
		return jr_bool(s, &flag);
	default:
		return word(s, "null", 4);
	}
}

bool
jr_skip(struct json_reader *s)
{
	char close[JR_DEPTH_MAX] = "";
	size_t depth = 0;

	do {
		enum jr_type type;

		if (depth > 0 && !next_item(s, close[depth - 1])) {
			if (s->error != NULL)
				return false;
			depth--;
			continue;
		}
		if (depth > 0 && close[depth - 1] == '}') {
			if (*s->at != '"')
				return fail(s, "a string is expected");
			if (!skip_string(s))
				return false;
			space(s);
			if (*s->at != ':')
				return fail(s, "a colon is expected");
			s->at++;
		}
		if (!jr_peek(s, &type))
			return false;
		if (type == JR_OBJECT || type == JR_ARRAY) {
			if (depth == JR_DEPTH_MAX)
				return fail(s, "nested too deeply");
			close[depth++] = type == JR_OBJECT ? '}' : ']';
			s->at++;
			s->fresh = true;
		} else if (!skip_scalar(s, type)) {
			return false;
		}
	} while (depth > 0);
	return true;
}

bool
jr_done(struct json_reader *s)
{
	if (s->error != NULL)
		return false;
	space(s);
	if (*s->at != '\0')
		return fail(s, "something follows the value");
	return true;
}

/* --- writer --- */

/* Whether a comma is due: not where the buffer is empty, nor after an opening or
 * a key. */
static bool
comma(const struct buf *b)
{
	char last = b->len == 0 ? '\n' : b->data[b->len - 1];

	return last != '{' && last != '[' && last != ':' && last != '\n';
}

static void
separate(struct buf *b)
{
	if (comma(b))
		buf_addc(b, ',');
}

void
jw_open(struct buf *b, char open)
{
	separate(b);
	buf_addc(b, open);
}

void
jw_close(struct buf *b, char close)
{
	buf_addc(b, close);
}

static void
escape(struct buf *b, char c)
{
	switch (c) {
	case '"':
	case '\\':
		buf_addc(b, '\\');
		buf_addc(b, c);
		break;
	case '\n':
		buf_adds(b, "\\n");
		break;
	case '\r':
		buf_adds(b, "\\r");
		break;
	case '\t':
		buf_adds(b, "\\t");
		break;
	default:
		buf_addf(b, "\\u%04x", (unsigned char)c);
	}
}

static void
escape_all(struct buf *b, const char *value, size_t len)
{
	const char *end = value + len;
	size_t run;

	for (;;) {
		run = plain_prefix(value, (size_t)(end - value));
		buf_add(b, value, run);
		value += run;
		if (value == end)
			break;
		escape(b, *value++);
	}
}

/* A string with what stands before and after its quotes. */
static void
quote(struct buf *b, const char *before, size_t before_len, const char *value,
    size_t len, bool colon)
{
	bool plain = plain_prefix(value, len) == len;
	char *to = buf_room(b, before_len + 1 + (plain ? len + 2 : 0));

	if (to == NULL)
		return;
	memcpy(to, before, before_len);
	to += before_len;
	*to++ = '"';
	if (plain) {
		memcpy(to, value, len);
		to += len;
		*to++ = '"';
		if (colon)
			*to++ = ':';
	}
	*to = '\0';
	b->len = (size_t)(to - b->data);
	if (!plain) {
		escape_all(b, value, len);
		buf_adds(b, colon ? "\":" : "\"");
	}
}

void
jw_key(struct buf *b, const char *name)
{
	quote(b, ",", comma(b), name, strlen(name), true);
}

void
jw_ready(struct buf *b, const char *key, size_t key_len, const char *value)
{
	quote(b, key, key_len, value, strlen(value), false);
}

void
jw_strn(struct buf *b, const char *value, size_t len)
{
	quote(b, ",", comma(b), value, len, false);
}

void
jw_str(struct buf *b, const char *value)
{
	jw_strn(b, value, strlen(value));
}

void
jw_int(struct buf *b, int64_t value)
{
	char text[24], *at = text + sizeof text;
	/* Counted downwards, so that INT64_MIN works. */
	int64_t n = value < 0 ? value : -value;

	separate(b);
	do
		*--at = (char)('0' - n % 10);
	while ((n /= 10) != 0);
	if (value < 0)
		*--at = '-';
	buf_add(b, at, (size_t)(text + sizeof text - at));
}

void
jw_bool(struct buf *b, bool value)
{
	separate(b);
	buf_add(b, value ? "true" : "false", value ? 4 : 5);
}

void
jw_strs(struct buf *b, const char *const *v, size_t n)
{
	jw_open(b, '[');
	for (size_t i = 0; i < n; i++)
		jw_str(b, v[i]);
	jw_close(b, ']');
}

void
jw_khex(struct buf *b, const char *key, const void *p, size_t len)
{
	jw_key(b, key);
	buf_addc(b, '"');
	hex_encode(p, len, b);
	buf_addc(b, '"');
}

void
jw_kstr(struct buf *b, const char *name, const char *value)
{
	if (value == NULL)
		return;
	jw_key(b, name);
	jw_str(b, value);
}

void
jw_kint(struct buf *b, const char *name, int64_t value)
{
	jw_key(b, name);
	jw_int(b, value);
}

void
jw_kbool(struct buf *b, const char *name, bool value)
{
	jw_key(b, name);
	jw_bool(b, value);
}

void
jw_knull(struct buf *b, const char *name)
{
	jw_key(b, name);
	buf_adds(b, "null");
}

void
jw_kvis(struct buf *b, const char *name, const char *text)
{
	jw_key(b, name);
	jw_vis(b, text);
}

void
jw_vis(struct buf *b, const char *text)
{
	struct buf shown = { 0 };

	str_vis(&shown, text, 0);
	jw_str(b, buf_str(&shown));
	buf_free(&shown);
}

void
jw_kvisn(struct buf *b, const char *name, const struct buf *text)
{
	struct buf shown = { 0 };

	/* Piece by piece between the NULs. */
	for (size_t at = 0; at < text->len; at++) {
		str_vis(&shown, text->data + at, 0);
		at += strlen(text->data + at);
		if (at < text->len)
			buf_adds(&shown, "\\x00");
	}
	jw_kstr(b, name, buf_str(&shown));
	buf_free(&shown);
}
