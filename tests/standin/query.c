/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* get and query of registry objects, with the server's way of paging. */
#include "standin/stalwart.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/str.h"

static json_t *
method_error(const char *type, const char *description)
{
	return json_pack(
	    "{s:s, s:s}", "type", type, "description", description);
}

/* The object, with what is only shown where it is asked for by its name. */
static json_t *
show(const struct object *o, const json_t *properties)
{
	json_t *shown = object_show(o), *item;
	size_t i;

	json_array_foreach (properties, i, item)
		if (o->type == TYPE_DOMAIN && json_is_string(item) &&
		    strcmp(json_string_value(item), "dnsZoneFile") == 0) {
			char *zone = dkim_zone(o);

			(void)json_object_set_new(
			    shown, "dnsZoneFile", json_string(zone));
			free(zone);
		}
	return shown;
}

/* Only the members that are asked for, and the id. If none of them exists, the
 * server shows all. */
static json_t *
select_members(json_t *shown, const json_t *properties)
{
	json_t *out, *item;
	bool any = false;
	size_t i;

	if (!json_is_array(properties))
		return shown;
	out = json_object();
	json_array_foreach (properties, i, item) {
		const char *name = json_string_value(item);
		json_t *v = name == NULL ? NULL : json_object_get(shown, name);

		if (v == NULL)
			continue;
		any = true;
		(void)json_object_set(out, name, v);
	}
	if (!any) {
		json_decref(out);
		return shown;
	}
	(void)json_object_set(out, "id", json_object_get(shown, "id"));
	json_decref(shown);
	return out;
}

json_t *
method_get(enum type t, const json_t *args, const char *account, json_t **error)
{
	const json_t *ids = json_object_get(args, "ids"),
		     *properties = json_object_get(args, "properties");
	json_t *list, *missing, *item;
	size_t i, at = 0;
	struct object *o;

	if (ids != NULL && !json_is_null(ids) && !json_is_array(ids)) {
		*error = method_error("invalidArguments", "Invalid ids");
		return NULL;
	}
	if (json_array_size(ids) > settings.max_get) {
		*error = method_error("requestTooLarge",
		    "The number of ids requested by the client exceeds the "
		    "maximum number the server is willing to process in a "
		    "single method call.");
		return NULL;
	}
	if (strcmp(type_name(t), "DkimSignature") == 0)
		dkim_make_keys(t);
	list = json_array();
	missing = json_array();
	json_array_foreach (ids, i, item) {
		o = json_is_string(item)
			? object_find(t, json_string_value(item))
			: NULL;
		if (o == NULL)
			(void)json_array_append(missing, item);
		else
			(void)json_array_append_new(list,
			    select_members(show(o, properties), properties));
	}
	/* Without ids it is cut at the limit, and does not say so. */
	while (!json_is_array(ids) &&
	       json_array_size(list) < settings.max_get &&
	       (o = object_next(t, &at)) != NULL)
		(void)json_array_append_new(
		    list, select_members(show(o, properties), properties));
	return json_pack("{s:s, s:o, s:o}", "accountId", account, "list", list,
	    "notFound", missing);
}

/* --- query --- */

static const char *const filters[TYPES + 1][7] = {
	[TYPE_DOMAIN] = { "name", "aliases", "memberTenantId", "text" },
	[TYPE_ACCOUNT] = { "name", "domainId", "memberGroupIds",
	    "memberTenantId", "@type", "text" },
	[TYPE_LIST] = { "memberTenantId", "text" },
	[TYPES] = { "name", "description", "memberTenantId", "text" }
};

static bool
known_filter(enum type t, const char *name)
{
	const char *const *known = filters[t < TYPES ? t : TYPES];

	if (strcmp(type_name(t), "MemoryLookupKey") == 0)
		return strcmp(name, "namespace") == 0;
	for (; *known != NULL; known++)
		if (strcmp(*known, name) == 0)
			return true;
	return false;
}

static bool
matches(const struct object *o, const char *name, const char *want)
{
	const json_t *v = json_object_get(
	    o->value, strcmp(name, "text") == 0 ? "name" : name);

	if (json_is_object(v)) /* a set */
		return json_object_get(v, want) != NULL;
	return json_is_string(v) && strcmp(json_string_value(v), want) == 0;
}

