/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "source/passwd/expand.h"

#include <stdlib.h>
#include <string.h>

#include "core/str.h"
#include "source/passwd/modifiers.h"
#include "source/passwd/variables.h"

enum {
	DEPTH_MAX = 8 /* variables within the words of an "if" */
};

static bool put(struct expansion *x, const char *text, size_t len, int depth,
    struct buf *out);

/* Remembers the variable that is not known: "%{name}", or "%" and letters. */
static void
name_unknown(struct expansion *x, const char *start)
{
	size_t len = 1 + strspn(start + 1, "0123456789.-LURTDMHNX");

	if (start[len] == '{')
		len += strcspn(start + len, "}");
	if (start[len] != '\0')
		len++;
	if (len >= sizeof x->unknown)
		len = sizeof x->unknown - 1;
	memcpy(x->unknown, start, len);
	x->unknown[len] = '\0';
}

/* --- conditions of 2.3 --- */

/* The end of a word of "if;A;OP;B;YES;NO": at a ";" or the end, outside the
 * braces of a variable. */
static size_t
if_word(const char *p, const char *end)
{
	const char *start = p;
	int depth = 0;

	for (; p < end; p++) {
		if (*p == '\\' && p + 1 < end)
			p++;
		else if (*p == '{')
			depth++;
		else if (*p == '}')
			depth--;
		else if (*p == ';' && depth == 0)
			break;
	}
	return (size_t)(p - start);
}

/* What an operator says of two texts: 1, 0, or -1 for one that is not known.
 * (src/lib/var-expand-if.c.) */
static int
compare(const char *a, const char *operator, size_t len, const char *b)
{
	static const struct {
		const char *name;
		bool number;
		bool less, equal, greater;
	} operators[] = {
		{ "==", true, false, true, false },
		{ "!=", true, true, false, true },
		{ "<", true, true, false, false },
		{ "<=", true, true, true, false },
		{ ">", true, false, false, true },
		{ ">=", true, false, true, true },
		{ "eq", false, false, true, false },
		{ "ne", false, true, false, true },
		{ "lt", false, true, false, false },
		{ "le", false, true, true, false },
		{ "gt", false, false, false, true },
		{ "ge", false, false, true, true },
	};

	for (size_t i = 0; i < sizeof operators / sizeof *operators; i++) {
		long long order;

		if (strlen(operators[i].name) != len ||
		    memcmp(operators[i].name, operator, len) != 0)
			continue;
		if (operators[i].number &&
		    (!is_digits(a) || !is_digits(b) || strlen(a) > 18 ||
			strlen(b) > 18))
			return -1;
		order = operators[i].number
			    ? strtoll(a, NULL, 10) - strtoll(b, NULL, 10)
			    : strcmp(a, b);
		return order < 0    ? operators[i].less
		       : order == 0 ? operators[i].equal
				    : operators[i].greater;
	}
	return -1;
}

static bool
put_if(struct expansion *x, const char *p, const char *end, int depth,
    struct var_value *v)
{
	const char *word[5];
	size_t len[5];
	struct buf a = { 0 }, b = { 0 };
	bool ok = false;
	int r;

	for (size_t i = 0; i < 5; i++) {
		if (p >= end)
			return false;
		word[i] = p;
		len[i] = if_word(p, end);
		p += len[i] + 1;
	}
	if (put(x, word[0], len[0], depth + 1, &a) &&
	    put(x, word[2], len[2], depth + 1, &b)) {
		r = compare(buf_str(&a), word[1], len[1], buf_str(&b));
		ok = r != -1 && put(x, word[r ? 3 : 4], len[r ? 3 : 4],
				    depth + 1, &v->text);
	}
	buf_free(&a);
	buf_free(&b);
	return ok;
}

/* --- the grammar of 2.3 --- */

static const char *
read_number(const char *p, long *n)
{
	for (*n = 0; *p >= '0' && *p <= '9'; p++)
		if (*n < 100000)
			*n = *n * 10 + (*p - '0');
	return p;
}

/* "[offset.]width": a sign in front of the offset; of a width, only where there is
 * an offset before it. */
static const char *
read_span(const char *p, struct span *span)
{
	bool negative = *p == '-';

	*span = (struct span){ .zeros = p[negative] == '0' };
	p = read_number(p + negative, &span->width);
	if (*p != '.')
		return p;
	span->offset = negative ? -span->width : span->width;
	p++;
	span->zeros = *p == '0';
	p += span->zeros;
	negative = *p == '-';
	p = read_number(p + negative, &span->width);
	if (negative)
		span->width = -span->width;
	return p;
}

