/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "core/str.h"

#include <string.h>
#include <strings.h>

bool
str_starts_nocase(const char *s, const char *prefix)
{
	return strncasecmp(s, prefix, strlen(prefix)) == 0;
}

bool
str_eq_nocase(const char *a, const char *b)
{
	return strcasecmp(a, b) == 0;
}

bool
str_matches(const char *pattern, size_t len, const char *text)
{
	const char *end = pattern + len, *star = NULL, *from = NULL;

	while (*text != '\0') {
		if (pattern < end && *pattern == '*') {
			star = ++pattern;
			from = text;
		} else if (pattern < end &&
			   (*pattern == '?' || *pattern == *text)) {
			pattern++;
			text++;
		} else if (star != NULL) {
			pattern = star;
			text = ++from;
		} else {
			return false;
		}
	}
	while (pattern < end && *pattern == '*')
		pattern++;
	return pattern == end;
}

char *
str_lower(char *s)
{
	for (char *p = s; *p != '\0'; p++)
		if (*p >= 'A' && *p <= 'Z')
			*p = (char)(*p + ('a' - 'A'));
	return s;
}

char *
str_trim(char *s)
{
	size_t len;

	s += strspn(s, " \t");
	len = strlen(s);
	while (len > 0 && (s[len - 1] == ' ' || s[len - 1] == '\t'))
		len--;
	s[len] = '\0';
	return s;
}

void
str_unquote(char *s)
{
	char *to = s;

	for (; *s != '\0'; s++) {
		if (*s == '"')
			continue;
		if (*s == '\\' && s[1] != '\0')
			s++;
		*to++ = *s;
	}
	*to = '\0';
}

char *
str_cut(char **s, char sep)
{
	char *start = *s, *end;

	if (start == NULL)
		return NULL;
	end = strchr(start, sep);
	if (end == NULL) {
		*s = NULL;
	} else {
		*end = '\0';
		*s = end + 1;
	}
	return start;
}

size_t
str_word(const char **list, const char *separators)
{
	*list += strspn(*list, separators);
	return strcspn(*list, separators);
}

bool
str_has_word(const char *list, const char *separators, const char *word)
{
	size_t len = strlen(word), n;

	for (; (n = str_word(&list, separators)) != 0; list += n)
		if (n == len && strncmp(list, word, n) == 0)
			return true;
	return false;
}

void
str_percent(struct buf *out, const char *s)
{
	for (; *s != '\0'; s++) {
		if ((*s >= 'a' && *s <= 'z') || (*s >= 'A' && *s <= 'Z') ||
		    (*s >= '0' && *s <= '9') || strchr("-._~", *s) != NULL)
			buf_addc(out, *s);
		else
			buf_addf(
			    out, "%%%02X", (unsigned int)(unsigned char)*s);
	}
}

bool
is_loopback(const char *host)
{
	/* Not a name such as "127.example.org". */
	if (str_starts(host, "127."))
		return host[strspn(host, "0123456789.")] == '\0';
	return str_eq_nocase(host, "localhost") || strcmp(host, "::1") == 0 ||
	       strcmp(host, "[::1]") == 0;
}

bool
is_digits(const char *s)
{
	return *s != '\0' && s[strspn(s, "0123456789")] == '\0';
}

/* The length of the valid sequence at s, 0 if there is none (RFC 3629, 4). */
static size_t
utf8_len(const unsigned char *s, size_t len)
{
	unsigned char low = 0x80, high = 0xbf;
	size_t n;

	if (s[0] < 0x80)
		return 1;
	if (s[0] >= 0xc2 && s[0] <= 0xdf) {
		n = 2;
	} else if (s[0] >= 0xe0 && s[0] <= 0xef) {
		n = 3;
		if (s[0] == 0xe0)
			low = 0xa0;
		if (s[0] == 0xed)
			high = 0x9f;
	} else if (s[0] >= 0xf0 && s[0] <= 0xf4) {
		n = 4;
		if (s[0] == 0xf0)
			low = 0x90;
		if (s[0] == 0xf4)
			high = 0x8f;
	} else {
		return 0;
	}
	if (len < n || s[1] < low || s[1] > high)
		return 0;
	for (size_t i = 2; i < n; i++)
		if (s[i] < 0x80 || s[i] > 0xbf)
			return 0;
	return n;
}

/* Sixteen bytes at a time, by the vector types of GCC and Clang. */
typedef unsigned char bytes16 __attribute__((vector_size(16)));
typedef uint64_t words2 __attribute__((vector_size(16)));

static bool
ascii16(bytes16 v)
{
	words2 found = (words2)v & UINT64_C(0x8080808080808080);

	return (found[0] | found[1]) == 0;
}

/* ASCII without NUL. */
static bool
text16(bytes16 v)
{
	words2 found = (words2)(v - 1 > 0x7e);

	return (found[0] | found[1]) == 0;
}

