/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * The types of objects that only the schema knows: whatever it names can be
 * created, changed, listed and destroyed. Of a value no more is checked than
 * that the schema has the member, and that the server does not set it itself.
 */
#include "standin/stalwart.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/str.h"

static struct kind {
	char name[64];
	bool singleton;
} kinds[GENERIC_MAX];
static size_t n_kinds;

static const char *
text(const json_t *v, const char *member)
{
	return json_string_value(json_object_get(v, member));
}

/* --- types --- */

static const json_t *
part(const char *name, const char *object)
{
	char key[80];

	(void)snprintf(key, sizeof key, "x:%s", object);
	return json_object_get(schema_part(name), key);
}

const char *
generic_name(enum type t)
{
	return kinds[t - TYPES].name;
}

/* Whether a member is an expression. */
static bool
is_expression(const json_t *member)
{
	const char *object =
	    text(json_object_get(member, "type"), "objectName");

	return object != NULL && strcmp(object, "x:Expression") == 0;
}

/* The default of an expression, as the schema has it and as a get shows it: the
 * conditions are an array there, and a list of the server's here. */
static json_t *
expression_of(const json_t *v)
{
	json_t *match = json_object(), *item, *other;
	char number[24];
	size_t i;

	json_array_foreach (json_object_get(v, "match"), i, item) {
		(void)snprintf(number, sizeof number, "%zu", i);
		(void)json_object_set(match, number, item);
	}
	other = json_object_get(v, "else");
	if (other == NULL)
		other = json_object_get(v, "default");
	return json_pack("{s:o, s:O?}", "match", match, "else", other);
}

/* An object of a singleton is there from the start, with its defaults. */
static void
make_singleton(enum type t)
{
	const json_t *f = json_object_get(schema_part("fields"),
	    text(part("schemas", generic_name(t)), "schemaName"));
	json_t *value = json_deep_copy(json_object_get(f, "defaults")),
	       *error = NULL, *v;
	const char *name;
	struct object *o;
	void *tmp;

	if (value == NULL)
		value = json_object();
	json_object_foreach_safe(value, tmp, name,
	    v) if (is_expression(json_object_get(json_object_get(f,
						     "properties"),
		       name)))(void)
	    json_object_set_new(value, name, expression_of(v));
	o = object_store(NULL, t, value, &error);
	(void)snprintf(o->id, sizeof o->id, "singleton");
	json_decref(value);
}

int
generic_type(const char *name)
{
	const char *type = text(part("objects", name), "type");

	for (size_t i = 0; i < n_kinds; i++)
		if (strcmp(kinds[i].name, name) == 0)
			return (int)(TYPES + i);
	if (type == NULL || strcmp(type, "view") == 0 ||
	    n_kinds == GENERIC_MAX || strcmp(name, "Action") == 0)
		return -1;
	(void)snprintf(
	    kinds[n_kinds].name, sizeof kinds[n_kinds].name, "%s", name);
	kinds[n_kinds].singleton = strcmp(type, "singleton") == 0;
	n_kinds++;
	if (kinds[n_kinds - 1].singleton)
		make_singleton((enum type)(TYPES + n_kinds - 1));
	return (int)(TYPES + n_kinds - 1);
}

bool
generic_singleton(enum type t)
{
	return t >= TYPES && kinds[t - TYPES].singleton;
}

/* The members of a type, of the variant that a value names. NULL and *error if
 * it names none. */
static const json_t *
fields_of(enum type t, const json_t *value, json_t **error)
{
	const json_t *s = part("schemas", generic_name(t)),
		     *variants = json_object_get(s, "variants"), *found = NULL;
	const char *type = text(value, "@type");
	json_t *v;
	size_t i;

	if (variants == NULL)
		found = s;
	json_array_foreach (variants, i, v)
		if (type != NULL && strcmp(text(v, "name"), type) == 0)
			found = v;
	if (found == NULL) {
		*error = set_error("invalidPatch",
		    "Missing or invalid '@type' property in object", "");
		return NULL;
	}
	return json_object_get(
	    schema_part("fields"), text(found, "schemaName"));
}

/* --- values --- */

static bool
is_id_type(const json_t *member)
{
	const json_t *type = json_object_get(member, "type");
	const char *name = text(type, "type"),
		   *inner = text(json_object_get(type, "class"), "type");

	return name != NULL &&
	       (strcmp(name, "objectId") == 0 ||
		   (inner != NULL && strcmp(inner, "objectId") == 0));
}

/* References in the value of an id member are put in their place. */
static json_t *
resolved(const json_t *v, const json_t *ids)
{
	const char *s = json_string_value(v), *key;
	json_t *out, *item;

	if (s != NULL && *s == '#' && json_object_get(ids, s + 1) != NULL)
		return json_incref(json_object_get(ids, s + 1));
	if (!json_is_object(v))
		return json_incref((json_t *)(uintptr_t)v);
	out = json_object();
	json_object_foreach ((json_t *)(uintptr_t)v, key, item) {
		const char *to =
		    *key != '#'
			? key
			: json_string_value(json_object_get(ids, key + 1));

		(void)json_object_set(out, to == NULL ? key : to, item);
	}
	return out;
}

