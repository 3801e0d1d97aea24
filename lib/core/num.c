/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "core/num.h"

#include <ctype.h>
#include <string.h>

static bool
refuse(const char **wrong, const char *text)
{
	if (wrong != NULL)
		*wrong = text;
	return false;
}

bool
parse_num(
    const char *s, int64_t min, int64_t max, int64_t *out, const char **wrong)
{
	bool negative = *s == '-';
	int64_t n = 0;

	s += negative;
	if (*s == '\0')
		return refuse(wrong, "invalid");
	for (; *s != '\0'; s++) {
		if (*s < '0' || *s > '9')
			return refuse(wrong, "invalid");
		if (__builtin_mul_overflow(n, 10, &n) ||
		    __builtin_sub_overflow(n, *s - '0', &n)) {
			s += strspn(s, "0123456789");
			if (*s != '\0')
				return refuse(wrong, "invalid");
			return refuse(
			    wrong, negative ? "too small" : "too large");
		}
	}
	/* Counted downwards, so that INT64_MIN can be read. */
	if (!negative && __builtin_sub_overflow(0, n, &n))
		return refuse(wrong, "too large");
	if (n < min)
		return refuse(wrong, "too small");
	if (n > max)
		return refuse(wrong, "too large");
	*out = n;
	return true;
}

int64_t
size_units(int64_t n, char unit)
{
	static const char units[] = "bkmgt";
	const char *at;
	int64_t factor, result;

	if (unit == '\0')
		return -1;
	at = strchr(units, tolower((unsigned char)unit));
	if (at == NULL)
		return -1;
	factor = (int64_t)1 << (10 * (at - units));
	if (__builtin_mul_overflow(n, factor, &result))
		return -1;
	return result;
}

bool
parse_size(const char *s, int64_t *out)
{
	const char *start = s;
	int64_t n = 0;

	for (; *s >= '0' && *s <= '9'; s++)
		if (__builtin_mul_overflow(n, 10, &n) ||
		    __builtin_add_overflow(n, *s - '0', &n))
			return false;
	if (s == start)
		return false;
	while (*s == ' ' || *s == '\t')
		s++;
	if (*s != '\0') {
		char unit = *s++;

		n = size_units(n, unit);
		if (n == -1)
			return false;
		if (tolower((unsigned char)unit) != 'b') {
			if (*s == 'i')
				s++;
			if (*s == 'B' || *s == 'b')
				s++;
		}
		if (*s != '\0')
			return false;
	}
	*out = n;
	return true;
}

const char *
plural(size_t n)
{
	return n == 1 ? "" : "s";
}

const char *
plural_es(size_t n)
{
	return n == 1 ? "" : "es";
}

/* --- numbers in JSON --- */

enum {
	DIGITS_MAX = 19,        /* of INT64_MAX */
	EXPONENT_MAX = 1 << 20, /* no number with it has 64 bits */
};

/* The significant digits of a number, times ten to the power of scale. */
struct digits {
	char v[DIGITS_MAX];
	size_t n;
	size_t zeros; /* after them, so far */
	long scale;
};

/* False where there are too many. */
static bool
add_digit(struct digits *d, char c)
{
	if (c == '0') {
		d->zeros += d->n != 0;
		return true;
	}
	if (d->n + d->zeros >= sizeof d->v)
		return false;
	memset(d->v + d->n, '0', d->zeros);
	d->n += d->zeros;
	d->v[d->n++] = c;
	d->zeros = 0;
	return true;
}

/* The power of ten after an "e". */
static long
exponent(const char *at, const char *end)
{
	bool minus = *at == '-';
	long n = 0;

	for (at += *at == '-' || *at == '+'; at < end && n < EXPONENT_MAX; at++)
		n = n * 10 + (*at - '0');
	return minus ? -n : n;
}

/* The number in its digits, if it is a whole one that fits and is written in
 * another way. */
static bool
whole(const char *at, const char *end, char text[DIGITS_MAX + 2])
{
	struct digits d = { .n = 0 };
	bool minus = *at == '-', fraction = false;
	char *to = text;
	int64_t value;

	for (at += minus; at < end && *at != 'e' && *at != 'E'; at++) {
		if (*at == '.')
			fraction = true;
		else if (!add_digit(&d, *at))
			return false;
		else
			d.scale -= fraction;
	}
	if (at == end && !fraction)
		return false;
	d.scale += (long)d.zeros + (at == end ? 0 : exponent(at + 1, end));
	if (d.n == 0) {
		memcpy(text, "0", sizeof "0");
		return true;
	}
	if (d.scale < 0 || d.scale > (long)(sizeof d.v - d.n))
		return false;
	if (minus)
		*to++ = '-';
	memcpy(to, d.v, d.n);
	memset(to + d.n, '0', (size_t)d.scale);
	to[d.n + (size_t)d.scale] = '\0';
	return parse_num(text, INT64_MIN, INT64_MAX, &value, NULL);
}

/* Past the string that begins at "at". */
static const char *
string_end(const char *at, const char *end)
{
	for (at++; at < end && *at != '"'; at++)
		at += *at == '\\';
	return at < end ? at + 1 : end;
}

/* Past the number that begins at "at"; at itself where none does. */
static const char *
number_end(const char *at, const char *end)
{
	if (*at == '-' || (*at >= '0' && *at <= '9'))
		while (at < end && *at != '\0' &&
		       strchr("0123456789+-.eE", *at) != NULL)
			at++;
	return at;
}

bool
json_whole_numbers(const char *text, size_t len, struct buf *out)
{
	const char *end = text + len, *from = text, *next;
	char digits[DIGITS_MAX + 2];

	for (const char *at = text; at < end; at = next) {
		next = number_end(at, end);
		if (next == at) {
			next = *at == '"' ? string_end(at, end) : at + 1;
		} else if (whole(at, next, digits)) {
			buf_add(out, from, (size_t)(at - from));
			buf_adds(out, digits);
			from = next;
		}
	}
	if (from != text)
		buf_add(out, from, (size_t)(end - from));
	return from != text;
}