static bool
plain16(bytes16 v)
{
	words2 found =
	    (words2)((v < 0x20) | (v == '"') | (v == '\\') | (v == 0x7f));

	return (found[0] | found[1]) == 0;
}

/* The first sixteen bytes of a text; of one that has only four or more, its
 * beginning and its end, which may overlap. */
static bytes16
first16(const char *s, size_t len)
{
	uint64_t begin, end;
	uint32_t b, e;
	bytes16 v;

	if (len >= sizeof v) {
		memcpy(&v, s, sizeof v);
		return v;
	}
	if (len >= sizeof begin) {
		memcpy(&begin, s, sizeof begin);
		memcpy(&end, s + len - sizeof end, sizeof end);
	} else {
		memcpy(&b, s, sizeof b);
		memcpy(&e, s + len - sizeof e, sizeof e);
		begin = end = (uint64_t)b << 32 | e;
	}
	return (bytes16)(words2){ begin, end };
}

/* How many bytes at the start of a text are good, as far as can be told by
 * sixteen at a time: len when all are, but for texts of less than four. */
static inline size_t
prefix16(const char *s, size_t len, bool (*good)(bytes16))
{
	size_t step = sizeof(bytes16), i = 0;

	while (len - i >= step && good(first16(s + i, step)))
		i += step;
	/* What is left of a long text is looked at with what is before it. */
	if (len >= step && len - i < step &&
	    good(first16(s + len - step, step)))
		return len;
	if (len < step && len >= 4 && good(first16(s, len)))
		return len;
	return i;
}

size_t
plain_prefix(const char *s, size_t len)
{
	static const bool bare[256] = { [' ' ... '!'] = true,
		['#' ... '['] = true,
		[']' ... 0x7e] = true,
		[0x80 ... 0xff] = true };
	size_t i = prefix16(s, len, plain16);

	while (i < len && bare[(unsigned char)s[i]])
		i++;
	return i;
}

size_t
utf8_prefix(const char *s, size_t len)
{
	size_t i = 0, n;

	/* Nearly all text is ASCII. */
	while ((i += prefix16(s + i, len - i, ascii16)) < len) {
		n = utf8_len((const unsigned char *)s + i, len - i);
		if (n == 0)
			break;
		i += n;
	}
	return i;
}

bool
utf8_valid(const char *s, size_t len)
{
	return utf8_prefix(s, len) == len;
}

bool
utf8_text(const char *s, size_t len)
{
	return prefix16(s, len, text16) == len ||
	       (memchr(s, '\0', len) == NULL && utf8_valid(s, len));
}

size_t
utf8_put(char *to, unsigned int cp)
{
	if (cp < 0x80) {
		to[0] = (char)cp;
		return 1;
	}
	if (cp < 0x800) {
		to[0] = (char)(0xc0 | cp >> 6);
		to[1] = (char)(0x80 | (cp & 0x3f));
		return 2;
	}
	if (cp < 0x10000) {
		to[0] = (char)(0xe0 | cp >> 12);
		to[1] = (char)(0x80 | (cp >> 6 & 0x3f));
		to[2] = (char)(0x80 | (cp & 0x3f));
		return 3;
	}
	to[0] = (char)(0xf0 | cp >> 18);
	to[1] = (char)(0x80 | (cp >> 12 & 0x3f));
	to[2] = (char)(0x80 | (cp >> 6 & 0x3f));
	to[3] = (char)(0x80 | (cp & 0x3f));
	return 4;
}

/* C0 and C1 controls, DEL, and the marks that turn the writing direction
 * (UAX 9): what a terminal may obey instead of showing. */
static bool
is_control(const unsigned char *s, size_t n)
{
	if (n == 1)
		return s[0] < 0x20 || s[0] == 0x7f;
	if (n == 2)
		return s[0] == 0xc2 && s[1] < 0xa0;
	if (n == 3 && s[0] == 0xe2)
		return (s[1] == 0x80 && s[2] >= 0xa8 && s[2] <= 0xae) ||
		       (s[1] == 0x81 && s[2] >= 0xa6 && s[2] <= 0xa9);
	return false;
}

void
str_vis(struct buf *out, const char *s, size_t max)
{
	const unsigned char *p = (const unsigned char *)s;
	size_t left = strlen(s), n;

	for (size_t done = 0; left > 0; done += n, p += n, left -= n) {
		if (max != 0 && done >= max) {
			buf_adds(out, "...");
			return;
		}
		n = utf8_len(p, left);
		if (n != 0 && !is_control(p, n)) {
			buf_add(out, p, n);
			continue;
		}
		if (n == 0)
			n = 1;
		for (size_t i = 0; i < n; i++)
			buf_addf(out, "\\x%02x", p[i]);
	}
}

uint64_t
str_fnv(const char *s)
{
	uint64_t h = 0xcbf29ce484222325ULL;

	for (; *s != '\0'; s++)
		h = (h ^ (unsigned char)*s) * 0x100000001b3ULL;
	return h;
}