/* Of the text of an expression no more is checked than that its parentheses
 * match. */
static json_t *
check_expression(const char *name, const json_t *v)
{
	const char *key;
	json_t *condition;
	size_t number = 0;
	char why[160];

	json_object_foreach (json_object_get(v, "match"), key, condition) {
		const char *s = text(condition, "if");
		int open = 0;

		number++;
		for (; s != NULL && *s != '\0'; s++)
			open += *s == '(' ? 1 : *s == ')' ? -1 : 0;
		if (open <= 0)
			continue;
		(void)snprintf(why, sizeof why,
		    "Error parsing 'if' expression in condition #%zu: "
		    "Unmatched open parenthesis",
		    number);
		return json_pack("{s:s, s:[s], s:[{s:s, s:s, s:s}]}", "type",
		    "validationFailed", "properties", name, "validationErrors",
		    "type", "Invalid", "property", name, "value", why);
	}
	return NULL;
}

/* A text may be no longer than the schema says. */
static json_t *
check_length(const char *name, const json_t *member, const json_t *v)
{
	json_int_t most = json_integer_value(
	    json_object_get(json_object_get(member, "type"), "maxLength"));

	if (most == 0 || json_string_length(v) <= (size_t)most)
		return NULL;
	return json_pack("{s:s, s:[{s:s, s:s, s:I}]}", "type",
	    "validationFailed", "validationErrors", "type", "MaxLength",
	    "property", name, "required", most);
}

/* Puts one member into a value; false and *error. A description is taken by
 * every type: the recording of the schema is without them. */
static bool
put(json_t *value, const json_t *members, const char *name, const json_t *v,
    const json_t *ids, json_t **error)
{
	const json_t *member = json_object_get(members, name);
	const char *update = text(member, "update");

	if (member == NULL && strcmp(name, "description") != 0) {
		*error = set_error("invalidPatch", "Invalid property", name);
		return false;
	}
	if (update != NULL && strcmp(update, "serverSet") == 0) {
		*error = set_error(
		    "invalidPatch", "Cannot modify server set property", name);
		return false;
	}
	if (json_is_array(v)) {
		*error = set_error(
		    "invalidPatch", "Invalid value for object property", name);
		return false;
	}
	if (is_id_type(member) && json_is_string(v) &&
	    *json_string_value(v) == '#' &&
	    json_object_get(ids, json_string_value(v) + 1) == NULL) {
		*error = set_error(
		    "invalidPatch", "Failed to parse Id from string", name);
		return false;
	}
	*error = is_expression(member) ? check_expression(name, v)
				       : check_length(name, member, v);
	if (*error != NULL)
		return false;
	(void)json_object_set_new(value, name,
	    is_id_type(member) ? resolved(v, ids)
			       : json_incref((json_t *)(uintptr_t)v));
	return true;
}

json_t *
generic_create(
    enum type t, const json_t *body, const json_t *ids, json_t **error)
{
	const json_t *f = fields_of(t, body, error),
		     *members = json_object_get(f, "properties");
	const char *name;
	json_t *value, *v;

	if (*error != NULL)
		return NULL;
	if (generic_singleton(t)) {
		*error = set_error("singleton", NULL, NULL);
		return NULL;
	}
	value = json_deep_copy(json_object_get(f, "defaults"));
	if (value == NULL)
		value = json_object();
	json_object_foreach ((json_t *)(uintptr_t)body, name, v) {
		if (strcmp(name, "@type") == 0)
			(void)json_object_set(value, name, v);
		else if (!put(value, members, name, v, ids, error))
			break;
	}
	if (*error == NULL && strcmp(generic_name(t), "DkimSignature") == 0)
		*error = dkim_check(value);
	if (*error == NULL)
		return value;
	json_decref(value);
	return NULL;
}

/* "roleIds/b": one member of a set. */
static void
put_below(json_t *value, const char *pointer, const json_t *v)
{
	const char *slash = strchr(pointer, '/');
	char *name = xmemdup(pointer, (size_t)(slash - pointer));
	json_t *set = json_object_get(value, name);

	if (set == NULL) {
		set = json_object();
		(void)json_object_set_new(value, name, set);
	}
	if (json_is_null(v) || json_is_false(v))
		(void)json_object_del(set, slash + 1);
	else
		(void)json_object_set(set, slash + 1, (json_t *)(uintptr_t)v);
	free(name);
}

