/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "source/expand.h"

#include <string.h>

#include "core/str.h"
#include "record/address.h"

enum part {
	USER,
	NAME,
	DOMAIN_,
	NONE
};

/* Adds a part of the address. It is in lower case already. */
static void
add(enum part part, bool upper, const char *address, struct buf *out)
{
	const char *domain = address_domain(address);
	size_t start = out->len;

	if (part == USER || (part == NAME && domain == NULL))
		buf_adds(out, address);
	else if (part == NAME)
		buf_add(out, address, (size_t)(domain - 1 - address));
	else if (domain != NULL)
		buf_adds(out, domain);
	for (size_t i = start; upper && i < out->len; i++)
		if (out->data[i] >= 'a' && out->data[i] <= 'z')
			out->data[i] = (char)(out->data[i] - ('a' - 'A'));
}

/* "%u" and the like; returns how long it is, 0 for another. (Dovecot 2.3,
 * src/lib/var-expand.c.) */
static size_t
short_form(const char *p, enum part *part, bool *upper)
{
	size_t n = 1;

	*upper = p[n] == 'U';
	n += p[n] == 'L' || p[n] == 'U';
	*part = p[n] == 'u'   ? USER
		: p[n] == 'n' ? NAME
		: p[n] == 'd' ? DOMAIN_
			      : NONE;
	return *part == NONE ? 0 : n + 1;
}

/* The next word between the bars of "%{a | b}", without blanks. */
static size_t
word(const char **p, const char *end, const char **start)
{
	const char *stop = memchr(*p, '|', (size_t)(end - *p));
	size_t len;

	if (stop == NULL)
		stop = end;
	while (*p < stop && **p == ' ')
		(*p)++;
	*start = *p;
	len = (size_t)(stop - *p);
	while (len > 0 && (*start)[len - 1] == ' ')
		len--;
	*p = stop < end ? stop + 1 : end;
	return len;
}

static size_t
long_form(const char *p, enum part *part, bool *upper)
{
	static const struct {
		const char *name;
		enum part part;
	} names[] = { { "user", USER }, { "username", NAME },
		{ "domain", DOMAIN_ } };
	const char *end = strchr(p, '}'), *at = p + 2, *w;

	*part = NONE;
	*upper = false;
	if (end == NULL)
		return 0;
	while (at < end) {
		size_t len = word(&at, end, &w), i;

		if (len == 5 && memcmp(w, "lower", len) == 0) {
			*upper = false;
			continue;
		}
		if (len == 5 && memcmp(w, "upper", len) == 0) {
			*upper = true;
			continue;
		}
		for (i = 0; i < sizeof names / sizeof *names; i++)
			if (strlen(names[i].name) == len &&
			    memcmp(names[i].name, w, len) == 0)
				break;
		/* A filter takes a part of the whole name only. */
		if (i == sizeof names / sizeof *names ||
		    (*part != NONE && *part != USER))
			return 0;
		*part = names[i].part;
	}
	return *part == NONE ? 0 : (size_t)(end + 1 - p);
}

bool
expand_user(const char *text, const char *address, struct buf *out)
{
	const char *p = text;

	while (*p != '\0') {
		size_t plain = strcspn(p, "%"), n;
		enum part part;
		bool upper;

		buf_add(out, p, plain);
		p += plain;
		if (*p == '\0')
			break;
		if (p[1] == '%') {
			buf_addc(out, '%');
			p += 2;
			continue;
		}
		n = p[1] == '{' ? long_form(p, &part, &upper)
				: short_form(p, &part, &upper);
		if (n == 0)
			return false;
		add(part, upper, address, out);
		p += n;
	}
	return true;
}
