/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "source/expand.h"

#include <stdlib.h>
#include <string.h>

#include "core/str.h"
#include "record/address.h"

/* A value on its way through the modifiers of a variable. */
struct value {
	struct buf text;
	bool whole;   /* the user's name, which has parts */
	bool missing; /* looked up, and not there */
};

/* What a login over IMAP, with TLS and from this host, says of itself: what a
 * directory answers to it is what counts for a mailbox. */
static const struct {
	char letter;
	const char *name, *name24;
	const char *value; /* NULL: of the user's name */
} variables[] = { { 'u', "user", "user", NULL },
	{ 'n', "username", "username", NULL },
	{ 'd', "domain", "domain", NULL },
	{ 's', "service", "protocol", "imap" },
	{ 'l', "lip", "local_ip", "127.0.0.1" },
	{ 'r', "rip", "remote_ip", "127.0.0.1" },
	{ 'c', "secured", "secured", "secured" },
	{ 'm', "mech", "mechanism", "PLAIN" } };

enum {
	VARIABLES = sizeof variables / sizeof *variables
};

/* Sets a part of the name: user, username, domain. */
static void
set_part(struct value *v, const char *user, char part)
{
	const char *domain = address_domain(user);

	v->whole = part == 'u';
	if (part == 'u' || (part == 'n' && domain == NULL))
		buf_adds(&v->text, user);
	else if (part == 'n')
		buf_add(&v->text, user, (size_t)(domain - 1 - user));
	else if (domain != NULL)
		buf_adds(&v->text, domain);
}

static void
set_variable(struct value *v, const char *user, size_t i)
{
	if (variables[i].value != NULL)
		buf_adds(&v->text, variables[i].value);
	else
		set_part(v, user, variables[i].letter);
}

/* A variable that the caller knows. */
static bool
look_up(struct expansion *x, const char *name, size_t len, struct value *v)
{
	struct buf full = { 0 };
	const char *value = NULL;
	bool known;

	if (x->lookup == NULL)
		return false;
	buf_add(&full, name, len);
	known = x->lookup(x->ctx, buf_str(&full), &value);
	v->missing = known && value == NULL;
	if (value != NULL)
		buf_adds(&v->text, value);
	buf_free(&full);
	return known;
}

/* --- modifiers --- */

static void
fold(struct buf *b, bool upper)
{
	char from = upper ? 'a' : 'A';

	for (size_t i = 0; i < b->len; i++)
		if (b->data[i] >= from && b->data[i] <= from + 25)
			b->data[i] ^= 'a' ^ 'A';
}

static void
reverse(struct buf *b)
{
	for (size_t i = 0; i < b->len / 2; i++) {
		char c = b->data[i];

		b->data[i] = b->data[b->len - 1 - i];
		b->data[b->len - 1 - i] = c;
	}
}

/* "one.test" becomes "one,dc=test". */
static void
make_dc(struct buf *b)
{
	struct buf out = { 0 };

	for (size_t i = 0; i < b->len; i++) {
		if (b->data[i] == '.')
			buf_adds(&out, ",dc=");
		else
			buf_addc(&out, b->data[i]);
	}
	buf_free(b);
	*b = out;
}

/* Cuts to width bytes from an offset on; a negative one counts from the end.
 * A width of 0 is no limit. */
static void
cut(struct buf *b, long offset, long width)
{
	size_t from, len;

	if (offset < 0)
		from = b->len < (size_t)-offset ? 0 : b->len - (size_t)-offset;
	else
		from = (size_t)offset < b->len ? (size_t)offset : b->len;
	len = b->len - from;
	if (width > 0 && (size_t)width < len)
		len = (size_t)width;
	if (b->data == NULL)
		return;
	memmove(b->data, b->data + from, len);
	b->data[len] = '\0';
	b->len = len;
}

static bool
modify(struct buf *b, char modifier)
{
	switch (modifier) {
	case 'L':
	case 'U':
		fold(b, modifier == 'U');
		return true;
	case 'R':
		reverse(b);
		return true;
	case 'T':
		while (b->len > 0 && strchr(" \t", b->data[b->len - 1]) != NULL)
			b->data[--b->len] = '\0';
		return true;
	case 'D':
		make_dc(b);
		return true;
	default:
		return false;
	}
}

/* --- the two grammars --- */

