/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* The encodings of password hashes: base64, hex, and crypt(3)'s own digits. */
#ifndef FERRY_ENCODE_H
#define FERRY_ENCODE_H

#include <stdbool.h>
#include <stddef.h>

#include "core/buf.h"

/*
 * base64 of RFC 4648, part 4. Decoding accepts it with all of its padding or
 * with none; bits behind the last byte may have any value, and white space and
 * other characters are refused. extra are two characters for 62 and 63
 * instead of "+/" ("./" in passlib, which only changes the first). Appends to
 * out; false if it is none.
 */
bool base64_decode(
    const char *s, size_t len, const char *extra, struct buf *out);
/* Encodes with the padding, or without it. */
void base64_encode(const void *p, size_t len, bool pad, struct buf *out);

/* Both cases of hex digits; false if it is none or the length is odd. */
bool hex_decode(const char *s, size_t len, struct buf *out);

/* The value of a digit of crypt(3)'s alphabet "./0-9A-Za-z"; -1 if none. */
int crypt64_value(char c);
/* How many bytes at the start of s are such digits. */
size_t crypt64_span(const char *s);

#endif
