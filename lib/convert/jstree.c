/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "convert/jstree.h"

#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/str.h"

enum {
	/* How deep the members that are left may nest. */
	DEPTH_MAX = 32
};

int
js_parse(struct jstree *t, const char *json, size_t len, struct why *why)
{
	json_error_t e;
	json_t *root = json_loadb(json, len, JSON_REJECT_DUPLICATES, &e);

	*t = (struct jstree){ NULL, NULL, NULL };
	if (root == NULL)
		return why_set(why, FAIL_DATA, "not valid JSON: %s", e.text);
	if (!json_is_object(root)) {
		json_decref(root);
		return why_set(why, FAIL_DATA, "not a JSON object");
	}
	t->root = root;
	t->whole = json_deep_copy(root);
	t->taken = json_array();
	return 0;
}

void
js_copy(struct jstree *t, const json_t *object)
{
	t->root = json_deep_copy(object);
	t->whole = json_deep_copy(object);
	t->taken = json_array();
}

void
js_free(struct jstree *t)
{
	json_decref(t->root);
	json_decref(t->whole);
	json_decref(t->taken);
	*t = (struct jstree){ NULL, NULL, NULL };
}

static json_t *
take(struct jstree *t, json_t *obj, const char *name, json_t *value)
{
	(void)json_array_append(t->taken, value);
	(void)json_object_del(obj, name);
	return value;
}

json_t *
js_take(struct jstree *t, json_t *obj, const char *name, json_type type)
{
	json_t *value = json_object_get(obj, name);

	if (value == NULL || json_typeof(value) != type)
		return NULL;
	return take(t, obj, name, value);
}

bool
js_take_int(struct jstree *t, json_t *obj, const char *name, json_int_t *n)
{
	json_t *value = js_take(t, obj, name, JSON_INTEGER);

	*n = json_integer_value(value);
	return value != NULL;
}

bool
js_take_bool(struct jstree *t, json_t *obj, const char *name, bool *b)
{
	json_t *value = json_object_get(obj, name);

	if (!json_is_boolean(value))
		return false;
	*b = json_is_true(value);
	(void)take(t, obj, name, value);
	return true;
}

const char *
js_take_str(struct jstree *t, json_t *obj, const char *name)
{
	json_t *value = json_object_get(obj, name);
	const char *s = json_string_value(value);

	if (s == NULL || *s == '\0')
		return NULL;
	if (cl_clean(s))
		(void)take(t, obj, name, value);
	return s;
}

bool
js_take_word(
    struct jstree *t, json_t *obj, const char *name, const char *wanted)
{
	const char *s = js_peek_str(obj, name);

	if (s == NULL || strcmp(s, wanted) != 0)
		return false;
	(void)json_object_del(obj, name);
	(void)t;
	return true;
}

json_t *
js_object(json_t *obj, const char *name)
{
	json_t *value = json_object_get(obj, name);

	return json_is_object(value) ? value : NULL;
}

const char *
js_peek_str(const json_t *obj, const char *name)
{
	return json_string_value(json_object_get(obj, name));
}

/* --- pointers (RFC 6901) --- */

/* Unescapes one part of a pointer in place. */
static void
unescape_part(char *s)
{
	char *to = s;

	for (; *s != '\0'; s++) {
		if (*s == '~' && (s[1] == '0' || s[1] == '1'))
			*to++ = *++s == '0' ? '~' : '/';
		else
			*to++ = *s;
	}
	*to = '\0';
}

static void
add_part(struct buf *path, const char *part)
{
	if (path->len > 0)
		buf_addc(path, '/');
	for (; *part != '\0'; part++) {
		if (*part == '~')
			buf_adds(path, "~0");
		else if (*part == '/')
			buf_adds(path, "~1");
		else
			buf_addc(path, *part);
	}
}

static bool
patch_one(json_t *object, const char *pointer, json_t *value)
{
	char *text = xstrdup(*pointer == '/' ? pointer + 1 : pointer);
	char *rest = text, *part;
	bool ok = false;

	for (;;) {
		part = str_cut(&rest, '/');
		unescape_part(part);
		if (rest == NULL)
			break;
		object = json_object_get(object, part);
		if (!json_is_object(object))
			goto out;
	}
	ok = true;
	if (json_is_null(value))
		(void)json_object_del(object, part);
	else
		ok = json_object_set_new(object, part, json_deep_copy(value)) ==
		     0;
out:
	free(text);
	return ok;
}

bool
js_patch(json_t *object, const json_t *patch)
{
	void *i = json_object_iter((json_t *)(uintptr_t)patch);
	bool ok = true;

	while (i != NULL) {
		ok = patch_one(object, json_object_iter_key(i),
			 json_object_iter_value(i)) &&
		     ok;
		i = json_object_iter_next((json_t *)(uintptr_t)patch, i);
	}
	return ok;
}

/* --- what is left --- */

struct walk {
	struct buf path;
	void (*each)(void *arg, const char *pointer, const json_t *value);
	void *arg;
};

static void
walk_left(struct walk *w, json_t *now, json_t *whole, int depth)
{
	const char *name;
	json_t *value, *was;

	json_object_foreach (now, name, value) {
		size_t len = w->path.len;

		was = json_object_get(whole, name);
		add_part(&w->path, name);
		/* A member that is null is not there (RFC 8984, 1.4.9). */
		if (strcmp(name, "@type") == 0 ||
		    (depth == 0 && json_is_null(value)))
			;
		else if (depth == DEPTH_MAX || !json_is_object(value) ||
			 json_equal(value, was))
			w->each(w->arg, buf_str(&w->path), value);
		else
			walk_left(w, value, was, depth + 1);
		w->path.len = len;
		if (w->path.data != NULL)
			w->path.data[len] = '\0';
	}
}

void
js_left(const struct jstree *t,
    void (*each)(void *arg, const char *pointer, const json_t *value),
    void *arg)
{
	struct walk w = { .each = each, .arg = arg };

	walk_left(&w, t->root, t->whole, 0);
	buf_free(&w.path);
}

void
js_text(struct buf *out, const json_t *value)
{
	char *text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);

	/* The one control character that JSON does not escape. */
	for (const char *s = text; s != NULL && *s != '\0'; s++) {
		if (*s == 0x7f)
			buf_adds(out, "\\u007f");
		else
			buf_addc(out, *s);
	}
	free(text);
}
