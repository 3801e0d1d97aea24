/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * What an owner has besides mail: the vacation, which is a script with a name of
 * its own; identities; app passwords. As recorded, by the owner or by an
 * administrator.
 */
#include "standin/stalwart.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/str.h"

enum {
	SIGNATURE_MAX = 2047 /* bytes */
};

static const char *
text(const json_t *v, const char *member)
{
	return json_string_value(json_object_get(v, member));
}

static void
destroyed(json_t *result, const char *id)
{
	json_t *list = json_object_get(result, "destroyed");

	if (list == NULL) {
		list = json_array();
		(void)json_object_set_new(result, "destroyed", list);
	}
	(void)json_array_append_new(list, json_string(id));
}

/* The objects that a get asks for, of those that there are, by their ids. */
static json_t *
get(const struct object *o, const json_t *all, const json_t *args)
{
	const json_t *ids = json_object_get(args, "ids");
	json_t *list = json_array(), *missing = json_array(), *v;
	const char *id;
	size_t i;

	json_array_foreach (ids, i, v) {
		id = json_string_value(v);
		if (id != NULL && json_object_get(all, id) != NULL)
			(void)json_array_append(list, json_object_get(all, id));
		else
			(void)json_array_append(missing, v);
	}
	if (!json_is_array(ids))
		json_object_foreach ((json_t *)(uintptr_t)all, id, v)
			(void)json_array_append(list, v);
	return json_pack("{s:s, s:s, s:o, s:o}", "accountId", o->id, "state",
	    "sae", "list", list, "notFound", missing);
}

/* Puts the members of a body into an object by a table of their names: b a
 * boolean, s a text, d a date, a a list of addresses. NULL, or an error. */
struct member {
	const char *name;
	char kind;
};

static bool
fits(char kind, const json_t *v)
{
	if (kind == 'b')
		return json_is_boolean(v);
	if (json_is_null(v))
		return true;
	return kind == 'a' ? json_is_array(v) : json_is_string(v);
}

static json_t *
cannot_set(const char *name)
{
	return set_error("invalidProperties", "Field could not be set.", name);
}

static json_t *
put_members(json_t *to, const struct member *table, const json_t *body)
{
	const struct member *m;
	const char *name;
	json_t *v;

	json_object_foreach ((json_t *)(uintptr_t)body, name, v) {
		for (m = table; m->name != NULL; m++)
			if (strcmp(m->name, name) == 0)
				break;
		if (m->name == NULL || !fits(m->kind, v))
			return cannot_set(name);
		if (str_starts(name, "textSig") || str_starts(name, "htmlSig"))
			if (json_string_length(v) > SIGNATURE_MAX)
				return cannot_set(name);
		(void)json_object_set(to, name, v);
	}
	return NULL;
}

/* --- vacation --- */

static const struct member vacation_members[] = { { "isEnabled", 'b' },
	{ "fromDate", 'd' }, { "toDate", 'd' }, { "subject", 's' },
	{ "textBody", 's' }, { "htmlBody", 's' }, { NULL, 0 } };

static json_t *
vacation_get(struct object *o, const json_t *args)
{
	json_t *all = json_object(), *result;

	if (o->vacation != NULL) {
		(void)json_object_set_new(o->vacation, "isEnabled",
		    json_boolean(script_is_active(o, "vacation")));
		(void)json_object_set(all, "singleton", o->vacation);
	}
	result = get(o, all, args);
	json_decref(all);
	return result;
}

static json_t *
vacation_update(struct object *o, const json_t *patch)
{
	json_t *value = o->vacation, *error;

	value = value == NULL
		    ? json_pack("{s:s, s:b, s:n, s:n, s:n, s:n, s:n}", "id",
			  "singleton", "isEnabled", 0, "fromDate", "toDate",
			  "subject", "textBody", "htmlBody")
		    : json_deep_copy(value);
	error = put_members(value, vacation_members, patch);
	if (error != NULL) {
		json_decref(value);
		return error;
	}
	json_decref(o->vacation);
	o->vacation = value;
	script_vacation(o, json_is_true(json_object_get(value, "isEnabled")));
	return NULL;
}

static json_t *
vacation_set(struct object *o, const json_t *args)
{
	json_t *result = json_pack("{s:s, s:s, s:s}", "accountId", o->id,
		   "oldState", "n", "newState", "sae"),
	       *v, *error;
	const char *id;

	json_object_foreach (json_object_get(args, "create"), id, v)
		answer_add(result, "notCreated", id,
		    set_error("singleton", NULL, NULL));
	json_object_foreach (json_object_get(args, "update"), id, v) {
		error = strcmp(id, "singleton") == 0
			    ? vacation_update(o, v)
			    : json_pack("{s:s}", "type", "notFound");
		answer_add(result, error == NULL ? "updated" : "notUpdated", id,
		    error == NULL ? json_null() : error);
	}
	return result;
}

