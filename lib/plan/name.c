/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "plan/name.h"

#include <inttypes.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unicase.h>
#include <unictype.h>
#include <unistr.h>

#include "core/str.h"
#include "record/address.h"

static const char specials[] = "!#$%&'*+-/=?^_`{|}~.";

static bool
is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r' && c != '\v');
}

static bool
is_alnum(char c)
{
	static const bool yes[256] = {
		['0' ... '9'] = true, ['A' ... 'Z'] = true, ['a' ... 'z'] = true
	};

	return yes[(unsigned char)c];
}

static int
bad_local(struct why *why, const char *reason)
{
	return why_set(
	    why, FAIL_DATA, "the server refuses this local part: %s", reason);
}

/* Rust's char::is_alphanumeric: the property Alphabetic, or a number. */
static bool
is_alphanumeric(ucs4_t c)
{
	return uc_is_property_alphabetic(c) ||
	       uc_is_general_category(c, UC_NUMBER);
}

/* What is not ASCII: lower case first, then each character. */
static int
local_unicode(const char *local, size_t len, struct buf *out, struct why *why)
{
	struct buf lower = { 0 };
	int r = 0;

	if (address_lower(local, len, &lower) == -1)
		r = bad_local(why, "not UTF-8");
	for (size_t i = 0, step = 0; i < lower.len && r == 0; i += step) {
		ucs4_t c;

		step = (size_t)u8_mbtouc(
		    &c, (const uint8_t *)lower.data + i, lower.len - i);
		if (c < 0x80 && is_space((char)c))
			continue;
		if ((c < 0x80 && c != 0 && strchr(specials, (int)c) != NULL) ||
		    is_alphanumeric(c))
			buf_add(out, lower.data + i, step);
		else
			r = bad_local(why, "a character that it does not take");
	}
	buf_free(&lower);
	return r;
}

static int
check_dots(const char *local, struct why *why)
{
	size_t len = strlen(local);

	if (len == 0)
		return bad_local(why, "it is empty");
	if (local[0] == '.' || local[len - 1] == '.' ||
	    strstr(local, "..") != NULL)
		return bad_local(why, "a dot at an end, or two in a row");
	return 0;
}

/*
 * Appends a local part as the server stores it: in lower case (Unicode), ASCII
 * white space taken out. FAIL_DATA for one that it refuses: empty, a dot at an
 * end or two in a row, other characters than letters and digits of any script
 * and !#$%&'*+-/=?^_`{|}~. 0 or -1.
 */
static int
name_local(const char *local, size_t len, struct buf *out, struct why *why)
{
	size_t start = out->len;

	(void)buf_room(out, len);
	for (size_t i = 0; i < len; i++) {
		char c = local[i];

		if ((unsigned char)c >= 0x80) {
			out->len = start;
			if (local_unicode(local, len, out, why) == -1)
				return -1;
			return check_dots(out->data + start, why);
		}
		if (is_space(c))
			continue;
		if (c >= 'A' && c <= 'Z')
			c = (char)(c + ('a' - 'A'));
		else if (!is_alnum(c) &&
			 (c == '\0' || strchr(specials, c) == NULL))
			return bad_local(
			    why, "a character that it does not take");
		out->data[out->len++] = c;
	}
	buf_add(out, "", 0);
	return check_dots(out->data + start, why);
}

int
name_domain(const char *domain, struct buf *out, struct why *why)
{
	size_t start = out->len;
	const char *name, *last;

	if (domain_normalise(domain, out, why) == -1)
		return -1;
	name = out->data + start;
	last = strrchr(name, '.');
	if (last == NULL || *name == '.' || last[1] == '\0' ||
	    strstr(name, "..") != NULL || is_digits(last + 1))
		return why_set(why, FAIL_DATA,
		    "the server refuses this domain name: %s", name);
	return 0;
}

int
name_address(const char *address, struct buf *out, struct why *why)
{
	const char *domain = address_domain(address);

	if (domain == NULL)
		return why_set(why, FAIL_DATA, "an address without @");
	if (name_local(address, (size_t)(domain - 1 - address), out, why) == -1)
		return -1;
	buf_addc(out, '@');
	return name_domain(domain, out, why);
}

/* A quoted local part: what is in the quotes, with its backslashes. */
static bool
is_quoted(const char *local, size_t len)
{
	if (len < 3 || local[0] != '"' || local[len - 1] != '"')
		return false;
	for (size_t i = 1; i < len - 1; i++) {
		unsigned char c = (unsigned char)local[i];

		if (c < ' ' || c == 0x7f || c == '"')
			return false;
		if (c == '\\' && ++i == len - 1)
			return false;
	}
	return true;
}

static bool
is_dot_string(const char *local, size_t len)
{
	static const char none[] = "()<>[]:;@\\,\" ";

	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)local[i];

		if (c < ' ' || c == 0x7f || strchr(none, c) != NULL)
			return false;
	}
	return len != 0;
}

int
name_outside(const char *address, struct buf *out, struct why *why)
{
	const char *domain = address_domain(address);
	size_t len;

	if (domain == NULL)
		return why_set(why, FAIL_DATA, "an address without @");
	len = (size_t)(domain - 1 - address);
	if (!is_quoted(address, len) && !is_dot_string(address, len))
		return why_set(why, FAIL_DATA, "not a valid mail address");
	buf_add(out, address, len + 1);
	if (*domain == '[' && domain[strlen(domain) - 1] == ']' &&
	    domain[strcspn(domain, " \t\r\n\"<>\\")] == '\0') {
		buf_adds(out, domain);
		return 0;
	}
	return name_domain(domain, out, why);
}

/* Long names are cut there and end in "-" and a hash. */
enum {
	NAME_PLAIN_MAX = 200
};

/* Writes c as a mark and two hex digits; returns the bytes written. */
static size_t
escape(char *to, char mark, unsigned char c)
{
	static const char hex[] = "0123456789abcdef";

	to[0] = mark;
	to[1] = hex[c >> 4];
	to[2] = hex[c & 0xf];
	return 3;
}

void
name_client_id(const char *kind, const char *address, struct buf *out)
{
	char id[NAME_PLAIN_MAX + 3];
	size_t n = 0;
	const char *p;

	buf_adds(out, kind);
	buf_addc(out, '-');
	for (p = address; *p != '\0' && n < NAME_PLAIN_MAX; p++)
		if (is_alnum(*p))
			id[n++] = *p;
		else
			n += escape(id + n, '_', (unsigned char)*p);
	buf_add(out, id, n);
	if (*p != '\0')
		buf_addf(out, "-%016" PRIx64, str_fnv(address));
}

void
name_script(const char *address, struct buf *out)
{
	char name[NAME_PLAIN_MAX + 3];
	size_t n = 0;
	const char *p;

	for (p = address; *p != '\0' && n < NAME_PLAIN_MAX; p++) {
		unsigned char c = (unsigned char)*p;

		if (c == '/' || c == '%' || c < ' ' || c == 0x7f ||
		    (c == '.' && p == address))
			n += escape(name + n, '%', c);
		else
			name[n++] = *p;
	}
	buf_add(out, name, n);
	if (*p != '\0')
		buf_addf(out, "-%016" PRIx64, str_fnv(address));
	buf_adds(out, ".sieve");
}
