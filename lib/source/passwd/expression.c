/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "source/passwd/expression.h"

#include <string.h>

#include "core/base64.h"
#include "core/str.h"
#include "source/passwd/filters.h"

struct reader {
	struct expansion *x;
	const char *p;
	struct call call;
	bool failed; /* and nothing has set a value since */
	bool ended;  /* what follows is not done */
};

static void
skip_blanks(struct reader *r)
{
	r->p += strspn(r->p, " \t");
}

/* Steps over a character, and blanks on both of its sides. */
static bool
take(struct reader *r, char c)
{
	skip_blanks(r);
	if (*r->p != c || c == '\0')
		return false;
	r->p++;
	skip_blanks(r);
	return true;
}

static bool
is_letter(char c)
{
	unsigned char u = (unsigned char)c;

	return (u >= 'a' && u <= 'z') || (u >= 'A' && u <= 'Z') || u > 127;
}

/* The length of a name, which is stepped over; 0 where there is none. */
static size_t
take_name(struct reader *r, const char **name)
{
	*name = r->p;
	if (!is_letter(*r->p))
		return 0;
	while (is_letter(*r->p) || (*r->p >= '0' && *r->p <= '9') ||
	       (*r->p != '\0' && strchr("_/;:.-", *r->p) != NULL))
		r->p++;
	return (size_t)(r->p - *name);
}

/* What follows a backslash in quotes. */
static bool
take_escaped(struct reader *r, struct buf *out)
{
	static const char from[] = "\\\"'trn", to[] = "\\\"'\t\r\n";
	const char *known = *r->p == '\0' ? NULL : strchr(from, *r->p);
	unsigned int c = 0;

	if (known != NULL) {
		buf_addc(out, to[known - from]);
		r->p++;
		return true;
	}
	if (*r->p == 'x') {
		if (!hex_decode(r->p + 1, strnlen(r->p + 1, 2), out) ||
		    r->p[1] == '\0')
			return false;
		r->p += 3;
		return true;
	}
	if (*r->p < '0' || *r->p > '7')
		return false;
	for (int i = 0; i < 3 && *r->p >= '0' && *r->p <= '7'; i++)
		c = c * 8 + (unsigned int)(*r->p++ - '0');
	buf_addc(out, (char)(unsigned char)c);
	return c > 0 && c < 256;
}

/* A text, after the quote that also ends it. */
static bool
take_text(struct reader *r, char quote, struct buf *out)
{
	while (*r->p != quote) {
		char c = *r->p;

		if (c == '\0')
			return false;
		r->p++;
		if (c != '\\')
			buf_addc(out, c);
		else if (!take_escaped(r, out))
			return false;
	}
	r->p++;
	return true;
}

static bool
take_number(struct reader *r, struct buf *out)
{
	size_t digits;

	if (take(r, '-'))
		buf_addc(out, '-');
	digits = strspn(r->p, "0123456789");
	buf_add(out, r->p, digits);
	r->p += digits;
	return digits > 0;
}

/* (The parts of a name are variables of 2.3 alone.) */
static void
set_variable(struct reader *r, struct argument *a, const char *name, size_t len)
{
	struct var_value v = { 0 };

	a->is = ARGUMENT_VARIABLE;
	a->unknown = !value_set(&v, r->x, name, len) ||
		     (len == 6 && memcmp(name, "domain", len) == 0) ||
		     (len == 8 && memcmp(name, "username", len) == 0);
	a->missing = v.missing;
	a->text = v.text;
}

/* A text in quotes, a variable, or a number. */
static bool
take_value(struct reader *r, struct argument *a)
{
	const char *name;
	size_t len;

	skip_blanks(r);
	if (*r->p == '\'' || *r->p == '"') {
		a->is = ARGUMENT_TEXT;
		return take_text(r, *r->p++, &a->text);
	}
	len = take_name(r, &name);
	if (len > 0) {
		set_variable(r, a, name, len);
		return true;
	}
	a->is = ARGUMENT_NUMBER;
	return take_number(r, &a->text);
}

/* "KEY=" is stepped over. */
static void
take_key(struct reader *r, struct argument *a)
{
	const char *start = r->p, *name;
	size_t len = take_name(r, &name);

	if (len > 0 && len < sizeof a->key && take(r, '=')) {
		memcpy(a->key, name, len);
		(void)str_lower(a->key);
	} else {
		r->p = start;
	}
}

/* What stands in parentheses, if anything does. */
static bool
take_arguments(struct reader *r)
{
	if (!take(r, '('))
		return true;
	do {
		struct argument *a = &r->call.arguments[r->call.n];

		if (r->call.n == ARGUMENTS_MAX)
			return false;
		r->call.n++;
		take_key(r, a);
		if (!take_value(r, a))
			return false;
	} while (take(r, ','));
	return take(r, ')');
}

/* A step that fails leaves no value, which "default" then sets; one that fails for
 * want of a value ends it all. */
static void
settle(struct reader *r, struct var_value *v, bool ok, bool wanting)
{
	if (!ok) {
		r->ended = wanting;
		r->failed |= !wanting;
		v->missing = true;
		buf_reset(&v->text);
	} else if (!v->missing) {
		r->failed = false;
	}
}

/* "+ 1" after a function. */
static bool
take_math(struct reader *r, struct var_value *v)
{
	char operator= * r->p;

	if (operator== '\0' || strchr("+-*/%", operator) == NULL)
		return true;
	(void)take(r, operator);
	call_reset(&r->call);
	r->call.n = 1;
	if (!take_value(r, &r->call.arguments[0]) ||
	    r->call.arguments[0].is == ARGUMENT_TEXT)
		return false;
	if (!r->ended)
		settle(
		    r, v, filter_calculate(v, operator, & r->call), v->missing);
	return !r->call.unknown;
}

/* A name with its arguments, and what is calculated with it: a variable, where it
 * is the first, or a function. False where it is not known, or wrongly written. */
static bool
take_filter(struct reader *r, struct var_value *v, bool first)
{
	const char *name;
	size_t len;

	call_reset(&r->call);
	skip_blanks(r);
	len = take_name(r, &name);
	if (len == 0 || !take_arguments(r))
		return false;
	if (!r->ended && !(first && value_set(v, r->x, name, len))) {
		bool wanting = v->missing;

		if (len >= sizeof r->call.name)
			return false;
		memcpy(r->call.name, name, len);
		v->missing |= first;
		settle(r, v, filter_apply(v, &r->call), wanting);
		if (r->call.unknown)
			return false;
	}
	skip_blanks(r);
	return take_math(r, v);
}

/* All of them, up to the brace. */
static bool
run(struct reader *r, struct var_value *v)
{
	bool first = true;

	do {
		if (!take_filter(r, v, first))
			return false;
		first = false;
	} while (take(r, '|'));
	if (r->failed || *r->p != '}')
		return false;
	r->p++;
	return true;
}

const char *
expression_read(struct expansion *x, const char *text, struct var_value *v)
{
	struct reader r = { .x = x, .p = text };
	bool ok = run(&r, v);

	call_reset(&r.call);
	if (ok && v->bytes) {
		struct buf hex = { 0 };

		hex_encode(buf_str(&v->text), v->text.len, &hex);
		buf_free(&v->text);
		v->text = hex;
	}
	return ok ? r.p : NULL;
}