/* --- identities --- */

static const struct member identity_members[] = { { "name", 's' },
	{ "email", 's' }, { "replyTo", 'a' }, { "bcc", 'a' },
	{ "textSignature", 's' }, { "htmlSignature", 's' }, { NULL, 0 } };

static json_t *
add_identity(struct object *o, const char *name, const char *email)
{
	json_t *identity;
	char id[16];

	id_encode(++o->last_identity, id);
	identity = json_pack("{s:s, s:s, s:s, s:n, s:n, s:s, s:s, s:b}", "id",
	    id, "name", name, "email", email, "replyTo", "bcc", "textSignature",
	    "", "htmlSignature", "", "mayDelete", 1);
	(void)json_object_set_new(o->identities, id, identity);
	return identity;
}

/* Calls f with each address of an account, until it returns true. */
static bool
each_address(
    struct object *o, bool (*f)(void *arg, const char *address), void *arg)
{
	char *own = object_address(o);
	bool end = f(arg, own);
	const char *key;
	json_t *alias;

	json_object_foreach (json_object_get(o->value, "aliases"), key, alias) {
		const struct object *d =
		    object_find(TYPE_DOMAIN, text(alias, "domainId"));
		char *address = xasprintf("%s@%s", text(alias, "name"),
		    d == NULL ? "" : text(d->value, "name"));

		end = end || f(arg, address);
		free(address);
	}
	free(own);
	return end;
}

static bool
is_address(void *arg, const char *address)
{
	return strcmp(arg, address) == 0;
}

static bool
make_identity(void *arg, const char *address)
{
	struct object *o = arg;
	const char *description = text(o->value, "description");
	char *own = object_address(o);

	(void)add_identity(o,
	    description == NULL || *description == '\0' ? own : description,
	    address);
	free(own);
	return false;
}

/* The first who asks makes one for each address. */
static void
make_identities(struct object *o)
{
	if (o->identities != NULL)
		return;
	o->identities = json_object();
	(void)each_address(o, make_identity, o);
}

/* "name" is there in each address of a list. */
static void
complete_addresses(json_t *identity, const char *member)
{
	json_t *v;
	size_t i;

	json_array_foreach (json_object_get(identity, member), i, v)
		if (json_object_get(v, "name") == NULL)
			(void)json_object_set_new(v, "name", json_null());
}

static json_t *
identity_change(
    struct object *o, json_t *identity, const json_t *body, bool create)
{
	const char *email = text(body, "email");
	json_t *value = json_deep_copy(identity),
	       *error = put_members(value, identity_members, body);

	if (error == NULL && !create && email != NULL &&
	    strcmp(email, text(identity, "email")) != 0)
		error = cannot_set("email");
	if (error == NULL && create &&
	    (email == NULL ||
		!each_address(o, is_address, (void *)(uintptr_t)email)))
		error = set_error("invalidProperties",
		    "E-mail address not configured for this account.", "email");
	if (error == NULL) {
		complete_addresses(value, "replyTo");
		complete_addresses(value, "bcc");
		(void)json_object_update(identity, value);
	}
	json_decref(value);
	return error;
}

static json_t *
identity_get(struct object *o, const json_t *args)
{
	make_identities(o);
	return get(o, o->identities, args);
}

static json_t *
identity_set(struct object *o, const json_t *args)
{
	json_t *result = json_pack(
		   "{s:s, s:s}", "accountId", o->id, "newState", "sae"),
	       *v, *error, *made;
	const char *id;
	size_t i;

	make_identities(o);
	json_object_foreach (json_object_get(args, "create"), id, v) {
		made = add_identity(o, "", "");
		error = identity_change(o, made, v, true);
		if (error == NULL) {
			answer_add(result, "created", id,
			    json_pack("{s:s}", "id", text(made, "id")));
			continue;
		}
		answer_add(result, "notCreated", id, error);
		(void)json_object_del(o->identities, text(made, "id"));
		o->last_identity--;
	}
	json_object_foreach (json_object_get(args, "update"), id, v) {
		made = json_object_get(o->identities, id);
		error = made == NULL ? json_pack("{s:s}", "type", "notFound")
				     : identity_change(o, made, v, false);
		answer_add(result, error == NULL ? "updated" : "notUpdated", id,
		    error == NULL ? json_null() : error);
	}
	json_array_foreach (json_object_get(args, "destroy"), i, v) {
		id = json_string_value(v);
		if (id != NULL && json_object_del(o->identities, id) == 0)
			destroyed(result, id);
		else if (id != NULL)
			answer_add(result, "notDestroyed", id,
			    json_pack("{s:s}", "type", "notFound"));
	}
	return result;
}

