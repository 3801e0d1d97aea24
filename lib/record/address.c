/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "record/address.h"

#include <idn2.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unicase.h>
#include <unistr.h>

#include "core/str.h"

/* RFC 1035, 2.3.4: 255 octets in the message, 253 characters as text. */
enum {
	DOMAIN_MAX = 253
};

const char *
address_domain(const char *address)
{
	const char *at = strrchr(address, '@');

	return at == NULL ? NULL : at + 1;
}

/* A byte up to max. */
static bool
has_control(const char *s, size_t len, unsigned char max)
{
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)s[i] <= max)
			return true;
	return false;
}

/* Appends ASCII text in lower case; true if all of it was ASCII. */
static bool
lower_ascii(const char *s, size_t len, struct buf *out)
{
	char *to = buf_room(out, len);
	unsigned char all = 0;

	if (to == NULL)
		return true; /* the caller sees out->overflow */
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)s[i];

		all |= c;
		to[i] = (char)(c | (c >= 'A' && c <= 'Z') << 5);
	}
	to[len] = '\0';
	if (all >= 0x80)
		return false;
	out->len += len;
	return true;
}

static int
domain_to_ascii(const char *domain, struct buf *out, struct why *why)
{
	char *ascii = NULL;
	int r = idn2_to_ascii_8z(domain, &ascii, IDN2_NONTRANSITIONAL);

	if (r != IDN2_OK)
		return why_set(why, FAIL_DATA, "not a domain name: %s: %s",
		    domain, idn2_strerror(r));
	buf_adds(out, ascii);
	idn2_free(ascii);
	return 0;
}

int
domain_normalise(const char *domain, struct buf *out, struct why *why)
{
	/* RFC 5322, 3.2.3 and 3.4.1: what an atom or a path cannot hold. */
	static const bool none[256] = { ['\0' ... ' '] = true,
		['"'] = true,
		['('] = true,
		[')'] = true,
		[','] = true,
		['/'] = true,
		[':' ... '<'] = true,
		['>'] = true,
		['@'] = true,
		['[' ... ']'] = true,
		[0x7f] = true };
	size_t start = out->len, len = 0;

	while (!none[(unsigned char)domain[len]])
		len++;
	if (*domain == '\0')
		return why_set(why, FAIL_DATA, "an empty domain name");
	if (domain[len] != '\0')
		return why_set(why, FAIL_DATA, "not a domain name: %s", domain);
	if (!lower_ascii(domain, len, out) &&
	    domain_to_ascii(domain, out, why) == -1)
		return -1;
	if (out->len - start > DOMAIN_MAX)
		return why_set(why, FAIL_DATA,
		    "a domain name of more than %d bytes", DOMAIN_MAX);
	return 0;
}

int
address_lower(const char *s, size_t len, struct buf *out)
{
	const uint8_t *at = (const uint8_t *)s, *end = at + len;

	while (at < end) {
		uint8_t lower[16];
		size_t n = sizeof lower;
		int step = u8_mblen(at, (size_t)(end - at));

		if (step <= 0 || u8_tolower(at, (size_t)step, NULL, NULL, lower,
				     &n) != lower)
			return -1;
		buf_add(out, lower, n);
		at += step;
	}
	return 0;
}

/* Whether an address is its own normal form because of the characters in it, as
 * nearly all are. */
static bool
is_normal(const char *address, bool catch_all)
{
	static const bool good[256] = { ['-' ... '.'] = true,
		['0' ... '9'] = true,
		['_'] = true,
		['a' ... 'z'] = true };
	const char *at = address, *end;

	while (good[(unsigned char)*at])
		at++;
	if (*at != '@' || (at == address && !catch_all))
		return false;
	end = at + 1;
	while (good[(unsigned char)*end])
		end++;
	return *end == '\0' && end > at + 1 && end - at - 1 <= DOMAIN_MAX;
}

int
address_normalise(
    const char *address, bool catch_all, struct buf *out, struct why *why)
{
	const char *domain;
	size_t local;

	if (is_normal(address, catch_all)) {
		buf_adds(out, address);
		return 0;
	}
	domain = address_domain(address);
	if (domain == NULL)
		return why_set(why, FAIL_DATA, "an address without @");
	local = (size_t)(domain - 1 - address);
	if (local == 0 && !catch_all)
		return why_set(
		    why, FAIL_DATA, "an address with nothing before the @");
	if (has_control(address, local, ' ' - 1) ||
	    memchr(address, 0x7f, local) != NULL)
		return why_set(
		    why, FAIL_DATA, "a control character in an address");
	if (!lower_ascii(address, local, out) &&
	    address_lower(address, local, out) == -1)
		return why_set(why, FAIL_DATA, "the local part is not UTF-8");
	buf_addc(out, '@');
	return domain_normalise(domain, out, why);
}