/* "sha256;rounds=2:user" is a digest of a variable. */
static bool
set_digest(
    struct var_value *v, struct expansion *x, const char *name, size_t len)
{
	const char *colon = memchr(name, ':', len);

	return colon != NULL &&
	       value_set(v, x, colon + 1, len - (size_t)(colon + 1 - name)) &&
	       digest_apply(&v->text, name, (size_t)(colon - name));
}

/* The brace that ends a variable, those within it counted. */
static const char *
closing(const char *p)
{
	int depth = 0;

	for (; *p != '\0'; p++) {
		depth += (*p == '{') - (*p == '}');
		if (depth == 0)
			return p;
	}
	return NULL;
}

static bool
set_named(struct var_value *v, struct expansion *x, const char *name,
    size_t len, int depth)
{
	static const char condition[] = "if;";
	size_t n = sizeof condition - 1;

	if (len > n && memcmp(name, condition, n) == 0)
		return put_if(x, name + n, name + len, depth, v);
	return value_set(v, x, name, len) || set_digest(v, x, name, len);
}

/*
 * "%u", "%Ld", "%1.1Un", "%L{user}": modifiers, then a letter or a name in
 * braces. The position after it; NULL for another. (Dovecot 2.3,
 * src/lib/var-expand.c.)
 */
static const char *
read_short(const char *p, struct expansion *x, struct var_value *v, int depth)
{
	const char *modifiers, *end = NULL;
	struct span span;
	size_t n;

	p = read_span(p, &span);
	modifiers = p;
	n = strspn(p, "LURTDMHNX");
	p += n;
	if (*p == '{')
		end = closing(p);
	if (*p == '\0' || (*p == '{' && end == NULL))
		return NULL;
	if (end == NULL ? !value_set(v, x, p, 1)
			: !set_named(v, x, p + 1, (size_t)(end - p - 1), depth))
		return NULL;
	for (size_t m = 0; m < n; m++)
		if (!modifier_apply(&v->text, modifiers[m], &span))
			return NULL;
	span_apply(&v->text, &span);
	return (end == NULL ? p : end) + 1;
}

/* --- the grammar of 2.4 --- */

/* The next word between the bars of "%{a | b}", without blanks. */
static size_t
word(const char **p, const char *end, const char **start)
{
	const char *stop = memchr(*p, '|', (size_t)(end - *p));
	size_t len;

	if (stop == NULL)
		stop = end;
	while (*p < stop && **p == ' ')
		(*p)++;
	*start = *p;
	len = (size_t)(stop - *p);
	while (len > 0 && (*start)[len - 1] == ' ')
		len--;
	*p = stop < end ? stop + 1 : end;
	return len;
}

static bool
is_word(const char *w, size_t len, const char *name)
{
	return strlen(name) == len && memcmp(w, name, len) == 0;
}

/* default('text'), in either kind of quotes; default without a text is an empty
 * one. */
static bool
set_default(struct var_value *v, const char *w, size_t len)
{
	static const char start[] = "default(";
	size_t n = sizeof start - 1;

	if (is_word(w, len, "default")) {
		v->missing = false;
		return true;
	}
	if (len < n + 3 || memcmp(w, start, n) != 0 || w[len - 1] != ')' ||
	    (w[n] != '\'' && w[n] != '"') || w[len - 2] != w[n])
		return false;
	if (v->text.len == 0)
		buf_add(&v->text, w + n + 1, len - n - 3);
	v->missing = false;
	return true;
}

/* "NAME(1)", "NAME(1, -2)": how many numbers there are; -1 for another word. */
static int
arguments(const char *w, size_t len, const char *name, long n[2])
{
	size_t at = strlen(name);
	char *end;

	if (is_word(w, len, name))
		return 0;
	if (len < at + 3 || memcmp(w, name, at) != 0 || w[at] != '(')
		return -1;
	for (int i = 0; i < 2; i++) {
		n[i] = strtol(w + at + 1, &end, 10);
		if (end == w + at + 1)
			return -1;
		end += strspn(end, " ");
		at = (size_t)(end - w);
		if (*end == ')')
			return at == len - 1 ? i + 1 : -1;
		if (*end != ',')
			return -1;
	}
	return -1;
}

/* substr(OFFSET, LENGTH), below 0 from the end. Past the end the server finds
 * nobody. (src/lib-var-expand/expansion-filter.c.) */
