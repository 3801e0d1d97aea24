/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * The short way of an object from the plan to the request: its text is copied,
 * the references in it replaced, and no tree is made of it. A tree is made of
 * what the server refuses. The text is JSON that the reader of the plan has
 * checked; one with an escape in it goes the long way.
 */
#include "apply/splice.h"

#include <stdlib.h>
#include <string.h>

#include "apply/language.h"
#include "apply/references.h"
#include "core/buf.h"
#include "core/json.h"

enum {
	NAME_MAX_LEN = 64
};

struct text {
	const char *at;
	size_t len;
};

struct copy {
	struct apply *a;
	struct apply_op *op;
	struct raw *raw;
	const char *run; /* what is not copied yet begins here */
	struct text names[JR_DEPTH_MAX + 1]; /* the member at each depth */
	size_t depth;
};

static bool
is_text(struct text t, const char *s)
{
	return strlen(s) == t.len && memcmp(t.at, s, t.len) == 0;
}

/* Whether the strings under this member are ids. */
static bool
is_id(struct text member)
{
	char name[NAME_MAX_LEN];

	if (member.len == 0 || member.len >= sizeof name)
		return false;
	memcpy(name, member.at, member.len);
	name[member.len] = '\0';
	return plan_is_id_member(name);
}

/* Puts the id in the place of a reference, in the text and in *t. False where
 * it leads nowhere. */
static bool
replace(struct copy *c, struct text *t)
{
	char ref[512];
	const char *id = NULL;
	struct why why;

	if (t->len >= sizeof ref)
		return false;
	memcpy(ref, t->at, t->len);
	ref[t->len] = '\0';
	if (apply_resolve_ref(c->a, ref, &id, &why) != 1)
		return false;
	buf_add(&c->raw->text, c->run, (size_t)(t->at - c->run));
	buf_adds(&c->raw->text, id);
	c->run = t->at + t->len;
	*t = (struct text){ id, strlen(id) };
	return true;
}

/* A member of the object itself: what the caller wants to know of it. */
static bool
note_member(struct copy *c, struct text member, struct text value)
{
	if (is_text(member, "@type"))
		return is_text(value, c->op->variant);
	if (is_text(member, "name"))
		buf_add(&c->raw->name, value.at, value.len);
	else if (is_text(member, "domainId"))
		buf_add(&c->raw->domain, value.at, value.len);
	return true;
}

/* A member that the server sets is not sent, and what is said in words of its
 * own is changed: both need a tree. */
static bool
may_be_sent(const struct copy *c, struct text member)
{
	char name[NAME_MAX_LEN];

	if (member.len >= sizeof name)
		return false;
	memcpy(name, member.at, member.len);
	name[member.len] = '\0';
	return member_update(c->op->members, name) != MEMBER_SERVER_SET &&
	       !language_member(name);
}

static bool
take_string(struct copy *c, struct text t, bool key)
{
	struct text member = c->names[c->depth],
		    outer = c->depth > 0 ? c->names[c->depth - 1] : t;
	bool ref = t.len > 1 && *t.at == '#';

	if (key) {
		c->names[c->depth] = t;
		if (c->depth == 1 && !may_be_sent(c, t))
			return false;
		return !ref || c->depth < 2 || !is_id(outer) || replace(c, &t);
	}
	if (ref && is_id(member) && !replace(c, &t))
		return false;
	return c->depth != 1 || note_member(c, member, t);
}

static bool
copy_text(struct copy *c, const char *at, const char *end)
{
	for (; at < end; at++) {
		const char *close, *next;

		if (*at == '{' || *at == '[') {
			if (++c->depth > JR_DEPTH_MAX)
				return false;
			c->names[c->depth] = c->names[c->depth - 1];
		} else if (*at == '}' || *at == ']') {
			c->depth--;
		} else if (*at == '"') {
			close = memchr(at + 1, '"', (size_t)(end - at - 1));
			if (close == NULL)
				return false;
			next = close + 1;
			while (next < end && strchr(" \t\r\n", *next) != NULL)
				next++;
			if (!take_string(c,
				(struct text){
				    at + 1, (size_t)(close - at - 1) },
				next < end && *next == ':'))
				return false;
			at = close;
		} else if ((strchr(".eE", *at) != NULL &&
			       strchr("0123456789", at[-1]) != NULL) ||
			   (*at == '-' && at[1] == '0')) {
			/* Such a number may be a whole one, or -0, and be sent
			 * so. */
			return false;
		}
	}
	buf_add(&c->raw->text, c->run, (size_t)(end - c->run));
	return true;
}

bool
raw_copy(struct apply *a, struct apply_op *op, const char *text, size_t len,
    struct raw *raw)
{
	struct copy c = { .a = a, .op = op, .raw = raw, .run = text };

	/* What its members are is known from the object before. */
	if (op->variant == NULL || memchr(text, '\\', len) != NULL)
		return false;
	buf_reset(&raw->text);
	buf_reset(&raw->name);
	buf_reset(&raw->domain);
	return copy_text(&c, text, text + len) && raw->name.len != 0 &&
	       raw->domain.len != 0;
}
