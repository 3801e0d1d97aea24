/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* Reading objects by id, many in a request; and the ids of all of a type. */
#include "jmap/fetch.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/str.h"
#include "jmap/member.h"

void
fetch_want(struct fetch *f, const char *object, const char *id)
{
	if (f->wanted == NULL)
		f->wanted = json_array();
	(void)json_array_append_new(
	    f->wanted, json_pack("{s:s, s:s}", "object", object, "id", id));
}

void
fetch_member(struct fetch *f, const char *name)
{
	if (f->members == NULL)
		f->members = json_object();
	(void)json_object_set_new(f->members, name, json_true());
}

void
fetch_clear(struct fetch *f)
{
	json_decref(f->wanted);
	json_decref(f->members);
	json_decref(f->found);
	*f = (struct fetch){ .wanted = NULL };
}

/* The arguments of one get: the wanted from *at on that are of one type, at
 * most max. New; *at is moved, *object is the type. */
static json_t *
get_args(const struct fetch *f, size_t *at, size_t max, const char **object)
{
	json_t *ids = json_array(), *properties = json_array(), *v;
	const char *name;

	*object = jmap_text(json_array_get(f->wanted, *at), "object");
	for (; *at < json_array_size(f->wanted) && json_array_size(ids) < max;
	     ++*at) {
		const json_t *one = json_array_get(f->wanted, *at);

		if (strcmp(jmap_text(one, "object"), *object) != 0)
			break;
		(void)json_array_append(ids, json_object_get(one, "id"));
	}
	json_object_foreach (f->members, name, v)
		(void)json_array_append_new(properties, json_string(name));
	return json_pack("{s:o, s:o}", "ids", ids, "properties", properties);
}

bool
fetch_fill(struct jmap *j, struct fetch *f, struct jmap_request *r)
{
	if (f->sent >= json_array_size(f->wanted))
		return false;
	f->from = f->sent;
	jmap_begin(r, JMAP_REGISTRY);
	while (
	    f->sent < json_array_size(f->wanted) && r->calls < j->max_calls) {
		const char *object;
		json_t *args = get_args(f, &f->sent, j->max_get, &object);
		char *method = xasprintf("x:%s/get", object);

		jmap_add_json(r, method, args);
		free(method);
	}
	return true;
}

static void
keep(json_t *to, const char *object, const char *id, json_t *item)
{
	char *key;

	if (id == NULL)
		return;
	key = xasprintf("%s/%s", object, id);
	(void)json_object_set(to, key, item);
	free(key);
}

/* Whether the last request was answered for each object: found, or said not to
 * be there. gone holds the latter, as found does. */
static int
all_answered(const struct fetch *f, const json_t *gone, struct why *why)
{
	for (size_t i = f->from; i < f->sent; i++) {
		const json_t *one = json_array_get(f->wanted, i);
		char *key = xasprintf(
		    "%s/%s", jmap_text(one, "object"), jmap_text(one, "id"));
		bool there = json_object_get(f->found, key) != NULL ||
			     json_object_get(gone, key) != NULL;

		free(key);
		if (!there)
			return why_set(why, FAIL_TEMP,
			    "x:%s/get: the answer leaves out objects that "
			    "were asked for",
			    jmap_text(one, "object"));
	}
	return 0;
}

int
fetch_take(struct fetch *f, const struct jmap_request *r, struct why *why)
{
	json_t *gone = json_object();
	int result = 0;

	if (f->found == NULL)
		f->found = json_object();
	for (size_t i = 0; result == 0 && i < r->calls; i++) {
		const char *name = json_string_value(
		    json_array_get(json_array_get(r->answers, i), 0));
		char object[64] = "";
		json_t *answer, *item;
		size_t k;

		if (jmap_answer(r, i, NULL, &answer, why) != JMAP_OK) {
			result = -1;
			break;
		}
		if (str_starts(name, "x:") && strchr(name, '/') != NULL)
			(void)snprintf(object, sizeof object, "%.*s",
			    (int)(strchr(name, '/') - name - 2), name + 2);
		json_array_foreach (json_object_get(answer, "list"), k, item)
			keep(f->found, object, jmap_text(item, "id"), item);
		json_array_foreach (
		    json_object_get(answer, "notFound"), k, item)
			keep(gone, object, json_string_value(item), item);
	}
	if (result == 0)
		result = all_answered(f, gone, why);
	json_decref(gone);
	return result;
}

const json_t *
fetch_found(const struct fetch *f, const char *object, const char *id)
{
	char *key = xasprintf("%s/%s", object, id);
	const json_t *v = json_object_get(f->found, key);

	free(key);
	return v;
}

int
fetch_all(struct jmap *j, struct fetch *f, struct why *why)
{
	struct jmap_request r = { .repeat = true };
	int result = 0;

	while (result == 0 && fetch_fill(j, f, &r)) {
		if (jmap_run(j, &r) == JMAP_OK) {
			result = fetch_take(f, &r, why);
		} else {
			*why = r.why;
			result = -1;
		}
	}
	jmap_clear(&r);
	return result;
}

