/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "standin/stalwart.h"

#include <idn2.h>
#include <libpsl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unicase.h>
#include <unictype.h>
#include <unistr.h>

#include "core/alloc.h"
#include "core/buf.h"
#include "core/str.h"

static bool
local_char(ucs4_t c)
{
	if (c < 0x80)
		return c > ' ' && c != 0x7f &&
		       strchr("\"(),:;<>@[\\]", (int)c) == NULL;
	return uc_is_property_alphabetic(c) ||
	       uc_is_general_category(c, UC_NUMBER);
}

char *
clean_local(const char *s, size_t len)
{
	size_t n = 0;
	uint8_t *lower =
	    u8_tolower((const uint8_t *)s, len, NULL, NULL, NULL, &n);
	struct buf out = { 0 };
	bool ok = lower != NULL;
	ucs4_t last = '.';

	for (size_t i = 0; ok && i < n;) {
		ucs4_t c;
		int step = u8_mbtouc(&c, lower + i, n - i);

		if (c != ' ' && c != '\t' && c != '\n' && c != '\r' &&
		    c != '\f') {
			ok = local_char(c) && !(c == '.' && last == '.');
			buf_add(&out, lower + i, (size_t)step);
			last = c;
		}
		i += (size_t)step;
	}
	free(lower);
	if (!ok || out.len == 0 || last == '.') {
		buf_free(&out);
		return NULL;
	}
	return out.data;
}

/* The last label is a top-level domain, or one of the names for inside. */
static bool
known_top(const char *domain)
{
	static const char *const inside[] = { "test", "localhost", "local",
		"internal", "lan", "home", "corp", "intranet", "private",
		"localdomain" };
	const char *dot = strrchr(domain, '.');

	if (dot == NULL || dot[1] == '\0')
		return false;
	for (size_t i = 0; i < sizeof inside / sizeof *inside; i++)
		if (strcmp(dot + 1, inside[i]) == 0)
			return true;
	return psl_is_public_suffix2(psl_builtin(), dot + 1,
		   PSL_TYPE_ICANN | PSL_TYPE_NO_STAR_RULE) != 0;
}

char *
clean_domain(const char *s)
{
	struct buf out = { 0 };
	char *ascii = NULL;
	bool plain = true;

	for (const char *p = s; *p != '\0'; p++) {
		if (strchr(" \t\r\n", *p) != NULL)
			continue;
		if (strchr("/@:,;<>()[]\\\"", *p) != NULL ||
		    (unsigned char)*p < ' ')
			goto fail;
		plain = plain && (unsigned char)*p < 0x80;
		buf_addc(&out, *p);
	}
	if (out.len == 0)
		goto fail;
	if (plain) {
		ascii = xstrdup(str_lower(out.data));
	} else {
		char *idn = NULL;

		if (idn2_to_ascii_8z(out.data, &idn, IDN2_NONTRANSITIONAL) !=
		    IDN2_OK)
			goto fail;
		ascii = xstrdup(idn);
		idn2_free(idn);
	}
	if (*ascii == '.' || strstr(ascii, "..") != NULL || !known_top(ascii))
		goto fail;
	buf_free(&out);
	return ascii;
fail:
	buf_free(&out);
	free(ascii);
	return NULL;
}

char *
clean_address(const char *s)
{
	const char *at = strrchr(s, '@');
	char *local, *domain, *address = NULL;

	if (at == NULL)
		return NULL;
	local = clean_local(s, (size_t)(at - s));
	domain = clean_domain(at + 1);
	if (local != NULL && domain != NULL)
		address = xasprintf("%s@%s", local, domain);
	free(local);
	free(domain);
	return address;
}
