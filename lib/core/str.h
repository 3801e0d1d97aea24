/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * Text: ASCII case, trimming, UTF-8, and showing what came from outside.
 */
#ifndef FERRY_STR_H
#define FERRY_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "core/buf.h"

/* True if s begins with prefix; the _nocase form folds ASCII only. */
static inline bool
str_starts(const char *s, const char *prefix)
{
	return strncmp(s, prefix, strlen(prefix)) == 0;
}
bool str_starts_nocase(const char *s, const char *prefix);
bool str_eq_nocase(const char *a, const char *b);

/* Whether a text is what a pattern of len bytes says: "*" is any text, "?" one byte.
 * (Dovecot, src/lib/wildcard-match.c, which tells capitals from small letters.) */
bool str_matches(const char *pattern, size_t len, const char *text);

/* Lower-cases ASCII letters in place, and returns s. */
char *str_lower(char *s);

/* Cuts blanks (space, tab) off both ends, in place; returns the new start. */
char *str_trim(char *s);

/* Takes double quotes away, and backslashes before what they protect, in place. */
void str_unquote(char *s);

/*
 * The next piece of *s before the byte sep, which is overwritten; *s moves past
 * it, and is NULL after the last. As strsep(3) with one separator.
 */
char *str_cut(char **s, char sep);

/* The length of the next word of a list, which *list is moved to; 0 at the end.
 * The caller steps over it. */
size_t str_word(const char **list, const char *separators);

/* True if the word is one of such a list, as it is written. */
bool str_has_word(const char *list, const char *separators, const char *word);

/* Whether the host of a URL is this machine by its spelling: "localhost",
 * 127.0.0.0/8, "::1" with or without brackets. */
bool is_loopback(const char *host);

/* Appends s percent-encoded, as a segment of a path: all but the unreserved
 * characters of RFC 3986, section 2.3. */
void str_percent(struct buf *out, const char *s);

bool is_digits(const char *s); /* one or more ASCII digits, nothing else */

/* The number of bytes at the start of s that are whole, valid UTF-8 sequences
 * (RFC 3629: no surrogates, no overlong forms). len when all is valid. */
size_t utf8_prefix(const char *s, size_t len);
/* How many bytes at the start of a text need no escape in JSON. */
size_t plain_prefix(const char *s, size_t len);
bool utf8_valid(const char *s, size_t len);
bool utf8_text(const char *s, size_t len); /* the same, and without a NUL */

/* Writes one code point as UTF-8, and returns how many bytes it took, 1 to 4
 * (no NUL follows them). */
size_t utf8_put(char *to, unsigned int cp);

/* FNV-1a, 64 bits: a hash that is the same in every run. */
uint64_t str_fnv(const char *s);

/*
 * Appends s as it may be shown on a terminal: control bytes and bytes that are
 * not UTF-8 as \xNN. Cut with "..." after max bytes of s (0: never).
 */
void str_vis(struct buf *out, const char *s, size_t max);

#endif
