/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "source/passwd/quota.h"

#include <ctype.h>
#include <string.h>

#include "core/num.h"
#include "core/str.h"

/*
 * One number of a rule. Only the first letter of the unit counts ("1Gigabyte"
 * is 1G). (Dovecot 2.3, src/plugins/quota/quota-util.c, quota_limit_parse.)
 */
static bool
limit(const char *text, size_t len, char unit, int64_t *out)
{
	char number[24];
	size_t sign = len > 0 && (*text == '-' || *text == '+');
	size_t digits = strspn(text + sign, "0123456789");
	int64_t n;

	if (sign + digits > len || sign + digits >= sizeof number)
		return false;
	memcpy(number, text, sign + digits);
	number[sign + digits] = '\0';
	if (!parse_num(
		number + (*number == '+'), INT64_MIN, INT64_MAX, &n, NULL))
		return false;
	if (sign + digits < len)
		unit = text[sign + digits];
	if (unit == '%') {
		*out = -1;
		return true;
	}
	if (size_units(n < 0 ? 0 : n, unit) == -1)
		return false;
	*out = n < 0 ? n : size_units(n, unit);
	return true;
}

/* One "key=value" of a rule. A limit of the whole account is absolute. */
static bool
read_limit(const char *text, size_t len, struct quota_rule *rule)
{
	static const struct {
		const char *key;
		char unit;
		bool messages;
	} keys[] = { { "storage=", 'K', false }, { "bytes=", 'B', false },
		{ "messages=", 'B', true } };
	int64_t n;

	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
		size_t k = strlen(keys[i].key);

		if (len < k || strncmp(text, keys[i].key, k) != 0)
			continue;
		if (!limit(text + k, len - k, keys[i].unit, &n))
			return false;
		if (!rule->whole)
			return true;
		if (n < 0 || text[k] == '+')
			return false;
		if (keys[i].messages)
			rule->messages = n != 0;
		else
			rule->bytes = n;
		return true;
	}
	return false;
}

bool
quota_rule_read(const char *text, struct quota_rule *rule)
{
	const char *at = strchr(text, ':'), *end;
	size_t mask;

	*rule = (struct quota_rule){ .bytes = -1 };
	if (at == NULL)
		return false;
	mask = (size_t)(at - text);
	rule->whole = mask == 1 && (*text == '*' || *text == '?');
	at++;
	if (strcmp(at, "ignore") == 0 || str_starts(at, "backend="))
		return true;
	for (;; at = end + 1) {
		end = strchrnul(at, ':');
		if (!read_limit(at, (size_t)(end - at), rule))
			return false;
		if (*end == '\0')
			return true;
	}
}

bool
quota_size_read(const char *text, int64_t *bytes)
{
	if (str_eq_nocase(text, "unlimited")) {
		*bytes = 0;
		return true;
	}
	return parse_size(text, bytes);
}
