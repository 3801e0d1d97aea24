/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "source/passwd/expand.h"

#include <stdlib.h>
#include <string.h>

#include "core/str.h"
#include "source/passwd/condition.h"
#include "source/passwd/expression.h"
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
		r = condition_holds(buf_str(&a), word[1], len[1], buf_str(&b));
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
	return memchr(name, '|', len) == NULL &&
	       (value_set(v, x, name, len) || set_digest(v, x, name, len));
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

/* "%{if;...}" and digests as 2.3 writes them, or an expression of 2.4. */
static const char *
read_long(const char *p, struct expansion *x, struct var_value *v, int depth)
{
	const char *end = closing(p), *after = expression_read(x, p + 1, v);

	if (after != NULL)
		return after;
	value_reset(v);
	if (end == NULL ||
	    !set_named(v, x, p + 1, (size_t)(end - p - 1), depth))
		return NULL;
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
	x->missing |= p != NULL && v.missing;
	if (p != NULL && x->escape != NULL && depth == 0)
		x->escape(x->ctx, buf_str(&v.text), v.text.len, out);
	else if (p != NULL)
		buf_add(out, buf_str(&v.text), v.text.len);
	value_reset(&v);
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
