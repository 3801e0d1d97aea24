/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "core/base64.h"

#include <string.h>

static const char base64_digits[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static int
base64_value(char c, const char *extra)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == extra[0])
		return 62;
	return c == extra[1] ? 63 : -1;
}

bool
base64_decode(const char *s, size_t len, const char *extra, struct buf *out)
{
	size_t pad = 0;
	unsigned int bits = 0;
	int have = 0;
	char *to;

	while (pad < 2 && pad < len && s[len - 1 - pad] == '=')
		pad++;
	/* Padding fills the last group, or is not there at all; a group of
	 * one digit holds no byte. */
	if ((pad != 0 && len % 4 != 0) || (len - pad) % 4 == 1)
		return false;
	to = buf_room(out, len);
	if (to == NULL)
		return false;
	for (size_t i = 0; i < len - pad; i++) {
		int value = base64_value(s[i], extra);

		if (value == -1)
			return false;
		bits = bits << 6 | (unsigned int)value;
		have += 6;
		if (have >= 8) {
			have -= 8;
			*to++ = (char)(bits >> have & 0xff);
		}
	}
	*to = '\0';
	out->len = (size_t)(to - out->data);
	return true;
}

void
base64_encode(const void *p, size_t len, bool pad, struct buf *out)
{
	const unsigned char *at = p;
	size_t size = pad ? (len + 2) / 3 * 4 : (len * 4 + 2) / 3;
	char *to = buf_room(out, size), *end;

	if (to == NULL)
		return;
	end = to + size;
	for (; len > 0; at += 3) {
		unsigned int bits = (unsigned int)at[0] << 16;

		if (len > 1)
			bits |= (unsigned int)at[1] << 8;
		if (len > 2)
			bits |= at[2];
		*to++ = base64_digits[bits >> 18];
		*to++ = base64_digits[bits >> 12 & 0x3f];
		if (len > 1)
			*to++ = base64_digits[bits >> 6 & 0x3f];
		if (len > 2)
			*to++ = base64_digits[bits & 0x3f];
		len = len > 3 ? len - 3 : 0;
	}
	while (to < end)
		*to++ = '=';
	*to = '\0';
	out->len += size;
}

int
hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

void
hex_encode(const void *p, size_t len, struct buf *out)
{
	static const char digits[] = "0123456789abcdef";
	const unsigned char *at = p;

	for (size_t i = 0; i < len; i++) {
		buf_addc(out, digits[at[i] >> 4]);
		buf_addc(out, digits[at[i] & 0xf]);
	}
}

bool
hex_decode(const char *s, size_t len, struct buf *out)
{
	if (len % 2 != 0)
		return false;
	for (size_t i = 0; i < len; i += 2) {
		int high = hex_value(s[i]), low = hex_value(s[i + 1]);

		if (high == -1 || low == -1)
			return false;
		buf_addc(out, (char)(high << 4 | low));
	}
	return true;
}