/* "[offset.]width" of 2.3, a sign in front of the offset. */
static const char *
read_width(const char *p, long *offset, long *width)
{
	char *end;

	*offset = *width = 0;
	if (*p != '-' && (*p < '0' || *p > '9'))
		return p;
	*width = strtol(p, &end, 10);
	if (*end != '.')
		return end;
	*offset = *width;
	*width = strtol(end + 1, &end, 10);
	return end;
}

/*
 * "%u", "%Ld", "%1.1Un", "%L{user}": modifiers, then a letter or a name in
 * braces. The position behind it; NULL for another. (Dovecot 2.3,
 * src/lib/var-expand.c.)
 */
static const char *
read_short(const char *p, struct expansion *x, struct value *v)
{
	const char *modifiers;
	size_t n, len, i;
	long offset, width;

	p = read_width(p, &offset, &width);
	modifiers = p;
	n = strspn(p, "LURTD");
	p += n;
	len = *p == '{' ? strcspn(p, "}") : 0;
	if (*p == '\0' || p[len] == '\0')
		return NULL;
	for (i = 0; i < VARIABLES; i++)
		if (len == 0
			? *p == variables[i].letter
			: strlen(variables[i].name) == len - 1 &&
			      strncmp(p + 1, variables[i].name, len - 1) == 0)
			break;
	if (i < VARIABLES)
		set_variable(v, x->user, i);
	else if (!look_up(x, len == 0 ? p : p + 1, len == 0 ? 1 : len - 1, v))
		return NULL;
	for (size_t m = 0; m < n; m++)
		(void)modify(&v->text, modifiers[m]);
	cut(&v->text, offset, width);
	return p + len + 1;
}

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

/* default('text') of 2.4, in either kind of quotes. */
static bool
set_default(struct value *v, const char *w, size_t len)
{
	static const char start[] = "default(";
	size_t n = sizeof start - 1;

	if (len < n + 3 || memcmp(w, start, n) != 0 || w[len - 1] != ')' ||
	    (w[n] != '\'' && w[n] != '"') || w[len - 2] != w[n])
		return false;
	if (v->text.len == 0)
		buf_add(&v->text, w + n + 1, len - n - 3);
	v->missing = false;
	return true;
}

/* A filter of 2.4. A part is taken of the whole name only. */
static bool
filter(struct value *v, const char *w, size_t len)
{
	char *user;

	if (set_default(v, w, len))
		return true;

	if (is_word(w, len, "lower") || is_word(w, len, "upper"))
		return modify(&v->text, *w == 'l' ? 'L' : 'U');
	if (is_word(w, len, "reverse"))
		return modify(&v->text, 'R');
	if (!v->whole ||
	    !(is_word(w, len, "username") || is_word(w, len, "domain")))
		return false;
	user = v->text.data;
	v->text = (struct buf){ 0 };
	set_part(v, user == NULL ? "" : user, *w == 'u' ? 'n' : 'd');
	free(user);
	return true;
}

/* "%{user}" of both, "%{user | domain | lower}" of 2.4. */
static const char *
read_long(const char *p, struct expansion *x, struct value *v)
{
	const char *end = strchr(p, '}'), *at = p + 1, *w;
	size_t len, i;

	if (end == NULL)
		return NULL;
	len = word(&at, end, &w);
	for (i = 0; i < VARIABLES; i++)
		if (is_word(w, len, variables[i].name) ||
		    is_word(w, len, variables[i].name24))
			break;
	if (i < VARIABLES)
		set_variable(v, x->user, i);
	else if (!look_up(x, w, len, v))
		return NULL;
	while (at < end) {
		len = word(&at, end, &w);
		if (!filter(v, w, len))
			return NULL;
	}
	return end + 1;
}

bool
expand(struct expansion *x, const char *text, struct buf *out)
{
	const char *p = text;

	while (*p != '\0') {
		size_t plain = strcspn(p, "%");
		struct value v = { 0 };

		buf_add(out, p, plain);
		p += plain;
		if (*p == '\0')
			break;
		p++;
		if (*p == '%') {
			buf_addc(out, *p++);
			continue;
		}
		p = *p == '{' ? read_long(p, x, &v) : read_short(p, x, &v);
		x->missing |= v.missing;
		if (p != NULL && x->escape != NULL)
			x->escape(x->ctx, buf_str(&v.text), v.text.len, out);
		else if (p != NULL)
			buf_add(out, buf_str(&v.text), v.text.len);
		buf_free(&v.text);
		if (p == NULL)
			return false;
	}
	return true;
}

bool
expand_user(const char *text, const char *user, struct buf *out)
{
	struct expansion x = { .user = user };

	return expand(&x, text, out);
}
