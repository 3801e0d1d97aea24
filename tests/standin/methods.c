/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* Method calls: who may, what is meant, and set with its one-by-one writes. */
#include "standin/stalwart.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/str.h"
#include "standin/mail.h"
#include "standin/post.h"
#include "standin/routes.h"

static json_t *
method_error(const char *type, const char *description)
{
	return json_pack(
	    "{s:s, s:s}", "type", type, "description", description);
}

static const char TOO_LARGE[] =
    "The number of ids requested by the client exceeds the maximum number the "
    "server is willing to process in a single method call.";

/* --- references of creates --- */

/* A "#ref" value that is neither known nor a sibling fails the whole call. */
static json_t *
check_reference(const json_t *v, const json_t *ids, const json_t *siblings,
    const char *from)
{
	const char *s = json_string_value(v);
	char text[256];

	if (s == NULL || *s != '#' || json_object_get(ids, s + 1) != NULL ||
	    json_object_get(siblings, s + 1) != NULL)
		return NULL;
	(void)snprintf(text, sizeof text,
	    "Invalid reference to non-existing object \"%.80s\" from \"%.80s\"",
	    s + 1, from);
	return method_error("invalidResultReference", text);
}

static json_t *
check_references(const json_t *create, const json_t *ids)
{
	const char *id, *key;
	json_t *body, *alias, *e = NULL;

	json_object_foreach ((json_t *)(uintptr_t)create, id, body) {
		e = check_reference(
		    json_object_get(body, "domainId"), ids, create, id);
		if (e == NULL)
			e = check_reference(
			    json_object_get(body, "memberTenantId"), ids,
			    create, id);
		if (e != NULL)
			return e;
		if (!json_is_object(json_object_get(body, "aliases")))
			continue;
		json_object_foreach (
		    json_object_get(body, "aliases"), key, alias) {
			e = check_reference(json_object_get(alias, "domainId"),
			    ids, create, id);
			if (e != NULL)
				return e;
		}
	}
	return NULL;
}

/* --- set --- */

struct set {
	enum type type;
	json_t *ids;
	json_t *answer;
	json_t *error; /* of the whole call */
};

void
answer_add(json_t *answer, const char *member, const char *key, json_t *value)
{
	json_t *map = json_object_get(answer, member);

	if (map == NULL) {
		map = json_object();
		(void)json_object_set_new(answer, member, map);
	}
	(void)json_object_set_new(map, key, value);
}

/* An error of an object; it may quote what was sent. */
static void
refuse(struct set *s, const char *member, const char *key, json_t *error,
    const json_t *sent)
{
	if (settings.quote) {
		char *text = json_dumps(sent, JSON_ENCODE_ANY);

		(void)json_object_set_new(
		    error, "description", json_string(text));
		free(text);
	}
	answer_add(s->answer, member, key, error);
}

static struct object *
write_object(struct set *s, struct object *o, json_t *value, json_t **error)
{
	bool unavailable = false;

	*error = NULL;
	if (s->type < TYPES)
		*error = members_foreign(s->type, value, &unavailable);
	if (unavailable && s->error == NULL)
		s->error = method_error("serverUnavailable",
		    "This server is temporarily unavailable. Attempting this "
		    "same operation later may succeed.");
	if (*error != NULL || unavailable)
		return NULL;
	return object_store(o, s->type, value, error);
}

static void
number_new(struct object *o)
{
	const char *key;
	json_t *c;
	char id[16];

	json_object_foreach (json_object_get(o->value, "credentials"), key, c) {
		id_encode(o->next_credential++, id);
		(void)json_object_set_new(c, "credentialId", json_string(id));
	}
}

/* Nobody gives a new user what they do not have (the permissions of the default
 * role, which are not those of an administrator). */
static json_t *
check_grant(const struct set *s, const json_t *value)
{
	const char *type = json_string_value(json_object_get(value, "@type"));
	const char *name;
	char text[128];
	json_t *v;
	size_t i;

	if (s->type != TYPE_ACCOUNT || type == NULL ||
	    strcmp(type, "User") != 0)
		return NULL;
	json_array_foreach (settings.lacks, i, v) {
		name = json_string_value(v);
		if (str_starts(name, "sys") || str_starts(name, "action") ||
		    strcmp(name, "impersonate") == 0)
			continue;
		(void)snprintf(text, sizeof text,
		    "You are not authorized to grant permissions: %s", name);
		return set_error("forbidden", text, NULL);
	}
	return NULL;
}

static void
create_one(struct set *s, const char *key, const json_t *body)
{
	json_t *error = NULL, *value;
	struct object *o = NULL;

	value = s->type < TYPES ? members_create(s->type, body, s->ids, &error)
				: generic_create(s->type, body, s->ids, &error);
	if (value != NULL)
		error = check_grant(s, value);
	if (value != NULL && error == NULL)
		o = write_object(s, NULL, value, &error);
	if (o != NULL) {
		number_new(o);
		answer_add(
		    s->answer, "created", key, json_pack("{s:s}", "id", o->id));
		(void)json_object_set_new(s->ids, key, json_string(o->id));
	} else if (error != NULL) {
		refuse(s, "notCreated", key, error, body);
	}
	json_decref(value);
}

