/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "core/mask.h"

#include <ctype.h>
#include <pthread.h>
#include <string.h>

#include "core/alloc.h"
#include "core/base64.h"
#include "core/buf.h"
#include "core/str.h"

static struct needle {
	char *text;
	bool coded; /* base64 */
	bool word;  /* covered only as a word */
} * needles;
static size_t n_needles, cap_needles;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static bool
is_word(char c)
{
	return isalnum((unsigned char)c) || (unsigned char)c >= 0x80;
}

static bool
is_coded(char c)
{
	return isalnum((unsigned char)c) || (c != '\0' && strchr("+/-_=", c));
}

/* --- what is looked for --- */

static void
add(const char *text, bool coded, bool word)
{
	for (size_t i = 0; i < n_needles; i++)
		if (needles[i].coded == coded &&
		    strcmp(needles[i].text, text) == 0)
			return;
	needles = xgrow(needles, n_needles, &cap_needles, sizeof *needles);
	needles[n_needles++] = (struct needle){ xstrdup(text), coded, word };
}

/*
 * The digits of base64 that the secret alone decides, after skip bytes that are
 * not known: three forms, one for each place in a group.
 */
static void
add_coded(const char *secret, size_t skip, bool word)
{
	struct buf plain = { 0 }, coded = { 0 };
	size_t first = (skip * 8 + 5) / 6;

	for (size_t i = 0; i < skip; i++)
		buf_addc(&plain, '\0');
	buf_adds(&plain, secret);
	base64_encode(plain.data, plain.len, false, &coded);
	if (!word)
		coded.data[plain.len * 8 / 6] = '\0';
	add(coded.data + first, true, word);
	buf_wipe(&plain);
	buf_wipe(&coded);
}

void
mask_add(const char *secret)
{
	size_t len = secret == NULL ? 0 : strlen(secret);
	bool word = len < MASK_LONG;

	if (len < MASK_MIN)
		return;
	(void)pthread_mutex_lock(&lock);
	add(secret, false, word);
	for (size_t skip = 0; skip < (word ? 1 : 3); skip++)
		add_coded(secret, skip, word);
	(void)pthread_mutex_unlock(&lock);
}

/* --- one byte in its forms --- */

/* The number of n hex digits; -1 where there are not as many. */
static int
hex(const char *s, size_t n)
{
	int v = 0;

	for (size_t i = 0; i < n; i++) {
		if (hex_value(s[i]) < 0)
			return -1;
		v = v * 16 + hex_value(s[i]);
	}
	return v;
}

/* "\uXXXX" as UTF-8, also a pair of surrogates. */
static size_t
read_unicode(const char *s, char *out, size_t *n)
{
	int cp = hex(s + 2, 4), low;

	if (cp < 0)
		return 0;
	if (cp < 0xd800 || cp > 0xdbff) {
		*n = utf8_put(out, (unsigned int)cp);
		return 6;
	}
	low = s[6] == '\\' && s[7] == 'u' ? hex(s + 8, 4) : -1;
	if (low < 0xdc00 || low > 0xdfff)
		return 0;
	*n = utf8_put(out, 0x10000U + ((unsigned int)(cp - 0xd800) << 10) +
			       (unsigned int)(low - 0xdc00));
	return 12;
}

static size_t
read_reference(const char *s, char *out)
{
	static const struct {
		const char *name;
		char c;
	} names[] = {
		{ "&amp;", '&' },
		{ "&lt;", '<' },
		{ "&gt;", '>' },
		{ "&quot;", '"' },
		{ "&#34;", '"' },
		{ "&#39;", '\'' },
		{ "&#x27;", '\'' },
		{ "&apos;", '\'' },
	};

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (str_starts(s, names[i].name)) {
			*out = names[i].c;
			return strlen(names[i].name);
		}
	return 0;
}

/* Reads what is encoded at s: *n bytes into out. How much of s that is; 0: what
 * is there stands for itself. */
static size_t
read_coded(const char *s, char out[4], size_t *n)
{
	*n = 1;
	if (*s == '%' && hex(s + 1, 2) >= 0) {
		*out = (char)hex(s + 1, 2);
		return 3;
	}
	if (*s == '+') {
		*out = ' ';
		return 1;
	}
	if (*s == '&')
		return read_reference(s, out);
	if (*s != '\\' || s[1] == '\0')
		return 0;
	if (s[1] == 'u')
		return read_unicode(s, out, n);
	*out = s[1];
	return is_word(s[1]) ? 0 : 2;
}

/*
 * How many bytes of the secret are at s, and in *end where they end. coded: what
 * can be read as an encoding is one, though it may stand for itself.
 */
static size_t
match(const char *s, const char *secret, bool coded, const char **end)
{
	size_t k = 0;

	while (secret[k] != '\0') {
		char bytes[4];
		size_t n = 0, taken = read_coded(s, bytes, &n);
		bool fits = taken != 0 && strncmp(secret + k, bytes, n) == 0;

		if (fits && (coded || *s != secret[k])) {
			s += taken;
			k += n;
		} else if (*s == secret[k]) {
			s++;
			k++;
		} else {
			break;
		}
	}
	*end = s;
	return k;
}

/* --- covering --- */

/* Whether what is left of at ends a word, or is the encoding of what does. */
static bool
begins(const char *text, const char *at)
{
	if (at == text || !is_word(at[-1]))
		return true;
	if (at - text >= 2 && at[-2] == '\\')
		return true;
	return at - text >= 3 && at[-3] == '%' && hex(at - 2, 2) >= 0 &&
	       !is_word((char)hex(at - 2, 2));
}

/* Whether k bytes of the secret, which end at end, are to be covered. */
static bool
counts(const struct needle *x, const char *text, const char *at,
    const char *end, size_t k, bool cut)
{
	size_t len = strlen(x->text);

	if (x->word)
		return k == len && begins(text, at) && !is_word(*end);
	if (k == len)
		return true;
	if (cut && *end == '\0')
		return k >= MASK_CUT;
	return k >= MASK_LONG && k * 2 >= len && !is_word(*end);
}

/* Covers what x is at at, if it is there; the end of the cover, or NULL. */
static char *
cover(char *text, char *at, const struct needle *x, bool cut)
{
	for (int coded = 0; coded < 2; coded++) {
		const char *end;
		size_t k = match(at, x->text, coded != 0, &end);

		if (!counts(x, text, at, end, k, cut))
			continue;
		while (x->coded && at > text && is_coded(at[-1]))
			at--;
		while (x->coded && is_coded(*end))
			end++;
		memmove(at + 3, end, strlen(end) + 1);
		memset(at, '*', 3);
		return at + 3;
	}
	return NULL;
}

static void
cover_all(char *text, bool words, bool cut)
{
	(void)pthread_mutex_lock(&lock);
	for (size_t i = 0; i < n_needles; i++)
		for (char *at = text;
		     *at != '\0' && (words || !needles[i].word);) {
			char *end = cover(text, at, &needles[i], cut);

			at = end == NULL ? at + 1 : end;
		}
	(void)pthread_mutex_unlock(&lock);
}

void
mask_text(char *text, bool cut)
{
	cover_all(text, false, cut);
}

void
mask_said(char *text)
{
	if (text != NULL)
		cover_all(text, true, false);
}