static bool
cut(struct var_value *v, const char *w, size_t len)
{
	long unit = v->bytes ? 2 : 1, size = (long)v->text.len / unit, n[2];
	int given = arguments(w, len, "substr", n);
	struct span span;

	if (given < 1)
		return false;
	if (given == 1)
		n[1] = n[0] < 0 ? -n[0] : size - n[0];
	if (n[0] < 0)
		n[0] += size;
	if (n[1] < 0)
		n[1] += size - n[0];
	if (n[0] < 0 || n[1] < 1 || n[0] > size || n[1] > size - n[0])
		return false;
	span = (struct span){ .offset = n[0] * unit, .width = n[1] * unit };
	span_apply(&v->text, &span);
	v->whole = false;
	return true;
}

/* hexlify, hexlify(WIDTH): bytes become text, with as many digits. */
static bool
make_hex(struct var_value *v, const char *w, size_t len)
{
	struct span span = { 0 };
	long n[2] = { (long)v->text.len };
	int given = arguments(w, len, "hexlify", n);
	struct buf out = { 0 };

	if (!v->bytes || given < 0 || given > 1 || n[0] < 1 || n[0] > 1000)
		return false;
	for (long i = (long)v->text.len; i < n[0]; i++)
		buf_addc(&out, '0');
	buf_add(&out, v->text.data, v->text.len);
	span.width = n[0];
	span_apply(&out, &span);
	buf_free(&v->text);
	v->text = out;
	v->bytes = false;
	return true;
}

/* A filter of 2.4. A part is taken of a whole name only. A digest is bytes,
 * which are kept, and shown at the end, as hex digits. */
static bool
filter(struct var_value *v, const char *w, size_t len)
{
	char *user;

	if (set_default(v, w, len) || cut(v, w, len) || make_hex(v, w, len))
		return true;
	if (v->bytes)
		return false;
	if (is_word(w, len, "lower") || is_word(w, len, "upper"))
		return modifier_apply(&v->text, *w == 'l' ? 'L' : 'U', NULL);
	if (is_word(w, len, "reverse"))
		return modifier_apply(&v->text, 'R', NULL);
	if (!v->whole ||
	    !(is_word(w, len, "username") || is_word(w, len, "domain"))) {
		v->bytes = digest_apply(&v->text, w, len);
		return v->bytes;
	}
	user = v->text.data;
	v->text = (struct buf){ 0 };
	value_set_part(v, user == NULL ? "" : user,
	    *w == 'u' ? PART_USERNAME : PART_DOMAIN);
	free(user);
	return true;
}

/* "%{user}" of both, "%{user | domain | lower}" of 2.4. */
static const char *
read_long(const char *p, struct expansion *x, struct var_value *v, int depth)
{
	const char *end = closing(p), *at = p + 1, *w;
	size_t len;

	if (end == NULL)
		return NULL;
	if (str_starts(at, "if;"))
		return set_named(v, x, at, (size_t)(end - at), depth) ? end + 1
								      : NULL;
	len = word(&at, end, &w);
	if (!set_named(v, x, w, len, depth))
		return NULL;
	while (at < end) {
		len = word(&at, end, &w);
		if (!filter(v, w, len))
			return NULL;
	}
	return end + 1;
}

/* --- texts --- */

/* One variable, at the percent sign; the position after it, or NULL. */
static const char *
put_variable(struct expansion *x, const char *p, int depth, struct buf *out)
{
	struct var_value v = { 0 };

	p = *p == '{' ? read_long(p, x, &v, depth)
		      : read_short(p, x, &v, depth);
	x->missing |= v.missing;
	if (p != NULL && x->escape != NULL && depth == 0)
		x->escape(x->ctx, buf_str(&v.text), v.text.len, out);
	else if (p != NULL)
		buf_add(out, buf_str(&v.text), v.text.len);
	buf_wipe(&v.text);
	return p;
}

static bool
put(struct expansion *x, const char *text, size_t len, int depth,
    struct buf *out)
{
	const char *p = text, *end = text + len;

	if (depth > DEPTH_MAX)
		return false;
	while (p < end) {
		const char *sign = memchr(p, '%', (size_t)(end - p));

		if (sign == NULL)
			sign = end;
		buf_add(out, p, (size_t)(sign - p));
		p = sign;
		if (p == end)
			break;
		if (p + 1 < end && p[1] == '%') {
			buf_addc(out, '%');
			p += 2;
			continue;
		}
		p = put_variable(x, p + 1, depth, out);
		if (p == NULL) {
			name_unknown(x, sign);
			return false;
		}
	}
	return true;
}

bool
expansion_put(struct expansion *x, const char *text, struct buf *out)
{
	return put(x, text, strlen(text), 0, out);
}

bool
expand_user(const char *text, const char *user, struct buf *out)
{
	struct expansion x = { .user = user };

	return expansion_put(&x, text, out);
}