/* --- app passwords --- */

/* Among the credentials of the account's object. */
static json_t *
app_password(const struct object *o, const char *id, const char **key)
{
	json_t *list = json_object_get(o->value, "credentials"), *v;

	json_object_foreach (list, *key, v)
		if (strcmp(text(v, "@type"), "AppPassword") == 0 &&
		    id != NULL && strcmp(text(v, "credentialId"), id) == 0)
			return v;
	return NULL;
}

static json_t *
make_app_password(struct object *o, const json_t *body)
{
	json_t *list = json_object_get(o->value, "credentials"), *result;
	char id[16], number[24];
	char *secret;
	size_t n = json_object_size(list);

	id_encode(o->next_credential++, id);
	do /* after one in between has gone, its number is that of another */
		(void)snprintf(number, sizeof number, "%zu", n++);
	while (json_object_get(list, number) != NULL);
	secret =
	    xasprintf("app_aaaaaalyeqvfouv1ip77ppihqpm9202%s%s", o->id, id);
	(void)json_object_set_new(list, number,
	    json_pack("{s:s, s:s, s:s, s:s, s:O?, s:n, s:{}, s:s, s:{s:s}}",
		"@type", "AppPassword", "credentialId", id, "secret", "",
		"clear", secret, "description",
		json_object_get(body, "description"), "expiresAt", "allowedIps",
		"createdAt", "2026-11-23T20:52:32Z", "permissions", "@type",
		"Inherit"));
	result = json_pack("{s:s, s:s}", "id", id, "secret", secret);
	free(secret);
	return result;
}

static json_t *
app_password_set(struct object *o, const json_t *args)
{
	json_t *result = json_pack("{s:s}", "accountId", o->id), *v;
	const char *key, *id;
	size_t i;

	json_object_foreach (json_object_get(args, "create"), key, v)
		answer_add(result, "created", key, make_app_password(o, v));
	json_array_foreach (json_object_get(args, "destroy"), i, v) {
		id = json_string_value(v);
		if (app_password(o, id, &key) != NULL) {
			(void)json_object_del(
			    json_object_get(o->value, "credentials"), key);
			destroyed(result, id);
		} else if (id != NULL) {
			answer_add(result, "notDestroyed", id,
			    json_pack("{s:s}", "type", "notFound"));
		}
	}
	return result;
}

/* The password itself is of another kind: without ids it is among those that
 * are not found. */
static json_t *
app_password_get(struct object *o, const json_t *args)
{
	json_t *all = json_object(), *others = json_array(), *v, *one, *result;
	const char *key;

	json_object_foreach (json_object_get(o->value, "credentials"), key, v) {
		if (strcmp(text(v, "@type"), "AppPassword") != 0) {
			(void)json_array_append(
			    others, json_object_get(v, "credentialId"));
			continue;
		}
		one = json_deep_copy(v);
		(void)json_object_del(one, "clear");
		(void)json_object_del(one, "@type");
		(void)json_object_del(one, "credentialId");
		(void)json_object_set_new(one, "secret", json_string("****"));
		(void)json_object_set(
		    one, "id", json_object_get(v, "credentialId"));
		(void)json_object_set_new(all, text(v, "credentialId"), one);
	}
	result = get(o, all, args);
	if (!json_is_array(json_object_get(args, "ids")))
		(void)json_object_set(result, "notFound", others);
	(void)json_object_del(result, "state");
	json_decref(others);
	json_decref(all);
	return result;
}

/* --- methods --- */

static const struct {
	const char *name;
	json_t *(*f)(struct object *o, const json_t *args);
} methods[] = {
	{ "VacationResponse/get", vacation_get },
	{ "VacationResponse/set", vacation_set },
	{ "Identity/get", identity_get },
	{ "Identity/set", identity_set },
	{ "x:AppPassword/get", app_password_get },
	{ "x:AppPassword/set", app_password_set },
};

bool
owner_knows(const char *method)
{
	for (size_t i = 0; i < sizeof methods / sizeof *methods; i++)
		if (strcmp(methods[i].name, method) == 0)
			return true;
	return false;
}

json_t *
owner_method(
    struct object *o, const char *method, const json_t *args, json_t **error)
{
	(void)error;
	for (size_t i = 0; i < sizeof methods / sizeof *methods; i++)
		if (strcmp(methods[i].name, method) == 0)
			return methods[i].f(o, args);
	return NULL;
}