static void
update_one(
    struct set *s, const char *id, const json_t *patch, const json_t *destroy)
{
	struct object *o;
	json_t *error = NULL, *value, *item;
	size_t i;

	if (*id == '#') /* never resolved, and not mentioned */
		return;
	json_array_foreach (destroy, i, item)
		if (json_is_string(item) &&
		    strcmp(json_string_value(item), id) == 0) {
			answer_add(s->answer, "notUpdated", id,
			    json_pack("{s:s, s:s}", "type", "willDestroy",
				"description", "ID will be destroyed."));
			return;
		}
	o = object_find(s->type, id);
	if (o == NULL) {
		answer_add(s->answer, "notUpdated", id,
		    json_pack("{s:s}", "type", "notFound"));
		return;
	}
	value = s->type < TYPES ? members_update(o, patch, s->ids, &error)
				: generic_update(o, patch, s->ids, &error);
	if (value != NULL && write_object(s, o, value, &error) != NULL)
		answer_add(s->answer, "updated", id, json_null());
	else if (error != NULL)
		refuse(s, "notUpdated", id, error, patch);
	json_decref(value);
}

static void
destroy_one(struct set *s, const char *id)
{
	struct object *o = object_find(s->type, id);
	json_t *links, *list;

	if (o == NULL) {
		answer_add(s->answer, "notDestroyed", id,
		    json_pack("{s:s}", "type", "notFound"));
		return;
	}
	if (o->type == TYPE_DOMAIN && generic_type("DkimSignature") != -1)
		dkim_make_keys((enum type)generic_type("DkimSignature"));
	links = object_links(o);
	if (links != NULL) {
		answer_add(s->answer, "notDestroyed", id,
		    json_pack("{s:s, s:{s:s, s:s}, s:o}", "type",
			"objectIsLinked", "objectId", "object",
			type_name(o->type), "id", id, "linkedObjects", links));
		return;
	}
	list = json_object_get(s->answer, "destroyed");
	if (list == NULL) {
		list = json_array();
		(void)json_object_set_new(s->answer, "destroyed", list);
	}
	(void)json_array_append_new(list, json_string(id));
	object_destroy(o);
}

static json_t *
method_set(enum type t, const json_t *args, const char *account, json_t *ids,
    json_t **error)
{
	const json_t *create = json_object_get(args, "create"),
		     *update = json_object_get(args, "update"),
		     *destroy = json_object_get(args, "destroy");
	struct set s = { .type = t, .ids = ids };
	const char *key;
	json_t *v;
	size_t i;

	if (json_object_size(create) + json_object_size(update) +
		json_array_size(destroy) >
	    settings.max_set) {
		*error = method_error("requestTooLarge", TOO_LARGE);
		return NULL;
	}
	*error = check_references(create, ids);
	if (*error != NULL)
		return NULL;
	s.answer = json_pack("{s:s}", "accountId", account);
	json_object_foreach ((json_t *)(uintptr_t)create, key, v)
		create_one(&s, key, v);
	json_object_foreach ((json_t *)(uintptr_t)update, key, v)
		update_one(&s, key, v, destroy);
	json_array_foreach (destroy, i, v)
		if (json_is_string(v))
			destroy_one(&s, json_string_value(v));
	if (s.error != NULL) {
		json_decref(s.answer);
		*error = s.error;
		return NULL;
	}
	return s.answer;
}

/* --- actions --- */

/* A reload of the settings fails on a server that cannot resolve names, as that
 * of the recordings could not. */
static json_t *
cannot_resolve(void)
{
	return json_pack("{s:s, s:s, s:{s:s, s:s}}", "type", "validationFailed",
	    "description",
	    "Invalid address: failed to lookup address information: Name or "
	    "service not known",
	    "objectId", "object", "SpamPyzor", "id", "singleton");
}

static bool
knows_action(const char *type)
{
	static const char *const known[] = { "InvalidateCaches",
		"InvalidateNegativeCaches", "ReloadLookupStores" };

	for (size_t i = 0; type != NULL && i < sizeof known / sizeof *known;
	     i++)
		if (strcmp(known[i], type) == 0)
			return true;
	return type != NULL && settings.resolves &&
	       strcmp(type, "ReloadSettings") == 0;
}

/* What an action makes count from then on. */
static void
load(const char *type)
{
	if (!knows_action(type))
		return;
	if (strcmp(type, "ReloadSettings") == 0)
		routes_load_settings();
	else if (strcmp(type, "ReloadLookupStores") == 0)
		routes_load_keys();
}

