/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "source/dovecot/templates.h"

#include <stdlib.h>
#include <string.h>

#include "core/str.h"
#include "source/passwd/expand.h"

void
templates_free(struct templates *t)
{
	free(t->attributes.v);
	*t = (struct templates){ 0 };
}

static void
need(struct templates *t, const char *attribute)
{
	if (!strs_has(&t->attributes, attribute))
		strs_add(&t->attributes, attribute);
}

/* The kinds of variables that name a value of the answer. */
static const char *const kinds[] = {
	"ldap:", "ldap_multi:", "ldap_ptr:", "sql:"
};

/* Notes the attributes that a text names. */
static void
need_named(struct templates *t, struct arena *arena, const char *text)
{
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		const char *p = text;

		while ((p = strstr(p, kinds[i])) != NULL) {
			size_t len;

			p += strlen(kinds[i]);
			len = strcspn(p, ":|} ");
			if (len > 0)
				need(t, arena_add(arena, p, len));
		}
	}
}

static void
add(struct templates *t, struct arena *arena, const char *needs,
    const char *field, const char *text)
{
	struct template **tail = &t->first;
	struct template *made = arena_alloc(arena, sizeof *made);

	while (*tail != NULL)
		tail = &(*tail)->next;
	made->needs = needs;
	made->field = field;
	made->text = text;
	*tail = made;
	if (needs != NULL)
		need(t, needs);
	need_named(t, arena, text);
}

/* "attribute", "attribute=field", "attribute=field=text", "=field=text". */
static int
read_item(struct templates *t, struct arena *arena, char *item, struct why *why)
{
	char *attribute, *field;

	item = str_trim(item);
	if (*item == '\0')
		return 0;
	if (*item == '@' || *item == '!')
		return why_set(why, FAIL_FATAL,
		    "an attribute list has an item beginning with \"%c\", "
		    "which is not understood here",
		    *item);
	attribute = str_trim(str_cut(&item, '='));
	if (item == NULL) {
		need(t, attribute);
		return 0;
	}
	field = str_trim(str_cut(&item, '='));
	if (*field == '\0' || (item == NULL && *attribute == '\0'))
		return why_set(why, FAIL_FATAL,
		    "an attribute list has an item without a field");
	add(t, arena, *attribute == '\0' ? NULL : attribute, field,
	    item == NULL ? "%$" : item);
	return 0;
}

int
templates_read(
    struct templates *t, struct arena *arena, const char *list, struct why *why)
{
	char *rest = arena_adds(arena, list), *item;

	t->lenient = true;
	while ((item = str_cut(&rest, ',')) != NULL)
		if (read_item(t, arena, item, why) == -1)
			return -1;
	return 0;
}

void
templates_block(
    struct templates *t, struct arena *arena, const struct setting *block)
{
	if (block == NULL)
		return;
	for (const struct setting *s = block->child; s != NULL; s = s->next)
		if (s->value != NULL)
			add(t, arena, NULL, s->key, s->value);
}

/* --- fields --- */

struct applying {
	template_value *value;
	void *ctx;
	const char *needed; /* the value of "%$" */
	bool lenient;
	struct buf name; /* of the value that is asked for */
};

/* "$", "ldap:NAME" or "ldap:NAME:DEFAULT" (2.3). */
static bool
look_up(void *ctx, const char *name, const char **value)
{
	struct applying *a = ctx;
	const char *rest = NULL, *colon;

	if (strcmp(name, "$") == 0) {
		*value = a->needed;
		return true;
	}
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		if (str_starts(name, kinds[i]))
			rest = name + strlen(kinds[i]);
	if (rest == NULL)
		return false;
	colon = strchr(rest, ':');
	buf_reset(&a->name);
	buf_add(&a->name, rest,
	    colon == NULL ? strlen(rest) : (size_t)(colon - rest));
	*value = a->value(a->ctx, buf_str(&a->name));
	if (*value == NULL && (colon != NULL || a->lenient))
		*value = colon == NULL ? "" : colon + 1;
	return true;
}

static int
apply(const struct template *t, struct expansion *x, template_set *set,
    struct why *why)
{
	struct applying *a = x->ctx;
	struct buf out = { 0 };
	int r = 0;

	a->needed = t->needs == NULL ? NULL : a->value(a->ctx, t->needs);
	if (t->needs != NULL && a->needed == NULL)
		return 0;
	x->missing = false;
	if (!expansion_put(x, t->text, &out))
		r = why_set(why, FAIL_FATAL,
		    "the field \"%s\" has the variable %s, which is not known "
		    "here or which the user's name does not decide",
		    t->field, x->unknown);
	else if (!x->missing)
		set(a->ctx, t->field, buf_str(&out));
	buf_wipe(&out);
	return r;
}

int
templates_apply(const struct templates *t, const char *user, const char *login,
    template_value *value, template_set *set, void *ctx, struct why *why)
{
	struct applying a = {
		.value = value, .ctx = ctx, .lenient = t->lenient
	};
	struct expansion x = {
		.user = user, .login = login, .lookup = look_up, .ctx = &a
	};
	int r = 0;

	for (const struct template *one = t->first; one != NULL;
	     one = one->next) {
		if (apply(one, &x, set, r == -1 ? NULL : why) == 0)
			continue;
		if (!str_starts(one->field, "userdb_"))
			r = -1;
		else if (r == 0)
			r = 1;
	}
	buf_wipe(&a.name);
	return r;
}
