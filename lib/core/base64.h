/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* Bytes as text: base64 (RFC 4648) and hex digits. */
#ifndef FERRY_BASE64_H
#define FERRY_BASE64_H

#include <stdbool.h>
#include <stddef.h>

#include "core/buf.h"

/*
 * base64 of RFC 4648, part 4. Decoding accepts it with all of its padding or
 * with none; bits after the last byte may have any value, and white space and
 * other characters are refused. extra is two characters for 62 and 63 instead
 * of "+/" ("./" in passlib, which only changes the first). Appends to out;
 * false if it is not base64.
 */
bool base64_decode(
    const char *s, size_t len, const char *extra, struct buf *out);
/* Encodes with the padding, or without it. */
void base64_encode(const void *p, size_t len, bool pad, struct buf *out);

/* The value of a hex digit in either case; -1 for another character. */
int hex_value(char c);
/* Two digits in lower case for each byte. Appends to out. */
void hex_encode(const void *p, size_t len, struct buf *out);
/* Takes hex digits in either case; false for others or an odd length. */
bool hex_decode(const char *s, size_t len, struct buf *out);

#endif