/* --- ids --- */

/*
 * A page of a query. The total in each keeps the server from cutting off the
 * oldest page first and turning it round, which loses the rest (the paging trap
 * that stalwart-cli 1.0.12 mended).
 */
static void
add_page(struct jmap_request *r, const char *method, const json_t *filter,
    size_t position, size_t limit)
{
	json_t *call =
	    json_pack("{s:I, s:I, s:b}", "position", (json_int_t)position,
		"limit", (json_int_t)limit, "calculateTotal", 1);

	if (filter != NULL)
		(void)json_object_set(
		    call, "filter", (json_t *)(uintptr_t)filter);
	jmap_add_json(r, method, call);
}

/* Takes the ids of all pages of an answer; objects that were created meanwhile
 * move others to the next page, so that an id may come twice. */
static int
take_pages(const struct jmap_request *r, const char *method, json_t *seen,
    json_t *ids, size_t *total, struct why *why)
{
	for (size_t i = 0; i < r->calls; i++) {
		json_t *answer, *id;
		size_t k;

		if (jmap_answer(r, i, method, &answer, why) != JMAP_OK)
			return -1;
		*total = (size_t)json_integer_value(
		    json_object_get(answer, "total"));
		json_array_foreach (json_object_get(answer, "ids"), k, id) {
			const char *s = json_string_value(id);

			if (s == NULL || json_object_get(seen, s) != NULL)
				continue;
			(void)json_object_set_new(seen, s, json_true());
			(void)json_array_append(ids, id);
		}
	}
	return 0;
}

/* All pages, once; 0 or -1 and why. *total: how many there should be. A request
 * that brings no new id is the last one, whatever the server counts. */
static int
read_pages(struct jmap *j, const char *method, const json_t *filter,
    json_t *ids, size_t *total, struct why *why)
{
	struct jmap_request r = { .repeat = true };
	json_t *seen = json_object();
	size_t at = 0, limit = j->max_get;
	bool more = true;
	int result = 0;

	*total = 1;
	while (result == 0 && more && at < *total) {
		/* The first page says how many there are. */
		size_t max = at == 0 ? 1 : j->max_calls;
		size_t before = json_array_size(ids);

		jmap_begin(&r, JMAP_REGISTRY);
		for (; r.calls < max && at < *total; at += limit)
			add_page(&r, method, filter, at, limit);
		if (jmap_run(j, &r) == JMAP_OK) {
			result = take_pages(&r, method, seen, ids, total, why);
		} else {
			*why = r.why;
			result = -1;
		}
		more = json_array_size(ids) > before;
	}
	json_decref(seen);
	jmap_clear(&r);
	return result;
}

json_t *
fetch_ids(
    struct jmap *j, const char *object, const json_t *filter, struct why *why)
{
	enum {
		TRIES = 3 /* while others destroy objects meanwhile */
	};
	char *method = xasprintf("x:%s/query", object);
	json_t *ids = NULL;
	size_t total = 0;
	int r = 0;

	for (int i = 0; i < TRIES && r == 0; i++) {
		json_decref(ids);
		ids = json_array();
		r = read_pages(j, method, filter, ids, &total, why);
		if (json_array_size(ids) >= total)
			break;
	}
	if (r == 0 && json_array_size(ids) < total)
		r = why_set(why, FAIL_TEMP,
		    "%s: the server counts %zu objects and gives %zu", method,
		    total, json_array_size(ids));
	free(method);
	if (r == -1) {
		json_decref(ids);
		return NULL;
	}
	return ids;
}

/* Reads the objects of the ids from *at on, as many as a request takes, and
 * hands them over: 0, or -1 and why. */
static int
each_of(struct jmap *j, const char *object, const json_t *ids, size_t *at,
    struct fetch *f, void (*take)(void *arg, const json_t *object), void *arg,
    struct why *why)
{
	size_t end = *at + j->max_get * j->max_calls;
	const char *key;
	json_t *v;

	for (; *at < json_array_size(ids) && *at < end; ++*at)
		fetch_want(
		    f, object, json_string_value(json_array_get(ids, *at)));
	if (fetch_all(j, f, why) == -1)
		return -1;
	json_object_foreach (f->found, key, v)
		take(arg, v);
	return 0;
}

int
fetch_each(struct jmap *j, const char *object, const json_t *filter,
    const char *const *members, void (*take)(void *arg, const json_t *object),
    void *arg, struct why *why)
{
	json_t *ids = fetch_ids(j, object, filter, why);
	int r = ids == NULL ? -1 : 0;
	size_t at = 0;

	while (r == 0 && at < json_array_size(ids)) {
		struct fetch f = { 0 };

		for (const char *const *m = members; *m != NULL; m++)
			fetch_member(&f, *m);
		r = each_of(j, object, ids, &at, &f, take, arg, why);
		fetch_clear(&f);
	}
	json_decref(ids);
	return r;
}
