/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "dav/name.h"

#include <string.h>

#include <unictype.h>
#include <unistr.h>

#include "core/buf.h"
#include "mailbox/name.h"

static bool
is_gap(ucs4_t c)
{
	return uc_is_property_white_space(c) || uc_is_cntrl(c) ||
	       uc_is_property_not_a_character(c);
}

char *
dav_name(const char *name)
{
	struct buf nfc = { 0 }, out = { 0 };
	const uint8_t *s;
	bool gap = false;
	ucs4_t c;
	int n;

	mailbox_put_nfc(&nfc, name);
	s = (const uint8_t *)buf_str(&nfc);
	for (; (n = u8_strmbtouc(&c, s)) != 0; s += n > 0 ? n : 1) {
		if (n < 0 || is_gap(c)) {
			gap = out.len > 0;
			continue;
		}
		if (gap)
			buf_addc(&out, ' ');
		gap = false;
		buf_add(&out, s, (size_t)n);
	}
	buf_free(&nfc);
	return out.data;
}

const char *
dav_no_name(enum dav_kind kind)
{
	return kind == DAV_CALENDAR ? "calendar" : "contacts";
}