static json_t *
bad_filter(enum type t, const json_t *filter)
{
	const char *name;
	json_t *v;
	char *text;
	json_t *e;

	if (json_object_get(filter, "operator") != NULL)
		return method_error(
		    "unsupportedFilter", "Only AND is supported in filters");
	json_object_foreach ((json_t *)(uintptr_t)filter, name, v) {
		if (known_filter(t, name) && json_is_string(v))
			continue;
		text =
		    t == TYPE_DOMAIN
			? xstrdup(name)
			: xasprintf("Filter on property %s is not supported or "
				    "invalid",
			      name);
		e = method_error("unsupportedFilter", text);
		free(text);
		return e;
	}
	return NULL;
}

static int
by_name(const void *a, const void *b)
{
	const struct object *const *x = a, *const *y = b;

	return strcmp(json_string_value(json_object_get((*x)->value, "name")),
	    json_string_value(json_object_get((*y)->value, "name")));
}

static void
reverse(struct object **o, size_t n)
{
	for (size_t i = 0; i < n / 2; i++) {
		struct object *swap = o[i];

		o[i] = o[n - 1 - i];
		o[n - 1 - i] = swap;
	}
}

/* Where the page begins: by anchor or position. n where the anchor is not. */
static size_t
page_start(struct object **found, size_t n, const json_t *args)
{
	const char *anchor = json_string_value(json_object_get(args, "anchor"));
	const json_t *offset = json_object_get(args, "anchorOffset");
	json_int_t position =
	    json_integer_value(json_object_get(args, "position"));

	if (anchor == NULL)
		return position < 0 || (size_t)position > n ? n
							    : (size_t)position;
	for (size_t i = 0; i < n; i++)
		if (strcmp(found[i]->id, anchor) == 0)
			/* Without an offset the anchor itself is left out. */
			return offset == NULL
				   ? i + 1
				   : i + (size_t)json_integer_value(offset);
	return n;
}

json_t *
method_query(
    enum type t, const json_t *args, const char *account, json_t **error)
{
	const json_t *filter = json_object_get(args, "filter"),
		     *sort = json_array_get(json_object_get(args, "sort"), 0),
		     *limit_arg = json_object_get(args, "limit");
	bool total = json_is_true(json_object_get(args, "calculateTotal")),
	     ascending = json_is_true(json_object_get(sort, "isAscending"));
	const char *by = json_string_value(json_object_get(sort, "property"));
	size_t n = 0, cap = 0, at = 0, start, limit = 5000;
	struct object **found = NULL, *o;
	json_t *ids, *result, *v;
	const char *name;

	*error = bad_filter(t, filter);
	if (*error != NULL)
		return NULL;
	if (strcmp(type_name(t), "DkimSignature") == 0)
		dkim_make_keys(t);
	if (json_is_integer(limit_arg) && json_integer_value(limit_arg) > 0)
		limit = (size_t)json_integer_value(limit_arg);
	while ((o = object_next(t, &at)) != NULL) {
		bool ok = true;

		json_object_foreach ((json_t *)(uintptr_t)filter, name, v)
			ok = ok && matches(o, name, json_string_value(v));
		if (ok) {
			found = xgrow(found, n, &cap, sizeof *found);
			found[n++] = o;
		}
	}
	if (by != NULL && strcmp(by, "name") == 0) {
		if (n != 0)
			qsort(found, n, sizeof *found, by_name);
	} else if (!ascending) {
		/* The paging trap: without a total and without an offset the
		 * first ids ascending are cut off, and then turned round. */
		if (!total && json_object_get(args, "anchorOffset") == NULL &&
		    n > limit)
			reverse(found, limit);
		else
			reverse(found, n);
	}
	start = page_start(found, n, args);
	ids = json_array();
	for (size_t i = start; i < n && i < start + limit; i++)
		(void)json_array_append_new(ids, json_string(found[i]->id));
	result = json_pack("{s:s, s:s, s:b, s:I, s:o}", "accountId", account,
	    "queryState", "n", "canCalculateChanges", 1, "position",
	    (json_int_t)(total ? start : 0), "ids", ids);
	if (total)
		(void)json_object_set_new(
		    result, "total", json_integer((json_int_t)n));
	if (total || (by != NULL && strcmp(by, "name") == 0))
		(void)json_object_set_new(
		    result, "limit", json_integer((json_int_t)limit));
	free(found);
	return result;
}
