/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* The objects, and the keys that must be unique among them. */
#include "standin/stalwart.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/arena.h"
#include "core/map.h"

struct settings settings = { .max_set = 500,
	.max_get = 500,
	.max_calls = 16,
	.max_size = 10000000,
	.max_concurrent = 4 };

static struct {
	struct object **objects; /* by number, from 1; NULL: destroyed */
	size_t n, cap;
} tables[TYPES + GENERIC_MAX];

/* "e LOCAL@DOMAINID" and "d NAME" -> object; NULL: free again. */
static struct map keys;
static struct arena key_arena;

const char *
type_name(enum type t)
{
	static const char *const names[] = { "Domain", "Account",
		"MailingList" };

	return t < TYPES ? names[t] : generic_name(t);
}

void
id_encode(unsigned long n, char out[16])
{
	static const char digits[] = "abcdefghijklmnopqrstuvwxyz792013";
	char text[16], *at = text + sizeof text;

	*--at = '\0';
	do
		*--at = digits[n % 32];
	while ((n /= 32) != 0);
	memcpy(out, at, (size_t)(text + sizeof text - at));
}

static long
id_decode(const char *id)
{
	static const char digits[] = "abcdefghijklmnopqrstuvwxyz792013";
	long n = 0;

	if (strlen(id) > 10)
		return -1;
	for (; *id != '\0'; id++) {
		const char *at = strchr(digits, *id);

		if (at == NULL)
			return -1;
		n = n * 32 + (at - digits);
	}
	return n;
}

struct object *
object_find(enum type t, const char *id)
{
	long n = generic_singleton(t) ? 1 : id_decode(id);

	if (generic_singleton(t) && strcmp(id, "singleton") != 0)
		return NULL;
	return n < 1 || (size_t)n > tables[t].n ? NULL
						: tables[t].objects[n - 1];
}

struct object *
object_next(enum type t, size_t *at)
{
	while (*at < tables[t].n) {
		struct object *o = tables[t].objects[(*at)++];

		if (o != NULL)
			return o;
	}
	return NULL;
}

static const char *
text(const json_t *value, const char *member)
{
	return json_string_value(json_object_get(value, member));
}

static struct object *
key_holder(const char *key)
{
	void **slot = map_get(&keys, key);

	return slot == NULL ? NULL : *slot;
}

struct object *
domain_by_name(const char *name)
{
	char *key = xasprintf("d %s", name);
	struct object *o = key_holder(key);

	free(key);
	return o;
}

struct object *
account_by_address(const char *address)
{
	const char *at = strrchr(address, '@');
	const struct object *d = at == NULL ? NULL : domain_by_name(at + 1);
	struct object *o;
	const char *key;
	json_t *alias;
	char *full;

	if (d == NULL)
		return NULL;
	full = xasprintf("e %.*s@%s", (int)(at - address), address, d->id);
	o = key_holder(full);
	if (o != NULL && o->type != TYPE_ACCOUNT)
		o = NULL;
	if (o != NULL)
		json_object_foreach (
		    json_object_get(o->value, "aliases"), key, alias) {
			char *this = xasprintf("e %s@%s", text(alias, "name"),
			    text(alias, "domainId"));

			if (strcmp(this, full) == 0 &&
			    !json_is_true(json_object_get(alias, "enabled")))
				o = NULL;
			free(this);
			if (o == NULL)
				break;
		}
	free(full);
	return o;
}

char *
object_address(const struct object *o)
{
	const struct object *d =
	    object_find(TYPE_DOMAIN, text(o->value, "domainId"));

	return xasprintf("%s@%s", text(o->value, "name"),
	    d == NULL ? "" : text(d->value, "name"));
}

/* What the recordings show to be unique among types of the schema, and the
 * property that the error names. */
static const struct {
	const char *type, *first, *second, *property;
} generic_keys[] = {
	{ "MtaRoute", "name", NULL, "name" },
	{ "MemoryLookupKey", "namespace", "key", "namespace" },
};

static void
each_generic_key(enum type t, const json_t *value,
    void (*f)(void *arg, const char *key, const char *property), void *arg)
{
	for (size_t i = 0; i < sizeof generic_keys / sizeof *generic_keys;
	     i++) {
		const char *second = generic_keys[i].second;
		char *key;

		if (strcmp(generic_keys[i].type, type_name(t)) != 0)
			continue;
		if (second != NULL)
			second = text(value, second);
		key = xasprintf("g %s %s %s", type_name(t),
		    text(value, generic_keys[i].first),
		    second == NULL ? "" : second);
		f(arg, key, generic_keys[i].property);
		free(key);
	}
}