static json_t *
action_set(const json_t *args, const char *account)
{
	struct set s = { .answer = json_pack("{s:s}", "accountId", account) };
	const char *key;
	json_t *v;

	json_object_foreach (json_object_get(args, "create"), key, v) {
		const char *type =
		    json_string_value(json_object_get(v, "@type"));

		load(type);
		if (knows_action(type))
			answer_add(s.answer, "created", key,
			    json_pack("{s:s}", "id", "bvqjj2u"));
		else if (type != NULL && strcmp(type, "ReloadSettings") == 0)
			answer_add(
			    s.answer, "notCreated", key, cannot_resolve());
		else
			answer_add(s.answer, "notCreated", key,
			    set_error("invalidPatch",
				"Missing or invalid '@type' property in object",
				""));
	}
	return s.answer;
}

static json_t *
action(
    const char *verb, const json_t *args, const char *account, json_t **error)
{
	if (strcmp(verb, "set") == 0)
		return action_set(args, account);
	if (strcmp(verb, "get") == 0)
		return json_pack("{s:s, s:[], s:[]}", "accountId", account,
		    "list", "notFound");
	*error = method_error("invalidArguments", "Actions cannot be queried");
	return NULL;
}

/* --- dispatch --- */

/* The account that a method of an account's own data is for; of a registry
 * method it may be left out. */
static struct object *
own_account(const struct caller *who, const char *method, const json_t *args,
    json_t **error)
{
	const char *id = json_string_value(json_object_get(args, "accountId"));
	struct object *o = id == NULL ? NULL : object_find(TYPE_ACCOUNT, id);
	char text[64];

	if (id == NULL && str_starts(method, "x:") && who->account != NULL)
		return who->account;
	if (id == NULL) {
		*error = method_error("invalidArguments",
		    "The \"accountId\" property is required.");
		return NULL;
	}
	if (o == NULL || (!who->admin && o != who->account)) {
		(void)snprintf(text, sizeof text,
		    "You do not have access to account %.20s", id);
		*error = method_error("forbidden", text);
		return NULL;
	}
	return o;
}

static json_t *
registry_method(const struct caller *who, enum type t, const char *verb,
    const json_t *args, json_t *ids, json_t **error)
{
	const char *account =
	    json_string_value(json_object_get(args, "accountId"));

	if (!who->admin) {
		*error = method_error("forbidden",
		    strcmp(verb, "set") == 0
			? "You are not authorized to create, update or destroy "
			  "objects of this type"
			: "You are not authorized to perform this action");
		return NULL;
	}
	if (account == NULL)
		account = who->id;
	if (strcmp(verb, "set") == 0)
		return method_set(t, args, account, ids, error);
	if (strcmp(verb, "get") == 0)
		return method_get(t, args, account, error);
	if (strcmp(verb, "query") == 0)
		return method_query(t, args, account, error);
	return NULL;
}

json_t *
method_call(const struct caller *who, const char *name, const json_t *args,
    json_t *ids, json_t **error)
{
	const char *slash = strchr(name, '/');
	json_t *result = NULL;
	struct object *o;
	int generic;

	*error = NULL;
	for (enum type t = TYPE_DOMAIN; slash != NULL && t < TYPES; t++) {
		char prefix[32];

		(void)snprintf(prefix, sizeof prefix, "x:%s/", type_name(t));
		if (str_starts(name, prefix))
			result = registry_method(
			    who, t, slash + 1, args, ids, error);
	}
	if (result == NULL && *error == NULL && slash != NULL &&
	    str_starts(name, "x:") && !owner_knows(name)) {
		char type[64];

		(void)snprintf(type, sizeof type, "%.*s",
		    (int)(slash - name - 2), name + 2);
		generic = generic_type(type);
		if (generic != -1)
			result = registry_method(who, (enum type)generic,
			    slash + 1, args, ids, error);
	}
	if (slash != NULL && str_starts(name, "x:Action/") && who->admin)
		result = action(slash + 1, args, who->id, error);
	if (strcmp(name, "Blob/upload") == 0 &&
	    (o = own_account(who, name, args, error)) != NULL)
		result = method_blob_upload(o, args, ids, error);
	if (str_starts(name, "SieveScript/") &&
	    (o = own_account(who, name, args, error)) != NULL) {
		mail_scripts(o);
		result = method_script(o, slash + 1, args, ids, error);
	}
	if (owner_knows(name) &&
	    (o = own_account(who, name, args, error)) != NULL)
		result = owner_method(o, name, args, error);
	if (mail_knows(name) &&
	    (o = own_account(who, name, args, error)) != NULL)
		result = mail_method(o, name, args, error);
	if (post_knows(name) &&
	    (o = own_account(who, name, args, error)) != NULL)
		result = post_method(o, name, args, ids, error);
	if (result == NULL && *error == NULL)
		*error = method_error("unknownMethod", name);
	return result;
}