json_t *
generic_update(const struct object *o, const json_t *patch, const json_t *ids,
    json_t **error)
{
	const json_t *f = fields_of(o->type, o->value, error),
		     *members = json_object_get(f, "properties");
	json_t *value = json_deep_copy(o->value), *v;
	const char *name;

	json_object_foreach ((json_t *)(uintptr_t)patch, name, v) {
		const char *update =
		    text(json_object_get(members, name), "update");

		if (strchr(name, '/') != NULL)
			put_below(value, name, v);
		else if (update != NULL && strcmp(update, "immutable") == 0)
			*error = set_error("invalidPatch",
			    "Cannot modify immutable property", name);
		else if (!put(value, members, name, v, ids, error))
			break;
	}
	if (*error == NULL)
		return value;
	json_decref(value);
	return NULL;
}

/* A secret in an object of its own is not shown. */
static void
hide_secrets(json_t *value)
{
	const char *name;
	json_t *v;

	json_object_foreach (value, name, v)
		if (json_object_get(v, "secret") != NULL)
			(void)json_object_set_new(
			    v, "secret", json_string("****"));
}

void
generic_show(const struct object *o, json_t *value)
{
	json_t *error = NULL, *member;
	const char *name;

	json_object_foreach (
	    json_object_get(fields_of(o->type, value, &error), "properties"),
	    name, member)
		if (json_object_get(value, name) == NULL &&
		    json_is_true(json_object_get(
			json_object_get(member, "type"), "nullable")))
			(void)json_object_set_new(value, name, json_null());
	json_decref(error);
	if (strcmp(generic_name(o->type), "DkimSignature") == 0)
		dkim_show(value);
	hide_secrets(value);
}

/* Whether a member of the schema is the id, or a set of ids, of such objects. */
static bool
is_reference(const json_t *member, const char *object)
{
	const json_t *type = json_object_get(member, "type");
	const char *name = text(type, "objectName");

	if (name == NULL)
		name = text(json_object_get(type, "class"), "objectName");
	return name != NULL && strcmp(name, object) == 0;
}

/* Whether there is one among the members that a schema, or a variant, names. */
static bool
has_reference(const json_t *schema, const char *object)
{
	const json_t *fields =
	    json_object_get(schema_part("fields"), text(schema, "schemaName"));
	const char *name;
	json_t *member;

	json_object_foreach (
	    json_object_get(fields, "properties"), name, member)
		if (is_reference(member, object))
			return true;
	return false;
}

/* Whether objects of a type can refer to such at all: most cannot, and need not
 * be looked at one by one. */
static bool
may_refer(enum type from, const char *object)
{
	const json_t *s = part("schemas", generic_name(from)), *v;
	size_t i;

	json_array_foreach (json_object_get(s, "variants"), i, v)
		if (has_reference(v, object))
			return true;
	return has_reference(s, object);
}

/* Whether a value refers to an object. */
static bool
refers(enum type from, const json_t *value, const struct object *to,
    const char *object)
{
	json_t *error = NULL;
	const json_t *members =
	    json_object_get(fields_of(from, value, &error), "properties");
	const char *name;
	json_t *v;

	json_decref(error);
	json_object_foreach ((json_t *)(uintptr_t)value, name, v) {
		const char *s = json_string_value(v);

		if (!is_reference(json_object_get(members, name), object))
			continue;
		if ((s != NULL && strcmp(s, to->id) == 0) ||
		    json_object_get(v, to->id) != NULL)
			return true;
	}
	return false;
}

void
generic_links(const struct object *to, json_t *links)
{
	char object[80];

	(void)snprintf(object, sizeof object, "x:%s", type_name(to->type));
	for (size_t i = 0; i < n_kinds; i++) {
		enum type t = (enum type)(TYPES + i);
		const struct object *from;
		size_t at = 0;

		if (!may_refer(t, object))
			continue;
		while ((from = object_next(t, &at)) != NULL)
			if (from != to && refers(t, from->value, to, object))
				(void)json_array_append_new(
				    links, json_pack("{s:s, s:s}", "object",
					       type_name(t), "id", from->id));
	}
}

/* What the server makes when it is started first: the roles, and which of them
 * a new account has. */
void
generic_roles(bool defaults)
{
	static const char *const permissions[] = { "authenticate",
		"authenticateWithAlias", "emailReceive", "emailSend" };
	int role = generic_type("Role"), auth = generic_type("Authentication");
	json_t *enabled = json_object(), *value, *error = NULL;
	struct object *o, *a;
	size_t at = 0;

	for (size_t i = 0; i < 4; i++)
		(void)json_object_set_new(enabled, permissions[i], json_true());
	value = json_pack("{s:s, s:o, s:{}, s:{}}", "description", "User",
	    "enabledPermissions", enabled, "disabledPermissions", "roleIds");
	if (role != -1 && auth != -1) {
		o = object_store(NULL, (enum type)role, value, &error);
		a = object_next((enum type)auth, &at);
		if (defaults)
			(void)json_object_set_new(a->value,
			    "defaultUserRoleIds", json_pack("{s:b}", o->id, 1));
	}
	json_decref(value);
}
