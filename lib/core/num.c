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
	size_t digits = strspn(s, "0123456789");
	char number[24];
	int64_t n;

	if (digits == 0 || digits >= sizeof number)
		return false;
	memcpy(number, s, digits);
	number[digits] = '\0';
	if (!parse_num(number, 0, INT64_MAX, &n, NULL))
		return false;
	s += digits;
	s += strspn(s, " \t");
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