/* The keys of a value, one after another; the property of each. */
static void
each_key(enum type t, const json_t *value,
    void (*f)(void *arg, const char *key, const char *property), void *arg)
{
	const char *name;
	json_t *alias;
	char *key;

	if (t >= TYPES) {
		each_generic_key(t, value, f, arg);
		return;
	}
	if (t == TYPE_DOMAIN) {
		key = xasprintf("d %s", text(value, "name"));
		f(arg, key, "name");
		free(key);
		json_object_foreach (
		    json_object_get(value, "aliases"), name, alias) {
			key = xasprintf("d %s", name);
			f(arg, key, "aliases");
			free(key);
		}
		return;
	}
	key =
	    xasprintf("e %s@%s", text(value, "name"), text(value, "domainId"));
	f(arg, key, "email");
	free(key);
	json_object_foreach (json_object_get(value, "aliases"), name, alias) {
		key = xasprintf(
		    "e %s@%s", text(alias, "name"), text(alias, "domainId"));
		f(arg, key, "email");
		free(key);
	}
}

struct conflict {
	const struct object *self;
	json_t *error;
};

static void
check_key(void *arg, const char *key, const char *property)
{
	struct conflict *c = arg;
	const struct object *holder = key_holder(key);

	if (holder == NULL || holder == c->self || c->error != NULL)
		return;
	c->error = json_pack("{s:s, s:[s], s:{s:s, s:s}}", "type",
	    "primaryKeyViolation", "properties", property, "objectId", "object",
	    type_name(holder->type), "id", holder->id);
}

static void
take_key(void *arg, const char *key, const char *property)
{
	void **slot = map_get(&keys, key);

	(void)property;
	if (slot == NULL)
		slot = map_put(&keys, arena_adds(&key_arena, key), NULL);
	*slot = arg;
}

static void
drop_key(void *arg, const char *key, const char *property)
{
	void **slot = map_get(&keys, key);

	(void)property;
	if (slot != NULL && *slot == arg)
		*slot = NULL;
}

struct object *
object_store(struct object *o, enum type t, json_t *value, json_t **error)
{
	struct conflict c = { .self = o };

	each_key(t, value, check_key, &c);
	if (c.error != NULL) {
		*error = c.error;
		return NULL;
	}
	if (o == NULL) {
		o = xcalloc(1, sizeof *o);
		o->type = t;
		tables[t].objects = xgrow(tables[t].objects, tables[t].n,
		    &tables[t].cap, sizeof *tables[t].objects);
		tables[t].objects[tables[t].n++] = o;
		o->number = tables[t].n;
		id_encode(o->number, o->id);
		o->scripts = json_object();
	} else {
		each_key(t, o->value, drop_key, o);
		json_decref(o->value);
	}
	o->value = json_incref(value);
	each_key(t, value, take_key, o);
	return o;
}

void
object_destroy(struct object *o)
{
	each_key(o->type, o->value, drop_key, o);
	tables[o->type].objects[o->number - 1] = NULL;
	json_decref(o->value);
	json_decref(o->scripts);
	json_decref(o->shares);
	json_decref(o->vacation);
	json_decref(o->identities);
	json_decref(o->post);
	free(o);
}

static bool
refers(const struct object *to, const struct object *from)
{
	const char *key;
	json_t *alias;

	if (to->type == TYPE_ACCOUNT)
		return json_object_get(
			   json_object_get(from->value, "memberGroupIds"),
			   to->id) != NULL;
	if (strcmp(text(from->value, "domainId"), to->id) == 0)
		return true;
	json_object_foreach (
	    json_object_get(from->value, "aliases"), key, alias)
		if (strcmp(text(alias, "domainId"), to->id) == 0)
			return true;
	return false;
}

json_t *
object_links(const struct object *o)
{
	json_t *links = json_array();

	for (enum type t = TYPE_ACCOUNT; t < TYPES; t++) {
		const struct object *from;
		size_t at = 0;

		if (o->type >= TYPE_LIST ||
		    (o->type == TYPE_ACCOUNT && t != TYPE_ACCOUNT))
			break;
		while ((from = object_next(t, &at)) != NULL)
			if (from != o && refers(o, from))
				(void)json_array_append_new(
				    links, json_pack("{s:s, s:s}", "object",
					       type_name(t), "id", from->id));
	}
	generic_links(o, links);
	if (json_array_size(links) == 0) {
		json_decref(links);
		return NULL;
	}
	return links;
}

json_t *
object_show(const struct object *o)
{
	json_t *v = json_deep_copy(o->value), *c;
	const char *key;

	json_object_foreach (json_object_get(v, "credentials"), key, c) {
		(void)json_object_set_new(c, "secret", json_string("****"));
		(void)json_object_del(c, "clear");
		(void)json_object_del(c, "otpAuth");
	}
	if (o->type == TYPE_ACCOUNT || o->type == TYPE_LIST) {
		char *address = object_address(o);

		(void)json_object_set_new(
		    v, "emailAddress", json_string(address));
		free(address);
	}
	if (o->type == TYPE_ACCOUNT)
		(void)json_object_set_new(v, "usedDiskQuota", json_integer(0));
	if (o->type >= TYPES)
		generic_show(o, v);
	(void)json_object_set_new(v, "id", json_string(o->id));
	return v;
}
