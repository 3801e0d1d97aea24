/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "archive/jstree.h"

#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/str.h"

enum {
	/* Pointers and jCal components may nest so deep. */
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
		if (strcmp(name, "@type") == 0)
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

/* --- jCal --- */

static void
scalar_text(const json_t *value, struct buf *out)
{
	if (json_is_string(value))
		buf_adds(out, json_string_value(value));
	else
		js_text(out, value);
}

void
js_jcal_params(
    struct contentline *l, const json_t *params, const char *const *skip)
{
	void *i = json_object_iter((json_t *)(uintptr_t)params);

	for (; i != NULL;
	     i = json_object_iter_next((json_t *)(uintptr_t)params, i)) {
		const char *name = json_object_iter_key(i);
		json_t *value = json_object_iter_value(i);
		bool wanted = cl_is_name(name) && !json_is_object(value);

		for (const char *const *s = skip; s != NULL && *s != NULL; s++)
			if (str_eq_nocase(*s, name))
				wanted = false;
		if (!wanted)
			continue;
		for (size_t k = 0;
		     k < (json_is_array(value) ? json_array_size(value) : 1);
		     k++) {
			struct buf text = { 0 };

			scalar_text(json_is_array(value)
					? json_array_get(value, k)
					: value,
			    &text);
			if (k == 0)
				cl_param(l, name, buf_str(&text));
			else
				cl_param_more(l, buf_str(&text));
			buf_free(&text);
		}
	}
}

/* RFC 7265, 3.6: dates and times have the extended form there. */
static void
compact_time(const char *s, struct buf *out)
{
	for (; *s != '\0'; s++)
		if (*s != ':' && (*s != '-' || s[1] == '-'))
			buf_addc(out, *s);
}

/* RECUR is an object: {"freq": "DAILY", "byday": ["MO"]}. */
static void
recur_text(const json_t *value, struct buf *out)
{
	void *i = json_object_iter((json_t *)(uintptr_t)value);

	for (; i != NULL;
	     i = json_object_iter_next((json_t *)(uintptr_t)value, i)) {
		json_t *v = json_object_iter_value(i);
		size_t n = json_is_array(v) ? json_array_size(v) : 1;

		if (out->len > 0)
			buf_addc(out, ';');
		for (const char *s = json_object_iter_key(i); *s != '\0'; s++)
			buf_addc(out, *s >= 'a' && *s <= 'z'
					  ? (char)(*s - 'a' + 'A')
					  : *s);
		buf_addc(out, '=');
		for (size_t k = 0; k < n; k++) {
			struct buf part = { 0 };

			scalar_text(
			    json_is_array(v) ? json_array_get(v, k) : v, &part);
			if (k > 0)
				buf_addc(out, ',');
			if (str_eq_nocase(json_object_iter_key(i), "until"))
				compact_time(buf_str(&part), out);
			else
				buf_adds(out, buf_str(&part));
			buf_free(&part);
		}
	}
}

/* Whether values of the type are TEXT, in which separators are escaped. */
static bool
is_text_type(const char *type)
{
	static const char *const others[] = { "binary", "boolean",
		"cal-address", "date", "date-time", "date-and-or-time",
		"duration", "float", "integer", "language-tag", "period",
		"recur", "time", "timestamp", "uri", "utc-offset" };

	for (size_t i = 0; i < sizeof others / sizeof *others; i++)
		if (strcmp(type, others[i]) == 0)
			return false;
	return true;
}

/* Properties that are dates unless VALUE says text. */
static bool
is_date_name(const char *name)
{
	return str_eq_nocase(name, "bday") ||
	       str_eq_nocase(name, "anniversary") ||
	       str_eq_nocase(name, "deathdate");
}

static void
jcal_value(struct contentline *l, const char *type, const json_t *value)
{
	struct buf text = { 0 };

	if (json_is_object(value) && strcmp(type, "recur") == 0) {
		recur_text(value, &text);
	} else if (json_is_array(value)) {
		/* A structured value: N, ADR, ORG, GEO, REQUEST-STATUS; or a
		 * period, ["start", "end"]. */
		for (size_t i = 0; i < json_array_size(value); i++) {
			if (i > 0)
				cl_raw(
				    l, strcmp(type, "period") == 0 ? "/" : ";");
			jcal_value(l,
			    strcmp(type, "period") == 0 ? "date-time" : type,
			    json_array_get(value, i));
		}
		return;
	} else if (strcmp(type, "date") == 0 ||
		   strcmp(type, "date-time") == 0 ||
		   strcmp(type, "timestamp") == 0 ||
		   strcmp(type, "time") == 0) {
		struct buf time = { 0 };

		scalar_text(value, &time);
		compact_time(buf_str(&time), &text);
		buf_free(&time);
	} else {
		scalar_text(value, &text);
	}
	if (is_text_type(type))
		cl_text(l, buf_str(&text));
	else
		cl_raw(l, buf_str(&text));
	buf_free(&text);
}

/* How deep arrays and objects nest in a value. */
static int
nesting(const json_t *value, int limit)
{
	int deepest = 0;
	const char *name;
	json_t *v;
	size_t i;

	if (limit == 0)
		return 1;
	if (json_is_array(value)) {
		json_array_foreach (value, i, v) {
			int n = nesting(v, limit - 1);

			deepest = n > deepest ? n : deepest;
		}
		return deepest + 1;
	}
	if (!json_is_object(value))
		return 0;
	json_object_foreach ((json_t *)(uintptr_t)value, name, v) {
		int n = nesting(v, limit - 1);

		deepest = n > deepest ? n : deepest;
	}
	return deepest + 1;
}

bool
js_jcal_property(struct contentline *l, const json_t *p)
{
	static const char *const skip[] = { "group", NULL };
	const char *name = json_string_value(json_array_get(p, 0));
	const char *type = json_string_value(json_array_get(p, 2));
	const json_t *params = json_array_get(p, 1);
	const char *group = js_peek_str(params, "group");

	if (name == NULL || !cl_is_name(name) || type == NULL ||
	    !json_is_object(params) || json_array_size(p) < 4 ||
	    nesting(p, DEPTH_MAX) == DEPTH_MAX)
		return false;
	cl_begin(l, group != NULL && cl_is_name(group) ? group : NULL, name);
	js_jcal_params(l, params, skip);
	/* jCal leaves VALUE out, because the type says it. */
	if (strcmp(type, "unknown") != 0 &&
	    (!is_text_type(type) || is_date_name(name)))
		cl_param(l, "VALUE", type);
	if (strcmp(type, "binary") == 0)
		cl_param(l, "ENCODING", "BASE64");
	cl_colon(l);
	for (size_t i = 3; i < json_array_size(p); i++) {
		if (i > 3)
			cl_raw(l, ",");
		/* The raw text of a property that nobody knows. */
		if (strcmp(type, "unknown") == 0 &&
		    json_is_string(json_array_get(p, i)))
			cl_raw(l, json_string_value(json_array_get(p, i)));
		else
			jcal_value(l, type, json_array_get(p, i));
	}
	cl_end(l);
	return true;
}

static bool
is_component(const json_t *c, int depth)
{
	const char *name = json_string_value(json_array_get(c, 0));
	const json_t *inner = json_array_get(c, 2);
	const json_t *v;
	size_t i;

	if (depth == 0 || name == NULL || !cl_is_name(name) ||
	    !json_is_array(json_array_get(c, 1)) || !json_is_array(inner))
		return false;
	json_array_foreach (inner, i, v)
		if (!is_component(v, depth - 1))
			return false;
	return true;
}

static void
write_component(struct contentline *l, const json_t *c)
{
	char *name = xstrdup(json_string_value(json_array_get(c, 0)));
	const json_t *v;
	size_t i;

	for (char *s = name; *s != '\0'; s++)
		if (*s >= 'a' && *s <= 'z')
			*s = (char)(*s - 'a' + 'A');
	cl_line(l, "BEGIN", name);
	json_array_foreach (json_array_get(c, 1), i, v)
		(void)js_jcal_property(l, v);
	json_array_foreach (json_array_get(c, 2), i, v)
		write_component(l, v);
	cl_line(l, "END", name);
	free(name);
}

bool
js_jcal_component(struct contentline *l, const json_t *c)
{
	if (!is_component(c, DEPTH_MAX))
		return false;
	write_component(l, c);
	return true;
}

/* --- data: URIs (RFC 2397) --- */

static int
base64_digit(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' || c == '-' ? 62 : c == '/' || c == '_' ? 63 : -1;
}

static int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static bool
decode_base64(const char *s, struct buf *out)
{
	unsigned int n = 0;
	int bits = 0;

	for (; *s != '\0' && *s != '='; s++) {
		int d = base64_digit(*s);

		if (d == -1)
			return false;
		n = (n << 6 | (unsigned int)d) & 0xffff;
		bits += 6;
		if (bits >= 8) {
			bits -= 8;
			buf_addc(out, (char)(n >> bits & 0xff));
		}
	}
	return s[strspn(s, "=")] == '\0';
}

static void
decode_percent(const char *s, struct buf *out)
{
	for (; *s != '\0'; s++) {
		int high = *s == '%' ? hex_digit(s[1]) : -1;
		int low = high == -1 ? -1 : hex_digit(s[2]);

		if (low == -1) {
			buf_addc(out, *s);
			continue;
		}
		buf_addc(out, (char)(high * 16 + low));
		s += 2;
	}
}

bool
js_data_uri(const char *uri, struct buf *bytes, struct buf *type)
{
	const char *comma, *end;

	if (!str_starts_nocase(uri, "data:"))
		return false;
	uri += 5;
	comma = strchr(uri, ',');
	if (comma == NULL)
		return false;
	end = uri + strcspn(uri, ";,");
	buf_add(type, uri, (size_t)(end - uri));
	if (comma - uri >= 7 && strncmp(comma - 7, ";base64", 7) == 0)
		return decode_base64(comma + 1, bytes);
	decode_percent(comma + 1, bytes);
	return true;
}
